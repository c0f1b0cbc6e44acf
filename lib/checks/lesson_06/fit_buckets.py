"""Lesson 06, fewer bytes a token: `fit_buckets`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from lib.checks.exercise import Case, Exercise, Mistake

_SINGLE = "whole numbers become float32 when they are divided, which the residuals are"
_Buckets = tuple[Tensor, Tensor]


def _bucket_cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    nine = torch.arange(9.0).reshape(3, 3)
    yield Case((nine, 1), "nine numbers, one bit")
    yield Case((nine, 2), "nine numbers, two bits")
    skewed = torch.tensor([[0.0, 0.1, 0.2, 0.3], [0.4, 0.5, 0.6, 10.0]])
    yield Case((skewed, 1), "one number far from the others")
    yield Case((skewed, 2), "one number far from the others, two bits")
    yield Case((skewed * torch.tensor([1.0, -4.0, 9.0, 0.5]), 2), "dimensions of different size")
    yield Case((skewed[:1], 4), "more buckets than numbers")
    yield Case((torch.tensor([[-0.3]]), 1), "a single number")
    yield Case((-nine.flip(0) - 5, 2), "numbers below 0, in no order")
    yield Case((torch.full((2, 3), 0.25), 1), "equal numbers")
    yield Case((skewed * 4_000, 2), "large numbers")
    yield Case((skewed.T, 3), "four vectors, three bits")
    for turn in range(8 if hidden else 4):
        n, dim = (int(x) for x in rng.integers([2, 2], [20, 8]))
        numbers = rng.normal(size=(n, dim)) * rng.lognormal(0, 1, dim) + rng.normal(size=dim) / 2
        yield Case((torch.from_numpy(numbers), int(rng.choice([1, 2, 4]))), f"random {turn}")


def _by_sorting(residuals: Tensor, bits: int) -> list:
    """The oracle: sort all numbers and go the share of the way from the first to the last."""
    ordered = sorted(residuals.double().flatten().tolist())

    def at(share: float) -> float:
        place = share * (len(ordered) - 1)
        below = int(place)
        above = min(below + 1, len(ordered) - 1)
        return ordered[below] + (place - below) * (ordered[above] - ordered[below])

    count = 2**bits
    cutoffs = [at(i / count) for i in range(1, count)]
    return [np.array(cutoffs), np.array([at((i + 0.5) / count) for i in range(count)])]


def _at(residuals: Tensor, shares: Tensor, interpolation: str = "linear") -> Tensor:
    return torch.quantile(residuals.flatten(), shares.to(residuals), interpolation=interpolation)


def _shares(count: int) -> Tensor:
    return torch.arange(1, count, dtype=torch.float64) / count


def _middles(count: int) -> Tensor:
    return (torch.arange(count, dtype=torch.float64) + 0.5) / count


def _right(residuals: Tensor, bits: int) -> _Buckets:
    return _at(residuals, _shares(2**bits)), _at(residuals, _middles(2**bits))


def _equal_width(residuals: Tensor, bits: int) -> _Buckets:
    low, high = residuals.min(), residuals.max()
    shares, middles = _shares(2**bits).to(residuals), _middles(2**bits).to(residuals)
    return low + (high - low) * shares, low + (high - low) * middles


def _of_each_dimension(residuals: Tensor, bits: int) -> _Buckets:
    shares, middles = _shares(2**bits).to(residuals), _middles(2**bits).to(residuals)
    return torch.quantile(residuals, shares, dim=0), torch.quantile(residuals, middles, dim=0)


def _edges(residuals: Tensor, cutoffs: Tensor) -> Tensor:
    return torch.cat([residuals.min()[None], cutoffs, residuals.max()[None]])


def _between_cutoffs(residuals: Tensor, bits: int) -> _Buckets:
    cutoffs = _right(residuals, bits)[0]
    edges = _edges(residuals, cutoffs)
    return cutoffs, (edges[1:] + edges[:-1]) / 2


def _between_inner_cutoffs(residuals: Tensor, bits: int) -> _Buckets:
    cutoffs = _right(residuals, bits)[0]
    return cutoffs, (cutoffs[1:] + cutoffs[:-1]) / 2


def _means_of_buckets(residuals: Tensor, bits: int) -> _Buckets:
    cutoffs = _right(residuals, bits)[0]
    numbers = residuals.flatten()
    codes = torch.bucketize(numbers, cutoffs)
    return cutoffs, torch.stack([numbers[codes == code].mean() for code in range(2**bits)])


def _with_values(shares: Callable[[int], Tensor]) -> Callable:
    """Right cutoffs; the values at other quantiles."""

    def wrong(residuals: Tensor, bits: int) -> _Buckets:
        return _right(residuals, bits)[0], _at(residuals, shares(2**bits))

    return wrong


def _with_cutoffs(shares: Callable[[int], Tensor]) -> Callable:
    """Right values; the cutoffs at other quantiles."""

    def wrong(residuals: Tensor, bits: int) -> _Buckets:
        return _at(residuals, shares(2**bits)), _right(residuals, bits)[1]

    return wrong


def _spread(count: int) -> Tensor:
    return torch.linspace(0, 1, count, dtype=torch.float64)


def _bell(residuals: Tensor, bits: int) -> _Buckets:
    normal = torch.distributions.Normal(residuals.mean(), residuals.std(correction=0) + 1e-12)
    count = 2**bits
    return normal.icdf(_shares(count).to(residuals)), normal.icdf(_middles(count).to(residuals))


def _whole_numbers(residuals: Tensor, bits: int) -> _Buckets:
    count = 2**bits
    cutoffs = _at(residuals, _shares(count), "nearest")
    return cutoffs, _at(residuals, _middles(count), "nearest")


def _numbers_by_place(residuals: Tensor, bits: int) -> _Buckets:
    ordered = residuals.flatten().sort().values
    count, n = 2**bits, len(ordered)
    middles = (2 * torch.arange(count) + 1) * n // (2 * count)
    return ordered[torch.arange(1, count) * n // count], ordered[middles]


def _numbers_below(residuals: Tensor, bits: int) -> _Buckets:
    count = 2**bits
    return _at(residuals, _shares(count), "lower"), _at(residuals, _middles(count), "lower")


def _cutoffs_by_place(residuals: Tensor, bits: int) -> _Buckets:
    return _numbers_by_place(residuals, bits)[0], _right(residuals, bits)[1]


EXERCISE = Exercise(
    "fit_buckets",
    "06",
    _bucket_cases,
    _by_sorting,
    equivalent={
        "residuals.flatten() -> residuals": "torch.quantile flattens where no dim is given",
        "torch.arange(1, count).to(numbers) -> torch.arange(1, count)": _SINGLE,
        "torch.arange(0, count).to(numbers) -> torch.arange(0, count)": _SINGLE,
    },
    mistakes=[
        Mistake(
            "equal-width",
            "Your buckets are equally wide. Most residuals are near 0 and would share a few codes, while "
            "others are hardly used. Cut at quantiles, so that each bucket gets as many numbers.",
            _equal_width,
            hint=1,
        ),
        Mistake(
            "of-each-dimension",
            "You take quantiles of each dimension by itself. One set of buckets serves all numbers: "
            "flatten the residuals first.",
            _of_each_dimension,
            hint=1,
        ),
        Mistake(
            "between-the-cutoffs",
            "Your values lie halfway between neighbouring cutoffs. A bucket's numbers crowd at one end of "
            "it: take the quantiles (i + 0.5) / 2**bits.",
            _between_cutoffs,
            hint=2,
        ),
        Mistake(
            "too-few-values",
            "Your values lie halfway between neighbouring cutoffs, so that the first and the last bucket "
            "have none. Take the quantiles (i + 0.5) / 2**bits, one for each of the 2**bits buckets.",
            _between_inner_cutoffs,
            hint=2,
        ),
        Mistake(
            "values-forgotten",
            "You return the cutoffs alone. Return the values as well, for which the codes stand: "
            "`return cutoffs, values`.",
            lambda r, bits: _right(r, bits)[0],
            hint=2,
        ),
        Mistake(
            "means-of-buckets",
            "Your values are the means of the buckets' numbers. Asked for are the quantiles "
            "(i + 0.5) / 2**bits, which one far number does not move.",
            _means_of_buckets,
            hint=2,
        ),
        Mistake(
            "values-at-the-cutoffs",
            "Your values begin at quantile 0, the smallest number of all: i / 2**bits is where a bucket "
            "begins. Its middle is at (i + 0.5) / 2**bits.",
            _with_values(lambda count: torch.arange(count, dtype=torch.float64) / count),
            hint=2,
        ),
        Mistake(
            "values-from-end-to-end",
            "Your values reach from the smallest number to the largest. They are the middles of the "
            "buckets, at the quantiles (i + 0.5) / 2**bits.",
            _with_values(_spread),
            hint=2,
        ),
        Mistake(
            "edges-kept",
            "Your cutoffs hold the smallest and the largest number, too. Codes count the cutoffs below a "
            "number, so only the 2**bits - 1 inner ones are wanted.",
            _with_cutoffs(lambda count: _spread(count + 1)),
            hint=3,
        ),
        Mistake(
            "first-edge-kept",
            "Your cutoffs begin at quantile 0, the smallest number, and lack the last one. They are at "
            "i / 2**bits for i from 1 to 2**bits - 1.",
            _with_cutoffs(lambda count: torch.arange(count - 1, dtype=torch.float64) / count),
            hint=3,
        ),
        Mistake(
            "last-edge-kept",
            "You have a cutoff at quantile 1, the largest number. The last one is at "
            "(2**bits - 1) / 2**bits.",
            _with_cutoffs(lambda count: torch.arange(1, count + 1, dtype=torch.float64) / count),
            hint=3,
        ),
        Mistake(
            "twice-the-bits",
            "You make 2 * bits buckets. With so many bits 2**bits codes can be told apart.",
            lambda r, bits: (_at(r, _shares(2 * bits)), _at(r, _middles(2 * bits))),
        ),
        Mistake(
            "a-bucket-for-each-bit",
            "You make as many buckets as there are bits. With `bits` bits 2**bits codes can be told "
            "apart.",
            lambda r, bits: (_at(r, _shares(bits)), _at(r, _middles(bits))),
        ),
        Mistake(
            "bell-curve",
            "You take the quantiles of a normal distribution with the residuals' mean and deviation. Take "
            "those of the numbers themselves: `torch.quantile`.",
            _bell,
            hint=1,
        ),
        Mistake(
            "without-interpolation",
            "You take the nearest of the numbers as the quantile. Between two numbers a quantile is "
            "interpolated, as `torch.quantile` does by itself.",
            _whole_numbers,
        ),
        Mistake(
            "number-by-place",
            "You take the number at place `share * n` of the sorted numbers, as it is. Between two numbers "
            "interpolate linearly, as `torch.quantile` does.",
            _numbers_by_place,
        ),
        Mistake(
            "number-below",
            "You take the number below as the quantile. Between two numbers interpolate linearly, as "
            "`torch.quantile` does where `interpolation` is not given.",
            _numbers_below,
        ),
        Mistake(
            "cutoffs-by-place",
            "Your cutoffs are sorted numbers as they are, where your values are interpolated. Take the "
            "cutoffs by `torch.quantile`, too.",
            _cutoffs_by_place,
        ),
        Mistake(
            "exchanged",
            "The cutoffs and the values are exchanged. Return the 2**bits - 1 cutoffs first.",
            lambda r, bits: _right(r, bits)[::-1],
            hint=3,
        ),
    ],
    returns="tensors",
)
