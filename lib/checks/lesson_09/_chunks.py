"""What `chunk_spans` and the suspects of `break_chunker` are told apart from: right and wrong chunkers.

Each takes (length, size, overlap) with 0 <= overlap < size and returns spans (start, end).
"""

from __future__ import annotations

from collections.abc import Callable

Spans = list[tuple[int, int]]
Chunker = Callable[[int, int, int], Spans]


def _in_steps(length: int, size: int, step: int) -> Spans:
    """Spans that start every `step` tokens, up to the first that reaches the end."""
    spans: Spans = []
    for start in range(0, length, max(step, 1)):
        spans.append((start, min(start + size, length)))
        if start + size >= length:
            break
    return spans


def stepping(step: Callable[[int, int], int]) -> Chunker:
    """Spans of the right length whose starts lie step(size, overlap) apart, at least 1."""
    return lambda length, size, overlap: _in_steps(length, size, step(size, overlap))


right = stepping(lambda size, overlap: size - overlap)


def after(change: Callable[[Spans, int, int, int], Spans]) -> Chunker:
    """Something else made of the right spans: change(spans, length, size, overlap)."""
    return lambda length, size, overlap: change(right(length, size, overlap), length, size, overlap)


def from_every_start(length: int, size: int, overlap: int) -> Spans:
    return [(s, min(s + size, length)) for s in range(0, length, size - overlap)]


def one_more_at_the_end(length: int, size: int, overlap: int) -> Spans:
    """Goes on where a chunk ends exactly at the end of the text."""
    spans, start = [], 0
    while length:
        spans.append((start, min(start + size, length)))
        if start + size > length:
            break
        start += size - overlap
    return spans


def full_ones_only(length: int, size: int, overlap: int) -> Spans:
    return [(s, s + size) for s in range(0, length - size + 1, size - overlap)]


def as_long_as_the_overlap_lost(length: int, size: int, overlap: int) -> Spans:
    return [(s, min(s + size, length)) for s in range(0, length - overlap, size - overlap)]


def longer_in_front(length: int, size: int, overlap: int) -> Spans:
    return [(max(s - overlap, 0), min(s + size, length)) for s in range(0, length, size)]


def longer_behind(length: int, size: int, overlap: int) -> Spans:
    return [(s, min(s + size + overlap, length)) for s in range(0, length, size)]


def never_full(length: int, size: int, overlap: int) -> Spans:
    step = size - overlap
    return [(s, min(s + step, length)) for s in range(0, length, step)]


def last_moved_back(spans: Spans, length: int, size: int, overlap: int) -> Spans:
    return [*spans[:-1], (max(length - size, 0), length)] if spans else []


def not_cut(spans: Spans, length: int, size: int, overlap: int) -> Spans:
    return [(start, start + size) for start, _ in spans]


def one_for_nothing(spans: Spans, length: int, size: int, overlap: int) -> Spans:
    return spans or [(0, 0)]


def ends_included(spans: Spans, length: int, size: int, overlap: int) -> Spans:
    return [(start, end - 1) for start, end in spans]


def lengths_for_ends(spans: Spans, length: int, size: int, overlap: int) -> Spans:
    return [(start, end - start) for start, end in spans]


def last_token_lost(length: int, size: int, overlap: int) -> Spans:
    return right(max(length - 1, 0), size, overlap)


def one_left_over_lost(spans: Spans, length: int, size: int, overlap: int) -> Spans:
    """Stops where a single token is left over."""
    ends = [0, *(end for _, end in spans)]
    return spans[:-1] if length and ends[-2] == length - 1 else spans


def short_text_lost(spans: Spans, length: int, size: int, overlap: int) -> Spans:
    return spans if length >= size else []


def text_of_one_size_lost(spans: Spans, length: int, size: int, overlap: int) -> Spans:
    return spans if length != size else []


def short_rest_lost(spans: Spans, length: int, size: int, overlap: int) -> Spans:
    short = len(spans) > 1 and 2 * (spans[-1][1] - spans[-1][0]) < size
    return spans[:-1] if short else spans


def rest_joined(spans: Spans, length: int, size: int, overlap: int) -> Spans:
    if len(spans) < 2 or 2 * (length - spans[-2][1]) >= size:
        return spans
    return [*spans[:-2], (spans[-2][0], length)]


def rest_in_one(spans: Spans, length: int, size: int, overlap: int) -> Spans:
    return spans if len(spans) < 2 else [spans[0], (spans[1][0], length)]


def only_once_shared(length: int, size: int, overlap: int) -> Spans:
    first, step = right(length, size, overlap)[:1], size - overlap
    rest = _in_steps(length - step, size, size) if length > size else []
    return first + [(start + step, end + step) for start, end in rest]
