"""A first pass in 16 bits that loses nothing: where bfloat16 products are fast, most of exact search.

How far a bfloat16 score can be from the exact one is known: by Cauchy and Schwarz, the lengths of
what rounding took from the two vectors times the other's length. So a passage whose 16-bit score is
further than that below the k-th best cannot be among the k best, and only the few others are scored
again in 32 bits.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from lib.device import low_precision_dtype

GROUP = 16  # passages of which only the maximum is looked at first
PIECE = 2_048  # passages that are turned to 16 bits at a time: they stay in the processor's cache
_FEWEST_QUERIES, _GROUPS_A_K, _MOST_K = 9, 8, 32
_MOST_A_K = 12  # a query with more candidates for each of its k is searched in 32 bits at once
_UNIT = 2**-8 * (
    1 + 2**-7
)  # the largest relative error of rounding to bfloat16, seen from either side
_TINY = 1e-30  # what flushing of denormal numbers can take
_SHORTEST = 1e-15  # lengths below are not trusted: squares of 32 bits end at 1e-38
_RESCORED = 64  # queries that are scored again at a time, so that their passages stay in the cache


def pays(queries: Tensor, corpus: Tensor, k: int) -> bool:
    """Whether this machine and these sizes make the first pass worth its while."""
    return (
        len(queries) >= _FEWEST_QUERIES
        and len(corpus) >= _GROUPS_A_K * GROUP * k
        and k <= _MOST_K
        and queries.device.type == "cpu"
        and queries.dtype == torch.float32
        and low_precision_dtype(queries.device) == torch.bfloat16
    )


class Passages:
    """Passages (n, dim) float32 in bfloat16, and how much of them that loses.

    often: they are kept (n x dim x 2 bytes) and what each lost is measured, which pays if they are
    asked for more than once. Else they are turned anew, piece by piece, and taken to have lost as
    much as rounding ever takes.
    """

    def __init__(self, corpus: Tensor, often: bool) -> None:
        self.corpus = corpus
        self.longest = torch.linalg.vector_norm(corpus, dim=1).max()
        self.lost = self.longest * _UNIT
        self.kept: list[Tensor] | None = None
        if often:
            self.kept, lost = [], []
            for piece in corpus.split(PIECE):
                self.kept.append(piece.bfloat16())
                for exact, rough in zip(piece.split(PIECE // 4), self.kept[-1].split(PIECE // 4)):
                    lost.append(torch.linalg.vector_norm(exact - rough, dim=1).max())
            self.lost = torch.stack(lost).max()

    def score(self, queries: Tensor, out: Tensor) -> None:
        """Write the products with queries (q, dim) bfloat16 to out (n, q)."""
        halves = self.kept or self._halves()
        for half, room in zip(halves, out.split(PIECE)):
            torch.mm(half, queries.T, out=room)

    def _halves(self) -> Iterator[Tensor]:
        """Each piece in 16 bits, in memory that the next one takes again."""
        room = self.corpus.new_empty(self.corpus[:PIECE].shape, dtype=torch.bfloat16)
        for piece in self.corpus.split(PIECE):
            yield room[: len(piece)].copy_(piece)

    def error(self, queries: Tensor) -> Tensor:
        """Return (q,): how far the product of a query (q, dim) float32 and a passage can be from that
        of their bfloat16 forms, before that is rounded in its turn. NaN where that is not known.
        """
        share = queries.shape[1] * 2**-22  # both sums are accumulated in 32 bits
        length = torch.linalg.vector_norm(queries, dim=1)
        lost = torch.linalg.vector_norm(queries - queries.bfloat16(), dim=1)
        error = length * (self.lost + share * self.longest) + lost * 1.01 * self.longest + _TINY
        ends = torch.stack([length, self.longest.expand_as(length)])
        unknown = ~((ends >= _SHORTEST) & ends.isfinite()).all(dim=0)
        return error.masked_fill_(unknown, torch.nan)


def candidates(queries: Tensor, passages: Passages, k: int, room: Tensor) -> tuple[Tensor, Tensor]:
    """Return (q, m) row numbers in rising order, filled up with n, that hold the k best of each
    query, and (q,) whether they do: where not, the query had too many candidates or no finite score.

    queries: (q, dim) float32. room: bfloat16 memory for q x (n rounded up to GROUP) scores. m differs
    from call to call.
    """
    rows, count = len(passages.corpus), len(queries)
    groups = -(-rows // GROUP)
    # A group is every groups-th passage: its maximum is then a few operations on long whole rows.
    scores = room[: groups * GROUP * count].view(GROUP, groups, count)
    flat = scores.view(-1, count)
    passages.score(queries.bfloat16(), flat[:rows])
    flat[rows:] = -torch.inf
    maxima = scores.amax(dim=0)
    # Each of the k best groups holds a score of at least the k-th maximum: so does the k-th best.
    # That is as true of larger groups, among which the k-th is found sooner and is hardly lower.
    larger = maxima
    while len(larger) >= 2 * _GROUPS_A_K * k:
        half = len(larger) // 2
        larger = torch.maximum(larger[:half], larger[half : 2 * half])
    least = larger.T.float().topk(k, dim=1).values[:, -1]
    maxima = maxima.T.float()
    # Its exact score is not below that by more than both errors, and so for all that beat it.
    error = passages.error(queries)
    exact = least - _UNIT * least.abs() - error
    limit = exact - error
    limit = limit - _UNIT * limit.abs()
    row, group = (maxima >= limit[:, None]).nonzero(as_tuple=True)
    hit, inside = (scores[:, group, row].T.float() >= limit[row, None]).nonzero(as_tuple=True)
    row, place = row[hit], inside * groups + group[hit]
    each = row.bincount(minlength=count)
    sure = (each >= k) & (each <= _MOST_A_K * k)
    known = sure[row]
    return lists(row[known], place[known], count, rows, at_least=k).sort(dim=1).values, sure


def lists(row: Tensor, value: Tensor, count: int, fill: int, at_least: int = 0) -> Tensor:
    """Return (count, m) the values of each row, in order, filled up to as many as the longest has.

    row: row numbers, rising; value: as many.
    """
    each = row.bincount(minlength=count)
    within = torch.arange(len(row)) - (each.cumsum(0) - each)[row]
    found = torch.full((count, max(at_least, int(each.max()))), fill)
    found[row, within] = value
    return found


def rescore(queries: Tensor, corpus: Tensor, places: Tensor) -> Tensor:
    """Return (q, m) float32 dot products of each query with its own passages, -inf where there is
    none.

    Equal passages get equal scores, which a matrix product does not promise.
    """
    scores = queries.new_empty(places.shape)
    nothing = places >= len(corpus)
    wanted = places.masked_fill(nothing, 0)
    for asked, rows, out in zip(*(x.split(_RESCORED) for x in (queries, wanted, scores))):
        found = corpus.index_select(0, rows.flatten()).view(*rows.shape, -1)
        torch.sum(found.mul_(asked[:, None, :]), dim=2, out=out)
    return scores.masked_fill_(nothing, -torch.inf)
