"""Answers to `sample_negatives`, written from its card alone."""

from __future__ import annotations

import bisect

import torch
import torch.nn.functional as F
from torch import Tensor


def right_searchsorted(counts: Tensor, draws: Tensor) -> Tensor:
    """Running sum divided by its end, so that the last share ends at exactly 1."""
    ends = (counts.double() ** 0.75).cumsum(0)
    return torch.searchsorted(ends / ends[-1], draws.double().contiguous(), right=True)


def right_compare_all(counts: Tensor, draws: Tensor) -> Tensor:
    """Counts how many shares end at or before the draw."""
    weights = counts.to(torch.float64).pow(0.75)
    ends = torch.cumsum(weights, dim=0) / torch.cumsum(weights, dim=0)[-1]
    return (draws.to(torch.float64).unsqueeze(-1) >= ends).sum(dim=-1)


def right_bisect_loop(counts: Tensor, draws: Tensor) -> Tensor:
    """Plain Python floats (they are float64) and bisect; zeros left out beforehand."""
    words = [w for w, c in enumerate(counts.tolist()) if c > 0]
    ends, total = [], 0.0
    for w in words:
        total += float(counts[w]) ** 0.75
        ends.append(total)
    ends = [e / total for e in ends]
    found = [words[bisect.bisect_right(ends, d)] for d in draws.flatten().tolist()]
    return torch.tensor(found, dtype=torch.int64).reshape(draws.shape)


def right_bucketize_clamp(counts: Tensor, draws: Tensor) -> Tensor:
    """Shares first, then the sum; rounding at the end goes to the last word with a count."""
    p = counts.double().pow(0.75)
    p = p / p.sum()
    ids = torch.bucketize(draws.double(), p.cumsum(0), right=True)
    return ids.clamp(max=int(counts.nonzero().max()))


def right_argmax_first(counts: Tensor, draws: Tensor) -> Tensor:
    """The first share whose end lies beyond the draw, by argmax over a comparison."""
    shares = torch.sqrt(counts.double()) * torch.sqrt(torch.sqrt(counts.double()))
    ends = shares.cumsum(0).div(shares.cumsum(0)[-1])
    beyond = draws.double().reshape(-1, 1) < ends.reshape(1, -1)
    return beyond.to(torch.uint8).argmax(dim=1).view(draws.shape)


def wrong_left_end(counts: Tensor, draws: Tensor) -> Tensor:
    """right=False: a draw at a border ([1, 1], 0.5), or 0.0 with counts[0] = 0, falls short."""
    ends = (counts.double() ** 0.75).cumsum(0)
    return torch.searchsorted(ends / ends[-1], draws.double())


def wrong_no_power(counts: Tensor, draws: Tensor) -> Tensor:
    """Forgets ** 0.75: [1, 16, 1] with 0.07 is word 0, not word 1."""
    ends = counts.double().cumsum(0)
    return torch.searchsorted(ends / ends[-1], draws.double(), right=True)


def wrong_power_after_sum(counts: Tensor, draws: Tensor) -> Tensor:
    """Takes the power of the running sum: wrong for [1, 16, 1] and 0.11."""
    ends = counts.double().cumsum(0) ** 0.75
    return torch.searchsorted(ends / ends[-1], draws.double(), right=True)


def wrong_float32(counts: Tensor, draws: Tensor) -> Tensor:
    """float32: draws near a border of 100,000 shares, or just below 1, go wrong."""
    p = counts.float() ** 0.75
    ends = (p / p.sum()).cumsum(0)
    return torch.searchsorted(ends, draws.float(), right=True).clamp(max=len(counts) - 1)


def wrong_double_too_late(counts: Tensor, draws: Tensor) -> Tensor:
    """Sums in float32 and converts afterwards: drifts over 200,000 words."""
    ends = (counts.float() ** 0.75).cumsum(0).double()
    return torch.searchsorted(ends / ends[-1], draws.double(), right=True)


def wrong_not_normalised(counts: Tensor, draws: Tensor) -> Tensor:
    """Forgets to divide by the sum: every draw lands on the first words."""
    ends = (counts.double() ** 0.75).cumsum(0)
    return torch.searchsorted(ends, draws.double(), right=True)


