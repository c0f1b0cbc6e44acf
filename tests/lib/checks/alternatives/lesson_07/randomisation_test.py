"""Other right answers to `randomisation_test`."""

from __future__ import annotations

import torch
from torch import Tensor


def _by_product(a: Tensor, b: Tensor, signs: Tensor) -> float:
    """Sums in place of means: the number of queries is the same everywhere."""
    difference = a - b
    sums = signs @ difference
    return (1 + (sums.abs() >= difference.sum().abs() - 1e-6).sum().item()) / (1 + signs.shape[0])


def _by_exchanging(a: Tensor, b: Tensor, signs: Tensor) -> float:
    """Where the sign is -1 the two systems change places."""
    kept = signs > 0
    first, second = torch.where(kept, a, b), torch.where(kept, b, a)
    flipped = (first.mean(dim=1) - second.mean(dim=1)).abs()
    observed = (a.mean() - b.mean()).abs() - 1e-6
    return (1 + int((flipped >= observed).sum())) / (1 + len(signs))


def _observed_as_a_draw(a: Tensor, b: Tensor, signs: Tensor) -> Tensor:
    """The observed outcome is the draw that flips nothing, put before the others."""
    signs = torch.cat([torch.ones_like(signs[:1]), signs])
    means = (signs * (a - b)).mean(dim=1).abs()
    return (means >= means[0] - 1e-6).double().mean()


def _by_loop(a: Tensor, b: Tensor, signs: Tensor) -> float:
    pairs = list(zip(a.tolist(), b.tolist()))
    observed = abs(sum(x - y for x, y in pairs) / len(pairs))
    count = 1
    for draw in signs.tolist():
        mean = sum(sign * (x - y) for sign, (x, y) in zip(draw, pairs)) / len(pairs)
        count += mean >= observed - 1e-6 or mean <= 1e-6 - observed
    return count / (len(signs) + 1)


def _close_or_farther(a: Tensor, b: Tensor, signs: Tensor) -> float:
    """As far up to rounding, or farther."""
    flipped, observed = (signs * (a - b)).mean(dim=1).abs(), (a - b).mean().abs()
    far = (flipped > observed) | torch.isclose(flipped, observed, rtol=0, atol=1e-6)
    return (1 + int(far.sum())) / (1 + len(signs))


ALTERNATIVES = [_by_product, _by_exchanging, _observed_as_a_draw, _by_loop, _close_or_farther]
