"""Lesson 02, pooling over all tokens: the masked mean and the masked maximum."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from lib.checks.exercise import Case, Exercise, Mistake


def right_padded(lengths: list[int], width: int) -> Tensor:
    """A mask (batch, width) whose row i begins with lengths[i] real tokens."""
    return torch.tensor([[int(place < n) for place in range(width)] for n in lengths])


def random_batch(rng: np.random.Generator, left: bool = False) -> tuple[Tensor, Tensor]:
    """Tokens and mask as a transformer leaves them: what stands at padding is not zero."""
    batch, width, dim = (int(rng.integers(2, high)) for high in (6, 9, 7))
    lengths = rng.integers(1, width + 1, size=batch).tolist()
    tokens = rng.normal(size=(batch, width, dim)) * 2 - 0.5
    mask = right_padded(lengths, width)
    return torch.from_numpy(tokens), mask.flip(1) if left else mask


def _cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    toy = torch.tensor([[[1.0, -4.0], [3.0, -2.0], [9.0, 9.0]]])
    yield Case((toy, torch.tensor([[1, 1, 0]])), "one text of two tokens and one padding")
    yield Case((toy * 0.1, torch.tensor([[1, 1, 1]])), "no padding at all")
    zeros = torch.tensor([[[-3.0, 2.0], [-1.0, -2.0], [0.0, 0.0], [0.0, 0.0]]])
    yield Case((zeros, torch.tensor([[1, 1, 0, 0]])), "padding of zeros, real values below zero")
    pair = torch.tensor([[[1.0, 2.0], [5.0, -6.0]], [[-7.0, -8.0], [4.0, 3.0]]])
    yield Case((pair, torch.tensor([[1, 1], [1, 0]])), "a full text beside a short one")
    yield Case((pair, torch.tensor([[0, 0], [1, 1]])), "an empty text: no real token")
    yield Case((pair - 9, torch.tensor([[0, 1], [1, 1]])), "padding on the left")
    yield Case((pair, torch.tensor([[True, False], [True, True]])), "a mask of truth values")
    far = torch.tensor([[[-900.0, 2e6], [-700.0, -3e6], [5.0, 5.0]]])
    yield Case((far, torch.tensor([[1, 1, 0]])), "values far from zero")
    half = torch.from_numpy(rng.integers(-8, 8, size=(2, 4, 3)) / 2).half()
    yield Case((half, right_padded([4, 2], 4)), "float16")
    strided = torch.from_numpy(rng.normal(size=(4, 5, 3))).transpose(0, 1)
    yield Case((strided, right_padded([1, 4, 2, 3, 4], 4)), "tokens that are not contiguous")
    wide = torch.from_numpy(rng.normal(size=(3, 12, 2)) - 1)
    yield Case((wide, right_padded([1, 12, 1], 12)), "all padding but one token")
    for turn in range(5 if hidden else 2):
        tokens, mask = random_batch(rng, left=turn % 2 == 1)
        yield Case((tokens, mask), f"random {turn}")
        yield Case((tokens.float(), mask.float()), f"random {turn} in float32")


def _rows(tokens: Tensor, mask: Tensor) -> Iterator[np.ndarray]:
    """The real token vectors of each text as (real, dim) float64."""
    for vectors, flags in zip(np.asarray(tokens.double()), np.asarray(mask)):
        yield np.array([v for v, flag in zip(vectors, flags) if flag]).reshape(-1, vectors.shape[1])


def _mean_by_loops(tokens: Tensor, mask: Tensor) -> np.ndarray:
    rows = _rows(tokens, mask)
    return np.array([r.sum(axis=0) / len(r) if len(r) else np.zeros(r.shape[1]) for r in rows])


def _weights(mask: Tensor) -> Tensor:
    return mask.unsqueeze(-1)


def _padding_counted(tokens: Tensor, mask: Tensor) -> Tensor:
    return tokens.mean(dim=1)


def _padded_length(tokens: Tensor, mask: Tensor) -> Tensor:
    return (tokens * _weights(mask)).mean(dim=1)


def _sum_over_count(tokens: Tensor, mask: Tensor) -> Tensor:
    return tokens.sum(dim=1) / _weights(mask).sum(dim=1).clamp(min=1)


def _no_epsilon(tokens: Tensor, mask: Tensor) -> Tensor:
    return (tokens * _weights(mask)).sum(dim=1) / _weights(mask).sum(dim=1)


def _not_divided(tokens: Tensor, mask: Tensor) -> Tensor:
    return (tokens * _weights(mask)).sum(dim=1)


def _count_of_batch(tokens: Tensor, mask: Tensor) -> Tensor:
    return (tokens * _weights(mask)).sum(dim=1) / mask.sum().clamp(min=1)


def _one_too_many(tokens: Tensor, mask: Tensor) -> Tensor:
    return (tokens * _weights(mask)).sum(dim=1) / (_weights(mask).sum(dim=1) + 1)


def _mean_over_dim(tokens: Tensor, mask: Tensor) -> Tensor:
    return tokens.mean(dim=-1)


def _mean_over_batch(tokens: Tensor, mask: Tensor) -> Tensor:
    return (tokens * _weights(mask)).sum(dim=0) / _weights(mask).sum(dim=0).clamp(min=1)


def _mean_as_product(tokens: Tensor, mask: Tensor) -> Tensor:
    """An alternative: the mean as a batched matrix product with normalised weights."""
    weights = mask.to(tokens.dtype)
    weights = weights / weights.sum(dim=1, keepdim=True).clamp(min=1e-9)
    return torch.bmm(weights.unsqueeze(1), tokens).squeeze(1)


def _mean_by_nan(tokens: Tensor, mask: Tensor) -> Tensor:
    """An alternative: padding becomes NaN, and the mean leaves NaN out."""
    gaps = tokens.float().masked_fill(mask.bool().logical_not().unsqueeze(-1), float("nan"))
    return gaps.nanmean(dim=1).nan_to_num(0.0).to(tokens.dtype)


MEAN = Exercise(
    "mean_pool",
    "02",
    _cases,
    _mean_by_loops,
    mistakes=[
        Mistake(
            "padding-counted",
            "You average over all positions, padding too: the same text gets another vector in "
            "every batch. Look at what attention_mask says.",
            _padding_counted,
        ),
        Mistake(
            "padded-length",
            "You sum the right tokens but divide by the padded length: a short text in a long "
            "batch shrinks. Divide by the number of real tokens of its own row.",
            _padded_length,
        ),
        Mistake(
            "padding-summed",
            "You divide by the number of real tokens, but the sum still holds the padding, whose "
            "vectors are not zero. Set them to zero before you sum.",
            _sum_over_count,
        ),
        Mistake(
            "no-epsilon",
            "A row without a real token gives 0 / 0 = NaN, and one NaN spoils every score it meets. "
            "Keep the count at 1 or more, so that the row becomes zeros.",
            _no_epsilon,
        ),
        Mistake(
            "not-divided",
            "You return the sum of the real tokens, not their mean: a long text gets a long vector. "
            "Divide by the number of real tokens.",
            _not_divided,
        ),
        Mistake(
            "count-of-batch",
            "You divide by the number of real tokens in the whole batch. Each row has its own "
            "count: sum the mask along dim 1.",
            _count_of_batch,
        ),
        Mistake(
            "count-plus-one",
            "You divide by one more than the number of real tokens: every mean comes out too "
            "small. To be safe from 0, clamp the count at 1 instead of adding 1.",
            _one_too_many,
        ),
        Mistake(
            "over-dim",
            "You average over the last axis, the dimensions of a vector. The tokens are axis 1 of "
            "(batch, tokens, dim); the result is (batch, dim).",
            _mean_over_dim,
        ),
        Mistake(
            "over-batch",
            "You average over axis 0, so different texts are mixed. The tokens are axis 1 of "
            "(batch, tokens, dim); the result is (batch, dim).",
            _mean_over_batch,
        ),
    ],
    alternatives=[_mean_as_product, _mean_by_nan],
)


def _max_by_loops(tokens: Tensor, mask: Tensor) -> np.ndarray:
    rows = _rows(tokens, mask)
    return np.array([[max(column, default=0.0) for column in r.T.tolist()] for r in rows])


def _filled(tokens: Tensor, mask: Tensor, value: float) -> Tensor:
    return tokens.masked_fill((mask == 0).unsqueeze(-1), value)


def _zero_if_empty(pooled: Tensor, mask: Tensor) -> Tensor:
    return pooled.masked_fill((mask == 0).all(dim=1, keepdim=True), 0.0)


def _padded_zeros(tokens: Tensor, mask: Tensor) -> Tensor:
    return (tokens * _weights(mask)).amax(dim=1)


def _mask_ignored(tokens: Tensor, mask: Tensor) -> Tensor:
    return tokens.amax(dim=1)


def _minus_one(tokens: Tensor, mask: Tensor) -> Tensor:
    return _zero_if_empty(_filled(tokens, mask, -1.0).amax(dim=1), mask)


def _infinite_if_empty(tokens: Tensor, mask: Tensor) -> Tensor:
    return _filled(tokens, mask, float("-inf")).amax(dim=1)


def _largest_size(tokens: Tensor, mask: Tensor) -> Tensor:
    return (tokens * _weights(mask)).abs().amax(dim=1)


def _plus_infinity(tokens: Tensor, mask: Tensor) -> Tensor:
    return _filled(tokens, mask, float("inf")).amax(dim=1)


def _max_over_dim(tokens: Tensor, mask: Tensor) -> Tensor:
    return _zero_if_empty(_filled(tokens, mask, float("-inf")).amax(dim=-1), mask)


def _longest_token(tokens: Tensor, mask: Tensor) -> Tensor:
    best = (tokens.float().norm(dim=-1) * mask).argmax(dim=1)
    return _zero_if_empty(tokens[torch.arange(len(tokens)), best], mask)


def _max_by_where(tokens: Tensor, mask: Tensor) -> Tensor:
    """An alternative: the lowest value of the dtype in place of -inf, and max's first result."""
    lowest = torch.finfo(tokens.dtype).min
    best = torch.where(mask.bool()[:, :, None], tokens, lowest).max(dim=1).values
    return torch.where(mask.bool().any(dim=1)[:, None], best, 0.0)


