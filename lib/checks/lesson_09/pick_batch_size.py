"""Lesson 09, a choice by measurements: `pick_batch_size`."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Callable, Iterator
from fractions import Fraction

import numpy as np

from lib.checks.exercise import Case, Exercise, Mistake
from lib.checks.values import EXACT

Times = dict[int, list[float]]
Speeds = dict[int, float]


# Timings, texts, within (None: as it is by default), and what is special about them.
_TELLING: list[tuple[Times, int, float | None, str]] = [
    ({1: [8.0], 8: [4.0], 32: [3.9]}, 64, None, "a small gain does not pay"),
    ({1: [8.0], 8: [4.0], 32: [3.0]}, 64, None, "a large gain pays"),
    ({1: [2.0], 4: [1.0], 16: [3.0]}, 32, None, "the largest is slow"),
    ({2: [9.0, 1.0, 1.5], 4: [1.2, 1.3, 0.2], 8: [1.1, 7.0, 1.1]}, 16, None, "slow and fast runs"),
    ({4: [5.0, 2.0, 2.0], 8: [1.75, 1.75, 1.75]}, 50, 0.25, "the first run is slow"),
    ({4: [1.0, 1.0, 1.6], 8: [1.0, 1.0, 1.0]}, 30, 0.25, "one run is slow"),
    ({2: [1.0, 3.0], 4: [0.9, 1.5]}, 12, 0.25, "two runs each"),
    ({4: [1.0, 1.5], 8: [1.0, 1.0]}, 30, 0.25, "two runs, nearly as fast"),
    ({2: [1.0, 1.0, 3.0, 3.0], 4: [1.4, 1.4, 1.4, 1.4]}, 40, None, "four runs each"),
    ({8: [1.0], 16: [1.0], 32: [1.0]}, 10, 0.0, "all alike"),
    ({4: [2.0], 8: [1.0], 16: [1.0]}, 64, 0.5, "half as fast is just enough"),
    ({4: [1.0], 8: [0.75]}, 48, 0.25, "three quarters are just enough"),
    ({4: [1.8], 8: [1.0], 16: [1.1]}, 20, 0.5, "a wide margin"),
    ({4: [1.4], 8: [1.0], 16: [0.8]}, 20, 0.5, "nearly half as fast as the best"),
    ({1: [6.5], 4: [5.0], 16: [4.0], 64: [3.25]}, 100, 0.25, "each gain is small, all are large"),
    ({128: [2.0], 16: [2.0], 4: [8.0]}, 64, None, "the largest is named first"),
    ({8: [1.0], 4: [1.0], 16: [1.0]}, 64, None, "named in no order"),
    ({16: [1.0], 9: [1.0], 100: [1.0]}, 64, None, "numbers of one, two and three digits"),
    ({32: [1.0, 2.0, 3.0]}, 7, None, "one batch size"),
    ({4: [8.0], 8: [1.0]}, 64, 1.0, "every throughput is within"),
    ({8: [0.004], 16: [0.002], 32: [0.001]}, 3, 0.25, "milliseconds"),
    ({8: [400.0], 16: [300.0], 32: [200.0]}, 3, 0.25, "minutes"),
]


def _timing_cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    for seconds, texts, within, label in _TELLING:
        yield Case((seconds, texts) if within is None else (seconds, texts, within), label)
    for turn in range(8 if hidden else 4):
        texts, within = int(rng.integers(20, 500)), float(rng.choice([0.05, 0.1, 0.2]))
        seconds, runs = {}, int(rng.integers(2, 6))
        while not seconds or not _clear(seconds, within):
            sizes = rng.permutation(2 ** np.arange(8))[: int(rng.integers(3, 8))]
            seconds = {int(size): _runs(rng, texts, int(size), runs) for size in sizes}
        yield Case((seconds, texts, within), f"random {turn}")


def _runs(rng: np.random.Generator, texts: int, size: int, runs: int) -> list[float]:
    """Seconds as one measures them: calls cost something, long batches are padded, some runs are slow."""
    one = texts * (0.01 + 0.03 / size + 0.00004 * size)
    slow = 1 + rng.exponential(0.08, size=runs) + 2 * (rng.random(runs) < 0.15)
    return [round(float(second), 3) for second in one * slow]


def _clear(seconds: Times, within: float) -> bool:
    """Whether no speed is so near to the bound that rounding could decide."""
    middle = [statistics.median(times) for times in seconds.values()]
    return all(abs(min(middle) / time - (1 - within)) > 0.005 for time in middle)


def _in_fractions(seconds: Times, texts: int, within: float = 0.05) -> int:
    """The oracle: goes through the sizes from the smallest, in exact fractions."""
    middle = {}
    for size, times in seconds.items():
        ordered = sorted(map(Fraction, times))
        left, right = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
        middle[size] = (left + right) / 2
    fastest, share = min(middle.values()), 1 - Fraction(str(within))
    for size in sorted(middle):
        if texts / middle[size] >= share * (texts / fastest):
            return size
    raise ValueError("no timings")


def _speeds(typical: Callable[[list[float]], float] = statistics.median) -> Callable:
    return lambda seconds, texts: {size: texts / typical(x) for size, x in seconds.items()}


def _smallest_near(speeds: Speeds, within: float) -> int:
    return min(
        size for size, speed in speeds.items() if speed >= (1 - within) * max(speeds.values())
    )


_by_medians = _speeds()


def _picker(
    speeds: Callable[[Times, int], Speeds] = _by_medians,
    pick: Callable[[Speeds, float], float] = _smallest_near,
) -> Callable:
    """A right choice with one part written otherwise: the speeds, or what is picked by them."""
    return lambda seconds, texts, within=0.05: pick(speeds(seconds, texts), within)


def _enough(speeds: Speeds, bound: float) -> list[int]:
    return [size for size, speed in speeds.items() if speed >= bound]


def _near(speeds: Speeds, within: float) -> list[int]:
    return _enough(speeds, (1 - within) * max(speeds.values()))


def _no_gain_next(speeds: Speeds, within: float) -> int:
    """The first size from which the next larger one gains less than the share."""
    sizes = sorted(speeds)
    for size, larger in itertools.pairwise(sizes):
        if speeds[larger] * (1 - within) <= speeds[size]:
            return size
    return sizes[-1]


def _seconds_within(speeds: Speeds, within: float) -> int:
    """No more seconds than the fastest and its share."""
    return min(_enough(speeds, max(speeds.values()) / (1 + within)))


def _in_the_middle(times: list[float]) -> float:
    return times[len(times) // 2]


EXERCISE = Exercise(
    "pick_batch_size",
    "09",
    _timing_cases,
    _in_fractions,
    tolerance=EXACT,
    mistakes=[
        Mistake(
            "mean-for-median",
            "You take the mean of the runs, which one slow run spoils. Take the median.",
            _picker(_speeds(statistics.fmean)),
            hint=1,
        ),
        Mistake(
            "fastest-run",
            "You take the fastest run. Take the median of the runs.",
            _picker(_speeds(min)),
            hint=1,
        ),
        Mistake(
            "slowest-run",
            "You take the slowest run. Take the median of the runs.",
            _picker(_speeds(max)),
            hint=1,
        ),
        Mistake(
            "first-run",
            "You take the first run alone. Take the median of all runs.",
            _picker(_speeds(lambda times: times[0])),
            hint=1,
        ),
        Mistake(
            "last-run",
            "You take the last run alone. Take the median of all runs.",
            _picker(_speeds(lambda times: times[-1])),
            hint=1,
        ),
        Mistake(
            "lower-of-two",
            "Of an even number of runs you take the lower of the two in the middle, as `torch.median` does. "
            "Take the mean of the two, as `statistics.median` does.",
            _picker(_speeds(statistics.median_low)),
            hint=1,
        ),
        Mistake(
            "higher-of-two",
            "Of an even number of runs you take the higher of the two in the middle. Take the mean of the two, "
            "as `statistics.median` does.",
            _picker(_speeds(statistics.median_high)),
            hint=1,
        ),
        Mistake(
            "not-sorted",
            "You take the run in the middle of the list as it came. The median is the one in the middle of "
            "the sorted runs.",
            _picker(_speeds(_in_the_middle)),
            hint=1,
        ),
        Mistake(
            "batch-for-texts",
            "You divide the batch size by the seconds. The seconds are those of all texts, whatever the batch "
            "size: divide `texts` by them.",
            _picker(
                lambda seconds, texts: {b: b / statistics.median(x) for b, x in seconds.items()}
            ),
            hint=1,
        ),
        Mistake(
            "seconds-for-throughput",
            "You treat seconds as if they were throughput, so that the slowest counts as the best. Divide "
            "`texts` by the seconds.",
            _picker(lambda seconds, texts: {b: statistics.median(x) for b, x in seconds.items()}),
            hint=1,
        ),
        Mistake(
            "best-only",
            "You return the fastest batch size. A smaller one that is nearly as fast needs less memory: "
            "return the smallest that is within the share of the best.",
            _picker(pick=lambda speeds, within: max(sorted(speeds), key=lambda b: speeds[b])),
            hint=2,
        ),
        Mistake(
            "largest-near",
            "Of the batch sizes that are fast enough you return the largest. Return the smallest.",
            _picker(pick=lambda speeds, within: max(_near(speeds, within))),
            hint=2,
        ),
        Mistake(
            "bound-left-out",
            "You ask for more than the share, and leave out what is just at it. At least (1 - within) of the "
            "best is enough: `>=`.",
            _picker(
                pick=lambda speeds, within: min(
                    [b for b, x in speeds.items() if x > (1 - within) * max(speeds.values())]
                    or [max(speeds, key=lambda b: (speeds[b], -b))]
                )
            ),
            hint=2,
        ),
        Mistake(
            "seconds-within",
            "You allow (1 + within) times the seconds of the fastest. The share is one of throughput: a "
            "half of the throughput takes twice the seconds.",
            _picker(pick=_seconds_within),
            hint=2,
        ),
        Mistake(
            "share-not-subtracted",
            "You ask for `within` times the best. The bound is (1 - within) times the best.",
            _picker(
                pick=lambda speeds, within: min(_enough(speeds, within * max(speeds.values())))
            ),
            hint=2,
        ),
        Mistake(
            "difference-for-share",
            "You subtract `within` from the best throughput. It is a share: (1 - within) times the best.",
            _picker(
                pick=lambda speeds, within: min(_enough(speeds, max(speeds.values()) - within))
            ),
            hint=2,
        ),
        Mistake(
            "within-by-default",
            "You use 0.05 whatever `within` is. Use the argument.",
            lambda seconds, texts, within=0.05: _picker()(seconds, texts),
            hint=2,
        ),
        Mistake(
            "next-gains-little",
            "You stop where the next larger batch size gains little. Several small gains may add up to a "
            "large one: compare with the best of all.",
            _picker(pick=_no_gain_next),
            hint=2,
        ),
        Mistake(
            "share-of-the-largest-batch",
            "You compare with the largest batch size. Compare with the one of the highest throughput.",
            _picker(
                pick=lambda speeds, within: min(_enough(speeds, (1 - within) * speeds[max(speeds)]))
            ),
            hint=2,
        ),
        Mistake(
            "first-in-the-dict",
            "You return the first batch size in the dictionary that is fast enough. They come in any order: "
            "return the smallest.",
            _picker(pick=lambda speeds, within: _near(speeds, within)[0]),
            hint=3,
        ),
        Mistake(
            "sorted-as-texts",
            'You compare batch sizes as texts, so that "16" comes before "9". Compare them as numbers.',
            _picker(pick=lambda speeds, within: min(_near(speeds, within), key=str)),
            hint=3,
        ),
        Mistake(
            "place-for-size",
            "You return the place of the batch size among all, from 0. Return the batch size itself.",
            _picker(
                pick=lambda speeds, within: sorted(speeds).index(_smallest_near(speeds, within))
            ),
            hint=3,
        ),
        Mistake(
            "throughput-for-size",
            "You return the throughput. Return the batch size that has it.",
            _picker(pick=lambda speeds, within: speeds[_smallest_near(speeds, within)]),
            hint=3,
        ),
    ],
)
