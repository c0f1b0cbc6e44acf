"""Answers to `bootstrap_interval`, written from its card alone."""

from __future__ import annotations

import math
from statistics import fmean

import numpy as np
import torch


def right_both_quantiles(values: torch.Tensor, draws: torch.Tensor) -> tuple[float, float, float]:
    """Both quantiles in one call; take and view for the index."""
    drawn = torch.take(values, draws.long())
    means = drawn.sum(dim=1) / draws.shape[1]
    low, high = means.quantile(torch.tensor([0.025, 0.975], dtype=means.dtype)).tolist()
    return values.mean().item(), low, high


def right_lists(values: torch.Tensor, draws: torch.Tensor) -> tuple[float, float, float]:
    """Python lists; the quantile between two sorted means by hand."""
    numbers = values.tolist()
    means = sorted(sum(numbers[i] for i in row) / len(row) for row in draws.tolist())

    def quantile(share: float) -> float:
        place = share * (len(means) - 1)
        below, above = math.floor(place), math.ceil(place)
        return means[below] + (place - below) * (means[above] - means[below])

    return sum(numbers) / len(numbers), quantile(0.025), quantile(0.975)


def right_numpy(values: torch.Tensor, draws: torch.Tensor) -> tuple[float, float, float]:
    """numpy's percentile, which takes quantiles as torch does."""
    numbers = values.numpy()
    means = numbers[draws.numpy()].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(numbers.mean()), float(low), float(high)


def right_counts(values: torch.Tensor, draws: torch.Tensor) -> tuple[float, float, float]:
    """Counts how often each query was drawn; a matrix product with the values."""
    counts = torch.zeros(len(draws), len(values), dtype=torch.float64)
    counts.scatter_add_(1, draws.long(), torch.ones_like(draws, dtype=torch.float64))
    means = counts @ values.double() / draws.shape[1]
    low, high = means.quantile(0.025), means.quantile(0.975)
    return float(values.double().mean()), float(low), float(high)


def right_row_loop(values: torch.Tensor, draws: torch.Tensor) -> tuple[float, float, float]:
    """One draw at a time; returns torch's numbers."""
    means = torch.stack([values[row].mean() for row in draws])
    return values.mean(), torch.quantile(means, 0.025), torch.quantile(means, 0.975)


def right_index_select(values: torch.Tensor, draws: torch.Tensor) -> tuple[float, float, float]:
    """index_select on the flat rows, view back; sort and lerp for the quantiles."""
    means = values.index_select(0, draws.reshape(-1)).view(draws.shape).mean(-1)
    ordered = means.sort().values
    ends = []
    for share in (0.025, 0.975):
        place = share * (len(ordered) - 1)
        first = int(place)
        second = min(first + 1, len(ordered) - 1)
        ends.append(float(torch.lerp(ordered[first], ordered[second], place - first)))
    return float(values.mean()), ends[0], ends[1]


def right_fmean(values: torch.Tensor, draws: torch.Tensor) -> tuple[float, float, float]:
    """statistics.fmean and np.quantile."""
    means = [fmean(values[row].tolist()) for row in draws]
    return (
        fmean(values.tolist()),
        float(np.quantile(means, 0.025)),
        float(np.quantile(means, 0.975)),
    )


def wrong_quantiles_of_values(
    values: torch.Tensor, draws: torch.Tensor
) -> tuple[float, float, float]:
    """Quantiles of the values: the spread of queries, not of the mean."""
    low, high = torch.quantile(values, 0.025), torch.quantile(values, 0.975)
    return float(values.mean()), float(low), float(high)


def wrong_quantiles_of_drawn(
    values: torch.Tensor, draws: torch.Tensor
) -> tuple[float, float, float]:
    """Forgets the mean of each draw: quantiles of all drawn values."""
    drawn = values[draws].flatten()
    low, high = torch.quantile(drawn, 0.025), torch.quantile(drawn, 0.975)
    return float(values.mean()), float(low), float(high)


def wrong_axis(values: torch.Tensor, draws: torch.Tensor) -> tuple[float, float, float]:
    """mean(dim=0): over draws, one number a place."""
    means = values[draws].mean(dim=0)
    low, high = torch.quantile(means, 0.025), torch.quantile(means, 0.975)
    return float(values.mean()), float(low), float(high)


def wrong_ninety(values: torch.Tensor, draws: torch.Tensor) -> tuple[float, float, float]:
    """5% cut off at each end: a 90% interval."""
    means = values[draws].mean(dim=1)
    low, high = torch.quantile(means, 0.05), torch.quantile(means, 0.95)
    return float(values.mean()), float(low), float(high)


def wrong_typo(values: torch.Tensor, draws: torch.Tensor) -> tuple[float, float, float]:
    """0.25 and 0.75, a slip of the decimal point."""
    means = values[draws].mean(dim=1)
    low, high = torch.quantile(means, 0.25), torch.quantile(means, 0.75)
    return float(values.mean()), float(low), float(high)


def wrong_percent(values: torch.Tensor, draws: torch.Tensor) -> tuple[float, float, float]:
    """torch.quantile with 2.5 and 97.5: a RuntimeError, it wants shares."""
    means = values[draws].mean(dim=1)
    low, high = torch.quantile(means, 2.5), torch.quantile(means, 97.5)
    return float(values.mean()), float(low), float(high)


