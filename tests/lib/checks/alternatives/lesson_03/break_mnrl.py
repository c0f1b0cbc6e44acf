"""Other right answers to `break_mnrl`."""

from __future__ import annotations

import math

from lib.checks.lesson_03.break_mnrl import _right


def _at(*degrees: float, length: float = 1.0) -> list[list[float]]:
    """Vectors in the plane at these angles."""
    angles = [math.radians(d) for d in degrees]
    return [[length * math.cos(a), length * math.sin(a)] for a in angles]


def _case(queries: list, positives: list, scale: float) -> tuple:
    return queries, positives, scale, _right(queries, positives, scale)


def _general(scale: float = 3.0, length: float = 2.0) -> tuple:
    """Nothing special: lengths, negative cosines, no symmetry."""
    return _case(_at(0, 60, 200, length=length), _at(30, 170, 250), scale)


# All vectors alike: log(2) at any scale, and exp(200) is too large for float32.
_ALIKE = _case([[2, 0], [1, 0]], [[3, 0], [1, 0]], 200)


def _two_dense_cases() -> list:
    return [_general(), _ALIKE]


def _by_hand() -> list:
    """An alternative: each expected value worked out on paper."""
    e = math.exp
    # Scores [[2, 0], [-2, 0]]: the first finds its own, the second cannot tell.
    rows = (math.log(1 + e(-2)) + math.log(1 + e(-2))) / 2
    hand = [[3, 0], [-1, 0]], [[1, 0], [0, 5]], 2, rows
    wrong = [[3, 0], [-1, 0]], [[-1, 0], [0, 5]], 2, math.log(1 + e(2))
    alike = [[1, 0], [1, 0]], [[1, 0], [1, 0]], 100, math.log(2)
    three = [[1, 0]] * 3, [[2, 0], [0, 2], [-2, 0]], 1, math.log(e(1) + 1 + e(-1)) - 0.0
    return [hand, wrong, alike, three]


def _first_is_as_good() -> list:
    """Every query is as near to the first positive as to its own."""
    q, p = _at(20, 60, -80, length=2), _at(0, 120, -160)
    return [_case(q, p, 3), _case(q, p, 200)]


def _symmetric() -> list:
    p = _at(0, 100, 150)
    same = [[2 * x, 2 * y] for x, y in p]
    return [_case(same, p, 1.5), _case(_at(0, 100, 150, length=2), _at(100, 0, 150), 1.5), _ALIKE]


def _scale_one() -> list:
    return [_general(scale=1.0), _ALIKE]


def _unit_vectors() -> list:
    return [_general(length=1.0), _case([[1, 0], [1, 0]], [[1, 0], [1, 0]], 200)]


def _nothing_lost() -> list:
    """Every query finds its positive by far, so the loss is 0, as a mean or as a sum."""
    return [_case([[3, 0, 1], [0, -2, -2]], [[-1, 3, 1], [-4, 1, 3]], 200)]


def _nothing_found() -> list:
    """The own positive is the farthest: its exp weighs nothing, so it is not missed."""
    return [_case(_at(50, 330, 350, length=2), _at(250, 170, 130), scale) for scale in (20, 200)]


def _no_negative_cosine() -> list:
    return [_case(_at(0, 40, 80, length=2), _at(20, 85, 30), 3), _ALIKE]


ALTERNATIVES = [_two_dense_cases, _by_hand]

# Tests that catch every suspect but the one that is named.
BLIND = {
    "labels-first-column": _first_is_as_good,
    "wrong-axis": _symmetric,
    "temperature-multiplied": _scale_one,
    "not-normalised": _unit_vectors,
    "summed": _nothing_lost,
    "positive-left-out": _nothing_found,
    "clamped": _no_negative_cosine,
    "overflow": lambda: [_general()],
}
