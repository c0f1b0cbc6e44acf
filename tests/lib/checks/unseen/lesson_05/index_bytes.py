"""Answers to `index_bytes`, written from its card alone."""

from __future__ import annotations

import math


def right_ceil(passages: int, dim: int, bits: int, kept_bits: int) -> int:
    """math.ceil for each vector."""
    if passages < 0 or kept_bits < 0 or dim < 1 or bits < 1:
        raise ValueError("out of range")
    return passages * (math.ceil(dim * bits / 8) + math.ceil(dim * kept_bits / 8))


def right_divmod(passages: int, dim: int, bits: int, kept_bits: int) -> int:
    """divmod as in the lesson, an inner function."""
    if min(passages, kept_bits) < 0 or min(dim, bits) < 1:
        raise ValueError(f"{passages=}, {dim=}, {bits=}, {kept_bits=}")

    def size(each: int) -> int:
        whole, left = divmod(dim * each, 8)
        return whole + (left > 0)

    return passages * (size(bits) + size(kept_bits))


def right_plus_seven(passages: int, dim: int, bits: int, kept_bits: int) -> int:
    """(x + 7) // 8, one check after the other."""
    if passages < 0:
        raise ValueError("passages")
    if dim < 1:
        raise ValueError("dim")
    if bits < 1:
        raise ValueError("bits")
    if kept_bits < 0:
        raise ValueError("kept_bits")
    first = (dim * bits + 7) // 8
    second = (dim * kept_bits + 7) // 8
    return passages * first + passages * second


