"""Lesson 10, the systems that are worth their cost: `frontier`."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from lib.checks.exercise import Case, Exercise, Mistake
from lib.checks.lesson_10 import _dominance
from lib.checks.lesson_10._dominance import Numbers, dominates, right, rows, scan, then

# Costs, qualities, and what is special about them.
_TELLING: list[tuple[Numbers, Numbers, str]] = [
    ([1.0, 2.0, 3.0], [0.5, 0.75, 0.25], "the dearest is the worst"),
    ([3.0, 1.0, 2.0], [0.75, 0.25, 0.5], "more quality costs more, in no order"),
    ([1.0, 2.0, 3.0], [0.75, 0.5, 0.25], "the cheapest is the best"),
    ([2.0, 2.0, 1.0], [0.5, 0.75, 0.25], "two of the same cost, the better one later"),
    ([2.0, 2.0, 1.0], [0.75, 0.5, 0.25], "two of the same cost, the better one first"),
    ([3.0, 2.0, 1.0], [0.5, 0.5, 0.25], "two of the same quality, the cheaper one later"),
    ([1.0, 2.0, 3.0], [0.25, 0.5, 0.5], "two of the same quality, the cheaper one first"),
    ([2.0, 1.0, 2.0], [0.75, 0.5, 0.75], "two that are equal in both"),
    ([2.0, 1.0, 2.0], [0.25, 0.5, 0.25], "two that are equal in both, and not worth it"),
    ([2.0, 2.0, 2.0], [0.5, 0.5, 0.5], "all equal"),
    ([4.0, 1.0, 4.0, 1.0], [0.5, 0.25, 0.5, 0.25], "two pairs of equals"),
    ([5.0], [0.5], "one system"),
    ([], [], "no system"),
    ([1.0, 2.0, 3.0, 4.0], [0.125, 0.25, 0.75, 0.875], "one below the line between two others"),
    (
        [1.0, 2.0, 3.0, 4.0],
        [0.5, 0.25, 0.375, 0.75],
        "better than the one before, and not the best",
    ),
    ([1.0, 2.0, 3.0], [-2.5, -1.25, -1.75], "qualities below 0"),
    ([2.0, 1.0], [0.0, -0.25], "the best quality is 0"),
    ([0.0, 2.0, 0.0], [0.25, 0.5, 0.125], "a system that costs nothing"),
    ([1.25, 1.75, 2.0], [0.5, 0.6, 0.601], "costs and qualities that differ by fractions"),
    ([1536.0, 48.0, 384.0, 96.0], [0.47, 0.31, 0.46, 0.43], "bytes a passage against nDCG@10"),
]


def _cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    for costs, qualities, label in _TELLING:
        yield Case((list(costs), list(qualities)), label)
    for turn in range(12 if hidden else 6):
        count = int(rng.integers(4, 14))
        # Few different values, so that systems are equal in one or both.
        levels = rng.integers(0, 7, size=count).astype(float)
        drawn = levels, (levels + rng.integers(-4, 5, size=count)) / 8
        yield Case(tuple(numbers.tolist() for numbers in drawn), f"random {turn}")


def _by_levels(costs: Numbers, qualities: Numbers) -> list[int]:
    """The oracle: from the cheapest level of cost upwards, the best there, if nothing cheaper is as good."""
    found: list[int] = []
    reached = -math.inf
    for level in sorted(set(costs)):
        here = [row for row in range(len(costs)) if costs[row] == level]
        best = max(qualities[row] for row in here)
        if best > reached:
            found += [row for row in here if qualities[row] == best]
            reached = best
    return found


EXERCISE = Exercise(
    "frontier",
    "10",
    _cases,
    _by_levels,
    mistakes=[
        Mistake(
            "cheaper-is-enough",
            "A cheaper system dominates another for you, however bad it is. It has to be at least as good, "
            "too.",
            rows(lambda one, other: one[0] < other[0]),
            hint=1,
        ),
        Mistake(
            "better-is-enough",
            "A better system dominates another for you, whatever it costs. It must cost no more, too.",
            rows(lambda one, other: one[1] > other[1]),
            hint=1,
        ),
        Mistake(
            "better-in-both-asked-for",
            "You drop a system only if another is cheaper and better. One that is equal in cost or in quality "
            "and better in the other dominates it, too.",
            rows(lambda one, other: one[0] < other[0] and one[1] > other[1]),
            hint=1,
        ),
        Mistake(
            "cheaper-or-better",
            "You drop a system if another is cheaper or better. What dominates it is no worse in both, and "
            "better in one of them.",
            rows(lambda one, other: one[0] < other[0] or one[1] > other[1]),
            hint=1,
        ),
        Mistake(
            "equal-cost-kept",
            "You keep a system although another of the same cost is better. Costing no more is enough (`<=`) "
            "where the quality is higher.",
            rows(lambda one, other: one[0] < other[0] and one[1] >= other[1]),
            hint=1,
        ),
        Mistake(
            "equal-quality-kept",
            "You keep a system although another of the same quality is cheaper. Being as good is enough "
            "(`>=`) where the cost is lower.",
            rows(lambda one, other: one[0] <= other[0] and one[1] > other[1]),
            hint=1,
        ),
        Mistake(
            "equals-drop-each-other",
            "Two systems that are equal in both drop each other. What dominates must be better in one of the "
            "two: both stay.",
            rows(lambda one, other: one[0] <= other[0] and one[1] >= other[1]),
            hint=2,
        ),
        Mistake(
            "equals-drop-each-other-as-they-come",
            "Two things: systems that are equal in both drop each other, and both should stay; and you return the "
            "rows as they come, not by rising cost.",
            rows(lambda one, other: one[0] <= other[0] and one[1] >= other[1], order=None),
            hint=2,
        ),
        Mistake(
            "better-in-both-asked-for-as-they-come",
            "Two things: you drop a system only if another is cheaper and better, where equal in the one and better "
            "in the other is enough; and you return the rows as they come, not by rising cost.",
            rows(lambda one, other: one[0] < other[0] and one[1] > other[1], order=None),
            hint=1,
        ),
        Mistake(
            "drops-itself",
            "Every system is dropped, since it costs no more than itself and is as good. What dominates must be "
            "better in cost or in quality.",
            rows(lambda one, other: one[0] <= other[0] and one[1] >= other[1], itself=True),
            hint=2,
        ),
        Mistake(
            "first-of-equals",
            "Of two systems that are equal in both you keep only the first. Neither dominates the other: keep "
            "both.",
            scan(_dominance.better),
            hint=2,
        ),
        Mistake(
            "last-of-equals",
            "Of two systems that are equal in both you keep only the last, as a dictionary does. Neither "
            "dominates the other: keep both.",
            _dominance.last_of_equals,
            hint=2,
        ),
        Mistake(
            "sorted-by-cost-alone",
            "Among systems of the same cost you meet a worse one first and keep it, and of two equals you keep "
            "only the first. Sort by cost and, where it is equal, by falling quality, and keep what equals the "
            "last one kept.",
            scan(_dominance.better, order=lambda system: (system[0],)),
            hint=2,
        ),
        Mistake(
            "sorted-by-cost-alone-and-equal-quality-kept",
            "Two things: among systems of the same cost you meet a worse one first and keep it, so sort by cost "
            "and, where it is equal, by falling quality; and you keep a system that is only as good as a cheaper "
            "one.",
            scan(_dominance.as_good, order=lambda system: (system[0],)),
            hint=2,
        ),
        Mistake(
            "sorted-by-cost-alone-and-starts-at-zero",
            "Two things: among systems of the same cost you meet a worse one first and keep it, so sort by cost "
            "and, where it is equal, by falling quality; and your best quality so far begins at 0, so that "
            "systems below it are never kept, begin at minus infinity.",
            scan(_dominance.better, order=lambda system: (system[0],), start=0.0),
            hint=2,
        ),
        Mistake(
            "starts-at-zero",
            "Your best quality so far begins at 0, so that systems below it are never kept. Begin at minus "
            "infinity.",
            scan(_dominance.better_or_equal_in_both, start=0.0),
        ),
        Mistake(
            "starts-at-zero-and-first-of-equals",
            "Two things: your best quality so far begins at 0, so that systems below it are never kept, begin at "
            "minus infinity; and of two systems that are equal in both you keep only the first.",
            scan(_dominance.better, start=0.0),
        ),
        Mistake(
            "next-cheaper-only",
            "You compare each system only with the next cheaper one. One that is cheaper still may dominate it: "
            "compare with all of them, or with the best quality so far.",
            scan(_dominance.better_or_equal_in_both, with_the_last=True),
            hint=1,
        ),
        Mistake(
            "next-cheaper-only-and-first-of-equals",
            "Two things: you compare each system only with the next cheaper one, although one that is cheaper "
            "still may dominate it; and of two systems that are equal in both you keep only the first.",
            scan(_dominance.better, with_the_last=True),
            hint=1,
        ),
        Mistake(
            "below-the-line-dropped",
            "You drop a system that lies below the straight line between two others (the convex hull). Neither "
            "of the two dominates it: one costs more, the other is worse.",
            then(_dominance.hull),
        ),
        Mistake(
            "lower-quality-better",
            "You take the lower quality for the better one. Cost should be low and quality high.",
            rows(lambda one, other: dominates((one[0], -one[1]), (other[0], -other[1]))),
            hint=1,
        ),
        Mistake(
            "higher-cost-better",
            "You take the higher cost for the better one. Cost should be low and quality high.",
            rows(lambda one, other: dominates((-one[0], one[1]), (-other[0], other[1]))),
            hint=1,
        ),
        Mistake(
            "the-dominated-ones",
            "You return the systems that are dominated. Return the others.",
            _dominance.dominated,
            hint=1,
        ),
        Mistake(
            "only-the-best",
            "You return the systems of the highest quality alone. A cheaper one stays as long as none that costs "
            "no more is better.",
            then(
                lambda costs, qualities, rows: [r for r in rows if qualities[r] == max(qualities)]
            ),
            hint=1,
        ),
        Mistake(
            "as-they-come",
            "The right systems, in the order of their rows. Return them by rising cost.",
            rows(order=None),
            hint=3,
        ),
        Mistake(
            "dearest-first",
            "The right systems, the best and dearest first. Return them by rising cost.",
            rows(order=lambda system: -system[0]),
            hint=3,
        ),
        Mistake(
            "turned-round",
            "You turn the whole list round, so that the dearest comes first and of equals the last row. Return "
            "the rows by rising cost, equals by row.",
            then(lambda costs, qualities, rows: rows[::-1]),
            hint=3,
        ),
        Mistake(
            "equals-by-falling-row",
            "Of systems that are equal in both the last row comes first in your result. Return equals by row.",
            lambda costs, qualities: sorted(
                right(costs, qualities), key=lambda row: (costs[row], -row)
            ),
            hint=3,
        ),
        Mistake(
            "pairs-for-rows",
            "You return cost and quality of each system. Return its row.",
            then(lambda costs, qualities, rows: [(costs[row], qualities[row]) for row in rows]),
            hint=3,
        ),
        Mistake(
            "costs-for-rows",
            "You return the costs of the right systems. Return their rows.",
            then(lambda costs, qualities, rows: [costs[row] for row in rows]),
            hint=3,
        ),
        Mistake(
            "qualities-for-rows",
            "You return the qualities of the right systems. Return their rows.",
            then(lambda costs, qualities, rows: [qualities[row] for row in rows]),
            hint=3,
        ),
        Mistake(
            "looked-up-by-cost",
            "You look up a row by its cost, and find an earlier system that costs the same. Sort the row numbers "
            "themselves.",
            then(lambda costs, qualities, rows: [costs.index(costs[row]) for row in rows]),
            hint=3,
        ),
        Mistake(
            "truth-values",
            "You return True or False for each system. Return the rows of those that are True, by rising "
            "cost.",
            then(lambda costs, qualities, rows: [row in rows for row in range(len(costs))]),
            hint=3,
        ),
        Mistake(
            "rows-from-one",
            "You count rows from 1. The first system has row 0.",
            then(lambda costs, qualities, rows: [row + 1 for row in rows]),
            hint=3,
        ),
    ],
)
