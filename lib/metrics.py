"""How good a ranking is, per query, and how sure we can be of the mean.

Every metric takes ranked passage ids and graded relevance, and returns one value per query, so
that the same vector feeds a mean, an interval and a test. The values are those of trec_eval.

Shared conventions: a passage that nobody judged has grade 0; a grade below 0 counts as 0; a query
without any relevant passage scores 0; a list shorter than k is scored as it is; ties were decided
by whoever made the list, whose order is taken as it came.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

Ranking = Sequence[Sequence[str]]
Relevance = Sequence[Mapping[str, int]]


@dataclass(frozen=True)
class Interval:
    """A mean over queries and the ends of its confidence interval, all in the metric's unit."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:.3f} [{self.low:.3f}, {self.high:.3f}]"


def _check(name: str, ranked: Ranking, relevant: Relevance, k: int) -> None:
    if k < 1:
        raise ValueError(f"{name}: k is {k}; expected at least 1")
    if len(ranked) != len(relevant):
        raise ValueError(
            f"{name}: {len(ranked)} ranked lists came with {len(relevant)} relevance judgements; "
            "expected one of each per query, in the same order"
        )


def gains(ranked: Ranking, relevant: Relevance, k: int) -> Tensor:
    """Return the grade of the passage at each of the first k ranks, (queries, k) float64.

    ranked: for each query its passage ids, best first.  relevant: for each query {id: grade}.
    Ranks past the end of a list hold 0. Raises ValueError when the two differ in length, k < 1,
    or a list names a passage twice among its first k (it would be counted twice).
    """
    _check("gains", ranked, relevant, k)
    rows = []
    for query, (ids, grades) in enumerate(zip(ranked, relevant)):
        if isinstance(ids, str):
            raise ValueError(
                f"gains: the ranking of query {query} is the text {ids!r}; expected a list of ids"
            )
        top = list(ids[:k])
        if len(set(top)) != len(top):
            raise ValueError(
                f"gains: the ranking of query {query} names a passage twice in its first {k}; "
                "remove duplicates before scoring"
            )
        row = [max(grades.get(passage, 0), 0) for passage in top]
        rows.append(row + [0] * (k - len(row)))
    return torch.tensor(rows, dtype=torch.float64).reshape(len(rows), k)


def ideal_gains(relevant: Relevance, k: int) -> Tensor:
    """Return the k highest grades of each query, best first, padded with 0: (queries, k) float64.

    They come from all judged passages, not from those that a system happened to retrieve.
    """
    best = [sorted((max(g, 0) for g in grades.values()), reverse=True)[:k] for grades in relevant]
    rows = [row + [0] * (k - len(row)) for row in best]
    return torch.tensor(rows, dtype=torch.float64).reshape(len(rows), k)


def recall_at_k(ranked: Ranking, relevant: Relevance, k: int) -> Tensor:
    """Return for each query the share of its relevant passages among the first k: (queries,).

    Relevant means a grade of 1 or more. trec_eval's `recall_k`.
    """
    _check("recall_at_k", ranked, relevant, k)
    found = (gains(ranked, relevant, k) > 0).sum(dim=-1)
    total = torch.tensor(
        [sum(g > 0 for g in grades.values()) for grades in relevant], dtype=torch.float64
    )
    return found / total.clamp(min=1)


def mrr_at_k(ranked: Ranking, relevant: Relevance, k: int) -> Tensor:
    """Return for each query 1 / the rank of the first relevant passage, 0 if past k: (queries,).

    The mean is the mean reciprocal rank (Voorhees 1999, TREC-8 question answering track).
    """
    _check("mrr_at_k", ranked, relevant, k)
    hits = (gains(ranked, relevant, k) > 0).double()
    ranks = torch.arange(1, k + 1, dtype=torch.float64, device=hits.device)
    # 1/rank falls with the rank, so the largest value in a row belongs to its first hit.
    return (hits / ranks).amax(dim=-1)


def dcg(grades: Tensor) -> Tensor:
    """Return the discounted cumulative gain of grades (..., k) in ranked order: (...,).

    The sum of grade / log2(rank + 1), the gain being the grade itself (Järvelin and Kekäläinen
    2002), not 2^grade - 1.
    """
    k = grades.shape[-1]
    ranks = torch.arange(1, k + 1, dtype=torch.float64, device=grades.device)
    return (grades / torch.log2(ranks + 1)).sum(dim=-1)


