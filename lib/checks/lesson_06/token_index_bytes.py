"""Lesson 06, what an index costs: `token_index_bytes`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from lib.checks.exercise import Case, Exercise, Mistake
from lib.checks.lesson_06._token_vectors import SMALLER
from lib.checks.values import EXACT


def _size_cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    yield Case((10, 200, 128, 2, 16), "two bits: 36 bytes a token")
    yield Case((10, 200, 128, 1, 16), "one bit: 20 bytes a token")
    yield Case((10, 200, 128, 4, 16), "four bits")
    yield Case((2, 5, 9, 1, 3), "nine bits: two bytes")
    yield Case((2, 5, 3, 4, 3), "three times four bits: two bytes")
    yield Case((1, 1, 1, 1, 1), "one of everything")
    yield Case((0, 0, 128, 2, 16), "no passage")
    yield Case((7, 0, 16, 1, 2), "passages without tokens")
    yield Case((1_000_000_000, 70_000_000_000, 128, 2, 2**18), "a billion passages")
    for args in (
        (-1, 5, 8, 1, 2),
        (4, -2, 8, 1, 2),
        (4, 9, 0, 1, 2),
        (4, 9, 8, 0, 2),
        (4, 9, 8, 1, 0),
    ):
        yield Case(args, "a number that cannot be")
    for turn in range(8 if hidden else 4):
        passages, each, dim = (int(x) for x in rng.integers([2, 1, 2], [10**5, 300, 400]))
        bits, tokens = int(rng.choice([1, 2, 4, 8])), passages * each
        centroids = int(rng.integers(1, min(tokens, 5_000) + 1))
        yield Case((passages, tokens, dim, bits, centroids), f"random {turn}")


def _by_adding(passages: int, tokens: int, dim: int, bits: int, centroids: int) -> int:
    """The oracle: the parts of the index, one after the other."""
    if passages < 0 or tokens < 0 or dim <= 0 or bits <= 0 or centroids <= 0:
        raise ValueError("no such index")
    full, left = divmod(dim * bits, 8)
    parts = {
        "centroid ids": 4 * tokens,
        "residuals": tokens * (full + (1 if left else 0)),
        "centroids": 4 * centroids * dim,
        "values": 4 << bits,
        "offsets": 8 + 8 * passages,
    }
    return sum(parts.values())


def _refusing(count: Callable) -> Callable:
    """The same, with what cannot be refused."""

    def checked(passages: int, tokens: int, dim: int, bits: int, centroids: int) -> int:
        if min(passages, tokens) < 0 or min(dim, bits, centroids) < 1:
            raise ValueError("no such index")
        return count(passages, tokens, dim, bits, centroids)

    return checked


def _whole(dim: int, bits: int) -> int:
    return -(-dim * bits // 8)


def _once(p: int, d: int, b: int, c: int) -> int:
    """What is kept once: centroids, values, offsets."""
    return 4 * c * d + 4 * 2**b + 8 * (p + 1)


EXERCISE = Exercise(
    "token_index_bytes",
    "06",
    _size_cases,
    _by_adding,
    tolerance=EXACT,
    equivalent={
        "min(passages, tokens) -> min(tokens, passages)": SMALLER,
    },
    mistakes=[
        Mistake(
            "bits-for-bytes",
            "You count the residuals' bits. A byte has eight.",
            _refusing(lambda p, t, d, b, c: t * (4 + d * b) + _once(p, d, b, c)),
            hint=1,
        ),
        Mistake(
            "rounded-down",
            "Nine bits do not fit into one byte. Round each token's residual up to whole bytes.",
            _refusing(lambda p, t, d, b, c: t * (4 + d * b // 8) + _once(p, d, b, c)),
            hint=1,
        ),
        Mistake(
            "fractions-of-bytes",
            "A token's residual takes a fraction of a byte with you. Round it up: "
            "`math.ceil(dim * bits / 8)`.",
            _refusing(lambda p, t, d, b, c: t * (4 + d * b / 8) + _once(p, d, b, c)),
            hint=1,
        ),
        Mistake(
            "rounded-at-the-end",
            "You round up the bits of all tokens together. Each token begins at a whole byte, so that it "
            "can be read by itself.",
            _refusing(lambda p, t, d, b, c: 4 * t + _whole(t * d, b) + _once(p, d, b, c)),
            hint=1,
        ),
        Mistake(
            "numbers-rounded",
            "You round each number up to a whole byte. Only the residual of a token as a whole is: its "
            "numbers share bytes.",
            _refusing(lambda p, t, d, b, c: t * (4 + d * -(-b // 8)) + _once(p, d, b, c)),
            hint=1,
        ),
        Mistake(
            "ids-forgotten",
            "The tokens' centroid ids are missing: 4 bytes for each token.",
            _refusing(lambda p, t, d, b, c: t * _whole(d, b) + _once(p, d, b, c)),
            hint=2,
        ),
        Mistake(
            "centroids-forgotten",
            "The centroids themselves are missing: `dim` numbers of 4 bytes for each.",
            _refusing(lambda p, t, d, b, c: t * (4 + _whole(d, b)) + 4 * 2**b + 8 * (p + 1)),
            hint=2,
        ),
        Mistake(
            "values-forgotten",
            "The values that codes are read back as are missing: 2**bits numbers of 4 bytes.",
            _refusing(lambda p, t, d, b, c: t * (4 + _whole(d, b)) + 4 * c * d + 8 * (p + 1)),
            hint=2,
        ),
        Mistake(
            "a-value-a-bit",
            "You count a value for each bit. With `bits` bits there are 2**bits codes, and each has its value.",
            _refusing(
                lambda p, t, d, b, c: t * (4 + _whole(d, b)) + 4 * c * d + 4 * b + 8 * (p + 1)
            ),
            hint=3,
        ),
        Mistake(
            "offsets-forgotten",
            "The offsets are missing, which say where each passage begins: passages + 1 numbers of 8 bytes.",
            _refusing(lambda p, t, d, b, c: t * (4 + _whole(d, b)) + 4 * c * d + 4 * 2**b),
            hint=2,
        ),
        Mistake(
            "tokens-only",
            "You count what each token takes and nothing else. Centroids, values and offsets are kept, "
            "too, once for the whole index.",
            _refusing(lambda p, t, d, b, c: t * (4 + _whole(d, b))),
            hint=2,
        ),
        Mistake(
            "one-offset-too-few",
            "There is one offset more than there are passages: the last says where the last passage ends.",
            _refusing(lambda p, t, d, b, c: t * (4 + _whole(d, b)) + _once(p - 1, d, b, c)),
            hint=3,
        ),
        Mistake(
            "twice-the-bits",
            "You count 2 * bits values. With so many bits there are 2**bits codes, each with its value.",
            _refusing(
                lambda p, t, d, b, c: t * (4 + _whole(d, b)) + 4 * c * d + 4 * 2 * b + 8 * (p + 1)
            ),
            hint=3,
        ),
        Mistake(
            "passages-for-tokens",
            "You multiply by the passages. In late interaction every *token* has a vector.",
            _refusing(lambda p, t, d, b, c: p * (4 + _whole(d, b)) + _once(p, d, b, c)),
        ),
        Mistake(
            "residuals-whole",
            "You count each residual as `dim` numbers of 4 bytes. Only its codes are kept, `bits` for each "
            "number.",
            _refusing(lambda p, t, d, b, c: t * (4 + 4 * d) + _once(p, d, b, c)),
        ),
        Mistake(
            "values-for-each-dimension",
            "You count a table of values for each dimension. One table serves all numbers.",
            _refusing(
                lambda p, t, d, b, c: (
                    t * (4 + _whole(d, b)) + 4 * c * d + 4 * 2**b * d + 8 * (p + 1)
                )
            ),
        ),
        Mistake(
            "never-refused",
            "Sizes that cannot be, such as 0 bits or -1 passages, give a number all the same. Raise a "
            "ValueError.",
            lambda p, t, d, b, c: t * (4 + _whole(d, b)) + _once(p, d, b, c),
        ),
    ],
)
