"""What several checks of lesson 02 share: pooling by one token."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from lib.checks.exercise import Case
from lib.checks.lesson_02._token_batches import random_batch, right_padded

DEVICE = "only says where the tensor is made, and on a CPU that is where it is made anyway"


def cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
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
    yield Case((grid, right_padded([3, 1, 4], 4)), "the longest text last, padding on the right")
    yield Case((toy[:, :1], torch.tensor([[1]])), "a batch of one, a text of one token")
    blank = grid.masked_fill(right_padded([4, 2, 1], 4).unsqueeze(-1) == 0, 0.0)
    blank[0, 3] = 0.0
    blank[0, 0] = 0.0
    yield Case((blank, right_padded([4, 2, 1], 4)), "a real token whose vector is zero")
    half = torch.from_numpy(rng.normal(size=(3, 5, 4))).half()
    yield Case((half, right_padded([2, 5, 4], 5)), "three dimensions")
    strided = torch.from_numpy(rng.normal(size=(4, 5, 3))).transpose(0, 1)
    yield Case((strided, right_padded([1, 4, 2, 3, 4], 4)), "five texts of one to four tokens")
    for turn in range(6 if hidden else 2):
        tokens, mask = random_batch(rng, left=turn % 2 == 1)
        yield Case((tokens, mask), f"random {turn}")
        yield Case((tokens.float(), mask), f"random {turn}, in float32")


def by_loops(end: int) -> Callable[[Tensor, Tensor], np.ndarray]:
    """The token at one end of a text's real tokens: 0 is the first, -1 the last."""

    def pick(tokens: Tensor, mask: Tensor) -> np.ndarray:
        pooled = []
        for vectors, flags in zip(np.asarray(tokens.double()), np.asarray(mask)):
            real = [vector for vector, flag in zip(vectors, flags) if flag]
            pooled.append(real[end] if real else np.zeros(vectors.shape[1]))
        return np.array(pooled)

    return pick


def tokens_at(tokens: Tensor, index: Tensor) -> Tensor:
    return tokens[torch.arange(len(tokens)), index.long()]


def zero_if_empty(pooled: Tensor, mask: Tensor) -> Tensor:
    return pooled.masked_fill((mask == 0).all(dim=1, keepdim=True), 0.0)


def first(mask: Tensor) -> Tensor:
    return (mask != 0).long().argmax(dim=1)


def last(mask: Tensor) -> Tensor:
    return mask.shape[1] - 1 - (mask != 0).flip(1).long().argmax(dim=1)


def count(mask: Tensor) -> Tensor:
    return (mask != 0).sum(dim=1)


def picking(place: Callable[[Tensor], Tensor], empty: bool = True) -> Callable:
    """A pooling that takes the token at place(mask); `empty` says whether empty rows are zeroed."""

    def pick(tokens: Tensor, mask: Tensor) -> Tensor:
        index = place(mask).clamp(0, mask.shape[1] - 1)
        pooled = tokens_at(tokens, index)
        return zero_if_empty(pooled, mask) if empty else pooled

    return pick


def same_for_all(index: Tensor) -> Tensor:
    return index[:1].expand_as(index)


ALL = "You take the same position in every row, found in the first one. Find it for each row."

EMPTY = (
    "A row without a real token gets the vector of a padding position. It has no token to take: "
    "set such rows to zero."
)

AXIS = (
    "You take one position of the last axis, a single dimension of all tokens. The tokens are axis "
    "1 of (batch, tokens, dim); the result is (batch, dim)."
)
