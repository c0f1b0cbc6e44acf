"""Lesson 02, encoding a corpus: batches of like length."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lib.checks.exercise import Case, Exercise, Mistake
from lib.checks.lesson_02._batches import cut, require
from lib.checks.values import EXACT


def _length_cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    yield Case(([4, 9, 2, 7], 2), "four texts in two batches")
    yield Case(([4, 9, 2, 7, 5], 2), "five texts: the last batch is not full")
    yield Case(([3, 8, 3, 8, 3], 2), "equal lengths keep their order")
    yield Case(([9, 7, 2], 8), "a batch size larger than the number of texts")
    yield Case(([2, 6, 4], 1), "batches of one")
    yield Case(([5], 3), "a single text")
    yield Case(([], 4), "no text")
    yield Case(([6, 6, 6, 6], 3), "all of one length")
    yield Case(([0, 5, 0, 1], 3), "empty texts")
    yield Case(([1, 2, 3, 4, 5, 6], 3), "shortest first already")
    yield Case(([4, 9, 2], 0), "a batch size of 0")
    yield Case(([4, 9, 2], -2), "a batch size below 0")
    for turn in range(6 if hidden else 3):
        lengths = rng.integers(0, 9, size=int(rng.integers(5, 25))).tolist()
        yield Case((lengths, int(rng.integers(2, 7))), f"random {turn}")


def _batches_by_picking(lengths: list[int], batch_size: int) -> list[list[int]]:
    """The oracle: take the longest that is left, the first of equals, again and again."""
    require(batch_size)
    left = list(enumerate(lengths))
    batches: list[list[int]] = []
    while left:
        longest = max(left, key=lambda pair: pair[1])
        left.remove(longest)
        if not batches or len(batches[-1]) == batch_size:
            batches.append([])
        batches[-1].append(longest[0])
    return batches


def _longest_first(lengths: list[int]) -> list[int]:
    return sorted(range(len(lengths)), key=lambda i: -lengths[i])


def _unsorted(lengths, batch_size):
    return cut(list(range(len(lengths))), batch_size)


def _shortest_first(lengths, batch_size):
    return cut(sorted(range(len(lengths)), key=lambda i: lengths[i]), batch_size)


def _lengths_not_positions(lengths, batch_size):
    return cut(sorted(lengths, reverse=True), batch_size)


def _last_batch_lost(lengths, batch_size):
    return [b for b in cut(_longest_first(lengths), batch_size) if len(b) == batch_size]


def _cut_then_sorted(lengths, batch_size):
    batches = cut(list(range(len(lengths))), batch_size)
    return [sorted(batch, key=lambda i: -lengths[i]) for batch in batches]


def _equals_reversed(lengths, batch_size):
    return cut(sorted(range(len(lengths)), key=lambda i: lengths[i])[::-1], batch_size)


def _ranks(lengths, batch_size):
    order = _longest_first(lengths)
    return cut([order.index(i) for i in range(len(lengths))], batch_size)


def _so_many_batches(lengths, batch_size):
    require(batch_size)
    order = _longest_first(lengths)
    return cut(order, max(1, -(-len(order) // batch_size)))


def _one_list(lengths, batch_size):
    require(batch_size)
    return _longest_first(lengths)


def _size_unchecked(lengths, batch_size):
    order = _longest_first(lengths)
    return [order[start : start + batch_size] for start in range(0, len(order), batch_size)]


def _first_of_equals(lengths: list[int], batch_size: int) -> list[list[int]]:
    if batch_size < 1:
        raise ValueError("a batch holds at least one text")
    order = [lengths.index(length) for length in sorted(lengths, reverse=True)]
    return [order[i : i + batch_size] for i in range(0, len(order), batch_size)]


EXERCISE = Exercise(
    "length_sorted_batches",
    "02",
    _length_cases,
    _batches_by_picking,
    mistakes=[
        Mistake(
            "not-sorted",
            "The texts stay in their own order, so short and long ones share a batch and the short "
            "ones are padded. Sort by length before you cut.",
            _unsorted,
            hint=1,
        ),
        Mistake(
            "shortest-first",
            "The shortest texts come first. Put the longest first: if memory runs out it does so "
            "at once, and the time left is never underestimated.",
            _shortest_first,
            hint=2,
        ),
        Mistake(
            "lengths-returned",
            "Your batches hold lengths. They must hold positions in `lengths`, else nobody knows "
            "which text a row belongs to.",
            _lengths_not_positions,
            hint=1,
        ),
        Mistake(
            "last-batch-lost",
            "The texts of the last, incomplete batch are missing. Every position must stand in a "
            "batch, so the last one may be shorter.",
            _last_batch_lost,
            hint=3,
        ),
        Mistake(
            "cut-then-sorted",
            "You cut into batches first and sort inside each: a batch still mixes long and short "
            "texts. Sort all texts, then cut.",
            _cut_then_sorted,
        ),
        Mistake(
            "equals-reversed",
            "Texts of equal length come in reversed order. Sort so that equals keep their order "
            "(reverse=True does, [::-1] on a sorted list does not).",
            _equals_reversed,
            hint=2,
        ),
        Mistake(
            "first-of-equals",
            "`lengths.index` finds the first text of a length only, so of texts of equal length one is named "
            "several times and the others never. Sort the positions themselves.",
            _first_of_equals,
            hint=1,
        ),
        Mistake(
            "ranks-not-positions",
            "You return each text's rank by length. What is asked for is the other way round: "
            "which text stands at each rank.",
            _ranks,
            hint=1,
        ),
        Mistake(
            "number-of-batches",
            "You make batch_size batches. batch_size is how many texts one batch holds.",
            _so_many_batches,
            hint=3,
        ),
        Mistake(
            "one-flat-list",
            "You return one flat list of positions. Cut it into lists of batch_size.",
            _one_list,
            hint=3,
        ),
        Mistake(
            "size-unchecked",
            "A negative batch_size gives no batch at all, and every text is lost without a word. "
            "Raise ValueError if it is below 1.",
            _size_unchecked,
        ),
    ],
    tolerance=EXACT,
    equivalent={"batch_size < 1 -> batch_size < 0": "range() refuses a step of 0 by ValueError"},
)
