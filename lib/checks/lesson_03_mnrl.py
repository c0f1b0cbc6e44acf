"""Lesson 03, in-batch negatives: the ranking loss and its symmetric form."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from lib.checks.exercise import Case, Exercise, Mistake
from lib.checks.lesson_03_vectors import TOY_POSITIVES, TOY_QUERIES, draw, near, row_loss, unit


def _cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    toy = torch.tensor(TOY_QUERIES), torch.tensor(TOY_POSITIVES)
    yield Case((*toy, 2.0), "three pairs in two dimensions")
    yield Case((toy[0][:2], toy[1][:2], 5.0), "two pairs")
    yield Case((toy[0][:1], toy[1][:1], 20.0), "a batch of one pair: nothing to tell apart")
    yield Case((F.normalize(toy[0]), F.normalize(toy[1]), 1.0), "unit vectors, scale 1")
    yield Case((toy[0] * 0 + 1, toy[1] * 0 + 1, 20.0), "all vectors alike")
    yield Case((toy[0].flip(0), toy[1], 150.0), "wrong pairs at a large scale, float32")
    zeros = toy[0].clone()
    zeros[1] = 0
    yield Case((zeros, toy[1], 3.0), "a query of zeros: its cosines are 0")
    strided = draw(rng, 6, 4).T
    yield Case((strided, near(rng, strided).T.contiguous().T, 10.0), "not contiguous")
    for turn in range(4 if hidden else 2):
        queries = draw(rng, int(rng.integers(2, 9)), int(rng.integers(2, 8)))
        scale = float(rng.uniform(0.5, 30))
        yield Case((queries, near(rng, queries), scale), f"random {turn}")
        yield Case((queries.float(), near(rng, queries).float(), scale), f"random {turn}, float32")


def _by_loops(queries: Tensor, positives: Tensor, scale: float) -> float:
    q, p = unit(queries), unit(positives)
    rows = [
        row_loss(q[i], p[i], [x for j, x in enumerate(p) if j != i], scale) for i in range(len(q))
    ]
    return float(np.mean(rows))


def _scores(queries: Tensor, positives: Tensor, scale: float) -> Tensor:
    return scale * (F.normalize(queries, dim=1) @ F.normalize(positives, dim=1).T)


def _labels(scores: Tensor) -> Tensor:
    return torch.arange(len(scores))


def _first_column(queries: Tensor, positives: Tensor, scale: float) -> Tensor:
    scores = _scores(queries, positives, scale)
    return F.cross_entropy(scores, _labels(scores) * 0)


def _temperature_multiplied(queries: Tensor, positives: Tensor, scale: float) -> Tensor:
    scores = _scores(queries, positives, 1 / scale)
    return F.cross_entropy(scores, _labels(scores))


def _no_scale(queries: Tensor, positives: Tensor, scale: float) -> Tensor:
    scores = _scores(queries, positives, 1.0)
    return F.cross_entropy(scores, _labels(scores))


def _not_normalised(queries: Tensor, positives: Tensor, scale: float) -> Tensor:
    scores = scale * queries @ positives.T
    return F.cross_entropy(scores, _labels(scores))


def _wrong_axis(queries: Tensor, positives: Tensor, scale: float) -> Tensor:
    scores = _scores(queries, positives, scale)
    return F.cross_entropy(scores.T, _labels(scores))


def _summed(queries: Tensor, positives: Tensor, scale: float) -> Tensor:
    scores = _scores(queries, positives, scale)
    return F.cross_entropy(scores, _labels(scores), reduction="sum")


def _over_all_entries(queries: Tensor, positives: Tensor, scale: float) -> Tensor:
    return _summed(queries, positives, scale) / len(queries) ** 2


def _positive_left_out(queries: Tensor, positives: Tensor, scale: float) -> Tensor:
    scores = _scores(queries, positives, scale)
    others = scores.masked_fill(torch.eye(len(scores), dtype=torch.bool), float("-inf"))
    return (others.logsumexp(dim=1) - scores.diagonal()).mean()


def _overflowing(queries: Tensor, positives: Tensor, scale: float) -> Tensor:
    powers = _scores(queries, positives, scale).exp()
    return -(powers.diagonal() / powers.sum(dim=1)).log().mean()


def _softmax_twice(queries: Tensor, positives: Tensor, scale: float) -> Tensor:
    scores = _scores(queries, positives, scale)
    return F.cross_entropy(scores.softmax(dim=1), _labels(scores))


def _log_likelihood(queries: Tensor, positives: Tensor, scale: float) -> Tensor:
    scores = _scores(queries, positives, scale)
    return -F.cross_entropy(scores, _labels(scores))


def _by_cross_entropy(queries: Tensor, positives: Tensor, scale: float) -> Tensor:
    """An alternative: the framework's cross-entropy with the diagonal as labels."""
    scores = _scores(queries, positives, scale)
    return F.cross_entropy(scores, _labels(scores))


def _by_differences(queries: Tensor, positives: Tensor, scale: float) -> float:
    """An alternative in NumPy: softplus-like, from what each candidate is ahead of the positive."""
    scores = scale * unit(queries) @ unit(positives).T
    ahead = scores - np.diag(scores)[:, None]
    top = ahead.max(axis=1, keepdims=True)
    return float((top[:, 0] + np.log(np.exp(ahead - top).sum(axis=1))).mean())


