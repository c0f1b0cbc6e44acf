"""Lesson 02, pooling over all tokens: `max_pool`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from lib.checks.exercise import Exercise, Mistake
from lib.checks.lesson_02._token_batches import cases, real_rows, weights


def _max_by_loops(tokens: Tensor, mask: Tensor) -> np.ndarray:
    rows = real_rows(tokens, mask)
    return np.array([[max(column, default=0.0) for column in r.T.tolist()] for r in rows])


def _filled(tokens: Tensor, mask: Tensor, value: float) -> Tensor:
    return tokens.masked_fill((mask == 0).unsqueeze(-1), value)


def _zero_if_empty(pooled: Tensor, mask: Tensor) -> Tensor:
    return pooled.masked_fill((mask == 0).all(dim=1, keepdim=True), 0.0)


def _padded_zeros(tokens: Tensor, mask: Tensor) -> Tensor:
    return (tokens * weights(mask)).amax(dim=1)


def _mask_ignored(tokens: Tensor, mask: Tensor) -> Tensor:
    return tokens.amax(dim=1)


def _with_constant(value: float) -> Callable:
    return lambda tokens, mask: _zero_if_empty(_filled(tokens, mask, value).amax(dim=1), mask)


def _real_ones_filled(tokens: Tensor, mask: Tensor) -> Tensor:
    filled = tokens.masked_fill((mask != 0).unsqueeze(-1), float("-inf"))
    return _zero_if_empty(filled.amax(dim=1), mask)


def _real_ones_filled_alone(tokens: Tensor, mask: Tensor) -> Tensor:
    return tokens.masked_fill((mask != 0).unsqueeze(-1), float("-inf")).amax(dim=1)


def _infinite_if_empty(tokens: Tensor, mask: Tensor) -> Tensor:
    return _filled(tokens, mask, float("-inf")).amax(dim=1)


def _largest_size(tokens: Tensor, mask: Tensor) -> Tensor:
    return (tokens * weights(mask)).abs().amax(dim=1)


def _plus_infinity(tokens: Tensor, mask: Tensor) -> Tensor:
    return _filled(tokens, mask, float("inf")).amax(dim=1)


def _max_over_dim(tokens: Tensor, mask: Tensor) -> Tensor:
    return _zero_if_empty(_filled(tokens, mask, float("-inf")).amax(dim=-1), mask)


def _longest_token(tokens: Tensor, mask: Tensor) -> Tensor:
    best = (tokens.float().norm(dim=-1) * mask).argmax(dim=1)
    return _zero_if_empty(tokens[torch.arange(len(tokens)), best], mask)


EXERCISE = Exercise(
    "max_pool",
    "02",
    cases,
    _max_by_loops,
    mistakes=[
        Mistake(
            "padded-zeros",
            "You set padding to 0, and 0 wins wherever all real values are negative. Padding must "
            "lose every comparison: set it to -inf.",
            _padded_zeros,
            hint=1,
        ),
        Mistake(
            "mask-ignored",
            "The maximum runs over padding too: what stands there is no token of the text. Use "
            "attention_mask before you take the maximum.",
            _mask_ignored,
            hint=1,
        ),
        Mistake(
            "small-constant",
            "You set padding to a number that token vectors can lie below: they are not normalised. Only "
            "-inf loses every comparison.",
            _with_constant(-1.0),
            also=[_with_constant(-(10.0**power)) for power in range(1, 7)],
            hint=1,
        ),
        Mistake(
            "mask-inverted",
            "You set the *real* tokens to -inf and keep the padding. The mask is 1 where a token is real: "
            "fill where it is 0.",
            _real_ones_filled,
            also=[_real_ones_filled_alone],
            hint=1,
        ),
        Mistake(
            "infinite-row",
            "A row without a real token becomes -inf, and one -inf turns its scores into NaN. Set "
            "such rows to zero.",
            _infinite_if_empty,
            hint=3,
        ),
        Mistake(
            "absolute-values",
            "You compare sizes and lose the sign: -4 is smaller than 1 though it is larger in "
            "size. Take the maximum of the values as they are.",
            _largest_size,
        ),
        Mistake(
            "plus-infinity",
            "You set padding to +inf, which wins every maximum. Padding must lose: -inf.",
            _plus_infinity,
            hint=1,
        ),
        Mistake(
            "over-dim",
            "You take the maximum over the last axis, the dimensions of a vector. The tokens are "
            "axis 1 of (batch, tokens, dim); the result is (batch, dim).",
            _max_over_dim,
        ),
        Mistake(
            "longest-token",
            "You return the one token vector with the largest length. Max pooling picks the "
            "largest value of each dimension separately, so the winners come from different tokens.",
            _longest_token,
        ),
    ],
    returns="tensor",
)