def ndcg_at_k(ranked: Ranking, relevant: Relevance, k: int) -> Tensor:
    """Return for each query the gain of its first k over that of the best possible k: (queries,).

    trec_eval's `ndcg_cut_k`; see `dcg` for the gain and `ideal_gains` for the best possible list.
    """
    _check("ndcg_at_k", ranked, relevant, k)
    best = dcg(ideal_gains(relevant, k))
    return dcg(gains(ranked, relevant, k)) / torch.where(best > 0, best, torch.ones_like(best))


def average_ranks(x: Tensor) -> Tensor:
    """Return the rank of each value of x (..., n) within its row, from 1, equals sharing the mean."""
    x = x.contiguous()
    ordered = x.sort(dim=-1).values
    below = torch.searchsorted(ordered, x)
    not_above = torch.searchsorted(ordered, x, right=True)
    return (below + not_above + 1).double() / 2


def spearman(a: Tensor | Sequence[float], b: Tensor | Sequence[float]) -> Tensor:
    """Return Spearman's rank correlation of a and b, both (..., n): (...,) float64, -1 to 1.

    The Pearson correlation of the ranks, equals sharing their mean rank (Spearman 1904). It is
    nan where one side is constant or holds a nan. Raises ValueError when the shapes differ or
    n < 2.
    """
    a = torch.as_tensor(a)
    b = torch.as_tensor(b, device=a.device)
    if a.shape != b.shape or a.ndim == 0 or a.shape[-1] < 2:
        raise ValueError(
            f"spearman: the scores are {tuple(a.shape)} and {tuple(b.shape)}; expected the same "
            "shape with at least 2 values in the last dimension"
        )
    x, y = average_ranks(a), average_ranks(b)
    x, y = x - x.mean(dim=-1, keepdim=True), y - y.mean(dim=-1, keepdim=True)
    value = (x * y).sum(dim=-1) / (x.square().sum(dim=-1) * y.square().sum(dim=-1)).sqrt()
    missing = (torch.isnan(a) | torch.isnan(b)).any(dim=-1)
    return torch.where(missing, torch.full_like(value, torch.nan), value.clamp(-1, 1))


def bootstrap_means(
    per_query: Tensor, resamples: int = 1000, seed: int = 0, block: int = 1_000_000
) -> Tensor:
    """Return the means of `resamples` draws of queries with replacement: (resamples,).

    per_query: (queries,), on any device; the draws come from a CPU generator, so that every
    device sees the same ones. At most `block` draws are held at a time.
    """
    queries = per_query.shape[-1]
    draw = torch.Generator().manual_seed(seed)
    means, step = [], max(1, block // queries)
    for start in range(0, resamples, step):
        shape = (min(step, resamples - start), queries)
        rows = torch.randint(queries, shape, generator=draw).to(per_query.device)
        means.append(per_query[rows].mean(dim=-1))
    return torch.cat(means)


def bootstrap_interval(
    per_query: Tensor, resamples: int = 1000, level: float = 0.95, seed: int = 0
) -> Interval:
    """Return the mean of per_query (queries,) with its percentile bootstrap interval.

    Queries are drawn, not documents: the question is how the mean would move on other queries
    from the same source (Efron and Tibshirani 1993, chapter 13). Raises ValueError for an empty
    vector, fewer than 2 resamples, a level outside (0, 1) or values that are not finite.
    """
    per_query = torch.as_tensor(per_query).double()
    if per_query.ndim != 1 or len(per_query) == 0:
        raise ValueError(
            f"bootstrap_interval: per_query is {tuple(per_query.shape)}; expected (queries,) with "
            "at least one query: pass the metric of every query, not its mean"
        )
    if resamples < 2 or not 0 < level < 1:
        raise ValueError(
            f"bootstrap_interval: resamples={resamples}, level={level}; expected resamples >= 2 "
            "and 0 < level < 1"
        )
    if not torch.isfinite(per_query).all():
        raise ValueError("bootstrap_interval: a query's value is nan or infinite; mend the metric")
    means = bootstrap_means(per_query, resamples, seed)
    ends = torch.tensor([(1 - level) / 2, (1 + level) / 2], dtype=means.dtype, device=means.device)
    low, high = torch.quantile(means, ends).tolist()
    return Interval(float(per_query.mean()), low, high)