MNRL = Exercise(
    "mnrl",
    "03",
    _cases,
    _by_loops,
    mistakes=[
        Mistake(
            "labels-first-column",
            "Your loss takes column 0 as the right answer for every query. The positive of query i "
            "is row i: the labels are 0, 1, 2, ..., the diagonal.",
            _first_column,
        ),
        Mistake(
            "temperature-multiplied",
            "You divide the cosines by scale. scale is 1 / temperature: multiply by it, or divide "
            "by the temperature. As it is, all scores are nearly equal and nothing is learned.",
            _temperature_multiplied,
        ),
        Mistake(
            "scale-ignored",
            "The scale has no effect on your result: cosines from -1 to 1 make a flat softmax. "
            "Multiply them by scale.",
            _no_scale,
        ),
        Mistake(
            "not-normalised",
            "Your scores are dot products: long vectors win whatever they point to. Normalise the "
            "rows of both, queries and positives, to length one.",
            _not_normalised,
        ),
        Mistake(
            "wrong-axis",
            "Your softmax runs over the queries of each passage. A query chooses among the "
            "passages: with scores (queries, passages) that is dim 1.",
            _wrong_axis,
        ),
        Mistake(
            "summed",
            "You return the sum over the batch: a batch twice as large gets a gradient twice as "
            "large. Take the mean over the queries.",
            _summed,
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
        ),
        Mistake(
            "sign",
            "Your result is below 0: it is the log-likelihood. The loss is its negative, so that "
            "smaller is better.",
            _log_likelihood,
        ),
    ],
    alternatives=[_by_cross_entropy, _by_differences],
    equivalent={
        "F.normalize(queries, dim=1) -> F.normalize(queries)": "dim 1 is the default of F.normalize",
        "F.normalize(positives, dim=1) -> F.normalize(positives)": "dim 1 is the default of F.normalize",
    },
)


def _both_by_loops(queries: Tensor, positives: Tensor, scale: float) -> float:
    return (_by_loops(queries, positives, scale) + _by_loops(positives, queries, scale)) / 2


def _one_way(queries: Tensor, positives: Tensor, scale: float) -> Tensor:
    return _by_cross_entropy(queries, positives, scale)


def _added(queries: Tensor, positives: Tensor, scale: float) -> Tensor:
    return _one_way(queries, positives, scale) + _one_way(positives, queries, scale)


def _one_softmax(queries: Tensor, positives: Tensor, scale: float) -> Tensor:
    scores = _scores(queries, positives, scale)
    return (torch.cat([scores, scores.T], dim=1).logsumexp(dim=1) - scores.diagonal()).mean()


def _mean_of_scores(queries: Tensor, positives: Tensor, scale: float) -> Tensor:
    scores = _scores(queries, positives, scale)
    return F.cross_entropy((scores + scores.T) / 2, _labels(scores))


def _queries_among_themselves(queries: Tensor, positives: Tensor, scale: float) -> Tensor:
    scores, own = _scores(queries, positives, scale), _scores(queries, queries, scale)
    return (F.cross_entropy(scores, _labels(scores)) + F.cross_entropy(own, _labels(own))) / 2


def _both_not_normalised(queries: Tensor, positives: Tensor, scale: float) -> Tensor:
    there = _not_normalised(queries, positives, scale)
    return (there + _not_normalised(positives, queries, scale)) / 2


def _both_temperatures(queries: Tensor, positives: Tensor, scale: float) -> Tensor:
    return _both_by_cross_entropy(queries, positives, 1 / scale)


def _both_by_cross_entropy(queries: Tensor, positives: Tensor, scale: float) -> Tensor:
    """An alternative: the loss there and the loss back, with swapped arguments."""
    return _added(queries, positives, scale) / 2


def _both_by_numpy(queries: Tensor, positives: Tensor, scale: float) -> float:
    """An alternative: one score matrix, log-probabilities along either axis."""
    scores = scale * unit(queries) @ unit(positives).T
    total = 0.0
    for axis in (0, 1):
        shifted = scores - scores.max(axis=axis, keepdims=True)
        logs = shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))
        total -= np.trace(logs)
    return total / (2 * len(scores))


SYMMETRIC = Exercise(
    "mnrl_symmetric",
    "03",
    _cases,
    _both_by_loops,
    mistakes=[
        Mistake(
            "one-direction",
            "This is the loss of the queries alone. Add the other direction, in which each passage "
            "looks for its query, and take the mean.",
            _one_way,
        ),
        Mistake(
            "other-direction",
            "This is the loss of the passages alone. Take its mean with the loss of the queries.",
            _wrong_axis,
        ),
        Mistake(
            "added",
            "You add the two directions: the loss of an untrained model is then twice log(batch). "
            "Take their mean.",
            _added,
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
    alternatives=[_both_by_cross_entropy, _both_by_numpy],
    equivalent={
        "F.normalize(queries, dim=1) -> F.normalize(queries)": "dim 1 is the default of F.normalize",
        "F.normalize(positives, dim=1) -> F.normalize(positives)": "dim 1 is the default of F.normalize",
    },
)

EXERCISES = [MNRL, SYMMETRIC]
