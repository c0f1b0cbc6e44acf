"""The front door: `mean_of_two`, to see what a check says."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lib.checks.exercise import Case, Exercise, Mistake


def _cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    yield Case((2.0, 4.0), "two numbers")
    yield Case((4.0, 2.0), "the larger one first")
    yield Case((3.0, 3.0), "one number twice")
    yield Case((1, 2), "whole numbers, and a mean that is none")
    yield Case((-1.0, 3.0), "one below zero")
    yield Case((0.0, 0.0), "zeros")
    for turn in range(8 if hidden else 3):
        a, b = rng.normal(size=2)
        yield Case((float(a), float(b)), f"random {turn}")


def _half_way(a: float, b: float) -> float:
    return a + (b - a) * 0.5


EXERCISE = Exercise(
    "mean_of_two",
    "00",
    _cases,
    _half_way,
    mistakes=[
        Mistake(
            "sum",
            "This is the sum. The mean is half of it: divide by two, how many numbers there are.",
            lambda a, b: a + b,
        ),
        Mistake(
            "half-of-one",
            "Only the second number was halved: division comes before addition. Put the sum into "
            "brackets.",
            lambda a, b: a + b / 2,
        ),
        Mistake(
            "half-of-the-first",
            "Only the first number was halved: division comes before addition. Put the sum into "
            "brackets.",
            lambda a, b: a / 2 + b,
        ),
        Mistake(
            "whole-numbers",
            "`//` rounds down to a whole number. A mean may lie between two of them: divide by `/`.",
            lambda a, b: (a + b) // 2,
        ),
        Mistake("one-of-two", "This is one of the two numbers, the larger one.", max),
        Mistake(
            "half-the-difference",
            "This is half of the difference. Add the two numbers and halve that.",
            lambda a, b: (b - a) / 2,
        ),
    ],
)
