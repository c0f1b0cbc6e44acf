"""Answers to `fit_buckets`, written from its card alone."""

from __future__ import annotations

import math
import statistics

import numpy as np
import torch


def right_two_quantiles(residuals: torch.Tensor, bits: int) -> tuple[torch.Tensor, torch.Tensor]:
    """linspace for the shares; torch.quantile flattens by itself."""
    count = 2**bits
    edges = torch.linspace(0, 1, count + 1, dtype=residuals.dtype, device=residuals.device)
    half = 0.5 / count
    return torch.quantile(residuals, edges[1:-1]), torch.quantile(residuals, edges[:-1] + half)


def right_every_second(residuals: torch.Tensor, bits: int) -> tuple[torch.Tensor, torch.Tensor]:
    """All quantiles in steps of half a bucket: the odd ones are values, the even ones cutoffs."""
    steps = 2 ** (bits + 1)
    shares = torch.arange(1, steps, dtype=residuals.dtype, device=residuals.device) / steps
    both = residuals.reshape(-1).quantile(shares)
    return both[1::2], both[0::2]


def right_sorted_by_hand(residuals: torch.Tensor, bits: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Sorts once and interpolates between two neighbours."""
    ordered = residuals.reshape(-1).sort().values
    count = 1 << bits

    def at(shares: torch.Tensor) -> torch.Tensor:
        place = shares * (len(ordered) - 1)
        low = place.floor().long()
        high = place.ceil().long()
        return torch.lerp(ordered[low], ordered[high], (place - low).to(ordered.dtype))

    i = torch.arange(count, dtype=torch.float64, device=residuals.device)
    return at(i[1:] / count), at((i + 0.5) / count)


def right_numpy(residuals: torch.Tensor, bits: int) -> tuple[torch.Tensor, torch.Tensor]:
    """np.quantile, and back to the dtype that came in."""
    numbers = residuals.detach().cpu().numpy().ravel()
    count = 2**bits
    cutoffs = np.quantile(numbers, np.arange(1, count) / count)
    values = np.quantile(numbers, (np.arange(count) + 0.5) / count)
    return torch.as_tensor(cutoffs).to(residuals), torch.as_tensor(values).to(residuals)


def right_percentiles(residuals: torch.Tensor, bits: int) -> tuple[torch.Tensor, torch.Tensor]:
    """np.percentile with shares times 100, one list each."""
    numbers = residuals.flatten().tolist()
    count = 2**bits
    cutoffs = [np.percentile(numbers, 100 * i / count) for i in range(1, count)]
    values = [np.percentile(numbers, 100 * (i + 0.5) / count) for i in range(count)]
    kind = {"dtype": residuals.dtype, "device": residuals.device}
    return torch.tensor(cutoffs, **kind), torch.tensor(values, **kind)


def right_python(residuals: torch.Tensor, bits: int) -> tuple[torch.Tensor, torch.Tensor]:
    """sorted, math.floor, and the two neighbours weighted."""
    numbers = sorted(residuals.flatten().tolist())

    def quantile(share: float) -> float:
        place = share * (len(numbers) - 1)
        low = math.floor(place)
        high = min(low + 1, len(numbers) - 1)
        return numbers[low] * (1 - (place - low)) + numbers[high] * (place - low)

    count = 2**bits
    return (
        torch.tensor([quantile(i / count) for i in range(1, count)], dtype=residuals.dtype),
        torch.tensor([quantile((i + 0.5) / count) for i in range(count)], dtype=residuals.dtype),
    )


def right_statistics(residuals: torch.Tensor, bits: int) -> tuple[torch.Tensor, torch.Tensor]:
    """statistics.quantiles, which wants two numbers at least."""
    numbers = residuals.flatten().tolist()
    if len(numbers) == 1:
        numbers = numbers * 2
    both = statistics.quantiles(numbers, n=2 ** (bits + 1), method="inclusive")
    both = torch.tensor(both, dtype=residuals.dtype, device=residuals.device)
    return both[1::2].clone(), both[::2].clone()


def wrong_equal_width(residuals: torch.Tensor, bits: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Buckets of equal width: right only for evenly spread numbers, as in the example."""
    low, high = residuals.min(), residuals.max()
    count = 2**bits
    i = torch.arange(count).to(residuals)
    return low + (high - low) * i[1:] / count, low + (high - low) * (i + 0.5) / count


def wrong_each_dimension(residuals: torch.Tensor, bits: int) -> tuple[torch.Tensor, torch.Tensor]:
    """dim=0: buckets of their own for each dimension."""
    count = 2**bits
    i = torch.arange(count).to(residuals)
    cutoffs = torch.quantile(residuals, i[1:] / count, dim=0)
    return cutoffs, torch.quantile(residuals, (i + 0.5) / count, dim=0)


def wrong_values_between_cutoffs(
    residuals: torch.Tensor, bits: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Values half-way between the edges, not at the middle quantile."""
    count = 2**bits
    edges = torch.quantile(residuals.flatten(), torch.linspace(0, 1, count + 1).to(residuals))
    return edges[1:-1], (edges[:-1] + edges[1:]) / 2


def wrong_values_are_means(residuals: torch.Tensor, bits: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The mean of each bucket's numbers."""
    count = 2**bits
    numbers = residuals.flatten()
    cutoffs = torch.quantile(numbers, torch.arange(1, count).to(numbers) / count)
    codes = torch.bucketize(numbers, cutoffs)
    sums = numbers.new_zeros(count).index_add(0, codes, numbers)
    return cutoffs, sums / torch.bincount(codes, minlength=count).clamp(min=1)


def wrong_ends_included(residuals: torch.Tensor, bits: int) -> tuple[torch.Tensor, torch.Tensor]:
    """0 and 1 are among the cutoffs: two too many."""
    count = 2**bits
    i = torch.arange(count + 1).to(residuals)
    cutoffs = torch.quantile(residuals.flatten(), i / count)
    return cutoffs, torch.quantile(residuals.flatten(), (i[:-1] + 0.5) / count)


def wrong_from_zero(residuals: torch.Tensor, bits: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The first cutoff is the smallest number, and the last real one is missing."""
    count = 2**bits
    i = torch.arange(count).to(residuals)
    cutoffs = torch.quantile(residuals.flatten(), i[:-1] / count)
    return cutoffs, torch.quantile(residuals.flatten(), (i + 0.5) / count)


def wrong_values_from_one(residuals: torch.Tensor, bits: int) -> tuple[torch.Tensor, torch.Tensor]:
    """(i + 0.5) for i from 1: the first middle is missing."""
    count = 2**bits
    i = torch.arange(1, count).to(residuals)
    numbers = residuals.flatten()
    return torch.quantile(numbers, i / count), torch.quantile(numbers, (i + 0.5) / count)


def wrong_order(residuals: torch.Tensor, bits: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Values first, then cutoffs."""
    count = 2**bits
    numbers = residuals.flatten()
    i = torch.arange(count).to(numbers)
    return torch.quantile(numbers, (i + 0.5) / count), torch.quantile(numbers, i[1:] / count)


def wrong_two_times_bits(residuals: torch.Tensor, bits: int) -> tuple[torch.Tensor, torch.Tensor]:
    """2 * bits for 2 ** bits: right for 1 and 2 bits."""
    count = 2 * bits
    numbers = residuals.flatten()
    i = torch.arange(count).to(numbers)
    return torch.quantile(numbers, i[1:] / count), torch.quantile(numbers, (i + 0.5) / count)


def wrong_caret(residuals: torch.Tensor, bits: int) -> tuple[torch.Tensor, torch.Tensor]:
    """2 ^ bits is an exclusive or in Python: 3 buckets for 1 bit, none for 2."""
    count = 2 ^ bits
    numbers = residuals.flatten()
    i = torch.arange(count).to(numbers)
    return torch.quantile(numbers, i[1:] / count), torch.quantile(numbers, (i + 0.5) / count)


def wrong_four_buckets(residuals: torch.Tensor, bits: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The example's two bits for every call."""
    numbers = residuals.flatten()
    edges = torch.tensor([0.25, 0.5, 0.75]).to(numbers)
    middles = torch.tensor([0.125, 0.375, 0.625, 0.875]).to(numbers)
    return torch.quantile(numbers, edges), torch.quantile(numbers, middles)


def wrong_no_interpolation(residuals: torch.Tensor, bits: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The nearest number, not a point between two."""
    count = 2**bits
    numbers = residuals.flatten()
    i = torch.arange(count).to(numbers)
    cutoffs = torch.quantile(numbers, i[1:] / count, interpolation="nearest")
    return cutoffs, torch.quantile(numbers, (i + 0.5) / count, interpolation="nearest")


def wrong_sorted_places(residuals: torch.Tensor, bits: int) -> tuple[torch.Tensor, torch.Tensor]:
    """sorted[n * share]: no interpolation, and n for n - 1."""
    count = 2**bits
    numbers = residuals.flatten().sort().values
    i = torch.arange(count)
    cutoffs = numbers[i[1:] * len(numbers) // count]
    return cutoffs, numbers[(2 * i + 1) * len(numbers) // (2 * count)]


def wrong_other_quantile(residuals: torch.Tensor, bits: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Another definition: share * (n + 1) - 1, as `exclusive` in the statistics module."""
    count = 2**bits
    numbers = residuals.flatten().tolist()
    both = statistics.quantiles(numbers * 2 if len(numbers) == 1 else numbers, n=2 * count)
    both = torch.tensor(both).to(residuals)
    return both[1::2], both[::2]


def wrong_unsorted(residuals: torch.Tensor, bits: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Interpolates between neighbours as they came, without sorting: right for sorted numbers."""
    numbers = residuals.flatten()
    count = 2**bits

    def at(shares):
        place = shares * (len(numbers) - 1)
        low, high = place.floor().long(), place.ceil().long()
        return torch.lerp(numbers[low], numbers[high], (place - low).to(numbers.dtype))

    i = torch.arange(count, dtype=torch.float64)
    return at(i[1:] / count), at((i + 0.5) / count)


def wrong_sizes(residuals: torch.Tensor, bits: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Quantiles of absolute values: residuals lie on both sides of 0."""
    count = 2**bits
    numbers = residuals.flatten().abs()
    i = torch.arange(count).to(numbers)
    return torch.quantile(numbers, i[1:] / count), torch.quantile(numbers, (i + 0.5) / count)


def wrong_normal(residuals: torch.Tensor, bits: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Quantiles of the normal distribution with the residuals' mean and spread."""
    count = 2**bits
    spread = residuals.std(correction=0) * math.sqrt(2)
    i = torch.arange(count).to(residuals)
    cutoffs = residuals.mean() + spread * torch.erfinv(2 * i[1:] / count - 1)
    return cutoffs, residuals.mean() + spread * torch.erfinv(2 * (i + 0.5) / count - 1)


def wrong_changes_residuals(
    residuals: torch.Tensor, bits: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """flatten is a view, and numpy's sort sorts it in place: the caller's residuals are sorted."""
    numbers = residuals.flatten().numpy()
    numbers.sort()
    count = 2**bits
    cutoffs = np.quantile(numbers, np.arange(1, count) / count)
    values = np.quantile(numbers, (np.arange(count) + 0.5) / count)
    return torch.tensor(cutoffs).to(residuals), torch.tensor(values).to(residuals)


def wrong_cutoffs_only(residuals: torch.Tensor, bits: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Returns the cutoffs alone."""
    count = 2**bits
    return torch.quantile(residuals.flatten(), torch.arange(1, count).to(residuals) / count)


def wrong_first_row(residuals: torch.Tensor, bits: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The numbers of the first vector only: right where there is one."""
    count = 2**bits
    i = torch.arange(count).to(residuals)
    cutoffs = torch.quantile(residuals[0], i[1:] / count)
    return cutoffs, torch.quantile(residuals[0], (i + 0.5) / count)


def wrong_values_to_the_ends(
    residuals: torch.Tensor, bits: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Values at i / (2**bits - 1): the smallest and the largest number are among them."""
    count = 2**bits
    numbers = residuals.flatten()
    cutoffs = torch.quantile(numbers, torch.arange(1, count).to(numbers) / count)
    return cutoffs, torch.quantile(numbers, torch.linspace(0, 1, count).to(numbers))


RIGHT = [
    right_two_quantiles,
    right_every_second,
    right_sorted_by_hand,
    right_numpy,
    right_percentiles,
    right_python,
    right_statistics,
]
WRONG = [
    wrong_equal_width,
    wrong_each_dimension,
    wrong_values_between_cutoffs,
    wrong_values_are_means,
    wrong_ends_included,
    wrong_from_zero,
    wrong_values_from_one,
    wrong_order,
    wrong_two_times_bits,
    wrong_caret,
    wrong_four_buckets,
    wrong_no_interpolation,
    wrong_sorted_places,
    wrong_other_quantile,
    wrong_unsorted,
    wrong_sizes,
    wrong_normal,
    wrong_changes_residuals,
    wrong_cutoffs_only,
    wrong_first_row,
    wrong_values_to_the_ends,
]
