"""Lesson 01, analogies by 3CosAdd."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from lib.checks.exercise import Case, Exercise, Mistake
from lib.checks.values import EXACT


def _analogy_cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    # 0 man, 1 woman, 2 king, 3 queen, 4 apple: sex on the first axis, royalty on the second
    toy = torch.tensor(
        [[2.0, 0.2, 1.0], [-2.0, 0.2, 1.0], [1.0, 2.0, 1.0], [-1.5, 2.5, 1.5], [0.1, -1.0, 0.5]]
    )
    yield _question(toy, [0], [1], [2], 1, "man : woman :: king : ?")
    yield _question(toy, [0, 3, 2], [2, 2, 3], [1, 1, 0], 2, "three questions, two answers each")
    yield _question(toy * torch.tensor([[9.0], [1.0], [0.1], [5.0], [40.0]]), [0], [1], [2], 2, "lengths differ")  # fmt: skip
    yield _question(toy, [0], [0], [2], 2, "an input that comes twice")
    for turn in range(7 if hidden else 4):
        words, dim, count = int(rng.integers(8, 30)), int(rng.integers(3, 9)), 6
        vectors = rng.normal(size=(words, dim)) * rng.lognormal(0, 0.8, (words, 1))
        a, b, c = rng.integers(0, words, (3, count)).tolist()
        k = int(rng.integers(1, 4))
        yield _question(torch.from_numpy(vectors), a, b, c, k, f"random {turn}")
    # The inputs themselves lie nearest to the target, as they do in trained vectors.
    base = rng.normal(size=(14, 6)) * 0.15 + rng.normal(size=6)
    a, b, c = rng.integers(0, 14, (3, 8)).tolist()
    yield _question(torch.from_numpy(base), a, b, c, 2, "vectors that all lie close together")
    stripes = torch.from_numpy(rng.normal(size=(5, 10)) * rng.lognormal(0, 1, 10)).T
    yield _question(stripes, [1], [4], [7], 3, "one question among ten words")
    away = torch.tensor([[-1.0, 0.1], [1.0, 0.1], [1.0, 0.2], [-1.0, 0.0], [-1.0, -0.1]])
    yield _question(away, [0], [1], [2], 2, "all that is left lies opposite to the target")


def _question(vectors: Tensor, a: list, b: list, c: list, k: int, label: str) -> Case:
    return Case((vectors, torch.tensor(a), torch.tensor(b), torch.tensor(c), k), label)


def _analogy_by_loops(vectors, a, b, c, k) -> np.ndarray:
    rows = [np.asarray(row, dtype=np.float64) for row in vectors]
    unit = [row / np.sqrt(np.dot(row, row)) for row in rows]
    answers = []
    for i, j, m in zip(a.tolist(), b.tolist(), c.tolist()):
        target = unit[m] + unit[j] - unit[i]
        ranked = sorted(range(len(unit)), key=lambda word: -float(np.dot(unit[word], target)))
        answers.append([word for word in ranked if word not in (i, j, m)][:k])
    return np.array(answers)


def _analogy_with(
    target=lambda u, v, a, b, c: u[b] - u[a] + u[c],
    score=lambda u, v, t: t @ u.T,
    exclude: str = "abc",
    excluded: float = float("-inf"),
    axis: int = 1,
):
    """3CosAdd with another target, another score, or other words excluded."""

    def solve(vectors: Tensor, a: Tensor, b: Tensor, c: Tensor, k: int) -> Tensor:
        unit = vectors / vectors.norm(dim=axis, keepdim=True)
        scores = score(unit, vectors, target(unit, vectors, a, b, c))
        for letter, ids in zip("abc", (a, b, c)):
            if letter in exclude:
                scores[torch.arange(len(ids)), ids] = excluded
        return scores.topk(k, dim=1).indices

    return solve


def _excluded_everywhere(vectors, a, b, c, k):
    unit = vectors / vectors.norm(dim=1, keepdim=True)
    scores = (unit[b] - unit[a] + unit[c]) @ unit.T
    scores[:, torch.cat([a, b, c])] = float("-inf")
    return scores.topk(k, dim=1).indices


def _first_three_dropped(vectors, a, b, c, k):
    return _analogy_with(exclude="")(vectors, a, b, c, k + 3)[:, 3:]


EXERCISE = Exercise(
    name="analogy_3cosadd",
    lesson="01",
    cases=_analogy_cases,
    oracle=_analogy_by_loops,
    tolerance=EXACT,
    mistakes=[
        Mistake(
            "inputs-not-excluded",
            "The inputs may come back as answers. The nearest word to b - a + c is often c or b "
            "itself: set the scores of all three to -inf.",
            _analogy_with(exclude=""),
            hint=1,
        ),
        Mistake(
            "only-c-excluded",
            "You exclude c only. b can be nearest as well (and a, when the offset is small): "
            "exclude all three inputs.",
            _analogy_with(exclude="c"),
            hint=1,
        ),
        Mistake(
            "excluded-everywhere",
            "You exclude the inputs of *all* questions from every question. Each row has its own "
            "three words: index rows and columns together.",
            _excluded_everywhere,
            hint=2,
        ),
        Mistake(
            "first-three-dropped",
            "You drop the three best hits and hope that they are the inputs. Exclude the ids a, b "
            "and c themselves.",
            _first_three_dropped,
            hint=1,
        ),
        Mistake(
            "zero-for-inputs",
            "You give the inputs the score 0. Where all other words lie opposite to the target, their "
            "scores are below 0, and an input comes back: set the three scores to -inf.",
            _analogy_with(excluded=0.0),
            hint=1,
        ),
        Mistake(
            "other-axis",
            "You divide each column of `vectors` by its length, not each row. A word's vector is a row: "
            "`vectors.norm(dim=1, keepdim=True)`.",
            _analogy_with(axis=0),
            hint=3,
        ),
        Mistake(
            "offset-reversed",
            "The offset runs backwards: you compute a - b + c. From a to b is b - a, and that step "
            "starts at c.",
            _analogy_with(target=lambda u, v, a, b, c: u[a] - u[b] + u[c]),
        ),
        Mistake(
            "sum-of-all",
            "You add a where you should subtract it: the target is b - a + c.",
            _analogy_with(target=lambda u, v, a, b, c: u[a] + u[b] + u[c]),
        ),
        Mistake(
            "not-normalised-first",
            "You add and subtract vectors of unequal length, so a long one decides the sum. "
            "3CosAdd adds cosines: scale every vector to length 1 first.",
            _analogy_with(target=lambda u, v, a, b, c: v[b] - v[a] + v[c]),
            hint=3,
        ),
        Mistake(
            "dot-product",
            "The target is right, but you rank by the dot product with unscaled vectors, so long "
            "vectors win. Compare with the unit vectors.",
            _analogy_with(score=lambda u, v, t: t @ v.T),
            hint=3,
        ),
        Mistake(
            "never-normalised",
            "You use the raw vectors throughout. Their lengths say how frequent a word is more "
            "than what it means: scale every vector to length 1 first.",
            _analogy_with(
                target=lambda u, v, a, b, c: v[b] - v[a] + v[c], score=lambda u, v, t: t @ v.T
            ),
            hint=3,
        ),
        Mistake(
            "raw-distance",
            "You look for the raw vector nearest to the target by distance. 3CosAdd compares "
            "directions: unit vectors and dot products.",
            _analogy_with(score=lambda u, v, t: -torch.cdist(t, v)),
            hint=3,
        ),
        Mistake(
            "farthest",
            "You return the words farthest from the target. The largest cosine is the nearest.",
            _analogy_with(score=lambda u, v, t: -(t @ u.T)),
        ),
        Mistake(
            "direction-only",
            "You leave c out of the target: b - a alone says which way to go, not where from. Add "
            "c's vector.",
            _analogy_with(target=lambda u, v, a, b, c: u[b] - u[a]),
        ),
    ],
    equivalent={
        "torch.arange(len(a), device=a.device) -> torch.arange(len(a))": "the check runs on a CPU",
        "scores.topk(k, dim=1) -> scores.topk(k)": "the last dimension is the default",
    },
    returns="tensor",
)
