"""Answers to `break_chunker`, written from its card alone."""

from __future__ import annotations

import itertools
import math
import random


def _spans(length: int, size: int, overlap: int) -> list[tuple[int, int]]:
    """By the card; the sets below that draw their cases take expected values from it."""
    spans = []
    start = 0
    while length:
        spans.append((start, min(start + size, length)))
        if spans[-1][1] == length:
            break
        start += size - overlap
    return spans


def right_by_hand() -> list:
    """A case for each mistake that comes to mind."""
    return [
        (0, 4, 1, []),
        (0, 1, 0, []),
        (1, 1, 0, [(0, 1)]),
        (3, 1, 0, [(0, 1), (1, 2), (2, 3)]),
        (1, 4, 2, [(0, 1)]),
        (2, 4, 2, [(0, 2)]),
        (3, 4, 3, [(0, 3)]),
        (4, 4, 1, [(0, 4)]),
        (4, 4, 3, [(0, 4)]),
        (5, 4, 1, [(0, 4), (3, 5)]),
        (5, 4, 0, [(0, 4), (4, 5)]),
        (8, 4, 0, [(0, 4), (4, 8)]),
        (7, 4, 1, [(0, 4), (3, 7)]),
        (8, 4, 1, [(0, 4), (3, 7), (6, 8)]),
        (9, 4, 1, [(0, 4), (3, 7), (6, 9)]),
        (10, 4, 1, [(0, 4), (3, 7), (6, 10)]),
        (6, 4, 3, [(0, 4), (1, 5), (2, 6)]),
        (9, 5, 3, [(0, 5), (2, 7), (4, 9)]),
        (10, 5, 3, [(0, 5), (2, 7), (4, 9), (6, 10)]),
        (11, 5, 2, [(0, 5), (3, 8), (6, 11)]),
        (12, 5, 2, [(0, 5), (3, 8), (6, 11), (9, 12)]),
        (1000, 512, 64, [(0, 512), (448, 960), (896, 1000)]),
    ]


def right_random() -> list:
    """Drawn, expected values by a function of its own."""
    rng = random.Random(9)
    cases = [(0, 7, 2, []), (7, 7, 2, [(0, 7)])]
    for _ in range(400):
        size = rng.randint(1, 9)
        overlap = rng.randrange(size)
        length = rng.randint(0, 40)
        cases.append((length, size, overlap, _spans(length, size, overlap)))
    return cases


def right_all_small_ones() -> list:
    """All small triples, and some long texts."""
    cases = []
    for length, size in itertools.product(range(25), range(1, 8)):
        for overlap in range(size):
            step = size - overlap
            count = math.ceil(max(length - size, 0) / step) + 1 if length else 0
            spans = [(i * step, min(length, i * step + size)) for i in range(count)]
            cases.append((length, size, overlap, spans))
    for length in (600, 5000, 10_000):
        cases.append((length, 512, 50, _spans(length, 512, 50)))
    return cases


def right_as_lists() -> list:
    """The cases as lists, the spans as tuples."""
    return [list(case) for case in right_by_hand()]


def _only(keep) -> list:
    """All small cases with the property that is missing elsewhere."""
    return [case for case in right_all_small_ones() if keep(*case)]


def wrong_only_the_example() -> list:
    """The one case of the stub."""
    return [(6, 4, 1, [(0, 4), (3, 6)])]


def wrong_no_overlap() -> list:
    """An overlap of 0 throughout: one that ignores it passes."""
    return _only(lambda length, size, overlap, spans: overlap == 0)


def wrong_one_chunk() -> list:
    """Texts of one chunk at most."""
    return _only(lambda length, size, overlap, spans: len(spans) < 2)


def wrong_two_chunks() -> list:
    """Two chunks at most: one that takes the third from a wrong place, or never, passes."""
    return _only(lambda length, size, overlap, spans: len(spans) < 3)


def wrong_whole_chunks() -> list:
    """All chunks are full: one that drops a short last one passes."""
    return _only(lambda length, size, overlap, spans: all(e - s == size for s, e in spans))


def wrong_no_empty_text() -> list:
    """No length of 0: one that gives (0, 0) for it passes."""
    return _only(lambda length, size, overlap, spans: length > 0)


def wrong_short_last_ones() -> list:
    """The last chunk is never full: a chunk within the one before, after a full one, passes."""
    return _only(
        lambda length, size, overlap, spans: not spans or spans[-1][1] - spans[-1][0] < size
    )


