"""Lesson 10, the best system that one can afford: `best_within`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from operator import ge, gt, le, lt

import numpy as np
import torch

from lib.checks.exercise import Case, Exercise, Mistake

Numbers = list[float]
Table = list[Numbers]  # a row a system, a column a kind of cost
BUDGET = [2_000_000.0, 50.0]  # bytes and milliseconds

# Costs, limits, qualities, and what is special about them.
_TELLING: list[tuple[Table, Numbers, Numbers, str]] = [
    ([[2.0, 5.0], [4.0, 1.0]], [4.0, 4.0], [0.75, 0.5], "one exceeds the second limit"),
    ([[5.0, 2.0], [1.0, 4.0]], [4.0, 4.0], [0.75, 0.5], "one exceeds the first limit"),
    ([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]], [4.0, 4.0], [0.25, 0.75, 0.5], "all are within"),
    ([[4.0, 3.0], [1.0, 1.0]], [4.0, 3.0], [0.75, 0.5], "both costs are exactly the limits"),
    ([[4.0, 1.0], [1.0, 1.0]], [4.0, 3.0], [0.75, 0.5], "one cost is exactly the limit"),
    ([[5.0, 1.0], [1.0, 5.0]], [4.0, 4.0], [0.75, 0.5], "each exceeds one limit"),
    ([[9.0, 9.0]], [4.0, 4.0], [0.5], "one system, beyond both limits"),
    ([[4.0, 2.0]], [4.0, 4.0], [0.5], "one system, within"),
    ([], [4.0, 4.0], [], "no system"),
    ([], [1.0], [], "no system, one limit"),
    ([[3.0, 1.0], [1.0, 3.0], [2.0, 2.0]], [3.0, 3.0], [0.25, 0.5, 0.5], "two are equally good"),
    ([[9.0, 1.0], [3.0, 1.0], [1.0, 1.0]], [4.0, 4.0], [0.5, 0.5, 0.5], "equals, the first beyond"),
    ([[1.0, 1.0], [2.0, 2.0]], [4.0, 4.0], [-2.5, -1.25], "qualities below 0"),
    ([[9.0, 1.0], [2.0, 2.0]], [4.0, 4.0], [0.5, -2000.0], "a quality far below 0"),
    ([[9.0, 1.0], [2.0, 2.0]], [4.0, 4.0], [0.5, 0.0], "the best within has quality 0"),
    ([[5.0], [3.0], [4.0]], [4.0], [0.875, 0.5, 0.75], "one kind of cost"),
    ([[1.0, 2.0, 9.0], [3.0, 2.0, 1.0]], [4.0, 4.0, 4.0], [0.75, 0.5], "three kinds of cost"),
    ([[0.0, 0.0], [0.0, 1.0]], [0.0, 0.0], [0.25, 0.5], "a limit of 0"),
    ([[1.0, 5.0], [2.0, 1.0]], [4.0, 4.0], [0.75, 0.25], "the sum is within, one cost is not"),
    ([[1.0, 3.0], [3.0, 1.0]], [2.0, 9.0], [0.5, 0.75], "within the larger limit only"),
    (
        [[6_144_000.0, 4.0], [1_541_000.0, 9.0], [2_000_000.0, 61.0], [192_000.0, 2.0]],
        BUDGET,
        [0.61, 0.59, 0.66, 0.55],
        "bytes and milliseconds",
    ),
]


def _cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    for costs, limits, qualities, label in _TELLING:
        yield Case(([list(row) for row in costs], list(limits), list(qualities)), label)
    for turn in range(16 if hidden else 8):
        systems, kinds = int(rng.integers(3, 10)), int(rng.integers(1, 5))
        drawn = (
            rng.integers(0, 6, size=(systems, kinds)).astype(float),
            rng.integers(2, 6, size=kinds).astype(float),
            rng.integers(-3, 6, size=systems) / 8,
        )
        yield Case(tuple(numbers.tolist() for numbers in drawn), f"random {turn}")


def _by_sorting(costs: Table, limits: Numbers, qualities: Numbers) -> int:
    """The oracle: the systems from the best to the worst, until one exceeds no limit."""
    for row in sorted(range(len(costs)), key=lambda row: (-qualities[row], row)):
        if max(cost - limit for cost, limit in zip(costs[row], limits)) <= 0:
            return row
    return -1


def _best(
    fits: Callable[[Numbers, Numbers], bool],
    value: Callable[[Numbers, float], float] = lambda costs, quality: quality,
    *,
    better: Callable[[float, float], bool] = gt,
    start: float = -math.inf,
) -> Callable[[Table, Numbers, Numbers], int]:
    """The row of the highest value(costs, quality) among systems for which fits(costs, limits)."""

    def best_within(costs: Table, limits: Numbers, qualities: Numbers) -> int:
        best, found = start, -1
        for row, (needs, quality) in enumerate(zip(costs, qualities)):
            if fits(needs, limits) and better(value(needs, quality), best):
                best, found = value(needs, quality), row
        return found

    return best_within


def _each(compare: Callable[[float, float], bool], enough: Callable = all) -> Callable:
    return lambda needs, limits: enough(map(compare, needs, limits))


_within = _each(le)
_right = _best(_within)


def _then(change: Callable[[Table, Numbers, Numbers, int], object]) -> Callable:
    """Something else made of the right row: change(costs, limits, qualities, row)."""
    return lambda costs, limits, qualities: change(
        costs, limits, qualities, _right(costs, limits, qualities)
    )


def _without_asking(costs: Table, limits: Numbers, qualities: Numbers) -> int:
    """max() of nothing where nothing is within the limits."""
    return max(
        (row for row, needs in enumerate(costs) if _within(needs, limits)),
        key=lambda row: qualities[row],
    )


def _two_unpacked(costs: Table, limits: Numbers, qualities: Numbers) -> int:
    most, longest = limits
    best = -1
    for row, (size, spent) in enumerate(costs):
        fits = size <= most and spent <= longest
        if fits and (best < 0 or qualities[row] > qualities[best]):
            best = row
    return best


def _of_arrays(costs: Table, limits: Numbers, qualities: Numbers) -> int:
    within = (np.array(costs) <= np.array(limits)).all(axis=1)
    return int(np.where(within, qualities, -math.inf).argmax()) if within.any() else -1


def _of_tensors(costs: Table, limits: Numbers, qualities: Numbers) -> int:
    within = (torch.tensor(costs) <= torch.tensor(limits)).all(dim=1).numpy()
    return int(np.where(within, qualities, -math.inf).argmax()) if within.any() else -1


def _first_taken_unseen(costs: Table, limits: Numbers, qualities: Numbers) -> int:
    best = 0
    for row, needs in enumerate(costs):
        if _within(needs, limits) and qualities[row] > qualities[best]:
            best = row
    return best


def _best_of_all(costs: Table, limits: Numbers, qualities: Numbers) -> int:
    row = _best(lambda needs, limits: True)(costs, limits, qualities)
    return row if row >= 0 and _within(costs[row], limits) else -1


def _place_among_those_within(costs: Table, limits: Numbers, qualities: Numbers, row: int) -> int:
    return sum(_within(needs, limits) for needs in costs[:row]) if row >= 0 else -1


def _first_with_that_quality(costs: Table, limits: Numbers, qualities: Numbers, row: int) -> int:
    return qualities.index(qualities[row]) if row >= 0 else -1


EXERCISE = Exercise(
    "best_within",
    "10",
    _cases,
    _by_sorting,
    mistakes=[
        Mistake(
            "limit-itself-excluded",
            "A system whose cost is exactly the limit is left out. The limit itself is allowed: `<=`.",
            _best(_each(lt)),
            hint=1,
        ),
        Mistake(
            "one-limit-is-enough",
            "You take a system that keeps to one of the limits. All of its costs must be within their limits: "
            "`all`, not `any`.",
            _best(_each(le, any)),
            hint=1,
        ),
        Mistake(
            "first-limit-only",
            "You compare only the first cost with its limit. Every cost has a limit of its own: "
            "`zip(costs[row], limits)`.",
            _best(lambda needs, limits: needs[0] <= limits[0]),
            hint=1,
        ),
        Mistake(
            "last-limit-only",
            "Only the last cost decides whether a system is within your limits. If one is beyond its limit, the "
            "system is out, whatever the others are.",
            _best(lambda needs, limits: needs[-1] <= limits[-1]),
            hint=1,
        ),
        Mistake(
            "two-costs-only",
            "You reckon with two costs, the first and the second. There may be any number, each with a limit of "
            "its own: `zip(costs[row], limits)`.",
            _best(lambda needs, limits: all(map(le, needs[:2], limits[:2]))),
            hint=1,
            also=[
                _best(lambda needs, limits: needs[0] <= limits[0] and needs[1] <= limits[1]),
                _two_unpacked,
            ],
        ),
        Mistake(
            "sums-compared",
            "You compare the sum of the costs with the sum of the limits. Bytes and milliseconds cannot be "
            "added: compare each cost with its own limit.",
            _best(lambda needs, limits: sum(needs) <= sum(limits)),
            hint=1,
        ),
        Mistake(
            "largest-limit-for-all",
            "You compare the costs with the largest limit. Each cost has a limit of its own: "
            "`zip(costs[row], limits)`.",
            _best(lambda needs, limits: max(needs) <= max(limits)),
            hint=1,
        ),
        Mistake(
            "smallest-limit-for-all",
            "You compare the costs with the smallest limit. Each cost has a limit of its own: "
            "`zip(costs[row], limits)`.",
            _best(lambda needs, limits: max(needs) <= min(limits)),
            hint=1,
        ),
        Mistake(
            "lists-compared",
            "You compare the two lists with `<=`, which stops at the first place where they differ. Compare "
            "cost by cost, and ask whether all are within.",
            _best(lambda needs, limits: list(needs) <= list(limits)),
            hint=1,
        ),
        Mistake(
            "limits-from-below",
            "You take systems whose costs are at least the limits. A limit is the most that a system may cost.",
            _best(_each(ge)),
            hint=1,
        ),
        Mistake(
            "limits-ignored",
            "You return the best of all systems, whatever it costs. Only those within all limits count.",
            _best(lambda needs, limits: True),
            hint=1,
        ),
        Mistake(
            "best-of-all-or-none",
            "You take the best of all systems and give up if it exceeds a limit. Look at the limits first: the "
            "best among those within them is asked for.",
            _best_of_all,
            hint=2,
        ),
        Mistake(
            "first-within",
            "You return the first system within the limits. Go through all of them and take the one of the "
            "highest quality.",
            _best(_within, lambda needs, quality: 0.0),
            hint=2,
        ),
        Mistake(
            "last-within",
            "You return the last system within the limits, since each that fits takes the place of the one "
            "before. Replace it only by a better one.",
            _best(_within, lambda needs, quality: 0.0, better=ge),
            hint=2,
        ),
        Mistake(
            "cheapest",
            "You return the cheapest system within the limits. What is within is affordable: take the best.",
            _best(_within, lambda needs, quality: -sum(needs)),
            hint=2,
        ),
        Mistake(
            "quality-for-its-cost",
            "You return the system with the most quality for its cost. What is within the limits is affordable: "
            "take the best.",
            _best(_within, lambda needs, quality: quality / (sum(needs) or 1e-9)),
            hint=2,
        ),
        Mistake(
            "lowest-quality",
            "You return the system of the lowest quality within the limits. The highest is the best.",
            _best(_within, lambda needs, quality: -quality),
            hint=2,
        ),
        Mistake(
            "last-of-equals",
            "Of equally good systems you return the last. Return the first: only a better one (`>`) takes its "
            "place.",
            _best(_within, better=ge),
            hint=2,
        ),
        Mistake(
            "cheapest-of-equals",
            "Of equally good systems you return the cheapest. By the exercise it is the first of them.",
            _best(_within, lambda needs, quality: 1e6 * quality - sum(needs)),
            hint=2,
        ),
        Mistake(
            "starts-at-zero",
            "Your best quality so far begins at 0, so that a system of quality 0 or less is never taken. Begin "
            "at minus infinity.",
            _best(_within, start=0.0),
            hint=2,
        ),
        Mistake(
            "zero-for-none",
            "If nothing is within the limits, you return 0, which is the row of the first system. Return -1.",
            _then(lambda costs, limits, qualities, row: max(row, 0)),
            hint=3,
        ),
        Mistake(
            "first-taken-unseen",
            "You begin with row 0 as the best so far, and nobody asks whether it is within the limits. Begin with "
            "-1, and take the first system that fits.",
            _first_taken_unseen,
            hint=3,
        ),
        Mistake(
            "none-for-none",
            "If nothing is within the limits, you return None. Return -1.",
            _then(lambda costs, limits, qualities, row: row if row >= 0 else None),
            hint=3,
        ),
        Mistake(
            "nothing-within",
            "If nothing is within the limits, there is no maximum, and your function fails. Return -1 then.",
            _without_asking,
            hint=3,
        ),
        Mistake(
            "one-dimension-of-nothing",
            "Without a system `np.array(costs)`, or a tensor of it, has one dimension, and comparing it row by row "
            "fails. Give it two: `np.array(costs).reshape(len(costs), len(limits))`.",
            _of_arrays,
            hint=3,
            also=[_of_tensors],
        ),
        Mistake(
            "best-where-none-fits",
            "If nothing is within the limits, you return the best system of all. Return -1: none can be had.",
            _then(
                lambda costs, limits, qualities, row: (
                    row if row >= 0 else _best(lambda *_: True)(costs, limits, qualities)
                )
            ),
            hint=3,
        ),
        Mistake(
            "quality-for-row",
            "You return the quality of the best system. Return its row.",
            _then(lambda costs, limits, qualities, row: qualities[row] if row >= 0 else -1),
            hint=3,
        ),
        Mistake(
            "place-among-those-within",
            "You return the place in a list of only those systems that are within the limits. Return the row "
            "among all systems.",
            _then(_place_among_those_within),
            hint=3,
        ),
        Mistake(
            "first-with-that-quality",
            "You look up the best quality among all systems and find an earlier one that has it and exceeds a "
            "limit. Keep the row together with the quality.",
            _then(_first_with_that_quality),
            hint=3,
        ),
        Mistake(
            "rows-from-one",
            "You count rows from 1. The first system has row 0.",
            _then(lambda costs, limits, qualities, row: row + 1 if row >= 0 else -1),
            hint=3,
        ),
    ],
)
