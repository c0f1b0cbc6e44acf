"""Other right answers to `chunk_spans`."""

from __future__ import annotations

import math

import numpy as np


def _by_starts(length: int, size: int, overlap: int) -> list[tuple[int, int]]:
    """Every start from which something new is reached."""
    if not 0 <= overlap < size:
        raise ValueError("0 <= overlap < size")
    starts = range(0, max(length - overlap, min(length, 1)), size - overlap)
    return [(start, min(start + size, length)) for start in starts]


def _by_recursion(length, size, overlap, start=0):
    if overlap not in range(size):
        raise ValueError(overlap)
    if length == 0:
        return []
    if length - start <= size:
        return [(start, length)]
    rest = _by_recursion(length, size, overlap, start + size - overlap)
    return [(start, start + size), *rest]


def _by_cutting_off(length, size, overlap):
    """All starts, then whatever lies inside the one before is dropped; lists for pairs."""
    if overlap < 0:
        raise ValueError("overlap below 0")
    if not size > overlap:
        raise ValueError("overlap too large")
    every = [[s, min(s + size, length)] for s in range(0, length, size - overlap)]
    return [pair for n, pair in enumerate(every) if n == 0 or pair[1] > every[n - 1][1]]


def _in_numpy(length, size, overlap):
    """Counts the chunks first; numbers of NumPy."""
    if overlap < 0 or size <= overlap:
        raise ValueError("no such overlap")
    if not length:
        return []
    count = max(math.ceil((length - overlap) / (size - overlap)), 1)
    starts = np.arange(count) * (size - overlap)
    return list(zip(starts, np.minimum(starts + size, length)))


ALTERNATIVES = [_by_starts, _by_recursion, _by_cutting_off, _in_numpy]
