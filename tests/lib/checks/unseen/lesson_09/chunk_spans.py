"""Answers to `chunk_spans`, written from its card alone."""

from __future__ import annotations

import math

import numpy as np
import torch


def _check(size: int, overlap: int) -> None:
    if not 0 <= overlap < size:
        raise ValueError(f"overlap {overlap} does not fit size {size}")


def right_while(length: int, size: int, overlap: int) -> list[tuple[int, int]]:
    """A loop that ends when a chunk reaches the end."""
    if overlap < 0 or overlap >= size:
        raise ValueError("overlap")
    spans = []
    start = 0
    while length > 0:
        end = min(start + size, length)
        spans.append((start, end))
        if end == length:
            break
        start = end - overlap
    return spans


def right_counted(length: int, size: int, overlap: int) -> list[tuple[int, int]]:
    """The number of chunks by a formula."""
    if not (0 <= overlap < size):
        raise ValueError("overlap")
    if length == 0:
        return []
    step = size - overlap
    count = 1 + max(0, math.ceil((length - size) / step))
    return [(i * step, min(i * step + size, length)) for i in range(count)]


def right_range(length: int, size: int, overlap: int) -> list[tuple[int, int]]:
    """A range that ends `overlap` before the end, and the first chunk always."""
    if overlap not in range(size):
        raise ValueError("overlap")
    starts = range(0, max(length - overlap, min(length, 1)), size - overlap)
    return [(start, min(length, start + size)) for start in starts]


def right_generator(length: int, size: int, overlap: int) -> list[tuple[int, int]]:
    """A generator."""

    def spans():
        end = 0
        while end < length:
            start = max(end - overlap, 0)
            end = start + size
            yield start, min(end, length)

    if size <= overlap or overlap < 0:
        raise ValueError("overlap")
    return list(spans())


def right_numpy(length: int, size: int, overlap: int) -> list[tuple[int, int]]:
    """All starts by numpy; those whose chunk lies in the one before go."""
    if overlap < 0:
        raise ValueError("overlap below 0")
    if overlap >= size:
        raise ValueError("overlap not below size")
    starts = np.arange(0, length, size - overlap)
    ends = np.minimum(starts + size, length)
    keep = np.ones(len(starts), dtype=bool)
    keep[1:] = ends[1:] > ends[:-1]
    return list(zip(starts[keep].tolist(), ends[keep].tolist()))


def right_pops(length: int, size: int, overlap: int) -> list[tuple[int, int]]:
    """Makes too many chunks, then drops from the end."""
    _check(size, overlap)
    spans = [(s, min(s + size, length)) for s in range(0, length, size - overlap)]
    while len(spans) > 1 and spans[-2][1] == length:
        spans.pop()
    return spans


def right_unfold(length: int, size: int, overlap: int) -> list[tuple[int, int]]:
    """torch's unfold for the full chunks, the rest by hand."""
    _check(size, overlap)
    if length == 0:
        return []
    if length <= size:
        return [(0, length)]
    full = torch.arange(length).unfold(0, size, size - overlap)
    spans = [(int(row[0]), int(row[-1]) + 1) for row in full]
    last = spans[-1][1]
    if last < length:
        spans.append((last - overlap, length))
    return spans


def wrong_contained(length: int, size: int, overlap: int) -> list[tuple[int, int]]:
    """Every start below length: 4, 4, 1 gives (3, 4) as well."""
    _check(size, overlap)
    return [(s, min(s + size, length)) for s in range(0, length, size - overlap)]


def wrong_drops_tail(length: int, size: int, overlap: int) -> list[tuple[int, int]]:
    """Full chunks only: of 9, 4, 2 the last token is lost."""
    _check(size, overlap)
    return [(s, s + size) for s in range(0, length - size + 1, size - overlap)]


def wrong_not_clipped(length: int, size: int, overlap: int) -> list[tuple[int, int]]:
    """The last chunk ends after the text: 9, 4, 1 gives (6, 10)."""
    return [(s, s + size) for s, _ in right_while(length, size, overlap)]


def wrong_last_moved_back(length: int, size: int, overlap: int) -> list[tuple[int, int]]:
    """The last chunk is full, and starts earlier: (5, 9) for (6, 9)."""
    spans = right_while(length, size, overlap)
    if len(spans) > 1:
        spans[-1] = (length - size, length)
    return spans


def wrong_short_text_lost(length: int, size: int, overlap: int) -> list[tuple[int, int]]:
    """A text not longer than the overlap gets no chunk: 1, 4, 2."""
    _check(size, overlap)
    return [(s, min(s + size, length)) for s in range(0, length - overlap, size - overlap)]


