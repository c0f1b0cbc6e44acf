"""Answers to `token_index_bytes`, written from its card alone."""

from __future__ import annotations

import math


def right_ceil(passages: int, tokens: int, dim: int, bits: int, centroids: int) -> int:
    """math.ceil, one product after the other."""
    if passages < 0 or tokens < 0 or dim < 1 or bits < 1 or centroids < 1:
        raise ValueError("sizes that cannot be")
    token = 4 + math.ceil(dim * bits / 8)
    return tokens * token + centroids * dim * 4 + 2**bits * 4 + 8 * (passages + 1)


def right_named_parts(passages: int, tokens: int, dim: int, bits: int, centroids: int) -> int:
    """A dictionary of parts, summed."""
    for name, value, least in (
        ("passages", passages, 0),
        ("tokens", tokens, 0),
        ("dim", dim, 1),
        ("bits", bits, 1),
        ("centroids", centroids, 1),
    ):
        if value < least:
            raise ValueError(f"{name} is {value}, expected at least {least}")
    parts = {
        "ids": 4 * tokens,
        "residuals": tokens * ((dim * bits + 7) // 8),
        "centroids": 4 * dim * centroids,
        "values": 4 * (1 << bits),
        "offsets": 8 * passages + 8,
    }
    return sum(parts.values())


def right_divmod(passages: int, tokens: int, dim: int, bits: int, centroids: int) -> int:
    """divmod and one more byte where bits are left."""
    if min(passages, tokens) < 0 or min(dim, bits, centroids) <= 0:
        raise ValueError(f"{passages=}, {tokens=}, {dim=}, {bits=}, {centroids=}")
    residual, left = divmod(dim * bits, 8)
    if left:
        residual += 1
    size = (residual + 4) * tokens
    size += 4 * (centroids * dim + 2**bits)
    size += 8 * (passages + 1)
    return size


def right_negative_floor(passages: int, tokens: int, dim: int, bits: int, centroids: int) -> int:
    """-(-x // 8), and a generator of checks."""
    if any(count < 0 for count in (passages, tokens)):
        raise ValueError("negative")
    if any(count < 1 for count in (dim, bits, centroids)):
        raise ValueError("less than one")
    return (
        8
        + 8 * passages
        + 4 * tokens
        + tokens * -(-dim * bits // 8)
        + 4 * (centroids * dim + 2**bits)
    )


def right_helper(passages: int, tokens: int, dim: int, bits: int, centroids: int) -> int:
    """Inner functions for bytes and floats."""

    def whole_bytes(count: int) -> int:
        return count // 8 + (count % 8 > 0)

    def floats(count: int) -> int:
        return 4 * count

    valid = passages >= 0 and tokens >= 0 and dim >= 1 and bits >= 1 and centroids >= 1
    if not valid:
        raise ValueError("expected sizes of at least 0, 0, 1, 1, 1")
    each = 4 + whole_bytes(dim * bits)
    return each * tokens + floats(dim) * centroids + floats(2**bits) + (passages + 1) * 8


def right_bits(passages: int, tokens: int, dim: int, bits: int, centroids: int) -> int:
    """Everything in bits, divided by 8 at the very end; residuals are filled up before."""
    if passages < 0 or tokens < 0:
        raise ValueError("passages and tokens: at least 0")
    if dim < 1 or bits < 1 or centroids < 1:
        raise ValueError("dim, bits and centroids: at least 1")
    residual = dim * bits
    residual += -residual % 8
    total = tokens * (32 + residual) + 32 * (centroids * dim + pow(2, bits)) + 64 * (passages + 1)
    return total // 8


def wrong_floor(passages: int, tokens: int, dim: int, bits: int, centroids: int) -> int:
    """// 8: 5 codes of 2 bits take 1 byte."""
    if min(passages, tokens) < 0 or min(dim, bits, centroids) < 1:
        raise ValueError("size")
    each = 4 + dim * bits // 8
    return tokens * each + 4 * centroids * dim + 4 * 2**bits + 8 * (passages + 1)


def wrong_rounded_together(passages: int, tokens: int, dim: int, bits: int, centroids: int) -> int:
    """Rounds all residuals up together: bits are packed across tokens."""
    if min(passages, tokens) < 0 or min(dim, bits, centroids) < 1:
        raise ValueError("size")
    residuals = math.ceil(tokens * dim * bits / 8)
    return 4 * tokens + residuals + 4 * centroids * dim + 4 * 2**bits + 8 * (passages + 1)


def wrong_each_code(passages: int, tokens: int, dim: int, bits: int, centroids: int) -> int:
    """A whole byte for each code."""
    if min(passages, tokens) < 0 or min(dim, bits, centroids) < 1:
        raise ValueError("size")
    each = 4 + dim * math.ceil(bits / 8)
    return tokens * each + 4 * centroids * dim + 4 * 2**bits + 8 * (passages + 1)


def wrong_passages_only(passages: int, tokens: int, dim: int, bits: int, centroids: int) -> int:
    """An offset for each passage, without the one more."""
    if min(passages, tokens) < 0 or min(dim, bits, centroids) < 1:
        raise ValueError("size")
    each = 4 + math.ceil(dim * bits / 8)
    return tokens * each + 4 * centroids * dim + 4 * 2**bits + 8 * passages


def wrong_one_byte_more(passages: int, tokens: int, dim: int, bits: int, centroids: int) -> int:
    """8 * passages + 1: one more byte for one more offset."""
    if min(passages, tokens) < 0 or min(dim, bits, centroids) < 1:
        raise ValueError("size")
    each = 4 + math.ceil(dim * bits / 8)
    return tokens * each + 4 * centroids * dim + 4 * 2**bits + 8 * passages + 1


def wrong_no_values(passages: int, tokens: int, dim: int, bits: int, centroids: int) -> int:
    """The table of values is forgotten."""
    if min(passages, tokens) < 0 or min(dim, bits, centroids) < 1:
        raise ValueError("size")
    each = 4 + math.ceil(dim * bits / 8)
    return tokens * each + 4 * centroids * dim + 8 * (passages + 1)


def wrong_cutoffs_counted(passages: int, tokens: int, dim: int, bits: int, centroids: int) -> int:
    """Cutoffs are stored as well: 2**bits - 1 numbers more."""
    if min(passages, tokens) < 0 or min(dim, bits, centroids) < 1:
        raise ValueError("size")
    each = 4 + math.ceil(dim * bits / 8)
    buckets = 2**bits + 2**bits - 1
    return tokens * each + 4 * centroids * dim + 4 * buckets + 8 * (passages + 1)


def wrong_values_linear(passages: int, tokens: int, dim: int, bits: int, centroids: int) -> int:
    """2 * bits values: right for 1 and 2 bits only."""
    if min(passages, tokens) < 0 or min(dim, bits, centroids) < 1:
        raise ValueError("size")
    each = 4 + math.ceil(dim * bits / 8)
    return tokens * each + 4 * centroids * dim + 4 * 2 * bits + 8 * (passages + 1)


def wrong_values_each_dimension(
    passages: int, tokens: int, dim: int, bits: int, centroids: int
) -> int:
    """A table of values for each dimension."""
    if min(passages, tokens) < 0 or min(dim, bits, centroids) < 1:
        raise ValueError("size")
    each = 4 + math.ceil(dim * bits / 8)
    return tokens * each + 4 * centroids * dim + 4 * dim * 2**bits + 8 * (passages + 1)


def wrong_no_ids(passages: int, tokens: int, dim: int, bits: int, centroids: int) -> int:
    """The tokens' centroid ids are forgotten."""
    if min(passages, tokens) < 0 or min(dim, bits, centroids) < 1:
        raise ValueError("size")
    residuals = tokens * math.ceil(dim * bits / 8)
    return residuals + 4 * centroids * dim + 4 * 2**bits + 8 * (passages + 1)


def wrong_one_number_a_centroid(
    passages: int, tokens: int, dim: int, bits: int, centroids: int
) -> int:
    """4 bytes a centroid, not 4 * dim."""
    if min(passages, tokens) < 0 or min(dim, bits, centroids) < 1:
        raise ValueError("size")
    each = 4 + math.ceil(dim * bits / 8)
    return tokens * each + 4 * centroids + 4 * 2**bits + 8 * (passages + 1)


def wrong_tokens_each_passage(
    passages: int, tokens: int, dim: int, bits: int, centroids: int
) -> int:
    """Takes tokens for those of one passage: ten times too many in the example."""
    if min(passages, tokens) < 0 or min(dim, bits, centroids) < 1:
        raise ValueError("size")
    each = 4 + math.ceil(dim * bits / 8)
    return passages * tokens * each + 4 * centroids * dim + 4 * 2**bits + 8 * (passages + 1)


def wrong_no_errors(passages: int, tokens: int, dim: int, bits: int, centroids: int) -> int:
    """Nothing is raised."""
    each = 4 + math.ceil(dim * bits / 8)
    return int(tokens * each + 4 * centroids * dim + 4 * 2**bits + 8 * (passages + 1))


def wrong_zero_raises(passages: int, tokens: int, dim: int, bits: int, centroids: int) -> int:
    """0 passages or tokens raise, which the card allows."""
    if min(passages, tokens, dim, bits, centroids) < 1:
        raise ValueError("size")
    each = 4 + math.ceil(dim * bits / 8)
    return tokens * each + 4 * centroids * dim + 4 * 2**bits + 8 * (passages + 1)


def wrong_zero_passes(passages: int, tokens: int, dim: int, bits: int, centroids: int) -> int:
    """< 0 for all: 0 numbers, bits or centroids raise nothing."""
    if min(passages, tokens, dim, bits, centroids) < 0:
        raise ValueError("size")
    each = 4 + math.ceil(dim * bits / 8)
    return tokens * each + 4 * centroids * dim + 4 * 2**bits + 8 * (passages + 1)


def wrong_passages_unchecked(
    passages: int, tokens: int, dim: int, bits: int, centroids: int
) -> int:
    """-1 passages pass."""
    if tokens < 0 or min(dim, bits, centroids) < 1:
        raise ValueError("size")
    each = 4 + math.ceil(dim * bits / 8)
    return tokens * each + 4 * centroids * dim + 4 * 2**bits + 8 * (passages + 1)


def wrong_and_for_or(passages: int, tokens: int, dim: int, bits: int, centroids: int) -> int:
    """Raises only where a count and a size are out of range at once."""
    if min(passages, tokens) < 0 and min(dim, bits, centroids) < 1:
        raise ValueError("size")
    each = 4 + math.ceil(dim * bits / 8)
    return int(tokens * each + 4 * centroids * dim + 4 * 2**bits + 8 * (passages + 1))


def wrong_zero_returned(passages: int, tokens: int, dim: int, bits: int, centroids: int) -> int:
    """Impossible sizes give 0 and no error."""
    if min(passages, tokens) < 0 or min(dim, bits, centroids) < 1:
        return 0
    each = 4 + math.ceil(dim * bits / 8)
    return tokens * each + 4 * centroids * dim + 4 * 2**bits + 8 * (passages + 1)


def wrong_float(passages: int, tokens: int, dim: int, bits: int, centroids: int) -> int:
    """/ 8 without rounding: a float, and a fraction of a byte for 5 codes of 2 bits."""
    if min(passages, tokens) < 0 or min(dim, bits, centroids) < 1:
        raise ValueError("size")
    each = 4 + dim * bits / 8
    return tokens * each + 4 * centroids * dim + 4 * 2**bits + 8 * (passages + 1)


def wrong_example_dim(passages: int, tokens: int, dim: int, bits: int, centroids: int) -> int:
    """36 bytes a token, as in the example, whatever dim and bits are."""
    if min(passages, tokens) < 0 or min(dim, bits, centroids) < 1:
        raise ValueError("size")
    return tokens * 36 + 4 * centroids * dim + 4 * 2**bits + 8 * (passages + 1)


def wrong_floor_and_offsets(passages: int, tokens: int, dim: int, bits: int, centroids: int) -> int:
    """Two mistakes: // 8, and no last offset."""
    if min(passages, tokens) < 0 or min(dim, bits, centroids) < 1:
        raise ValueError("size")
    return tokens * (4 + dim * bits // 8) + 4 * (centroids * dim + 2**bits) + 8 * passages


RIGHT = [
    right_ceil,
    right_named_parts,
    right_divmod,
    right_negative_floor,
    right_helper,
    right_bits,
]
WRONG = [
    wrong_floor,
    wrong_rounded_together,
    wrong_each_code,
    wrong_passages_only,
    wrong_one_byte_more,
    wrong_no_values,
    wrong_cutoffs_counted,
    wrong_values_linear,
    wrong_values_each_dimension,
    wrong_no_ids,
    wrong_one_number_a_centroid,
    wrong_tokens_each_passage,
    wrong_no_errors,
    wrong_zero_raises,
    wrong_zero_passes,
    wrong_passages_unchecked,
    wrong_and_for_or,
    wrong_zero_returned,
    wrong_float,
    wrong_example_dim,
    wrong_floor_and_offsets,
]
