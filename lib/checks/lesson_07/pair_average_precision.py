"""Lesson 07, MTEB's pair classification: `pair_average_precision`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from lib.checks.exercise import Case, Exercise, Mistake
from lib.checks.lesson_07._rankings import MINUS_ZERO, ONE_NUMBER


def _cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    def case(scores: list, same: list, label: str) -> Case:
        return Case((torch.tensor(scores), torch.tensor(same)), label)

    yield case([0.9, 0.2, 0.6], [True, True, False], "the same pairs come first and last")
    yield case([0.25, 0.75], [False, True], "the pairs are not sorted")
    yield case([0.25, 0.75], [True, False], "the wrong pair scores higher")
    yield case([0.1, 0.4, 0.3, 0.8], [1, 0, 1, 0], "0 and 1 for False and True")
    yield case([0.5, 0.7, 0.1], [True, True, True], "all pairs are the same")
    yield case([0.5, 0.7, 0.1], [False, False, False], "no pair is the same")
    yield case([0.5], [True], "one pair")
    yield case([-0.9, -0.1, -0.5, -0.3], [True, False, True, False], "scores below 0")
    yield case([-0.8, 0.1, 0.3, -0.2], [False, True, False, True], "scores of both signs")
    yield case([12.0, 3.5, 7.25, 0.5], [0, 1, 1, 0], "scores above 1")
    yield case([0.8, 0.6, 0.4, 0.2], [0, 1, 0, 1], "already sorted")
    for turn in range(8 if hidden else 4):
        pairs = int(rng.integers(5, 25))
        scores = rng.permutation(64)[:pairs] / 32 - 1  # no two are equal
        same = rng.random(pairs) < 0.4
        kind = same if turn % 2 else same.astype(np.int64)
        yield Case((torch.from_numpy(scores), torch.from_numpy(kind)), f"random {turn}")


def _by_counting(scores: Tensor, same: Tensor) -> float:
    """The oracle: for each same pair, the share of same ones among all that score as high."""
    pairs = list(zip(scores.tolist(), same.tolist()))
    precisions = []
    for score, truly in pairs:
        if truly:
            above = [bool(other) for value, other in pairs if value >= score]
            precisions.append(sum(above) / len(above))
    return sum(precisions) / len(precisions) if precisions else 0.0


def _ordered(scores: Tensor, same: Tensor) -> Tensor:
    """Truth values of the pairs, best score first."""
    return same.bool()[scores.argsort(descending=True)]


def _averaged(value: Callable[[Tensor, Tensor], Tensor], order: Callable = _ordered) -> Callable:
    """value(truth in order, ranks) averaged over the same pairs."""

    def score(scores: Tensor, same: Tensor) -> float:
        truth = order(scores, same)
        ranks = torch.arange(1, len(truth) + 1)
        return float(value(truth, ranks)[truth].mean()) if truth.any() else 0.0

    return score


def _precision(truth: Tensor, ranks: Tensor) -> Tensor:
    return truth.cumsum(0) / ranks


def _whole(value: Callable[[Tensor], Tensor]) -> Callable:
    """Something else of the pairs in order; without a same pair 0."""

    def score(scores: Tensor, same: Tensor) -> float:
        truth = _ordered(scores, same)
        return float(value(truth)) if truth.any() else 0.0

    return score


def _ranks(truth: Tensor) -> Tensor:
    return torch.arange(1, len(truth) + 1)


def _places_as_ranks(scores: Tensor, same: Tensor) -> float:
    """Takes `argsort` for the rank of each pair."""
    ranks = (scores.argsort(descending=True) + 1)[same.bool()].sort().values
    return float((_ranks(ranks) / ranks).mean()) if len(ranks) else 0.0


def _counts_over_places(scores: Tensor, same: Tensor) -> float:
    """The same ranks, below counts in the order in which the pairs come."""
    precisions = same.cumsum(0) / (scores.argsort(descending=True) + 1)
    return float(precisions[same.bool()].mean()) if same.any() else 0.0


def _above(threshold: float, lost: bool = False) -> Callable:
    """Only pairs that score higher are ranked; lost: the same ones among the others count below the line."""

    def score(scores: Tensor, same: Tensor) -> float:
        kept = scores > threshold
        found = _by_counting(scores[kept], same[kept])
        total = int(same.sum())
        return found * int(same[kept].sum()) / max(1, total) if lost else found

    return score


def _labels_as_places(scores: Tensor, same: Tensor) -> Tensor | float:
    """0 and 1 pick the first and second precision where they should mask."""
    truth = same[scores.argsort(descending=True)]
    found = truth.cumsum(0) / _ranks(truth)
    return found[truth].mean() if truth.any() else 0.0


def _at_a_half(truth: Tensor, scores: Tensor) -> Tensor:
    return ((scores > 0.5) == truth).float().mean()


def _area(truth: Tensor) -> Tensor:
    """The share of (same, other) pairs in the right order: the area under the ROC curve."""
    others = (~truth).cumsum(0)[truth]
    return 1 - others.float().mean() / max(1, int((~truth).sum()))


def _best_accuracy(truth: Tensor) -> float:
    count = int((~truth).sum())
    rights = [int(truth[:cut].sum()) + int((~truth[cut:]).sum()) for cut in range(len(truth) + 1)]
    return max(*rights, count) / len(truth)


def _best_f1(truth: Tensor) -> Tensor:
    found = truth.cumsum(0).double()
    return (2 * found / (_ranks(truth) + truth.sum())).max()


def _interpolated(truth: Tensor) -> Tensor:
    precisions = _precision(truth, _ranks(truth))
    return precisions.flip(0).cummax(0).values.flip(0)[truth].mean()


EXERCISE = Exercise(
    "pair_average_precision",
    "07",
    _cases,
    _by_counting,
    equivalent={
        "torch.arange(1, len(truth) + 1, device=truth.device) -> torch.arange(1, len(truth) + 1)": (
            "on a CPU, it is torch's own device"
        ),
        "truth.cumsum(dim=0) -> truth.cumsum(dim=-1)": "there is one axis, the first and the last",
        "float(precision[truth].mean()) -> precision[truth].mean()": ONE_NUMBER,
        "float(precision[truth].mean()) if truth.any() else 0.0 -> "
        "float(precision[truth].mean()) if truth.any() else -0.0": MINUS_ZERO,
    },
    mistakes=[
        Mistake(
            "not-sorted",
            "You take the pairs in the order in which they come. Sort them by score first, the highest "
            "first.",
            _averaged(_precision, lambda scores, same: same.bool()),
            hint=1,
        ),
        Mistake(
            "lowest-first",
            "You sort the pairs upwards, so that the least similar pair has rank 1. The highest score comes "
            "first: `descending=True`.",
            _averaged(_precision, lambda scores, same: _ordered(-scores, same)),
            hint=1,
        ),
        Mistake(
            "sizes-sorted",
            "You sort by the absolute score. A score far below 0 says that a pair is not alike: keep the "
            "sign.",
            _averaged(_precision, lambda scores, same: _ordered(scores.abs(), same)),
            hint=1,
        ),
        Mistake(
            "places-as-ranks",
            "`argsort` tells which pair stands at each rank, not the rank of each pair. Use it to reorder: "
            "`same[scores.argsort(descending=True)]`.",
            _places_as_ranks,
            hint=1,
            also=[_counts_over_places],
        ),
        Mistake(
            "threshold",
            "You drop pairs by a threshold. All pairs are ranked.",
            _above(0.5),
            hint=1,
            also=[_above(0.5, lost=True), _above(0.0), _above(0.0, lost=True)],
        ),
        Mistake(
            "labels-as-places",
            "You index with `same` where it holds 0 and 1: whole numbers pick places, so that you average "
            "the first precisions over and over. Make a mask of them: `same.bool()`.",
            _labels_as_places,
            hint=3,
        ),
        Mistake(
            "every-rank-averaged",
            "You average the precision over all ranks. It is taken only at the ranks of the same pairs.",
            _whole(lambda truth: _precision(truth, _ranks(truth)).mean()),
            hint=2,
        ),
        Mistake(
            "divided-by-the-pairs",
            "You divide by the number of all pairs. The mean is over the same ones: divide by their number.",
            _whole(lambda truth: (_precision(truth, _ranks(truth)) * truth).mean()),
            hint=2,
        ),
        Mistake(
            "not-divided",
            "You return the sum of the precisions. Divide it by the number of same pairs.",
            _whole(lambda truth: (_precision(truth, _ranks(truth)) * truth).sum()),
            hint=2,
        ),
        Mistake(
            "reciprocal-ranks",
            "You average 1 / rank. The precision at a rank is the number of same pairs up to there divided "
            "by the rank: `cumsum` counts them.",
            _averaged(lambda truth, ranks: 1 / ranks),
            hint=2,
        ),
        Mistake(
            "itself-not-counted",
            "At the rank of a same pair you count the same ones before it and not the pair itself. The count "
            "up to a rank includes that rank.",
            _averaged(lambda truth, ranks: (truth.cumsum(0) - 1) / ranks),
            hint=2,
        ),
        Mistake(
            "rank-one-too-large",
            "Your ranks are one too large, so that a perfect order does not reach 1. The first rank is 1.",
            _averaged(lambda truth, ranks: truth.cumsum(0) / (ranks + 1)),
            hint=2,
        ),
        Mistake(
            "rank-from-zero",
            "You count ranks from 0, so that a same pair in the first place divides by 0. The first rank "
            "is 1.",
            _averaged(lambda truth, ranks: truth.cumsum(0) / (ranks - 1)),
            hint=2,
        ),
        Mistake(
            "no-same-pair",
            "Without a same pair you take the mean of nothing, which is NaN. Return 0.0 then.",
            lambda scores, same: _precision(_ordered(scores, same), _ranks(same))[
                _ordered(scores, same)
            ].mean(),
            hint=3,
        ),
        Mistake(
            "accuracy-at-a-half",
            "You call a pair the same when its score is above 0.5. Average precision needs no threshold: it "
            "looks at the order alone.",
            lambda scores, same: _at_a_half(same.bool(), scores),
        ),
        Mistake(
            "best-accuracy",
            "You return the accuracy at the best threshold, which is another of MTEB's scores for pairs. "
            "Average precision is the mean of the precisions at the ranks of the same pairs.",
            lambda scores, same: _best_accuracy(_ordered(scores, same)),
        ),
        Mistake(
            "best-f1",
            "You return the F1 at the best threshold, which is another of MTEB's scores for pairs. Average "
            "precision is the mean of the precisions at the ranks of the same pairs.",
            _whole(_best_f1),
        ),
        Mistake(
            "roc-area",
            "You return the area under the ROC curve: how often a same pair stands before another. Average "
            "precision weighs the head of the list more: it is the mean of the precisions at the ranks of "
            "the same pairs.",
            _whole(_area),
        ),
        Mistake(
            "interpolated",
            "You take the best precision from a rank on (interpolated precision). Take the precision at the "
            "rank itself.",
            _whole(_interpolated),
        ),
    ],
)
