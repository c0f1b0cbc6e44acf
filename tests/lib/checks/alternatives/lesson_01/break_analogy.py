"""Other right answers to `break_analogy`."""

from __future__ import annotations

# For each suspect the questions that catch all others and not this one: (vectors, a, b, c, expected).
_WITHOUT: dict[str, list[tuple[list, int, int, int, int]]] = {
    "c-comes-back": [
        ([[1, -2], [3, 1], [-2, -3], [0, -1], [-3, -2]], 0, 1, 2, 4),
        ([[-1, -1], [-2, -3], [-3, 0], [1, -1], [2, -3]], 1, 2, 4, 3),
    ],
    "b-comes-back": [
        ([[0, 1], [1, 2], [2, 3], [-1, -3], [-1, 3]], 1, 2, 3, 4),
        ([[0, 1], [-2, 1], [-3, 0], [1, 0], [2, -2]], 0, 3, 2, 4),
    ],
    "offset-reversed": [([[-3, 0], [1, 3], [-2, 1], [-2, -3], [-1, -2]], 0, 1, 4, 3)],
    "c-forgotten": [([[0, -1], [-3, -1], [0, 3], [3, -2], [-1, 0]], 4, 2, 1, 3)],
    "not-normalised-first": [
        ([[2, 1], [3, -3], [3, 3], [-2, -1], [-2, -3]], 1, 3, 4, 2),
        ([[3, -3], [-2, -2], [2, -3], [-3, -3], [0, 3]], 3, 1, 2, 0),
    ],
    "dot-product": [
        ([[0, 2], [-1, 2], [3, 3], [1, 0], [-1, -3]], 0, 2, 3, 4),
        ([[3, -3], [-2, -2], [2, -3], [-3, -3], [0, 3]], 3, 1, 2, 0),
    ],
    "never-normalised": [
        ([[3, 1], [3, 3], [-3, -3], [3, 1], [-2, 2]], 1, 0, 3, 2),
        ([[3, 1], [0, 1], [-3, -2], [1, 1], [2, 3]], 4, 2, 1, 3),
    ],
    "a-forgotten": [
        ([[-3, -3], [2, -2], [0, 3], [-3, -3], [1, -2]], 0, 1, 4, 3),
        ([[2, 1], [2, -2], [1, -3], [3, 1], [-3, -3]], 0, 1, 4, 2),
    ],
    "zero-for-inputs": [
        ([[0, 1], [-3, 2], [0, 1], [2, -1], [3, 3]], 1, 0, 4, 2),
        ([[2, -2], [1, -2], [3, 1], [1, 1], [3, -2]], 1, 2, 0, 3),
    ],
    "row-of-what-is-left": [
        ([[-3, -3], [1, -1], [-1, 2], [2, 2], [1, -1]], 1, 2, 3, 0),
        ([[3, -3], [-2, -2], [2, -3], [-3, -3], [0, 3]], 3, 1, 2, 0),
    ],
}


def _two_sets() -> list:
    """An alternative: the questions without one suspect, and those without another."""
    return [*_WITHOUT["c-comes-back"], *_WITHOUT["a-forgotten"]]


def _in_decimals() -> list:
    """An alternative: in numbers with decimals, as lists."""
    return [
        [[[x / 2 for x in row] for row in vectors], *rest]
        for name in ("zero-for-inputs", "offset-reversed")
        for vectors, *rest in _WITHOUT[name]
    ]


ALTERNATIVES = [_two_sets, _in_decimals]

# Tests that catch every suspect but the one that is named.
BLIND = {name: (lambda tests=tests: tests) for name, tests in _WITHOUT.items()}
