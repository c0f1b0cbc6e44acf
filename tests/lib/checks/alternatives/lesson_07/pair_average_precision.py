"""Other right answers to `pair_average_precision`."""

from __future__ import annotations

import numpy as np
import torch
from sklearn.metrics import average_precision_score
from torch import Tensor


def _by_library(scores: Tensor, same: Tensor) -> float:
    """scikit-learn's, of which MTEB takes it."""
    if not same.any():
        return 0.0
    return float(average_precision_score(same.numpy(), scores.numpy()))


def _by_loop(scores: Tensor, same: Tensor) -> float:
    found, total = 0, 0.0
    order = sorted(range(len(scores)), key=lambda place: -scores[place].item())
    for rank, place in enumerate(order, start=1):
        if same[place]:
            found += 1
            total += found / rank
    return total / found if found else 0.0


def _by_the_table(scores: Tensor, same: Tensor) -> Tensor:
    """All pairs of pairs: how many score as high, and how many of those are the same."""
    truth = same.to(torch.float64)
    as_high = (scores[None, :] >= scores[:, None]).to(torch.float64)
    precision = as_high @ truth / as_high.sum(dim=1)
    return (precision * truth).sum() / truth.sum().clamp(min=1)


def _by_numpy(scores: Tensor, same: Tensor) -> np.floating | float:
    truth = same.numpy().astype(int)[np.argsort(-scores.numpy())]
    ranks = np.flatnonzero(truth) + 1
    return np.mean(np.arange(1, len(ranks) + 1) / ranks) if len(ranks) else 0.0


ALTERNATIVES = [_by_library, _by_loop, _by_the_table, _by_numpy]
