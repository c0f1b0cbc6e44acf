"""Other right answers to `break_miner`."""

from __future__ import annotations

from collections.abc import Callable

from lib.checks import values
from lib.checks.breakit import LOOSE
from lib.checks.lesson_04.break_miner import EXERCISE


def _case(scores: list, positives: list, itself: list, margin: float, *expected: list) -> tuple:
    """A case that asks for as many as are expected."""
    return scores, positives, itself, margin, len(expected[0]), list(expected)


# Each shows what one suspect does wrong and asks for as many negatives as there are passages.
_WIDE = [
    _case([[0.25, 0.5]], [[1]], [-1], 0, [0, -1]),  # a positive at the limit
    _case([[0.5, 0.25, 0.75]], [[2]], [0], 0.25, [1, -1, -1]),  # the query's text below the limit
    _case([[0.75, 0.25]], [[0]], [-1], 0.25, [1, -1]),  # no text; the last passage is good
    _case([[0.25, 0.25, 0.75]], [[2]], [-1], 0.25, [0, 1, -1]),  # equal scores
    _case([[0.25, 0.125, 0.75]], [[2]], [-1], 0.25, [0, 1, -1]),  # a hard one and an easy one
    _case([[0.5, 1]], [[1]], [-1], 0.5, [0, -1]),  # exactly at the limit
    _case([[0.25, 0.75, 1]], [[2]], [-1], 0.5, [0, -1, -1]),  # between limit and positive
    _case([[0.125, 0.5]], [[1]], [-1], 0.5, [0, -1]),  # a share, not an amount
    _case([[-0.25, 0.5, 1, 0.375]], [[1, 2]], [-1], 0.5, [0, -1, -1, -1]),  # a low positive first
    _case([[0.25, 0.5, 1, 0.75]], [[1, 2]], [-1], 0, [0, -1, -1, -1]),  # the same without a margin
    _case([[0, 0.5, 1]], [[2, 1]], [-1], 0.5, [0, -1, -1]),  # a high positive first
    _case([[-0.375, -1, -0.5]], [[2]], [-1], 0.5, [1, -1, -1]),  # a positive below 0
    _case(
        [[0.25, 1, 2], [1, 0.25, 2]], [[1], [0]], [-1, -1], 0.25, [0, -1, -1], [1, -1, -1]
    ),  # the negative of one query is the positive of the other
]

# The same, asking for one.
_NARROW = [(*case[:4], 1, [rows[:1] for rows in case[5]]) for case in _WIDE]


def _blind(suspect: Callable) -> Callable[[], list]:
    """A test of all cases above that the suspect gets right."""

    def test() -> list:
        return [
            case for case in [*_WIDE, *_NARROW] if values.same(case[-1], suspect(*case[:-1]), LOOSE)
        ]

    return test


def _one_reason_each() -> list:
    """An alternative: a small case for each reason."""
    return [*_WIDE, _NARROW[0]]


def _two_dense_cases() -> list:
    """An alternative: everything in two calls."""
    several = (
        [[1, 0.5, 0.5, 0.25, 0.25, 0.125], [-0.5, -0.75, -1, -0.625, -0.625, -3]],
        [[0, 1], [0]],
        [5, -1],
        0.5,
        3,
        [[3, 4, -1], [1, 2, 5]],
    )
    return [several, ([[1, 0.75, 1]], [[2]], [0], 0, 1, [[1]])]


ALTERNATIVES = [_one_reason_each, _two_dense_cases]

# Tests that catch every suspect but the one that is named.
BLIND = {suspect.name: _blind(suspect.implementation) for suspect in EXERCISE.suspects}
