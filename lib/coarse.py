"""A first pass in 16 bits that loses nothing: where bfloat16 products are fast, most of exact search.

How far a bfloat16 score can be from the exact one is known: by Cauchy and Schwarz, the lengths of
what rounding took from the two vectors times the other's length. So a passage whose 16-bit score is
further than that below the k-th best cannot be among the k best, and only the few others are scored
again in 32 bits.
"""

from __future__ import annotations

import torch
from torch import Tensor

GROUP = 16  # neighbouring passages of which only the maximum is looked at first
_FEWEST_QUERIES, _GROUPS_A_K, _MOST_K = 512, 8, 32
_MOST_A_K = 12  # a query with more candidates for each of its k is searched in 32 bits at once
_UNIT = 2**-8 * (
    1 + 2**-7
)  # the largest relative error of rounding to bfloat16, seen from either side
_TINY = 1e-30  # what flushing of denormal numbers can take


def pays(queries: Tensor, corpus: Tensor, k: int) -> bool:
    """Whether this machine and these sizes make the first pass worth its while."""
    from lib.device import low_precision_dtype

    return (
        queries.device.type == "cpu"
        and queries.dtype == torch.float32
        and len(queries) >= _FEWEST_QUERIES
        and len(corpus) >= _GROUPS_A_K * GROUP * k
        and k <= _MOST_K
        and low_precision_dtype(queries.device) == torch.bfloat16
    )


def error_bound(queries: Tensor, corpus: Tensor) -> Tensor:
    """Return (q,): how far the product of a query and a passage can be from that of their bfloat16
    forms, before that is rounded in its turn.
    """
    share = queries.shape[1] * 2**-22  # both sums are accumulated in 32 bits
    length, lost = _lengths(queries)
    corpus_length, corpus_lost = (x.max() for x in _lengths(corpus))
    return length * (corpus_lost + share * corpus_length) + lost * 1.01 * corpus_length + _TINY


def _lengths(vectors: Tensor, block: int = 4_096) -> tuple[Tensor, Tensor]:
    """Return (n,) lengths of vectors, and of what rounding to bfloat16 takes from them."""
    parts = [
        (part.norm(dim=1), (part - part.bfloat16()).norm(dim=1)) for part in vectors.split(block)
    ]
    return torch.cat([length for length, _ in parts]), torch.cat([lost for _, lost in parts])


def candidates(
    queries: Tensor, corpus: Tensor, k: int, error: Tensor, room: Tensor
) -> tuple[Tensor, Tensor]:
    """Return (q, m) row numbers in rising order, filled up with n, that hold the k best of each
    query, and (q,) whether they do: where not, the query had too many candidates or no finite score.

    queries: (q, dim), corpus: (n, dim), both bfloat16. error: (q,) as `error_bound` gives it.
    room: bfloat16 memory for q x (n rounded up to GROUP) scores. m differs from call to call.
    """
    rows, count = len(corpus), len(queries)
    groups = -(-rows // GROUP)
    scores = room[: groups * GROUP * count].view(groups, GROUP, count)
    flat = scores.view(-1, count)
    torch.mm(corpus, queries.T, out=flat[:rows])
    flat[rows:] = -torch.inf
    maxima = scores.amax(dim=1).T.float()
    # Each of the k best groups holds a score of at least the k-th maximum: so does the k-th best.
    least = maxima.topk(k, dim=1).values[:, -1]
    # Its exact score is not below that by more than both errors, and so for all that beat it.
    exact = least - _UNIT * least.abs() - error
    limit = exact - error
    limit = limit - _UNIT * limit.abs()
    row, group = (maxima >= limit[:, None]).nonzero(as_tuple=True)
    hit, inside = (scores[group, :, row].float() >= limit[row, None]).nonzero(as_tuple=True)
    row, place = row[hit], group[hit] * GROUP + inside  # in order of row, then of place
    each = row.bincount(minlength=count)
    sure = (each >= k) & (each <= _MOST_A_K * k)
    first = each.cumsum(0) - each
    within = torch.arange(len(row)) - first[row]
    width = max(k, int(torch.where(sure, each, 0).max()))
    kept = within < width
    places = torch.full((count, width), rows)
    places[row[kept], within[kept]] = place[kept]
    return places, sure


def rescore(queries: Tensor, corpus: Tensor, places: Tensor) -> Tensor:
    """Return (q, m) float32 dot products of each query with its own passages, -inf where there is
    none.

    Equal passages get equal scores, which a matrix product does not promise.
    """
    nothing = places >= len(corpus)
    found = corpus.index_select(0, places.clamp(max=len(corpus) - 1).flatten())
    found = found.view(*places.shape, -1).mul_(queries[:, None, :]).sum(dim=2)
    return found.masked_fill_(nothing, -torch.inf)
