"""Answers to `restore_order`, written from its card alone."""

from __future__ import annotations

from itertools import chain

import torch


def right_index_put(batches: list[list[int]], rows: torch.Tensor) -> torch.Tensor:
    """Compares the sorted positions with 0 ... n-1, then writes by index."""
    order = [position for batch in batches for position in batch]
    if sorted(order) != list(range(len(rows))):
        raise ValueError("the batches must name each position once")
    restored = torch.empty_like(rows)
    restored[torch.tensor(order, dtype=torch.long, device=rows.device)] = rows
    return restored


def right_argsort(batches: list[list[int]], rows: torch.Tensor) -> torch.Tensor:
    """The inverse permutation by argsort, read by index; the check by bincount-like set."""
    order = torch.tensor(sum(batches, []), dtype=torch.long)
    n = rows.shape[0]
    if len(order) != n or set(order.tolist()) != set(range(n)):
        raise ValueError("not a permutation")
    return rows[order.argsort().to(rows.device)]


def right_loop(batches: list[list[int]], rows: torch.Tensor) -> torch.Tensor:
    """The lesson's loop, with a set of what was seen."""
    restored, seen, number = torch.zeros_like(rows), set(), 0
    for batch in batches:
        for position in batch:
            if position < 0 or position >= len(rows) or position in seen:
                raise ValueError(f"position {position}")
            seen.add(position)
            restored[position] = rows[number]
            number += 1
    if number != len(rows):
        raise ValueError("a position is missing")
    return restored


def right_dictionary(batches: list[list[int]], rows: torch.Tensor) -> torch.Tensor:
    """A dict from position to row number, index_select."""
    order = list(chain.from_iterable(batches))
    where = {position: j for j, position in enumerate(order)}
    if len(where) != len(order) or len(order) != len(rows):
        raise ValueError("positions named twice, or too few")
    try:
        source = [where[i] for i in range(len(rows))]
    except KeyError as missing:
        raise ValueError(f"position {missing} is missing") from None
    return rows.index_select(0, torch.tensor(source, dtype=torch.long, device=rows.device))


def right_sorted_pairs(batches: list[list[int]], rows: torch.Tensor) -> torch.Tensor:
    """Sorts the row numbers by position; a Python check with all()."""
    order = []
    for batch in batches:
        order.extend(batch)
    n = rows.size(0)
    if not (len(order) == n and all(i in order for i in range(n))):
        raise ValueError("each position exactly once")
    source = sorted(range(n), key=lambda j: order[j])
    return rows[torch.tensor(source, dtype=torch.int64, device=rows.device)]


def wrong_reads_by_order(batches: list[list[int]], rows: torch.Tensor) -> torch.Tensor:
    """rows[order] applies the sorting again: wrong for [[2, 0], [1]], right for swaps."""
    order = [position for batch in batches for position in batch]
    if sorted(order) != list(range(len(rows))):
        raise ValueError("the batches must name each position once")
    return rows[torch.tensor(order, dtype=torch.long)]


def wrong_no_check(batches: list[list[int]], rows: torch.Tensor) -> torch.Tensor:
    """No ValueError: [[0, 0]] leaves a row of nothing."""
    order = [position for batch in batches for position in batch]
    restored = torch.zeros_like(rows)
    restored[torch.tensor(order, dtype=torch.long)] = rows
    return restored


def wrong_checks_length_only(batches: list[list[int]], rows: torch.Tensor) -> torch.Tensor:
    """Only the number of positions is checked: [[0, 0], [2]] passes."""
    order = [position for batch in batches for position in batch]
    if len(order) != len(rows):
        raise ValueError("length")
    return rows[torch.tensor(order, dtype=torch.long).argsort()]


def wrong_checks_duplicates_only(batches: list[list[int]], rows: torch.Tensor) -> torch.Tensor:
    """Duplicates and length only: [[0, 1], [3]] for 3 rows passes."""
    order = [position for batch in batches for position in batch]
    if len(set(order)) != len(rows) or len(order) != len(rows):
        raise ValueError("each position once")
    return rows[torch.tensor(order, dtype=torch.long).argsort()]


def wrong_checks_set_only(batches: list[list[int]], rows: torch.Tensor) -> torch.Tensor:
    """The set only: [[0, 1], [1]] for 2 rows raises no ValueError."""
    order = [position for batch in batches for position in batch]
    if set(order) != set(range(len(rows))):
        raise ValueError("a position is missing")
    return rows[torch.tensor(order, dtype=torch.long).argsort()]


def wrong_checks_against_order(batches: list[list[int]], rows: torch.Tensor) -> torch.Tensor:
    """n from the batches, not from rows: [[1, 0]] with 3 rows returns 2 rows."""
    order = [position for batch in batches for position in batch]
    if sorted(order) != list(range(len(order))):
        raise ValueError("each position once")
    return rows[torch.tensor(order, dtype=torch.long).argsort()]


