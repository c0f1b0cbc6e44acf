"""Answers to `randomisation_test`, written from its card alone.

Means in another order may differ in their last digit, and so two outcomes that are equally far from 0. As
the card says, the right answers below take 1e-6 off.
"""

from __future__ import annotations

import math

import numpy as np
import torch


def right_product(a: torch.Tensor, b: torch.Tensor, signs: torch.Tensor) -> float:
    """A matrix product: sums for means, with the observed one as the first row."""
    difference = a - b
    rows = torch.cat([torch.ones(1, len(a), dtype=signs.dtype), signs])
    far = (rows @ difference).abs()
    return float((far >= far[0] - 1e-6).sum()) / len(rows)


def right_exact_sums(a: torch.Tensor, b: torch.Tensor, signs: torch.Tensor) -> float:
    """Python lists; math.fsum has no rounding of its own."""
    difference = [x - y for x, y in zip(a.tolist(), b.tolist())]
    observed = abs(math.fsum(difference)) - 1e-6
    count = 1
    for row in signs.tolist():
        if abs(math.fsum(s * d for s, d in zip(row, difference))) >= observed:
            count += 1
    return count / (len(signs) + 1)


def right_numpy(a: torch.Tensor, b: torch.Tensor, signs: torch.Tensor) -> float:
    """numpy in float64, einsum, a little room for rounding."""
    difference = a.numpy().astype(np.float64) - b.numpy().astype(np.float64)
    means = np.einsum("dq,q->d", signs.numpy().astype(np.float64), difference) / difference.size
    count = np.count_nonzero(np.abs(means) >= abs(difference.mean()) - 1e-6)
    return (1 + count) / (1 + means.size)


def right_row_loop(a: torch.Tensor, b: torch.Tensor, signs: torch.Tensor) -> float:
    """One draw at a time; a comparison of absolute values."""
    difference = a - b
    observed = difference.mean()
    count = 0
    for row in signs:
        if torch.abs((row * difference).mean()) >= torch.abs(observed) - 1e-6:
            count = count + 1
    return (1 + count) / (1 + signs.shape[0])


def right_swaps_systems(a: torch.Tensor, b: torch.Tensor, signs: torch.Tensor) -> float:
    """Swaps the two systems where the sign is -1, then compares their means; in float64."""
    a, b = a.double(), b.double()
    keep = signs > 0
    first, second = torch.where(keep, a, b), torch.where(keep, b, a)
    flipped = (first - second).mean(dim=1).abs()
    far = flipped >= (a - b).mean().abs() - 1e-6
    return (far.sum().item() + 1) / (far.numel() + 1)


def right_two_tails(a: torch.Tensor, b: torch.Tensor, signs: torch.Tensor) -> float:
    """Counts both tails; they are one where the observed mean is 0."""
    flipped = (signs * (a - b)[None, :]).mean(1)
    edge = float((a - b).mean().abs()) - 1e-6
    tails = (flipped >= edge) | (flipped <= -edge)
    return (1.0 + float(tails.float().sum())) / (1.0 + float(len(tails)))


def right_share(a: torch.Tensor, b: torch.Tensor, signs: torch.Tensor) -> float:
    """The share of far draws; the observed outcome is put in with torch.cat."""
    difference = a - b
    every = torch.cat([difference[None], signs * difference]).mean(dim=1).abs()
    return (every >= every[0] - 1e-6).double().mean().item()


def wrong_to_the_last_bit(a: torch.Tensor, b: torch.Tensor, signs: torch.Tensor) -> float:
    """A matrix product and a plain >=: some draws are as far and come out nearer by rounding."""
    sums = (signs @ (a - b)).abs()
    return (1 + int((sums >= (a - b).sum().abs()).sum())) / (1 + len(signs))


def wrong_more(a: torch.Tensor, b: torch.Tensor, signs: torch.Tensor) -> float:
    """> for >=: draws that are just as far do not count, 0.25 in the example."""
    difference = a - b
    flipped = (signs * difference).mean(dim=1).abs()
    return (1 + int((flipped > difference.mean().abs()).sum())) / (1 + len(signs))


def wrong_no_one(a: torch.Tensor, b: torch.Tensor, signs: torch.Tensor) -> float:
    """count / draws: the observed outcome is not counted."""
    difference = a - b
    flipped = (signs * difference).mean(dim=1).abs()
    return int((flipped >= difference.mean().abs()).sum()) / len(signs)


def wrong_one_above_only(a: torch.Tensor, b: torch.Tensor, signs: torch.Tensor) -> float:
    """(1 + count) / draws: above 1 where all are as far."""
    difference = a - b
    flipped = (signs * difference).mean(dim=1).abs()
    return (1 + int((flipped >= difference.mean().abs()).sum())) / len(signs)


def wrong_one_below_only(a: torch.Tensor, b: torch.Tensor, signs: torch.Tensor) -> float:
    """count / (1 + draws)."""
    difference = a - b
    flipped = (signs * difference).mean(dim=1).abs()
    return int((flipped >= difference.mean().abs()).sum()) / (1 + len(signs))


def wrong_one_sided(a: torch.Tensor, b: torch.Tensor, signs: torch.Tensor) -> float:
    """No absolute values: [-1, -1] of the example does not count."""
    difference = a - b
    flipped = (signs * difference).mean(dim=1)
    return (1 + int((flipped >= difference.mean()).sum())) / (1 + len(signs))


