"""Lesson 09, a vector as a service sends it: `decode_vector`."""

from __future__ import annotations

import base64
import struct
from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from lib.checks.exercise import Case, Exercise, Mistake


def _payload(numbers: np.ndarray | list[float]) -> str:
    return base64.b64encode(np.asarray(numbers, dtype="<f4").tobytes()).decode("ascii")


def _unit(rng: np.random.Generator, size: int) -> np.ndarray:
    numbers = rng.normal(size=size)
    return numbers / np.linalg.norm(numbers)


def _payload_cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    yield Case((_payload([0.48, 0.64, 0.6]), 2), "two numbers of three")
    yield Case((_payload([0.48, 0.64, -0.6]), 3), "all numbers")
    yield Case((_payload([0.8, -0.6]), 1), "one number")
    yield Case((_payload([-0.6, 0.8]), 1), "one number below 0")
    yield Case((_payload([3.0, 4.0, 12.0, 84.0]), 2), "a vector that is not of length 1")
    yield Case((_payload([3.0, 4.0, 12.0]), 3), "the same, not cut")
    yield Case((_payload([2.0]), 1), "a vector of one number")
    yield Case((_payload([0.0, 0.0, 0.0, 5.0]), 4), "zeros at the beginning")
    yield Case((_payload(_unit(rng, 16)), 8), "eight numbers of sixteen")
    yield Case((_payload(_unit(rng, 8)), 4), "four numbers of eight")
    yield Case((_payload([0.6, 0.8]), 3), "one number more than came")
    yield Case((_payload(_unit(rng, 8)), 16), "twice as many as came")
    for turn in range(6 if hidden else 3):
        size = int(rng.integers(20, 200))
        dim, factor = int(rng.integers(4, size)), float(rng.choice([1.0, 0.25, 30.0]))
        yield Case((_payload(factor * _unit(rng, size)), dim), f"random {turn}")


def _number_by_number(payload: str, dim: int) -> Tensor:
    """The oracle: unpacks the bytes four at a time, and divides in float64."""
    data = base64.standard_b64decode(payload.encode("ascii"))
    numbers = [struct.unpack_from("<f", data, place)[0] for place in range(0, len(data), 4)]
    if len(numbers) < dim:
        raise ValueError(f"{len(numbers)} numbers came")
    kept = np.array(numbers[:dim])
    return torch.from_numpy((kept / np.sqrt(kept @ kept)).astype(np.float32))


def _read(payload: str, dtype: str = "<f4") -> np.ndarray:
    return np.frombuffer(base64.b64decode(payload), dtype=dtype)


