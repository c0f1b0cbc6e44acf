"""Lesson 07, how sure one can be of a mean: `bootstrap_interval`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from lib.checks.exercise import Case, Exercise, Mistake
from lib.checks.lesson_07._rankings import ONE_NUMBER


def _drawn(rng: np.random.Generator, count: int, queries: int) -> Tensor:
    """Rows drawn with replacement; with 41 draws both quantiles are a mean that was drawn."""
    return torch.from_numpy(rng.integers(0, queries, size=(count, queries)))


def _cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    yield Case((torch.tensor([0.0, 0.25, 1.0, 0.5]), _drawn(rng, 41, 4)), "four queries, 41 draws")
    yield Case((torch.tensor([1.0, 0.0, 0.0, 0.0, 0.0]), _drawn(rng, 81, 5)), "one query of five")
    yield Case((torch.tensor([0.7]), _drawn(rng, 41, 1)), "one query")
    yield Case((torch.tensor([0.5, 0.5, 0.5]), _drawn(rng, 41, 3)), "all values alike")
    yield Case((torch.tensor([1.0, 0.25, 0.0]), torch.tensor([[1, 0, 1]])), "one draw")
    yield Case(
        (torch.tensor([-0.5, 0.25, 0.125, -1.0]), _drawn(rng, 121, 4)), "differences below 0"
    )
    yield Case((torch.from_numpy(rng.random(41) ** 3), _drawn(rng, 41, 41)), "as many as draws")
    yield Case((torch.tensor([0.0, 1.0, 0.5, 4.0]), _drawn(rng, 30, 4)), "ends between two means")
    for turn in range(6 if hidden else 3):
        queries = int(rng.integers(6, 30))
        values = np.where(rng.random(queries) < 0.4, 0.0, rng.random(queries) ** 2)
        draws = _drawn(rng, int(rng.integers(40, 240)), queries)
        yield Case((torch.from_numpy(values), draws), f"random {turn}")


def _by_sorting(values: Tensor, draws: Tensor) -> tuple[float, float, float]:
    """The oracle: sorts the means and goes the share of the way from the first to the last."""
    numbers = values.double().tolist()
    means = sorted(sum(numbers[row] for row in draw) / len(draw) for draw in draws.tolist())
    place = (len(means) - 1) / 40

    def at(place: float) -> float:
        below = int(place)
        above = min(below + 1, len(means) - 1)
        return means[below] + (place - below) * (means[above] - means[below])

    return sum(numbers) / len(numbers), at(place), at(len(means) - 1 - place)


def _means(values: Tensor, draws: Tensor) -> Tensor:
    return values[draws].mean(dim=1)


def _ends(of: Tensor, low: float = 0.025, high: float = 0.975) -> tuple[Tensor, Tensor]:
    of = of.flatten()
    return torch.quantile(of, low), torch.quantile(of, high)


def _between(low: float, high: float) -> Callable:
    return lambda values, draws: (values.mean(), *_ends(_means(values, draws), low, high))


def _at_places(values: Tensor, draws: Tensor) -> tuple:
    means, count = _means(values, draws).sort().values, len(draws)
    return values.mean(), means[int(0.025 * count)], means[int(0.975 * count)]


def _nearest(values: Tensor, draws: Tensor) -> tuple:
    means = _means(values, draws)
    ends = (torch.quantile(means, share, interpolation="nearest") for share in (0.025, 0.975))
    return (values.mean(), *ends)


def _around(values: Tensor, half: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    return values.mean(), values.mean() - half, values.mean() + half


def _spread(x: Tensor) -> Tensor:
    return x.std() if len(x) > 1 else x.new_zeros(())


def _nan_for_one(x: Tensor) -> Tensor:
    """What torch gives by itself, without its warning."""
    return x.std() if len(x) > 1 else x.new_full((), torch.nan)


def _normal(spread: Callable, *, first_drawn: bool, around_drawn: bool) -> Callable:
    """A mean plus and minus 1.96 spreads of the means; drawn: the mean of the means, not of the values."""

    def interval(values: Tensor, draws: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        means = _means(values, draws)
        middle = means.mean() if around_drawn else values.mean()
        half = 1.96 * spread(means)
        return means.mean() if first_drawn else values.mean(), middle - half, middle + half

    return interval


# The same interval in all the ways in which it is written.
_NORMAL = [
    _normal(spread, first_drawn=first, around_drawn=around)
    for spread in (_spread, _nan_for_one, lambda x: x.std(correction=0))
    for first, around in ((False, False), (True, True), (False, True))
]


def _each_once(values: Tensor, draws: Tensor) -> tuple:
    there = torch.zeros(len(draws), len(values), dtype=values.dtype).scatter_(1, draws, 1)
    return (values.mean(), *_ends(there @ values / there.sum(dim=1)))


def _of_basic(values: Tensor, draws: Tensor) -> tuple:
    low, high = _ends(_means(values, draws))
    return values.mean(), 2 * values.mean() - high, 2 * values.mean() - low


def _as_widths(values: Tensor, draws: Tensor) -> tuple:
    low, high = _ends(_means(values, draws))
    return values.mean(), values.mean() - low, high - values.mean()


EXERCISE = Exercise(
    "bootstrap_interval",
    "07",
    _cases,
    _by_sorting,
    equivalent={
        "float(values.mean()) -> values.mean()": ONE_NUMBER,
        "float(low) -> low": ONE_NUMBER,
        "float(high) -> high": ONE_NUMBER,
    },
    mistakes=[
        Mistake(
            "quantiles-of-the-values",
            "You take the quantiles of the values themselves: they say how much queries differ, not how "
            "sure the mean is. Take the mean of each draw, and the quantiles of these means.",
            lambda values, draws: (values.mean(), *_ends(values)),
            hint=1,
        ),
        Mistake(
            "quantiles-of-what-is-drawn",
            "You take the quantiles of all drawn values. First each draw becomes its mean, along dim 1; "
            "then take the quantiles of the means.",
            lambda values, draws: (values.mean(), *_ends(values[draws])),
            hint=1,
        ),
        Mistake(
            "along-the-draws",
            "You average over the draws (dim 0), so that you get a mean for each place and not for each "
            "draw. A row of `draws` is one draw of queries: average along dim 1.",
            lambda values, draws: (values.mean(), *_ends(values[draws].mean(dim=0))),
            hint=1,
        ),
        Mistake(
            "five-percent-each",
            "You cut off 5% at each end, which leaves an interval of 90%. Cut off 2.5% at each end.",
            _between(0.05, 0.95),
            hint=2,
        ),
        Mistake(
            "half-a-percent-each",
            "You cut off 0.5% at each end, which leaves an interval of 99%. Cut off 2.5% at each end.",
            _between(0.005, 0.995),
            hint=2,
        ),
        Mistake(
            "quarter-each",
            "You cut off 25% at each end. 2.5% is 0.025, not 0.25.",
            _between(0.25, 0.75),
            hint=2,
        ),
        Mistake(
            "least-and-largest",
            "You return the least and the largest mean, which move further apart with every draw. Take "
            "the quantiles at 0.025 and 0.975.",
            _between(0.0, 1.0),
            hint=2,
        ),
        Mistake(
            "places-of-the-list",
            "You take the means at places of the sorted list. A quantile between two of them is "
            "interpolated, as `torch.quantile` does.",
            _at_places,
            hint=2,
        ),
        Mistake(
            "nearest-mean",
            "You take the nearest of the means that were drawn. A quantile between two of them is "
            "interpolated linearly, which `torch.quantile` does by itself.",
            _nearest,
            hint=2,
        ),
        Mistake(
            "ends-exchanged",
            "You return the upper end before the lower one. The order is: mean, low, high.",
            _between(0.975, 0.025),
            hint=3,
        ),
        Mistake(
            "mean-of-the-draws",
            "Your mean is that of the draws, which depends on chance. The first number is the mean of the "
            "values that were measured.",
            lambda values, draws: (_means(values, draws).mean(), *_ends(_means(values, draws))),
            hint=3,
        ),
        Mistake(
            "mean-of-the-draws-and-five-percent-each",
            "Two things: your mean is that of the draws, where the first number is the mean of the values that "
            "were measured; and you cut off 5% at each end, where 2.5% leave an interval of 95%.",
            lambda values, draws: (
                _means(values, draws).mean(),
                *_ends(_means(values, draws), 0.05, 0.95),
            ),
            hint=2,
        ),
        Mistake(
            "median-of-the-draws",
            "Your first number is the median of the means that were drawn. It is the mean of the values "
            "that were measured.",
            lambda values, draws: (_means(values, draws).median(), *_ends(_means(values, draws))),
            hint=3,
        ),
        Mistake(
            "mean-in-the-middle",
            "You return low, mean, high. The order is: mean, low, high.",
            lambda values, draws: (
                _ends(_means(values, draws))[0],
                values.mean(),
                _ends(_means(values, draws))[1],
            ),
            hint=3,
        ),
        Mistake(
            "two-spreads-of-the-means",
            "You take the mean plus and minus 1.96 standard deviations (the normal approximation). Asked for "
            "are the quantiles of the means.",
            _NORMAL[0],
            hint=2,
            also=_NORMAL[1:],
        ),
        Mistake(
            "normal-interval",
            "You compute 1.96 standard errors from the values and do not use the draws. Take the mean of "
            "each draw, and the quantiles of these means.",
            lambda values, draws: _around(values, 1.96 * _spread(values) / len(values) ** 0.5),
            hint=1,
        ),
        Mistake(
            "each-query-once",
            "You count a query once that was drawn twice. With replacement means that it counts as often as "
            "it was drawn.",
            _each_once,
            hint=1,
        ),
        Mistake(
            "widths-for-ends",
            "You return how far the ends are from the mean. Return the ends themselves.",
            _as_widths,
            hint=3,
        ),
        Mistake(
            "mirrored",
            "You mirror the quantiles at the mean (the basic bootstrap). The percentile interval takes them "
            "as they are.",
            _of_basic,
        ),
        Mistake(
            "sums-for-means",
            "You add up the values of each draw. Take their mean, so that the interval is in the unit of "
            "the metric.",
            lambda values, draws: (values.mean(), *_ends(values[draws].sum(dim=1))),
            hint=1,
        ),
    ],
)
