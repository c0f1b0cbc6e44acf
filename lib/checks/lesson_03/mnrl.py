"""Lesson 03, in-batch negatives: `mnrl`."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from lib.checks.exercise import Exercise, Mistake, NoLoop
from lib.checks.lesson_03._mnrl import (
    by_loops,
    cases,
    labels,
    not_normalised,
    scaled_scores,
    wrong_axis,
)


def _first_column(queries: Tensor, positives: Tensor, scale: float) -> Tensor:
    scores = scaled_scores(queries, positives, scale)
    return F.cross_entropy(scores, labels(scores) * 0)


def _temperature_multiplied(queries: Tensor, positives: Tensor, scale: float) -> Tensor:
    scores = scaled_scores(queries, positives, 1 / scale)
    return F.cross_entropy(scores, labels(scores))


def _no_scale(queries: Tensor, positives: Tensor, scale: float) -> Tensor:
    scores = scaled_scores(queries, positives, 1.0)
    return F.cross_entropy(scores, labels(scores))


def _summed(queries: Tensor, positives: Tensor, scale: float) -> Tensor:
    scores = scaled_scores(queries, positives, scale)
    return F.cross_entropy(scores, labels(scores), reduction="sum")


def _over_all_entries(queries: Tensor, positives: Tensor, scale: float) -> Tensor:
    return _summed(queries, positives, scale) / len(queries) ** 2


def _positive_left_out(queries: Tensor, positives: Tensor, scale: float) -> Tensor:
    scores = scaled_scores(queries, positives, scale)
    others = scores.masked_fill(torch.eye(len(scores), dtype=torch.bool), float("-inf"))
    return (others.logsumexp(dim=1) - scores.diagonal()).mean()


def _overflowing(queries: Tensor, positives: Tensor, scale: float) -> Tensor:
    powers = scaled_scores(queries, positives, scale).exp()
    return -(powers.diagonal() / powers.sum(dim=1)).log().mean()


def _log_of_mean(queries: Tensor, positives: Tensor, scale: float) -> Tensor:
    shares = scaled_scores(queries, positives, scale).softmax(dim=1).diagonal()
    return -shares.mean().log()


def _one_less_share(queries: Tensor, positives: Tensor, scale: float) -> Tensor:
    return (1 - scaled_scores(queries, positives, scale).softmax(dim=1).diagonal()).mean()


def _columns_normalised(queries: Tensor, positives: Tensor, scale: float) -> Tensor:
    scores = scale * F.normalize(queries, dim=0) @ F.normalize(positives, dim=0).T
    return F.cross_entropy(scores, labels(scores))


def _softmax_of_pairs(queries: Tensor, positives: Tensor, scale: float) -> Tensor:
    own = scaled_scores(queries, positives, scale).diagonal()
    return -own.log_softmax(dim=0).mean()


def _softmax_twice(queries: Tensor, positives: Tensor, scale: float) -> Tensor:
    scores = scaled_scores(queries, positives, scale)
    return F.cross_entropy(scores.softmax(dim=1), labels(scores))


def _log_likelihood(queries: Tensor, positives: Tensor, scale: float) -> Tensor:
    scores = scaled_scores(queries, positives, scale)
    return -F.cross_entropy(scores, labels(scores))


def _many(pairs: int) -> tuple[Tensor, Tensor, float]:
    angles = torch.linspace(0, 3, pairs)
    circle = torch.stack([angles.cos(), angles.sin()], dim=1)
    return circle, circle.flip(1), 20.0


EXERCISE = Exercise(
    "mnrl",
    "03",
    cases,
    by_loops,
    mistakes=[
        Mistake(
            "labels-first-column",
            "Your loss takes column 0 as the right answer for every query. The positive of query i "
            "is row i: the labels are 0, 1, 2, ..., the diagonal.",
            _first_column,
            hint=1,
        ),
        Mistake(
            "temperature-multiplied",
            "You divide the cosines by scale. scale is 1 / temperature: multiply by it, or divide "
            "by the temperature. As it is, all scores are nearly equal and nothing is learned.",
            _temperature_multiplied,
            hint=2,
        ),
        Mistake(
            "scale-ignored",
            "The scale has no effect on your result: cosines from -1 to 1 make a flat softmax. "
            "Multiply them by scale.",
            _no_scale,
            hint=2,
        ),
        Mistake(
            "not-normalised",
            "Your scores are dot products: long vectors win whatever they point to. Normalise the "
            "rows of both, queries and positives, to length one.",
            not_normalised,
            hint=3,
        ),
        Mistake(
            "wrong-axis",
            "Your softmax runs over the queries of each passage. A query chooses among the "
            "passages: with scores (queries, passages) that is dim 1.",
            wrong_axis,
            hint=3,
        ),
        Mistake(
            "summed",
            "You return the sum over the batch: a batch twice as large gets a gradient twice as "
            "large. Take the mean over the queries.",
            _summed,
        ),
        Mistake(
            "log-of-the-mean",
            "You average the shares and take the logarithm of their mean. Each query has its own loss, minus "
            "the logarithm of its share; take the mean of these.",
            _log_of_mean,
        ),
        Mistake(
            "one-less-share",
            "You return 1 less the share. The loss is minus its logarithm, which grows without end where the "
            "share comes near to 0.",
            _one_less_share,
        ),
        Mistake(
            "columns-normalised",
            "You give the columns length one, not the rows. A text's vector is a row: "
            "`F.normalize(x, dim=1)`.",
            _columns_normalised,
            hint=3,
        ),
        Mistake(
            "softmax-of-pairs",
            "You compare the scores of the pairs with one another. Each query chooses among the passages, so "
            "the softmax needs the whole table, every query with every passage.",
            _softmax_of_pairs,
            hint=1,
        ),
        Mistake(
            "mean-over-matrix",
            "You divide by batch times batch. There is one loss a *query*, so divide by the batch.",
            _over_all_entries,
        ),
        Mistake(
            "positive-left-out",
            "The sum in the denominator leaves the positive out, so the loss can fall below 0 for "
            "ever. A softmax sums over all candidates, the right one too.",
            _positive_left_out,
        ),
        Mistake(
            "overflow",
            "exp of a large score is infinite in float32 (from about 89 on), and the loss becomes "
            "NaN. Use logsumexp or cross_entropy, which take the largest score out first.",
            _overflowing,
        ),
        Mistake(
            "softmax-twice",
            "You give probabilities to a cross-entropy that takes a softmax itself, so the softmax "
            "is taken twice and the loss cannot come near 0. Give it the scores.",
            _softmax_twice,
            hint=2,
        ),
        Mistake(
            "sign",
            "Your result is below 0: it is the log-likelihood. The loss is its negative, so that "
            "smaller is better.",
            _log_likelihood,
        ),
    ],
    equivalent={
        "F.normalize(queries, dim=1) -> F.normalize(queries)": "dim 1 is the default of F.normalize",
        "F.normalize(positives, dim=1) -> F.normalize(positives)": "dim 1 is the default of F.normalize",
    },
    returns="tensor",
    gradients=(0, 1),
    no_loops=[
        NoLoop(
            "queries",
            _many,
            "training calls your function in every step. One product of both matrices scores all queries "
            "against all passages.",
        )
    ],
)
