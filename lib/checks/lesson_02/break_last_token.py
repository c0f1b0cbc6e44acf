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


def _unfair(tokens, mask) -> str | None:
    flags = np.array(mask, dtype=np.float64)
    if not np.isin(flags, (0, 1)).all():
        return "a mask holds 1 for a real token and 0 for padding, and nothing else."
    for row in flags:
        real = np.flatnonzero(row)
        together = len(real) == 0 or real[-1] - real[0] + 1 == len(real)
        if not together or (len(real) and row[0] == 0 and row[-1] == 0):
            return "real tokens stand together, with padding on one side alone."
    return None


EXERCISE = BreakIt(
    "break_last_token",
    "02",
    right=[_right, _right_backwards],
    suspects=[
        Suspect(
            "last-position",
            "A suspect that takes the last position passes your test. Add a text with padding on "
            "the right whose padding holds a vector of its own.",
            _pooling(lambda vectors, flags, every: -1),
            hint=1,
        ),
        Suspect(
            "counted-mask",
            "A suspect that counts the mask and takes that position passes your test. Add a text "
            "with padding on the left.",
            _pooling(_counted),
            hint=1,
        ),
        Suspect(
            "side-of-first-row",
            "A suspect that lets the first row tell the side of the padding passes your test. Add "
            "a batch whose first text is full and whose second has padding on the right.",
            _pooling(_side_of_first_row),
            hint=3,
        ),
        Suspect(
            "not-zero",
            "A suspect that never reads the mask but looks for the last vector that is not zero "
            "passes your test. A transformer leaves vectors at padding: do so, too.",
            _pooling(_not_zero),
            hint=1,
        ),
        Suspect(
            "largest-value",
            "A suspect that takes the largest value (max pooling) passes your test: with tokens 1, "
            "2, 3 the last is the largest. Let the last token be smaller than another.",
            _largest,
            hint=2,
        ),
        Suspect(
            "one-before",
            "A suspect that stops one token early passes your test. Let the last two tokens of a "
            "text differ.",
            _pooling(_one_before),
            hint=2,
        ),
        Suspect(
            "empty-row-kept",
            "A suspect that returns padding for a text without a token passes your test. Add a row "
            "whose mask is all 0; zeros are expected for it.",
            _pooling(_last, empty=None),
            hint=3,
        ),
    ],
    arguments=["token_embeddings", "attention_mask"],
    unfair=_unfair,
)
