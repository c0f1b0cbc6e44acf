"""Other right answers to `break_analogy`."""

from __future__ import annotations

from collections.abc import Callable

# For each suspect a question that this suspect alone gets wrong: (vectors, a, b, c, expected).
_ALONE = {
    "c-comes-back": ([[-1, -2], [-1, 0], [0, -1], [0, -1], [0, 1]], 3, 2, 1, 0),
    "b-comes-back": ([[0, -2], [1, -1], [-1, 1], [1, 0], [0, -1]], 2, 1, 4, 0),
    "offset-reversed": ([[2, 0], [0, 1], [0, 1], [1, 0], [1, 0]], 2, 4, 3, 0),
    "c-forgotten": ([[0, -1], [-1, 0], [-1, 1], [0, -2], [2, 0]], 4, 3, 2, 1),
    "not-normalised-first": ([[0, 1], [-1, 0], [-3, 0], [0, -1], [1, 0]], 3, 2, 4, 0),
    "dot-product": ([[2, -1], [1, 0], [-1, 0], [2, 0], [2, 1]], 2, 3, 4, 1),
    "row-of-what-is-left": ([[0, -1], [2, 0], [0, 1], [0, 1], [1, 0]], 0, 1, 3, 2),
}


def _all_but(name: str) -> Callable[[], list]:
    """A test with the telling question of every suspect but one."""
    return lambda: [case for suspect, case in _ALONE.items() if suspect != name]


def _one_each() -> list:
    """An alternative: one question for each suspect."""
    return list(_ALONE.values())


def _two_questions() -> list:
    """An alternative: two questions, in numbers with decimals."""
    inputs = [[0.0, -1.0], [0.0, 1.0], [0.0, -2.0], [3.0, 0.0], [-2.0, -1.0]]
    start = [[0.0, -1.0], [-1.0, 0.0], [-1.0, 1.0], [0.0, -2.0], [2.0, 0.0]]
    return [(inputs, 2, 1, 4, 3), (start, 4, 3, 2, 1)]


ALTERNATIVES = [_one_each, _two_questions]

# Tests that catch every suspect but the one that is named.
BLIND = {
    "c-comes-back": _all_but("c-comes-back"),
    "b-comes-back": _all_but("b-comes-back"),
    "offset-reversed": _all_but("offset-reversed"),
    "c-forgotten": _all_but("c-forgotten"),
    "not-normalised-first": _all_but("not-normalised-first"),
    "dot-product": _all_but("dot-product"),
    "row-of-what-is-left": _all_but("row-of-what-is-left"),
}