def wrong_mean_of_means(values: torch.Tensor, draws: torch.Tensor) -> tuple[float, float, float]:
    """The mean of the draws for the mean of the values: 0.75 in the example."""
    means = values[draws].mean(dim=1)
    low, high = torch.quantile(means, 0.025), torch.quantile(means, 0.975)
    return float(means.mean()), float(low), float(high)


def wrong_order(values: torch.Tensor, draws: torch.Tensor) -> tuple[float, float, float]:
    """(low, mean, high), as it stands on a line."""
    means = values[draws].mean(dim=1)
    low, high = torch.quantile(means, 0.025), torch.quantile(means, 0.975)
    return float(low), float(values.mean()), float(high)


def wrong_ends_swapped(values: torch.Tensor, draws: torch.Tensor) -> tuple[float, float, float]:
    """The upper end first."""
    means = values[draws].mean(dim=1)
    low, high = torch.quantile(means, 0.975), torch.quantile(means, 0.025)
    return float(values.mean()), float(low), float(high)


def wrong_smallest_and_largest(
    values: torch.Tensor, draws: torch.Tensor
) -> tuple[float, float, float]:
    """The smallest and the largest mean: right for one draw only."""
    means = values[draws].mean(dim=1)
    return float(values.mean()), float(means.min()), float(means.max())


def wrong_nearest(values: torch.Tensor, draws: torch.Tensor) -> tuple[float, float, float]:
    """A sorted mean near the place, not between two, as torch.quantile does by default."""
    means = values[draws].mean(dim=1).sort().values
    n = len(means)
    return float(values.mean()), float(means[int(0.025 * n)]), float(means[int(0.975 * n)])


def wrong_normal(values: torch.Tensor, draws: torch.Tensor) -> tuple[float, float, float]:
    """Mean plus and minus 1.96 standard deviations of the means; symmetric, and not the quantiles."""
    means = values[draws].mean(dim=1)
    mean, spread = values.mean(), means.std(correction=0)
    return float(mean), float(mean - 1.96 * spread), float(mean + 1.96 * spread)


def wrong_median(values: torch.Tensor, draws: torch.Tensor) -> tuple[float, float, float]:
    """Medians of the draws."""
    medians = values[draws].median(dim=1).values
    low, high = torch.quantile(medians, 0.025), torch.quantile(medians, 0.975)
    return float(values.mean()), float(low), float(high)


def wrong_without_repeats(values: torch.Tensor, draws: torch.Tensor) -> tuple[float, float, float]:
    """A set of each draw: a query drawn twice counts once, 0.5 in the example."""
    means = torch.stack([values[row.unique()].mean() for row in draws])
    low, high = torch.quantile(means, 0.025), torch.quantile(means, 0.975)
    return float(values.mean()), float(low), float(high)


def wrong_draws_as_values(values: torch.Tensor, draws: torch.Tensor) -> tuple[float, float, float]:
    """Means of the row numbers themselves."""
    means = draws.to(values.dtype).mean(dim=1)
    low, high = torch.quantile(means, 0.025), torch.quantile(means, 0.975)
    return float(values.mean()), float(low), float(high)


def wrong_own_draws(values: torch.Tensor, draws: torch.Tensor) -> tuple[float, float, float]:
    """Draws anew at random for the draws that it was given."""
    generator = torch.Generator().manual_seed(0)
    mine = torch.randint(len(values), draws.shape, generator=generator)
    means = values[mine].mean(dim=1)
    low, high = torch.quantile(means, 0.025), torch.quantile(means, 0.975)
    return float(values.mean()), float(low), float(high)


def wrong_sum(values: torch.Tensor, draws: torch.Tensor) -> tuple[float, float, float]:
    """Sums of the draws."""
    sums = values[draws].sum(dim=1)
    low, high = torch.quantile(sums, 0.025), torch.quantile(sums, 0.975)
    return float(values.mean()), float(low), float(high)


def wrong_half_widths(values: torch.Tensor, draws: torch.Tensor) -> tuple[float, float, float]:
    """Distances from the mean for the ends of the interval."""
    mean = values.mean()
    means = values[draws].mean(dim=1)
    low, high = mean - torch.quantile(means, 0.025), torch.quantile(means, 0.975) - mean
    return float(mean), float(low), float(high)


def wrong_sorts_in_place(values: torch.Tensor, draws: torch.Tensor) -> tuple[float, float, float]:
    """Sorts the caller's values first: the row numbers then mean other queries."""
    values[:] = values.sort().values
    means = values[draws].mean(dim=1)
    low, high = torch.quantile(means, 0.025), torch.quantile(means, 0.975)
    return float(values.mean()), float(low), float(high)


RIGHT = [
    right_both_quantiles,
    right_lists,
    right_numpy,
    right_counts,
    right_row_loop,
    right_index_select,
    right_fmean,
]
WRONG = [
    wrong_quantiles_of_values,
    wrong_quantiles_of_drawn,
    wrong_axis,
    wrong_ninety,
    wrong_typo,
    wrong_percent,
    wrong_mean_of_means,
    wrong_order,
    wrong_ends_swapped,
    wrong_smallest_and_largest,
    wrong_nearest,
    wrong_normal,
    wrong_median,
    wrong_without_repeats,
    wrong_draws_as_values,
    wrong_own_draws,
    wrong_sum,
    wrong_half_widths,
    wrong_sorts_in_place,
]
