"""Lesson 03, losses on margins: `margin_mse`."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from lib.checks.exercise import Case, Exercise, Mistake
from lib.checks.lesson_03._unit_vectors import draw, near


def _teacher_cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    q = torch.tensor([[1.0, 2.0], [0.5, -1.0]])
    p = torch.tensor([[3.0, 1.0], [2.0, 0.0]])
    n = torch.tensor([[[1.0, -1.0], [0.0, 2.0]], [[-1.0, 1.0], [4.0, 1.0]]])
    teacher = torch.tensor([[4.0, 1.5], [3.0, -0.5]])
    yield Case((q[:1], p[:1], n[:1, :1], teacher[:1, :1]), "one query, one negative")
    yield Case((q, p, n, teacher), "two queries, two negatives each")
    student = (q[:, None] * (p[:, None] - n)).sum(dim=2)
    yield Case((q, p, n, student), "a student that agrees with the teacher: the loss is 0")
    yield Case((q, p, n, student + 2), "every margin too small by 2: the loss is 4")
    yield Case((q * 10, p, n, teacher * 10), "large scores")
    for turn in range(5 if hidden else 3):
        batch, count, dim = (int(rng.integers(*ends)) for ends in ((2, 7), (1, 5), (2, 7)))
        queries, teacher_ = draw(rng, batch, dim), draw(rng, batch, count)
        yield Case(
            (queries, near(rng, queries), draw(rng, batch, count, dim), teacher_), f"random {turn}"
        )


def _teacher_by_loops(q: Tensor, p: Tensor, n: Tensor, teacher: Tensor) -> float:
    q, p, n, t = [np.asarray(x, dtype=np.float64) for x in (q, p, n, teacher)]  # type: ignore[assignment] # numpy from here on
    squares = []
    for i in range(len(q)):
        for j in range(n.shape[1]):
            margin = sum(q[i] * p[i]) - sum(q[i] * n[i, j])
            squares.append((margin - t[i, j]) ** 2)
    return float(np.mean(squares))


def _margins(q: Tensor, p: Tensor, n: Tensor) -> Tensor:
    return (q * p).sum(dim=1, keepdim=True) - (q[:, None] * n).sum(dim=2)


def _with_cosine(q: Tensor, p: Tensor, n: Tensor, teacher: Tensor) -> Tensor:
    margins = _margins(*(F.normalize(x, dim=-1) for x in (q, p, n)))
    return (margins - teacher).square().mean()


def _margin_swapped(q: Tensor, p: Tensor, n: Tensor, teacher: Tensor) -> Tensor:
    return (-_margins(q, p, n) - teacher).square().mean()


def _squares_summed(q: Tensor, p: Tensor, n: Tensor, teacher: Tensor) -> Tensor:
    return (_margins(q, p, n) - teacher).square().sum()


def _summed_over_negatives(q: Tensor, p: Tensor, n: Tensor, teacher: Tensor) -> Tensor:
    return (_margins(q, p, n) - teacher).square().sum(dim=1).mean()


def _absolute(q: Tensor, p: Tensor, n: Tensor, teacher: Tensor) -> Tensor:
    return (_margins(q, p, n) - teacher).abs().mean()


def _row_with_column(q: Tensor, p: Tensor, n: Tensor, teacher: Tensor) -> Tensor:
    return ((q * p).sum(dim=1) - (q[:, None] * n).sum(dim=2) - teacher).square().mean()


def _table_of_all(q: Tensor, p: Tensor, n: Tensor, teacher: Tensor) -> Tensor:
    """With one negative a query: (batch,) less (batch, 1) is (batch, batch)."""
    return (
        ((q * p).sum(dim=1, keepdim=True) - (q[:, None] * n).sum(dim=2).T - teacher).square().mean()
    )


def _mean_margin(q: Tensor, p: Tensor, n: Tensor, teacher: Tensor) -> Tensor:
    return (_margins(q, p, n) - teacher).mean().square()


def _first_negative(q: Tensor, p: Tensor, n: Tensor, teacher: Tensor) -> Tensor:
    return (_margins(q, p, n) - teacher)[:, 0].square().mean()


def _hinge(q: Tensor, p: Tensor, n: Tensor, teacher: Tensor) -> Tensor:
    return F.relu(teacher - _margins(q, p, n)).square().mean()


def _negative_scores(q: Tensor, p: Tensor, n: Tensor, teacher: Tensor) -> Tensor:
    return ((q[:, None] * n).sum(dim=2) - teacher).square().mean()


EXERCISE = Exercise(
    "margin_mse",
    "03",
    _teacher_cases,
    _teacher_by_loops,
    mistakes=[
        Mistake(
            "cosine",
            "You take the margin between cosines, which is at most 2: a teacher's margin of 4 can "
            "never be met. Take dot products of the vectors as they are.",
            _with_cosine,
            hint=3,
        ),
        Mistake(
            "margin-swapped",
            "Your margin is negative minus positive, the teacher's is positive minus negative.",
            _margin_swapped,
        ),
        Mistake(
            "summed",
            "You return the sum of the squares. Take the mean over all margins.",
            _squares_summed,
            hint=2,
        ),
        Mistake(
            "summed-over-negatives",
            "You sum over the negatives and average over the queries: with more negatives the loss "
            "grows. Take the mean over all margins.",
            _summed_over_negatives,
            hint=2,
        ),
        Mistake(
            "absolute",
            "You average absolute differences. The loss is the mean *squared* difference.",
            _absolute,
            hint=2,
        ),
        Mistake(
            "no-axis-kept",
            "The positives' scores, (batch,), meet those of the negatives, (batch, n), along the wrong axis: "
            "where the shapes happen to fit, a query's positive is compared with another query's "
            "negatives. Keep the axis: `sum(dim=1, keepdim=True)`.",
            _row_with_column,
            also=[_table_of_all],
            hint=1,
        ),
        Mistake(
            "squared-after-mean",
            "You square the mean difference: margins that are too large make up for those that are "
            "too small. Square each, then take the mean.",
            _mean_margin,
            hint=2,
        ),
        Mistake(
            "first-negative-only",
            "You use the first negative of each query only. There are n of them, each with a margin "
            "of the teacher.",
            _first_negative,
            hint=1,
        ),
        Mistake(
            "hinge",
            "You let a student pass whose margin is larger than the teacher's. Here it should be "
            "equal: too large is as wrong as too small.",
            _hinge,
        ),
        Mistake(
            "no-margin",
            "You compare the score of the negative with the teacher's margin. The student's margin "
            "is its score of the positive minus that of the negative.",
            _negative_scores,
        ),
    ],
    returns="tensor",
    gradients=(0, 1, 2),
)
