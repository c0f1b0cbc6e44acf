"""Lesson 01, the break-it exercise: a test that tells a right analogy solver from wrong ones."""

from __future__ import annotations

from collections.abc import Callable

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


def _row_of_what_is_left(vectors: list, a: int, b: int, c: int) -> int:
    """Wrong: the answer's row after the three inputs were deleted from the matrix."""
    found = _right(vectors, a, b, c)
    return found - sum(word < found for word in {a, b, c})


_right = _solver()

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


def _suspect(name: str, message: str, implementation: Callable) -> Suspect:
    return Suspect(name, message, implementation, _all_but(name))


BREAK_ANALOGY = BreakIt(
    name="break_analogy",
    lesson="01",
    right=[_right, _last_of_equals],
    suspects=[
        _suspect(
            "c-comes-back",
            "A suspect that does not exclude the inputs passes your test: it may answer with c. "
            "Add a question in which a and b are close, so that c itself is nearest to the target.",
            _solver(exclude="ab"),
        ),
        _suspect(
            "b-comes-back",
            "A suspect that may answer with b passes your test. Add a question in which b is "
            "nearer to the target than the right answer.",
            _solver(exclude="ac"),
        ),
        _suspect(
            "offset-reversed",
            "A suspect that walks backwards (a - b + c) passes your test. Add a question with "
            "words on both sides of c, one along b - a and one against it.",
            _solver(target=lambda u, v, a, b, c: u[a] - u[b] + u[c]),
        ),
        _suspect(
            "c-forgotten",
            "A suspect that ignores c (its target is b - a) passes your test. Add a question where "
            "the place of c decides between two candidates.",
            _solver(target=lambda u, v, a, b, c: u[b] - u[a]),
        ),
        _suspect(
            "not-normalised-first",
            "A suspect that adds vectors of unequal length passes your test. Make one of the "
            "inputs several times as long as the others.",
            _solver(target=lambda u, v, a, b, c: v[b] - v[a] + v[c]),
        ),
        _suspect(
            "dot-product",
            "A suspect that ranks candidates by the dot product passes your test. Add a long "
            "candidate that is only roughly in the right direction.",
            _solver(score=lambda u, v, t: v @ t),
        ),
        _suspect(
            "row-of-what-is-left",
            "A suspect that deletes the inputs and returns a row of the smaller matrix passes your "
            "test. Let an input stand above the right answer.",
            _row_of_what_is_left,
        ),
    ],
    alternatives=[_one_each, _two_questions],
    arguments=["vectors", "a", "b", "c"],
)
