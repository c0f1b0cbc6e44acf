"""Lesson 06, fewer bytes a token: `pack_codes`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from lib.checks.canonical import with_kind
from lib.checks.exercise import Case, Exercise, Mistake, NoLoop
from lib.checks.lesson_06._token_vectors import DEVICE
from lib.checks.values import EXACT


def _code_cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    yield Case((torch.tensor([[3, 0, 1, 2]]), 2), "four codes of two bits: one byte")
    yield Case((torch.tensor([[1, 0, 0, 0, 0, 1, 0, 1]]), 1), "eight codes of one bit")
    yield Case((torch.tensor([[9, 4], [0, 15]]), 4), "two vectors of one byte")
    yield Case((torch.tensor([[9, 4, 7, 1]]), 4), "two bytes")
    yield Case((torch.tensor([[0, 3, 3, 0, 1, 1, 2, 2]] * 2), 2), "two vectors of two bytes")
    yield Case((torch.zeros(1, 8, dtype=torch.long), 1), "only zeros")
    yield Case((torch.full((3, 4), 3), 2), "the largest code everywhere: 255")
    yield Case((torch.tensor([[3, 0, 1, 2]], dtype=torch.uint8), 2), "codes that are bytes already")
    yield Case((torch.tensor([[1, 2], [3, 0], [2, 2], [0, 1]]), 2), "half a byte for each vector")
    yield Case((torch.tensor([[1, 0, 1]]), 1), "three bits")
    yield Case((torch.tensor([[5, 6, 7]]), 4), "a byte and a half")
    for turn in range(9 if hidden else 6):
        bits = (1, 2, 4)[turn % 3]
        n, size = (int(x) for x in rng.integers([2, 1], [6, 5]))
        codes = torch.from_numpy(rng.integers(2**bits, size=(n, size * 8 // bits)))
        yield Case((codes, bits), f"random {turn}")


def _by_text(codes: Tensor, bits: int) -> np.ndarray:
    """The oracle: write each vector's codes as binary digits, cut the text into eights."""
    rows = []
    for row in codes.tolist():
        digits = "".join(f"{code:0{bits}b}" for code in row)
        if len(digits) % 8:
            raise ValueError("no whole number of bytes")
        rows.append([int(digits[at : at + 8], 2) for at in range(0, len(digits), 8)])
    return np.array(rows, dtype=np.uint8)


def _packed(pack: Callable[[Tensor, int], Tensor]) -> Callable:
    """The same, with vectors that fill no whole bytes refused."""

    def wrong(codes: Tensor, bits: int) -> Tensor:
        if codes.shape[1] * bits % 8:
            raise ValueError("no whole bytes")
        return pack(codes.long(), bits)

    return wrong


def _in_groups(groups: Tensor, shifts: Tensor) -> Tensor:
    return (groups << shifts).sum(dim=2).to(torch.uint8)


def _down(bits: int) -> Tensor:
    return torch.arange(8 - bits, -1, -bits)


