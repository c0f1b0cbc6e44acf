"""What several checks of lesson 03 share: in-batch negatives."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from lib.checks.exercise import Case
from lib.checks.lesson_03._unit_vectors import (
    TOY_POSITIVES,
    TOY_QUERIES,
    draw,
    near,
    row_loss,
    unit,
)


def cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    toy = torch.tensor(TOY_QUERIES), torch.tensor(TOY_POSITIVES)
    yield Case((*toy, 2.0), "three pairs in two dimensions")
    yield Case((toy[0][:2], toy[1][:2], 5.0), "two pairs")
    yield Case((toy[0][:1], toy[1][:1], 20.0), "a batch of one pair: nothing to tell apart")
    yield Case((F.normalize(toy[0]), F.normalize(toy[1]), 1.0), "unit vectors, scale 1")
    yield Case((toy[0] * 0 + 1, toy[1] * 0 + 1, 20.0), "all vectors alike")
    yield Case((toy[0].flip(0), toy[1], 150.0), "wrong pairs at a large scale")
    zeros = toy[0].clone()
    zeros[1] = 0
    yield Case((zeros, toy[1], 3.0), "a query of zeros: its cosines are 0")
    strided = draw(rng, 6, 4).T
    yield Case((strided, near(rng, strided).T.contiguous().T, 10.0), "four pairs of six numbers")
    for turn in range(4 if hidden else 2):
        queries = draw(rng, int(rng.integers(2, 9)), int(rng.integers(2, 8)))
        scale = float(rng.uniform(0.5, 30))
        yield Case((queries, near(rng, queries), scale), f"random {turn}")
        yield Case(
            (queries.float(), near(rng, queries).float(), scale), f"random {turn}, drawn anew"
        )


def by_loops(queries: Tensor, positives: Tensor, scale: float) -> float:
    q, p = unit(queries), unit(positives)
    rows = [
        row_loss(q[i], p[i], [x for j, x in enumerate(p) if j != i], scale) for i in range(len(q))
    ]
    return float(np.mean(rows))


def scaled_scores(queries: Tensor, positives: Tensor, scale: float) -> Tensor:
    return scale * (F.normalize(queries, dim=1) @ F.normalize(positives, dim=1).T)


def labels(scores: Tensor) -> Tensor:
    return torch.arange(len(scores))


def not_normalised(queries: Tensor, positives: Tensor, scale: float) -> Tensor:
    scores = scale * queries @ positives.T
    return F.cross_entropy(scores, labels(scores))


def wrong_axis(queries: Tensor, positives: Tensor, scale: float) -> Tensor:
    scores = scaled_scores(queries, positives, scale)
    return F.cross_entropy(scores.T, labels(scores))
