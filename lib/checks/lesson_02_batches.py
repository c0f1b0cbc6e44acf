"""Lesson 02, from texts to a matrix: batches of like length, order restored, cosines."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from lib.checks.exercise import Case, Exercise, Mistake
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
    for turn in range(6 if hidden else 3):
        lengths = rng.integers(0, 9, size=int(rng.integers(5, 25))).tolist()
        yield Case((lengths, int(rng.integers(2, 7))), f"random {turn}")


def _batches_by_picking(lengths: list[int], batch_size: int) -> list[list[int]]:
    """The oracle: take the longest that is left, the first of equals, again and again."""
    left, batches = list(enumerate(lengths)), []
    while left:
        longest = max(left, key=lambda pair: pair[1])
        left.remove(longest)
        if not batches or len(batches[-1]) == batch_size:
            batches.append([])
        batches[-1].append(longest[0])
    return batches


def _cut(order: list[int], size: int) -> list[list[int]]:
    return [order[start : start + size] for start in range(0, len(order), size)]


def _longest_first(lengths: list[int]) -> list[int]:
    return sorted(range(len(lengths)), key=lambda i: -lengths[i])


def _unsorted(lengths, batch_size):
    return _cut(list(range(len(lengths))), batch_size)


def _shortest_first(lengths, batch_size):
    return _cut(sorted(range(len(lengths)), key=lambda i: lengths[i]), batch_size)


def _lengths_not_positions(lengths, batch_size):
    return _cut(sorted(lengths, reverse=True), batch_size)


def _last_batch_lost(lengths, batch_size):
    return [b for b in _cut(_longest_first(lengths), batch_size) if len(b) == batch_size]


def _cut_then_sorted(lengths, batch_size):
    batches = _cut(list(range(len(lengths))), batch_size)
    return [sorted(batch, key=lambda i: -lengths[i]) for batch in batches]


def _equals_reversed(lengths, batch_size):
    return _cut(sorted(range(len(lengths)), key=lambda i: lengths[i])[::-1], batch_size)


def _ranks(lengths, batch_size):
    order = _longest_first(lengths)
    return _cut([order.index(i) for i in range(len(lengths))], batch_size)


def _so_many_batches(lengths, batch_size):
    order = _longest_first(lengths)
    return _cut(order, max(1, -(-len(order) // batch_size)))


def _one_list(lengths, batch_size):
    return _longest_first(lengths)


def _batches_by_argsort(lengths, batch_size):
    """An alternative with NumPy's stable argsort."""
    order = np.argsort(-np.array(lengths, dtype=np.int64), kind="stable")
    return [part.tolist() for part in np.split(order, range(batch_size, len(order), batch_size))][
        : len(lengths)
    ]


def _batches_by_pairs(lengths, batch_size):
    """An alternative: sort (minus length, position) pairs, then take from the front."""
    pairs, batches = sorted((-n, i) for i, n in enumerate(lengths)), []
    while pairs:
        batches.append([i for _, i in pairs[:batch_size]])
        pairs = pairs[batch_size:]
    return batches


BATCHES = Exercise(
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
        ),
        Mistake(
            "shortest-first",
            "The shortest texts come first. Put the longest first: if memory runs out it does so "
            "at once, and the time left is never underestimated.",
            _shortest_first,
        ),
        Mistake(
            "lengths-returned",
            "Your batches hold lengths. They must hold positions in `lengths`, else nobody knows "
            "which text a row belongs to.",
            _lengths_not_positions,
        ),
        Mistake(
            "last-batch-lost",
            "The texts of the last, incomplete batch are missing. Every position must stand in a "
            "batch, so the last one may be shorter.",
            _last_batch_lost,
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
        ),
        Mistake(
            "ranks-not-positions",
            "You return each text's rank by length. What is asked for is the other way round: "
            "which text stands at each rank.",
            _ranks,
        ),
        Mistake(
            "number-of-batches",
            "You make batch_size batches. batch_size is how many texts one batch holds.",
            _so_many_batches,
        ),
        Mistake(
            "one-flat-list",
            "You return one flat list of positions. Cut it into lists of batch_size.",
            _one_list,
        ),
    ],
    alternatives=[_batches_by_argsort, _batches_by_pairs],
    tolerance=EXACT,
)


def _order_cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    rows = torch.tensor([[10.0, 1.0], [20.0, 2.0], [30.0, 3.0], [40.0, 4.0]])
    yield Case(([[2, 0], [3, 1]], rows), "four rows in two batches")
    yield Case(([[1, 2], [0]], rows[:3]), "three rows in a circle")
    yield Case(([[3, 1, 2], [0]], rows), "the last batch is not full")
    yield Case(([[0, 1], [2, 3]], rows), "in order already")
    yield Case(([[3, 2, 1, 0]], rows), "one batch, backwards")
    yield Case(([[2], [0], [1]], rows[:3]), "batches of one")
    yield Case(([[0]], rows[:1]), "a single row")
    yield Case(([], rows[:0]), "no row")
    yield Case(([[4, 1], [3, 0], [2]], torch.arange(5) * 7), "one number a row")
    yield Case(([[1, 0], [3]], rows[:3]), "a batch names a row that is not there")
    yield Case(([[1, 0], [1]], rows[:3]), "a row that is named twice")
    yield Case(([[2, 0], [1]], rows), "more rows than the batches name")
    for turn in range(5 if hidden else 2):
        count, size = int(rng.integers(5, 18)), int(rng.integers(2, 6))
        order = rng.permutation(count).tolist()
        values = torch.from_numpy(rng.normal(size=(count, 3)))
        yield Case((_cut(order, size), values), f"random {turn}")
    deep = torch.from_numpy(rng.normal(size=(3, 7, 2))).transpose(0, 1).half()
    yield Case((_cut(rng.permutation(7).tolist(), 3), deep), "float16, not contiguous, three axes")


