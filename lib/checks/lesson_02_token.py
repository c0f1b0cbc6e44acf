"""Lesson 02, pooling by one token: CLS and the last token, wherever the padding stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from lib.checks.exercise import Case, Exercise, Mistake
from lib.checks.lesson_02_average import random_batch, right_padded

_DEVICE = "only says where the tensor is made, and on a CPU that is where it is made anyway"


def _cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    toy = torch.tensor([[[1.0, 2.0], [3.0, 4.0], [9.0, 9.0]]])
    yield Case((toy, torch.tensor([[1, 1, 0]])), "one text of two tokens, padding on the right")
    yield Case((toy.flip(1), torch.tensor([[0, 1, 1]])), "the same text, padding on the left")
    yield Case((toy, torch.tensor([[1, 1, 1]])), "no padding at all")
    grid = torch.arange(24.0).reshape(3, 4, 2) * torch.tensor([1.0, -1.0]) + 1
    yield Case((grid, right_padded([4, 2, 1], 4)), "the longest text first, padding on the right")
    yield Case((grid, right_padded([2, 4, 3], 4)), "the longest text second, padding on the right")
    yield Case((grid, right_padded([3, 4, 1], 4).flip(1)), "padding on the left")
    yield Case((grid, right_padded([4, 3, 2], 4).flip(1)), "the longest first, padding on the left")
    yield Case((grid, right_padded([0, 2, 4], 4)), "an empty text: no real token")
    yield Case((grid, right_padded([3, 1, 0], 4).flip(1)), "an empty text, padding on the left")
    yield Case((grid, right_padded([3, 1, 4], 4).bool()), "a mask of truth values")
    yield Case((toy[:, :1], torch.tensor([[1]])), "a batch of one, a text of one token")
    blank = grid.masked_fill(right_padded([4, 2, 1], 4).unsqueeze(-1) == 0, 0.0)
    blank[0, 3] = 0.0
    blank[0, 0] = 0.0
    yield Case((blank, right_padded([4, 2, 1], 4)), "a real token whose vector is zero")
    half = torch.from_numpy(rng.normal(size=(3, 5, 4))).half()
    yield Case((half, right_padded([2, 5, 4], 5)), "float16")
    strided = torch.from_numpy(rng.normal(size=(4, 5, 3))).transpose(0, 1)
    yield Case((strided, right_padded([1, 4, 2, 3, 4], 4)), "tokens that are not contiguous")
    for turn in range(6 if hidden else 2):
        tokens, mask = random_batch(rng, left=turn % 2 == 1)
        yield Case((tokens, mask), f"random {turn}")
        yield Case((tokens.float(), mask.float()), f"random {turn} in float32")


def _by_loops(end: int) -> Callable[[Tensor, Tensor], np.ndarray]:
    """The token at one end of a text's real tokens: 0 is the first, -1 the last."""

    def pick(tokens: Tensor, mask: Tensor) -> np.ndarray:
        pooled = []
        for vectors, flags in zip(np.asarray(tokens.double()), np.asarray(mask)):
            real = [vector for vector, flag in zip(vectors, flags) if flag]
            pooled.append(real[end] if real else np.zeros(vectors.shape[1]))
        return np.array(pooled)

    return pick


def _at(tokens: Tensor, index: Tensor) -> Tensor:
    return tokens[torch.arange(len(tokens)), index.long()]


def _zero_if_empty(pooled: Tensor, mask: Tensor) -> Tensor:
    return pooled.masked_fill((mask == 0).all(dim=1, keepdim=True), 0.0)


def _first(mask: Tensor) -> Tensor:
    return (mask != 0).long().argmax(dim=1)


def _last(mask: Tensor) -> Tensor:
    return mask.shape[1] - 1 - (mask != 0).flip(1).long().argmax(dim=1)


def _count(mask: Tensor) -> Tensor:
    return (mask != 0).sum(dim=1)


def _mean(tokens: Tensor, mask: Tensor) -> Tensor:
    weights = mask.unsqueeze(-1)
    return (tokens * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1)


def _picking(place: Callable[[Tensor], Tensor], empty: bool = True) -> Callable:
    """A pooling that takes the token at place(mask); `empty` says whether empty rows are zeroed."""

    def pick(tokens: Tensor, mask: Tensor) -> Tensor:
        index = place(mask).clamp(0, mask.shape[1] - 1)
        pooled = _at(tokens, index)
        return _zero_if_empty(pooled, mask) if empty else pooled

    return pick


def _same_for_all(index: Tensor) -> Tensor:
    return index[:1].expand_as(index)


def _side_of_first_row(mask: Tensor) -> Tensor:
    """The last token, if the padding of the first row told where all rows have theirs."""
    last = torch.full_like(_count(mask), mask.shape[1] - 1)
    return last if mask[0, -1] else _count(mask) - 1


