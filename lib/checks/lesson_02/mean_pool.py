"""Lesson 02, pooling over all tokens: `mean_pool`."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from lib.checks.exercise import Exercise, Mistake, NoLoop
from lib.checks.lesson_02._token_batches import cases, real_rows, weights


def _mean_by_loops(tokens: Tensor, mask: Tensor) -> np.ndarray:
    rows = real_rows(tokens, mask)
    return np.array([r.sum(axis=0) / len(r) if len(r) else np.zeros(r.shape[1]) for r in rows])


def _padding_counted(tokens: Tensor, mask: Tensor) -> Tensor:
    return tokens.mean(dim=1)


def _padded_length(tokens: Tensor, mask: Tensor) -> Tensor:
    return (tokens * weights(mask)).mean(dim=1)


def _sum_over_count(tokens: Tensor, mask: Tensor) -> Tensor:
    return tokens.sum(dim=1) / weights(mask).sum(dim=1).clamp(min=1)


def _no_epsilon(tokens: Tensor, mask: Tensor) -> Tensor:
    return (tokens * weights(mask)).sum(dim=1) / weights(mask).sum(dim=1)


def _not_divided(tokens: Tensor, mask: Tensor) -> Tensor:
    return (tokens * weights(mask)).sum(dim=1)


def _count_of_batch(tokens: Tensor, mask: Tensor) -> Tensor:
    return (tokens * weights(mask)).sum(dim=1) / mask.sum().clamp(min=1)


def _one_too_many(tokens: Tensor, mask: Tensor) -> Tensor:
    return (tokens * weights(mask)).sum(dim=1) / (weights(mask).sum(dim=1) + 1)


def _mask_without_axis(tokens: Tensor, mask: Tensor) -> Tensor:
    return (tokens * mask).sum(dim=1) / mask.sum(dim=1).clamp(min=1)


def _mask_without_axis_in_sum(tokens: Tensor, mask: Tensor) -> Tensor:
    return (tokens * mask).sum(dim=1) / mask.sum(dim=1, keepdim=True).clamp(min=1)


def _mean_over_dim(tokens: Tensor, mask: Tensor) -> Tensor:
    return tokens.mean(dim=-1)


def _masked_mean_over_dim(tokens: Tensor, mask: Tensor) -> Tensor:
    return (tokens * weights(mask)).sum(dim=2) / weights(mask).sum(dim=1).clamp(min=1)


def _summed_over_batch(tokens: Tensor, mask: Tensor) -> Tensor:
    return (tokens * weights(mask)).sum(dim=0) / weights(mask).sum(dim=1).clamp(min=1)


def _mean_over_batch(tokens: Tensor, mask: Tensor) -> Tensor:
    return (tokens * weights(mask)).sum(dim=0) / weights(mask).sum(dim=0).clamp(min=1)


def _many(texts: int = 2, tokens: int = 3) -> tuple[Tensor, Tensor]:
    """A call with so many texts of so many tokens, the last of each being padding."""
    mask = torch.ones(texts, tokens, dtype=torch.long)
    mask[:, -1] = 0
    return torch.arange(texts * tokens * 2.0).reshape(texts, tokens, 2), mask


_AT_ONCE = (
    "the lesson pools thousands of texts. The mask as (batch, tokens, 1) multiplies all token vectors at "
    "once, and a sum along dim 1 adds them up."
)

EXERCISE = Exercise(
    "mean_pool",
    "02",
    cases,
    _mean_by_loops,
    mistakes=[
        Mistake(
            "padding-counted",
            "You average over all positions, padding too: the same text gets another vector in "
            "every batch. Look at what attention_mask says.",
            _padding_counted,
            hint=2,
        ),
        Mistake(
            "padded-length",
            "You sum the right tokens but divide by the padded length: a short text in a long "
            "batch shrinks. Divide by the number of real tokens of its own row.",
            _padded_length,
            hint=2,
        ),
        Mistake(
            "padding-summed",
            "You divide by the number of real tokens, but the sum still holds the padding, whose "
            "vectors are not zero. Set them to zero before you sum.",
            _sum_over_count,
            hint=2,
        ),
        Mistake(
            "no-epsilon",
            "A row without a real token gives 0 / 0 = NaN, and one NaN spoils every score it meets. "
            "Keep the count at 1 or more, so that the row becomes zeros.",
            _no_epsilon,
            hint=3,
        ),
        Mistake(
            "not-divided",
            "You return the sum of the real tokens, not their mean: a long text gets a long vector. "
            "Divide by the number of real tokens.",
            _not_divided,
            hint=2,
        ),
        Mistake(
            "count-of-batch",
            "You divide by the number of real tokens in the whole batch. Each row has its own "
            "count: sum the mask along dim 1.",
            _count_of_batch,
            hint=2,
        ),
        Mistake(
            "count-plus-one",
            "You divide by one more than the number of real tokens: every mean comes out too "
            "small. To be safe from 0, clamp the count at 1 instead of adding 1.",
            _one_too_many,
            hint=3,
        ),
        Mistake(
            "no-new-axis",
            "The mask is (batch, tokens) and meets (batch, tokens, dim) without a last axis of its own, so "
            "that it lies over the wrong axes. Write `attention_mask[:, :, None]`, in the sum and in the "
            "count.",
            _mask_without_axis,
            hint=1,
        ),
        Mistake(
            "no-new-axis-in-the-sum",
            "The count is right, but in the sum the mask (batch, tokens) meets (batch, tokens, dim) without "
            "a last axis of its own. Write `attention_mask[:, :, None]` there.",
            _mask_without_axis_in_sum,
            hint=1,
        ),
        Mistake(
            "over-dim",
            "You average over the last axis, the dimensions of a vector. The tokens are axis 1 of "
            "(batch, tokens, dim); the result is (batch, dim).",
            _mean_over_dim,
            also=[_masked_mean_over_dim],
        ),
        Mistake(
            "over-batch",
            "You average over axis 0, so different texts are mixed. The tokens are axis 1 of "
            "(batch, tokens, dim); the result is (batch, dim).",
            _mean_over_batch,
            also=[_summed_over_batch],
        ),
    ],
    returns="tensor",
    no_loops=[
        NoLoop("texts", lambda many: _many(texts=many), _AT_ONCE),
        NoLoop("tokens", lambda many: _many(tokens=many), _AT_ONCE),
    ],
)
