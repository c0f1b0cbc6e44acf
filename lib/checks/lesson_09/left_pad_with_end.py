"""Lesson 09, how a decoder is fed: `left_pad_with_end`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from lib.checks.exercise import Case, Exercise, Mistake
from lib.checks.values import EXACT

Rows = list[list[int]]

NO_ROW = "where there is no row nothing has this width"


def _batch_cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    yield Case(([[5, 6, 7], [8]], 2, 0, 10), "two sequences, one is padded")
    yield Case(([[5, 6, 7, 8], [9]], 2, 0, 3), "one is cut")
    yield Case(([[5, 6], [7, 8]], 2, 0, 3), "just as long as the limit allows")
    yield Case(([[5, 6, 7], [8, 9, 4]], 2, 0, 3), "both are cut by one token")
    yield Case(([[5, 0, 6], [0]], 2, 0, 9), "the padding id is a token, too")
    yield Case(([[5, 6, 7], [8]], 2, 2, 9), "the padding id is the end token's")
    yield Case(([[5, 2], [6, 7, 8]], 2, 0, 9), "one ends with the end token already")
    yield Case(([[2, 5, 6], [7]], 2, 0, 9), "one begins with the end token")
    yield Case(([[], [5, 6]], 2, 0, 9), "an empty sequence")
    yield Case(([[], []], 2, 0, 9), "only empty sequences")
    yield Case(([[5, 6], [7]], 2, 0, 1), "a limit of one token")
    yield Case(([[5, 6, 7, 8]], 2, 0, 2), "a batch of one, a limit of two")
    yield Case(([[5, 6, 7], [8], [9, 4]], 2, 0, 4), "three lengths")
    yield Case(([], 2, 0, 8), "an empty batch")
    for turn in range(8 if hidden else 4):
        rows = [rng.integers(0, 12, size=n).tolist() for n in rng.integers(0, 9, size=4)]
        end, pad = (int(x) for x in rng.integers(0, 12, size=2))
        yield Case((rows, end, pad, int(rng.integers(2, 9))), f"random {turn}")


def _by_placing(sequences: Rows, end: int, pad: int, limit: int) -> tuple[Rows, Rows]:
    """The oracle: fills a table of padding from its right edge, token by token."""
    kept = [[*sequence][: max(limit - 1, 0)] for sequence in sequences]
    width = 1 + max([len(sequence) for sequence in kept], default=0)
    ids = [[pad for _ in range(width)] for _ in kept]
    mask = [[0 for _ in range(width)] for _ in kept]
    for row, sequence in enumerate(kept):
        for back, token in enumerate([end, *reversed(sequence)], start=1):
            ids[row][width - back], mask[row][width - back] = token, 1
    return ids, mask


def _tail(sequence: list[int], end: int, limit: int) -> list[int]:
    return [*sequence[: limit - 1], end]


def _left(row: list, width: int, fill: int) -> list:
    return [fill] * (width - len(row)) + row


def _right(row: list, width: int, fill: int) -> list:
    return row + [fill] * (width - len(row))


def _feeder(
    finish: Callable[[list[int], int, int], list[int]] = _tail,
    side: Callable[[list, int, int], list] = _left,
    width: Callable[[Rows, Rows, int], int] = lambda rows, sequences, limit: max(map(len, rows)),
) -> Callable:
    """A right feeder with one part written otherwise: what becomes of a sequence, the side, the width."""

    def feed(sequences: Rows, end: int, pad: int, limit: int) -> tuple[Rows, Rows]:
        rows = [finish(sequence, end, limit) for sequence in sequences]
        wide = width(rows, sequences, limit) if rows else 0
        ids = [side(row, wide, pad) for row in rows]
        return ids, [side([1] * len(row), wide, 0) for row in rows]

    return feed


_feed = _feeder()


def _masked(mask: Callable[[Rows, Rows, int, int], Rows]) -> Callable:
    """The right ids with another mask: mask(ids, right mask, end, pad)."""

    def feed(sequences: Rows, end: int, pad: int, limit: int) -> tuple[Rows, Rows]:
        ids, right = _feed(sequences, end, pad, limit)
        return ids, mask(ids, right, end, pad)

    return feed


def _end_behind_padding(sequences: Rows, end: int, pad: int, limit: int) -> tuple[Rows, Rows]:
    rows = [sequence[: limit - 1] for sequence in sequences]
    wide = max(map(len, rows), default=0)
    ids = [[*_right(row, wide, pad), end] for row in rows]
    return ids, [[*_right([1] * len(row), wide, 0), 1] for row in rows]


def _last_tokens(sequence: list[int], end: int, limit: int) -> list[int]:
    return [*sequence[max(len(sequence) - limit + 1, 0) :], end]


def _end_once(sequence: list[int], end: int, limit: int) -> list[int]:
    kept = sequence[: limit - 1]
    return kept if kept and kept[-1] == end else [*kept, end]


def _end_in_place_of_the_last(sequence: list[int], end: int, limit: int) -> list[int]:
    return [*sequence[:limit][:-1], end]


def _end_of_what_is_cut(sequence: list[int], end: int, limit: int) -> list[int]:
    return _tail(sequence, end, limit) if len(sequence) >= limit else sequence


EXERCISE = Exercise(
    "left_pad_with_end",
    "09",
    _batch_cases,
    _by_placing,
    tolerance=EXACT,
    equivalent={
        "max((len(row) for row in rows), default=0) -> max((len(row) for row in rows), default=1)": NO_ROW,
        "max((len(row) for row in rows), default=0) -> max((len(row) for row in rows), default=-1)": NO_ROW,
    },
    mistakes=[
        Mistake(
            "padded-on-the-right",
            "You pad on the right, so that the last position of a short sequence is padding, and padding is "
            "what would be pooled. Pad on the left.",
            _feeder(side=_right),
            hint=2,
        ),
        Mistake(
            "end-behind-padding",
            "Your end token stands behind padding on the right. The padding belongs on the left: nothing may "
            "stand between a text and its end token.",
            _end_behind_padding,
            hint=2,
        ),
        Mistake(
            "end-missing",
            "The end token is missing. It is appended to every sequence: its vector is the one that is pooled.",
            _feeder(lambda sequence, end, limit: sequence[: limit - 1]),
            hint=1,
        ),
        Mistake(
            "end-cut-off",
            "You append the end token and cut then, so that a long sequence loses it. Cut to limit - 1 "
            "tokens, then append it.",
            _feeder(lambda sequence, end, limit: [*sequence, end][:limit]),
            hint=1,
        ),
        Mistake(
            "one-over-the-limit",
            "You cut to `limit` tokens and append the end token, so that a long sequence has one more than "
            "the limit. Cut to limit - 1.",
            _feeder(lambda sequence, end, limit: [*sequence[:limit], end]),
            hint=1,
        ),
        Mistake(
            "not-cut",
            "You cut nothing. Each sequence keeps at most limit - 1 tokens, and the end token.",
            _feeder(lambda sequence, end, limit: [*sequence, end]),
            hint=1,
        ),
        Mistake(
            "beginning-cut-off",
            "You keep the last tokens of a sequence that is too long. Keep the first: a text is cut at its "
            "end.",
            _feeder(_last_tokens),
            hint=1,
        ),
        Mistake(
            "end-in-front",
            "You put the end token before the sequence. It stands behind the last token.",
            _feeder(lambda sequence, end, limit: [end, *sequence[: limit - 1]]),
            hint=1,
        ),
        Mistake(
            "end-in-place-of-the-last",
            "The end token takes the place of the last token, also where there is room for both. Append it.",
            _feeder(_end_in_place_of_the_last),
            hint=1,
        ),
        Mistake(
            "end-of-what-is-cut",
            "Only sequences that are cut get an end token. Append it to every one.",
            _feeder(_end_of_what_is_cut),
            hint=1,
        ),
        Mistake(
            "end-once",
            "You append no end token to a sequence that ends with one. Append it always, as the exercise says.",
            _feeder(_end_once),
            hint=1,
        ),
        Mistake(
            "padded-to-the-limit",
            "You pad to the limit. Pad to the longest sequence of the batch: more padding costs time and "
            "changes nothing.",
            _feeder(width=lambda rows, sequences, limit: limit),
            hint=2,
        ),
        Mistake(
            "longest-before-the-cut",
            "You take the longest of the sequences as they came. Take the longest after they are cut and have "
            "their end token.",
            _feeder(width=lambda rows, sequences, limit: max(map(len, sequences)) + 1),
            hint=2,
        ),
        Mistake(
            "mask-by-padding-id",
            "Your mask is 0 wherever the id is that of the padding, but a token or the end may have the same "
            "id. Make the mask of the lengths.",
            _masked(lambda ids, right, end, pad: [[int(i != pad) for i in row] for row in ids]),
            hint=3,
        ),
        Mistake(
            "end-masked",
            "Your mask is 0 at the end token. It is read like any other token: its vector is the one that is "
            "pooled.",
            _masked(lambda ids, right, end, pad: [[*row[:-1], 0] for row in right]),
            hint=3,
        ),
        Mistake(
            "only-ones",
            "Your mask is 1 everywhere, so that padding is read. It is 0 for padding.",
            _masked(lambda ids, right, end, pad: [[1] * len(row) for row in right]),
            hint=3,
        ),
        Mistake(
            "mask-inverted",
            "Your mask is 1 for padding and 0 for what is real. It is the other way round.",
            _masked(lambda ids, right, end, pad: [[1 - x for x in row] for row in right]),
            hint=3,
        ),
        Mistake(
            "mask-on-the-other-side",
            "Your ids are padded on the left and your mask on the right. Both on the left: 0 where padding "
            "stands.",
            _masked(lambda ids, right, end, pad: [row[::-1] for row in right]),
            hint=3,
        ),
        Mistake(
            "mask-first",
            "You return the mask first. The order is: ids, then mask.",
            lambda *arguments: _feed(*arguments)[::-1],
            hint=3,
        ),
    ],
)
