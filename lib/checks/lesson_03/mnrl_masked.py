"""Lesson 03, who is in the pool of candidates: `mnrl_masked`."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
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


def _masked_cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    q, p = torch.tensor(TOY_QUERIES), torch.tensor(TOY_POSITIVES)
    twice = p[[0, 0, 2]]
    yield Case((q, twice, torch.tensor([7, 7, 4]), 2.0), "rows 0 and 1 have the same positive")
    yield Case((q, p, torch.tensor([1, 2, 3]), 2.0), "no duplicates: nothing to mask")
    yield Case(
        (q, p[[0, 1, 0]], torch.tensor([5, 0, 5]), 3.0), "duplicates that are not neighbours"
    )
    yield Case(
        (q, p[[1, 1, 1]], torch.tensor([0, 0, 0]), 20.0), "one passage only: no negative left"
    )
    yield Case((q[:1], p[:1], torch.tensor([9]), 5.0), "a batch of one pair")
    keys = torch.tensor([2**24, 2**24 + 1, -3])
    yield Case((q, p, keys, 4.0), "keys that differ beyond what float32 can hold, one below 0")
    yield Case((q, p[[0, 0, 2]], torch.tensor([1, 2, 3]), 3.0), "equal vectors, different keys")
    yield Case((q, twice, torch.tensor([7, 7, 4]), 300.0), "a scale of 300")
    for turn in range(4 if hidden else 2):
        batch = int(rng.integers(3, 9))
        keys = torch.from_numpy(rng.integers(0, max(2, batch // 2), size=batch))
        queries = draw(rng, batch, 6)
        positives = near(rng, draw(rng, batch, 6))[keys]
        yield Case((queries, positives, keys, float(rng.uniform(1, 15))), f"random {turn}")


def _masked_by_loops(queries: Tensor, positives: Tensor, keys: Tensor, scale: float) -> float:
    q, p, k = unit(queries), unit(positives), np.asarray(keys).tolist()
    losses = []
    for i in range(len(q)):
        others = [p[j] for j in range(len(p)) if k[j] != k[i]]
        losses.append(row_loss(q[i], p[i], others, scale))
    return float(np.mean(losses))


def _same(keys: Tensor) -> Tensor:
    return keys[:, None] == keys


def _twins(keys: Tensor) -> Tensor:
    return _same(keys) & ~torch.eye(len(keys), dtype=torch.bool)


def _unmasked(queries: Tensor, positives: Tensor, keys: Tensor, scale: float) -> Tensor:
    return diagonal(scale * cosine_matrix(queries, positives))


def _own_masked(queries: Tensor, positives: Tensor, keys: Tensor, scale: float) -> Tensor:
    scores = scale * cosine_matrix(queries, positives)
    return diagonal(scores.masked_fill(_same(keys), float("-inf")))


def _own_kept_apart(queries: Tensor, positives: Tensor, keys: Tensor, scale: float) -> Tensor:
    scores = scale * cosine_matrix(queries, positives)
    others = scores.masked_fill(_same(keys), float("-inf"))
    return (others.logsumexp(dim=1) - scores.diagonal()).mean()


def _zeroed(queries: Tensor, positives: Tensor, keys: Tensor, scale: float) -> Tensor:
    scores = scale * cosine_matrix(queries, positives)
    return diagonal(scores.masked_fill(_twins(keys), 0.0))


def _later_only(queries: Tensor, positives: Tensor, keys: Tensor, scale: float) -> Tensor:
    scores = scale * cosine_matrix(queries, positives)
    return diagonal(scores.masked_fill(_twins(keys).triu(), float("-inf")))


def _rows_dropped(queries: Tensor, positives: Tensor, keys: Tensor, scale: float) -> Tensor:
    first = ~_twins(keys).tril().any(dim=1)
    return _unmasked(queries[first], positives[first], keys[first], scale)


def _inverted(queries: Tensor, positives: Tensor, keys: Tensor, scale: float) -> Tensor:
    scores = scale * cosine_matrix(queries, positives)
    return diagonal(scores.masked_fill(~_same(keys), float("-inf")))


def _many_positives(queries: Tensor, positives: Tensor, keys: Tensor, scale: float) -> Tensor:
    scores = scale * cosine_matrix(queries, positives)
    own = scores.masked_fill(~_same(keys), float("-inf")).logsumexp(dim=1)
    return (scores.logsumexp(dim=1) - own).mean()


EXERCISE = Exercise(
    "mnrl_masked",
    "03",
    _masked_cases,
    _masked_by_loops,
    mistakes=[
        Mistake(
            "not-masked",
            "Rows with equal keys are still each other's negatives: the loss punishes a query for "
            "finding a copy of its own passage. Take those scores out of the softmax.",
            _unmasked,
            hint=3,
        ),
        Mistake(
            "own-masked",
            "You mask every equal key, and a row's key equals itself: the right answer is masked "
            "too and the loss becomes infinite. Leave the diagonal in.",
            _own_masked,
            hint=1,
        ),
        Mistake(
            "own-not-in-the-sum",
            "The sum in the denominator lacks the query's own positive, so the loss can be negative. "
            "Mask equal keys off the diagonal only.",
            _own_kept_apart,
            hint=1,
        ),
        Mistake(
            "masked-to-zero",
            "You set masked scores to 0, but exp(0) = 1 still takes part in the softmax, and 0 is "
            "more than many real scores. -inf takes no part.",
            _zeroed,
            hint=2,
        ),
        Mistake(
            "one-side-only",
            "You mask duplicates that come later in the batch, not those that came before. The mask "
            "is symmetric: above and below the diagonal.",
            _later_only,
            hint=3,
        ),
        Mistake(
            "rows-dropped",
            "You drop repeated rows altogether, but their queries are different and worth learning "
            "from. Mask their passages as candidates; keep the rows.",
            _rows_dropped,
        ),
        Mistake(
            "mask-inverted",
            "Your mask is the wrong way round: it keeps the duplicates and removes the negatives.",
            _inverted,
            hint=3,
        ),
        Mistake(
            "duplicates-as-positives",
            "You count the copies as further right answers, so the model earns twice for one "
            "passage. Here they take no part at all.",
            _many_positives,
        ),
    ],
    equivalent={
        "F.normalize(queries, dim=1) -> F.normalize(queries)": "dim 1 is the default of F.normalize",
        "F.normalize(positives, dim=1) -> F.normalize(positives)": "dim 1 is the default of F.normalize",
        "torch.eye(len(keys), dtype=torch.bool, device=keys.device) -> torch.eye(len(keys), dtype=torch.bool)": "the check calls with tensors on the CPU",
    },
    returns="tensor",
    gradients=(0, 1),
)
