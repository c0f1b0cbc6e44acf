"""Lesson 08, the evaluator of a search: `evaluate_search`."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from lib.checks.exercise import Case, Exercise, Mistake
from lib.checks.lesson_08 import _evaluator
from lib.checks.lesson_08._evaluator import Rows, evaluator, inverse, share

# How far apart the scores of two passages are at least, so that rounding changes no rank.
APART = 1e-3


def _case(queries: list, passages: list, relevant: Rows, label: str, *k: int) -> Case:
    return Case((torch.tensor(queries), torch.tensor(passages), relevant, *k), label)


def _cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    two = [[1.0, 0.0], [0.0, 1.0]]
    five = [[0.9, 0.1], [0.8, 0.3], [0.2, 0.7], [-0.5, 0.6], [0.4, -0.9]]
    yield _case(two, five, [[0], [3]], "one right passage each", 2)
    yield _case(two, five, [[4], [2]], "one is found third", 3)
    yield _case(two, five, [[1], [1]], "one is found behind the first k", 2)
    yield _case(two, five, [[1, 4, 3], [0, 2]], "several right passages", 3)
    yield _case(two, five, [[3], [4]], "none is found", 2)
    yield _case(two, five, [[1], [2, 3, 0, 1]], "more right passages than k", 1)
    yield _case(two, five, [[], [3]], "a query without a right passage", 3)
    yield _case(two, five, [[], []], "no query has a right passage", 2)
    yield _case(two, five, [[2], [4]], "k is larger than the number of passages", 9)
    yield _case(two[:1], five[:1], [[0]], "one query and one passage", 1)
    yield _case(two, five, [[3], [1, 4]], "k is not given")
    lengths = [[3.0, 0.9], [0.5, 0.02], [9.0, 9.5], [0.2, 0.9], [-4.0, 1.0]]
    yield _case([[4.0, 1.0], [0.1, 0.3]], lengths, [[0], [3, 2]], "vectors of many lengths", 2)
    yield _case([[0.3, -0.2], [5.0, 1.0]], lengths, [[1, 3], [2]], "long wrong passages", 3)
    below = [[-0.9, -0.2], [-0.4, -0.8], [-0.7, -0.7]]
    yield _case(two, below, [[1], [0, 2]], "all cosines are below 0", 2)
    made = 0
    while made < (8 if hidden else 4):
        q, n, dim = (int(x) for x in rng.integers([2, 5, 3], [6, 20, 6]))
        a, b = (_vectors(rng, count, dim) for count in (q, n))
        if not _clear(a, b):
            continue
        made += 1
        right = [rng.permutation(n)[: int(rng.integers(0, 5))].tolist() for _ in range(q)]
        k = int(rng.integers(1, n + 3))
        tensors = torch.from_numpy(a), torch.from_numpy(b)
        yield Case((*tensors, right, k), f"random {made}")
    while not _clear(a := _vectors(rng, 2, 6), b := _vectors(rng, 14, 6)):
        pass
    worst = np.argsort(a @ (b / np.linalg.norm(b, axis=1, keepdims=True)).T, axis=1)
    right = [[int(row[2]), int(row[6])] for row in worst]
    yield Case((*map(torch.from_numpy, (a, b)), right), "k is not given, many passages")


def _vectors(rng: np.random.Generator, rows: int, dim: int) -> np.ndarray:
    return rng.normal(size=(rows, dim)) * rng.uniform(0.3, 4, size=(rows, 1)) + 0.1


def _clear(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether the cosines of each query are well apart."""
    a, b = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (a, b))
    return bool(np.diff(np.sort(a @ b.T, axis=1), axis=1).min(initial=1) > APART)


def _by_counting_above(queries: Tensor, passages: Tensor, relevant: Rows, k: int = 10) -> dict:
    """The oracle: the rank of a passage is 1 and the number of passages with a higher cosine."""
    rows = [[row.double().tolist() for row in table] for table in (queries, passages)]

    def cosine(a: list[float], b: list[float]) -> float:
        return sum(x * y for x, y in zip(a, b)) / math.hypot(*a) / math.hypot(*b)

    shares, inverse = [0.0], [0.0]
    for query, right in zip(rows[0], relevant):
        scores = [cosine(query, passage) for passage in rows[1]]
        ranks = [1 + sum(other > scores[row] for other in scores) for row in right]
        found = [rank for rank in ranks if rank <= k]
        if found:
            shares.append(len(found) / len(right))
            inverse.append(1 / min(found))
    return {f"recall@{k}": sum(shares) / len(relevant), f"mrr@{k}": sum(inverse) / len(relevant)}


