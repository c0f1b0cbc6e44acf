"""Lesson 03, who is in the pool of candidates: `mnrl_with_negatives`."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from lib.checks.exercise import Case, Exercise, Mistake
from lib.checks.lesson_03._candidates import cosine_matrix, diagonal
from lib.checks.lesson_03._unit_vectors import (
    TOY_POSITIVES,
    TOY_QUERIES,
    draw,
    near,
    row_loss,
    unit,
)

TOY_NEGATIVES = [[[1.0, -1.0], [2.0, 2.0]], [[0.0, -4.0], [3.0, 1.0]], [[-1.0, 1.0], [0.2, 0.0]]]


def _hard_cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    q, p, n = (torch.tensor(x) for x in (TOY_QUERIES, TOY_POSITIVES, TOY_NEGATIVES))
    yield Case((q[:2], p[:2], n[:2, :1], 2.0), "two pairs, one negative each")
    yield Case((q, p, n, 3.0), "three pairs, two negatives each")
    yield Case((q[:1], p[:1], n[:1], 5.0), "one pair and its two negatives")
    yield Case((q, p, p[:, None].flip(0), 4.0), "negatives that are others' positives")
    yield Case((q * 0 + 1, p * 0 + 1, n * 0 + 1, 20.0), "all vectors alike")
    yield Case((q, p, n, 150.0), "a scale of 150: its exponential is beyond float32")
    for turn in range(4 if hidden else 2):
        batch, count, dim = (int(rng.integers(*ends)) for ends in ((2, 8), (1, 4), (3, 8)))
        queries = draw(rng, batch, dim)
        negatives = torch.stack([near(rng, queries, 1.5) for _ in range(count)], dim=1)
        args = queries, near(rng, queries), negatives, float(rng.uniform(1, 25))
        yield Case(args, f"random {turn}")
        strided = negatives.transpose(0, 1).contiguous().transpose(0, 1)
        yield Case(
            (args[0], args[1], strided, args[3]),
            f"random {turn}, its negatives stored in another order",
        )


def _hard_by_loops(queries: Tensor, positives: Tensor, negatives: Tensor, scale: float) -> float:
    q, p, hard = unit(queries), unit(positives), unit(negatives)
    losses = []
    for i in range(len(q)):
        others = [p[j] for j in range(len(p)) if j != i]
        others += [x for group in hard for x in group]
        losses.append(row_loss(q[i], p[i], others, scale))
    return float(np.mean(losses))


def _ignored(queries: Tensor, positives: Tensor, negatives: Tensor, scale: float) -> Tensor:
    return diagonal(scale * cosine_matrix(queries, positives))


def _own_scores(queries: Tensor, negatives: Tensor) -> Tensor:
    return (F.normalize(queries, dim=1)[:, None] * F.normalize(negatives, dim=2)).sum(dim=2)


def _own_negatives(queries: Tensor, positives: Tensor, negatives: Tensor, scale: float) -> Tensor:
    both = torch.cat([cosine_matrix(queries, positives), _own_scores(queries, negatives)], dim=1)
    return diagonal(scale * both)


def _no_batch(queries: Tensor, positives: Tensor, negatives: Tensor, scale: float) -> Tensor:
    own = cosine_matrix(queries, positives).diagonal()[:, None]
    scores = scale * torch.cat([own, _own_scores(queries, negatives)], dim=1)
    return F.cross_entropy(scores, torch.zeros(len(scores), dtype=torch.long))


def _negatives_first(queries: Tensor, positives: Tensor, negatives: Tensor, scale: float) -> Tensor:
    candidates = torch.cat([negatives.flatten(0, 1), positives])
    return diagonal(scale * cosine_matrix(queries, candidates))


def _interleaved(queries: Tensor, positives: Tensor, negatives: Tensor, scale: float) -> Tensor:
    candidates = torch.cat([positives[:, None], negatives], dim=1).flatten(0, 1)
    return diagonal(scale * cosine_matrix(queries, candidates))


def _long_negatives(queries: Tensor, positives: Tensor, negatives: Tensor, scale: float) -> Tensor:
    hard = F.normalize(queries, dim=1) @ negatives.flatten(0, 1).T
    return diagonal(scale * torch.cat([cosine_matrix(queries, positives), hard], dim=1))


def _along_the_wrong_axis(
    queries: Tensor, positives: Tensor, negatives: Tensor, scale: float
) -> Tensor:
    q, p = F.normalize(queries, dim=1), F.normalize(positives, dim=1)
    hard = F.normalize(negatives, dim=1).flatten(0, 1)
    return diagonal(scale * q @ torch.cat([p, hard]).T)


def _scale_of_positives(
    queries: Tensor, positives: Tensor, negatives: Tensor, scale: float
) -> Tensor:
    there = scale * cosine_matrix(queries, positives)
    return diagonal(torch.cat([there, cosine_matrix(queries, negatives.flatten(0, 1))], dim=1))


def _first_only(queries: Tensor, positives: Tensor, negatives: Tensor, scale: float) -> Tensor:
    candidates = torch.cat([positives, negatives[:, 0]])
    return diagonal(scale * cosine_matrix(queries, candidates))


def _two_losses(queries: Tensor, positives: Tensor, negatives: Tensor, scale: float) -> Tensor:
    batch = _ignored(queries, positives, negatives, scale)
    return batch + _no_batch(queries, positives, negatives, scale)


EXERCISE = Exercise(
    "mnrl_with_negatives",
    "03",
    _hard_cases,
    _hard_by_loops,
    mistakes=[
        Mistake(
            "negatives-ignored",
            "Your result does not depend on the negatives. Add them to the candidates that each "
            "query chooses from.",
            _ignored,
            hint=3,
        ),
        Mistake(
            "own-negatives-only",
            "Each query sees its own negatives only. They are encoded anyway, so let every query "
            "see all of them: (batch * n) more candidates for each.",
            _own_negatives,
            hint=3,
        ),
        Mistake(
            "batch-forgotten",
            "Each query chooses among its own positive and its own negatives. The other rows' "
            "positives are free negatives: keep them in.",
            _no_batch,
            hint=3,
        ),
        Mistake(
            "negatives-first",
            "You put the negatives in front of the positives, but the labels still say that the "
            "right answer of query i is column i. Put the positives first.",
            _negatives_first,
            hint=2,
        ),
        Mistake(
            "interleaved",
            "Positives and negatives alternate in your candidates, so the positive of query i is "
            "not column i. Put all positives first, then all negatives.",
            _interleaved,
            hint=2,
        ),
        Mistake(
            "negatives-not-normalised",
            "The negatives are not normalised: a long one beats every positive. Normalise all "
            "candidates.",
            _long_negatives,
        ),
        Mistake(
            "negatives-along-another-axis",
            "You normalise the negatives, (batch, n, dim), along dim 1, over the n of a query. A vector is the "
            "last axis: `F.normalize(negatives, dim=2)`.",
            _along_the_wrong_axis,
        ),
        Mistake(
            "negatives-not-scaled",
            "Only the positives' cosines are multiplied by `scale`, so the negatives count for nothing. "
            "Multiply all of them.",
            _scale_of_positives,
        ),
        Mistake(
            "first-negative-only",
            "You use the first negative of each query and drop the others. Flatten (batch, n, dim) "
            "to (batch * n, dim).",
            _first_only,
            hint=1,
        ),
        Mistake(
            "two-losses",
            "You add a loss over the batch and one over the negatives. All candidates belong into "
            "one softmax, where the hardest of them gets the most weight.",
            _two_losses,
            hint=1,
        ),
    ],
    equivalent={
        "F.normalize(queries, dim=1) -> F.normalize(queries)": "dim 1 is the default of F.normalize",
        "F.normalize(candidates, dim=1) -> F.normalize(candidates)": "dim 1 is the default of F.normalize",
    },
    returns="tensor",
    gradients=(0, 1, 2),
)