def wrong_observed_signed(a: torch.Tensor, b: torch.Tensor, signs: torch.Tensor) -> float:
    """Only the flipped means are absolute: 1.0 wherever b is better."""
    difference = a - b
    flipped = (signs * difference).mean(dim=1).abs()
    return (1 + int((flipped >= difference.mean()).sum())) / (1 + len(signs))


def wrong_flipped_signed(a: torch.Tensor, b: torch.Tensor, signs: torch.Tensor) -> float:
    """Only the observed mean is absolute."""
    difference = a - b
    flipped = (signs * difference).mean(dim=1)
    return (1 + int((flipped >= difference.mean().abs()).sum())) / (1 + len(signs))


def wrong_absolute_first(a: torch.Tensor, b: torch.Tensor, signs: torch.Tensor) -> float:
    """abs before the mean: all draws look alike, p is 1."""
    difference = a - b
    flipped = (signs * difference).abs().mean(dim=1)
    return (1 + int((flipped >= difference.mean().abs()).sum())) / (1 + len(signs))


def wrong_axis(a: torch.Tensor, b: torch.Tensor, signs: torch.Tensor) -> float:
    """mean(dim=0): one number a query."""
    difference = a - b
    flipped = (signs * difference).mean(dim=0).abs()
    return (1 + int((flipped >= difference.mean().abs()).sum())) / (1 + len(signs))


def wrong_number_of_queries(a: torch.Tensor, b: torch.Tensor, signs: torch.Tensor) -> float:
    """1 + queries below the line."""
    difference = a - b
    flipped = (signs * difference).mean(dim=1).abs()
    return (1 + int((flipped >= difference.mean().abs()).sum())) / (1 + signs.shape[1])


def wrong_brackets(a: torch.Tensor, b: torch.Tensor, signs: torch.Tensor) -> float:
    """signs * a - b flips only one system."""
    flipped = (signs * a - b).mean(dim=1).abs()
    return (1 + int((flipped >= (a - b).mean().abs()).sum())) / (1 + len(signs))


def wrong_as_mask(a: torch.Tensor, b: torch.Tensor, signs: torch.Tensor) -> float:
    """Takes the signs for a mask: differences are dropped, not flipped."""
    difference = a - b
    flipped = ((signs > 0) * difference).mean(dim=1).abs()
    return (1 + int((flipped >= difference.mean().abs()).sum())) / (1 + len(signs))


def wrong_at_most(a: torch.Tensor, b: torch.Tensor, signs: torch.Tensor) -> float:
    """<=: counts the draws that are at most as far."""
    difference = a - b
    flipped = (signs * difference).mean(dim=1).abs()
    return (1 + int((flipped <= difference.mean().abs()).sum())) / (1 + len(signs))


def wrong_confidence(a: torch.Tensor, b: torch.Tensor, signs: torch.Tensor) -> float:
    """1 - p."""
    difference = a - b
    flipped = (signs * difference).mean(dim=1).abs()
    return 1 - (1 + int((flipped >= difference.mean().abs()).sum())) / (1 + len(signs))


def wrong_doubled(a: torch.Tensor, b: torch.Tensor, signs: torch.Tensor) -> float:
    """Twice one tail, cut at 1: not the same where draws are few."""
    difference = a - b
    observed = difference.mean()
    flipped = (signs * difference).mean(dim=1)
    tail = int((flipped >= observed.abs()).sum())
    return min(1.0, 2 * (1 + tail) / (1 + len(signs)))


def wrong_medians(a: torch.Tensor, b: torch.Tensor, signs: torch.Tensor) -> float:
    """Two mistakes: medians for means, and > for >=."""
    difference = a - b
    flipped = (signs * difference).median(dim=1).values.abs()
    return (1 + int((flipped > difference.median().abs()).sum())) / (1 + len(signs))


def wrong_sum_against_mean(a: torch.Tensor, b: torch.Tensor, signs: torch.Tensor) -> float:
    """Compares sums of the draws with the mean that was observed."""
    difference = a - b
    flipped = (signs @ difference).abs()
    return (1 + int((flipped >= difference.mean().abs()).sum())) / (1 + len(signs))


def wrong_signs_in_place(a: torch.Tensor, b: torch.Tensor, signs: torch.Tensor) -> float:
    """The right p, but the caller's signs hold the flipped differences afterwards."""
    difference = a - b
    signs *= difference
    flipped = signs.mean(dim=1).abs()
    return (1 + int((flipped >= difference.mean().abs()).sum())) / (1 + len(signs))


def wrong_mean_of_b_subtracted(a: torch.Tensor, b: torch.Tensor, signs: torch.Tensor) -> float:
    """Not paired: flips what each system has above its own mean."""
    centred = (a - a.mean()) - (b - b.mean())
    flipped = (signs * centred).mean(dim=1).abs()
    return (1 + int((flipped >= (a - b).mean().abs()).sum())) / (1 + len(signs))


RIGHT = [
    right_product,
    right_exact_sums,
    right_numpy,
    right_row_loop,
    right_swaps_systems,
    right_two_tails,
    right_share,
]
WRONG = [
    wrong_to_the_last_bit,
    wrong_more,
    wrong_no_one,
    wrong_one_above_only,
    wrong_one_below_only,
    wrong_one_sided,
    wrong_observed_signed,
    wrong_flipped_signed,
    wrong_absolute_first,
    wrong_axis,
    wrong_number_of_queries,
    wrong_brackets,
    wrong_as_mask,
    wrong_at_most,
    wrong_confidence,
    wrong_doubled,
    wrong_medians,
    wrong_sum_against_mean,
    wrong_signs_in_place,
    wrong_mean_of_b_subtracted,
]
