"""How good a ranking is, per query, and how sure we can be of the mean.

Every metric takes ranked passage ids and graded relevance, and returns one value per query, so
that the same vector feeds a mean, an interval and a test. The values are those of trec_eval.

Shared conventions: a passage that nobody judged has grade 0; a grade below 0 counts as 0; a query
without any relevant passage scores 0; a list shorter than k is scored as it is; ties were decided
by whoever made the list, whose order is taken as it came. Ids are whole numbers or texts; tensors
and arrays of them count as the numbers that they hold.
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from lib._rankings import plain_rankings, plain_relevance, require_one_kind

Ranking = Sequence[Sequence[Any]] | Tensor
Relevance = Sequence[Mapping[Any, int]]


@dataclass(frozen=True)
class Interval:
    """A mean over queries and the ends of its confidence interval, all in the metric's unit."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        # "z": what rounds to 0 is written without a minus
        return f"{self.mean:z.3f} [{self.low:z.3f}, {self.high:z.3f}]"


def _judged(
    name: str, ranked: Ranking, relevant: Relevance, k: int
) -> tuple[list[list[float]], list[dict]]:
    """Return the grades of each query's first k passages, and all its grades, of at least 0."""
    if not hasattr(k, "__index__") or k < 1:
        raise ValueError(f"{name}: k is {k!r}; expected a whole number of at least 1")
    k = operator.index(k)
    rankings, judgements = plain_rankings(name, ranked, k), plain_relevance(name, relevant)
    if len(rankings) != len(judgements):
        raise ValueError(
            f"{name}: {len(rankings)} ranked lists came with {len(judgements)} relevance "
            "judgements; expected one of each per query, in the same order"
        )
    rows = []
    for query, (ids, grades) in enumerate(zip(rankings, judgements)):
        require_one_kind(name, query, ids, grades)
        rows.append([max(grades.get(passage, 0), 0) for passage in ids])
    return rows, judgements


def _table(rows: Sequence[Sequence[float]], k: int) -> Tensor:
    """Return rows of at most k numbers as (queries, k) float64, filled up with 0."""
    filled = [[*row, *([0] * (k - len(row)))] for row in rows]
    return torch.tensor(filled, dtype=torch.float64, device="cpu").reshape(len(rows), k)


def gains(ranked: Ranking, relevant: Relevance, k: int) -> Tensor:
    """Return the grade of the passage at each of the first k ranks, (queries, k) float64.

    ranked: for each query its passage ids, best first: lists, or (queries, m) rows as
    `search.top_k` returns them, on any device; -1 stands for no passage.  relevant: for each query
    {id: grade}. Ranks past the end of a list hold 0.
    Raises ValueError when the two differ in length, k < 1, a grade is not finite, or a list names a
    passage twice among its first k (it would be counted twice); TypeError for ids that are floats
    or of another kind than those of the relevance, such as row numbers where it has texts.
    """
    return _table(_judged("gains", ranked, relevant, k)[0], k)


def ideal_gains(relevant: Relevance, k: int) -> Tensor:
    """Return the k highest grades of each query, best first, padded with 0: (queries, k) float64.

    They come from all judged passages, not from those that a system happened to retrieve.
    """
    return _ideal(plain_relevance("ideal_gains", relevant), k)


def _ideal(judgements: Sequence[Mapping[Hashable, float]], k: int) -> Tensor:
    return _table(
        [sorted((max(g, 0) for g in grades.values()), reverse=True)[:k] for grades in judgements], k
    )


def recall_at_k(ranked: Ranking, relevant: Relevance, k: int) -> Tensor:
    """Return for each query the share of its relevant passages among the first k: (queries,).

    Relevant means a grade of 1 or more. trec_eval's `recall_k`.
    """
    rows, judgements = _judged("recall_at_k", ranked, relevant, k)
    return (_table(rows, k) >= 1).sum(dim=-1) / _relevant(judgements)


