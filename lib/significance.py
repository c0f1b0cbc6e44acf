"""Whether one system is better than another on the same queries, or chance may have made the difference.

Two systems agree on which queries are hard. So what is compared are the differences query by query,
which scatter far less than the values themselves: intervals of two systems may overlap although one
is better for nearly every query. `paired_interval` says how large the difference is and how
sure that is, `randomisation_test` how often chance alone would make one as large.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from lib.metrics import Interval, as_scores, bootstrap_interval

__all__ = ["Difference", "flipped_means", "paired_interval", "randomisation_test"]

_SAME = 1e-12  # shares of the mean absolute difference below which two sums differ by rounding only


class Difference(NamedTuple):
    """A difference of two means, a minus b, and how often chance makes one as large (0 to 1)."""

    difference: float
    p: float

    def __str__(self) -> str:
        return f"{self.difference:+.3f}, p = {self.p:.4f}"


def paired_interval(
    a: Tensor | Sequence[float],
    b: Tensor | Sequence[float],
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """Return the mean of a - b with its percentile bootstrap interval, queries drawn in pairs.

    a, b: the metric of each query by two systems, both (queries,), in the same order.
    Raises ValueError for lengths that differ, and what `bootstrap_interval` raises.
    Source: Efron and Tibshirani 1993, An Introduction to the Bootstrap, chapter 13.
    """
    return bootstrap_interval(_differences("paired_interval", a, b), resamples, level, seed)


def randomisation_test(
    a: Tensor | Sequence[float], b: Tensor | Sequence[float], draws: int = 10_000, seed: int = 0
) -> Difference:
    """Return the mean of a - b and the two-sided p of a paired randomisation test.

    a, b: the metric of each query by two systems, both (queries,), in the same order. If the systems
    were equal, it would be chance which of them got which value of a query, so any of the differences
    could as well have the other sign. p is the share of `draws` random choices of signs whose mean is
    at least as far from 0 as the one measured, which itself counts as one of them:
    (1 + count) / (1 + draws).
    Raises ValueError for lengths that differ, no query, draws below 1 and values that are not finite.
    Source: Fisher 1935, The Design of Experiments; Smucker, Allan and Carterette 2007, A Comparison
    of Statistical Significance Tests for Information Retrieval Evaluation, CIKM.
    """
    difference = _differences("randomisation_test", a, b)
    measured = difference.mean()
    # Sums of the same numbers in another order differ in the last digits.
    as_large = measured.abs() - _SAME * difference.abs().mean()
    count = (flipped_means(difference, draws, seed).abs() >= as_large).sum()
    return Difference(float(measured), (1 + int(count)) / (1 + draws))


def flipped_means(
    differences: Tensor, draws: int = 10_000, seed: int = 0, block: int = 1_000_000
) -> Tensor:
    """Return the means of differences (queries,) after `draws` random choices of signs: (draws,).

    The signs come from a CPU generator, so that every device sees the same ones. At most `block` of
    them are held at a time. Raises ValueError without a query, for more than one dimension and for
    draws below 1.
    """
    if differences.ndim != 1 or not len(differences) or draws < 1:
        raise ValueError(
            f"flipped_means: differences is {tuple(differences.shape)} and draws is {draws}; expected "
            "(queries,) with at least one query, and at least one draw"
        )
    queries, generator = len(differences), torch.Generator().manual_seed(seed)
    means, step = [], max(1, block // queries)
    for start in range(0, draws, step):
        shape = (min(step, draws - start), queries)
        heads = torch.randint(2, shape, generator=generator, device="cpu").to(differences)
        means.append((2 * heads - 1) @ differences / queries)
    return torch.cat(means)


def _differences(name: str, a: Tensor | Sequence[float], b: Tensor | Sequence[float]) -> Tensor:
    """Return a - b, (queries,) float64, on a's device or where that has float64."""
    first = as_scores(a).double()
    second = as_scores(b).double().to(first.device)
    if first.ndim != 1 or first.shape != second.shape or not len(first):
        raise ValueError(
            f"{name}: the values are {tuple(first.shape)} and {tuple(second.shape)}; expected "
            "(queries,) for both, of the same queries in the same order: not the means"
        )
    if not (first.isfinite() & second.isfinite()).all():
        raise ValueError(f"{name}: a query's value is nan or infinite; mend the metric")
    return first - second
