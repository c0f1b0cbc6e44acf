"""A small exercise of the tests' own, so that they do not depend on what a lesson asks."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from lib.checks import BreakIt, Case, Exercise, Mistake, Suspect


def row_means(x: Tensor) -> Tensor:
    """The right answer: (rows, columns) to (rows,); a row without columns has mean 0."""
    return x.sum(dim=1) / max(x.shape[1], 1)


def _cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    yield Case((torch.from_numpy(rng.normal(size=(5, 3))),), "five random rows")
    yield Case((torch.tensor([[1.0, 3.0], [5.0, 6.0]]),), "two rows")
    yield Case((torch.tensor([[2.0], [4.0], [9.0]]),), "one column")
    if hidden:
        yield Case((torch.from_numpy(rng.normal(size=(40, 30))) + 1,), "many rows")


def _by_loops(x: Tensor) -> list[float]:
    return [float(np.sum(row) / max(len(row), 1)) for row in x.numpy()]


def _squares(x: Tensor) -> Tensor:
    if len(x) > 4:
        raise ValueError("too many rows")
    return row_means(x**2)


TOY = Exercise(
    name="row_means",
    lesson="99",
    cases=_cases,
    oracle=_by_loops,
    mistakes=[
        Mistake("columns", "You average the columns; average each row.", lambda x: x.mean(dim=0)),
        Mistake("sum", "You sum and do not divide.", lambda x: x.sum(dim=1)),
        Mistake("max", "You take the largest value.", lambda x: x.max(dim=1).values),
        Mistake("squares", "You average the squares.", _squares),
        Mistake("all", "You average all values; keep the rows.", lambda x: x.mean().expand(len(x))),
    ],
    equivalent={},
)


def clamped(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)


BREAK = BreakIt(
    name="break_clamped",
    lesson="99",
    right=[clamped, lambda v, low, high: sorted([v, low, high])[1]],
    suspects=[
        Suspect("no-low", "Nothing is below.", lambda v, low, high: min(v, high)),
        Suspect("no-high", "Nothing is above.", lambda v, low, high: max(v, low)),
        Suspect("always-low", "Nothing is above or between.", lambda v, low, high: low),
    ],
    arguments=["value", "low", "high"],
)
# Tests that catch every suspect but the one that is named.
BLIND = {
    "no-low": lambda: [T[1]],
    "no-high": lambda: [T[0]],
    "always-low": lambda: [T[0], (2.0, 1.0, 1.0, 1.0)],
}
SUFFICIENT = [lambda: list(T), lambda: [(-9, -3, 1, -3), (7, -3, 1, 1)]]
T = [(-1.0, 0.0, 1.0, 0.0), (2.0, 0.0, 1.0, 1.0), (0.5, 0.0, 1.0, 0.5)]
