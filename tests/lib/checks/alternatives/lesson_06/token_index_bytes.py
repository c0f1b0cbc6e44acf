"""Other right answers to `token_index_bytes`."""

from __future__ import annotations

from lib.checks.lesson_06.token_index_bytes import _refusing


@_refusing
def _by_rounding(passages: int, tokens: int, dim: int, bits: int, centroids: int) -> int:
    """An alternative: whole bytes by adding seven bits."""
    residuals = tokens * ((dim * bits + 7) // 8)
    return residuals + 4 * (tokens + centroids * dim + 2**bits) + 8 * passages + 8


@_refusing
def _in_bits(passages: int, tokens: int, dim: int, bits: int, centroids: int) -> int:
    """An alternative: everything in bits, divided at the end."""
    token = 32 + dim * bits + -(dim * bits) % 8
    return (tokens * token + 32 * centroids * dim + 32 * 2**bits + 64 * (passages + 1)) // 8


def _one_check_after_the_other(
    passages: int, tokens: int, dim: int, bits: int, centroids: int
) -> int:
    """An alternative: each size refused by itself."""
    if passages < 0:
        raise ValueError("passages")
    if tokens < 0:
        raise ValueError("tokens")
    for size in (dim, bits, centroids):
        if not size > 0:
            raise ValueError("sizes")
    size, rest = divmod(dim * bits, 8)
    total = 8 * (passages + 1) + 4 * pow(2, bits) + 4 * dim * centroids
    return total + tokens * (4 + size + bool(rest))


ALTERNATIVES = [_by_rounding, _in_bits, _one_check_after_the_other]
