"""Lesson 01, the break-it exercise: a test that tells a right analogy solver from wrong ones."""

from __future__ import annotations

import numpy as np

from lib.checks.breakit import BreakIt, Suspect


def _solver(
    target=lambda u, v, a, b, c: u[b] - u[a] + u[c],
    score=lambda u, v, t: u @ t,
    exclude: str = "abc",
):
    """A 3CosAdd solver for one question over a nested list of vectors, possibly a wrong one."""

    def solve(vectors: list, a: int, b: int, c: int) -> int:
        rows = np.asarray(vectors, dtype=np.float64)
        unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        scores = score(unit, rows, target(unit, rows, a, b, c))
        for letter, word in zip("abc", (a, b, c)):
            if letter in exclude:
                scores[word] = -np.inf
        return int(scores.argmax())

    return solve


def _last_of_equals(vectors: list, a: int, b: int, c: int) -> int:
    """Right, by the sum of three cosines; among equals the last, so that a tie is no fair test."""
    rows = np.asarray(vectors, dtype=np.float64)
    unit = rows / np.sqrt((rows * rows).sum(axis=1))[:, None]
    scores = np.round(unit @ unit[b] - unit @ unit[a] + unit @ unit[c], 9)
    left = [word for word in range(len(rows)) if word not in (a, b, c)]
    return max(left, key=lambda word: (scores[word], word))


_right = _solver()

# Words in the plane by angle in degrees and length: what a learner's few vectors amount to.
_REVERSED = "You never notice that the offset runs backwards (a - b + c). Ask a question where "


def _at(*places: tuple[float, float]) -> list:
    """Vectors at (angle in degrees, length)."""
    return [[r * np.cos(np.radians(t)), r * np.sin(np.radians(t))] for t, r in places]


def _test(vectors: list, a: int, b: int, c: int) -> tuple:
    return (vectors, a, b, c, _right(vectors, a, b, c))
