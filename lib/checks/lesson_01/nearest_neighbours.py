"""Lesson 01, the nearest neighbours of a word vector."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from lib.checks.exercise import Case, Exercise, Mistake
from lib.checks.values import EXACT


def _near_cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    plane = torch.tensor([[1.0, 0.0], [6.0, 8.0], [0.9, 0.1], [-1.0, 0.0], [0.0, 0.5]])
    east = torch.tensor([1.0, 0.0])
    yield Case((plane, east, 2, []), "a long vector in another direction")
    yield Case((plane, east, 2, [0]), "the nearest one excluded")
    yield Case((plane, torch.tensor([0.0, 3.0]), 3, [2, 1]), "two excluded, in any order")
    yield Case((plane, east, 9, [4]), "k larger than what is left")
    twins = torch.tensor([[0.0, 1.0], [2.0, 0.0], [1.0, 0.0], [4.0, 0.0], [1.0, 0.0]])
    yield Case((twins, east, 3, []), "ties: the lower id comes first")
    empty = torch.tensor([[0.0, 0.0], [1.0, 1.0], [-1.0, 0.5], [0.0, 0.0]])
    yield Case((empty, east, 4, []), "vectors of length zero")
    yield Case((plane, east, 1, [0, 1, 2, 3]), "only one left")
    for turn in range(6 if hidden else 3):
        words, dim = int(rng.integers(6, 40)), int(rng.integers(2, 9))
        vectors = rng.normal(size=(words, dim)) * rng.lognormal(0, 1, (words, 1))
        left_out = rng.choice(words, int(rng.integers(1, 5)), replace=False).tolist()
        query = torch.from_numpy(vectors[left_out[0]] + 0.1 * rng.normal(size=dim))
        yield Case(
            (torch.from_numpy(vectors), query, int(rng.integers(2, 5)), left_out), f"random {turn}"
        )
    stripes = torch.from_numpy(rng.normal(size=(7, 12)) * rng.lognormal(0, 1, 12)).T
    yield Case(
        (stripes, torch.from_numpy(rng.normal(size=7)), 4, [5]),
        "four neighbours among twelve words",
    )


def _near_by_loops(vectors, query, k, exclude) -> list[int]:
    rows, target = np.asarray(vectors, dtype=np.float64), np.asarray(query, dtype=np.float64)
    found = []
    for word, row in enumerate(rows):
        if word not in exclude:
            length = float(np.sqrt(np.sum(row * row)))
            cosine = float(np.sum(row * target)) / length if length > 0 else 0.0
            found.append((round(-cosine, 12), word))
    return [word for _, word in sorted(found)[:k]]


def _cosines(vectors: Tensor, query: Tensor) -> Tensor:
    return vectors @ query / vectors.norm(dim=1).clamp(min=1e-12)


def _near_with(score: Callable[[Tensor, Tensor], Tensor]):
    """A search by another score; the rest is right."""

    def search(vectors: Tensor, query: Tensor, k: int, exclude: list[int]) -> Tensor:
        scores = score(vectors, query)
        scores[exclude] = float("-inf")
        left = len(vectors) - len(exclude)
        return scores.argsort(descending=True, stable=True)[: min(k, left)]

    return search


_near = _near_with(_cosines)


def _not_excluded(vectors, query, k, exclude):
    return _near(vectors, query, k, [])


def _excluded_afterwards(vectors, query, k, exclude):
    first = _near(vectors, query, k, [])
    return [word for word in first.tolist() if word not in exclude]


def _first_dropped(vectors, query, k, exclude):
    return _near(vectors, query, k + 1, [])[1:]


def _filled_up(vectors, query, k, exclude):
    scores = _cosines(vectors, query)
    scores[exclude] = float("-inf")
    return scores.argsort(descending=True, stable=True)[:k]


def _shifted_ids(vectors, query, k, exclude):
    kept = [word for word in range(len(vectors)) if word not in exclude]
    return _near(vectors[kept], query, k, [])


def _later_twin(vectors, query, k, exclude):
    back = _near(vectors.flip(0), query, k, [len(vectors) - 1 - word for word in exclude])
    return len(vectors) - 1 - back


def _any_twin_first(vectors, query, k, exclude):
    scores = _cosines(vectors, query)
    scores[exclude] = float("-inf")
    return scores.topk(min(k, len(vectors) - len(exclude))).indices


def _not_a_number(vectors, query):
    return vectors @ query / vectors.norm(dim=1)


EXERCISE = Exercise(
    name="nearest_neighbours",
    lesson="01",
    cases=_near_cases,
    oracle=_near_by_loops,
    tolerance=EXACT,
    mistakes=[
        Mistake(
            "dot-product",
            "You rank by the dot product, so long vectors win whatever their direction. Divide "
            "each score by the length of the word's vector: that is the cosine.",
            _near_with(lambda v, q: v @ q),
            hint=1,
        ),
        Mistake(
            "euclidean",
            "You rank by distance between the end points. A word in exactly the right direction "
            "but twice as long comes out far away: rank by cosine.",
            _near_with(lambda v, q: -(v - q).norm(dim=1)),
            hint=1,
        ),
        Mistake(
            "divided-twice",
            "You divide by the squared length of each vector, so short vectors win. The cosine "
            "divides by the length once.",
            _near_with(lambda v, q: v @ q / v.square().sum(1).clamp(min=1e-12)),
            hint=1,
        ),
        Mistake(
            "other-axis",
            "You divide each column of `vectors` by its length, not each row. A word's vector is a row: "
            "take the length along dim 1.",
            _near_with(lambda v, q: (v / v.norm(dim=0).clamp(min=1e-12)) @ q),
            also=[
                _near_with(lambda v, q: _cosines(v / v.norm(dim=0).clamp(min=1e-12), q)),
            ],
            hint=1,
        ),
        Mistake(
            "not-excluded",
            "The words in `exclude` come back: a word's nearest neighbour is always itself. Set "
            "their scores to -inf before you pick the best.",
            _not_excluded,
            hint=2,
        ),
        Mistake(
            "first-dropped",
            "You drop the first hit and hope that it is the query. That fails when several words "
            "are excluded, or none: use the ids in `exclude`.",
            _first_dropped,
            hint=2,
        ),
        Mistake(
            "excluded-afterwards",
            "You exclude after taking the best k, so fewer than k come back. Exclude first, then "
            "take k.",
            _excluded_afterwards,
            hint=2,
        ),
        Mistake(
            "shifted-ids",
            "You search a smaller matrix and return its row numbers. Once rows are removed, row 3 "
            "is no longer word 3: translate back, or mask scores instead of removing rows.",
            _shifted_ids,
            hint=2,
        ),
        Mistake(
            "filled-up-with-excluded",
            "When k is larger than what is left you fill up with excluded words (score -inf). "
            "Return fewer ids instead.",
            _filled_up,
            hint=2,
        ),
        Mistake(
            "farthest",
            "You return the words farthest away: the sort runs upwards. Cosine 1 is nearest, so "
            "sort descending.",
            lambda v, q, k, e: _near(v, -q, k, e),
            hint=3,
        ),
        Mistake(
            "absolute-cosine",
            "You rank by the absolute cosine: a word in the opposite direction counts as near. "
            "Keep the sign.",
            _near_with(lambda v, q: _cosines(v, q).abs()),
        ),
        Mistake(
            "zero-length",
            "A vector of length zero gives 0/0, and NaN sorts before every number. Clamp the "
            "length from below (`clamp(min=1e-12)`), so that its cosine is 0.",
            _near_with(_not_a_number),
        ),
        Mistake(
            "later-twin-first",
            "Among equal scores you do not put the lower id first. `topk` promises no order among "
            "equals: use `sort(descending=True, stable=True)`.",
            _later_twin,
            also=[_any_twin_first],
            hint=3,
        ),
    ],
    equivalent={
        "cosines.argsort(descending=True, stable=True) -> cosines.argsort(descending=True)": (
            "on a CPU, PyTorch's sort is stable anyway"
        ),
        "cosines.argsort(descending=True, stable=True) -> cosines.argsort(descending=True, stable=False)": (
            "on a CPU, PyTorch's sort is stable anyway"
        ),
    },
    returns="tensor",
)
