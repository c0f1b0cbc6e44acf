"""Which of a query's mined candidates are kept as negatives: the parts that filters are made of.

A filter drops candidates that may be right; what is left is filled up from deeper ranks. So each filter
also goes deeper, and a fair control drops as many at random.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from lib._positives import require_rows
from lib.negatives import choose, padded

if TYPE_CHECKING:
    from lib.cross_encoder import CrossEncoder

__all__ = [
    "as_many_at_random",
    "below_judge",
    "below_margin",
    "dropped_shares",
    "first_below",
    "first_kept",
    "judged",
    "mine_from_scores",
    "refilled",
    "scores_of",
]

_BLOCK = 512  # queries that are scored at a time


def scores_of(queries: Tensor, passages: Tensor, rows: Tensor) -> Tensor:
    """Return the dot product of each query with its own rows of passages: (q, m), on the rows' device.

    queries: (q, dim); passages: (n, dim); rows: (q, m), -1 where there is none, which scores -inf.
    Raises ValueError if the rows are of other queries.
    """
    if rows.ndim != 2 or len(rows) != len(queries):
        raise ValueError(
            f"scores_of: rows are {tuple(rows.shape)} for {len(queries)} queries; expected (q, m), "
            "the passages of each query"
        )
    require_rows("scores_of: the rows", rows)
    parts = zip(queries.split(_BLOCK), rows.to(queries.device).split(_BLOCK))
    found = [(asked @ passages.T).gather(1, own.clamp(min=0)) for asked, own in parts]
    scores = torch.cat(found) if found else queries.new_empty(rows.shape)
    return scores.masked_fill(rows.to(scores.device) < 0, -torch.inf).to(rows.device)


def judged(
    judge: CrossEncoder,
    queries: Sequence[str],
    passages: Sequence[str],
    rows: Tensor,
    keep: bool = False,
) -> Tensor:
    """Return a cross-encoder's score of each query with its own rows of passages: (q, m).

    rows: (q, m), none of them missing; the scores are on their device. keep: keep the scores on disk, see `CrossEncoder.predict`.
    """
    texts = [text for text in queries for _ in range(rows.shape[1])]
    offered = [passages[row] for row in rows.flatten().tolist()]
    return judge.predict(texts, offered, keep=keep).view(rows.shape).to(rows.device)


def first_kept(rows: Tensor, kept: Tensor, k: int) -> Tensor:
    """Return the first k rows of each query that are kept, (q, k), -1 where there are fewer.

    rows: (q, m), best first, -1 where there is none; kept: (q, m), True where a row may stay.
    Raises ValueError for shapes that differ and k below 1.
    """
    if rows.shape != kept.shape or rows.ndim != 2 or k < 1:
        raise ValueError(
            f"first_kept: rows are {tuple(rows.shape)}, kept {tuple(kept.shape)} and k is {k}; "
            "expected the same (q, m) and at least 1"
        )
    kept = kept & (rows >= 0)
    order = (~kept).to(torch.uint8).sort(dim=1, stable=True).indices[:, :k]
    found = rows.gather(1, order).masked_fill(~kept.gather(1, order), -1)
    return torch.nn.functional.pad(found, (0, k - found.shape[1]), value=-1)


def below_margin(scores: Tensor, positives: Tensor, margin: float, relative: bool) -> Tensor:
    """Return which candidates (q, m) score at most their query's positive, less a margin.

    scores: (q, m) of candidates; positives: (q,) scores; margin: a number, or, relative, a share of the
    positive's absolute value. Raises ValueError for a margin below 0, or above 1 if relative.
    Source: Moreira et al. 2024, NV-Retriever, for the relative margin.
    """
    most = 1.0 if relative else torch.inf
    if not 0 <= margin <= most:
        raise ValueError(f"below_margin: the margin is {margin}; expected 0 to {most:g}")
    room = margin * positives.abs() if relative else margin
    return scores <= (positives - room)[:, None]


def below_judge(rows: Tensor, scores: Tensor, positives: Tensor, margin: float, k: int) -> Tensor:
    """Return the first k rows of each query, (q, k), that a judge scores below the positive, less a margin.

    rows: (q, m), best first, -1 where there is none; scores: (q, m), the judge's; positives: (q,), its
    scores of the right passages. -1 stands where there are fewer. Raises what `first_kept` raises.
    """
    return first_kept(rows, scores <= (positives - margin)[:, None], k)


def first_below(
    vectors: tuple[Tensor, Tensor],
    rows: Tensor,
    positives: Tensor,
    keep: Callable[[Tensor, Tensor, float, bool], Tensor] = below_margin,
    *,
    margin: float = 0.05,
    n: int = 4,
) -> Tensor:
    """Return the first n mined rows of each query, (q, n), that a relative margin leaves.

    vectors: of the queries (q, dim) and of all passages (p, dim), which give the scores; rows: (q, m),
    mined, best first; positives: (q,) rows of the right passages; keep: as `below_margin`. -1 stands
    where there are fewer.
    """
    own = scores_of(*vectors, positives[:, None])[:, 0]
    return first_kept(rows, keep(scores_of(*vectors, rows), own, margin, True), n)


def as_many_at_random(dropped: Tensor, seed: int = 0) -> Tensor:
    """Return a (q, m) mask that drops as many of each query's candidates, drawn by lot.

    dropped: (q, m), True where a filter drops: this is the control that it is compared with.
    """
    generator = torch.Generator().manual_seed(seed)
    lots = torch.rand(dropped.shape, generator=generator, device="cpu").to(dropped.device)
    return lots.argsort(dim=1).argsort(dim=1) < dropped.sum(dim=1, keepdim=True)


def dropped_shares(dropped: Tensor, of: Tensor) -> tuple[Tensor, Tensor]:
    """Return which share a filter dropped of some candidates and of the others: two (queries,).

    dropped, of: (q, m), True where a candidate was dropped, or is one of those asked for. Only queries
    that have both kinds of candidates count, so that the two can be compared query by query.
    """
    both = of.any(dim=1) & (~of).any(dim=1)
    some, others = (
        (dropped & part).sum(dim=1) / part.sum(dim=1).clamp(min=1) for part in (of, ~of)
    )
    return some[both], others[both]


def refilled(rows: Tensor, dropped: Tensor, k: int) -> Tensor:
    """Return k rows of each query after a filter, (q, k): first what it left, then deeper ranks.

    rows: (q, m), best first; dropped: (q, d), True where the filter drops one of the first d, d <= m.
    """
    deeper = torch.ones_like(rows[:, dropped.shape[1] :], dtype=torch.bool)
    return first_kept(rows, torch.cat([~dropped, deeper], dim=1), k)


def mine_from_scores(
    scores: Sequence[Sequence[float]],
    positives: Sequence[Sequence[int]],
    itself: Sequence[int],
    margin: float,
    k: int,
) -> list[list[int]]:
    """The library's miner, on a table of scores in nested lists: k rows of each query, then -1.

    scores: (q, n); positives: the right rows of each query; itself: the row of each query's own text,
    or -1; margin: relative, below the lowest of the query's positives. Of equal scores the lower row
    comes first.
    """
    table = torch.tensor(scores, dtype=torch.float32)
    ranked, rows = table.sort(dim=1, descending=True, stable=True)
    lowest = torch.stack([row[own].min() for row, own in zip(table, positives)])
    out = padded([[*own, row] for own, row in zip(positives, itself)])
    return choose(ranked, rows, out, lowest, k, relative_margin=margin).indices.tolist()