def _order_by_search(batches: list[list[int]], rows: Tensor) -> np.ndarray:
    """The oracle: look for every text among the batches."""
    values, order = rows.double().numpy(), []
    for batch in batches:
        order.extend(batch)
    if len(order) != len(values) or set(order) != set(range(len(values))):
        raise ValueError("the batches do not name every row once")
    if not order:
        return values
    return np.stack([values[order.index(text)] for text in range(len(values))])


def _flat(batches: list[list[int]], rows: Tensor) -> list[int]:
    order = [i for batch in batches for i in batch]
    if sorted(order) != list(range(len(rows))):
        raise ValueError("the batches do not name every row once")
    return order


def _not_restored(batches, rows):
    _flat(batches, rows)
    return rows


def _gathered(batches, rows):
    return rows[torch.tensor(_flat(batches, rows), dtype=torch.long)]


def _backwards(batches, rows):
    _flat(batches, rows)
    return rows.flip(0)


def _inside_batches(batches, rows):
    _flat(batches, rows)
    parts, start = [], 0
    for batch in batches:
        inner = sorted(range(len(batch)), key=batch.__getitem__)
        parts.append(rows[start : start + len(batch)][inner])
        start += len(batch)
    return torch.cat(parts) if parts else rows


def _counter_restarted(batches, rows):
    _flat(batches, rows)
    restored = torch.empty_like(rows)
    for batch in batches:
        restored[batch] = rows[: len(batch)]
    return restored


def _sorted_values(batches, rows):
    _flat(batches, rows)
    return rows.sort(dim=0).values


def _unchecked(batches, rows):
    order = [i for batch in batches for i in batch]
    places = sorted(range(len(order)), key=order.__getitem__)
    return rows[torch.tensor(places, dtype=torch.long)]


def _count_checked_only(batches, rows):
    order = [i for batch in batches for i in batch]
    if len(order) != len(rows):
        raise ValueError("not as many rows")
    places = sorted(range(len(order)), key=order.__getitem__)
    return rows[torch.tensor(places, dtype=torch.long)]


def _order_by_argsort(batches, rows):
    """An alternative: gather by the inverse permutation."""
    order = torch.tensor(_flat(batches, rows), dtype=torch.long)
    return rows[order.argsort()]


def _order_row_by_row(batches, rows):
    """An alternative: one row after the other, with a running number."""
    restored, number = [None] * len(rows), 0
    for batch in batches:
        for text in batch:
            if text not in range(len(rows)) or restored[text] is not None:
                raise ValueError(f"row {text} is named twice or is not there")
            restored[text] = rows[number]
            number += 1
    if any(row is None for row in restored):
        raise ValueError("a row is missing")
    return torch.stack(restored) if restored else rows


RESTORED = Exercise(
    "restore_order",
    "02",
    _order_cases,
    _order_by_search,
    mistakes=[
        Mistake(
            "not-restored",
            "The rows are still in the order of the batches: every vector now stands beside "
            "another text, and nothing crashes. Put row j at the position that the batches name.",
            _not_restored,
        ),
        Mistake(
            "gathered",
            "You permute once more in the same direction: `rows[order]` reads from the positions. "
            "Write to them: `restored[order] = rows`.",
            _gathered,
        ),
        Mistake(
            "reversed",
            "You turn the rows around. Only batches from shortest-first data would allow that; the "
            "positions in the batches say where each row belongs.",
            _backwards,
        ),
        Mistake(
            "inside-batches",
            "You restore the order inside each batch, but the batches themselves stay where they "
            "were. A position counts from the first text of all.",
            _inside_batches,
        ),
        Mistake(
            "counter-restarted",
            "Every batch takes its rows from the start of `rows`. Keep a running count: the second "
            "batch begins where the first ended.",
            _counter_restarted,
        ),
        Mistake(
            "values-sorted",
            "You sort the values, each column for itself, and tear the vectors apart. Move whole "
            "rows, by the positions in the batches.",
            _sorted_values,
        ),
        Mistake(
            "not-checked",
            "Batches that miss a row, or name one twice or one that is not there, must raise "
            "ValueError: silently misplaced vectors are found by nobody.",
            _unchecked,
        ),
        Mistake(
            "count-only",
            "You compare only how many rows there are. Two batches may name one row twice and "
            "leave another out: check that each position is there exactly once.",
            _count_checked_only,
        ),
    ],
    alternatives=[_order_by_argsort, _order_row_by_row],
    tolerance=EXACT,
)

EXERCISES = [BATCHES, RESTORED]