def mrr_at_k(ranked: Ranking, relevant: Relevance, k: int) -> Tensor:
    """Return for each query 1 / the rank of the first relevant passage, 0 if past k: (queries,).

    Relevant means a grade of 1 or more. The mean is the mean reciprocal rank (Voorhees 1999, TREC-8
    question answering track).
    """
    hits = (_table(_judged("mrr_at_k", ranked, relevant, k)[0], k) >= 1).double()
    ranks = torch.arange(1, k + 1, dtype=torch.float64, device=hits.device)
    # 1/rank falls with the rank, so the largest value in a row belongs to its first hit.
    return (hits / ranks).amax(dim=-1)


def precision_at_k(ranked: Ranking, relevant: Relevance, k: int) -> Tensor:
    """Return for each query the share of the first k ranks that hold a relevant passage: (queries,).

    Relevant means a grade of 1 or more. A list shorter than k is divided by k all the same.
    trec_eval's `P_k`.
    """
    hits = _table(_judged("precision_at_k", ranked, relevant, k)[0], k) >= 1
    return hits.double().sum(dim=-1) / k


def average_precision(ranked: Ranking, relevant: Relevance, k: int | None = None) -> Tensor:
    """Return for each query the mean of the precision at the rank of each relevant passage: (queries,).

    Relevant means a grade of 1 or more; a relevant passage that is not in the list, or past k, adds
    0 to that mean. The mean over queries is MAP. k: how many ranks count, all by default.
    trec_eval's `map` and `map_cut_k`.
    Source: Manning, Raghavan and Schütze 2008, Introduction to Information Retrieval, section 8.4.
    """
    rows, judgements = _judged(
        "average_precision", ranked, relevant, sys.maxsize if k is None else k
    )
    hits = (_table(rows, max(map(len, rows), default=0)) >= 1).double()
    ranks = torch.arange(1, hits.shape[1] + 1, dtype=torch.float64, device=hits.device)
    # The precision at a rank is the number of hits down to it over the rank.
    return (hits * hits.cumsum(dim=-1) / ranks).sum(dim=-1) / _relevant(judgements)


def _relevant(judgements: Sequence[Mapping[Hashable, float]]) -> Tensor:
    """Return how many passages are relevant to each query, at least 1 to divide by: (queries,)."""
    total = [sum(g >= 1 for g in grades.values()) for grades in judgements]
    return torch.tensor(total, dtype=torch.float64, device="cpu").clamp(min=1)


def dcg(grades: Tensor) -> Tensor:
    """Return the discounted cumulative gain of grades (..., k) in ranked order: (...,).

    The sum of grade / log2(rank + 1), the gain being the grade itself (Järvelin and Kekäläinen
    2002), not 2^grade - 1.
    """
    grades = _where_float64_is(grades)
    k = grades.shape[-1]
    ranks = torch.arange(1, k + 1, dtype=torch.float64, device=grades.device)
    return (grades / torch.log2(ranks + 1)).sum(dim=-1)


def ndcg_at_k(ranked: Ranking, relevant: Relevance, k: int) -> Tensor:
    """Return for each query the gain of its first k over that of the best possible k: (queries,).

    trec_eval's `ndcg_cut_k`; see `dcg` for the gain and `ideal_gains` for the best possible list.
    """
    rows, judgements = _judged("ndcg_at_k", ranked, relevant, k)
    best = dcg(_ideal(judgements, k))
    return dcg(_table(rows, k)) / torch.where(best > 0, best, torch.ones_like(best))


def _where_float64_is(x: Tensor) -> Tensor:
    """Return x, moved to the CPU if its device has no float64, such as Apple's MPS."""
    try:
        x.new_zeros(1).double()
    except (TypeError, RuntimeError):  # torch's word for it differs from device to device
        return x.cpu()
    return x


def average_ranks(x: Tensor) -> Tensor:
    """Return the rank of each value of x (..., n) within its row, from 1, equals sharing the mean.

    The ranks are float64, on x's device, or on the CPU if that has none; a row with a nan has no
    ranks but nan.
    """
    x = _where_float64_is(x).contiguous()
    ordered = x.sort(dim=-1).values
    below = torch.searchsorted(ordered, x)
    not_above = torch.searchsorted(ordered, x, right=True)
    ranks = (below + not_above + 1).double() / 2
    return ranks.masked_fill(x.isnan().any(dim=-1, keepdim=True), torch.nan)


