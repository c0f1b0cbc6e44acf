"""Answers to `length_sorted_batches`, written from its card alone."""

from __future__ import annotations

import numpy as np
import torch


def right_negative_key(lengths: list[int], batch_size: int) -> list[list[int]]:
    """sorted with a negative key, which is stable; slices."""
    if batch_size < 1:
        raise ValueError("batch_size must be at least 1")
    order = sorted(range(len(lengths)), key=lambda i: -lengths[i])
    return [order[i : i + batch_size] for i in range(0, len(order), batch_size)]


def right_reverse(lengths: list[int], batch_size: int) -> list[list[int]]:
    """reverse=True keeps equal ones in order; a while loop cuts."""
    if batch_size <= 0:
        raise ValueError(f"batch_size {batch_size}")
    order = sorted(range(len(lengths)), key=lengths.__getitem__, reverse=True)
    batches = []
    while order:
        batches.append(order[:batch_size])
        order = order[batch_size:]
    return batches


def right_pairs(lengths: list[int], batch_size: int) -> list[list[int]]:
    """Tuples of (-length, position), filled one by one into the last batch."""
    if not batch_size >= 1:
        raise ValueError
    batches = []
    for _, position in sorted((-length, position) for position, length in enumerate(lengths)):
        if not batches or len(batches[-1]) == batch_size:
            batches.append([])
        batches[-1].append(position)
    return batches


def right_torch(lengths: list[int], batch_size: int) -> list[list[int]]:
    """A stable descending argsort, split, tolist."""
    if batch_size < 1:
        raise ValueError("batch_size below 1")
    if len(lengths) == 0:
        return []
    order = torch.argsort(torch.tensor(lengths), descending=True, stable=True)
    return [part.tolist() for part in order.split(batch_size)]


def right_buckets(lengths: list[int], batch_size: int) -> list[list[int]]:
    """A bucket for each length, from the longest down."""
    if batch_size < 1:
        raise ValueError("batch_size below 1")
    buckets: dict[int, list[int]] = {}
    for i, length in enumerate(lengths):
        buckets.setdefault(length, []).append(i)
    order = [i for length in sorted(buckets, reverse=True) for i in buckets[length]]
    count = (len(order) + batch_size - 1) // batch_size
    return [order[b * batch_size : (b + 1) * batch_size] for b in range(count)]


def right_selection(lengths: list[int], batch_size: int) -> list[list[int]]:
    """The lesson's own loop, a selection sort, with the cutting behind it."""
    if batch_size < 1:
        raise ValueError("batch_size below 1")
    left, order = list(range(len(lengths))), []
    while left:
        longest = max(left, key=lambda i: lengths[i])
        order.append(longest)
        left.remove(longest)
    return [order[i : i + batch_size] for i in range(0, len(order), batch_size)]


def wrong_shortest_first(lengths: list[int], batch_size: int) -> list[list[int]]:
    """Ascending: wrong for the docstring's example."""
    if batch_size < 1:
        raise ValueError("batch_size below 1")
    order = sorted(range(len(lengths)), key=lambda i: lengths[i])
    return [order[i : i + batch_size] for i in range(0, len(order), batch_size)]


def wrong_reversed_ties(lengths: list[int], batch_size: int) -> list[list[int]]:
    """Sorts ascending, then reverses: equal lengths in wrong order for [9, 9]."""
    if batch_size < 1:
        raise ValueError("batch_size below 1")
    order = sorted(range(len(lengths)), key=lambda i: lengths[i])[::-1]
    return [order[i : i + batch_size] for i in range(0, len(order), batch_size)]


def wrong_tuple_reverse(lengths: list[int], batch_size: int) -> list[list[int]]:
    """Sorts pairs in reverse, so the position, too, falls: wrong for [9, 9]."""
    if batch_size < 1:
        raise ValueError("batch_size below 1")
    pairs = sorted(((n, i) for i, n in enumerate(lengths)), reverse=True)
    order = [i for _, i in pairs]
    return [order[i : i + batch_size] for i in range(0, len(order), batch_size)]


def wrong_no_error(lengths: list[int], batch_size: int) -> list[list[int]]:
    """No check: batch_size -1 gives [] without an error."""
    order = sorted(range(len(lengths)), key=lambda i: -lengths[i])
    return [order[i : i + batch_size] for i in range(0, len(order), batch_size)]


def wrong_only_zero(lengths: list[int], batch_size: int) -> list[list[int]]:
    """Checks for 0 only: -2 passes."""
    if batch_size == 0:
        raise ValueError("batch_size is 0")
    order = sorted(range(len(lengths)), key=lambda i: -lengths[i])
    return [order[i : i + batch_size] for i in range(0, len(order), batch_size)]


def wrong_refuses_one(lengths: list[int], batch_size: int) -> list[list[int]]:
    """Raises for batch_size 1, which is allowed."""
    if batch_size <= 1:
        raise ValueError("batch_size too small")
    order = sorted(range(len(lengths)), key=lambda i: -lengths[i])
    return [order[i : i + batch_size] for i in range(0, len(order), batch_size)]