def _max_row_by_row(tokens: Tensor, mask: Tensor) -> Tensor:
    """An alternative with a loop over texts."""
    pooled = torch.zeros_like(tokens[:, 0])
    for row, (vectors, flags) in enumerate(zip(tokens, mask.bool())):
        if flags.any():
            pooled[row] = vectors[flags].amax(dim=0)
    return pooled


MAX = Exercise(
    "max_pool",
    "02",
    _cases,
    _max_by_loops,
    mistakes=[
        Mistake(
            "padded-zeros",
            "You set padding to 0, and 0 wins wherever all real values are negative. Padding must "
            "lose every comparison: set it to -inf.",
            _padded_zeros,
        ),
        Mistake(
            "mask-ignored",
            "The maximum runs over padding too: what stands there is no token of the text. Use "
            "attention_mask before you take the maximum.",
            _mask_ignored,
        ),
        Mistake(
            "small-constant",
            "You set padding to -1, but token vectors are not normalised and go far below -1. Only "
            "-inf loses every comparison.",
            _minus_one,
        ),
        Mistake(
            "infinite-row",
            "A row without a real token becomes -inf, and one -inf turns its scores into NaN. Set "
            "such rows to zero.",
            _infinite_if_empty,
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
    alternatives=[_max_by_where, _max_row_by_row],
)

EXERCISES = [MEAN, MAX]
