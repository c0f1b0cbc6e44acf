"""Lesson 02, comparing vectors: the cosine matrix."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from lib.checks.exercise import Case, Exercise, Mistake, NoLoop


def _cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    east, diagonal = torch.tensor([[3.0, 0.0]]), torch.tensor([[2.0, 2.0]])
    yield Case((east, diagonal), "one vector against one")
    three = torch.tensor([[1.0, 2.0], [0.0, -3.0], [-4.0, 1.0]])
    two = torch.tensor([[0.5, 0.5], [-2.0, 6.0]])
    yield Case((three, two), "three vectors against two")
    yield Case((three, three), "vectors against themselves: ones on the diagonal")
    yield Case((three[:2], two), "as many rows on both sides")
    yield Case((torch.tensor([[0.0, 0.0], [1.0, 1.0]]), two), "a vector of zeros on the left")
    yield Case((two, torch.tensor([[1.0, 0.0], [0.0, 0.0]])), "a vector of zeros on the right")
    yield Case((three * 1e-3, two * 1e3), "very short against very long vectors")
    yield Case((east.repeat(3, 1), diagonal), "duplicates")
    turn_left = torch.tensor([[0.0, 1.0]])
    yield Case((torch.nn.functional.normalize(three), turn_left), "unit vectors")
    strided = torch.from_numpy(rng.normal(size=(6, 4)) * rng.lognormal(0, 1, 4)).T
    yield Case((strided, strided[1:3]), "four rows against two of them")
    for turn in range(5 if hidden else 2):
        rows, columns, dim = (int(n) for n in rng.integers(2, 8, size=3))
        a = rng.normal(size=(rows, dim)) * rng.lognormal(0, 1, (rows, 1))
        b = rng.normal(size=(columns, dim)) * rng.lognormal(0, 1, (columns, 1))
        yield Case((torch.from_numpy(a), torch.from_numpy(b)), f"random {turn}")
        yield Case((torch.from_numpy(a).float(), torch.from_numpy(b).float()), f"float32 {turn}")


def _by_loops(a: Tensor, b: Tensor) -> np.ndarray:
    table = np.zeros((len(a), len(b)))
    for i, u in enumerate(a.double().tolist()):
        for j, v in enumerate(b.double().tolist()):
            dot = sum(x * y for x, y in zip(u, v))
            lengths = sum(x * x for x in u) ** 0.5 * sum(y * y for y in v) ** 0.5
            table[i, j] = dot / lengths if lengths > 0 else 0.0
    return table


def _unit(x: Tensor, dim: int = 1, power: int = 2) -> Tensor:
    return x / x.norm(dim=dim, keepdim=True, p=power).clamp(min=1e-12)


def _dot(a: Tensor, b: Tensor) -> Tensor:
    return a @ b.T


def _wrong_dimension(a: Tensor, b: Tensor) -> Tensor:
    return _unit(a, dim=0) @ _unit(b, dim=0).T


def _one_side(a: Tensor, b: Tensor) -> Tensor:
    return _unit(a) @ b.T


def _other_side(a: Tensor, b: Tensor) -> Tensor:
    return a @ _unit(b).T


def _lengths_in_a_row(a: Tensor, b: Tensor) -> Tensor:
    lengths = [x.norm(dim=1).clamp(min=1e-12) for x in (a, b)]
    return (a / lengths[0]) @ (b / lengths[1]).T


def _many(first: int = 2, second: int = 3) -> tuple[Tensor, Tensor]:
    """A call with so many rows on each side."""
    a, b = (torch.arange(1.0, 2 * n + 1).reshape(n, 2) for n in (first, second))
    return a, b


_AT_ONCE = (
    "the lesson compares millions of pairs. With all rows of length 1, one matrix product, `a @ b.T`, gives "
    "all their cosines at once."
)


def _no_epsilon(a: Tensor, b: Tensor) -> Tensor:
    return (a / a.norm(dim=1, keepdim=True)) @ (b / b.norm(dim=1, keepdim=True)).T


def _large_epsilon(a: Tensor, b: Tensor) -> Tensor:
    lengths = (a.norm(dim=1, keepdim=True).clamp(min=1), b.norm(dim=1, keepdim=True).clamp(min=1))
    return (a / lengths[0]) @ (b / lengths[1]).T


def _manhattan(a: Tensor, b: Tensor) -> Tensor:
    return _unit(a, power=1) @ _unit(b, power=1).T


def _not_rooted(a: Tensor, b: Tensor) -> Tensor:
    squares = [x.square().sum(dim=1, keepdim=True).clamp(min=1e-12) for x in (a, b)]
    return (a / squares[0]) @ (b / squares[1]).T


def _whole_matrix(a: Tensor, b: Tensor) -> Tensor:
    return (a / a.norm().clamp(min=1e-12)) @ (b / b.norm().clamp(min=1e-12)).T


def _turned(a: Tensor, b: Tensor) -> Tensor:
    return _unit(b) @ _unit(a).T


def _row_with_row(a: Tensor, b: Tensor) -> Tensor:
    return (_unit(a) * _unit(b)).sum(dim=1)


def _absolute(a: Tensor, b: Tensor) -> Tensor:
    return (_unit(a) @ _unit(b).T).clamp(min=0)


EXERCISE = Exercise(
    "cosine_matrix",
    "02",
    _cases,
    _by_loops,
    mistakes=[
        Mistake(
            "dot-product",
            "These are dot products: a long vector gets a high score with everything. Divide each "
            "row by its length first.",
            _dot,
            hint=1,
        ),
        Mistake(
            "wrong-dimension",
            "You normalise down the columns (dim 0), so a vector's score depends on the others in "
            "its batch. Each row is a vector: normalise along dim 1.",
            _wrong_dimension,
            hint=2,
        ),
        Mistake(
            "one-side-only",
            "Only one of the two is normalised, so the scores still grow with the length of the other. "
            "Normalise both.",
            _one_side,
            also=[_other_side],
            hint=1,
        ),
        Mistake(
            "lengths-in-a-row",
            "The lengths, (n,), lie along the wrong axis of the rows, (n, dim): where the shapes happen to "
            "fit, each *column* is divided. Keep the axis: `norm(dim=1, keepdim=True)`.",
            _lengths_in_a_row,
            hint=2,
        ),
        Mistake(
            "no-epsilon",
            "A vector of zeros gives 0 / 0 = NaN. Keep the length above a tiny number, so that its "
            "cosines are 0.",
            _no_epsilon,
            hint=3,
        ),
        Mistake(
            "large-epsilon",
            "You keep lengths at 1 or more, so vectors shorter than 1 are never scaled up. The "
            "lower bound must be tiny, such as 1e-12.",
            _large_epsilon,
            hint=3,
        ),
        Mistake(
            "sum-of-sizes",
            "You divide by the sum of absolute values (p=1). The length of a vector is the root of "
            "the sum of squares.",
            _manhattan,
        ),
        Mistake(
            "no-root",
            "You divide by the squared length. Take its square root.",
            _not_rooted,
        ),
        Mistake(
            "one-length-for-all",
            "You divide by the norm of the whole matrix, one number for all rows. Each row has its "
            "own length: norm along dim 1, with keepdim.",
            _whole_matrix,
            hint=2,
        ),
        Mistake(
            "transposed",
            "Rows and columns are swapped: entry [i, j] belongs to row i of `a` and row j of `b`.",
            _turned,
        ),
        Mistake(
            "row-with-row",
            "You compare row i of `a` with row i of `b` only. Every row of `a` meets every row of "
            "`b`: the result is (n, m), a matrix product with a transpose.",
            _row_with_row,
        ),
        Mistake(
            "negatives-lost",
            "You cut negative cosines off at 0. Opposite vectors have cosine -1; keep it.",
            _absolute,
        ),
    ],
    returns="tensor",
    no_loops=[
        NoLoop("rows of a", lambda many: _many(first=many), _AT_ONCE),
        NoLoop("rows of b", lambda many: _many(second=many), _AT_ONCE),
    ],
)
