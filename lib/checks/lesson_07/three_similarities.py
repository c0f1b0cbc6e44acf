"""Lesson 07, comparing vectors in three ways: `three_similarities`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from lib.checks.canonical import distances_squared
from lib.checks.exercise import Case, Exercise, Mistake

# Two numbers next to each other in float32, the sum of whose rounded squares is less than twice their
# rounded product, in whatever order it is taken: the squared distance comes out below 0.
_NEAR = (1.543624997138977, 1.5436251163482666)


def _cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    yield Case((torch.tensor([[3.0, 4.0]]), torch.tensor([[6.0, 8.0]])), "the same direction")
    three = torch.tensor([[1.0, 2.0], [0.0, -3.0], [-4.0, 1.0]])
    two = torch.tensor([[0.5, 0.5], [-2.0, 6.0]])
    yield Case((three, two), "three vectors against two")
    yield Case((three[:2], two), "as many rows on both sides")
    yield Case((three, three), "vectors against themselves")
    yield Case((torch.tensor([[0.0, 0.0], [1.0, 1.0]]), two), "a row of zeros on the left")
    yield Case((two, torch.tensor([[1.0, 0.0], [0.0, 0.0]])), "a row of zeros on the right")
    yield Case((three * 0.125, two * 0.25), "vectors shorter than 1")
    # Short enough for 1e-6 in the divisor to show, too long for the 1e-8 that many add to be wrong.
    short = torch.tensor([[0.036, 0.048]]), torch.tensor([[0.06, 0.08]])
    yield Case(short, "short vectors in the same direction")
    unit = torch.tensor([[0.6, 0.8], [1.0, 0.0], [-0.8, 0.6]])
    yield Case((unit, unit[:2]), "unit vectors")
    near = torch.tensor([[x, 0.0] for x in _NEAR])
    yield Case((near[:1], near[1:]), "nearly equal vectors: rounding makes a square negative")
    yield Case((near[1:], near[:1]), "the same, exchanged")
    strided = torch.from_numpy(rng.normal(size=(5, 4))).T
    yield Case((strided, strided[1:3] + 1), "four vectors against two")
    for turn in range(5 if hidden else 2):
        rows, columns, dim = (int(n) for n in rng.integers(2, 8, size=3))
        a, b = rng.normal(size=(rows, dim)), 1.5 * rng.normal(size=(columns, dim))
        yield Case((torch.from_numpy(a), torch.from_numpy(b)), f"random {turn}")


def _by_loops(a: Tensor, b: Tensor) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    tables = np.zeros((3, len(a), len(b)))
    for i, u in enumerate(a.double().tolist()):
        for j, v in enumerate(b.double().tolist()):
            dot = sum(x * y for x, y in zip(u, v))
            lengths = sum(x * x for x in u) ** 0.5 * sum(y * y for y in v) ** 0.5
            distance = sum((x - y) ** 2 for x, y in zip(u, v)) ** 0.5
            tables[:, i, j] = dot, dot / lengths if lengths > 0 else 0.0, distance
    return tables[0], tables[1], tables[2]


def _lengths(x: Tensor) -> Tensor:
    return x.norm(dim=1).clamp(min=1e-12)


def _unit(x: Tensor, least: float = 1e-12) -> Tensor:
    return x / x.norm(dim=1, keepdim=True).clamp(min=least)


def _cosines(a: Tensor, b: Tensor) -> Tensor:
    return _unit(a) @ _unit(b).T


def _divisor(change: Callable[[Tensor], Tensor]) -> Callable:
    """The cosines, the product of both lengths changed."""
    return lambda a, b: a @ b.T / change(a.norm(dim=1)[:, None] * b.norm(dim=1))


def _each_length(change: Callable[[Tensor], Tensor]) -> Callable:
    """The cosines, each length changed."""
    return lambda a, b: a @ b.T / (change(a.norm(dim=1))[:, None] * change(b.norm(dim=1)))


def _small_numbers(of: Callable, change: Callable, powers: Sequence[int]) -> list[Callable]:
    """All three, the divisor changed by 0.1 to some power: in as many forms as there are powers."""
    return [_three(cosines=of(lambda x, e=10.0**-p: change(x, e))) for p in powers]


def _squares(a: Tensor, b: Tensor, dots: Tensor | None = None, twice: float = 2.0) -> Tensor:
    dots = a @ b.T if dots is None else dots
    return a.square().sum(1)[:, None] + b.square().sum(1) - twice * dots


def _root(squares: Tensor) -> Tensor:
    return squares.clamp(min=0).sqrt()


def _three(cosines: Callable = _cosines, distances: Callable | None = None) -> Callable:
    """All three with one of them wrong."""

    def similarities(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        far = _root(_squares(a, b)) if distances is None else distances(a, b)
        return a @ b.T, cosines(a, b), far

    return similarities


def _turned(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    return _three()(b, a)


def _row_with_row(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    return (a * b).sum(1), (_unit(a) * _unit(b)).sum(1), (a - b).norm(dim=1)


def _cosines_first(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    dots, cosines, distances = _three()(a, b)
    return cosines, dots, distances


# What a learner adds or takes for a lower bound, down to where it makes no difference any more.
_ADDED = [
    *_small_numbers(_divisor, torch.add, (4, 5, 6)),
    *_small_numbers(_each_length, torch.add, (4, 5)),
]
_BOUNDED = [
    *_small_numbers(_divisor, torch.clamp, (0, 2)),
    *_small_numbers(_each_length, torch.clamp, (1,)),
]

EXERCISE = Exercise(
    "three_similarities",
    "07",
    _cases,
    _by_loops,
    canonical=distances_squared,
    mistakes=[
        Mistake(
            "root-of-a-negative-number",
            "Two vectors that are nearly equal have the distance NaN in your result: rounding makes their "
            "squared distance a little negative, and a negative number has no root. Clamp the squares at 0 "
            "before you take the root.",
            _three(distances=lambda a, b: _squares(a, b).sqrt()),
            hint=2,
        ),
        Mistake(
            "squared-distances",
            "You return squared distances. The Euclidean distance is their square root.",
            _three(distances=lambda a, b: _squares(a, b).clamp(min=0)),
            hint=1,
        ),
        Mistake(
            "once-for-twice",
            "You subtract the dot product once. Multiplied out, ||a - b||^2 is |a|^2 + |b|^2 - 2 a.b: it "
            "is subtracted twice.",
            _three(distances=lambda a, b: _root(_squares(a, b, twice=1.0))),
            hint=1,
        ),
        Mistake(
            "plus-for-minus",
            "You add twice the dot product, which gives the length of a + b. Subtract it for that of a - b.",
            _three(distances=lambda a, b: _root(_squares(a, b, twice=-2.0))),
            hint=1,
        ),
        Mistake(
            "norms-of-one-side-twice",
            "Both squared lengths lie along the columns, so that row i does not get the length of its own "
            "vector. The squares of `a` need an axis of their own, `[:, None]`; those of `b` do not.",
            _three(
                distances=lambda a, b: _root(a.square().sum(1) + b.square().sum(1) - 2 * a @ b.T)
            ),
            hint=1,
        ),
        Mistake(
            "lengths-not-squared",
            "You add the lengths of the two vectors. In |a|^2 + |b|^2 - 2 a.b both are squared.",
            _three(
                distances=lambda a, b: _root(a.norm(dim=1)[:, None] + b.norm(dim=1) - 2 * a @ b.T)
            ),
            hint=1,
        ),
        Mistake(
            "distances-of-unit-vectors",
            "Your distances are those between the normalised vectors, the root of 2 - 2 cos. Take the "
            "vectors as they come: their lengths count here.",
            _three(distances=lambda a, b: _root(2 - 2 * _cosines(a, b))),
            hint=1,
        ),
        Mistake(
            "sum-of-sizes",
            "You add absolute differences (the distance with p=1). The Euclidean distance is the root of the "
            "sum of squares.",
            _three(distances=lambda a, b: (a[:, None] - b).abs().sum(dim=2)),
        ),
        Mistake(
            "distances-negative",
            "Your distances have the wrong sign. A distance is 0 or more; who ranks by it takes the smallest.",
            _three(distances=lambda a, b: -_root(_squares(a, b))),
        ),
        Mistake(
            "cosines-not-divided",
            "Your cosines are dot products again. Divide each by the lengths of both vectors.",
            _three(cosines=lambda a, b: a @ b.T),
            hint=3,
        ),
        Mistake(
            "one-side-only",
            "In your cosines only `a` is normalised, so they still grow with the length of `b`. Divide by "
            "both lengths.",
            _three(cosines=lambda a, b: _unit(a) @ b.T),
            hint=3,
        ),
        Mistake(
            "lengths-not-rooted",
            "You divide the dot products by the squared lengths. The cosine divides by the lengths, which "
            "are the roots of these.",
            _three(
                cosines=lambda a, b: a @ b.T / (_lengths(a)[:, None] * _lengths(b)).square(),
            ),
            hint=3,
        ),
        Mistake(
            "lengths-of-one-side-twice",
            "In your cosines the lengths of `a` lie along the columns, so that row i is not divided by the "
            "length of its own vector. Give them an axis of their own, `[:, None]`.",
            _three(cosines=lambda a, b: a @ b.T / (_lengths(a) * _lengths(b))),
            hint=3,
        ),
        Mistake(
            "zero-length",
            "A row of zeros gives the cosine 0 / 0 = NaN. Keep the lengths above a tiny number, so that "
            "its cosines are 0.",
            _three(
                cosines=lambda a, b: a @ b.T / (a.norm(dim=1)[:, None] * b.norm(dim=1)),
            ),
            hint=3,
        ),
        Mistake(
            "epsilon-added",
            "You add a small number to the divisor, which makes every cosine too small. Use `clamp(min=...)` "
            "on it.",
            _ADDED[0],
            hint=3,
            also=_ADDED[1:],
        ),
        Mistake(
            "large-epsilon",
            "Your lower bound of the divisor lies above what short vectors have, so that their cosines come "
            "out too small. It must be tiny, such as 1e-12.",
            _three(cosines=lambda a, b: _unit(a, 1.0) @ _unit(b, 1.0).T),
            hint=3,
            also=_BOUNDED,
        ),
        Mistake(
            "transposed",
            "Rows and columns are exchanged in all three: entry [i, j] belongs to row i of `a` and row j "
            "of `b`.",
            _turned,
        ),
        Mistake(
            "row-with-row",
            "You compare row i of `a` with row i of `b` only. Every row of `a` meets every row of `b`: "
            "each result is (n, m).",
            _row_with_row,
        ),
        Mistake(
            "dots-alone",
            "You return the dot products alone. Three tensors are asked for: dot products, cosines, "
            "distances.",
            lambda a, b: a @ b.T,
        ),
        Mistake(
            "another-order",
            "You return the cosines first. The order is: dot products, cosines, distances.",
            _cosines_first,
        ),
    ],
)
