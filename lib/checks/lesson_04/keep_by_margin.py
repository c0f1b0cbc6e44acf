"""Lesson 04, negatives by vectors: `keep_by_margin`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from lib.checks.exercise import Case, Exercise, Mistake
from lib.checks.values import EXACT


def _margin_cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    scores = torch.tensor([[0.95, 0.78, 0.5], [0.41, 0.37, -0.2]], dtype=torch.float64)
    own = torch.tensor([0.8, 0.4], dtype=torch.float64)
    yield Case((scores, own, 0.05, True), "relative, 5%")
    yield Case((scores, own, 0.05, False), "absolute, 0.05")
    yield Case((scores, own, 0.0, True), "no margin")
    below = torch.tensor([[-0.2, -0.3, -0.45]], dtype=torch.float64)
    yield Case((below, torch.tensor([-0.3], dtype=torch.float64), 0.2, True), "a positive below 0")
    yield Case((below, torch.tensor([-0.3], dtype=torch.float64), 0.2, False), "absolute, below 0")
    equal = torch.tensor([[0.5, 0.25, 0.75]], dtype=torch.float64)
    yield Case(
        (equal, torch.tensor([0.5], dtype=torch.float64), 0.0, False), "exactly at the limit"
    )
    yield Case((equal, torch.tensor([0.5], dtype=torch.float64), 0.5, True), "exactly at half")
    lost = torch.tensor([[0.1, -torch.inf, 0.7]], dtype=torch.float64)
    yield Case(
        (lost, torch.tensor([0.6], dtype=torch.float64), 0.1, True), "a score of minus infinity"
    )
    for margin, relative in ((-0.1, True), (-0.1, False), (1.5, True)):
        yield Case((scores, own, margin, relative), "a margin that cannot be")
    yield Case((scores, own, 1.5, False), "an absolute margin above 1")
    yield Case((scores, own, 1.0, True), "a relative margin of 1")
    for turn in range(6 if hidden else 3):
        shape = tuple(int(n) for n in rng.integers(2, 6, size=2))
        table = torch.from_numpy(rng.uniform(-1, 1, shape))
        positive = torch.from_numpy(rng.uniform(-1, 1, shape[0]))
        yield Case((table, positive, float(rng.uniform(0, 0.6)), bool(turn % 2)), f"random {turn}")


def _margin_by_loops(scores, positive_scores, margin, relative) -> list:
    if margin < 0 or (relative and margin > 1):
        raise ValueError("no such margin")
    kept = []
    for row, positive in zip(scores.tolist(), positive_scores.tolist()):
        room = margin * (positive if positive > 0 else -positive) if relative else margin
        kept.append([not score > positive - room for score in row])
    return kept


def _refusing(keep: Callable) -> Callable:
    """The same, with margins refused that cannot be."""

    def checked(scores, positive_scores, margin, relative):
        if not 0 <= margin <= (1 if relative else float("inf")):
            raise ValueError("no such margin")
        return keep(scores, positive_scores, margin, relative)

    return checked


def _limit(rule: Callable[[Tensor, float, bool], Tensor]) -> Callable:
    @_refusing
    def keep(scores, positive_scores, margin, relative):
        return scores <= rule(positive_scores, margin, relative)[:, None]

    return keep


def _right_limit(own: Tensor, margin: float, relative: bool) -> Tensor:
    return own - margin * own.abs() if relative else own - margin


EXERCISE = Exercise(
    "keep_by_margin",
    "04",
    _margin_cases,
    _margin_by_loops,
    tolerance=EXACT,
    mistakes=[
        Mistake(
            "relative-as-absolute",
            "The relative margin is subtracted as it is. It is a share of the positive's score.",
            _limit(lambda own, m, rel: own - m),
            hint=2,
        ),
        Mistake(
            "absolute-as-relative",
            "The absolute margin is taken as a share. It is subtracted as it is.",
            _limit(lambda own, m, rel: own - m * own.abs()),
        ),
        Mistake(
            "times-one-minus-margin",
            "positive * (1 - margin) lies *above* a positive that is below 0. Subtract margin * "
            "|positive|.",
            _limit(lambda own, m, rel: own * (1 - m) if rel else own - m),
            hint=2,
        ),
        Mistake(
            "margin-added",
            "The margin is added to the positive's score: even candidates that beat the positive stay. "
            "Subtract it.",
            _limit(lambda own, m, rel: own + m * own.abs() if rel else own + m),
        ),
        Mistake(
            "no-margin",
            "Only what scores above the positive is dropped. The margin asks for more.",
            _limit(lambda own, m, rel: own),
        ),
        Mistake(
            "turned-round",
            "You keep what is too close to the positive and drop the rest.",
            _refusing(lambda s, own, m, rel: s > _right_limit(own, m, rel)[:, None]),
        ),
        Mistake(
            "limit-dropped",
            "A candidate exactly at the limit is dropped. Only those above it are.",
            _refusing(lambda s, own, m, rel: s < _right_limit(own, m, rel)[:, None]),
            hint=3,
        ),
        Mistake(
            "one-positive-for-all",
            "All queries are compared with the mean of the positives' scores. Each has its own: "
            "`limit[:, None]`.",
            _refusing(lambda s, own, m, rel: s <= _right_limit(own, m, rel).mean()),
            hint=1,
        ),
        Mistake(
            "margin-of-one",
            "The margin is taken as what is to be left: 0.05 keeps 5% of the positive's score instead "
            "of 95%.",
            _limit(lambda own, m, rel: own - (1 - m) * own.abs() if rel else own - m),
            hint=2,
        ),
        Mistake(
            "never-refused",
            "A margin below 0, or a relative one above 1, is taken without a word. Raise a ValueError.",
            lambda s, own, m, rel: s <= _right_limit(own, m, rel)[:, None],
            hint=3,
        ),
    ],
    returns="tensor",
)
