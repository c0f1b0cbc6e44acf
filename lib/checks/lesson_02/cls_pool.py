"""Lesson 02, pooling by one token: `cls_pool`."""

from __future__ import annotations

import torch
from torch import Tensor

from lib.checks.exercise import Exercise, Mistake
from lib.checks.lesson_02._token_pooling import (
    ALL,
    AXIS,
    DEVICE,
    EMPTY,
    by_loops,
    cases,
    count,
    first,
    last,
    picking,
    same_for_all,
    zero_if_empty,
)


def _mean(tokens: Tensor, mask: Tensor) -> Tensor:
    weights = mask.unsqueeze(-1)
    return (tokens * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1)


EXERCISE = Exercise(
    "cls_pool",
    "02",
    cases,
    by_loops(0),
    mistakes=[
        Mistake(
            "position-zero",
            "You take position 0. With padding on the left that is padding: take the first "
            "position at which the mask is 1.",
            lambda tokens, mask: zero_if_empty(tokens[:, 0], mask),
            also=[lambda tokens, mask: tokens[:, 0] * mask[:, :1]],
            hint=1,
        ),
        Mistake(
            "last-token",
            "You take the last real token. CLS is the first one.",
            picking(last),
            hint=2,
        ),
        Mistake(
            "last-position",
            "You take the last position, which is padding where padding is on the right, and never the "
            "first token. CLS is the first position at which the mask is 1.",
            lambda tokens, mask: tokens[:, -1],
            hint=1,
        ),
        Mistake(
            "padding-as-start",
            "You take the amount of padding as the start of the text. That holds only with padding "
            "on the left; find the first 1 in the mask instead.",
            picking(lambda mask: mask.shape[1] - count(mask)),
            hint=2,
        ),
        Mistake(
            "second-token",
            "You take the token after the first: the first word. CLS itself is a token, the first "
            "one that the mask calls real.",
            picking(lambda mask: torch.minimum(first(mask) + 1, last(mask))),
            hint=2,
        ),
        Mistake(
            "one-position-for-all", ALL, picking(lambda mask: same_for_all(first(mask))), hint=3
        ),
        Mistake("empty-row-kept", EMPTY, picking(first, empty=False)),
        Mistake("wrong-axis", AXIS, lambda tokens, mask: tokens[:, :, 0]),
        Mistake(
            "mean-instead",
            "You average the tokens. CLS pooling takes the vector of one token, the first.",
            _mean,
        ),
    ],
    equivalent={
        "torch.arange(len(first), device=first.device) -> torch.arange(len(first))": DEVICE,
    },
    returns="tensor",
)
