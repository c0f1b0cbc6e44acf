"""What several checks of lesson 06 share: token vectors, and whether a choice among them is clear."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

DEFAULT = "dim 1 is the default"
DEVICE = "a check's tensors lie where torch makes them by default"
SMALLER = "the smaller of two is the same, whichever is named first"


def unit_rows(rng: np.random.Generator, count: int, dim: int) -> Tensor:
    """Vectors (count, dim) of length 1, in float64."""
    rows = rng.normal(size=(count, dim))
    return torch.from_numpy(rows / np.linalg.norm(rows, axis=1, keepdims=True))


def clear(scores: np.ndarray, gap: float = 1e-3) -> bool:
    """Whether all scores of a row differ by more than `gap`: the order among equals is nobody's business."""
    gaps = np.diff(np.sort(scores, axis=-1), axis=-1)
    return gaps.size == 0 or bool(gaps.min() > gap)


def plain(vectors: Tensor) -> np.ndarray:
    """The numbers in float64, for oracles that work on lists and arrays."""
    return np.asarray(vectors.double())
