"""Hybrid search: one ranking from several, by reciprocal rank fusion or by a weighted sum of scores.

BM25 and an encoder miss different passages, and their scores are not comparable: one is a sum of
weights without a limit, the other a cosine. Their ranks are. A passage gets 1 / (60 + rank) from each
ranking that holds it, and what several rankings have near their top comes first. Ranks forget by how
much one passage beats the next; `weighted_sum` brings the scores to one scale and keeps that.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from lib._positives import require_rows
from lib.search import ordered_top_k

__all__ = [
    "fuse_tables",
    "fused_ids",
    "plain_reciprocal_rank_fusion",
    "reciprocal_rank_fusion",
    "weighted_sum",
]

CONSTANT = 60.0  # of the paper: the first rank is worth little more than the next ones
NOTHING = -1


def plain_reciprocal_rank_fusion(
    rankings: Sequence[Sequence[int]],
    constant: float = CONSTANT,
    weights: Sequence[float] | None = None,
) -> list[tuple[int, float]]:
    """Return the passages of one query's rankings as (row, score), best first, in the plainest way.

    rankings: each the rows of passages, best first, which may differ in length; the first rank is 1.
    A row that a ranking holds twice counts where it stands first; -1 stands for no passage and keeps
    its rank. weights: of the rankings, by default 1 each. Equal scores come lowest row first.
    Source: Cormack, Clarke and Büttcher 2009, Reciprocal Rank Fusion outperforms Condorcet and
    individual Rank Learning Methods, with the constant 60 as there.
    Raises ValueError without a ranking, for a constant below 0, and for weights that are not one for
    each ranking, finite and above 0.
    """
    name = "plain_reciprocal_rank_fusion"
    parts: dict[int, list[float]] = {}
    for ranking, weight in zip(rankings, _weights(name, len(rankings), constant, weights)):
        seen = set()
        for rank, row in enumerate(map(int, ranking), start=1):
            if row != NOTHING and row not in seen:
                parts.setdefault(row, []).append(weight / (constant + rank))
                seen.add(row)
    # The largest part first, so that the order of the rankings makes no difference, not by rounding.
    scores = {row: sum(sorted(found, reverse=True)) for row, found in parts.items()}
    return sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))


def fused_ids(rankings: Sequence[Sequence[str]], k: float = CONSTANT) -> list[str]:
    """Return the ids of all passages that any ranking names, best first, by reciprocal rank fusion.

    rankings: each of ids, best first, no id twice in it; k: the constant, 0 or more. Equal scores come
    in the order in which the rankings, read one after the other, name the passages.
    Raises ValueError for a constant below 0.
    """
    ids = list(dict.fromkeys(name for ranking in rankings for name in ranking))
    row = {name: place for place, name in enumerate(ids)}
    rows = [[row[name] for name in ranking] for ranking in rankings]
    if not rows:
        return []
    return [ids[place] for place, _ in plain_reciprocal_rank_fusion(rows, k)]


@torch.no_grad()
def reciprocal_rank_fusion(
    rankings: Sequence[Tensor],
    k: int = 10,
    constant: float = CONSTANT,
    weights: Sequence[float] | None = None,
) -> tuple[Tensor, Tensor]:
    """Return what `plain_reciprocal_rank_fusion` does, for q queries at once: the k best of each.

    rankings: tables (q, m_i) of rows, best first, -1 where there is no passage, on one device; m_i may
    differ. Returns scores (q, m) float32 and rows (q, m) int64, m = min(k, sum of m_i); where a query
    has fewer passages than m, the last have score minus infinity and row -1. Equal scores come lowest
    row first, whatever the order of the rankings.
    Raises what the plain function does, ValueError for tables that do not fit each other and for k
    below 1, TypeError for tables of floats.
    """
    name = "reciprocal_rank_fusion"
    shares = _weights(name, len(rankings), constant, weights)
    _require_tables(name, rankings)
    if k < 1:
        raise ValueError(f"{name}: k is {k}; expected at least 1")
    device = rankings[0].device
    exact = _widest(device)
    parts = []
    for ranking, weight in zip(rankings, shares):
        ranks = torch.arange(1, ranking.shape[1] + 1, device=device, dtype=exact)
        parts.append((weight / (constant + ranks)).expand(ranking.shape))  # (q, m_i)
    rows = torch.cat([_each_once(ranking.long()) for ranking in rankings], dim=1)  # (q, sum of m_i)
    part = torch.cat(parts, dim=1)
    # A passage's parts come to stand side by side, the largest first: at most one from each ranking.
    part, order = part.sort(dim=1, descending=True, stable=True)
    rows, by_row = rows.gather(1, order).sort(dim=1, stable=True)
    part = part.gather(1, by_row)
    total = part.clone()
    for step in range(1, min(len(rankings), rows.shape[1])):
        same = rows[:, step:] == rows[:, :-step]
        total[:, :-step] += part[:, step:] * same
    first = torch.ones_like(rows, dtype=torch.bool)
    first[:, 1:] = rows[:, 1:] != rows[:, :-1]
    total = total.masked_fill(~first | (rows == NOTHING), -torch.inf)
    # Rows rise from left to right, so that among equals the lowest is met first.
    best, where = ordered_top_k(total, min(k, total.shape[1]))
    found = rows.gather(1, where).masked_fill(best == -torch.inf, NOTHING)
    return best.float(), found


def fuse_tables(
    tables: Sequence[tuple[Tensor, Tensor]],
    k: int = 10,
    constant: float = CONSTANT,
    weights: Sequence[float] | None = None,
    above: Sequence[float | None] | None = None,
) -> tuple[Tensor, Tensor]:
    """Return the `reciprocal_rank_fusion` of search results, the k best of each query.

    tables: (scores, rows), each (q, m_i), as `search.top_k` and `BM25.top_k` give them; of the scores
    only the order counts, which is that of the columns. above: for each table the score that a passage
    must exceed to count as found, None for any: with `above=(0.0, None)` the passages that share no word
    with the query, which BM25 gives with score 0 in order of row, get nothing from it.
    Returns and raises what `reciprocal_rank_fusion` does, and ValueError for scores and rows of two
    shapes and where `above` is not one for each table.
    """
    floors = [None] * len(tables) if above is None else list(above)
    if len(floors) != len(tables):
        raise ValueError(
            f"fuse_tables: above has {len(floors)} values for {len(tables)} tables; expected one for "
            "each, None where every passage counts"
        )
    rankings = []
    for place, ((scores, rows), floor) in enumerate(zip(tables, floors)):
        if scores.shape != rows.shape:
            raise ValueError(
                f"fuse_tables: table {place} has scores {tuple(scores.shape)} and rows "
                f"{tuple(rows.shape)}; expected one score for each row, as top_k gives them"
            )
        rankings.append(rows if floor is None else rows.masked_fill(scores <= floor, NOTHING))
    return reciprocal_rank_fusion(rankings, k, constant, weights)


@torch.no_grad()
def weighted_sum(
    scores: Sequence[Tensor], weights: Sequence[float], least: Sequence[float]
) -> Tensor:
    """Return one table of scores (q, n) from several of the same passages, brought to one scale.

    scores: tables (q, n) of every passage, as `queries @ passages.T` and `BM25.scores` give them, on one
    device. Each is scaled so that, for each query, the least value its kind of score can take becomes 0
    and the query's largest becomes 1; a query whose largest is that least value gets 0 throughout.
    weights: of the tables, above 0, divided by their sum. least: for each table, 0 for BM25, -1 for
    cosines.
    Source: Bruch, Gai and Ingber 2023, An Analysis of Fusion Functions for Hybrid Retrieval (their
    convex combination with theoretical minima, TM2C2).
    Raises ValueError without a table, for tables of several shapes or devices, a score below its least
    value or no number, and weights or least values that are not one for each table.
    """
    name = "weighted_sum"
    shares = _weights(name, len(scores), CONSTANT, weights)
    shapes, devices = {tuple(x.shape) for x in scores}, {str(x.device) for x in scores}
    if len(shapes) != 1 or len(devices) != 1 or scores[0].ndim != 2:
        raise ValueError(
            f"{name}: the tables are {', '.join(str(tuple(x.shape)) for x in scores)} on "
            f"{' and '.join(sorted(devices))}; expected (q, n) each, on one device"
        )
    if len(least) != len(scores):
        raise ValueError(
            f"{name}: {len(least)} least values for {len(scores)} tables; expected one for each"
        )
    total = torch.zeros_like(scores[0])
    if not total.numel():
        return total
    for place, (table, share, low) in enumerate(zip(scores, shares, least)):
        if not bool((table >= low - 1e-3).all()):  # rounding; nan is refused, too
            raise ValueError(
                f"{name}: table {place} has a score below {low:g}, or one that is no number; expected "
                "the least value that such a score can take"
            )
        span = (table - low).amax(dim=1, keepdim=True)  # (q, 1)
        scaled = (table - low).clamp(min=0) / span.clamp(min=1e-12)
        total += share / sum(shares) * scaled.to(total.dtype)
    return total


def _widest(device: torch.device) -> torch.dtype:
    """float64 where the device has it: far down two lists sums differ by less than float32 tells."""
    try:
        return torch.zeros(1, dtype=torch.float64, device=device).dtype
    except (TypeError, RuntimeError):  # such as Apple's MPS
        return torch.float32


def _each_once(rows: Tensor) -> Tensor:
    """Return rows (q, m) with -1 in place of every row that stands further left already."""
    ordered, order = rows.sort(dim=1, stable=True)
    again = torch.zeros_like(rows, dtype=torch.bool)
    again[:, 1:] = ordered[:, 1:] == ordered[:, :-1]
    return rows.masked_fill(torch.zeros_like(again).scatter(1, order, again), NOTHING)


def _weights(
    name: str, rankings: int, constant: float, weights: Sequence[float] | None
) -> list[float]:
    if rankings < 1:
        raise ValueError(f"{name}: there is no ranking; expected at least one")
    if not 0 <= constant < math.inf:
        raise ValueError(f"{name}: constant is {constant}; expected at least 0, such as 60")
    shares = [1.0] * rankings if weights is None else [float(weight) for weight in weights]
    if len(shares) != rankings or not all(0 < share < math.inf for share in shares):
        raise ValueError(
            f"{name}: weights are {shares} for {rankings} rankings; expected one for each, above 0"
        )
    return shares


def _require_tables(name: str, rankings: Sequence[Tensor]) -> None:
    for place, rows in enumerate(rankings):
        require_rows(f"{name}: the rows of ranking {place}", rows)
    shapes, devices = [tuple(r.shape) for r in rankings], {str(r.device) for r in rankings}
    if any(len(shape) != 2 for shape in shapes) or len({shape[0] for shape in shapes}) != 1:
        raise ValueError(
            f"{name}: the rankings are {', '.join(map(str, shapes))}; expected (q, m) each, with the "
            "same queries in the same order; a single query needs rows[None, :]"
        )
    if len(devices) != 1:
        raise ValueError(
            f"{name}: the rankings are on {' and '.join(sorted(devices))}; expected one"
        )
