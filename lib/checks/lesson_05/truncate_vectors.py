"""Lesson 05, one vector and many lengths: `truncate_vectors`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from lib.checks.exercise import Case, Exercise, Mistake
from lib.checks.lesson_05._prefixes import cut_by_loops, unit


def _cut_cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    three = torch.tensor([[3.0, 4.0, 12.0, -5.0], [1.0, -1.0, 0.5, 7.0]])
    yield Case((three, 2), "two of four numbers")
    yield Case((three, 4), "all numbers")
    yield Case((three, 1), "one number")
    yield Case((torch.tensor([[0.0, 0.0, 1.0], [0.6, 0.8, 0.0]]), 2), "nothing is left of a row")
    mixed = torch.tensor([[0.0, 0.0, 1.0], [3.0, 4.0, 0.0]])
    yield Case((mixed, 2), "nothing is left of a row, much of the other")
    yield Case((three[:1] * 1e-4, 3), "a very short vector")
    yield Case((three[:, :2], 2), "as many rows as numbers")
    yield Case((three, 5), "more numbers than there are")
    yield Case((three, 0), "no number")
    yield Case((three[:1], -1), "a negative length")
    unit = torch.nn.functional.normalize(three)
    yield Case((unit, 3), "unit vectors")
    yield Case((torch.from_numpy(rng.normal(size=(5, 4))).T, 3), "four vectors of five numbers")
    for turn in range(5 if hidden else 2):
        rows, long = int(rng.integers(1, 6)), int(rng.integers(3, 12))
        vectors = torch.from_numpy(rng.normal(size=(rows, long)) * rng.lognormal(0, 1, (rows, 1)))
        yield Case((vectors, int(rng.integers(1, long + 1))), f"random {turn}")
        yield Case((vectors.float(), int(rng.integers(1, long))), f"float32 {turn}")


def _refusing(cut: Callable) -> Callable:
    """The same, with the lengths refused that cannot be."""

    def checked(vectors: Tensor, dim: int) -> Tensor:
        if dim < 1 or dim > vectors.shape[1]:
            raise ValueError("no such length")
        return cut(vectors, dim)

    return checked


def _cut(v: Tensor, dim: int) -> Tensor:
    return unit(v[:, :dim])


EXERCISE = Exercise(
    "truncate_vectors",
    "05",
    _cut_cases,
    cut_by_loops,
    equivalent={"vectors.shape[1] -> vectors.shape[0] #2": "only in the text of the error"},
    mistakes=[
        Mistake(
            "not-renormalised",
            "The cut vectors are shorter than 1, each by another factor, so their dot products are "
            "no cosines. Divide each row by the length of what is left.",
            _refusing(lambda v, dim: v[:, :dim]),
            hint=1,
        ),
        Mistake(
            "normalised-before",
            "You normalise first and cut then: the cut takes length away again. Cut first.",
            _refusing(lambda v, dim: unit(v)[:, :dim]),
            hint=1,
        ),
        Mistake(
            "trailing",
            "You keep the last numbers. Matryoshka training packs what matters into the first ones.",
            _refusing(lambda v, dim: unit(v[:, -dim:])),
        ),
        Mistake(
            "zeros-kept",
            "You set the rest to zero and keep its place. The vector must become shorter: that is "
            "what saves the memory.",
            _refusing(
                lambda v, dim: torch.cat([unit(v[:, :dim]), torch.zeros_like(v[:, dim:])], dim=1)
            ),
        ),
        Mistake(
            "rows-cut",
            "You cut rows, not numbers: the result has fewer texts. Cut along dim 1.",
            _refusing(lambda v, dim: unit(v[:dim])),
        ),
        Mistake(
            "columns-normalised",
            "You divide columns by their length, so a text's vector depends on the others. Each row "
            "gets length 1: norm along dim 1.",
            _refusing(
                lambda v, dim: v[:, :dim] / v[:, :dim].norm(dim=0, keepdim=True).clamp(min=1e-12)
            ),
            hint=2,
        ),
        Mistake(
            "one-length-for-all",
            "You divide by the norm of the whole matrix, one number for all rows. Each row has its "
            "own: norm along dim 1, with keepdim.",
            _refusing(lambda v, dim: v[:, :dim] / v[:, :dim].norm().clamp(min=1e-12)),
            hint=2,
        ),
        Mistake(
            "no-epsilon",
            "A row of which nothing is left becomes 0 / 0 = NaN. Keep the length above a tiny number.",
            _refusing(lambda v, dim: v[:, :dim] / v[:, :dim].norm(dim=1, keepdim=True)),
        ),
        Mistake(
            "sum-of-sizes",
            "You divide by the sum of absolute values (p=1). The length of a vector is the root of "
            "the sum of squares.",
            _refusing(
                lambda v, dim: v[:, :dim] / v[:, :dim].abs().sum(1, keepdim=True).clamp(min=1e-12)
            ),
        ),
        Mistake(
            "never-refused",
            "A length of 0 or one above the vectors' own is taken without a word. Slicing never fails: "
            "raise a ValueError yourself.",
            lambda v, dim: unit(v[:, :dim]),
            hint=3,
        ),
        Mistake(
            "only-too-long-refused",
            "Lengths below 1 are taken. `v[:, :0]` is empty and `v[:, :-1]` drops only the last number: "
            "refuse them, too.",
            lambda v, dim: _refusing(_cut)(v, max(dim, 1)) if dim > 0 else _cut(v, dim),
            hint=3,
        ),
    ],
    returns="tensor",
)