def wrong_empty_chunk(length: int, size: int, overlap: int) -> list[tuple[int, int]]:
    """Length 0 gives (0, 0)."""
    return right_while(length, size, overlap) or [(0, 0)]


def wrong_inclusive(length: int, size: int, overlap: int) -> list[tuple[int, int]]:
    """The end inclusive."""
    return [(s, e - 1) for s, e in right_while(length, size, overlap)]


def wrong_step_is_size(length: int, size: int, overlap: int) -> list[tuple[int, int]]:
    """Chunks do not share anything: 9, 4, 1 gives (4, 8)."""
    _check(size, overlap)
    return [(s, min(s + size, length)) for s in range(0, length, size)]


def wrong_step_is_overlap(length: int, size: int, overlap: int) -> list[tuple[int, int]]:
    """Moves on by overlap tokens: right only where overlap is half of size."""
    _check(size, overlap)
    return right_while(length, size, size - overlap if overlap else 0)


def wrong_grown(length: int, size: int, overlap: int) -> list[tuple[int, int]]:
    """The overlap comes on top: chunks of size + overlap tokens."""
    _check(size, overlap)
    return [(max(s - overlap, 0), min(s + size, length)) for s in range(0, length, size)]


def wrong_merges_tail(length: int, size: int, overlap: int) -> list[tuple[int, int]]:
    """A last chunk below half of size goes into the one before, which gets too long."""
    spans = right_while(length, size, overlap)
    if len(spans) > 1 and spans[-1][1] - spans[-1][0] < size / 2:
        spans[-2:] = [(spans[-2][0], length)]
    return spans


def wrong_equal_allowed(length: int, size: int, overlap: int) -> list[tuple[int, int]]:
    """overlap = size passes, and moves on by one token."""
    if not 0 <= overlap <= size:
        raise ValueError("overlap")
    return right_while(length, size, min(overlap, size - 1)) if size else []


def wrong_negative_allowed(length: int, size: int, overlap: int) -> list[tuple[int, int]]:
    """overlap = -1 leaves gaps and raises nothing."""
    if overlap >= size:
        raise ValueError("overlap")
    spans, start = [], 0
    while length:
        spans.append((start, min(start + size, length)))
        start = spans[-1][1] - overlap
        if spans[-1][1] == length or start >= length:
            break
    return spans


def wrong_zero_overlap_raises(length: int, size: int, overlap: int) -> list[tuple[int, int]]:
    """An overlap of 0 raises."""
    if not 0 < overlap < size:
        raise ValueError("overlap")
    return right_while(length, size, overlap)


def wrong_checks_late(length: int, size: int, overlap: int) -> list[tuple[int, int]]:
    """Returns before the check: length 0 with overlap 9 and size 3 raises nothing."""
    if length <= size:
        return [(0, length)] if length else []
    return right_while(length, size, overlap)


def wrong_lost_at_step_multiple(length: int, size: int, overlap: int) -> list[tuple[int, int]]:
    """Floor in place of ceil: the short last chunk is missing."""
    _check(size, overlap)
    step = size - overlap
    count = 1 + max(0, (length - size) // step)
    return [(i * step, min(i * step + size, length)) for i in range(count)] if length else []


def wrong_starts_and_lengths(length: int, size: int, overlap: int) -> list[tuple[int, int]]:
    """(start, length of the chunk)."""
    return [(s, e - s) for s, e in right_while(length, size, overlap)]


def wrong_token_lists(length: int, size: int, overlap: int) -> list[tuple[int, int]]:
    """The tokens of each chunk, not its span."""
    return [list(range(s, e)) for s, e in right_while(length, size, overlap)]


def wrong_balanced(length: int, size: int, overlap: int) -> list[tuple[int, int]]:
    """Chunks of equal lengths, where only the last may be shorter than size."""
    spans = right_while(length, size, overlap)
    if len(spans) < 2:
        return spans
    even = math.ceil((length + overlap * (len(spans) - 1)) / len(spans))
    return right_while(length, max(even, overlap + 1), overlap)


RIGHT = [
    right_while,
    right_counted,
    right_range,
    right_generator,
    right_numpy,
    right_pops,
    right_unfold,
]
WRONG = [
    wrong_contained,
    wrong_drops_tail,
    wrong_not_clipped,
    wrong_last_moved_back,
    wrong_short_text_lost,
    wrong_empty_chunk,
    wrong_inclusive,
    wrong_step_is_size,
    wrong_step_is_overlap,
    wrong_grown,
    wrong_merges_tail,
    wrong_equal_allowed,
    wrong_negative_allowed,
    wrong_zero_overlap_raises,
    wrong_checks_late,
    wrong_lost_at_step_multiple,
    wrong_starts_and_lengths,
    wrong_token_lists,
    wrong_balanced,
]
