"""The seven tasks of MTEB, each as one function of vectors: how good are they for what?

A benchmark such as MTEB (Muennighoff et al. 2023, MTEB: Massive Text Embedding Benchmark, EACL) asks an
encoder for vectors of texts and then only ever sees the vectors. Each function here takes them as
tensors and gives the score that MTEB reports, computed as mteb's own evaluators do, together with the
values of which it is the mean and an interval. What is drawn at random is drawn as mteb draws it.

lib.evaluation_by_labels has the two tasks that learn from labels, classification and clustering;
lib.mini_mteb has texts for all seven.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from lib._finite import require_finite
from lib.metrics import (
    Interval,
    as_scores,
    average_precision,
    average_ranks,
    bootstrap_interval,
    bootstrap_means,
    mrr_at_k,
    ndcg_at_k,
    percentile_interval,
    recall_at_k,
    spearman,
)
from lib.pooling import normalize
from lib.search import ordered_top_k, top_k

__all__ = [
    "Result",
    "average_precision_of_scores",
    "change",
    "pair_classification",
    "reranking",
    "retrieval",
    "sts",
    "summarisation",
]

_RESAMPLES = 1_000
_QUERIES = 256  # of which candidates are looked at together
_DRAWN = 1_000_000  # numbers of bootstrap draws that are held at a time


@dataclass(frozen=True)
class Result:
    """How good an encoder is at one task.

    task: such as "retrieval".  metric: what MTEB reports for it.  score: mostly 0 to 1, larger is
    better.  interval: of 95%, over the items.  per_item: (items,), the values whose mean is the score.
    more: further numbers by name.  drawn: (draws,), the scores behind the interval, where they are not
    means of per_item; two encoders have the same draws of the same texts.
    """

    task: str
    metric: str
    score: float
    interval: Interval
    per_item: Tensor = field(repr=False, compare=False)
    more: Mapping[str, float] = field(default_factory=dict)
    drawn: Tensor | None = field(default=None, repr=False, compare=False)

    def __str__(self) -> str:
        return f"{self.task:20} {self.metric:18} {self.interval}"


def change(before: Result, after: Result) -> Interval:
    """Return how much the score changes from one encoder to another, with the interval of the change.

    before, after: at the same task, on the same texts. What is drawn for the one is drawn for the
    other, so that the differences of the draws are paired.
    Raises ValueError for two tasks, or draws of other numbers.
    """
    first, second = _draws(before), _draws(after)
    if before.task != after.task or len(before.per_item) != len(after.per_item):
        raise ValueError(
            f"change: {before.task} of {len(before.per_item)} items and {after.task} of "
            f"{len(after.per_item)}; expected the same task on the same texts"
        )
    if len(first) != len(second):
        raise ValueError(
            f"change: {len(first)} and {len(second)} draws have a score; expected as many: "
            "too few items, of which a draw may hold none that the score needs"
        )
    return percentile_interval(after.score - before.score, second - first)


def retrieval(
    queries: Tensor, passages: Tensor, relevant: Sequence[Mapping[int, int]], k: int = 10
) -> Result:
    """Return nDCG@k of an exact search by cosine; recall@k and MRR@k are the further numbers.

    queries: (q, dim); passages: (n, dim); relevant: for each query {row of a passage: grade}.
    per_item: nDCG@k of each query. Raises what the metrics and `lib.search.top_k` raise.
    """
    rows = top_k(_units("retrieval", queries), _units("retrieval", passages), k)[1]
    more = {
        f"recall@{k}": float(recall_at_k(rows, relevant, k).mean()),
        f"MRR@{k}": float(mrr_at_k(rows, relevant, k).mean()),
    }
    return _mean("retrieval", f"nDCG@{k}", ndcg_at_k(rows, relevant, k), more)


def reranking(
    queries: Tensor, passages: Tensor, candidates: Tensor, relevant: Sequence[Mapping[int, int]]
) -> Result:
    """Return MAP after each query's candidates were put in order by cosine; MRR is the further number.

    queries: (q, dim); passages: (n, dim); candidates: (q, m) rows of passages, -1 where there are
    fewer; relevant: for each query {row: grade}. per_item: average precision of each query. What is
    relevant and no candidate counts as not found.
    Raises ValueError if the candidates are not of these queries, and what the metrics raise.
    """
    if candidates.ndim != 2 or len(candidates) != len(queries):
        raise ValueError(
            f"reranking: candidates is {tuple(candidates.shape)}; expected ({len(queries)}, m) rows of "
            "passages, as many rows as queries"
        )
    q, p = _units("reranking", queries), _units("reranking", passages)
    candidates = candidates.to(p.device)
    parts = zip(q.split(_QUERIES), candidates.split(_QUERIES))
    scores = torch.cat([(p[rows] @ one[:, :, None]).squeeze(2) for one, rows in parts])  # (q, m)
    order = ordered_top_k(scores.masked_fill(candidates < 0, -torch.inf), candidates.shape[1])[1]
    rows = candidates.gather(1, order)
    more = {"MRR": float(mrr_at_k(rows, relevant, candidates.shape[1]).mean())}
    return _mean("reranking", "MAP", average_precision(rows, relevant), more)


def pair_classification(left: Tensor, right: Tensor, same: Tensor) -> Result:
    """Return the average precision of telling pairs that belong together by their cosine.

    left, right: (pairs, dim), row i of one goes with row i of the other; same: (pairs,) bool or 0/1.
    per_item: for each pair that belongs together, the share of such pairs among all that score at
    least as high. The interval is over pairs of both kinds. The further number "chance" is the score
    of random vectors.
    Raises ValueError for shapes that do not fit and unless there are pairs of both kinds.
    """
    if left.shape != right.shape or left.ndim != 2 or same.shape != left.shape[:1]:
        raise ValueError(
            f"pair_classification: left is {tuple(left.shape)}, right {tuple(right.shape)}, same "
            f"{tuple(same.shape)}; expected (pairs, dim) twice and (pairs,)"
        )
    positive = same.bool()
    if not 0 < int(positive.sum()) < len(positive):
        raise ValueError(
            f"pair_classification: {int(positive.sum())} of {len(positive)} pairs belong together; "
            "expected some of either kind"
        )
    cosines = _cosines("pair_classification", left, right)
    positive = positive.to(cosines.device)
    drawn = _resampled(
        lambda rows: average_precision_of_scores(cosines[rows], positive[rows]), len(positive)
    )
    score = float(average_precision_of_scores(cosines, positive))
    interval, chance = percentile_interval(score, drawn), float(positive.double().mean())
    per_item = _precisions(cosines, positive)[positive]
    more = {"chance": chance}
    return Result(
        "pair classification", "average precision", score, interval, per_item, more, drawn
    )


def sts(
    left: Tensor, right: Tensor, scores: Tensor, texts: Sequence[tuple[int, int]] | None = None
) -> Result:
    """Return Spearman's correlation of the cosines of pairs with how alike people found them.

    left, right: (pairs, dim); scores: (pairs,). texts: which two texts each pair consists of, where
    texts stand in several pairs: such pairs are not independent, so the interval is then that of
    random halves of the texts, each with the pairs inside it. Otherwise pairs are drawn anew.
    per_item: the product of the pair's two ranks in standard units, whose mean is the correlation.
    Raises ValueError for shapes that do not fit.
    """
    if left.shape != right.shape or left.ndim != 2 or scores.shape != left.shape[:1]:
        raise ValueError(
            f"sts: left is {tuple(left.shape)}, right {tuple(right.shape)}, scores "
            f"{tuple(scores.shape)}; expected (pairs, dim) twice and (pairs,)"
        )
    cosines = _cosines("sts", left, right)
    people = as_scores(scores).to(cosines.device)
    products = _rank_products(cosines, people)
    if texts is None:
        drawn = _resampled(lambda rows: spearman(cosines[rows], people[rows]), len(people))
    else:
        drawn = _by_halves(cosines, people, texts)
    score = float(spearman(cosines, people))
    interval = percentile_interval(score, drawn)
    return Result("STS", "Spearman", score, interval, products, drawn=drawn)


def summarisation(references: Tensor, candidates: Tensor, grades: Tensor) -> Result:
    """Return how well cosines put the candidate summaries of a text in order: Spearman, mean over texts.

    references: (texts, r, dim), good summaries; candidates: (texts, m, dim); grades: (texts, m), how
    good each candidate is. A candidate scores its highest cosine with a reference. Texts whose
    candidates all have one grade or one score have no order and are left out, as in MTEB.
    per_item: Spearman's correlation of each text that is left.
    Raises ValueError for shapes that do not fit and if no text is left.
    """
    texts = references.shape[:1]
    if references.ndim != 3 or candidates.ndim != 3 or grades.shape != candidates.shape[:2]:
        raise ValueError(
            f"summarisation: references are {tuple(references.shape)}, candidates "
            f"{tuple(candidates.shape)}, grades {tuple(grades.shape)}; expected (texts, r, dim), "
            "(texts, m, dim) and (texts, m)"
        )
    if candidates.shape[:1] != texts or candidates.shape[1] < 2:
        raise ValueError(
            f"summarisation: {candidates.shape[1]} candidates of {len(candidates)} texts for "
            f"{len(references)} texts with references; expected at least 2 of each text"
        )
    r, c = _units("summarisation", references), _units("summarisation", candidates)
    best = (c @ r.mT).amax(dim=2)  # (texts, m)
    found = spearman(best, grades.to(best.device))
    found = found[~found.isnan()]
    if not len(found):
        raise ValueError("summarisation: no text has candidates of different grades and scores")
    return _mean("summarisation", "Spearman", found, {})


def average_precision_of_scores(scores: Tensor, positive: Tensor) -> Tensor:
    """Return the average precision of scores (..., n) for positive (..., n) bool: (...,) float64.

    The mean over the positives of the share of positives among all that score at least as high, so
    that equal scores have no order. scikit-learn's `average_precision_score`; nan without a positive.
    """
    positives = positive.double()
    total = (_precisions(scores, positive) * positives).sum(dim=-1)
    return total / positives.sum(dim=-1)


def _draws(result: Result) -> Tensor:
    return bootstrap_means(result.per_item) if result.drawn is None else result.drawn


def _precisions(scores: Tensor, positive: Tensor) -> Tensor:
    """Return for each score (..., n) the share of positives among those at least as high, float64."""
    falling, order = scores.sort(dim=-1, descending=True)
    rising = -falling.contiguous()
    last = torch.searchsorted(rising, rising, right=True)  # how many score at least as high
    hits = positive.gather(-1, order).double().cumsum(dim=-1).gather(-1, last - 1)
    return torch.zeros_like(hits).scatter(-1, order, hits / last)


def _rank_products(a: Tensor, b: Tensor) -> Tensor:
    """Return the products of the standardised ranks of a and b, both (n,): their mean is Spearman's."""
    ranks = [average_ranks(x) for x in (a, b)]
    first, second = ((r - r.mean()) / r.std(correction=0) for r in ranks)
    return first * second