def _right(codes: Tensor, bits: int) -> Tensor:
    return _in_groups(codes.long().unflatten(1, (-1, 8 // bits)), _down(bits))


def _shifted(shifts: Callable[[int], Tensor]) -> Callable:
    return _packed(
        lambda codes, bits: _in_groups(codes.unflatten(1, (-1, 8 // bits)), shifts(bits))
    )


def _digits(codes: Tensor, bits: int) -> Tensor:
    """The bits of each code, the highest first: (n, dim, bits)."""
    return (codes[:, :, None] >> torch.arange(bits - 1, -1, -1)) & 1


def _padded(codes: Tensor, bits: int) -> Tensor:
    missing = -codes.shape[1] % (8 // bits)
    return _right(torch.nn.functional.pad(codes.long(), (0, missing)), bits)


def _cut(codes: Tensor, bits: int) -> Tensor:
    return _right(codes[:, : codes.shape[1] * bits // 8 * 8 // bits], bits)


def _across_vectors(codes: Tensor, bits: int) -> Tensor:
    if codes.numel() * bits % 8:
        raise ValueError("no whole bytes")
    return _right(codes.reshape(1, -1), bits).reshape(len(codes), -1)


def _rows_together(codes: Tensor, bits: int) -> Tensor:
    return _right(codes.T.reshape(1, -1), bits).reshape(len(codes), -1)


def _bits_reversed(codes: Tensor, bits: int) -> Tensor:
    digits = _digits(codes, bits).flip(2).flatten(1)
    return _in_groups(digits.unflatten(1, (-1, 8)), _down(1))


EXERCISE = Exercise(
    "pack_codes",
    "06",
    _code_cases,
    _by_text,
    tolerance=EXACT,
    canonical=with_kind,
    equivalent={
        "torch.arange(8 - bits, -1, -bits, device=codes.device) -> torch.arange(8 - bits, -1, -bits)": DEVICE,
    },
    mistakes=[
        Mistake(
            "lowest-bits-first",
            "The first code of each byte stands in its lowest bits. It belongs in the highest, as in "
            "numpy.packbits: 3, 0, 1, 2 become 11 00 01 10.",
            _shifted(lambda bits: torch.arange(0, 8, bits)),
            hint=1,
        ),
        Mistake(
            "shifted-by-places",
            "You shift by the code's place, one bit for each, so that codes of two or four bits overlap. "
            "A place is `bits` bits wide.",
            _shifted(lambda bits: torch.arange(8 // bits - 1, -1, -1)),
            hint=1,
        ),
        Mistake(
            "shifted-too-far",
            "You shift `bits` too far, so that the first code falls out of its byte. The shifts go from "
            "8 - bits down to 0.",
            _shifted(lambda bits: torch.arange(8, 0, -bits)),
            hint=1,
        ),
        Mistake(
            "always-two-bits",
            "You pack codes of two bits whatever `bits` says. A byte holds 8 // bits codes, and each is shifted "
            "by a multiple of `bits`.",
            _packed(lambda codes, bits: _right(codes, 2)),
            hint=1,
        ),
        Mistake(
            "codes-turned-round",
            "The codes are at their places, but the bits within each are in reverse order. Shift a code as "
            "a whole.",
            _packed(_bits_reversed),
            hint=1,
        ),
        Mistake(
            "a-byte-for-each-code",
            "Each code takes a byte of its own. Shift 8 // bits of them into one byte.",
            _packed(lambda codes, bits: codes.to(torch.uint8)),
            hint=1,
        ),
        Mistake(
            "a-bit-for-each-code",
            "You keep one bit of each code, whether it is above 0. A code of two bits needs both.",
            _packed(
                lambda codes, bits: torch.from_numpy(
                    np.packbits((codes > 0).numpy().astype(np.uint8), axis=1)
                )
            ),
            hint=1,
        ),
        Mistake(
            "neighbours-in-other-bytes",
            "You put codes that stand far apart into one byte. Neighbours share a byte: "
            "`unflatten(1, (-1, 8 // bits))`.",
            _packed(
                lambda codes, bits: _in_groups(
                    codes.unflatten(1, (8 // bits, -1)).transpose(1, 2), _down(bits)
                )
            ),
            hint=2,
        ),
        Mistake(
            "vectors-mixed",
            "You put codes of different vectors into one byte, so that no vector can be read by itself. "
            "Group along dim 1, the codes of one vector.",
            _packed(_rows_together),
            hint=2,
        ),
        Mistake(
            "flattened",
            "The right bytes, but in one long row. Keep the vectors apart: (n, dim * bits // 8).",
            _packed(lambda codes, bits: _right(codes, bits).flatten()),
            hint=2,
        ),
        Mistake(
            "across-vectors",
            "You pack all codes in a row, so that a byte may begin with one vector and end with the next. "
            "Where a vector by itself does not fill whole bytes, raise a ValueError.",
            _across_vectors,
            hint=3,
        ),
        Mistake(
            "filled-up-with-zeros",
            "You fill the last byte up with zeros, and whoever reads it finds codes that never were. Where "
            "a vector does not fill whole bytes, raise a ValueError.",
            _padded,
            hint=3,
        ),
        Mistake(
            "rest-dropped",
            "Codes that are too few for another byte are dropped without a word. Raise a ValueError.",
            _cut,
            hint=3,
        ),
        Mistake(
            "not-bytes",
            "The numbers are right, but each takes eight bytes as int64. Convert the result to torch.uint8.",
            _packed(lambda codes, bits: _right(codes, bits).long()),
        ),
    ],
    returns="tensor",
    dtype=torch.uint8,
    no_loops=[
        NoLoop(
            "vectors",
            lambda many: (torch.arange(8 * many).reshape(many, 8) % 4, 2),
            "an index holds millions. Shift and add along dim 1, for all rows at once.",
        )
    ],
)
