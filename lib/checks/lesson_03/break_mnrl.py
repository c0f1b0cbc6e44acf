"""Lesson 03, the break-it exercise: a test that tells a right in-batch loss from wrong ones."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from lib.checks.breakit import BreakIt, Suspect


def _scores(queries, positives, scale, normal: bool = True) -> np.ndarray:
    q, p = (np.array(x, dtype=np.float64) for x in (queries, positives))
    if q.ndim != 2 or q.shape != p.shape:
        raise ValueError(f"queries {q.shape} and positives {p.shape} do not fit")
    if normal:
        q, p = (x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12) for x in (q, p))
    return float(scale) * q @ p.T


def _entropy(scores: np.ndarray, own: np.ndarray) -> np.ndarray:
    top = scores.max(axis=1)
    return top + np.log(np.exp(scores - top[:, None]).sum(axis=1)) - own


def _right(queries, positives, scale) -> float:
    scores = _scores(queries, positives, scale)
    return float(_entropy(scores, np.diag(scores)).mean())


def _right_by_loops(queries, positives, scale) -> float:
    """Right, written otherwise: how far each candidate is ahead of the positive."""
    losses = []
    for i, row in enumerate(_scores(queries, positives, scale)):
        ahead = sorted(s - row[i] for s in row)
        losses.append(ahead[-1] + math.log(sum(math.exp(a - ahead[-1]) for a in ahead)))
    return sum(losses) / len(losses)


def _labels_first(queries, positives, scale) -> float:
    scores = _scores(queries, positives, scale)
    return float(_entropy(scores, scores[:, 0]).mean())


def _wrong_axis(queries, positives, scale) -> float:
    scores = _scores(queries, positives, scale).T
    return float(_entropy(scores, np.diag(scores)).mean())


def _temperature(queries, positives, scale) -> float:
    return _right(queries, positives, 1 / scale)


def _not_normalised(queries, positives, scale) -> float:
    scores = _scores(queries, positives, scale, normal=False)
    return float(_entropy(scores, np.diag(scores)).mean())


def _summed(queries, positives, scale) -> float:
    return _right(queries, positives, scale) * len(queries)


def _positive_left_out(queries, positives, scale) -> float:
    scores = _scores(queries, positives, scale)
    others = np.where(np.eye(len(scores)) > 0, -np.inf, scores)
    return float(_entropy(others, np.diag(scores)).mean()) if len(scores) > 1 else 0.0


def _clamped(queries, positives, scale) -> float:
    scores = np.maximum(_scores(queries, positives, scale), 0)
    return float(_entropy(scores, np.diag(scores)).mean())


def _overflowing(queries, positives, scale) -> float:
    powers = np.exp(_scores(queries, positives, scale).astype(np.float32))
    return float(-np.log(np.diag(powers) / powers.sum(axis=1)).mean())


def _quiet(function: Callable) -> Callable:
    """The same function without NumPy's warnings on overflow, which a learner should not see."""

    def wrapped(queries, positives, scale) -> float:
        with np.errstate(all="ignore"):
            return function(queries, positives, scale)

    return wrapped


EXERCISE = BreakIt(
    "break_mnrl",
    "03",
    right=[_right, _right_by_loops],
    suspects=[
        Suspect(
            "labels-first-column",
            "A suspect that takes the first positive as right for every query passes your test. "
            "Let a later query be nearer to its own positive than to the first.",
            _quiet(_labels_first),
            hint=2,
        ),
        Suspect(
            "wrong-axis",
            "A suspect whose softmax runs over the queries of a passage passes your test. Use "
            "vectors for which the scores are not symmetric.",
            _quiet(_wrong_axis),
            hint=2,
        ),
        Suspect(
            "temperature-multiplied",
            "A suspect that divides by scale passes your test. Use a scale other than 1, and "
            "scores that are not all equal.",
            _quiet(_temperature),
            hint=3,
        ),
        Suspect(
            "not-normalised",
            "A suspect that does not normalise passes your test. Use vectors whose length is not 1.",
            _quiet(_not_normalised),
        ),
        Suspect(
            "summed",
            "A suspect that returns the sum over the batch passes your test. Use two pairs or more "
            "and a loss that is not 0.",
            _quiet(_summed),
        ),
        Suspect(
            "positive-left-out",
            "A suspect that leaves the positive out of the denominator passes your test. Let a "
            "query score its own positive well.",
            _quiet(_positive_left_out),
        ),
        Suspect(
            "clamped",
            "A suspect that counts negative cosines as 0 passes your test. Let two vectors point "
            "away from each other.",
            _quiet(_clamped),
            hint=1,
        ),
        Suspect(
            "overflow",
            "A suspect that takes exp of the scores as they are passes your test. In float32 exp(89) "
            "is infinite: use a scale of 100 or more with vectors that are alike.",
            _quiet(_overflowing),
            hint=3,
        ),
    ],
    arguments=["queries", "positives", "scale"],
)
