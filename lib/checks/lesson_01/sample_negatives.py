"""Lesson 01, drawing noise words: unigram counts to the power 0.75."""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from lib.checks.exercise import Case, Exercise, Mistake
from lib.checks.values import EXACT


def _negatives_cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    # No draw at a share's end, which float32 would round to one side or the other.
    even = torch.tensor([0.0, 0.2, 0.4, 0.6, 0.85])
    yield Case((torch.tensor([1, 16, 1]), even), "one frequent word of three")
    yield Case((torch.tensor([5, 5]), torch.tensor([0.0, 0.25, 0.5, 0.75])), "two equal words")
    zeros = torch.tensor([0, 3, 0, 3, 0])
    edges = torch.tensor([0.0, 0.5, 1 - 2**-24], dtype=torch.float32)
    yield Case((zeros, edges), "words that never occur, draws on the edges")
    yield Case((torch.tensor([9]), torch.tensor([0.0, 0.99])), "a vocabulary of one word")
    grid = torch.from_numpy(rng.random((2, 3)))
    yield Case((torch.tensor([1, 10, 100, 1000]), grid), "draws in a grid")
    for turn in range(8 if hidden else 4):
        words = int(rng.integers(3, 40))
        counts = torch.from_numpy(rng.zipf(1.4, words).clip(max=10**7))
        draws = torch.from_numpy(rng.random((int(rng.integers(1, 30)), 5)))
        yield Case((counts, draws), f"random counts {turn}")
    wide = torch.from_numpy(rng.random((6, 8))).T
    yield Case((torch.tensor([900, 2, 40, 2, 7]), wide), "eight rows of six draws")
    ranks = np.arange(1, 30_001)
    large = torch.from_numpy((10**7 / ranks**0.9).astype(np.int64) + 1)
    yield Case((large, torch.from_numpy(rng.random(400))), "a vocabulary of 30,000 words")
    behind = _behind_ends(large, rng.integers(15_000, 29_999, 40))
    yield Case((large, behind), "draws just behind where a share ends")
    if hidden:
        ranks = np.arange(1, 200_001)
        large = torch.from_numpy((10**7 / ranks**0.9).astype(np.int64) + 1)
        behind = _behind_ends(large, rng.integers(150_000, 199_999, 30))
        yield Case((large, behind), "a vocabulary of 200,000 words")


def _behind_ends(counts: Tensor, words: np.ndarray) -> Tensor:
    """Draws just above the ends of some words' shares: a running sum in float32 is off by more."""
    ends = (counts.double() ** 0.75).cumsum(0)
    return (ends / ends[-1])[torch.from_numpy(words)] + 2e-9


def _negatives_by_loops(counts, draws) -> np.ndarray:
    weights = [c**0.75 for c in counts.tolist()]
    total = math.fsum(weights)
    used = list(itertools.accumulate(weights))
    ids = np.empty(tuple(draws.shape), dtype=np.int64)
    for place in np.ndindex(*ids.shape):
        ids[place] = bisect.bisect_right(used, float(draws[place]) * total)
    return ids


def _negatives_with(weigh=lambda c: c**0.75, *, right: bool = True, shift: int = 0):
    def sample(counts: Tensor, draws: Tensor) -> Tensor:
        cdf = weigh(counts.double()).cumsum(0)
        found = torch.searchsorted(cdf / cdf[-1], draws.double().contiguous(), right=right)
        return found + shift

    return sample


def _in_float32(counts, draws):
    weights = counts.float() ** 0.75
    ends = (weights / weights.sum()).cumsum(0)
    return torch.searchsorted(ends, draws.float().contiguous(), right=True)


def _sum_in_float32(counts, draws):
    cdf = (counts.float() ** 0.75).cumsum(0)
    return torch.searchsorted(cdf / cdf[-1], draws.float().contiguous(), right=True)


def _in_float32_but_draws(counts, draws):
    weights = counts.float() ** 0.75
    ends = (weights / weights.sum()).cumsum(0)
    return torch.searchsorted(ends.double(), draws.double().contiguous(), right=True)


