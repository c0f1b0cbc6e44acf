"""Lesson 05, fewer bytes: `index_bytes`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from lib.checks.exercise import Case, Exercise, Mistake
from lib.checks.values import EXACT


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


EXERCISE = Exercise(
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
            hint=1,
        ),
        Mistake(
            "rounded-down",
            "Nine bits do not fit into one byte. Round up to whole bytes.",
            _refusing(lambda n, d, b, k: n * (d * b // 8 + d * k // 8)),
            hint=2,
        ),
        Mistake(
            "rounded-at-the-end",
            "You round up the bits of all passages together. Each vector begins at a whole byte.",
            _refusing(lambda n, d, b, k: -(-n * d * b // 8) + -(-n * d * k // 8)),
            hint=3,
        ),
        Mistake(
            "rounded-together",
            "You add the bits of both vectors before you round up. They are stored apart: each fills "
            "whole bytes.",
            _refusing(lambda n, d, b, k: n * -(-d * (b + k) // 8)),
            hint=3,
        ),
        Mistake(
            "numbers-rounded",
            "You round each number up to whole bytes. Only the vector as a whole is: eight bits share "
            "a byte.",
            _refusing(lambda n, d, b, k: n * d * (-(-b // 8) + -(-k // 8))),
            hint=2,
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
            hint=2,
        ),
        Mistake(
            "never-refused",
            "Sizes that cannot be, such as 0 bits or -1 passages, give a number all the same. Raise a "
            "ValueError.",
            lambda n, d, b, k: n * (-(-d * b // 8) - (-d * k // 8)),
        ),
    ],
)
