"""Lesson 09, the break-it exercise: a test that tells a right chunker from one that loses text."""

from __future__ import annotations

import operator

from lib.checks.breakit import BreakIt, Suspect
from lib.checks.lesson_09 import _chunks
from lib.checks.lesson_09._chunks import Chunker, Spans, after, stepping

LONGEST = 10_000  # tokens of a case


def _reading(chunker: Chunker) -> Chunker:
    """The same on a learner's case; ValueError where it does not fit together."""

    def read(length, size, overlap) -> Spans:
        try:
            length, size, overlap = map(operator.index, (length, size, overlap))
        except TypeError as error:
            raise ValueError(f"a case holds something else than whole numbers: {error}") from error
        if not 0 <= length <= LONGEST or not 0 <= overlap < size:
            raise ValueError(f"length {length}, size {size}, overlap {overlap}")
        return chunker(length, size, overlap)

    return read


def _right_by_ends(length: int, size: int, overlap: int) -> Spans:
    """Right, written otherwise: each chunk from the end of the one before."""
    spans: Spans = []
    while length and (not spans or spans[-1][1] != length):
        start = spans[-1][1] - overlap if spans else 0
        spans.append((start, length if start + size > length else start + size))
    return spans


def _unfair(length, size, overlap) -> str | None:
    """What of the card a case breaks."""
    if not 0 <= overlap < size:
        return f"size is {size} and overlap {overlap}; a case has 0 <= overlap < size."
    if length < 0:
        return f"length is {length}; it is 0 or more."
    if length > LONGEST:
        return f"length is {length:,}; {LONGEST:,} are the most."
    return None


EXERCISE = BreakIt(
    "break_chunker",
    "09",
    right=[_reading(_chunks.right), _reading(_right_by_ends)],
    suspects=[
        Suspect(
            "ends-included",
            "A suspect whose ends name the last token of a chunk passes your test, since no case has a chunk. "
            "Add one: the end of a span is exclusive.",
            _reading(after(_chunks.ends_included)),
            hint=1,
        ),
        Suspect(
            "one-left-over-lost",
            "A suspect that loses a single token that is left over passes your test. Let the last chunk add one "
            "new token.",
            _reading(after(_chunks.one_left_over_lost)),
            hint=1,
        ),
        Suspect(
            "rest-lost",
            "A suspect that returns only full chunks passes your test. Let the last chunk be shorter than the "
            "others.",
            _reading(_chunks.full_ones_only),
            hint=1,
        ),
        Suspect(
            "one-too-few-shared",
            "A suspect that shares one token too few passes your test. Let there be two chunks, and work out "
            "by hand where the second starts.",
            _reading(stepping(lambda size, overlap: size - overlap + 1)),
            hint=2,
        ),
        Suspect(
            "rest-joined",
            "A suspect that joins a short rest to the chunk before it, which is longer than `size` then, "
            "passes your test. Let few new tokens be left for the last chunk.",
            _reading(after(_chunks.rest_joined)),
            hint=1,
        ),
        Suspect(
            "rest-in-one",
            "A suspect whose second chunk holds all the rest passes your test. Let three chunks be needed.",
            _reading(after(_chunks.rest_in_one)),
            hint=1,
        ),
        Suspect(
            "one-too-many-shared",
            "A suspect that shares one token too many passes your test. Let size - overlap be 2 or more, and "
            "work out by hand where the second chunk starts.",
            _reading(stepping(lambda size, overlap: size - overlap - 1)),
            hint=2,
        ),
        Suspect(
            "last-moved-back",
            "A suspect that moves the last chunk back, so that it is full, passes your test. Let the last "
            "chunk be shorter than the others.",
            _reading(after(_chunks.last_moved_back)),
            hint=1,
        ),
        Suspect(
            "short-rest-lost",
            "A suspect that drops a last chunk of less than half the size passes your test. Let one token be "
            "left over, with a small overlap.",
            _reading(after(_chunks.short_rest_lost)),
            hint=1,
        ),
        Suspect(
            "never-without-overlap",
            "A suspect that shares one token where the overlap is 0 passes your test. Let a case have no overlap "
            "and more than one chunk.",
            _reading(stepping(lambda size, overlap: size - (overlap or 1))),
            hint=2,
        ),
        Suspect(
            "never-full",
            "A suspect whose chunks have size - overlap tokens passes your test. Let a case have an overlap and "
            "more than one chunk.",
            _reading(_chunks.never_full),
            hint=2,
        ),
        Suspect(
            "overlap-ignored",
            "A suspect whose chunks share nothing passes your test. Let a case have an overlap and more than "
            "one chunk.",
            _reading(stepping(lambda size, overlap: size)),
            hint=2,
        ),
        Suspect(
            "overlap-twice",
            "A suspect that steps back by the overlap twice passes your test. Let a case have an overlap and "
            "more than one chunk.",
            _reading(stepping(lambda size, overlap: size - 2 * overlap)),
            hint=2,
        ),
        Suspect(
            "overlap-for-step",
            "A suspect whose chunks start `overlap` tokens apart passes your test. Let the overlap be another "
            "number than half the size.",
            _reading(stepping(lambda size, overlap: overlap or size)),
            hint=2,
        ),
        Suspect(
            "only-once-shared",
            "A suspect that shares tokens between the first two chunks alone passes your test. Let a case with "
            "an overlap have three chunks.",
            _reading(_chunks.only_once_shared),
            hint=2,
        ),
        Suspect(
            "chunks-inside-the-last",
            "A suspect that adds chunks which lie wholly inside the last one passes your test. Let the overlap "
            "be as large as half the size or more.",
            _reading(_chunks.from_every_start),
            hint=3,
        ),
        Suspect(
            "half-a-chunk-at-most",
            "A suspect that never shares more than half a chunk passes your test. Let the overlap be larger than "
            "half the size.",
            _reading(stepping(lambda size, overlap: size - min(overlap, size // 2))),
            hint=2,
        ),
        Suspect(
            "one-more-at-the-end",
            "A suspect that goes on where a chunk ends exactly at the end passes your test. Let the last chunk "
            "be a full one.",
            _reading(_chunks.one_more_at_the_end),
            hint=3,
        ),
        Suspect(
            "text-of-one-size-lost",
            "A suspect that returns nothing for a text as long as one chunk passes your test. Let `length` "
            "equal `size`.",
            _reading(after(_chunks.text_of_one_size_lost)),
            hint=3,
        ),
        Suspect(
            "short-text-lost",
            "A suspect that returns nothing for a text shorter than a chunk passes your test. Let `length` be "
            "less than `size`.",
            _reading(after(_chunks.short_text_lost)),
            hint=3,
        ),
        Suspect(
            "as-long-as-the-overlap-lost",
            "A suspect that returns nothing for a text no longer than the overlap passes your test. Let "
            "`length` be 1 or more and no more than `overlap`.",
            _reading(_chunks.as_long_as_the_overlap_lost),
            hint=3,
        ),
        Suspect(
            "one-for-nothing",
            "A suspect that returns an empty chunk for an empty text passes your test. Let `length` be 0: "
            "there is no chunk then.",
            _reading(after(_chunks.one_for_nothing)),
            hint=3,
        ),
    ],
    arguments=["length", "size", "overlap"],
    unfair=_unfair,
)
