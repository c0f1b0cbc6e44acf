"""Hard negatives: passages that are wrong for a query and look right.

Where they come from (at random, from BM25, from a model), which of them are left out because they
may be right after all, and how they are put together for a loss.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypedDict, Unpack

import torch
from torch import Tensor

from lib.bm25 import BM25
from lib.search import top_k

__all__ = [
    "Mined",
    "choose",
    "filter_by_scores",
    "mine",
    "mine_bm25",
    "mix",
    "ntuples",
    "overlap",
    "padded",
    "random_negatives",
]

_PAIRS = 512  # queries that are multiplied by their positives at a time, which takes a copy of both


class Limits(TypedDict, total=False):
    """Which candidates look like positives, see `choose`."""

    absolute_margin: float | None
    relative_margin: float | None
    max_score: float | None
    min_score: float | None


@dataclass(frozen=True)
class Mined:
    """Negatives of each query, hardest first.

    indices: (q, k) rows of passages, -1 where there were too few. scores: (q, k), -inf there.
    positive_scores: (q,), the lowest score of the query's positives.
    """

    indices: Tensor
    scores: Tensor
    positive_scores: Tensor


def padded(
    positives: Sequence[Sequence[int]] | Tensor, device: torch.device | str = "cpu"
) -> Tensor:
    """Return (q, p) int64 rows of positives, -1 where a query has fewer than p.

    positives: (q,) one for each query, (q, p), or a list of lists.
    Raises ValueError if a query has none.
    """
    if isinstance(positives, Tensor):
        rows = positives if positives.ndim == 2 else positives[:, None]
        return rows.to(device)
    if not all(len(rows) for rows in positives):
        raise ValueError("a query has no positive; expected at least one row for each")
    most = max((len(rows) for rows in positives), default=1)
    filled = [[*rows, *([-1] * (most - len(rows)))] for rows in positives]
    return torch.tensor(filled, dtype=torch.long, device=device).view(len(positives), most)


def choose(
    scores: Tensor,
    indices: Tensor,
    positives: Tensor,
    positive_scores: Tensor,
    k: int,
    *,
    skip: int = 0,
    absolute_margin: float | None = None,
    relative_margin: float | None = None,
    max_score: float | None = None,
    min_score: float | None = None,
) -> Mined:
    """Choose the k hardest of each query's candidates that are not, and do not look like, positives.

    scores, indices: (q, m) candidates, best first, -1 where there is none. positives: (q, p) rows,
    filled with -1. positive_scores: (q,) the score of the query's positive, the lowest of several.
    absolute_margin: a candidate is dropped if it scores above positive - margin. relative_margin: if
    above positive - margin * |positive| (0.05 keeps what scores below 95% of the positive). max_score,
    min_score: if above or below. skip: of those left, the first so many are passed over as well.
    Returns k columns. Raises ValueError for a k below 1, a negative skip or shapes that do not fit.
    Source: Moreira et al. 2024, NV-Retriever, section 3 (positive-aware mining).
    """
    if k < 1 or skip < 0:
        raise ValueError(f"choose: k={k}, skip={skip}; expected at least 1 and at least 0")
    if scores.shape != indices.shape or len(positives) != len(scores):
        raise ValueError(
            f"choose: scores {tuple(scores.shape)}, indices {tuple(indices.shape)}, positives "
            f"{tuple(positives.shape)}; expected (q, m), (q, m) and (q, p)"
        )
    dropped = (indices[:, :, None] == positives[:, None, :]).any(dim=2) | (indices < 0)
    if absolute_margin is not None:
        dropped |= scores + absolute_margin > positive_scores[:, None]
    if relative_margin is not None:
        limit = positive_scores - positive_scores.abs() * relative_margin
        dropped |= scores > limit[:, None]
    if max_score is not None:
        dropped |= scores > max_score
    if min_score is not None:
        dropped |= scores < min_score
    order = dropped.to(torch.uint8).sort(dim=1, stable=True).indices[:, skip : skip + k]
    gone = dropped.gather(1, order)
    rows = indices.gather(1, order).masked_fill(gone, -1)
    values = scores.gather(1, order).masked_fill(gone, -torch.inf)
    short = k - rows.shape[1]
    if short > 0:
        rows = torch.nn.functional.pad(rows, (0, short), value=-1)
        values = torch.nn.functional.pad(values, (0, short), value=-torch.inf)
    return Mined(rows, values, positive_scores)


def _depth(depth: int | None, k: int, skip: int, most: int, limited: bool) -> int:
    """How many candidates to look at, of which up to `most` are positives: by default as many as
    sentence-transformers does."""
    depth = skip + (10 * k if limited else k) + most if depth is None else depth
    if depth < skip + k:
        raise ValueError(f"mine: depth is {depth}; expected at least skip + k, {skip + k}")
    return depth + most


@torch.no_grad()
def mine(
    queries: Tensor,
    passages: Tensor,
    positives: Sequence[Sequence[int]] | Tensor,
    k: int,
    *,
    skip: int = 0,
    depth: int | None = None,
    block: int = 16_384,
    **limits: Unpack[Limits],
) -> Mined:
    """Mine the k hardest negatives of each query by dot product, exactly and block by block.

    queries: (q, dim), passages: (n, dim), unit vectors of one model. positives: rows of `passages`,
    see `padded`; all of a query's positives are excluded. depth: how many candidates are looked at
    beside the positives, by default a few more than k, or than 10 k with an upper limit. limits: see `choose`. The same negatives
    as `sentence_transformers.util.mine_hard_negatives`, but for equal scores, in less memory.
    Raises ValueError for shapes that do not fit, or a depth below skip + k.
    """
    rows = padded(positives, queries.device)
    if len(rows) != len(queries):
        raise ValueError(f"mine: {len(rows)} rows of positives for {len(queries)} queries")
    limited = any(v is not None for name, v in limits.items() if name != "min_score")
    looked = _depth(depth, k, skip, rows.shape[1], limited)
    pairs = zip(rows.clamp(min=0).split(_PAIRS), queries.split(_PAIRS))
    own = torch.cat([(passages[own] * asked[:, None]).sum(dim=2) for own, asked in pairs])
    lowest = own.masked_fill(rows < 0, torch.inf).amin(dim=1)

    def look(asked: Tensor | slice, most: int) -> Mined:
        found = top_k(queries[asked], passages, most, block=block)
        return choose(*found, rows[asked], lowest[asked], k, skip=skip, **limits)

    # Most queries find theirs among the first few: only the others are looked at in full depth.
    first = min(looked, skip + 2 * k + rows.shape[1])
    mined = look(slice(None), first)
    if first < looked and queries.device.type != "meta":
        again = (mined.indices[:, -1] < 0).nonzero().flatten()
        if len(again):
            deeper = look(again, looked)
            mined.indices[again], mined.scores[again] = deeper.indices, deeper.scores
    return mined


def mine_bm25(
    bm25: BM25,
    queries: Sequence[str],
    positives: Sequence[Sequence[int]] | Tensor,
    k: int,
    *,
    skip: int = 0,
    depth: int | None = None,
) -> Mined:
    """Mine the k passages that share most with each query by BM25 and are no positive of it.

    A passage that shares no word is no negative of this kind: the row then ends in -1. Margins are
    not offered: a positive often has a score of 0.
    """
    rows = padded(positives)
    looked = _depth(depth, k, skip, rows.shape[1], False)
    scores, indices = bm25.top_k(queries, looked)
    indices = indices.masked_fill(scores <= 0, -1)
    nothing = torch.zeros(len(rows))
    return choose(scores, indices, rows, nothing, k, skip=skip)


def random_negatives(
    passages: int,
    positives: Sequence[Sequence[int]] | Tensor,
    k: int,
    seed: int = 0,
    query_block: int = 512,
) -> Tensor:
    """Draw k different passages for each query, none of them a positive of it: (q, k) rows, on the CPU.

    Raises ValueError if there are not as many.
    """
    rows = padded(positives)
    if not 1 <= k <= passages - rows.shape[1]:
        raise ValueError(
            f"random_negatives: k is {k}; expected 1 to {passages - rows.shape[1]}, the passages "
            "that are surely no positive"
        )
    generator = torch.Generator().manual_seed(seed)
    drawn = []
    for part in rows.split(query_block):
        lots = torch.rand(len(part), passages + 1, generator=generator)
        lots.scatter_(1, part.where(part >= 0, passages), -1.0)  # the last column is nobody's
        drawn.append(lots[:, :passages].topk(k, dim=1).indices)
    return torch.cat(drawn) if drawn else torch.empty(0, k, dtype=torch.long)


def filter_by_scores(
    mined: Mined,
    score: Callable[[Tensor, Tensor], Tensor],
    positives: Tensor,
    *,
    chunk: int = 4_096,
    **limits: Unpack[Limits],
) -> Mined:
    """Score negatives again with a better judge, such as a cross-encoder, and drop what it finds right.

    score: takes query rows (m,) and passage rows (m,) and returns (m,) scores; it is asked for every
    negative and every positive, `chunk` pairs at a time. positives: (q,) or (q, p) rows. limits: see
    `choose`, on these scores. Returns as many columns, hardest by the judge first.
    """
    rows = padded(positives, mined.indices.device)
    both = torch.cat([mined.indices, rows], dim=1)
    asked, passage = (both >= 0).nonzero()[:, 0], both[both >= 0]
    found = torch.cat([score(a, p) for a, p in zip(asked.split(chunk), passage.split(chunk))])
    scores = torch.full(both.shape, -torch.inf, dtype=found.dtype, device=both.device)
    scores[both >= 0] = found.to(both.device)
    scores, own = scores.split([mined.indices.shape[1], rows.shape[1]], dim=1)
    lowest = own.masked_fill(rows < 0, torch.inf).amin(dim=1)
    scores, order = scores.sort(dim=1, descending=True, stable=True)
    indices = mined.indices.gather(1, order)
    return choose(scores, indices, rows, lowest, mined.indices.shape[1], **limits)


def mix(sources: Sequence[Tensor], k: int) -> Tensor:
    """Take turns among sources of negatives until each query has k different ones: (q, k) rows.

    sources: each (q, m) rows, best first, -1 where there is none; m may differ. The first source is
    asked first. -1 where all sources together have too few.
    """
    widest = max(source.shape[1] for source in sources)
    even = [torch.nn.functional.pad(s, (0, widest - s.shape[1]), value=-1) for s in sources]
    turns = torch.stack(even, dim=2).flatten(1)
    again = turns[:, :, None] == turns[:, None, :]
    again &= torch.ones_like(again[0]).tril(-1)  # an earlier turn has it
    dropped = again.any(dim=2) | (turns < 0)
    order = dropped.to(torch.uint8).sort(dim=1, stable=True).indices[:, :k]
    rows = turns.gather(1, order).masked_fill(dropped.gather(1, order), -1)
    return torch.nn.functional.pad(rows, (0, max(0, k - rows.shape[1])), value=-1)


def ntuples(positives: Tensor, negatives: Tensor) -> Tensor:
    """Return (t, 2 + k) rows: query, positive, k negatives, for queries that have all k.

    positives: (q,) or (q, p), filled with -1: a query with two positives gives two rows.
    negatives: (q, k).
    """
    rows = padded(positives, negatives.device)
    query, column = ((rows >= 0) & (negatives >= 0).all(dim=1, keepdim=True)).nonzero().T
    return torch.cat([query[:, None], rows[query, column, None], negatives[query]], dim=1)


def overlap(first: Tensor, second: Tensor) -> Tensor:
    """Return (q,): which share of the first's rows (q, k) the second (q, m) has, too; -1 is no row."""
    there = first >= 0
    shared = ((first[:, :, None] == second[:, None, :]).any(dim=2) & there).sum(dim=1)
    return shared / there.sum(dim=1).clamp(min=1)
