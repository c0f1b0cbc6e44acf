"""What several checks of lesson 03 share: Lesson 03."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

# Small, of different lengths, with positive and negative cosines, and not symmetric.
TOY_QUERIES = [[2.0, 0.0], [0.5, 0.5], [-1.0, 3.0]]

TOY_POSITIVES = [[3.0, 1.0], [0.0, 2.0], [-0.5, -0.5]]


def draw(rng: np.random.Generator, *shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
    """Random vectors whose lengths differ from row to row."""
    x = rng.normal(size=shape) * rng.uniform(0.5, 3, size=(*shape[:-1], 1))
    return torch.from_numpy(x).to(dtype)


def near(rng: np.random.Generator, queries: Tensor, noise: float = 0.7) -> Tensor:
    """A positive for each query: a vector that is rather like it, of another length."""
    shifted = queries + noise * draw(rng, *queries.shape, dtype=queries.dtype)
    return shifted * torch.from_numpy(rng.uniform(0.5, 3, size=(len(queries), 1))).to(queries.dtype)


def unit(x: Tensor | np.ndarray) -> np.ndarray:
    """Rows of length one as float64; a row of zeros stays."""
    x = np.asarray(x, dtype=np.float64)
    return x / np.maximum(np.sqrt((x**2).sum(axis=-1, keepdims=True)), 1e-12)


def log_sum(scores: list[float]) -> float:
    """Logarithm of the sum of exponentials, by hand; -inf of nothing."""
    if not scores:
        return -np.inf
    top = max(scores)
    return top + np.log(sum(np.exp(s - top) for s in scores))


def row_loss(query: np.ndarray, own: np.ndarray, others: list[np.ndarray], scale: float) -> float:
    """The cross-entropy of one query with its own unit vector and the others'."""
    scores = [scale * float(query @ x) for x in (own, *others)]
    return log_sum(scores) - scores[0]
