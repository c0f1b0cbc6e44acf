"""Other right answers to `best_within`."""

from __future__ import annotations

import math

import numpy as np
import torch


def _by_max(costs: list[list[float]], limits: list[float], qualities: list[float]) -> int:
    rows = [
        row for row, system in enumerate(costs) if not any(a > b for a, b in zip(system, limits))
    ]
    return max(rows, key=lambda row: qualities[row], default=-1)


def _by_numpy(costs: list[list[float]], limits: list[float], qualities: list[float]) -> np.int64:
    """A number of numpy's."""
    fits = (np.array(costs).reshape(-1, len(limits)) <= np.array(limits)).all(axis=1)
    if not fits.any():
        return np.int64(-1)
    return np.where(fits, qualities, -np.inf).argmax()


def _by_torch(
    costs: list[list[float]], limits: list[float], qualities: list[float]
) -> torch.Tensor:
    """A tensor with one number; minus infinity beside the systems stands for none of them."""
    table = torch.tensor(costs).view(-1, len(limits))
    over = (table > torch.tensor(limits)).any(dim=1)
    values = torch.cat(
        [torch.tensor([-math.inf]), torch.tensor(qualities).masked_fill(over, -math.inf)]
    )
    return (values == values.max()).nonzero()[0, 0] - 1


def _by_taking_out(costs: list[list[float]], limits: list[float], qualities: list[float]) -> int:
    """The best of all, until one is within."""
    left = list(range(len(costs)))
    while left:
        row = max(left, key=lambda row: (qualities[row], -row))
        if all(costs[row][kind] <= limits[kind] for kind in range(len(limits))):
            return row
        left.remove(row)
    return -1


ALTERNATIVES = [_by_max, _by_numpy, _by_torch, _by_taking_out]
