"""Lesson 05, fewer bytes: `to_int8`."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from lib.checks.canonical import with_kind
from lib.checks.exercise import Case, Exercise, Mistake
from lib.checks.values import EXACT


def _clear(vectors: np.ndarray, corpus: np.ndarray) -> bool:
    """Whether no value lies so near the border of two steps that rounding decides."""
    low, high = corpus.min(axis=0), corpus.max(axis=0)
    step = np.where(high > low, (high - low) / 255, 1.0)
    place = (vectors - low) / step
    inside = (place > 0.01) & (place < 254.99)
    return bool((np.abs(place - place.round())[inside] > 1e-3).all())


def _int8_cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    corpus = torch.tensor([[0.0, -1.0], [2.55, 1.55]], dtype=torch.float64)
    yield Case((torch.tensor([[1.004, 0.003]], dtype=torch.float64), corpus), "inside the ranges")
    yield Case((corpus, corpus), "the corpus itself: -128 at the least, 127 at the largest")
    outside = torch.tensor([[-9.0, 99.0], [99.0, -9.0]], dtype=torch.float64)
    yield Case((outside, corpus), "values outside the ranges")
    flat = torch.tensor([[0.5, 1.0], [0.5, 3.0], [0.5, 2.0]], dtype=torch.float64)
    yield Case((flat[:1] * 1.0, flat), "a number that is the same in all passages")
    yield Case(
        (flat + torch.tensor([2.7, 0.003], dtype=torch.float64), flat), "and other in the vector"
    )
    made = 0
    while made < (7 if hidden else 4):
        n, dim = (int(x) for x in rng.integers([3, 2], [9, 6]))
        passages = rng.normal(size=(n, dim)) * rng.lognormal(0, 1, dim) + rng.normal(size=dim)
        vectors = passages[rng.integers(n, size=3)] + rng.normal(size=(3, dim)) * 0.5
        if not _clear(vectors, passages):
            continue
        made += 1
        yield Case((torch.from_numpy(vectors), torch.from_numpy(passages)), f"random {made}")


def _int8_by_loops(vectors: Tensor, corpus: Tensor) -> np.ndarray:
    passages = corpus.double().tolist()
    found = []
    for row in vectors.double().tolist():
        codes = []
        for column, value in enumerate(row):
            values = [passage[column] for passage in passages]
            low, high = min(values), max(values)
            step = (high - low) / 255 if high > low else 1.0
            codes.append(max(0, min(255, int((value - low) // step))) - 128)
        found.append(codes)
    return np.array(found, dtype=np.int8)


def _codes(vectors: Tensor, low: Tensor, high: Tensor) -> Tensor:
    step = (high - low) / 255
    step = torch.where(step == 0, torch.ones_like(step), step)
    return ((vectors - low) / step).floor()


def _int8(codes: Tensor) -> Tensor:
    return (codes.clamp(0, 255) - 128).to(torch.int8)


def _exact(v: Tensor, c: Tensor) -> Tensor:
    step = (c.amax(0) - c.amin(0)) / 255
    return (v - c.amin(0)) / torch.where(step == 0, torch.ones_like(step), step)


EXERCISE = Exercise(
    "to_int8",
    "05",
    _int8_cases,
    _int8_by_loops,
    tolerance=EXACT,
    canonical=with_kind,
    equivalent={"codes - 128 -> codes + 128": "int8 wraps: 256 more is the same byte"},
    mistakes=[
        Mistake(
            "ranges-from-the-vectors",
            "You take the ranges from the vectors that are coded. Queries then get other codes than "
            "passages: the ranges come from the corpus.",
            lambda v, c: _int8(_codes(v, v.amin(0), v.amax(0))),
            hint=1,
        ),
        Mistake(
            "one-range-for-all",
            "You take one range for all numbers. Dimensions differ in size: a range for each, along "
            "dim 0.",
            lambda v, c: _int8(_codes(v, c.min().expand(c.shape[1]), c.max().expand(c.shape[1]))),
            hint=1,
        ),
        Mistake(
            "ranges-by-row",
            "You take ranges along dim 1, one for each text. A dimension has one range for all texts.",
            lambda v, c: _int8(
                _codes(v, c.amin(1).mean().expand(v.shape[1]), c.amax(1).mean().expand(v.shape[1]))
            ),
            hint=1,
        ),
        Mistake(
            "rounded",
            "You round to the nearest step. A code names the step in which the value lies: floor.",
            lambda v, c: _int8((_exact(v, c)).round()),
        ),
        Mistake(
            "256-steps",
            "You divide the range by 256, so that the largest value falls out of the codes. From 0 to "
            "255 there are 255 steps.",
            lambda v, c: _int8((_exact(v, c) * 256 / 255).floor()),
        ),
        Mistake(
            "not-shifted",
            "Codes from 0 to 255 do not fit int8: those above 127 turn negative. Subtract 128.",
            lambda v, c: _exact(v, c).floor().clamp(0, 255).to(torch.uint8).view(torch.int8),
            hint=2,
        ),
        Mistake(
            "not-clamped",
            "Values outside the ranges wrap around: a little too large becomes very negative. Clamp to "
            "0 and 255 first.",
            lambda v, c: (
                (_exact(v, c).floor() - 128).long().remainder(256).to(torch.uint8).view(torch.int8)
            ),
            hint=2,
        ),
        Mistake(
            "not-whole",
            "The codes are floats: they take as many bytes as before. Convert them to torch.int8.",
            lambda v, c: _exact(v, c).floor().clamp(0, 255) - 128,
            hint=2,
        ),
        Mistake(
            "around-zero",
            "You scale by the largest absolute value, symmetric around 0. The range is from the least to "
            "the largest value.",
            lambda v, c: (v / c.abs().amax(0) * 127).round().clamp(-128, 127).to(torch.int8),
        ),
        Mistake(
            "no-range",
            "A number that is the same in all passages has a range of 0, and you divide by it. Take a "
            "step of 1 there.",
            lambda v, c: _int8(
                ((v - c.amin(0)) / ((c.amax(0) - c.amin(0)) / 255)).floor().nan_to_num(0)
            ),
            hint=3,
        ),
    ],
    returns="tensor",
    dtype=torch.int8,
)