def spearman(a: Tensor | Sequence[float], b: Tensor | Sequence[float]) -> Tensor:
    """Return Spearman's rank correlation of a and b, both (..., n): (...,) float64, -1 to 1.

    The Pearson correlation of the ranks, equals sharing their mean rank (Spearman 1904). It is
    nan where one side is constant or holds a nan. It lies on the device of a, or on the CPU if that
    has no float64. Raises ValueError when the shapes differ or n < 2.
    """
    x, y = as_scores(a), as_scores(b)
    if x.shape != y.shape or x.ndim == 0 or x.shape[-1] < 2:
        raise ValueError(
            f"spearman: the scores are {tuple(x.shape)} and {tuple(y.shape)}; expected the same "
            "shape with at least 2 values in the last dimension"
        )
    x, y = average_ranks(x), average_ranks(y.to(x.device))
    x, y = x - x.mean(dim=-1, keepdim=True), y - y.mean(dim=-1, keepdim=True)
    value = (x * y).sum(dim=-1) / (x.square().sum(dim=-1) * y.square().sum(dim=-1)).sqrt()
    return value.clamp(-1, 1)


def as_scores(x: Tensor | Sequence[float]) -> Tensor:
    """Python's floats keep all their digits: float32 would make ties of what differs."""
    if isinstance(x, Tensor):
        return _where_float64_is(x)
    found = torch.as_tensor(x, device="cpu")
    exact = hasattr(x, "dtype") or not found.is_floating_point()
    return found if exact else torch.tensor(x, dtype=torch.float64, device="cpu")


def bootstrap_means(
    per_query: Tensor, resamples: int = 1000, seed: int = 0, block: int = 1_000_000
) -> Tensor:
    """Return the means of `resamples` draws of queries with replacement: (resamples,).

    per_query: (queries,), on any device; the draws come from a CPU generator, so that every
    device sees the same ones. At most `block` draws are held at a time.
    Raises ValueError if there is no query, or more than one dimension.
    """
    _require_queries("bootstrap_means", per_query)
    queries = per_query.shape[-1]
    draw = torch.Generator().manual_seed(seed)
    means, step = [], max(1, block // queries)
    for start in range(0, resamples, step):
        shape = (min(step, resamples - start), queries)
        rows = torch.randint(queries, shape, generator=draw, device="cpu").to(per_query.device)
        means.append(per_query[rows].mean(dim=-1))
    return torch.cat(means)


def _require_queries(name: str, per_query: Tensor) -> None:
    if per_query.ndim != 1 or len(per_query) == 0:
        raise ValueError(
            f"{name}: per_query is {tuple(per_query.shape)}; expected (queries,) with "
            "at least one query: pass the metric of every query, not its mean"
        )


def bootstrap_interval(
    per_query: Tensor, resamples: int = 1000, level: float = 0.95, seed: int = 0
) -> Interval:
    """Return the mean of per_query (queries,) with its percentile bootstrap interval.

    Queries are drawn, not documents: the question is how the mean would move on other queries
    from the same source (Efron and Tibshirani 1993, chapter 13). Raises ValueError for an empty
    vector, fewer than 2 resamples, a level outside (0, 1) or values that are not finite.
    """
    per_query = as_scores(per_query).double()
    _require_queries("bootstrap_interval", per_query)
    if resamples < 2 or not 0 < level < 1:
        raise ValueError(
            f"bootstrap_interval: resamples={resamples}, level={level}; expected resamples >= 2 "
            "and 0 < level < 1"
        )
    if not torch.isfinite(per_query).all():
        raise ValueError("bootstrap_interval: a query's value is nan or infinite; mend the metric")
    means = bootstrap_means(per_query, resamples, seed)
    return percentile_interval(float(per_query.mean()), means, level)


def percentile_interval(value: float, drawn: Tensor, level: float = 0.95) -> Interval:
    """Return a value with the percentiles between which `level` of the values drawn (draws,) lie."""
    ends = torch.tensor([(1 - level) / 2, (1 + level) / 2], dtype=drawn.dtype, device=drawn.device)
    low, high = torch.quantile(drawn, ends).tolist()
    return Interval(value, low, high)
