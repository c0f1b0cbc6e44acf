"""Lesson 05, fewer bytes: int8 codes, and what an index takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

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


def _by_buckets(vectors: Tensor, corpus: Tensor) -> np.ndarray:
    """An alternative: numpy, count the borders that lie at or below the value."""
    low, high = corpus.numpy().min(0), corpus.numpy().max(0)
    step = np.where(high > low, (high - low) / 255, 1.0)
    place = np.floor((vectors.numpy() - low) / step)
    return (np.minimum(np.maximum(place, 0), 255) - 128).astype(np.int8)


def _by_columns(vectors: Tensor, corpus: Tensor) -> Tensor:
    """An alternative: one number after the other."""
    columns = []
    for value, known in zip(vectors.T, corpus.T):
        low, span = known.min(), known.max() - known.min()
        step = span / 255 if span > 0 else torch.ones(())
        columns.append(torch.div(value - low, step, rounding_mode="floor").clamp(0, 255) - 128)
    return torch.stack(columns, dim=1).to(torch.int8)


def _with_kind(codes: Tensor | np.ndarray) -> list:
    """The codes and their dtype, which is the point of it."""
    return [str(codes.dtype).removeprefix("torch."), codes]


INT8 = Exercise(
    "to_int8",
    "05",
    _int8_cases,
    _int8_by_loops,
    tolerance=EXACT,
    canonical=_with_kind,
    equivalent={"codes - 128 -> codes + 128": "int8 wraps: 256 more is the same byte"},
    mistakes=[
        Mistake(
            "ranges-from-the-vectors",
            "You take the ranges from the vectors that are coded. Queries then get other codes than "
            "passages: the ranges come from the corpus.",
            lambda v, c: _int8(_codes(v, v.amin(0), v.amax(0))),
        ),
        Mistake(
            "one-range-for-all",
            "You take one range for all numbers. Dimensions differ in size: a range for each, along "
            "dim 0.",
            lambda v, c: _int8(_codes(v, c.min().expand(c.shape[1]), c.max().expand(c.shape[1]))),
        ),
        Mistake(
            "ranges-by-row",
            "You take ranges along dim 1, one for each text. A dimension has one range for all texts.",
            lambda v, c: _int8(
                _codes(v, c.amin(1).mean().expand(v.shape[1]), c.amax(1).mean().expand(v.shape[1]))
            ),
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
        ),
        Mistake(
            "not-clamped",
            "Values outside the ranges wrap around: a little too large becomes very negative. Clamp to "
            "0 and 255 first.",
            lambda v, c: (
                (_exact(v, c).floor() - 128).long().remainder(256).to(torch.uint8).view(torch.int8)
            ),
        ),
        Mistake(
            "not-whole",
            "The codes are floats: they take as many bytes as before. Convert them to torch.int8.",
            lambda v, c: _exact(v, c).floor().clamp(0, 255) - 128,
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
        ),
    ],
    alternatives=[_by_buckets, _by_columns],
)


def _exact(v: Tensor, c: Tensor) -> Tensor:
    step = (c.amax(0) - c.amin(0)) / 255
    return (v - c.amin(0)) / torch.where(step == 0, torch.ones_like(step), step)


def _cost_cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    yield Case((1_000, 384, 32, 0), "float32 vectors")
    yield Case((1_000, 384, 1, 0), "bits")
    yield Case((1_000, 384, 1, 8), "bits, and int8 to rescore with")
    yield Case((1_000, 64, 32, 16), "float32 and float16")
    yield Case((3, 9, 1, 0), "nine bits: two bytes")
    yield Case((7, 9, 1, 1), "nine bits, twice")
    yield Case((5, 3, 4, 4), "three times four bits, twice")
    yield Case((0, 384, 8, 32), "no passage")
    yield Case((1, 1, 1, 32), "one number")
    yield Case((10**9, 1024, 1, 8), "a billion passages")
    for args in ((-1, 8, 8, 0), (4, 0, 8, 8), (4, 8, 0, 8), (4, 8, 8, -1), (2, -3, 8, 0)):
        yield Case(args, "a number that cannot be")
    for turn in range(8 if hidden else 4):
        n, dim = int(rng.integers(1, 10**6)), int(rng.integers(1, 2_000))
        bits, kept = (int(rng.choice([0, 1, 2, 4, 8, 16, 32])) for _ in range(2))
        yield Case((n, dim, bits or 1, kept), f"random {turn}")


def _cost_by_counting(passages: int, dim: int, bits: int, kept_bits: int) -> int:
    def whole(number: int) -> int:
        return number // 8 + (number % 8 > 0)

    if passages < 0 or dim <= 0 or bits <= 0 or kept_bits < 0:
        raise ValueError("no such index")
    return sum(whole(dim * size) for size in (bits, kept_bits)) * passages


def _refusing(count: Callable) -> Callable:
    """The same, with what cannot be refused."""

    def checked(n: int, d: int, b: int, k: int) -> int:
        if n < 0 or k < 0 or d < 1 or b < 1:
            raise ValueError("no such index")
        return count(n, d, b, k)

    return checked


COST = Exercise(
    "index_bytes",
    "05",
    _cost_cases,
    _cost_by_counting,
    tolerance=EXACT,
    equivalent={
        "min(passages, kept_bits) -> min(kept_bits, passages)": "the smaller of two is the same",
        "min(dim, bits) -> min(bits, dim)": "the smaller of two is the same",
    },
    mistakes=[
        Mistake(
            "bits-for-bytes",
            "You count bits. A byte has eight.",
            _refusing(lambda n, d, b, k: n * (d * b + d * k)),
        ),
        Mistake(
            "rounded-down",
            "Nine bits do not fit into one byte. Round up to whole bytes.",
            _refusing(lambda n, d, b, k: n * (d * b // 8 + d * k // 8)),
        ),
        Mistake(
            "rounded-at-the-end",
            "You round up the bits of all passages together. Each vector begins at a whole byte.",
            _refusing(lambda n, d, b, k: -(-n * d * b // 8) + -(-n * d * k // 8)),
        ),
        Mistake(
            "rounded-together",
            "You add the bits of both vectors before you round up. They are stored apart: each fills "
            "whole bytes.",
            _refusing(lambda n, d, b, k: n * -(-d * (b + k) // 8)),
        ),
        Mistake(
            "numbers-rounded",
            "You round each number up to whole bytes. Only the vector as a whole is: eight bits share "
            "a byte.",
            _refusing(lambda n, d, b, k: n * d * (-(-b // 8) + -(-k // 8))),
        ),
        Mistake(
            "kept-vectors-forgotten",
            "Only the vectors of the shortlist are counted. Those to rescore with are kept as well.",
            _refusing(lambda n, d, b, k: n * -(-d * b // 8)),
        ),
        Mistake(
            "one-byte-too-many",
            "You add a byte always. Add one only where bits are left over.",
            _refusing(lambda n, d, b, k: n * (d * b // 8 + 1 + d * k // 8 + 1)),
        ),
        Mistake(
            "never-refused",
            "Sizes that cannot be, such as 0 bits or -1 passages, give a number all the same. Raise a "
            "ValueError.",
            lambda n, d, b, k: n * (-(-d * b // 8) - (-d * k // 8)),
        ),
    ],
    alternatives=[
        _refusing(lambda n, d, b, k: n * (-(-d * b // 8) - (-d * k // 8))),
        _refusing(lambda n, d, b, k: n * ((d * b + 7) // 8 + (d * k + 7) // 8)),
    ],
)

EXERCISES = [INT8, COST]
