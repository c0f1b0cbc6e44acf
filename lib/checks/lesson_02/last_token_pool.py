"""Lesson 02, pooling by one token: `last_token_pool`."""

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
    tokens_at,
    zero_if_empty,
)


def _side_of_first_row(mask: Tensor) -> Tensor:
    """The last token, if the padding of the first row told where all rows have theirs."""
    last = torch.full_like(count(mask), mask.shape[1] - 1)
    return last if mask[0, -1] else count(mask) - 1


def _count_for_a_place(tokens: Tensor, mask: Tensor) -> Tensor:
    return tokens_at(tokens, count(mask))


EXERCISE = Exercise(
    "last_token_pool",
    "02",
    cases,
    by_loops(-1),
    mistakes=[
        Mistake(
            "last-position",
            "You take the last position. With padding on the right that is padding: take the last "
            "position at which the mask is 1.",
            lambda tokens, mask: zero_if_empty(tokens[:, -1], mask),
            hint=2,
        ),
        Mistake(
            "counted-mask",
            "You count the mask and take that position. It is the last token only with padding on "
            "the right: with padding on the left you land inside the text.",
            picking(lambda mask: count(mask) - 1),
            hint=1,
        ),
        Mistake(
            "count-for-a-place",
            "You take the number of real tokens for the place of the last one. Places begin at 0, so you "
            "are one too far, and a full row has no such place; and with padding on the left the count "
            "says nothing of the place.",
            _count_for_a_place,
            also=[lambda tokens, mask: zero_if_empty(_count_for_a_place(tokens, mask), mask)],
            hint=1,
        ),
        Mistake(
            "not-turned-back",
            "You turned the mask around to find the last 1, and took the place that it has in the turned "
            "row. Counted from the front it is `tokens - 1 - place`.",
            picking(lambda mask: (mask != 0).flip(1).long().argmax(dim=1)),
            hint=2,
        ),
        Mistake(
            "side-of-first-row",
            "You let the first row tell the side of the padding. A longest text in the first row "
            "has no padding at all, so it looks like padding on the left. Look at each row.",
            picking(_side_of_first_row),
            hint=2,
        ),
        Mistake(
            "one-before",
            "You stop one token early. The last real token (here SEP) counts: a model is trained "
            "to gather the text there.",
            picking(lambda mask: torch.maximum(last(mask) - 1, first(mask))),
        ),
        Mistake(
            "first-token",
            "You take the first real token. That is CLS pooling; here the last one is asked for.",
            picking(first),
            hint=2,
        ),
        Mistake(
            "one-position-for-all", ALL, picking(lambda mask: same_for_all(last(mask))), hint=3
        ),
        Mistake("empty-row-kept", EMPTY, picking(last, empty=False)),
        Mistake("wrong-axis", AXIS, lambda tokens, mask: tokens[:, :, -1]),
    ],
    equivalent={
        "torch.arange(len(last), device=last.device) -> torch.arange(len(last))": DEVICE,
        "torch.arange(real.shape[1], device=real.device) -> torch.arange(real.shape[1])": DEVICE,
    },
    returns="tensor",
)
