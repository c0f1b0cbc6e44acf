"""Lesson 03, in-batch negatives: `mnrl_symmetric`."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from lib.checks.exercise import Exercise, Mistake
from lib.checks.lesson_03._mnrl import (
    by_loops,
    cases,
    labels,
    not_normalised,
    scaled_scores,
    wrong_axis,
)


def _by_cross_entropy(queries: Tensor, positives: Tensor, scale: float) -> Tensor:
    """The framework's cross-entropy with the diagonal as labels."""
    scores = scaled_scores(queries, positives, scale)
    return F.cross_entropy(scores, labels(scores))


def _both_by_loops(queries: Tensor, positives: Tensor, scale: float) -> float:
    return (by_loops(queries, positives, scale) + by_loops(positives, queries, scale)) / 2


def _one_way(queries: Tensor, positives: Tensor, scale: float) -> Tensor:
    return _by_cross_entropy(queries, positives, scale)


def _added(queries: Tensor, positives: Tensor, scale: float) -> Tensor:
    return _one_way(queries, positives, scale) + _one_way(positives, queries, scale)


def _scale_on_one_side(queries: Tensor, positives: Tensor, scale: float) -> Tensor:
    return (_one_way(queries, positives, scale) + _one_way(positives, queries, 20.0)) / 2


def _scale_on_the_other(queries: Tensor, positives: Tensor, scale: float) -> Tensor:
    return _scale_on_one_side(positives, queries, scale)


def _scale_on_neither(queries: Tensor, positives: Tensor, scale: float) -> Tensor:
    return _both_by_cross_entropy(queries, positives, 20.0)


def _one_softmax(queries: Tensor, positives: Tensor, scale: float) -> Tensor:
    scores = scaled_scores(queries, positives, scale)
    return (torch.cat([scores, scores.T], dim=1).logsumexp(dim=1) - scores.diagonal()).mean()


def _mean_of_scores(queries: Tensor, positives: Tensor, scale: float) -> Tensor:
    scores = scaled_scores(queries, positives, scale)
    return F.cross_entropy((scores + scores.T) / 2, labels(scores))


def _queries_among_themselves(queries: Tensor, positives: Tensor, scale: float) -> Tensor:
    scores, own = scaled_scores(queries, positives, scale), scaled_scores(queries, queries, scale)
    return (F.cross_entropy(scores, labels(scores)) + F.cross_entropy(own, labels(own))) / 2


def _both_not_normalised(queries: Tensor, positives: Tensor, scale: float) -> Tensor:
    there = not_normalised(queries, positives, scale)
    return (there + not_normalised(positives, queries, scale)) / 2


def _both_temperatures(queries: Tensor, positives: Tensor, scale: float) -> Tensor:
    return _both_by_cross_entropy(queries, positives, 1 / scale)


def _both_by_cross_entropy(queries: Tensor, positives: Tensor, scale: float) -> Tensor:
    """The loss there and the loss back, with swapped arguments."""
    return _added(queries, positives, scale) / 2


EXERCISE = Exercise(
    "mnrl_symmetric",
    "03",
    cases,
    _both_by_loops,
    mistakes=[
        Mistake(
            "one-direction",
            "This is the loss of the queries alone. Add the other direction, in which each passage "
            "looks for its query, and take the mean.",
            _one_way,
            hint=3,
        ),
        Mistake(
            "other-direction",
            "This is the loss of the passages alone. Take its mean with the loss of the queries.",
            wrong_axis,
            hint=3,
        ),
        Mistake(
            "added",
            "You add the two directions: the loss of a model that tells nothing apart is then twice log(batch). "
            "Take their mean.",
            _added,
            hint=2,
        ),
        Mistake(
            "scale-not-handed-on",
            "You do not hand `scale` on, so that a direction is scored at the default of 20. Both directions "
            "get it: `mnrl(positives, queries, scale)`.",
            _scale_on_one_side,
            also=[_scale_on_the_other, _scale_on_neither],
            hint=1,
        ),
        Mistake(
            "one-softmax",
            "You put both directions into one softmax, so that queries and passages compete. That "
            "is another loss; here each direction has a softmax of its own.",
            _one_softmax,
        ),
        Mistake(
            "scores-averaged",
            "You average the scores with their transpose, then take one loss. Take two losses and "
            "average those.",
            _mean_of_scores,
        ),
        Mistake(
            "queries-with-queries",
            "Your second direction compares queries with queries, and each finds itself. It has to "
            "compare passages with queries: the transposed score matrix.",
            _queries_among_themselves,
            hint=1,
        ),
        Mistake(
            "not-normalised",
            "Your scores are dot products. Normalise the rows of both to length one first.",
            _both_not_normalised,
        ),
        Mistake(
            "temperature-multiplied",
            "You divide the cosines by scale. scale is 1 / temperature: multiply by it.",
            _both_temperatures,
        ),
    ],
    equivalent={
        "F.normalize(queries, dim=1) -> F.normalize(queries)": "dim 1 is the default of F.normalize",
        "F.normalize(positives, dim=1) -> F.normalize(positives)": "dim 1 is the default of F.normalize",
    },
    returns="tensor",
    gradients=(0, 1),
)