def wrong_flat(counts: Tensor, draws: Tensor) -> Tensor:
    """Flat for every shape: a (1024, 5) draw comes back as (5120,)."""
    ends = (counts.double() ** 0.75).cumsum(0)
    return torch.searchsorted(ends / ends[-1], draws.double().flatten(), right=True)


def wrong_one_dimension(counts: Tensor, draws: Tensor) -> Tensor:
    """A loop over the first dimension: float(row) fails for draws of shape (2, 3)."""
    weights = counts.double() ** 0.75
    ends = (weights.cumsum(0) / weights.sum()).tolist()
    return torch.tensor([bisect.bisect_right(ends, float(d)) for d in draws])


def wrong_multinomial(counts: Tensor, draws: Tensor) -> Tensor:
    """Makes its own draws: right in the long run, not for the given draws."""
    p = counts.double() ** 0.75
    return torch.multinomial(p, draws.numel(), replacement=True).view(draws.shape)


def wrong_off_by_one(counts: Tensor, draws: Tensor) -> Tensor:
    """Minus one, as if the line began with a 0: word 1 becomes word 0, word 0 becomes -1."""
    ends = (counts.double() ** 0.75).cumsum(0)
    return torch.searchsorted(ends / ends[-1], draws.double(), right=True) - 1


def wrong_add_one(counts: Tensor, draws: Tensor) -> Tensor:
    """Smooths with + 1, so that a word of count 0 is drawn ([0, 1], draw 0.1)."""
    ends = ((counts.double() + 1) ** 0.75).cumsum(0)
    return torch.searchsorted(ends / ends[-1], draws.double(), right=True)


def wrong_zeros_removed(counts: Tensor, draws: Tensor) -> Tensor:
    """Removes words of count 0 and forgets to map back: [0, 1] gives 0 instead of 1."""
    ends = (counts[counts > 0].double() ** 0.75).cumsum(0)
    return torch.searchsorted(ends / ends[-1], draws.double(), right=True)


def wrong_sorted_shares(counts: Tensor, draws: Tensor) -> Tensor:
    """Sorts the words by count and gives places in that order: wrong for [1, 16, 1], 0.05."""
    ends = (counts.double().sort(descending=True).values ** 0.75).cumsum(0)
    return torch.searchsorted(ends / ends[-1], draws.double(), right=True)


def wrong_draws_times_words(counts: Tensor, draws: Tensor) -> Tensor:
    """Uniform over the words: [1, 16, 1] with 0.2 gives word 0."""
    return (draws.double() * len(counts)).floor().long()


def wrong_float_ids(counts: Tensor, draws: Tensor) -> Tensor:
    """Ids as float64: contexts[noise] and bincount in the lesson refuse them."""
    p = counts.double() ** 0.75
    ends = p.cumsum(0) / p.sum()
    out = torch.empty(draws.shape, dtype=torch.float64)
    flat = out.view(-1)
    for i, d in enumerate(draws.double().flatten()):
        flat[i] = int((d >= ends).sum())
    return out


def wrong_power_in_place(counts: Tensor, draws: Tensor) -> Tensor:
    """Multiplies the caller's draws by the total: the ids are right, draws are spoilt."""
    ends = counts.double().pow(0.75).cumsum(0)
    draws.mul_(ends[-1])
    return torch.searchsorted(ends, draws.double(), right=True)


RIGHT = [
    right_searchsorted,
    right_compare_all,
    right_bisect_loop,
    right_bucketize_clamp,
    right_argmax_first,
]
WRONG = [
    wrong_left_end,
    wrong_no_power,
    wrong_power_after_sum,
    wrong_float32,
    wrong_double_too_late,
    wrong_not_normalised,
    wrong_flat,
    wrong_one_dimension,
    wrong_multinomial,
    wrong_off_by_one,
    wrong_add_one,
    wrong_zeros_removed,
    wrong_sorted_shares,
    wrong_draws_times_words,
    wrong_float_ids,
    wrong_power_in_place,
]
