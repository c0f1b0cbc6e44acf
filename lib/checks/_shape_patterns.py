"""Patterns of how many numbers came back, and in what shape: transposed, a row too few, an axis too many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from lib.checks import values
from lib.checks._pattern import Pair, Pattern, as_arrays, close, every
from lib.checks.values import Tolerance


def find(pairs: Sequence[Pair], tolerance: Tolerance) -> Pattern | None:
    for name, message, holds in _LISTS:
        if every(pairs, holds, tolerance):
            return Pattern(name, message)
    arrays = as_arrays(pairs)
    if arrays is None or any(left.shape == right.shape for left, right in arrays):
        return None
    for name, message, shaped in _SHAPES:
        if every(arrays, shaped, tolerance):
            return Pattern(name, message)
    return None


def _rows(value: Any) -> list | None:
    """The rows of a result: items of a list, or an array's along its first axis."""
    if isinstance(value, list | tuple):
        return list(value)
    array = values.as_array(value)
    return list(array) if array is not None and array.ndim > 0 else None


def _subsequence(rows: list, of: list, tolerance: Tolerance) -> bool:
    rest = iter(of)
    return all(any(values.same(one, row, tolerance) for one in rest) for row in rows)


def _only_first(expected: Any, got: Any, tolerance: Tolerance) -> bool:
    wanted, have = _rows(expected), _rows(got)
    if wanted is None or len(wanted) < 2 or _size(wanted[0]) == 0:
        return False
    single = have is not None and len(have) == 1 and values.same(wanted[0], have[0], tolerance)
    return single or values.same(wanted[0], got, tolerance)


def _missing(expected: Any, got: Any, tolerance: Tolerance) -> bool:
    wanted, have = _rows(expected), _rows(got)
    if wanted is None or have is None or not 0 < len(have) < len(wanted):
        return False
    return _subsequence(have, wanted, tolerance)


def _too_many(expected: Any, got: Any, tolerance: Tolerance) -> bool:
    wanted, have = _rows(expected), _rows(got)
    if wanted is None or have is None or not 0 < len(wanted) < len(have):
        return False
    return _subsequence(wanted, have, tolerance)


def _same_flat(expected: Any, got: Any, tolerance: Tolerance) -> bool:
    left, right = _flat(expected), _flat(got)
    return left is not None and right is not None and close(left, right, tolerance)


def _flat(value: Any) -> np.ndarray | None:
    array = values.as_array(value)
    if array is not None:
        return array.ravel()
    if not isinstance(value, list | tuple):
        return None
    parts = [_flat(item) for item in value]
    known = [part for part in parts if part is not None]
    return np.concatenate(known) if known and len(known) == len(parts) else None


def _size(value: Any) -> int:
    flat = _flat(value)
    return 0 if flat is None else flat.size


def _columns(expected: np.ndarray, got: np.ndarray, tolerance: Tolerance, more: bool) -> bool:
    if expected.ndim != 2 or got.ndim != 2 or len(expected) != len(got):
        return False
    wide, narrow = (got, expected) if more else (expected, got)
    width = narrow.shape[1]
    return 0 < width < wide.shape[1] and close(expected[:, :width], got[:, :width], tolerance)


_LISTS: list[tuple[str, str, Callable[[Any, Any, Tolerance], bool]]] = [
    (
        "first-row-alone",
        "Only the result for the first row comes back; one for each is asked for. Does a `return` stand "
        "inside the loop, or is an index of 0 left in?",
        _only_first,
    ),
    (
        "rows-missing",
        "What you return is right, but some of the expected rows or items are missing. Which inputs do "
        "they belong to, and what leaves these out?",
        _missing,
    ),
    (
        "rows-too-many",
        "All that is expected is there, in order, but there is more: some rows or items do not belong.",
        _too_many,
    ),
]

_SHAPES: list[tuple[str, str, Callable[[np.ndarray, np.ndarray, Tolerance], bool]]] = [
    (
        "empty",
        "Your result is empty, and something is expected.",
        lambda left, right, within: right.size == 0 and left.size > 0,
    ),
    (
        "not-empty",
        "An empty result is expected, and you return something.",
        lambda left, right, within: left.size == 0 and right.size > 0,
    ),
    (
        "empty-of-another-shape",
        "It is right that your result is empty, but an empty result has a shape, too, and the lesson "
        "goes on with it.",
        lambda left, right, within: left.size == 0 and right.size == 0,
    ),
    (
        "transposed",
        "The numbers are right, but rows and columns are exchanged. Compare the order of the axes with "
        "the one in the docstring.",
        lambda left, right, within: left.ndim == 2 and close(left, right.T, within),
    ),
    (
        "axis-of-one",
        "The numbers are right, but the shape has an axis of size 1 too many or too few: look at "
        "`squeeze`, `[:, None]` and `keepdim`.",
        lambda left, right, within: close(np.squeeze(left), np.squeeze(right), within),
    ),
    (
        "another-shape",
        "The numbers are right and in order, but the shape is another one than the docstring says.",
        _same_flat,
    ),
    (
        "mean-not-taken",
        "Your result is not a single number. What is asked for is the mean of what you return.",
        lambda left, right, within: (
            left.ndim == 0 and right.size > 0 and values.same(left, right.mean(), within)
        ),
    ),
    (
        "sum-not-taken",
        "Your result is not a single number. What is asked for is the sum of what you return.",
        lambda left, right, within: (
            left.ndim == 0 and right.size > 0 and values.same(left, right.sum(), within)
        ),
    ),
    (
        "columns-too-many",
        "The first columns are right, but there are more than there should be. Does the docstring limit "
        "their number?",
        lambda left, right, within: _columns(left, right, within, more=True),
    ),
    (
        "columns-missing",
        "The columns that you return are right, but some at the end are missing.",
        lambda left, right, within: _columns(left, right, within, more=False),
    ),
    (
        "not-one-number",
        "A single number is asked for; you return several. Is a mean or sum missing, or does it run over "
        "one axis only?",
        lambda left, right, within: left.ndim == 0 and right.size != 1,
    ),
    (
        "one-number",
        "You return a single number where several are asked for. Does a mean or sum run over all axes?",
        lambda left, right, within: right.ndim == 0 and left.size != 1,
    ),
    (
        "axes-missing",
        "Your result has fewer axes than it should: somewhere one is summed, indexed or squeezed away.",
        lambda left, right, within: right.ndim < left.ndim,
    ),
    (
        "axes-too-many",
        "Your result has more axes than it should. Were two tensors broadcast whose axes do not "
        "correspond, or does an index pick all pairs instead of one for each row?",
        lambda left, right, within: right.ndim > left.ndim,
    ),
    (
        "too-many-numbers",
        "Your result is larger than it should be along one of its axes.",
        lambda left, right, within: right.size > left.size,
    ),
    (
        "too-few-numbers",
        "Your result is smaller than it should be along one of its axes.",
        lambda left, right, within: right.size < left.size,
    ),
]
