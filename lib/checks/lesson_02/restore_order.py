"""Lesson 02, encoding a corpus: the vectors put back in the order of the texts."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from lib.checks.exercise import Case, Exercise, Mistake
from lib.checks.lesson_02._batches import cut
from lib.checks.values import EXACT


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
    yield Case(([[1, 0], [1]], rows[:2]), "every row named, one of them twice")
    yield Case(([[1, 1], [1]], rows[:3]), "one row named three times; the numbers add up")
    yield Case(([[0], [-1]], rows[:2]), "a row of a negative number")
    for turn in range(5 if hidden else 2):
        count, size = int(rng.integers(5, 18)), int(rng.integers(2, 6))
        order = rng.permutation(count).tolist()
        values = torch.from_numpy(rng.normal(size=(count, 3)))
        yield Case((cut(order, size), values), f"random {turn}")
    deep = torch.from_numpy(rng.normal(size=(3, 7, 2))).transpose(0, 1).half()
    yield Case((cut(rng.permutation(7).tolist(), 3), deep), "rows that are tables of their own")


def _order_by_search(batches: list[list[int]], rows: Tensor) -> np.ndarray:
    """The oracle: look for every text among the batches."""
    values, order = rows.numpy(), []
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


EXERCISE = Exercise(
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
            hint=2,
        ),
        Mistake(
            "gathered",
            "You permute once more in the same direction: `rows[order]` reads from the positions. "
            "Write to them: `restored[order] = rows`.",
            _gathered,
            hint=1,
        ),
        Mistake(
            "reversed",
            "You turn the rows around. Only batches from shortest-first data would allow that; the "
            "positions in the batches say where each row belongs.",
            _backwards,
            hint=2,
        ),
        Mistake(
            "inside-batches",
            "You restore the order inside each batch, but the batches themselves stay where they "
            "were. A position counts from the first text of all.",
            _inside_batches,
            hint=2,
        ),
        Mistake(
            "counter-restarted",
            "Every batch takes its rows from the start of `rows`. Keep a running count: the second "
            "batch begins where the first ended.",
            _counter_restarted,
            hint=2,
        ),
        Mistake(
            "values-sorted",
            "You sort the values, each column for itself, and tear the vectors apart. Move whole "
            "rows, by the positions in the batches.",
            _sorted_values,
            hint=2,
        ),
        Mistake(
            "not-checked",
            "Batches that miss a row, or name one twice or one that is not there, must raise "
            "ValueError: silently misplaced vectors are found by nobody.",
            _unchecked,
            hint=3,
        ),
        Mistake(
            "count-only",
            "You compare only how many rows there are. Two batches may name one row twice and "
            "leave another out: check that each position is there exactly once.",
            _count_checked_only,
            hint=3,
        ),
    ],
    tolerance=EXACT,
    returns="tensor",
)