def right_negative_floor(passages: int, dim: int, bits: int, kept_bits: int) -> int:
    """-(-x // 8); the second vector in an if."""
    for value, least in ((passages, 0), (dim, 1), (bits, 1), (kept_bits, 0)):
        if value < least:
            raise ValueError(f"{value} is less than {least}")
    total = -(-dim * bits // 8)
    if kept_bits > 0:
        total += -(-dim * kept_bits // 8)
    return total * passages


def right_sum(passages: int, dim: int, bits: int, kept_bits: int) -> int:
    """Shifts and a generator."""
    fine = passages >= 0 and dim >= 1 and bits >= 1 and kept_bits >= 0
    if not fine:
        raise ValueError("expected at least 0 passages and kept bits, 1 number and bit")
    return sum(passages * ((dim * each + 7) >> 3) for each in (bits, kept_bits))


def wrong_floor(passages: int, dim: int, bits: int, kept_bits: int) -> int:
    """// 8: 9 bits fill 1 byte."""
    if passages < 0 or kept_bits < 0 or dim < 1 or bits < 1:
        raise ValueError("out of range")
    return passages * (dim * bits // 8 + dim * kept_bits // 8)


def wrong_one_vector(passages: int, dim: int, bits: int, kept_bits: int) -> int:
    """Rounds both vectors up together: 9 numbers of 1 and 3 bits give 5 bytes, not 2 + 4."""
    if passages < 0 or kept_bits < 0 or dim < 1 or bits < 1:
        raise ValueError("out of range")
    return passages * math.ceil(dim * (bits + kept_bits) / 8)


def wrong_rounded_at_the_end(passages: int, dim: int, bits: int, kept_bits: int) -> int:
    """Rounds the whole index up, not each vector: 10 x 9 bits are 12 bytes, not 20."""
    if passages < 0 or kept_bits < 0 or dim < 1 or bits < 1:
        raise ValueError("out of range")
    return math.ceil(passages * dim * bits / 8) + math.ceil(passages * dim * kept_bits / 8)


def wrong_each_number(passages: int, dim: int, bits: int, kept_bits: int) -> int:
    """Whole bytes for each number: 384 bits take 384 bytes."""
    if passages < 0 or kept_bits < 0 or dim < 1 or bits < 1:
        raise ValueError("out of range")
    return passages * dim * (math.ceil(bits / 8) + math.ceil(kept_bits / 8))


def wrong_float(passages: int, dim: int, bits: int, kept_bits: int) -> int:
    """/ 8 without rounding: 432000.0, and 1.125 for 9 bits."""
    if passages < 0 or kept_bits < 0 or dim < 1 or bits < 1:
        raise ValueError("out of range")
    return passages * (dim * bits / 8 + dim * kept_bits / 8)


def wrong_always_one_more(passages: int, dim: int, bits: int, kept_bits: int) -> int:
    """// 8 + 1: one byte too many where it comes out even."""
    if passages < 0 or kept_bits < 0 or dim < 1 or bits < 1:
        raise ValueError("out of range")
    kept = dim * kept_bits // 8 + 1 if kept_bits else 0
    return passages * (dim * bits // 8 + 1 + kept)


def wrong_zero_raises(passages: int, dim: int, bits: int, kept_bits: int) -> int:
    """Raises for 0 passages and 0 kept bits, which are allowed."""
    if passages < 1 or kept_bits < 1 or dim < 1 or bits < 1:
        raise ValueError("out of range")
    return passages * (math.ceil(dim * bits / 8) + math.ceil(dim * kept_bits / 8))


def wrong_kept_unchecked(passages: int, dim: int, bits: int, kept_bits: int) -> int:
    """-8 kept bits pass and make the index smaller."""
    if passages < 0 or dim < 1 or bits < 1:
        raise ValueError("out of range")
    return passages * (math.ceil(dim * bits / 8) + math.ceil(dim * kept_bits / 8))


def wrong_zero_dim_passes(passages: int, dim: int, bits: int, kept_bits: int) -> int:
    """< 0 for all: 0 numbers or 0 bits give 0 bytes and no ValueError."""
    if min(passages, dim, bits, kept_bits) < 0:
        raise ValueError("out of range")
    return passages * (math.ceil(dim * bits / 8) + math.ceil(dim * kept_bits / 8))


def wrong_and_for_or(passages: int, dim: int, bits: int, kept_bits: int) -> int:
    """Raises only where everything is out of range at once, as the card's `and` may be read."""
    if (passages < 0 or kept_bits < 0) and (dim < 1 or bits < 1):
        raise ValueError("out of range")
    return passages * (math.ceil(dim * bits / 8) + math.ceil(dim * kept_bits / 8))


def wrong_assert(passages: int, dim: int, bits: int, kept_bits: int) -> int:
    """AssertionError for ValueError."""
    assert passages >= 0 and kept_bits >= 0 and dim >= 1 and bits >= 1
    return passages * (math.ceil(dim * bits / 8) + math.ceil(dim * kept_bits / 8))


def wrong_rounded_to_nearest(passages: int, dim: int, bits: int, kept_bits: int) -> int:
    """round: 9 bits are 1.125 bytes and become 1."""
    if passages < 0 or kept_bits < 0 or dim < 1 or bits < 1:
        raise ValueError("out of range")
    return passages * (round(dim * bits / 8) + round(dim * kept_bits / 8))


def wrong_float_product(passages: int, dim: int, bits: int, kept_bits: int) -> int:
    """The right size as a float: 432000.0, which is no int and no exact count above 2 ** 53."""
    if passages < 0 or kept_bits < 0 or dim < 1 or bits < 1:
        raise ValueError("out of range")
    size = math.ceil(dim * bits / 8) + math.ceil(dim * kept_bits / 8)
    return float(passages * size)


def wrong_kept_once(passages: int, dim: int, bits: int, kept_bits: int) -> int:
    """A missing pair of brackets: the second vector is counted once, not for each passage."""
    if passages < 0 or kept_bits < 0 or dim < 1 or bits < 1:
        raise ValueError("out of range")
    return passages * math.ceil(dim * bits / 8) + math.ceil(dim * kept_bits / 8)


RIGHT = [right_ceil, right_divmod, right_plus_seven, right_negative_floor, right_sum]
WRONG = [
    wrong_floor,
    wrong_one_vector,
    wrong_rounded_at_the_end,
    wrong_each_number,
    wrong_float,
    wrong_always_one_more,
    wrong_zero_raises,
    wrong_kept_unchecked,
    wrong_zero_dim_passes,
    wrong_and_for_or,
    wrong_assert,
    wrong_rounded_to_nearest,
    wrong_float_product,
    wrong_kept_once,
]
