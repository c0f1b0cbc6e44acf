"""Other right answers to `bootstrap_interval`."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


def _by_numpy(values: Tensor, draws: Tensor) -> tuple:
    numbers = values.numpy()
    low, high = np.quantile(numbers[draws.numpy()].mean(axis=1), [0.025, 0.975])
    return numbers.mean(), low, high


def _by_counting(values: Tensor, draws: Tensor) -> Tensor:
    """How often each query was drawn, times its value; one tensor of three."""
    times = torch.nn.functional.one_hot(draws, len(values)).sum(dim=1).to(values.dtype)
    ends = torch.tensor([0.025, 0.975], dtype=values.dtype)
    means = times @ values / len(values)
    return torch.cat([values.mean()[None], torch.quantile(means, ends)])


def _by_loops(values: Tensor, draws: Tensor) -> list[float]:
    means = np.array([np.mean([float(values[row]) for row in draw]) for draw in draws.tolist()])
    return [float(values.mean()), *np.percentile(means, [2.5, 97.5]).tolist()]


def _from_the_sorted(values: Tensor, draws: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Places in the sorted means, and the share of the way to the next."""
    means = values.take(draws).mean(1).sort().values

    def at(share: float) -> Tensor:
        below = int(share * (len(means) - 1))
        return torch.lerp(
            *means[[below, min(below + 1, len(means) - 1)]], share * (len(means) - 1) - below
        )

    return values.mean(), at(0.025), at(0.975)


ALTERNATIVES = [_by_numpy, _by_counting, _by_loops, _from_the_sorted]