def _resampled(score: Callable[[Tensor], Tensor], items: int, seed: int = 0) -> Tensor:
    """Return score(rows) of rows (draws, items) drawn with replacement, (at most resamples,).

    Of few items a draw may have none of a kind that the score needs, and gives nan: it is left out.
    """
    generator = torch.Generator().manual_seed(seed)
    step = max(1, _DRAWN // items)
    parts = []
    for start in range(0, _RESAMPLES, step):
        shape = (min(step, _RESAMPLES - start), items)
        parts.append(score(torch.randint(items, shape, generator=generator, device="cpu")))
    drawn = torch.cat(parts)
    return drawn[~drawn.isnan()]


def _by_halves(
    cosines: Tensor, people: Tensor, texts: Sequence[tuple[int, int]], seed: int = 0
) -> Tensor:
    """Return Spearman's correlation within random halves of the texts, (resamples,).

    A half without replacement scatters about the whole as the whole does about the truth.
    """
    pairs = torch.tensor(texts, device="cpu")
    if pairs.shape != (len(people), 2):
        raise ValueError(f"sts: texts are {tuple(pairs.shape)}; expected ({len(people)}, 2)")
    names = pairs.unique()
    places, generator = torch.searchsorted(names, pairs), torch.Generator().manual_seed(seed)
    found = []
    for _ in range(_RESAMPLES):
        chosen = torch.zeros(len(names), dtype=torch.bool)
        chosen[torch.randperm(len(names), generator=generator)[: len(names) // 2]] = True
        inside = chosen[places].all(dim=1).to(cosines.device)
        found.append(spearman(cosines[inside], people[inside]))
    drawn = torch.stack(found)
    return drawn[~drawn.isnan()]


def _units(name: str, vectors: Tensor) -> Tensor:
    require_finite(name, "vectors", vectors)
    return normalize(vectors)


def _cosines(name: str, left: Tensor, right: Tensor) -> Tensor:
    """Return the cosine of each pair (pairs,), where float64 is to be had."""
    return as_scores((_units(name, left) * _units(name, right)).sum(dim=1))


def _mean(task: str, metric: str, per_item: Tensor, more: dict[str, Any]) -> Result:
    interval = bootstrap_interval(per_item)
    return Result(task, metric, interval.mean, interval, per_item, more)