def _unit_of(numbers: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        return numbers / np.linalg.norm(numbers)


def _decoder(
    kept: Callable[[np.ndarray, int], np.ndarray] = lambda numbers, dim: numbers[:dim],
    scaled: Callable[[np.ndarray], np.ndarray] = _unit_of,
    dtype: str = "<f4",
) -> Callable:
    """A right decoder with one part written otherwise: how it reads, what it keeps, how it scales."""

    def decode(payload: str, dim: int) -> Tensor:
        numbers = _read(payload, dtype)
        if dim > len(_read(payload)):
            raise ValueError("too few numbers came")
        with np.errstate(all="ignore"):
            return torch.from_numpy(scaled(kept(numbers, dim)).astype(np.float32))

    return decode


def _unchecked(payload: str, dim: int) -> Tensor:
    return torch.from_numpy(_unit_of(_read(payload)[:dim]))


def _filled_up(payload: str, dim: int) -> Tensor:
    numbers = _read(payload)[:dim]
    return torch.from_numpy(_unit_of(np.pad(numbers, (0, max(dim - len(numbers), 0)))))


def _bytes_cut(payload: str, dim: int) -> Tensor:
    if dim > len(_read(payload)):
        raise ValueError("too few numbers came")
    return torch.from_numpy(_unit_of(np.frombuffer(base64.b64decode(payload)[:dim], dtype="<f4")))


EXERCISE = Exercise(
    "decode_vector",
    "09",
    _payload_cases,
    _number_by_number,
    returns="tensor",
    dtype=torch.float32,
    mistakes=[
        Mistake(
            "big-endian",
            "You read the four bytes of a number in reverse: the service sends them with the lowest first "
            '(little-endian, "<f4").',
            _decoder(dtype=">f4"),
            hint=1,
        ),
        Mistake(
            "float64",
            "You read eight bytes as one number (float64). A number has four bytes: float32.",
            _decoder(dtype="<f8"),
            hint=1,
        ),
        Mistake(
            "float16",
            "You read two bytes as one number (float16). A number has four bytes: float32.",
            _decoder(dtype="<f2"),
            hint=1,
        ),
        Mistake(
            "whole-numbers",
            "You read the bytes as whole numbers. They are those of floats: float32.",
            _decoder(dtype="<i4"),
            hint=1,
        ),
        Mistake(
            "bytes-as-numbers",
            "You take each byte for a number. Four bytes together are one number: float32.",
            _decoder(dtype="u1"),
            hint=1,
        ),
        Mistake(
            "bytes-cut",
            "You keep the first `dim` bytes. Four bytes are one number: turn them into numbers, then cut.",
            _bytes_cut,
            hint=1,
        ),
        Mistake(
            "not-renormalised",
            "You cut the vector and leave its length as it is. Divide by the length of what is left.",
            _decoder(scaled=lambda numbers: numbers),
            hint=2,
        ),
        Mistake(
            "normalised-before-cutting",
            "You divide by the length of the whole vector and cut then, so that what is left is shorter than "
            "1. Cut first.",
            _decoder(lambda numbers, dim: _unit_of(numbers)[:dim], lambda numbers: numbers),
            hint=2,
        ),
        Mistake(
            "divided-by-the-square",
            "You divide by the sum of the squares. The length is the root of it.",
            _decoder(scaled=lambda numbers: numbers / (numbers @ numbers)),
            hint=2,
        ),
        Mistake(
            "divided-by-the-sum",
            "You divide by the sum of the absolute values. The length is the root of the sum of the squares.",
            _decoder(scaled=lambda numbers: numbers / np.abs(numbers).sum()),
            hint=2,
        ),
        Mistake(
            "divided-by-the-largest",
            "You divide by the largest absolute value. The length is the root of the sum of the squares.",
            _decoder(scaled=lambda numbers: numbers / np.abs(numbers).max()),
            hint=2,
        ),
        Mistake(
            "centred",
            "You subtract the mean before you divide. Divide by the length alone.",
            _decoder(scaled=lambda numbers: _unit_of(numbers - numbers.mean())),
            hint=2,
        ),
        Mistake(
            "last-numbers",
            "You keep the last numbers. These models are trained so that the first ones say most: keep those.",
            _decoder(lambda numbers, dim: numbers[-dim:]),
            hint=3,
        ),
        Mistake(
            "not-cut",
            "You return all numbers that came. Keep the first `dim`.",
            _decoder(lambda numbers, dim: numbers),
            hint=3,
        ),
        Mistake(
            "largest-numbers",
            "You keep the numbers that are largest. Keep the first `dim`, so that all vectors keep the same.",
            _decoder(lambda numbers, dim: numbers[np.sort(np.argsort(-np.abs(numbers))[:dim])]),
            hint=3,
        ),
        Mistake(
            "too-few-accepted",
            "Where fewer numbers came than `dim` you return those, and the index gets a vector of another "
            "size. Raise a ValueError.",
            _unchecked,
            hint=3,
        ),
        Mistake(
            "filled-up-with-zeros",
            "Where fewer numbers came than `dim` you fill up with zeros. Raise a ValueError.",
            _filled_up,
            hint=3,
        ),
    ],
)
