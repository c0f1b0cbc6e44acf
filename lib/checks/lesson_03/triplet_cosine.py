"""Lesson 03, losses on margins: `triplet_cosine`."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from lib.checks.exercise import Case, Exercise, Mistake
from lib.checks.lesson_03._unit_vectors import TOY_POSITIVES, TOY_QUERIES, draw, near, unit


def _triplet_cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    a, p = torch.tensor(TOY_QUERIES), torch.tensor(TOY_POSITIVES)
    yield Case((a[:1], p[:1], p[1:2], 0.5), "a triplet that is closed: the loss is 0")
    yield Case((a[:1], p[1:2], p[:1], 0.5), "a triplet the wrong way round")
    yield Case((a, p, p.roll(1, 0), 0.3), "three triplets, some of them closed")
    yield Case((a, p, p, 0.2), "the negative is the positive: the loss is the margin")
    yield Case((a, a, -a, 2.5), "the best possible triplet and a margin beyond 2")
    zeros = torch.tensor([[0.0, 0.0], [1.0, 1.0]])
    yield Case((zeros, p[:2], p[1:], 0.4), "an anchor of zeros")
    for turn in range(5 if hidden else 3):
        anchors = draw(rng, int(rng.integers(2, 9)), int(rng.integers(2, 7)))
        negatives = near(rng, anchors, 1.5)
        margin = float(rng.uniform(0.05, 1.2))
        yield Case((anchors, near(rng, anchors), negatives, margin), f"random {turn}")


def _triplet_by_loops(
    anchors: Tensor, positives: Tensor, negatives: Tensor, margin: float
) -> float:
    a, p, n = unit(anchors), unit(positives), unit(negatives)
    losses = []
    for i in range(len(a)):
        near_, far = 1 - sum(a[i] * p[i]), 1 - sum(a[i] * n[i])
        losses.append(max(0.0, near_ - far + margin))
    return float(np.mean(losses))


def _cos(a: Tensor, b: Tensor) -> Tensor:
    return F.cosine_similarity(a, b, dim=-1)


def _swapped(anchors: Tensor, positives: Tensor, negatives: Tensor, margin: float) -> Tensor:
    return F.relu(_cos(anchors, positives) - _cos(anchors, negatives) + margin).mean()


def _not_cut(anchors: Tensor, positives: Tensor, negatives: Tensor, margin: float) -> Tensor:
    return (_cos(anchors, negatives) - _cos(anchors, positives) + margin).mean()


def _cut_late(anchors: Tensor, positives: Tensor, negatives: Tensor, margin: float) -> Tensor:
    return F.relu(_not_cut(anchors, positives, negatives, margin))


def _triplet_sum(anchors: Tensor, positives: Tensor, negatives: Tensor, margin: float) -> Tensor:
    return F.relu(_cos(anchors, negatives) - _cos(anchors, positives) + margin).sum()


def _margin_taken_off(
    anchors: Tensor, positives: Tensor, negatives: Tensor, margin: float
) -> Tensor:
    return F.relu(_cos(anchors, negatives) - _cos(anchors, positives) - margin).mean()


def _dots(anchors: Tensor, positives: Tensor, negatives: Tensor, margin: float) -> Tensor:
    return F.relu((anchors * (negatives - positives)).sum(dim=1) + margin).mean()


def _euclidean(anchors: Tensor, positives: Tensor, negatives: Tensor, margin: float) -> Tensor:
    gap = (anchors - positives).norm(dim=1) - (anchors - negatives).norm(dim=1)
    return F.relu(gap + margin).mean()


def _on_the_sphere(anchors: Tensor, positives: Tensor, negatives: Tensor, margin: float) -> Tensor:
    a, p, n = (F.normalize(x, dim=1) for x in (anchors, positives, negatives))
    return _euclidean(a, p, n, margin)


def _library_on_the_sphere(
    anchors: Tensor, positives: Tensor, negatives: Tensor, margin: float
) -> Tensor:
    """torch's own loss, which adds a millionth to each difference."""
    a, p, n = (F.normalize(x, dim=1) for x in (anchors, positives, negatives))
    return F.triplet_margin_loss(a, p, n, margin=margin)


def _mean_of_open(anchors: Tensor, positives: Tensor, negatives: Tensor, margin: float) -> Tensor:
    losses = F.relu(_cos(anchors, negatives) - _cos(anchors, positives) + margin)
    return losses.sum() / (losses > 0).sum().clamp(min=1)


def _third_side(anchors: Tensor, positives: Tensor, negatives: Tensor, margin: float) -> Tensor:
    return F.relu(_cos(positives, negatives) - _cos(anchors, positives) + margin).mean()


def _positive_alone(anchors: Tensor, positives: Tensor, negatives: Tensor, margin: float) -> Tensor:
    return (1 - _cos(anchors, positives) + F.relu(margin - 1 + _cos(anchors, negatives))).mean()


EXERCISE = Exercise(
    "triplet_cosine",
    "03",
    _triplet_cases,
    _triplet_by_loops,
    mistakes=[
        Mistake(
            "roles-swapped",
            "Your loss grows when the positive is near and the negative far: it would drive them "
            "the wrong way. It is d(anchor, positive) - d(anchor, negative) + margin.",
            _swapped,
            hint=3,
        ),
        Mistake(
            "not-cut",
            "Triplets that are closed should cost 0, yours earn a negative loss and keep pushing. "
            "Cut each triplet's loss off at 0.",
            _not_cut,
            hint=1,
        ),
        Mistake(
            "cut-after-mean",
            "You cut at 0 after the mean, so that easy triplets pay for the hard ones. Cut each "
            "triplet first, then take the mean.",
            _cut_late,
            hint=2,
        ),
        Mistake(
            "summed",
            "You return the sum over the batch. Take the mean, so that the step does not depend on "
            "the batch size.",
            _triplet_sum,
        ),
        Mistake(
            "margin-sign",
            "You take the margin off: triplets count as closed while the negative is still nearer. "
            "Add it: the negative must be farther by at least the margin.",
            _margin_taken_off,
            hint=3,
        ),
        Mistake(
            "dot-product",
            "You compare dot products, so a long vector is near to everything. The cosine divides "
            "by the lengths.",
            _dots,
        ),
        Mistake(
            "euclidean",
            "You use the Euclidean distance. The distance asked for is 1 - cosine.",
            _euclidean,
        ),
        Mistake(
            "euclidean-of-unit-vectors",
            "Your vectors have length one, but you take the straight distance between their ends. Here the "
            "distance is 1 - cosine.",
            _on_the_sphere,
            also=[_library_on_the_sphere],
        ),
        Mistake(
            "mean-of-open-ones",
            "You average over the open triplets only. Closed ones cost 0 and count in the mean.",
            _mean_of_open,
            hint=2,
        ),
        Mistake(
            "positive-to-negative",
            "You measure the negative's distance from the positive. Both distances start at the "
            "anchor.",
            _third_side,
        ),
        Mistake(
            "contrastive",
            "You pull the positive to distance 0 and push the negative to the margin, each for "
            "itself. A triplet asks only for the difference of the two distances.",
            _positive_alone,
            hint=3,
        ),
    ],
    equivalent={
        "F.normalize(anchors, dim=1) -> F.normalize(anchors)": "dim 1 is the default of F.normalize",
        "F.normalize(positives, dim=1) -> F.normalize(positives)": "dim 1 is the default of F.normalize",
        "F.normalize(negatives, dim=1) -> F.normalize(negatives)": "dim 1 is the default of F.normalize",
    },
    returns="tensor",
    gradients=(0, 1, 2),
)
