"""What several checks of lesson 02 share: encoding a corpus."""

from __future__ import annotations


def require(batch_size: int) -> None:
    if batch_size < 1:
        raise ValueError(f"a batch of {batch_size} texts")


def cut(order: list[int], size: int) -> list[list[int]]:
    """The list in pieces of `size`; the last may be shorter."""
    require(size)
    return [order[start : start + size] for start in range(0, len(order), size)]
