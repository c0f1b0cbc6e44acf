"""Other right answers to `break_last_token`."""

from __future__ import annotations

# One dimension is enough. 5 and 6 are tokens, 9 is what a transformer leaves at padding.
_RIGHT = ([[[6], [5], [9]]], [[1, 1, 0]], [[5]])

_LEFT = ([[[9], [6], [5]]], [[0, 1, 1]], [[5]])

_FULL_FIRST = ([[[8], [6], [5]], [[7], [4], [9]]], [[1, 1, 1], [1, 1, 0]], [[5], [4]])

_EMPTY = ([[[9], [9]], [[6], [5]]], [[0, 0], [1, 1]], [[0], [5]])


def _all_four() -> list:
    return [_RIGHT, _LEFT, _FULL_FIRST, _EMPTY]


def _two_dense_cases() -> list:
    """An alternative: one batch for each side of the padding."""
    left = ([[[9, 9], [6, -1], [5, -2]], [[9, 9], [9, 9], [9, 9]]], [[0, 1, 1], [0, 0, 0]])
    return [(*left, [[5, -2], [0, 0]]), _FULL_FIRST]


def _only_right() -> list:
    return [_RIGHT, _FULL_FIRST, _EMPTY]


def _without_right() -> list:
    return [_LEFT, _EMPTY, ([[[6], [5]], [[4], [9]]], [[1, 1], [1, 1]], [[5], [9]])]


def _short_first() -> list:
    return [_RIGHT, _LEFT, _EMPTY]


def _empty_padding() -> list:
    cases = ([[[6], [5], [0]]], [[1, 1, 0]], [[5]]), ([[[0], [6], [5]]], [[0, 1, 1]], [[5]])
    full_first = ([[[8], [6], [5]], [[7], [4], [0]]], [[1, 1, 1], [1, 1, 0]], [[5], [4]])
    return [*cases, full_first, ([[[0], [0]], [[6], [5]]], [[0, 0], [1, 1]], [[0], [5]])]


def _growing() -> list:
    """Tokens 1, 2, 3: the last is the largest."""
    right = ([[[1], [2], [3]], [[1], [2], [9]]], [[1, 1, 1], [1, 1, 0]], [[3], [2]])
    left = ([[[9], [1], [2]]], [[0, 1, 1]], [[2]])
    return [right, left, ([[[9], [9]]], [[0, 0]], [[0]])]


def _alike() -> list:
    """The last two tokens of every text are equal."""
    full_first = ([[[8], [5], [5]], [[4], [9], [9]]], [[1, 1, 1], [1, 0, 0]], [[5], [4]])
    return [
        full_first,
        ([[[9], [9], [7], [5], [5]]], [[0, 0, 1, 1, 1]], [[5]]),
        ([[[9]]], [[0]], [[0]]),
    ]


ALTERNATIVES = [_all_four, _two_dense_cases]

# Tests that catch every suspect but the one that is named.
BLIND = {
    "last-position": _without_right,
    "counted-mask": _only_right,
    "side-of-first-row": _short_first,
    "not-zero": _empty_padding,
    "largest-value": _growing,
    "one-before": _alike,
    "empty-row-kept": lambda: [_RIGHT, _LEFT, _FULL_FIRST],
}
