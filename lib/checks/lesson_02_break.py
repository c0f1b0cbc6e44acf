"""Lesson 02, the break-it exercise: a test that tells right last-token pooling from wrong."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lib.checks.breakit import BreakIt, Suspect


def _pooling(place: Callable, empty: float | None = 0.0) -> Callable:
    """Pooling by one token per row: place(vectors, mask row, whole mask) gives its position."""

    def pooled(tokens, mask) -> np.ndarray:
        vectors, flags = np.array(tokens, dtype=np.float64), np.array(mask) != 0
        if vectors.ndim != 3 or flags.shape != vectors.shape[:2]:
            raise ValueError(f"tokens {vectors.shape} and mask {flags.shape} do not fit")
        rows = [v[place(v, f, flags)] for v, f in zip(vectors, flags)]
        zeros = np.zeros(vectors.shape[2])
        return np.array([r if f.any() or empty is None else zeros for r, f in zip(rows, flags)])

    return pooled


def _last(vectors: np.ndarray, flags: np.ndarray, every: np.ndarray) -> int:
    return max((i for i, flag in enumerate(flags) if flag), default=0)


def _counted(vectors: np.ndarray, flags: np.ndarray, every: np.ndarray) -> int:
    return max(int(flags.sum()) - 1, 0)


def _side_of_first_row(vectors: np.ndarray, flags: np.ndarray, every: np.ndarray) -> int:
    return len(flags) - 1 if every[0, -1] else _counted(vectors, flags, every)


def _one_before(vectors: np.ndarray, flags: np.ndarray, every: np.ndarray) -> int:
    first = int(flags.argmax())
    return max(_last(vectors, flags, every) - 1, first)


def _not_zero(vectors: np.ndarray, flags: np.ndarray, every: np.ndarray) -> int:
    return max((i for i, v in enumerate(vectors) if v.any()), default=0)


_right = _pooling(_last)


def _right_backwards(tokens, mask) -> np.ndarray:
    """Right, written otherwise: read each row from its end, stop at the first real token."""
    pooled = []
    for vectors, flags in zip(np.array(tokens, dtype=np.float64), np.array(mask)):
        real = (v for v, flag in zip(vectors[::-1], flags[::-1]) if flag)
        pooled.append(next(real, np.zeros(vectors.shape[1])))
    return np.array(pooled)


def _largest(tokens, mask) -> np.ndarray:
    """Max pooling: on tokens that grow along the text nobody sees the difference."""
    filled = np.where(np.array(mask)[..., None] != 0, np.array(tokens, dtype=float), -np.inf)
    best = filled.max(axis=1)
    return np.where(np.isneginf(best), 0.0, best)


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


BREAK = BreakIt(
    "break_last_token",
    "02",
    right=[_right, _right_backwards],
    suspects=[
        Suspect(
            "last-position",
            "A suspect that takes the last position passes your test. Add a text with padding on "
            "the right whose padding holds a vector of its own.",
            _pooling(lambda vectors, flags, every: -1),
            _without_right,
        ),
        Suspect(
            "counted-mask",
            "A suspect that counts the mask and takes that position passes your test. Add a text "
            "with padding on the left.",
            _pooling(_counted),
            _only_right,
        ),
        Suspect(
            "side-of-first-row",
            "A suspect that lets the first row tell the side of the padding passes your test. Add "
            "a batch whose first text is full and whose second has padding on the right.",
            _pooling(_side_of_first_row),
            _short_first,
        ),
        Suspect(
            "not-zero",
            "A suspect that never reads the mask but looks for the last vector that is not zero "
            "passes your test. A transformer leaves vectors at padding: do so, too.",
            _pooling(_not_zero),
            _empty_padding,
        ),
        Suspect(
            "largest-value",
            "A suspect that takes the largest value (max pooling) passes your test: with tokens 1, "
            "2, 3 the last is the largest. Let the last token be smaller than another.",
            _largest,
            _growing,
        ),
        Suspect(
            "one-before",
            "A suspect that stops one token early passes your test. Let the last two tokens of a "
            "text differ.",
            _pooling(_one_before),
            _alike,
        ),
        Suspect(
            "empty-row-kept",
            "A suspect that returns padding for a text without a token passes your test. Add a row "
            "whose mask is all 0; zeros are expected for it.",
            _pooling(_last, empty=None),
            lambda: [_RIGHT, _LEFT, _FULL_FIRST],
        ),
    ],
    alternatives=[_all_four, _two_dense_cases],
    arguments=["token_embeddings", "attention_mask"],
)

EXERCISES = [BREAK]