EXERCISE = Exercise(
    "evaluate_search",
    "08",
    _cases,
    _by_counting_above,
    equivalent={
        "scores.topk(min(k, len(passages)), dim=1).indices.tolist() -> "
        "scores.topk(min(k, len(passages)), dim=1).indices": (
            "a tensor of one number is found in a list of numbers"
        ),
        "scores.topk(min(k, len(passages)), dim=1) -> scores.topk(min(k, len(passages)))": (
            "the last axis is the default, and there are two"
        ),
        "min(k, len(passages)) -> min(len(passages), k)": "the smaller of two is the same",
        "recall = mrr = 0.0 -> recall = mrr = -0.0": "-0.0 equals 0.0",
    },
    mistakes=[
        Mistake(
            "dot-products",
            "You rank by dot products, in which a long passage wins. Divide each passage by its length first.",
            evaluator(scores=lambda q, p: q @ p.T),
            hint=1,
        ),
        Mistake(
            "only-queries-made-units",
            "You rank by the distance to passages of any length. The cosine needs passages of length 1: "
            "divide each by its norm.",
            evaluator(scores=lambda q, p: -torch.cdist(q / q.norm(dim=1, keepdim=True), p)),
            hint=1,
        ),
        Mistake(
            "distances",
            "You rank by the Euclidean distance of the vectors as they are, where their lengths count. Rank "
            "by the cosine.",
            evaluator(scores=lambda q, p: -torch.cdist(q, p)),
            hint=1,
        ),
        Mistake(
            "lengths-of-columns",
            "You divide by the norms of the columns (dim 0). A vector is a row: its length is "
            "`norm(dim=1, keepdim=True)`.",
            evaluator(scores=_evaluator.units_by_column),
            hint=1,
        ),
        Mistake(
            "worst-first",
            "You take the passages with the lowest cosine. The highest come first.",
            evaluator(scores=lambda q, p: -_evaluator.cosines(q, p)),
            hint=1,
        ),
        Mistake(
            "beyond-the-corpus",
            "`topk` fails where k is larger than the number of passages. Take `min(k, len(passages))`.",
            _evaluator.beyond_the_corpus,
            hint=1,
        ),
        Mistake(
            "beyond-the-corpus-and-divided-by-none",
            "Two things fail: `topk` where k is larger than the number of passages (take "
            "`min(k, len(passages))`), and the division where a query has no right passage (it counts 0).",
            _evaluator.beyond_and_divided_by_none,
            hint=1,
        ),
        Mistake(
            "hit-for-recall",
            "Your recall is 1 as soon as one right passage is found. It is the share of the query's right "
            "passages that are found.",
            evaluator(lambda ranks, right, k: float(any(rank <= k for rank in ranks))),
            hint=2,
        ),
        Mistake(
            "precision-for-recall",
            "You divide by k, which is the precision. Recall divides by the number of the query's right "
            "passages.",
            evaluator(lambda ranks, right, k: sum(rank <= k for rank in ranks) / k),
            hint=2,
        ),
        Mistake(
            "capped-recall",
            "You divide by k where a query has more right passages than k. Recall divides by the number of "
            "right passages in any case.",
            evaluator(
                lambda ranks, right, k: (
                    share(ranks, right, k) * max(1.0, len(right) / min(k, max(1, len(right))))
                )
            ),
            hint=2,
        ),
        Mistake(
            "found-over-all-pairs",
            "You divide all passages found by all right passages, so that a query with many counts more. Each "
            "query has its own share; return the mean of the shares.",
            _evaluator.of_all_pairs,
            hint=2,
        ),
        Mistake(
            "number-found",
            "Your recall is the number of right passages found. Divide it by the number of the query's right "
            "passages.",
            evaluator(lambda ranks, right, k: float(sum(rank <= k for rank in ranks))),
            hint=2,
        ),
        Mistake(
            "inverse-ranks-of-all",
            "You average 1 / rank over all right passages of a query. MRR takes the first one that is found, "
            "and no other.",
            evaluator(
                mrr=lambda ranks, right, k: (
                    sum(1 / rank for rank in ranks if rank <= k) / max(1, len(ranks))
                )
            ),
            hint=3,
        ),
        Mistake(
            "inverse-ranks-added",
            "You add 1 / rank for every right passage that is found, so that a query can score more than 1. "
            "MRR takes the first one alone.",
            evaluator(mrr=lambda ranks, right, k: sum(1 / rank for rank in ranks if rank <= k)),
            hint=3,
        ),
        Mistake(
            "last-found",
            "You take the rank of the last right passage that is found. MRR takes that of the first: stop "
            "there.",
            evaluator(
                mrr=lambda ranks, right, k: (
                    1 / max(rank for rank in ranks if rank <= k)
                    if inverse(ranks, right, k)
                    else 0.0
                )
            ),
            hint=3,
        ),
        Mistake(
            "first-of-relevant",
            "You look for the passage that `relevant` names first. Its order means nothing: take the right "
            "passage that stands highest in the ranking.",
            evaluator(mrr=lambda ranks, right, k: inverse(ranks[:1], right, k)),
            hint=3,
        ),
        Mistake(
            "mrr-not-cut",
            "You look for the first right passage in the whole ranking. Behind the first k it counts 0.",
            evaluator(mrr=lambda ranks, right, k: inverse(ranks, right, 10**9)),
            hint=3,
        ),
        Mistake(
            "rank-from-zero",
            "You count ranks from 0, so that the first passage divides by 0. The first rank is 1.",
            evaluator(
                mrr=lambda ranks, right, k: (
                    1 / (min(ranks) - 1) if inverse(ranks, right, k) else 0.0
                )
            ),
            hint=3,
        ),
        Mistake(
            "rank-one-too-large",
            "Your ranks are one too large: a right passage in the first place must score 1. Count from 1.",
            evaluator(
                mrr=lambda ranks, right, k: (
                    1 / (min(ranks) + 1) if inverse(ranks, right, k) else 0.0
                )
            ),
            hint=3,
        ),
        Mistake(
            "queries-left-out",
            "You leave queries without a right passage out of the mean. They count 0: divide by the number "
            "of all queries.",
            evaluator(
                lambda ranks, right, k: share(ranks, right, k) if right else None,
                lambda ranks, right, k: inverse(ranks, right, k) if right else None,
                mean=lambda found: sum(found) / max(1, len(found)),
            ),
        ),
        Mistake(
            "not-found-left-out",
            "The mean of your MRR is over the queries whose right passage was found. One that was not found "
            "counts 0: divide by the number of all queries.",
            evaluator(
                mrr=lambda ranks, right, k: inverse(ranks, right, k) or None,
                mean=lambda found: sum(found) / max(1, len(found)),
            ),
            hint=3,
        ),
        Mistake(
            "divided-by-none",
            "A query without a right passage makes you divide by 0. It counts 0 in both numbers.",
            _evaluator.divided_by_none,
            hint=2,
        ),
        Mistake(
            "not-averaged",
            "You return the sums over the queries. Divide them by the number of queries.",
            evaluator(mean=sum),
        ),
        Mistake(
            "keys-of-ten",
            'The names of your numbers say 10 whatever k is. Write k into them: `f"recall@{k}"`.',
            evaluator(keys=lambda k: ("recall@10", "mrr@10")),
        ),
        Mistake(
            "keys-without-k",
            'The names of your numbers do not say k. They are `f"recall@{k}"` and `f"mrr@{k}"`.',
            evaluator(keys=lambda k: ("recall", "mrr")),
        ),
        Mistake(
            "exchanged",
            "The numbers stand under each other's name: recall is the share that is found, MRR the mean of "
            "1 / rank.",
            evaluator(inverse, share),
        ),
        Mistake(
            "percent",
            "You return per cent. Both numbers lie between 0 and 1.",
            _evaluator.only(lambda value: 100 * value),
        ),
    ],
)