def _not_divided(counts, draws):
    cdf = (counts.double() ** 0.75).cumsum(0)
    return torch.searchsorted(cdf, draws.double().contiguous(), right=True)


def _not_rescaled(counts, draws):
    share = counts.double() / counts.sum()
    cdf = (share**0.75).cumsum(0)
    return torch.searchsorted(cdf, draws.double().contiguous(), right=True)


def _ranks(counts, draws):
    ordered = counts.double().sort(descending=True).values
    return _negatives_with()(ordered, draws)


def _flat(counts, draws):
    return _negatives_with()(counts, draws.reshape(-1))


def _nearest_word(counts, draws):
    weights = counts.double() ** 0.75
    return (weights / weights.sum() - draws.double()[..., None]).abs().argmin(-1)


EXERCISE = Exercise(
    name="sample_negatives",
    lesson="01",
    cases=_negatives_cases,
    oracle=_negatives_by_loops,
    tolerance=EXACT,
    mistakes=[
        Mistake(
            "unigram-power-one",
            "You draw words as often as they occur (counts to the power 1). Word2Vec raises the "
            "counts to 0.75 first, so that rare words are drawn a little more often.",
            _negatives_with(lambda c: c),
            hint=1,
        ),
        Mistake(
            "uniform",
            "Every word is drawn equally often: the counts have no effect (except perhaps zeros). "
            "Weigh each word by its count to the power 0.75.",
            _negatives_with(lambda c: torch.ones_like(c)),
            hint=1,
        ),
        Mistake(
            "power-inverted",
            "You raise the counts to 4/3, not to 3/4: frequent words are drawn even more often "
            "than they occur. The power is 0.75.",
            _negatives_with(lambda c: c ** (1 / 0.75)),
            hint=1,
        ),
        Mistake(
            "not-rescaled",
            "Your weights do not add up to 1, so the draws stop before the last words are reached. "
            "Divide by the sum *after* taking the power.",
            _not_rescaled,
            hint=1,
        ),
        Mistake(
            "not-divided",
            "You do not divide the weights by their sum, so the first share alone covers the line from 0 "
            "to 1, and all draws fall on it. Divide by the sum, after taking the power.",
            _not_divided,
            hint=1,
        ),
        Mistake(
            "float32",
            "You compute in float32, where the ends of the shares are rounded: a draw near an end then "
            "belongs to the wrong word. Work in float64, beginning with `counts.double()`.",
            _in_float32,
            also=[_sum_in_float32, _in_float32_but_draws],
        ),
        Mistake(
            "left-edge",
            "On the edge you take the word before. A share holds its left end, where the share before "
            "it ends, and not its right one; with the other rule a word of count 0 can be drawn. "
            "See the `right` argument of torch.searchsorted.",
            _negatives_with(right=False),
            hint=3,
        ),
        Mistake(
            "off-by-one",
            "All your ids are one too high. searchsorted on the cumulative weights already gives "
            "the word; nothing is to be added.",
            _negatives_with(shift=1),
            hint=2,
        ),
        Mistake(
            "ranks-not-ids",
            "You sort the counts and return ranks. The ids must be those of `counts`, in the order "
            "in which it came: do not sort.",
            _ranks,
        ),
        Mistake(
            "flat",
            "The shape of the draws is lost. Return one id a draw in the shape of `draws`, here "
            "one row a pair.",
            _flat,
        ),
        Mistake(
            "no-cumulative-sum",
            "You compare the draws with the probabilities themselves. Invert the *cumulative* "
            "distribution: cumsum first.",
            _nearest_word,
            hint=2,
        ),
    ],
    equivalent={
        "weights.cumsum(dim=0) -> weights.cumsum(dim=-1)": "the counts have one dimension",
        "draws.contiguous() -> draws": "PyTorch makes the copy itself, and warns",
    },
    returns="tensor",
    any_precision=True,
)
