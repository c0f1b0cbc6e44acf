"""What several checks of lesson 02 share: pooling over all tokens."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from lib.checks.exercise import Case


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


def cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    toy = torch.tensor([[[1.0, -4.0], [3.0, -2.0], [9.0, 9.0]]])
    yield Case((toy, torch.tensor([[1, 1, 0]])), "one text of two tokens and one padding")
    yield Case((toy * 0.1, torch.tensor([[1, 1, 1]])), "no padding at all")
    zeros = torch.tensor([[[-3.0, 2.0], [-1.0, -2.0], [0.0, 0.0], [0.0, 0.0]]])
    yield Case((zeros, torch.tensor([[1, 1, 0, 0]])), "padding of zeros, real values below zero")
    pair = torch.tensor([[[1.0, 2.0], [5.0, -6.0]], [[-7.0, -8.0], [4.0, 3.0]]])
    yield Case((pair, torch.tensor([[1, 1], [1, 0]])), "a full text beside a short one")
    yield Case((pair, torch.tensor([[0, 0], [1, 1]])), "an empty text: no real token")
    yield Case((pair - 9, torch.tensor([[0, 1], [1, 1]])), "padding on the left")
    yield Case((pair + 3, torch.tensor([[1, 0], [1, 1]])), "a short text beside a full one")
    far = torch.tensor([[[-900.0, -2e6], [-700.0, -3e6], [5.0, 5.0]]])
    yield Case((far, torch.tensor([[1, 1, 0]])), "values far from zero")
    half = torch.from_numpy(rng.integers(-8, 8, size=(2, 4, 3)) / 2).half()
    yield Case((half, right_padded([4, 2], 4)), "three dimensions")
    strided = torch.from_numpy(rng.normal(size=(4, 5, 3))).transpose(0, 1)
    yield Case((strided, right_padded([1, 4, 2, 3, 4], 4)), "five texts of one to four tokens")
    wide = torch.from_numpy(rng.normal(size=(3, 12, 2)) - 1)
    yield Case((wide, right_padded([1, 12, 1], 12)), "all padding but one token")
    for turn in range(5 if hidden else 2):
        tokens, mask = random_batch(rng, left=turn % 2 == 1)
        yield Case((tokens, mask), f"random {turn}")
        yield Case((tokens.float(), mask), f"random {turn}, in float32")


def real_rows(tokens: Tensor, mask: Tensor) -> Iterator[np.ndarray]:
    """The real token vectors of each text as (real, dim) float64."""
    for vectors, flags in zip(np.asarray(tokens.double()), np.asarray(mask)):
        yield np.array([v for v, flag in zip(vectors, flags) if flag]).reshape(-1, vectors.shape[1])


def weights(mask: Tensor) -> Tensor:
    return mask.unsqueeze(-1)
