"""Other right answers to `fit_buckets`."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


def _every_second(residuals: Tensor, bits: int) -> tuple[Tensor, Tensor]:
    """An alternative: all quantiles at once; cutoffs and values take turns."""
    shares = torch.linspace(0, 1, 2 * 2**bits + 1, dtype=residuals.dtype)[1:-1]
    found = residuals.reshape(-1).quantile(shares)
    return found[1::2], found[::2]


def _by_numpy(residuals: Tensor, bits: int) -> tuple[Tensor, ...]:
    """An alternative: NumPy, with lists of shares, in float64."""
    count, numbers = 1 << bits, residuals.numpy().ravel()
    shares = [i / count for i in range(1, count)], [(i + 0.5) / count for i in range(count)]
    return tuple(torch.from_numpy(np.quantile(numbers.astype(float), some)) for some in shares)


def _by_sorting(residuals: Tensor, bits: int) -> list[Tensor]:
    """An alternative: sort, then interpolate between neighbours."""
    ordered = residuals.flatten().sort().values
    count = 2**bits

    def at(shares: Tensor) -> Tensor:
        places = shares.to(ordered) * (len(ordered) - 1)
        low, high = places.floor().long(), places.ceil().long()
        return torch.lerp(ordered[low], ordered[high], places - low)

    return [at(torch.arange(1, count) / count), at((torch.arange(count) + 0.5) / count)]


ALTERNATIVES = [_every_second, _by_numpy, _by_sorting]
