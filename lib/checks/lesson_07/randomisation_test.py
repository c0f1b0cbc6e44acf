"""Lesson 07, whether a difference is more than chance: `randomisation_test`."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from lib.checks.exercise import Case, Exercise, Mistake
from lib.checks.lesson_07._rankings import ONE_NUMBER


def _signs(rows: Sequence | np.ndarray) -> Tensor:
    return torch.from_numpy(np.array(rows)).float()


def _flips(rng: np.random.Generator, draws: int, queries: int) -> np.ndarray:
    return rng.choice([-1, 1], size=(draws, queries))


# Tenths, in which some draw is as far from 0 as the observed mean and comes out nearer by rounding, in
# whatever order and precision the numbers are added.
_TENTHS = [
    ([7, 0, 2], [6, 1, 3]),
    ([2, 7, 3], [3, 6, 4]),
    ([2, 0, 7], [9, 6, 1]),
    ([5, 4, 4], [6, 3, 7]),
]


def _tenths(rng: np.random.Generator, place: int) -> tuple[Tensor, Tensor]:
    """A pair of systems of `_TENTHS`, its three queries in another order."""
    order = rng.permutation(3)
    a, b = (np.array(side)[order] / 10 for side in _TENTHS[place % len(_TENTHS)])
    return torch.from_numpy(a), torch.from_numpy(b)


def _eighths(rng: np.random.Generator, queries: int) -> np.ndarray:
    return rng.integers(0, 9, size=queries) / 8


def _clear(difference: np.ndarray, signs: np.ndarray) -> bool:
    """Whether no draw lies so near the observed mean that rounding decides."""
    means = np.abs((signs * difference).mean(axis=1))
    return bool((np.abs(means - abs(difference.mean())) > 1e-4).all())


def _cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    # Eighths, and numbers of queries that are powers of two: every mean is exact, so that a draw as far
    # from 0 as the observed mean equals it in any order of the sum.
    every = _signs(list(itertools.product([1, -1], repeat=4)))
    better = torch.tensor([0.5, 1.0, 0.75, 0.25]), torch.tensor([0.25, 0.5, 0.5, 0.5])
    yield Case((*better, every), "four queries, all sixteen flips")
    yield Case((*better[::-1], every), "the other system is better")
    yield Case((*better, every[:2]), "two draws")
    yield Case((better[0], better[0], every[:5]), "no difference at all: every draw is as far")
    yield Case((torch.tensor([1.0]), torch.tensor([0.5]), _signs([[1], [-1], [1]])), "one query")
    one = torch.tensor([1.0, 1.0, 1.0, 1.0]), torch.tensor([0.0, 0.25, 0.5, 0.125])
    yield Case((*one, every[1:7]), "no draw is as far: not 0 all the same")
    three = _signs(list(itertools.product([1, -1], repeat=3)))
    first, second = (torch.tensor(side, dtype=torch.float64) / 10 for side in _TENTHS[0])
    yield Case((first, second, three), "tenths: equal means that rounding makes differ")
    for turn in range(3 if hidden else 1):
        drawn = three[torch.from_numpy(rng.integers(0, 8, size=23))]
        pair = _tenths(rng, int(rng.integers(0, 4)))
        yield Case((*(pair if turn % 2 else pair[::-1]), drawn), f"tenths {turn}")
    for turn in range(4 if hidden else 2):
        queries = int(rng.choice([2, 8, 16]))
        a, b = (torch.from_numpy(_eighths(rng, queries)) for _ in range(2))
        yield Case((a, b, _signs(_flips(rng, 37, queries))), f"eighths {turn}")
    made = 0
    while made < (6 if hidden else 3):
        queries, draws = (int(x) for x in rng.integers([5, 20], [13, 60]))
        left = rng.random(queries)
        right = left + 0.2 * rng.normal(size=queries) + rng.choice([-0.1, 0.1])
        signs = _flips(rng, draws, queries)
        if not _clear(left - right, signs):
            continue
        made += 1
        pair = torch.from_numpy(left), torch.from_numpy(right)
        yield Case((*pair, _signs(signs)), f"random {made}")


def _by_swapping(a: Tensor, b: Tensor, signs: Tensor) -> float:
    """The oracle: exchanges the two systems at every query whose sign is -1."""
    left, right = a.double().tolist(), b.double().tolist()

    def distance(flips: list) -> float:
        pairs = [(x, y) if s > 0 else (y, x) for x, y, s in zip(left, right, flips)]
        return abs(sum(x - y for x, y in pairs)) / len(pairs)

    observed = distance([1] * len(left))
    far = [draw for draw in signs.tolist() if distance(draw) >= observed - 1e-6]
    return (len(far) + 1) / (len(signs) + 1)


def _even(means: Tensor) -> Tensor:
    """Means in float32, as the learner's function computes them, without what rounding makes differ.

    In float64, as the cases are drawn, they stay as they are. So a mistake is recognised both in who heeds
    the card's 1e-6 and in who does not.
    """
    return means.round(decimals=6) if means.dtype == torch.float32 else means


def _means(a: Tensor, b: Tensor, signs: Tensor) -> tuple[Tensor, Tensor]:
    """The mean of each draw (draws,), and the observed one."""
    return _even((signs * (a - b)).mean(dim=1)), _even((a - b).mean())


def _compared_to_the_last_digit(a: Tensor, b: Tensor, signs: Tensor) -> float:
    means, observed = (signs * (a - b)).mean(dim=1), (a - b).mean()
    return (1 + int((means.abs() >= observed.abs()).sum())) / (1 + len(signs))


def _test(far: Callable[[Tensor, Tensor], Tensor]) -> Callable:
    """A test by which draws count as far: far(means of the draws, observed mean)."""

    def p(a: Tensor, b: Tensor, signs: Tensor) -> float:
        return (1 + int(far(*_means(a, b, signs)).sum())) / (1 + len(signs))

    return p


def _from_count(value: Callable[[int, int], float]) -> Callable:
    """Something else of how many draws are as far, and of how many there are."""

    def p(a: Tensor, b: Tensor, signs: Tensor) -> float:
        means, observed = _means(a, b, signs)
        return value(int((means.abs() >= observed.abs()).sum()), len(signs))

    return p


def _one_system_flipped(a: Tensor, b: Tensor, signs: Tensor) -> float:
    means = _even((signs * a - b).mean(dim=1)).abs()
    return (1 + int((means >= _even((a - b).mean()).abs()).sum())) / (1 + len(signs))


def _sizes_averaged(a: Tensor, b: Tensor, signs: Tensor) -> float:
    means = _even((signs * (a - b)).abs().mean(dim=1))
    return (1 + int((means >= _even((a - b).mean()).abs()).sum())) / (1 + len(signs))


def _observed_of_sizes(a: Tensor, b: Tensor, signs: Tensor) -> float:
    means = _means(a, b, signs)[0].abs()
    return (1 + int((means >= _even((a - b).abs().mean())).sum())) / (1 + len(signs))


def _along_the_draws(a: Tensor, b: Tensor, signs: Tensor) -> float:
    means = _even((signs * (a - b)).mean(dim=0)).abs()
    return (1 + int((means >= _even((a - b).mean()).abs()).sum())) / (1 + len(signs))


def _all_at_once(a: Tensor, b: Tensor, signs: Tensor) -> float:
    mean = _even((signs * (a - b)).mean()).abs()
    return (1 + int(mean >= _even((a - b).mean()).abs())) / (1 + len(signs))


def _strict_share(a: Tensor, b: Tensor, signs: Tensor) -> Tensor:
    means, observed = _means(a, b, signs)
    return (means.abs() > observed.abs()).double().mean()


def _one_sided_share(a: Tensor, b: Tensor, signs: Tensor) -> Tensor:
    means, observed = _means(a, b, signs)
    return (means >= observed).double().mean()


def _over_queries(a: Tensor, b: Tensor, signs: Tensor) -> float:
    means, observed = _means(a, b, signs)
    return (1 + int((means.abs() >= observed.abs()).sum())) / (1 + len(a))


def _doubled(a: Tensor, b: Tensor, signs: Tensor) -> float:
    means, observed = _means(a, b, signs)
    beyond = means >= observed if observed >= 0 else means <= observed
    return min(1.0, 2 * (1 + int(beyond.sum())) / (1 + len(signs)))


EXERCISE = Exercise(
    "randomisation_test",
    "07",
    _cases,
    _by_swapping,
    equivalent={
        "int((flipped >= observed - 1e-06).sum()) -> (flipped >= observed - 1e-06).sum()": ONE_NUMBER,
        "flipped >= observed - 1e-06 -> flipped > observed - 1e-06": (
            "no mean lies exactly 1e-6 below the observed one"
        ),
    },
    mistakes=[
        Mistake(
            "compared-to-the-last-digit",
            "Means of the same numbers in another order may differ in the last digit, so that you miss draws "
            "that are just as far. Compare with `>= observed - 1e-6`.",
            _compared_to_the_last_digit,
            hint=2,
        ),
        Mistake(
            "one-sided",
            "You count only draws in which `a` comes out better. The test is two-sided: take the absolute "
            "value of the means of the draws and of the observed one.",
            _test(lambda means, observed: means >= observed),
            hint=1,
        ),
        Mistake(
            "observed-with-its-sign",
            "You compare absolute means with an observed mean that keeps its sign: where `b` is better, "
            "every draw counts. Take the absolute value of both.",
            _test(lambda means, observed: means.abs() >= observed),
            hint=1,
        ),
        Mistake(
            "draws-with-their-sign",
            "You compare the means of the draws with their sign: those far below 0 are not counted. Take "
            "their absolute value, too.",
            _test(lambda means, observed: means >= observed.abs()),
            hint=1,
        ),
        Mistake(
            "doubled",
            "You double the one-sided share. Count the draws on both sides by their absolute value instead.",
            _doubled,
            hint=1,
        ),
        Mistake(
            "strictly-farther",
            "You count only draws farther from 0 than the observed mean. One that is just as far counts, "
            "too: at least as far, `>=`.",
            _test(lambda means, observed: means.abs() > observed.abs()),
            hint=2,
        ),
        Mistake(
            "not-as-far",
            "You count the draws that are nearer to 0. The p-value is the share of those at least as far "
            "from 0 as the observed mean.",
            _test(lambda means, observed: means.abs() <= observed.abs()),
            hint=2,
        ),
        Mistake(
            "observed-not-counted",
            "You divide the count by the number of draws, so that p can be 0. The observed outcome is one of "
            "the possible ones: (1 + count) / (1 + draws).",
            _from_count(lambda count, draws: count / draws),
            hint=2,
        ),
        Mistake(
            "strictly-farther-share",
            "You return the share of the draws that are strictly farther from 0. Those just as far count, too "
            "(`>=`), and so does the observed outcome itself: (1 + count) / (1 + draws).",
            _strict_share,
            hint=2,
        ),
        Mistake(
            "one-sided-share",
            "You return the share of the draws in which `a` comes out better. The test is two-sided: take the "
            "absolute value of the means of the draws and of the observed one. And the observed outcome "
            "counts, too: (1 + count) / (1 + draws).",
            _one_sided_share,
            hint=1,
        ),
        Mistake(
            "queries-for-draws",
            "You divide by 1 + the number of queries. What is counted are draws: divide by 1 + `len(signs)`.",
            _over_queries,
            hint=2,
        ),
        Mistake(
            "one-only-below",
            "You add 1 to the number of draws but not to the count. The observed outcome stands in both: "
            "(1 + count) / (1 + draws).",
            _from_count(lambda count, draws: count / (1 + draws)),
            hint=2,
        ),
        Mistake(
            "one-only-above",
            "You add 1 to the count but not to the number of draws, so that p can exceed 1. The observed "
            "outcome stands in both: (1 + count) / (1 + draws).",
            _from_count(lambda count, draws: (1 + count) / draws),
            hint=2,
        ),
        Mistake(
            "one-minus-p",
            "You return 1 - p. The p-value is the share of draws that are at least as far: small means that "
            "chance alone rarely goes so far.",
            _from_count(lambda count, draws: 1 - (1 + count) / (1 + draws)),
            hint=2,
        ),
        Mistake(
            "count-returned",
            "You return how many draws are as far. Return their share: (1 + count) / (1 + draws).",
            _from_count(lambda count, draws: count),
            hint=2,
        ),
        Mistake(
            "one-system-flipped",
            "You flip the sign of `a` alone. What is flipped is the difference of a query, a - b: that "
            "exchanges the two systems.",
            _one_system_flipped,
            hint=3,
        ),
        Mistake(
            "sizes-averaged",
            "You take the absolute value at each query, before the mean: the signs have no effect any more. "
            "Flip, take the mean of the draw, then its absolute value.",
            _sizes_averaged,
            hint=3,
        ),
        Mistake(
            "observed-of-sizes",
            "Your observed number is the mean of absolute differences. It is the absolute value of their "
            "mean: wins and losses cancel in it.",
            _observed_of_sizes,
            hint=3,
        ),
        Mistake(
            "along-the-draws",
            "You average over the draws (dim 0). A row of `signs` is one draw: average along dim 1, over "
            "the queries.",
            _along_the_draws,
            hint=3,
        ),
        Mistake(
            "all-draws-at-once",
            "You take one mean over all draws together. Each draw has its own: average along dim 1.",
            _all_at_once,
            hint=3,
        ),
    ],
)