def _first_by_cumsum(tokens: Tensor, mask: Tensor) -> Tensor:
    """An alternative: the first token is the one at which the running count becomes one."""
    real = mask.bool()
    first = real & (real.cumsum(dim=1) == 1)
    return (tokens * first.unsqueeze(-1)).sum(dim=1).to(tokens.dtype)


def _last_by_cumsum(tokens: Tensor, mask: Tensor) -> Tensor:
    """An alternative: from the right, the last token is the first."""
    return _first_by_cumsum(tokens.flip(1), mask.flip(1))


def _by_nonzero(end: int) -> Callable[[Tensor, Tensor], Tensor]:
    """An alternative with a loop over texts."""

    def pick(tokens: Tensor, mask: Tensor) -> Tensor:
        pooled = torch.zeros_like(tokens[:, 0])
        for row in range(len(tokens)):
            real = mask[row].nonzero().flatten()
            if len(real) > 0:
                pooled[row] = tokens[row, real[end]]
        return pooled

    return pick


_ALL = "You take the same position in every row, found in the first one. Find it for each row."
_EMPTY = (
    "A row without a real token gets the vector of a padding position. It has no token to take: "
    "set such rows to zero."
)
_AXIS = (
    "You take one position of the last axis, a single dimension of all tokens. The tokens are axis "
    "1 of (batch, tokens, dim); the result is (batch, dim)."
)

CLS = Exercise(
    "cls_pool",
    "02",
    _cases,
    _by_loops(0),
    mistakes=[
        Mistake(
            "position-zero",
            "You take position 0. With padding on the left that is padding: take the first "
            "position at which the mask is 1.",
            lambda tokens, mask: _zero_if_empty(tokens[:, 0], mask),
        ),
        Mistake(
            "last-token",
            "You take the last real token. CLS is the first one.",
            _picking(_last),
        ),
        Mistake(
            "padding-as-start",
            "You take the amount of padding as the start of the text. That holds only with padding "
            "on the left; find the first 1 in the mask instead.",
            _picking(lambda mask: mask.shape[1] - _count(mask)),
        ),
        Mistake(
            "second-token",
            "You take the token after the first: the first word. CLS itself is a token, the first "
            "one that the mask calls real.",
            _picking(lambda mask: torch.minimum(_first(mask) + 1, _last(mask))),
        ),
        Mistake("one-position-for-all", _ALL, _picking(lambda mask: _same_for_all(_first(mask)))),
        Mistake("empty-row-kept", _EMPTY, _picking(_first, empty=False)),
        Mistake("wrong-axis", _AXIS, lambda tokens, mask: tokens[:, :, 0]),
        Mistake(
            "mean-instead",
            "You average the tokens. CLS pooling takes the vector of one token, the first.",
            _mean,
        ),
    ],
    alternatives=[_first_by_cumsum, _by_nonzero(0)],
    equivalent={
        "torch.arange(len(first), device=first.device) -> torch.arange(len(first))": _DEVICE,
    },
)

LAST = Exercise(
    "last_token_pool",
    "02",
    _cases,
    _by_loops(-1),
    mistakes=[
        Mistake(
            "last-position",
            "You take the last position. With padding on the right that is padding: take the last "
            "position at which the mask is 1.",
            lambda tokens, mask: _zero_if_empty(tokens[:, -1], mask),
        ),
        Mistake(
            "counted-mask",
            "You count the mask and take that position. It is the last token only with padding on "
            "the right: with padding on the left you land inside the text.",
            _picking(lambda mask: _count(mask) - 1),
        ),
        Mistake(
            "side-of-first-row",
            "You let the first row tell the side of the padding. A longest text in the first row "
            "has no padding at all, so it looks like padding on the left. Look at each row.",
            _picking(_side_of_first_row),
        ),
        Mistake(
            "one-before",
            "You stop one token early. The last real token (here SEP) counts: a model is trained "
            "to gather the text there.",
            _picking(lambda mask: torch.maximum(_last(mask) - 1, _first(mask))),
        ),
        Mistake(
            "first-token",
            "You take the first real token. That is CLS pooling; here the last one is asked for.",
            _picking(_first),
        ),
        Mistake("one-position-for-all", _ALL, _picking(lambda mask: _same_for_all(_last(mask)))),
        Mistake("empty-row-kept", _EMPTY, _picking(_last, empty=False)),
        Mistake("wrong-axis", _AXIS, lambda tokens, mask: tokens[:, :, -1]),
    ],
    alternatives=[_last_by_cumsum, _by_nonzero(-1)],
    equivalent={
        "torch.arange(len(last), device=last.device) -> torch.arange(len(last))": _DEVICE,
        "torch.arange(real.shape[1], device=real.device) -> torch.arange(real.shape[1])": _DEVICE,
    },
)

EXERCISES = [CLS, LAST]