def wrong_no_short_text() -> list:
    """No text below one chunk: one that gives no chunk, or a padded one, passes."""
    return _only(lambda length, size, overlap, spans: length == 0 or length >= size)


def wrong_step_above_overlap() -> list:
    """Last chunks hold more than the overlap twice over: a tail joined to its neighbour passes."""
    return [
        (0, 4, 1, []),
        (4, 4, 0, [(0, 4)]),
        (10, 4, 1, [(0, 4), (3, 7), (6, 10)]),
        (13, 4, 1, [(0, 4), (3, 7), (6, 10), (9, 13)]),
    ]


def wrong_expects_contained() -> list:
    """Expects (3, 4) after (0, 4), which lies within it."""
    return [*right_by_hand(), (4, 4, 1, [(0, 4), (3, 4)])]


def wrong_expects_no_tail() -> list:
    """Expects full chunks only."""
    return [(9, 4, 1, [(0, 4), (3, 7)]), (0, 4, 1, []), (4, 4, 1, [(0, 4)])]


def wrong_expects_moved_back() -> list:
    """Expects a full last chunk."""
    return [*right_by_hand()[:10], (9, 4, 1, [(0, 4), (3, 7), (5, 9)])]


def wrong_expects_inclusive() -> list:
    """Ends inclusive."""
    return [(n, s, o, [(a, b - 1) for a, b in spans]) for n, s, o, spans in right_by_hand()]


def wrong_expects_empty_chunk() -> list:
    """Expects (0, 0) for no token."""
    return [*right_by_hand()[2:], (0, 4, 1, [(0, 0)])]


def wrong_one_slip() -> list:
    """A full set with one slip of the pen."""
    cases = right_by_hand()
    cases[-1] = (1000, 512, 64, [(0, 512), (448, 960), (869, 1000)])
    return cases


def wrong_overlap_is_size() -> list:
    """overlap = size, which the card rules out."""
    return [*right_by_hand(), (4, 4, 4, [(0, 4)])]


def wrong_negative_overlap() -> list:
    """An overlap below 0."""
    return [*right_by_hand(), (5, 2, -1, [(0, 2), (3, 5)])]


def wrong_negative_length() -> list:
    """A length below 0."""
    return [*right_by_hand(), (-1, 2, 1, [])]


def wrong_too_long() -> list:
    """A length above 10,000."""
    return [*right_by_hand(), (10_001, 10_001, 1, [(0, 10_001)])]


def wrong_too_many() -> list:
    """More cases than the card allows."""
    return right_by_hand() * 100


def wrong_order_of_parts() -> list:
    """(length, overlap, size, expected)."""
    return [(length, overlap, size, spans) for length, size, overlap, spans in right_by_hand()]


def wrong_no_expected() -> list:
    """(length, size, overlap)."""
    return [case[:3] for case in right_by_hand()]


def wrong_counts() -> list:
    """The number of chunks as the expected value."""
    return [(*case[:3], len(case[3])) for case in right_by_hand()]


def wrong_raises_expected() -> list:
    """ValueError as the expected value of a case the card rules out."""
    return [*right_by_hand(), (5, 3, 3, ValueError)]


def wrong_one_case() -> list:
    """A case, not a list of cases."""
    return (6, 4, 1, [(0, 4), (3, 6)])


def wrong_nothing() -> list:
    """No case."""
    return []


def wrong_no_return() -> list:
    """Makes cases and does not return them."""
    cases = []
    cases.extend(right_by_hand())


RIGHT = [
    right_by_hand,
    right_random,
    right_all_small_ones,
    right_as_lists,
]
WRONG = [
    wrong_only_the_example,
    wrong_no_overlap,
    wrong_one_chunk,
    wrong_two_chunks,
    wrong_whole_chunks,
    wrong_no_empty_text,
    wrong_short_last_ones,
    wrong_no_short_text,
    wrong_step_above_overlap,
    wrong_expects_contained,
    wrong_expects_no_tail,
    wrong_expects_moved_back,
    wrong_expects_inclusive,
    wrong_expects_empty_chunk,
    wrong_one_slip,
    wrong_overlap_is_size,
    wrong_negative_overlap,
    wrong_negative_length,
    wrong_too_long,
    wrong_too_many,
    wrong_order_of_parts,
    wrong_no_expected,
    wrong_counts,
    wrong_raises_expected,
    wrong_one_case,
    wrong_nothing,
    wrong_no_return,
]