def wrong_sum_check(batches: list[list[int]], rows: torch.Tensor) -> torch.Tensor:
    """Checks length and sum: [[1, 1], [1]] for 3 rows passes."""
    order = [position for batch in batches for position in batch]
    n = len(rows)
    if len(order) != n or sum(order) != n * (n - 1) // 2:
        raise ValueError("each position once")
    return rows[torch.tensor(order, dtype=torch.long).argsort()]


def wrong_assertion(batches: list[list[int]], rows: torch.Tensor) -> torch.Tensor:
    """AssertionError, not ValueError, for [[0, 0]]."""
    order = [position for batch in batches for position in batch]
    assert sorted(order) == list(range(len(rows)))
    return rows[torch.tensor(order, dtype=torch.long).argsort()]


def wrong_index_error(batches: list[list[int]], rows: torch.Tensor) -> torch.Tensor:
    """IndexError for a position that is too large, [[0, 5]] with 2 rows; a negative one wraps."""
    order = [position for batch in batches for position in batch]
    if len(order) != len(rows) or len(set(order)) != len(order):
        raise ValueError("each position once")
    restored = torch.zeros_like(rows)
    for j, position in enumerate(order):
        restored[position] = rows[j]
    return restored


def wrong_within_batches(batches: list[list[int]], rows: torch.Tensor) -> torch.Tensor:
    """Sorts inside each batch only: right for one batch."""
    order = [position for batch in batches for position in batch]
    if sorted(order) != list(range(len(rows))):
        raise ValueError("each position once")
    parts = rows.split([len(batch) for batch in batches])
    return torch.cat([part[torch.tensor(b).argsort()] for b, part in zip(batches, parts)])


def wrong_in_place(batches: list[list[int]], rows: torch.Tensor) -> torch.Tensor:
    """Writes into rows while it reads them: wrong for [[2, 0], [1]], and changes the caller's."""
    order = [position for batch in batches for position in batch]
    if sorted(order) != list(range(len(rows))):
        raise ValueError("each position once")
    for j, position in enumerate(order):
        rows[position] = rows[j]
    return rows


def wrong_writes_back(batches: list[list[int]], rows: torch.Tensor) -> torch.Tensor:
    """Right result, but the caller's rows are overwritten with it."""
    order = [position for batch in batches for position in batch]
    if sorted(order) != list(range(len(rows))):
        raise ValueError("each position once")
    rows[torch.tensor(order, dtype=torch.long)] = rows.clone()
    return rows


def wrong_flattens_batches(batches: list[list[int]], rows: torch.Tensor) -> torch.Tensor:
    """torch.tensor(batches) fails for a shorter last batch, as in the example."""
    order = torch.tensor(batches).flatten()
    if sorted(order.tolist()) != list(range(len(rows))):
        raise ValueError("each position once")
    return rows[order.argsort()]


def wrong_list(batches: list[list[int]], rows: torch.Tensor) -> list:
    """A list of rows: the lesson takes .shape of it."""
    order = [position for batch in batches for position in batch]
    if sorted(order) != list(range(len(rows))):
        raise ValueError("each position once")
    restored = [None] * len(rows)
    for j, position in enumerate(order):
        restored[position] = rows[j].tolist()
    return restored


def wrong_only_two_axes(batches: list[list[int]], rows: torch.Tensor) -> torch.Tensor:
    """rows must be (n, dim): fails for the example's (3,)."""
    order = [position for batch in batches for position in batch]
    if sorted(order) != list(range(len(rows))):
        raise ValueError("each position once")
    restored = torch.zeros(len(rows), rows.shape[1])
    for j, position in enumerate(order):
        restored[position, :] = rows[j, :]
    return restored


def wrong_float_zeros(batches: list[list[int]], rows: torch.Tensor) -> torch.Tensor:
    """torch.zeros is float32: whole numbers as in the example come back as 10.0, 20.0, 30.0."""
    order = [position for batch in batches for position in batch]
    if sorted(order) != list(range(len(rows))):
        raise ValueError("each position once")
    restored = torch.zeros(rows.shape)
    for j, position in enumerate(order):
        restored[position] = rows[j].float()
    return restored


def wrong_pops_batches(batches: list[list[int]], rows: torch.Tensor) -> torch.Tensor:
    """Right result, but empties the caller's batches with pop."""
    order = []
    while batches:
        order += batches.pop(0)
    if sorted(order) != list(range(len(rows))):
        raise ValueError("each position once")
    return rows[torch.tensor(order, dtype=torch.long).argsort()]


RIGHT = [right_index_put, right_argsort, right_loop, right_dictionary, right_sorted_pairs]
WRONG = [
    wrong_reads_by_order,
    wrong_no_check,
    wrong_checks_length_only,
    wrong_checks_duplicates_only,
    wrong_checks_set_only,
    wrong_checks_against_order,
    wrong_sum_check,
    wrong_assertion,
    wrong_index_error,
    wrong_within_batches,
    wrong_in_place,
    wrong_writes_back,
    wrong_flattens_batches,
    wrong_list,
    wrong_only_two_axes,
    wrong_float_zeros,
    wrong_pops_batches,
]
