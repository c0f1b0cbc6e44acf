"""Lesson 09, texts past a model's limit: `chunk_spans`."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lib.checks._limits import TookTooLong
from lib.checks.exercise import Case, Exercise, Mistake
from lib.checks.lesson_09 import _chunks
from lib.checks.lesson_09._chunks import Chunker, Spans, after, stepping
from lib.checks.values import EXACT


def _span_cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    yield Case((10, 4, 1), "the last chunk ends just at the end")
    yield Case((9, 4, 1), "the last chunk is shorter")
    yield Case((8, 4, 0), "no overlap")
    yield Case((9, 4, 0), "no overlap, one token left over")
    yield Case((7, 5, 3), "two chunks")
    yield Case((11, 4, 3), "the largest overlap")
    yield Case((12, 6, 3), "an overlap of half a chunk")
    yield Case((4, 4, 1), "a text as long as a chunk")
    yield Case((5, 4, 1), "one token more than a chunk")
    yield Case((3, 8, 2), "a text shorter than a chunk")
    yield Case((2, 8, 3), "a text shorter than the overlap")
    yield Case((3, 8, 3), "a text as long as the overlap")
    yield Case((1, 4, 1), "one token")
    yield Case((3, 1, 0), "chunks of one token")
    yield Case((0, 4, 1), "no token")
    yield Case((0, 4, 0), "no token, no overlap")
    yield Case((10, 4, 4), "an overlap as large as the chunk")
    yield Case((10, 4, 7), "an overlap larger than the chunk")
    yield Case((10, 4, -1), "an overlap below 0")
    yield Case((10, 0, 0), "a chunk of no token")
    yield Case((3, 4, 9), "an overlap larger than the chunk, a short text")
    for turn in range(10 if hidden else 5):
        size = int(rng.integers(2, 14))
        length, overlap = int(rng.integers(size, 80)), int(rng.integers(0, size))
        yield Case((length, size, overlap), f"random {turn}")


def _by_counting(length: int, size: int, overlap: int) -> Spans:
    """The oracle: how many chunks there must be, and where each of them lies."""
    if size < 1 or overlap not in range(size):
        raise ValueError("0 <= overlap < size")
    if length == 0:
        return []
    new = size - overlap  # tokens that each chunk after the first adds
    count = 1 + max(-(-(length - size) // new), 0)
    return [(place * new, min(place * new + size, length)) for place in range(count)]


def _refusing(chunker: Chunker) -> Chunker:
    """The same, with an overlap that cannot be refused."""

    def checked(length: int, size: int, overlap: int) -> Spans:
        if not 0 <= overlap < size:
            raise ValueError("no such overlap")
        return chunker(length, size, overlap)

    return checked


def _unchecked(length: int, size: int, overlap: int) -> Spans:
    """What `range` makes of it, which refuses a step of 0 by itself."""
    spans: Spans = []
    for start in range(0, length, size - overlap):
        spans.append((start, min(start + size, length)))
        if start + size >= length:
            break
    return spans


def _checked_above(length: int, size: int, overlap: int) -> Spans:
    if overlap >= size:
        raise ValueError("no such overlap")
    return _unchecked(length, size, overlap)


def _endless(length: int, size: int, overlap: int) -> Spans:
    """A loop that never gets further where the overlap is too large; told by what stops it."""
    if overlap >= size:
        raise TookTooLong("no chunk gets further than the one before")
    return _unchecked(length, size, overlap)


def _whole_chunk_allowed(length: int, size: int, overlap: int) -> Spans:
    return _refusing(_chunks.right)(length, size, overlap if overlap != size else size - 1)


EXERCISE = Exercise(
    "chunk_spans",
    "09",
    _span_cases,
    _by_counting,
    tolerance=EXACT,
    equivalent={
        "min(start + size, length) -> min(length, start + size)": "the smaller of two is the same",
    },
    mistakes=[
        Mistake(
            "overlap-ignored",
            "Each chunk starts where the one before ends. It starts `overlap` tokens earlier, so that a "
            "sentence across the cut stands whole in one of the two.",
            _refusing(stepping(lambda size, overlap: size)),
            hint=1,
        ),
        Mistake(
            "gap-for-overlap",
            "Each chunk starts `overlap` tokens behind the end of the one before, and what lies between is "
            "lost. Subtract the overlap.",
            _refusing(stepping(lambda size, overlap: size + overlap)),
            hint=1,
        ),
        Mistake(
            "overlap-for-step",
            "Your chunks start `overlap` tokens apart. They share `overlap` tokens: their starts lie "
            "size - overlap apart.",
            _refusing(stepping(lambda size, overlap: overlap or size)),
            hint=1,
        ),
        Mistake(
            "overlap-twice",
            "Neighbours share twice as many tokens as they should. Step back by the overlap once.",
            _refusing(stepping(lambda size, overlap: size - 2 * overlap)),
            hint=1,
        ),
        Mistake(
            "one-too-few-shared",
            "Neighbours share one token less than `overlap`. Ends are exclusive: the next chunk starts at "
            "end - overlap, with no 1 added.",
            _refusing(stepping(lambda size, overlap: size - overlap + 1)),
            hint=1,
        ),
        Mistake(
            "one-too-many-shared",
            "Neighbours share one token more than `overlap`. Ends are exclusive: the next chunk starts at "
            "end - overlap, with no 1 taken off.",
            _refusing(stepping(lambda size, overlap: size - overlap - 1)),
            hint=1,
        ),
        Mistake(
            "longer-in-front",
            "You put the overlap in front of a full chunk, which has more than `size` tokens then, and the "
            "model does not see the last of them. The overlap is part of the chunk.",
            _refusing(_chunks.longer_in_front),
            hint=1,
        ),
        Mistake(
            "longer-behind",
            "You add the overlap behind a full chunk, which has more than `size` tokens then, and the model "
            "does not see them. The overlap is part of the chunk.",
            _refusing(_chunks.longer_behind),
            hint=1,
        ),
        Mistake(
            "never-full",
            "Your chunks have size - overlap tokens and share none. Each has `size` tokens, as far as there "
            "are any; their starts lie size - overlap apart.",
            _refusing(_chunks.never_full),
            hint=1,
        ),
        Mistake(
            "chunks-inside-the-last",
            "Behind the chunk that reaches the end there come more, which lie wholly inside it and say "
            "nothing new. Stop at the first chunk that ends at `length`.",
            _refusing(_chunks.from_every_start),
            hint=2,
        ),
        Mistake(
            "one-more-at-the-end",
            "Where a chunk ends exactly at the end of the text you add another behind it. Stop when the end "
            "equals `length`, too.",
            _refusing(_chunks.one_more_at_the_end),
            hint=2,
        ),
        Mistake(
            "rest-lost",
            "What is too short for a full chunk is lost. The last chunk ends at `length` and may be shorter.",
            _refusing(_chunks.full_ones_only),
            hint=2,
        ),
        Mistake(
            "last-token-lost",
            "The last token is in no chunk. Ends are exclusive: the last one is `length`.",
            _refusing(_chunks.last_token_lost),
            hint=2,
        ),
        Mistake(
            "one-left-over-lost",
            "Where a single token is left over it is lost. Ends are exclusive: go on while the last end is below "
            "`length`.",
            _refusing(after(_chunks.one_left_over_lost)),
            hint=2,
        ),
        Mistake(
            "last-moved-back",
            "You move the last chunk back, so that it is full. It starts `overlap` tokens before the end of "
            "the one before, like all others, and may be shorter.",
            _refusing(after(_chunks.last_moved_back)),
            hint=2,
        ),
        Mistake(
            "last-not-cut",
            "Your last chunk ends behind the end of the text. Take the smaller of start + size and `length`.",
            _refusing(after(_chunks.not_cut)),
            hint=2,
        ),
        Mistake(
            "rest-in-one",
            "Everything behind the first chunk is your second, however long it is. Repeat the step until the "
            "end is reached: `while` for `if`.",
            _refusing(after(_chunks.rest_in_one)),
            hint=2,
        ),
        Mistake(
            "ends-included",
            "Your ends name the last token of a chunk. They are exclusive, as in Python's slices: "
            "`tokens[start:end]` is the chunk.",
            _refusing(after(_chunks.ends_included)),
        ),
        Mistake(
            "lengths-for-ends",
            "You return start and number of tokens. A span is start and end.",
            _refusing(after(_chunks.lengths_for_ends)),
        ),
        Mistake(
            "short-text-lost",
            "A text shorter than a chunk gives no chunk at all. It is one chunk, from 0 to `length`.",
            _refusing(after(_chunks.short_text_lost)),
            hint=3,
        ),
        Mistake(
            "as-long-as-the-overlap-lost",
            "A text that is no longer than the overlap gives no chunk at all: length - overlap is 0 or less "
            "then. It is one chunk, from 0 to `length`.",
            _refusing(_chunks.as_long_as_the_overlap_lost),
            hint=3,
        ),
        Mistake(
            "one-for-nothing",
            "Without a token you return an empty chunk. Return an empty list.",
            _refusing(after(_chunks.one_for_nothing)),
            hint=3,
        ),
        Mistake(
            "overlap-unchecked",
            "An overlap above the size gives no chunk, one below 0 leaves gaps, and nobody notices. Raise a "
            "ValueError unless 0 <= overlap < size.",
            _unchecked,
            hint=3,
        ),
        Mistake(
            "endless",
            "With an overlap as large as the chunk your loop never ends, since no chunk gets further than the "
            "one before. Raise a ValueError unless 0 <= overlap < size.",
            _endless,
            hint=3,
        ),
        Mistake(
            "negative-overlap-unchecked",
            "An overlap below 0 leaves gaps between the chunks, and text is lost. Raise a ValueError.",
            _checked_above,
            hint=3,
        ),
        Mistake(
            "overlap-of-a-whole-chunk",
            "You let an overlap through that equals the size: no chunk would get further than the one before. "
            "Raise a ValueError.",
            _whole_chunk_allowed,
            hint=3,
        ),
    ],
)
