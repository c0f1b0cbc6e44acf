"""Whether one system is better than another on the same queries, or chance may have made the difference.

Two systems agree on which queries are hard. So what is compared are the differences query by query,
which scatter far less than the values themselves: intervals of two systems may overlap although one
is better for nearly every query. `paired_interval` says how large the difference is and how
sure that is, `randomisation_test` how often chance alone would make one as large.

Both take queries as drawn one by one. Often they are not: several wordings of one term, or terms that
are siblings, are easy or hard together. Whoever says which queries go together, by `groups`, gets the
wider intervals and larger p that fit: what is drawn, or changes its sign, is then a whole group.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from lib.metrics import Interval, as_scores, bootstrap_interval, percentile_interval

__all__ = [
    "Difference",
    "flipped_means",
    "interval_by_groups",
    "paired_interval",
    "randomisation_test",
]

_SAME = 1e-12  # shares of the mean absolute difference below which two sums differ by rounding only


class Difference(NamedTuple):
    """A difference of two means, a minus b, and how often chance makes one as large (0 to 1)."""

    difference: float
    p: float

    def __str__(self) -> str:
        return f"{self.difference:+z.3f}, p = {self.p:.4f}"


def paired_interval(
    a: Tensor | Sequence[float],
    b: Tensor | Sequence[float],
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    groups: Sequence[Hashable] | None = None,
) -> Interval:
    """Return the mean of a - b with its percentile bootstrap interval, queries drawn in pairs.

    a, b: the metric of each query by two systems, both (queries,), in the same order. groups: of each
    query, such as `data.families_of(split)`; then whole groups are drawn.
    Raises ValueError for lengths that differ, and what `bootstrap_interval` raises.
    Source: Efron and Tibshirani 1993, An Introduction to the Bootstrap, chapter 13.
    """
    differences = _differences("paired_interval", a, b)
    if groups is not None:
        return interval_by_groups(differences, groups, resamples, level, seed)
    return bootstrap_interval(differences, resamples, level, seed)


def interval_by_groups(
    per_query: Tensor | Sequence[float],
    groups: Sequence[Hashable],
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    block: int = 1_000_000,
) -> Interval:
    """Return the mean over queries with the interval of a bootstrap that draws whole groups.

    per_query: (queries,); groups: one a query. As many groups are drawn as there are, each with all of
    its queries. At most `block` draws are held at a time.
    Raises ValueError for groups of another number, fewer than 2 resamples, a level outside (0, 1) and
    values that are not finite.
    Source: Davison and Hinkley 1997, Bootstrap Methods and their Application, section 3.8.
    """
    values = as_scores(per_query).double()
    if values.ndim != 1 or not len(values) or resamples < 2 or not 0 < level < 1:
        raise ValueError(
            f"interval_by_groups: per_query is {tuple(values.shape)}, resamples={resamples}, "
            f"level={level}; expected (queries,) with a query, at least 2, and between 0 and 1"
        )
    if not values.isfinite().all():
        raise ValueError("interval_by_groups: a query's value is nan or infinite; mend the metric")
    sums, sizes = _by_groups("interval_by_groups", values, groups)
    generator, means = torch.Generator().manual_seed(seed), []
    step = max(1, block // len(sums))
    for start in range(0, resamples, step):
        shape = (min(step, resamples - start), len(sums))
        rows = torch.randint(len(sums), shape, generator=generator, device="cpu").to(sums.device)
        means.append(sums[rows].sum(dim=1) / sizes[rows].sum(dim=1))
    return percentile_interval(float(values.mean()), torch.cat(means), level)


def randomisation_test(
    a: Tensor | Sequence[float],
    b: Tensor | Sequence[float],
    draws: int = 10_000,
    seed: int = 0,
    groups: Sequence[Hashable] | None = None,
) -> Difference:
    """Return the mean of a - b and the two-sided p of a paired randomisation test.

    a, b: the metric of each query by two systems, both (queries,), in the same order. If the systems
    were equal, it would be chance which of them got which value of a query, so any of the differences
    could as well have the other sign. p is the share of `draws` random choices of signs whose mean is
    at least as far from 0 as the one measured, which itself counts as one of them:
    (1 + count) / (1 + draws). groups: of each query; then the queries of a group change their sign
    together.
    Raises ValueError for lengths that differ, no query, draws below 1 and values that are not finite.
    Source: Fisher 1935, The Design of Experiments; Smucker, Allan and Carterette 2007, A Comparison
    of Statistical Significance Tests for Information Retrieval Evaluation, CIKM.
    """
    difference = _differences("randomisation_test", a, b)
    units = difference
    if groups is not None:
        # Means over groups of sums that stand for as many queries each as there are in the mean.
        sums, _ = _by_groups("randomisation_test", difference, groups)
        units = sums * (len(sums) / len(difference))
    # Sums of the same numbers in another order differ in the last digits.
    as_large = units.mean().abs() - _SAME * units.abs().mean()
    count = (flipped_means(units, draws, seed).abs() >= as_large).sum()
    return Difference(float(difference.mean()), (1 + int(count)) / (1 + draws))


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


def _by_groups(name: str, values: Tensor, groups: Sequence[Hashable]) -> tuple[Tensor, Tensor]:
    """Return the sum and the number of the values (queries,) of each group, both (groups,)."""
    if len(groups) != len(values):
        raise ValueError(
            f"{name}: {len(groups)} groups came for {len(values)} queries; expected one a query"
        )
    number = {group: place for place, group in enumerate(dict.fromkeys(groups))}
    rows = torch.tensor([number[group] for group in groups], device=values.device)
    empty = values.new_zeros(len(number))
    return empty.index_add(0, rows, values), empty.index_add(0, rows, torch.ones_like(values))
