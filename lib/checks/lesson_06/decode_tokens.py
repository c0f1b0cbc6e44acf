"""Lesson 06, fewer bytes a token: `decode_tokens`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from lib.checks.exercise import Case, Exercise, Mistake
from lib.checks.lesson_06._token_vectors import DEFAULT, DEVICE, plain, unit_rows


def _packed_cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    centroids = torch.tensor([[0.6, 0.0, 0.8, 0.0], [0.0, -1.0, 0.0, 0.0]])
    values = torch.tensor([-0.3, -0.1, 0.1, 0.4])
    byte = torch.tensor([[0b11000110]], dtype=torch.uint8)
    yield Case((torch.tensor([0]), byte, centroids, values), "one token, codes 3, 0, 1, 2")
    yield Case((torch.tensor([1]), byte, centroids, values), "the other centroid")
    low = torch.tensor([[2]], dtype=torch.uint8)
    yield Case((torch.tensor([0]), low, centroids, values), "a byte below the number of values")
    two = torch.cat([byte, 255 - byte])
    yield Case((torch.tensor([1, 1]), two, centroids, values), "two tokens of one centroid")
    pair = centroids[:, :2] + 0.1
    sixteen = torch.arange(16) / 10 - 0.7
    yield Case(
        (torch.tensor([1, 0, 1]), torch.tensor([[0x0F], [0xA3], [0x70]], dtype=torch.uint8))
        + (pair, sixteen),
        "four bits",
    )
    eight = torch.cat([centroids, centroids.flip(1)], dim=1) / 2**0.5
    bits = torch.tensor([[0b10000101], [0], [255]], dtype=torch.uint8)
    yield Case((torch.tensor([0, 0, 1]), bits, eight, torch.tensor([-0.2, 0.3])), "one bit")
    yield Case(
        (torch.tensor([1, 0, 0]), two.repeat(2, 1)[:3], centroids, values * 0),
        "residuals of 0: the centroids come back",
    )
    yield Case(
        (torch.tensor([0, 1]), two, centroids, torch.tensor([0.3, -0.5, 0.2, 0.0])),
        "values in no order",
    )
    yield Case((torch.tensor([0, 1]), two, centroids * 40, values * 90), "large numbers")
    for turn in range(9 if hidden else 6):
        width = (1, 2, 4)[turn % 3]
        n, size, c = (int(x) for x in rng.integers([2, 1, 2], [7, 4, 5]))
        means = unit_rows(rng, c, size * 8 // width)
        packed = torch.from_numpy(rng.integers(256, size=(n, size), dtype=np.uint8))
        levels = torch.from_numpy(np.sort(rng.normal(size=2**width)) / 3)
        ids = torch.from_numpy(rng.integers(c, size=n))
        yield Case((ids, packed, means, levels), f"random {turn}, {width} bits")


def _by_reading_digits(
    centroid_ids: Tensor, packed: Tensor, centroids: Tensor, values: Tensor
) -> np.ndarray:
    """The oracle: write each byte as binary digits, read `bits` of them at a time."""
    levels, means = plain(values), plain(centroids)
    bits = len(np.binary_repr(len(levels) - 1))
    rows = []
    for place, row in zip(centroid_ids.tolist(), packed.tolist()):
        digits = "".join(f"{byte:08b}" for byte in row)
        codes = [int(digits[at : at + bits], 2) for at in range(0, len(digits), bits)]
        vector = [mean + levels[code] for mean, code in zip(means[place], codes)]
        length = sum(x * x for x in vector) ** 0.5
        rows.append([x / length for x in vector])
    return np.array(rows).reshape(len(rows), means.shape[1])


def _bits(values: Tensor) -> int:
    return len(values).bit_length() - 1


def _codes(packed: Tensor, bits: int, shifts: Tensor) -> Tensor:
    return (packed[:, :, None].long() >> shifts) & (2**bits - 1)


def _unpacked(packed: Tensor, bits: int) -> Tensor:
    return _codes(packed, bits, torch.arange(8 - bits, -1, -bits)).flatten(1)


def _decoded(vectors: Callable[[Tensor, Tensor], Tensor]) -> Callable:
    """Right but for what vectors(centroids of the tokens, residuals) makes of both."""

    def wrong(ids: Tensor, packed: Tensor, centroids: Tensor, values: Tensor) -> Tensor:
        return vectors(centroids[ids], values[_unpacked(packed, _bits(values))])

    return wrong


def _coded(codes: Callable[[Tensor, int], Tensor]) -> Callable:
    """Right but for how the codes are read from the bytes."""

    def wrong(ids: Tensor, packed: Tensor, centroids: Tensor, values: Tensor) -> Tensor:
        return F.normalize(centroids[ids] + values[codes(packed, _bits(values))], dim=1)

    return wrong


def _codes_added(ids: Tensor, packed: Tensor, centroids: Tensor, values: Tensor) -> Tensor:
    return F.normalize(centroids[ids] + _unpacked(packed, _bits(values)), dim=1)


def _first_bits_kept(packed: Tensor, bits: int) -> Tensor:
    return (packed[:, :, None].long() >> torch.arange(8 - bits, -1, -bits)).flatten(1)


def _bytes_read(ids: Tensor, packed: Tensor, centroids: Tensor, values: Tensor) -> Tensor:
    return F.normalize(centroids[ids] + values[packed.long()], dim=1)


def _always_two_bits(ids: Tensor, packed: Tensor, centroids: Tensor, values: Tensor) -> Tensor:
    return F.normalize(centroids[ids] + values[_unpacked(packed, 2)], dim=1)


def _half_as_bits(ids: Tensor, packed: Tensor, centroids: Tensor, values: Tensor) -> Tensor:
    codes = _unpacked(packed, len(values) // 2)
    return F.normalize(centroids[ids] + values[codes], dim=1)


def _length_one(x: Tensor) -> Tensor:
    return F.normalize(x, dim=1)


EXERCISE = Exercise(
    "decode_tokens",
    "06",
    _packed_cases,
    _by_reading_digits,
    equivalent={
        "torch.arange(8 - bits, -1, -bits, device=packed.device) -> torch.arange(8 - bits, -1, -bits)": DEVICE,
        "F.normalize(centroids[centroid_ids] + residuals, dim=1) -> "
        "F.normalize(centroids[centroid_ids] + residuals)": DEFAULT,
    },
    mistakes=[
        Mistake(
            "not-normalised",
            "The vectors are not of length 1: centroid plus residual is a little longer or shorter. "
            "Normalise the sum.",
            _decoded(lambda c, r: c + r),
            hint=3,
        ),
        Mistake(
            "normalised-before-adding",
            "You normalise the residuals before you add them, which makes them as long as the centroids. "
            "Add first, then normalise the sum.",
            _decoded(lambda c, r: _length_one(c + _length_one(r))),
            hint=3,
        ),
        Mistake(
            "residuals-normalised",
            "You normalise the residuals and return the sum as it is. Add the centroid first, then "
            "normalise the sum.",
            _decoded(lambda c, r: c + _length_one(r)),
            hint=3,
            also=[_decoded(lambda c, r: _length_one(c) + _length_one(r))],
        ),
        Mistake(
            "centroids-normalised",
            "You normalise the centroids alone and add the residuals behind that. Add first, then "
            "normalise the sum.",
            _decoded(lambda c, r: _length_one(c) + r),
            hint=3,
        ),
        Mistake(
            "normalised-along-dim-0",
            "You give the columns length 1. A token's vector is a row: normalise along dim 1.",
            _decoded(lambda c, r: F.normalize(c + r, dim=0)),
            hint=3,
        ),
        Mistake(
            "lowest-bits-first",
            "You read each byte from its lowest bits. The first code stands in the highest: shift right by "
            "8 - bits first, by 0 last.",
            _coded(lambda p, bits: _codes(p, bits, torch.arange(0, 8, bits)).flatten(1)),
            hint=1,
        ),
        Mistake(
            "shifted-by-places",
            "You shift by one bit for each code, so that codes of two or four bits overlap. The shifts go "
            "from 8 - bits down to 0 in steps of `bits`.",
            _coded(lambda p, bits: _codes(p, bits, torch.arange(8 // bits - 1, -1, -1)).flatten(1)),
            hint=1,
        ),
        Mistake(
            "higher-bits-kept",
            "After the shift the bits of the codes before are still there, so that codes are too large. "
            "Keep the lowest `bits`: `& (2**bits - 1)`.",
            _coded(_first_bits_kept),
            hint=1,
        ),
        Mistake(
            "always-two-bits",
            "You read two bits for each code, whatever `values` holds. 2**bits values make codes of `bits` "
            "bits: `len(values).bit_length() - 1`.",
            _always_two_bits,
            hint=1,
        ),
        Mistake(
            "half-the-values-as-bits",
            "With 16 values a code has 4 bits, since 2**4 = 16. Read as 8 bits, a byte such as 163 names "
            "a value that is not there. Did you take half of 16?",
            _half_as_bits,
            hint=1,
        ),
        Mistake(
            "codes-of-bytes-apart",
            "You read the first codes of all bytes, then the second ones. The codes of one byte stand side "
            "by side: (n, bytes, codes a byte), flattened along the last two axes.",
            _coded(
                lambda p, bits: (
                    _codes(p, bits, torch.arange(8 - bits, -1, -bits)).transpose(1, 2).flatten(1)
                )
            ),
            hint=1,
        ),
        Mistake(
            "not-unpacked",
            "You look up bytes as if each were one code. A byte holds 8 // bits codes.",
            _bytes_read,
            hint=1,
        ),
        Mistake(
            "codes-added",
            "You add the codes themselves to the centroid. A code is a number of a bucket: look its value "
            "up in `values`.",
            _codes_added,
            hint=2,
        ),
        Mistake(
            "centroid-forgotten",
            "You return the residuals alone. The token is its centroid plus the residual.",
            _decoded(lambda c, r: _length_one(r)),
            hint=2,
        ),
        Mistake(
            "residual-forgotten",
            "You return the centroids. Add the residual that the codes stand for.",
            _decoded(lambda c, r: _length_one(c)),
            hint=2,
        ),
        Mistake(
            "residual-subtracted",
            "You subtract the residual. It was the token minus the centroid, so it is added back.",
            _decoded(lambda c, r: _length_one(c - r)),
            hint=2,
        ),
        Mistake(
            "values-in-reverse",
            "You look the values up from the end. Code 0 stands for `values[0]`.",
            lambda i, p, c, v: _length_one(c[i] + v.flip(0)[_unpacked(p, _bits(v))]),
            hint=2,
        ),
    ],
    returns="tensor",
)
