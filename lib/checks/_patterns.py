"""What a wrong result has in common with the right one, where no named mistake explains it.

A named mistake needs somebody who thought of it. A pattern needs nobody: it is a relation between the
learner's result and the expected one (transposed, a row is missing, NaN where a number belongs) that
holds on every case that goes wrong. So what it says is true whatever the learner wrote.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from lib.checks import values
from lib.checks.values import Tolerance

Pair = tuple[Any, Any]  # expected, got
Arrays = tuple[np.ndarray, np.ndarray]
FEW = 3  # numbers from which on a relation between two results is no accident


@dataclass(frozen=True)
class Pattern:
    """A relation that holds on all cases that go wrong, and what to tell the learner of it."""

    name: str
    message: str
    hidden: str = ""  # the message where no number may be told; empty if it holds none
    alone: bool = False  # what the values say by themselves would mislead


# What tells that something is wrong without telling what is right about the result.
WEAK = frozenset(
    [
        "empty",
        "not-empty",
        "not-one-number",
        "one-number",
        "axes-missing",
        "axes-too-many",
        "too-many-numbers",
        "too-few-numbers",
        "only-zeros",
        "one-row-for-all",
        "first-row-only",
    ]
)


def of_results(pairs: Sequence[Pair], tolerance: Tolerance) -> Pattern | None:
    """The first pattern that holds on all pairs (expected, got); None if there is none."""
    for find in (_structure, _shape, _numbers):
        found = find(pairs, tolerance)
        if found is not None:
            return found
    return None


def _every(pairs: Sequence, holds: Callable[..., bool], *more: Any) -> bool:
    try:
        return all(holds(*pair, *more) for pair in pairs)
    except Exception:  # a learner's own class may make anything of a comparison
        return False


# What kind of thing came back


def _structure(pairs: Sequence[Pair], tolerance: Tolerance) -> Pattern | None:
    for name, message, holds in _STRUCTURES:
        if _every(pairs, holds):
            return Pattern(name, message)
    if _every(pairs, lambda expected, got: _holds_no_numbers(got)):
        return Pattern(
            "no-numbers",
            "Your result lies on torch's device `meta`, which keeps shapes and no numbers.",
            alone=True,
        )
    if _every(pairs, _pair_for_tensor):
        return Pattern(
            "pair-returned",
            "You return a pair of values and indices, as `max`, `min`, `sort` and `topk` of torch give it. "
            "Take the one that is asked for by name: `.values` or `.indices`.",
        )
    for place in range(3):
        if _every(pairs, _one_of_several, place, tolerance):
            which = ("first", "second", "third")[place]
            return Pattern(
                "several-for-one",
                f"You return several results together; only the {which} of them is asked for (`max`, "
                "`sort` and `topk` of torch return values and indices as a pair: take one by name).",
            )
    return None


def _holds_no_numbers(got: Any) -> bool:
    return isinstance(got, torch.Tensor) and got.device.type == "meta"


def _pair_for_tensor(expected: Any, got: Any) -> bool:
    """Whether a pair of values and indices came where one tensor of that shape is asked for."""
    wanted = values.as_array(expected)
    if wanted is None or not isinstance(got, tuple) or type(got) is tuple or len(got) != 2:
        return False
    first = values.as_array(got[0])
    return first is not None and first.shape == wanted.shape


def _one_of_several(expected: Any, got: Any, place: int, tolerance: Tolerance) -> bool:
    several = isinstance(got, tuple) and place < len(got) <= 3
    return several and values.same(expected, got[place], tolerance)


def _dtype(value: Any) -> str:
    array = values.as_array(value)
    return "" if array is None else array.dtype.kind


_STRUCTURES: list[tuple[str, str, Callable[[Any, Any], bool]]] = [
    (
        "nothing-returned",
        "Your function returns nothing (None). Printing a result does not give it back: is there a "
        "`return`, and is it reached on every way through the function?",
        lambda expected, got: got is None or got is ...,
    ),
    (
        "generator",
        "Your function returns a generator (it says `yield`, or has round brackets around a "
        "comprehension). Collect the results in a list and return that.",
        lambda expected, got: inspect.isgenerator(got) or isinstance(got, map | filter | zip),
    ),
    (
        "complex-numbers",
        "Real numbers are asked for. Complex ones come from a root or a power of a negative number, or from "
        "a Fourier transform.",
        lambda expected, got: _dtype(got) == "c" and _dtype(expected) != "c",
    ),
    (
        "error-returned",
        "You return the error instead of raising it: write `raise` in place of `return`.",
        lambda expected, got: isinstance(got, BaseException),
    ),
    (
        "not-called",
        "You return a function or method itself: its call lacks the brackets.",
        lambda expected, got: (
            inspect.isroutine(got)
            or (isinstance(got, type) and issubclass(got, BaseException))
            or (callable(got) and values.as_array(got) is None)
        ),
    ),
]


# How many numbers came back, in what shape


def _shape(pairs: Sequence[Pair], tolerance: Tolerance) -> Pattern | None:
    for name, message, holds in _LISTS:
        if _every(pairs, holds, tolerance):
            return Pattern(name, message)
    arrays = _arrays(pairs)
    if arrays is None or any(left.shape == right.shape for left, right in arrays):
        return None
    for name, message, shaped in _SHAPES:
        if _every(arrays, shaped, tolerance):
            return Pattern(name, message)
    return None


def _arrays(pairs: Sequence[Pair]) -> list[Arrays] | None:
    found = []
    for expected, got in pairs:
        left, right = values.as_array(expected), values.as_array(got)
        if left is None or right is None or left.dtype.kind == "c" or right.dtype.kind == "c":
            return None
        found.append((left, right))
    return found


def _close(expected: np.ndarray, got: np.ndarray, tolerance: Tolerance) -> bool:
    return expected.shape == got.shape and values.same(expected, got, tolerance)


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
    return left is not None and right is not None and _close(left, right, tolerance)


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
    return 0 < width < wide.shape[1] and _close(expected[:, :width], got[:, :width], tolerance)


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
        lambda left, right, close: right.size == 0 and left.size > 0,
    ),
    (
        "not-empty",
        "An empty result is expected, and you return something.",
        lambda left, right, close: left.size == 0 and right.size > 0,
    ),
    (
        "empty-of-another-shape",
        "It is right that your result is empty, but an empty result has a shape, too, and the lesson "
        "goes on with it.",
        lambda left, right, close: left.size == 0 and right.size == 0,
    ),
    (
        "transposed",
        "The numbers are right, but rows and columns are exchanged. Compare the order of the axes with "
        "the one in the docstring.",
        lambda left, right, close: left.ndim == 2 and _close(left, right.T, close),
    ),
    (
        "axis-of-one",
        "The numbers are right, but the shape has an axis of size 1 too many or too few: look at "
        "`squeeze`, `[:, None]` and `keepdim`.",
        lambda left, right, close: _close(np.squeeze(left), np.squeeze(right), close),
    ),
    (
        "another-shape",
        "The numbers are right and in order, but the shape is another one than the docstring says.",
        _same_flat,
    ),
    (
        "mean-not-taken",
        "Your result is not a single number. What is asked for is the mean of what you return.",
        lambda left, right, close: (
            left.ndim == 0 and right.size > 0 and values.same(left, right.mean(), close)
        ),
    ),
    (
        "sum-not-taken",
        "Your result is not a single number. What is asked for is the sum of what you return.",
        lambda left, right, close: (
            left.ndim == 0 and right.size > 0 and values.same(left, right.sum(), close)
        ),
    ),
    (
        "columns-too-many",
        "The first columns are right, but there are more than there should be. Does the docstring limit "
        "their number?",
        lambda left, right, close: _columns(left, right, close, more=True),
    ),
    (
        "columns-missing",
        "The columns that you return are right, but some at the end are missing.",
        lambda left, right, close: _columns(left, right, close, more=False),
    ),
    (
        "not-one-number",
        "A single number is asked for; you return several. Is a mean or sum missing, or does it run over "
        "one axis only?",
        lambda left, right, close: left.ndim == 0 and right.size != 1,
    ),
    (
        "one-number",
        "You return a single number where several are asked for. Does a mean or sum run over all axes?",
        lambda left, right, close: right.ndim == 0 and left.size != 1,
    ),
    (
        "axes-missing",
        "Your result has fewer axes than it should: somewhere one is summed, indexed or squeezed away.",
        lambda left, right, close: right.ndim < left.ndim,
    ),
    (
        "axes-too-many",
        "Your result has more axes than it should. Were two tensors broadcast whose axes do not "
        "correspond, or does an index pick all pairs instead of one for each row?",
        lambda left, right, close: right.ndim > left.ndim,
    ),
    (
        "too-many-numbers",
        "Your result is larger than it should be along one of its axes.",
        lambda left, right, close: right.size > left.size,
    ),
    (
        "too-few-numbers",
        "Your result is smaller than it should be along one of its axes.",
        lambda left, right, close: right.size < left.size,
    ),
]


# How the numbers differ


def _numbers(pairs: Sequence[Pair], tolerance: Tolerance) -> Pattern | None:
    arrays = _arrays(pairs)
    if arrays is None or any(left.shape != right.shape for left, right in arrays):
        return None
    whole = all(left.dtype.kind in "iu" for left, _ in arrays)
    fractions = [
        right.dtype.kind == "f" and bool((right != np.round(right)).any()) for _, right in arrays
    ]
    if whole and all(fractions):
        return Pattern(
            "scores-for-ids",
            "Whole numbers (rows, ids, codes or counts) are asked for; you return numbers with decimals, "
            "such as scores.",
        )
    if whole and _every(arrays, _wrong_where, tolerance, -1):
        return Pattern(
            "fill-value",
            "All is right but places where -1 is expected, which stands for: there is nothing.",
        )
    doubles = [(left.astype(np.float64), right.astype(np.float64)) for left, right in arrays]
    many = sum(left.size for left, _ in doubles) >= FEW
    for name, message, holds in _VALUES:
        # Among whole numbers 0 is a row like any other.
        if name == "sign" and not many:
            continue
        if not (whole and name == "zero-rows") and _every(doubles, holds, tolerance):
            return Pattern(name, message)
    return _one_constant(doubles, tolerance, whole)


def _wrong(expected: np.ndarray, got: np.ndarray, tolerance: Tolerance) -> np.ndarray:
    return ~np.isclose(got, expected, atol=tolerance.atol, rtol=tolerance.rtol, equal_nan=True)


def _nan(expected: np.ndarray, got: np.ndarray, tolerance: Tolerance) -> bool:
    wrong = _wrong(expected, got, tolerance)
    return bool(np.isnan(got[wrong]).all() and not np.isnan(expected[wrong]).any())


def _infinite(expected: np.ndarray, got: np.ndarray, tolerance: Tolerance) -> bool:
    wrong = _wrong(expected, got, tolerance)
    lost = np.isinf(got[wrong]) | np.isnan(got[wrong])
    return bool(lost.all() and np.isinf(got[wrong]).any() and np.isfinite(expected[wrong]).all())


def _wrong_where(expected: np.ndarray, got: np.ndarray, tolerance: Tolerance, value: int) -> bool:
    """Whether all is right but places where this value is expected, and there are others."""
    wrong, there = _wrong(expected, got, tolerance), expected == value
    return bool(wrong.any() and there[wrong].all() and not there.all())


def _zero_rows(expected: np.ndarray, got: np.ndarray, tolerance: Tolerance) -> bool:
    if expected.ndim < 2:
        return False
    rows = _wrong(expected, got, tolerance).reshape(len(expected), -1).any(axis=1)
    return bool((expected[rows] == 0).all() and not rows.all())


def _same_rows(expected: np.ndarray, got: np.ndarray, tolerance: Tolerance) -> bool:
    if expected.ndim < 1 or len(expected) < 2:
        return False
    left, right = (x.reshape(len(x), -1) for x in (expected, got))
    order = [np.lexsort(np.round(x, 4).T) for x in (left, right)]
    return _close(left[order[0]], right[order[1]], tolerance)


def _same_in_rows(expected: np.ndarray, got: np.ndarray, tolerance: Tolerance) -> bool:
    if expected.ndim != 2 or expected.shape[1] < 2:
        return False
    return _close(np.sort(expected, axis=1), np.sort(got, axis=1), tolerance)


def _first_row_right(expected: np.ndarray, got: np.ndarray, tolerance: Tolerance) -> bool:
    if expected.ndim < 2 or len(expected) < 2:
        return False
    wrong = _wrong(expected, got, tolerance).reshape(len(expected), -1)
    return not wrong[0].any() and bool(wrong[1:].any(axis=1).all())


def _row_for_all(expected: np.ndarray, got: np.ndarray, tolerance: Tolerance) -> bool:
    return len(got) > 1 and got.ndim == 2 and bool((got == got[:1]).all())


_VALUES: list[tuple[str, str, Callable[[np.ndarray, np.ndarray, Tolerance], bool]]] = [
    (
        "nan",
        "You return NaN where a number is expected; all other numbers are right. NaN comes from 0 / 0, "
        "from infinity minus infinity, or from infinity times 0: which of these can happen there?",
        _nan,
    ),
    (
        "infinity",
        "You return infinity where a number is expected; all other numbers are right. Either `exp` "
        "overflows or `log` is taken of 0: `log_softmax`, `logsumexp` and `logsigmoid` avoid both.",
        _infinite,
    ),
    (
        "zero-rows",
        "All is right but rows for which zeros are expected. What does your function do with a row that "
        "has nothing to work with?",
        _zero_rows,
    ),
    (
        "sign",
        "Every number has the wrong sign.",
        lambda left, right, close: left.size > 0 and _close(left, -right, close),
    ),
    (
        "rows-in-another-order",
        "The right rows or items are all there, in another order than expected.",
        _same_rows,
    ),
    (
        "order-within-rows",
        "Each row holds the right numbers, in another order than expected.",
        _same_in_rows,
    ),
    (
        "only-zeros",
        "Your result holds nothing but zeros.",
        lambda left, right, close: right.size > 1 and not right.any() and bool(left.any()),
    ),
    (
        "one-row-for-all",
        "All rows of your result are the same. Each has its own inputs.",
        _row_for_all,
    ),
    (
        "first-row-only",
        "The first row is right in every case that goes wrong, and all others are wrong. Is something of "
        "the first row used for them, too?",
        _first_row_right,
    ),
]


def _one_constant(arrays: list[Arrays], tolerance: Tolerance, whole: bool) -> Pattern | None:
    """A factor, an offset, a limit or a rounding that is the same in all cases that go wrong."""
    left = np.concatenate([a.ravel() for a, _ in arrays])
    right = np.concatenate([b.ravel() for _, b in arrays])
    if len(np.unique(left)) < FEW or not (np.isfinite(left).all() and np.isfinite(right).all()):
        return None
    if whole:
        step = float((right - left)[0])
        if step and bool((right - left == step).all()):
            return Pattern(
                "offset",
                f"Every number is {abs(step):.0f} too {'large' if step > 0 else 'small'}.",
                f"Every number is too {'large' if step > 0 else 'small'}, by the same amount.",
            )
        return None
    for decimals in range(4):
        if _close(np.round(left, decimals), right, Tolerance(1e-7, 1e-7)):
            return Pattern(
                "rounded",
                "Your numbers are the expected ones, rounded. Round when you print, not when you return.",
            )
    place = int(np.argmax(np.abs(left)))
    if left[place] and right[place]:
        factor = float(right[place] / left[place])
        loose = Tolerance(max(tolerance.atol, 1e-6), max(tolerance.rtol, 1e-5))
        if _close(factor * left, right, loose):
            return Pattern(
                "factor",
                _by_a_factor(factor),
                "Every number is the expected one times the same factor.",
            )
    if _cut_off(left, right, _wrong(left, right, tolerance)):
        return Pattern(
            "cut-off",
            "Your numbers are right up to a limit and stop there, where the expected ones go on: a clamp, "
            "or a small number added inside a logarithm, cuts them off.",
        )
    return None


def _cut_off(expected: np.ndarray, got: np.ndarray, wrong: np.ndarray) -> bool:
    """Whether all wrong numbers are one limit, beyond which the expected ones and no right ones go."""
    limit, beyond, within = float(got[wrong][0]), expected[wrong], got[~wrong]
    if wrong.sum() < 2 or within.size == 0 or not np.isclose(got[wrong], limit, rtol=1e-3).all():
        return False
    if np.ptp(beyond) <= 0.1 * np.abs(beyond).max():  # one number that is another one everywhere
        return False
    above = (beyond > limit).all() and within.max() <= limit
    below = (beyond < limit).all() and within.min() >= limit
    return bool(above or below)


_FACTORS = {
    math.log(2): "ln 2: the logarithm is of another base",
    1 / math.log(2): "1 / ln 2: the logarithm is of base 2, not of base e",
    0.5: "a half",
    2.0: "twice as much",
}


def _by_a_factor(factor: float) -> str:
    meaning = next((text for known, text in _FACTORS.items() if abs(known - factor) < 1e-4), "")
    text = f"Every number is the expected one times {factor:.4g}"
    return f"{text} ({meaning})." if meaning else f"{text}. Where could that factor come from?"
