"""Other right answers to `frontier`."""

from __future__ import annotations

import math

import numpy as np
import torch


def _one_way_through(costs: list[float], qualities: list[float]) -> list[int]:
    """By rising cost and falling quality; what equals the last one kept is kept, too."""
    found: list[int] = []
    for row in sorted(range(len(costs)), key=lambda row: (costs[row], -qualities[row])):
        best = qualities[found[-1]] if found else -math.inf
        twin = bool(found) and (costs[row], qualities[row]) == (costs[found[-1]], best)
        if qualities[row] > best or twin:
            found.append(row)
    return found


def _by_a_table(costs: list[float], qualities: list[float]) -> np.ndarray:
    """numpy's numbers, all systems with all."""
    cost, quality = np.array(costs, dtype=float), np.array(qualities, dtype=float)
    no_worse = (cost[:, None] <= cost) & (quality[:, None] >= quality)
    better = (cost[:, None] < cost) | (quality[:, None] > quality)
    rows = np.flatnonzero(~(no_worse & better).any(axis=0))
    return rows[np.argsort(cost[rows], kind="stable")]


def _by_a_running_maximum(costs: list[float], qualities: list[float]) -> torch.Tensor:
    """A tensor: what is as good as the best up to its cost, and none of that quality is cheaper."""
    if not costs:
        return torch.empty(0, dtype=torch.long)
    cost, quality = torch.tensor(costs), torch.tensor(qualities)
    order = cost.argsort(stable=True)
    cost, quality = cost[order], quality[order]
    reached = torch.stack([quality[cost <= limit].max() for limit in cost])
    cheapest = torch.stack([cost[quality >= least].min() for least in quality])
    return order[(quality == reached) & (cost == cheapest)]


def _by_distinct_systems(costs: list[float], qualities: list[float]) -> tuple[int, ...]:
    """Without equals first, which come back at the end; a tuple for the list."""
    systems = list(zip(costs, qualities))
    stay = [
        (cost, quality)
        for cost, quality in set(systems)
        if not any(
            c <= cost and q >= quality and (c, q) != (cost, quality) for c, q in set(systems)
        )
    ]
    return tuple(row for one in sorted(stay) for row, s in enumerate(systems) if s == one)


ALTERNATIVES = [_one_way_through, _by_a_table, _by_a_running_maximum, _by_distinct_systems]