def wrong_assertion(lengths: list[int], batch_size: int) -> list[list[int]]:
    """AssertionError, not ValueError, for batch_size 0."""
    assert batch_size >= 1, "batch_size must be at least 1"
    order = sorted(range(len(lengths)), key=lambda i: -lengths[i])
    return [order[i : i + batch_size] for i in range(0, len(order), batch_size)]


def wrong_drops_rest(lengths: list[int], batch_size: int) -> list[list[int]]:
    """Whole batches only: the last, shorter one is lost, as for 5 texts in twos."""
    if batch_size < 1:
        raise ValueError("batch_size below 1")
    order = sorted(range(len(lengths)), key=lambda i: -lengths[i])
    return [order[b * batch_size : (b + 1) * batch_size] for b in range(len(order) // batch_size)]


def wrong_empty_last(lengths: list[int], batch_size: int) -> list[list[int]]:
    """n // batch_size + 1 batches: an empty one at the end for 4 texts in twos, and for []."""
    if batch_size < 1:
        raise ValueError("batch_size below 1")
    order = sorted(range(len(lengths)), key=lambda i: -lengths[i])
    batches = len(order) // batch_size + 1
    return [order[b * batch_size : (b + 1) * batch_size] for b in range(batches)]


def wrong_lengths_returned(lengths: list[int], batch_size: int) -> list[list[int]]:
    """The lengths, not their positions."""
    if batch_size < 1:
        raise ValueError("batch_size below 1")
    ordered = sorted(lengths, reverse=True)
    return [ordered[i : i + batch_size] for i in range(0, len(ordered), batch_size)]


def wrong_index_of_length(lengths: list[int], batch_size: int) -> list[list[int]]:
    """lengths.index finds the first of equals twice: [9, 9] gives [0, 0]."""
    if batch_size < 1:
        raise ValueError("batch_size below 1")
    order = [lengths.index(n) for n in sorted(lengths, reverse=True)]
    return [order[i : i + batch_size] for i in range(0, len(order), batch_size)]


def wrong_sorts_in_place(lengths: list[int], batch_size: int) -> list[list[int]]:
    """Right result, but the caller's lengths are sorted, and padding_share reads them next."""
    if batch_size < 1:
        raise ValueError("batch_size below 1")
    order = sorted(range(len(lengths)), key=lambda i: -lengths[i])
    lengths.sort(reverse=True)
    return [order[i : i + batch_size] for i in range(0, len(order), batch_size)]


def wrong_sorts_within(lengths: list[int], batch_size: int) -> list[list[int]]:
    """Cuts first and sorts inside a batch: batches are not of like length."""
    if batch_size < 1:
        raise ValueError("batch_size below 1")
    order = list(range(len(lengths)))
    cut = [order[i : i + batch_size] for i in range(0, len(order), batch_size)]
    return [sorted(batch, key=lambda i: -lengths[i]) for batch in cut]


def wrong_dictionary(lengths: list[int], batch_size: int) -> list[list[int]]:
    """A dict from length to position loses equal lengths: 4 of 5 positions in the example."""
    if batch_size < 1:
        raise ValueError("batch_size below 1")
    place = {n: i for i, n in enumerate(lengths)}
    order = [place[n] for n in sorted(place, reverse=True)]
    return [order[i : i + batch_size] for i in range(0, len(order), batch_size)]


def wrong_numpy_unstable(lengths: list[int], batch_size: int) -> list[list[int]]:
    """np.argsort reversed: equal lengths in wrong order."""
    if batch_size < 1:
        raise ValueError("batch_size below 1")
    order = np.argsort(np.asarray(lengths, dtype=int), kind="stable")[::-1].tolist()
    return [order[i : i + batch_size] for i in range(0, len(order), batch_size)]


def wrong_flat(lengths: list[int], batch_size: int) -> list[int]:
    """Returns the order uncut: the lesson iterates over ints."""
    if batch_size < 1:
        raise ValueError("batch_size below 1")
    return sorted(range(len(lengths)), key=lambda i: -lengths[i])


def wrong_returns_the_error(lengths: list[int], batch_size: int) -> list[list[int]]:
    """Returns the error instead of raising it, for batch_size 0."""
    if batch_size < 1:
        return ValueError("batch_size below 1")
    order = sorted(range(len(lengths)), key=lambda i: -lengths[i])
    return [order[i : i + batch_size] for i in range(0, len(order), batch_size)]


RIGHT = [
    right_negative_key,
    right_reverse,
    right_pairs,
    right_torch,
    right_buckets,
    right_selection,
]
WRONG = [
    wrong_shortest_first,
    wrong_reversed_ties,
    wrong_tuple_reverse,
    wrong_no_error,
    wrong_only_zero,
    wrong_refuses_one,
    wrong_assertion,
    wrong_drops_rest,
    wrong_empty_last,
    wrong_lengths_returned,
    wrong_index_of_length,
    wrong_sorts_in_place,
    wrong_sorts_within,
    wrong_dictionary,
    wrong_numpy_unstable,
    wrong_flat,
    wrong_returns_the_error,
]
