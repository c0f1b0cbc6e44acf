"""Lesson 03, losses on margins: the triplet loss and margin-MSE."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from lib.checks.exercise import Case, Exercise, Mistake
from lib.checks.lesson_03_vectors import TOY_POSITIVES, TOY_QUERIES, draw, near, unit


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


def _third_side(anchors: Tensor, positives: Tensor, negatives: Tensor, margin: float) -> Tensor:
    return F.relu(_cos(positives, negatives) - _cos(anchors, positives) + margin).mean()


def _positive_alone(anchors: Tensor, positives: Tensor, negatives: Tensor, margin: float) -> Tensor:
    return (1 - _cos(anchors, positives) + F.relu(margin - 1 + _cos(anchors, negatives))).mean()


def _triplet_by_clamp(
    anchors: Tensor, positives: Tensor, negatives: Tensor, margin: float
) -> Tensor:
    """An alternative: both distances written out, clamped at 0."""
    a, p, n = (F.normalize(x, dim=1) for x in (anchors, positives, negatives))
    near_, far = 1 - torch.einsum("bd,bd->b", a, p), 1 - torch.einsum("bd,bd->b", a, n)
    return (near_ - far + margin).clamp(min=0).mean()


def _triplet_by_half_squares(
    anchors: Tensor, positives: Tensor, negatives: Tensor, margin: float
) -> float:
    """An alternative in NumPy: half the squared distance of unit vectors is 1 - cosine."""
    a, p, n = unit(anchors), unit(positives), unit(negatives)
    # A row of zeros has no length to which this identity would apply: take dot products there.
    gap = (((a - p) ** 2).sum(1) - ((a - n) ** 2).sum(1)) / 2
    same_length = (p**2).sum(1) - (n**2).sum(1)
    return float(np.maximum(0.0, gap - same_length / 2 + margin).mean())


TRIPLET = Exercise(
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
        ),
        Mistake(
            "not-cut",
            "Triplets that are closed should cost 0, yours earn a negative loss and keep pushing. "
            "Cut each triplet's loss off at 0.",
            _not_cut,
        ),
        Mistake(
            "cut-after-mean",
            "You cut at 0 after the mean, so that easy triplets pay for the hard ones. Cut each "
            "triplet first, then take the mean.",
            _cut_late,
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
        ),
    ],
    alternatives=[_triplet_by_clamp, _triplet_by_half_squares],
    equivalent={
        "F.normalize(anchors, dim=1) -> F.normalize(anchors)": "dim 1 is the default of F.normalize",
        "F.normalize(positives, dim=1) -> F.normalize(positives)": "dim 1 is the default of F.normalize",
        "F.normalize(negatives, dim=1) -> F.normalize(negatives)": "dim 1 is the default of F.normalize",
    },
)


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
    q, p, n, t = (np.asarray(x, dtype=np.float64) for x in (q, p, n, teacher))
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


def _mean_margin(q: Tensor, p: Tensor, n: Tensor, teacher: Tensor) -> Tensor:
    return (_margins(q, p, n) - teacher).mean().square()


def _first_negative(q: Tensor, p: Tensor, n: Tensor, teacher: Tensor) -> Tensor:
    return (_margins(q, p, n) - teacher)[:, 0].square().mean()


def _hinge(q: Tensor, p: Tensor, n: Tensor, teacher: Tensor) -> Tensor:
    return F.relu(teacher - _margins(q, p, n)).square().mean()


def _negative_scores(q: Tensor, p: Tensor, n: Tensor, teacher: Tensor) -> Tensor:
    return ((q[:, None] * n).sum(dim=2) - teacher).square().mean()


def _teacher_by_matmul(q: Tensor, p: Tensor, n: Tensor, teacher: Tensor) -> Tensor:
    """An alternative: the difference of the passages first, one batched product, the MSE."""
    margins = torch.bmm(p.unsqueeze(1) - n, q.unsqueeze(2)).squeeze(2)
    return F.mse_loss(margins, teacher.to(margins.dtype))


def _teacher_by_numpy(q: Tensor, p: Tensor, n: Tensor, teacher: Tensor) -> float:
    """An alternative in NumPy, column by column of negatives."""
    q, p, n, t = (np.asarray(x, dtype=np.float64) for x in (q, p, n, teacher))
    own = np.einsum("bd,bd->b", q, p)
    columns = [own - np.einsum("bd,bd->b", q, n[:, j]) - t[:, j] for j in range(n.shape[1])]
    return float(np.mean(np.square(columns)))


MARGIN_MSE = Exercise(
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
        ),
        Mistake(
            "summed-over-negatives",
            "You sum over the negatives and average over the queries: with more negatives the loss "
            "grows. Take the mean over all margins.",
            _summed_over_negatives,
        ),
        Mistake(
            "absolute",
            "You average absolute differences. The loss is the mean *squared* difference.",
            _absolute,
        ),
        Mistake(
            "squared-after-mean",
            "You square the mean difference: margins that are too large make up for those that are "
            "too small. Square each, then take the mean.",
            _mean_margin,
        ),
        Mistake(
            "first-negative-only",
            "You use the first negative of each query only. There are n of them, each with a margin "
            "of the teacher.",
            _first_negative,
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
    alternatives=[_teacher_by_matmul, _teacher_by_numpy],
)

EXERCISES = [TRIPLET, MARGIN_MSE]
