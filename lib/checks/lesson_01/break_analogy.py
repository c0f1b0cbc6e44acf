"""Lesson 01, the break-it exercise: a test that tells a right analogy solver from wrong ones."""

from __future__ import annotations

import numpy as np

from lib.checks.breakit import BreakIt, Suspect


def _solver(
    target=lambda u, v, a, b, c: u[b] - u[a] + u[c],
    score=lambda u, v, t: u @ t,
    exclude: str = "abc",
    excluded: float = -np.inf,
):
    """A 3CosAdd solver for one question over a nested list of vectors, possibly a wrong one."""

    def solve(vectors: list, a: int, b: int, c: int) -> int:
        rows = np.asarray(vectors, dtype=np.float64)
        unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        scores = score(unit, rows, target(unit, rows, a, b, c))
        for letter, word in zip("abc", (a, b, c)):
            if letter in exclude:
                scores[word] = excluded
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


def _unfair(vectors: list, a: int, b: int, c: int) -> str | None:
    if len({int(a), int(b), int(c)}) < 3:
        return "a, b and c must be three different row numbers."
    if len(vectors) < 4:
        return "a case needs at least four words: three of them are inputs, which cannot be the answer."
    rows = np.asarray(vectors, dtype=np.float64)
    lengths = np.linalg.norm(rows, axis=1)
    if not lengths.all():
        return "a word of length zero has no direction, and so no cosine."
    unit = rows / lengths[:, None]
    scores = np.delete(unit @ (unit[b] - unit[a] + unit[c]), [a, b, c])
    if len(scores) > 1 and np.sort(scores)[-1] - np.sort(scores)[-2] < 1e-9:
        return "two words are equally near to the target, so that either is right. Avoid ties."
    return None


EXERCISE = BreakIt(
    name="break_analogy",
    lesson="01",
    right=[_right, _last_of_equals],
    suspects=[
        Suspect(
            "c-comes-back",
            "A suspect that does not exclude the inputs passes your test: it may answer with c. "
            "Add a question in which a and b are close, so that c itself is nearest to the target.",
            _solver(exclude="ab"),
            hint=2,
        ),
        Suspect(
            "b-comes-back",
            "A suspect that may answer with b passes your test. Add a question in which b is "
            "nearer to the target than the right answer.",
            _solver(exclude="ac"),
            hint=2,
        ),
        Suspect(
            "offset-reversed",
            "A suspect that walks backwards (a - b + c) passes your test. Add a question with "
            "words on both sides of c, one along b - a and one against it.",
            _solver(target=lambda u, v, a, b, c: u[a] - u[b] + u[c]),
            hint=2,
        ),
        Suspect(
            "c-forgotten",
            "A suspect that ignores c (its target is b - a) passes your test. Add a question where "
            "the place of c decides between two candidates.",
            _solver(target=lambda u, v, a, b, c: u[b] - u[a]),
            hint=2,
        ),
        Suspect(
            "not-normalised-first",
            "A suspect that adds vectors of unequal length passes your test. Make one of the "
            "inputs several times as long as the others.",
            _solver(target=lambda u, v, a, b, c: v[b] - v[a] + v[c]),
            hint=3,
        ),
        Suspect(
            "dot-product",
            "A suspect that ranks candidates by the dot product passes your test. Add a long "
            "candidate that is only roughly in the right direction.",
            _solver(score=lambda u, v, t: v @ t),
            hint=3,
        ),
        Suspect(
            "never-normalised",
            "A suspect that never scales a vector passes your test. Let lengths differ so much that plain "
            "dot products choose another word.",
            _solver(target=lambda u, v, a, b, c: v[b] - v[a] + v[c], score=lambda u, v, t: v @ t),
            hint=3,
        ),
        Suspect(
            "a-forgotten",
            "A suspect that ignores a (its target is b + c) passes your test. Add a question where the "
            "place of a decides between two candidates.",
            _solver(target=lambda u, v, a, b, c: u[b] + u[c]),
            hint=2,
        ),
        Suspect(
            "zero-for-inputs",
            "A suspect that gives the inputs the score 0 instead of leaving them out passes your test. Add a "
            "question to which every possible answer scores below 0.",
            _solver(excluded=0.0),
            hint=2,
        ),
        Suspect(
            "row-of-what-is-left",
            "A suspect that deletes the inputs and returns a row of the smaller matrix passes your "
            "test. Let an input stand above the right answer.",
            _row_of_what_is_left,
            hint=2,
        ),
    ],
    arguments=["vectors", "a", "b", "c"],
    unfair=_unfair,
)
