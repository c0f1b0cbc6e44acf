"""Plain values: making them comparable, comparing them, and describing a difference in words.

A check sees only what a learner's function returned: numbers, strings, arrays, tensors, lists and
dicts of these. Two values are the same if they have the same structure and shape and their
numbers are close; whether numbers came as a list, an array or a tensor does not matter.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch


@dataclass(frozen=True)
class Tolerance:
    """How close two numbers must be: |got - expected| <= atol + rtol * |expected|."""

    atol: float = 1e-5
    rtol: float = 1e-5


DEFAULT = Tolerance()
EXACT = Tolerance(0.0, 0.0)
_DIGITS = (
    4,
    6,
    8,
    10,
    12,
    15,
)  # decimals that a message shows: more where two values look the same


def copy_value(value: Any) -> Any:
    """A deep copy of a plain value, so that a function that changes its arguments changes a copy.

    Tensors keep their strides (a non-contiguous case stays non-contiguous).
    """
    if isinstance(value, torch.Tensor):
        # clone() keeps non-overlapping strides; a view with gaps or overlaps becomes contiguous
        return value.detach().clone(memory_format=torch.preserve_format)
    if isinstance(value, np.ndarray):
        return value.copy(order="K")
    if isinstance(value, Mapping):
        return {key: copy_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return type(value)(copy_value(item) for item in value)
    return value


def in_single(value: Any) -> Any:
    """The value with every floating-point tensor in float32; strides stay as they are."""
    return in_dtype(value, torch.float32)


def in_dtype(value: Any, dtype: torch.dtype) -> Any:
    """The value with every floating-point tensor in a dtype; strides stay as they are."""
    return _each_tensor(value, lambda x: x.to(dtype, memory_format=torch.preserve_format))


def float_dtypes(value: Any) -> set[torch.dtype]:
    """The dtypes of the floating-point tensors that a value is or holds."""
    if isinstance(value, torch.Tensor):
        return {value.dtype} if value.is_floating_point() else set()
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return {dtype for item in value for dtype in float_dtypes(item)}
    return set()


def rounded_to_single(value: Any) -> Any:
    """The value with the numbers of every floating-point tensor rounded to float32, in its own dtype."""
    return _each_tensor(
        value,
        lambda x: x.to(torch.float32, memory_format=torch.preserve_format).to(
            x.dtype, memory_format=torch.preserve_format
        ),
    )


def _each_tensor(value: Any, change: Callable[[torch.Tensor], torch.Tensor]) -> Any:
    if isinstance(value, torch.Tensor):
        return change(value) if value.is_floating_point() else value
    if isinstance(value, Mapping):
        return {key: _each_tensor(item, change) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_each_tensor(item, change) for item in value)
    return value


def untouched(before: Any, after: Any) -> bool:
    """Whether a value is still the same: structure, kind, numbers bit for bit, and gradients asked for."""
    if type(before) is not type(after):
        return False
    if isinstance(before, torch.Tensor):
        alike = before.shape == after.shape and before.dtype == after.dtype
        alike = alike and before.requires_grad == after.requires_grad
        return alike and _same_bits(before.detach(), after.detach())
    if isinstance(before, np.ndarray):
        return before.shape == after.shape and np.array_equal(before, after, equal_nan=True)
    if isinstance(before, Mapping):
        return list(before) == list(after) and all(untouched(before[k], after[k]) for k in before)
    if isinstance(before, list | tuple):
        return len(before) == len(after) and all(map(untouched, before, after))
    return before == after or before != before


def _same_bits(a: torch.Tensor, b: torch.Tensor) -> bool:
    if a.is_floating_point():
        return bool(((a == b) | (a.isnan() & b.isnan())).all())
    return torch.equal(a, b)


def in_lists(value: Any) -> Any:
    """The value with every tensor, array and number of NumPy as nested lists and plain numbers."""
    if isinstance(value, torch.Tensor | np.ndarray | np.generic):
        array = as_array(value)
        return value if array is None or array.dtype.kind == "c" else array.tolist()
    if isinstance(value, Mapping):
        return {key: in_lists(item) for key, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(in_lists(item) for item in value)
    return value


def with_article(kind_of: str) -> str:
    """A kind with its article: `an array of shape (2,)`, `a tensor with one number`."""
    return f"an {kind_of}" if kind_of[:1].lower() in "aeiou" else f"a {kind_of}"


def as_array(value: Any) -> np.ndarray | None:
    """The value as a NumPy array if it is one number, an array, a tensor or a regular nest of numbers."""
    if isinstance(value, torch.Tensor):
        if value.layout != torch.strided or value.device.type == "meta" or value.is_quantized:
            return None
        value = value.detach().cpu().resolve_conj().resolve_neg()
        small = value.is_floating_point() and value.element_size() <= 2
        return (value.float() if small else value).numpy()
    if isinstance(value, np.ndarray | np.generic):
        array = np.asarray(value)
        return array if array.dtype.kind in "biufc" else None
    if isinstance(value, bool | int | float):
        array = np.asarray(value)
        return array if array.dtype.kind in "biuf" else None  # an integer beyond 64 bits
    if isinstance(value, list | tuple):
        try:
            array = np.asarray([as_array(item) for item in value]) if value else np.empty(0)
        except (ValueError, TypeError, RecursionError):  # ragged, not numbers, or holds itself
            return None
        return array if array.dtype.kind in "biufc" else None
    return None


def same(expected: Any, got: Any, tolerance: Tolerance = DEFAULT) -> bool:
    """Whether `got` is `expected`, up to the tolerance; NaN equals NaN."""
    if isinstance(expected, str) or isinstance(got, str) or expected is None or got is None:
        return type(expected) is type(got) and expected == got
    if isinstance(expected, Mapping) or isinstance(got, Mapping):
        return (
            isinstance(expected, Mapping)
            and isinstance(got, Mapping)
            and expected.keys() == got.keys()
            and all(same(expected[key], got[key], tolerance) for key in expected)
        )
    if isinstance(expected, set | frozenset):
        return isinstance(got, set | frozenset) and expected == got
    left, right = as_array(expected), as_array(got)
    if left is not None and right is not None:
        if left.shape != right.shape:
            return False
        with np.errstate(invalid="ignore", over="ignore"):
            close = np.isclose(
                right.astype(np.complex128 if right.dtype.kind == "c" else np.float64),
                left.astype(np.complex128 if left.dtype.kind == "c" else np.float64),
                atol=tolerance.atol,
                rtol=tolerance.rtol,
                equal_nan=True,
            )
        return bool(close.all())
    if isinstance(expected, Sequence) and isinstance(got, Sequence):
        return len(expected) == len(got) and all(
            same(a, b, tolerance) for a, b in zip(expected, got, strict=True)
        )
    # What is left of plain values are integers beyond 64 bits.
    return type(expected) is type(got) is int and expected == got


def other_numbers(expected: Any, got: Any) -> str | None:
    """A sentence where the numbers are the same and of another kind than expected; else None.

    Whole numbers are rows, ids or counts, which floats cannot stand for; truth values are masks, which
    numbers cannot.
    """
    left, right = as_array(expected), as_array(got)
    if left is None or right is None:
        if isinstance(expected, Sequence) and isinstance(got, Sequence):
            if isinstance(expected, str) or len(expected) != len(got):
                return None
            found = (other_numbers(a, b) for a, b in zip(expected, got))
            return next((text for text in found if text is not None), None)
        return None
    if left.size == 0 or left.dtype.kind == right.dtype.kind:
        return None
    given = str(getattr(got, "dtype", right.dtype)).removeprefix("torch.")
    if left.dtype.kind in "iu" and right.dtype.kind in "fcb":
        return (
            f"The same numbers, as {given}; whole numbers (such as int64) are expected: they are rows, "
            "ids or counts."
        )
    if left.dtype.kind == "b":
        return f"The same values, as {given}; truth values (bool) are expected."
    return None


def size(value: Any) -> int:
    """How many numbers or characters a value holds: the smallest failing case is shown."""
    if isinstance(value, torch.Tensor):
        return value.numel()
    if isinstance(value, np.ndarray):
        return int(value.size)
    if isinstance(value, Mapping):
        return sum(size(item) for item in value.values()) + len(value)
    if isinstance(value, list | tuple | set | frozenset):
        return sum(size(item) for item in value) + 1
    return len(value) if isinstance(value, str) else 1


def kind(value: Any) -> str:
    """The kind of a value in a learner's words: `tensor (2, 3)`, `list of 4`, `number`."""
    if isinstance(value, torch.Tensor):
        return f"tensor of shape {tuple(value.shape)}" if value.dim() else "tensor with one number"
    if isinstance(value, np.ndarray):
        return f"array of shape {value.shape}"
    if isinstance(value, bool):
        return "truth value"
    if isinstance(value, int) and as_array(value) is None:
        return "number of more than 64 bits"
    if isinstance(value, int | float | np.generic):
        return "number"
    if isinstance(value, list | tuple | set | dict):
        return f"{type(value).__name__} of {len(value)}"
    return type(value).__name__


def show(value: Any, limit: int = 400, depth: int = 6, digits: int = 4) -> str:
    """A short rendering of a value for a message, rounded to so many decimals; below `depth` it shows only
    the kind."""
    numeric = isinstance(value, torch.Tensor | np.ndarray | list | tuple)
    array = as_array(value) if numeric else None
    if array is not None and isinstance(value, torch.Tensor | np.ndarray):
        text = np.array2string(
            array,
            precision=digits,
            suppress_small=True,
            threshold=60,
            edgeitems=3,
            max_line_width=88,
        )
        if array.ndim > 1 and not array.size:  # "[]" would not say what it has none of
            text += f" (shape {array.shape})"
    elif isinstance(value, float):
        text = f"{value:.{digits + 2}g}"
    elif array is not None and array.size and not _truth_among_numbers(value):
        text = np.array2string(
            array, precision=digits, suppress_small=True, separator=", ", threshold=60
        )
    elif isinstance(value, list | tuple | dict) and depth == 0:
        text = kind(value)
    elif isinstance(value, list | tuple):
        inner = ", ".join(show(item, 80, depth - 1, digits) for item in value[:12])
        inner += ", ..." if len(value) > 12 else ""
        text = f"[{inner}]" if isinstance(value, list) else f"({inner})"
    elif isinstance(value, int) and as_array(value) is None:
        text = kind(value)  # Python refuses to write out thousands of digits
    else:
        try:
            text = repr(value)
        except Exception:  # a learner's own class may not be able to show itself
            text = kind(value)
    return text if len(text) <= limit else text[:limit] + " ..."


def _truth_among_numbers(value: Sequence[Any]) -> bool:
    """Whether some items are truth values and some are not: as one array, False would be shown as 0."""
    return len({isinstance(item, bool | np.bool_) for item in value}) == 2


def show_both(one: Any, other: Any, limit: int = 400) -> tuple[str, str]:
    """Renderings of two values, with as many decimals as tell their numbers apart."""
    pairs = [(one, other)]
    arrays = as_array(one), as_array(other)
    if arrays[0] is not None and arrays[1] is not None:
        pairs.append(arrays)  # a list and a tensor look different whatever they hold
    for digits in _DIGITS:
        texts = [(show(a, limit, digits=digits), show(b, limit, digits=digits)) for a, b in pairs]
        if all(first != second for first, second in texts):
            return texts[0]
    return show(one, limit), show(other, limit)


def text_of(error: BaseException, limit: int = 2000) -> str:
    """What an error says; a learner's own class may not be able to say it."""
    try:
        return str(error)[:limit]
    except Exception:
        return ""


def difference(expected: Any, got: Any, tolerance: Tolerance = DEFAULT) -> str:
    """One or two sentences on how `got` differs from `expected`: structure first, then numbers."""
    left, right = as_array(expected), as_array(got)
    if left is None and isinstance(expected, Sequence) and isinstance(got, Sequence):
        if len(expected) != len(got):
            return f"Your result has {len(got)} items, {len(expected)} were expected."
        for place, (a, b) in enumerate(zip(expected, got, strict=True)):
            if not same(a, b, tolerance):
                mine, truth = show_both(b, a, 120)
                return f"Item {place} differs: you gave {mine}, expected {truth}."
    if isinstance(expected, Mapping) and isinstance(got, Mapping):
        return _mapping_difference(expected, got, tolerance)
    if left is None or right is None:
        if kind(expected) == kind(got):
            return "You returned {}, expected {}.".format(*show_both(got, expected, 120))
        return f"Your result is {with_article(kind(got))}, {with_article(kind(expected))} was expected."
    if left.shape != right.shape:
        return f"Your result has shape {right.shape}, shape {left.shape} was expected."
    if right.dtype.kind == "c" and left.dtype.kind != "c":
        return "Your result holds complex numbers, real ones were expected."
    left64, right64 = left.astype(np.float64), right.astype(np.float64)
    if np.isnan(right64).any() and not np.isnan(left64).any():
        return f"{int(np.isnan(right64).sum())} of your {right64.size} values are NaN."
    with np.errstate(invalid="ignore"):
        gap = np.nan_to_num(np.abs(left64 - right64), nan=math.inf, posinf=math.inf)
    wrong = ~np.isclose(right64, left64, atol=tolerance.atol, rtol=tolerance.rtol, equal_nan=True)
    if not wrong.any():  # the same numbers, but not in the exercise's canonical form
        return "Your result differs from the expected one."
    if left.ndim == 0:
        return "You returned {}, expected {}.".format(*_apart(right, left))
    count = f"{int(wrong.sum())} of {gap.size} values differ"
    if left.dtype.kind in "biu":
        # Ids, counts and truth values are right or not; how far apart two of them are says nothing.
        first = tuple(int(i) for i in np.argwhere(wrong)[0])
        at = ", ".join(map(str, first))
        mine, truth = _apart(right[first], left[first])
        return f"{count}; the first is at [{at}]: you gave {mine}, expected {truth}."
    worst = np.unravel_index(int(np.argmax(np.where(wrong, gap, -1.0))), gap.shape)
    at = ", ".join(str(int(i)) for i in worst)
    largest = float(gap[worst])
    amount = "infinite" if math.isinf(largest) else f"{largest:.4g}"
    mine, truth = _apart(right64[worst], left64[worst], 4)
    return f"{count}; the largest difference ({amount}) is at [{at}]: you gave {mine}, expected {truth}."


def _apart(
    one: np.generic | np.ndarray, other: np.generic | np.ndarray, least: int = 6
) -> list[str]:
    """Two numbers or truth values as Python writes them, with as many digits as tell them apart."""
    numbers = one.item(), other.item()
    texts = [[_written(x, digits) for x in numbers] for digits in range(least, 18)]
    return next((pair for pair in texts if pair[0] != pair[1]), texts[0])


def _written(number: Any, digits: int) -> str:
    return f"{number:.{digits}g}" if isinstance(number, float) else str(number)


def _mapping_difference(expected: Mapping, got: Mapping, tolerance: Tolerance) -> str:
    for key in expected:
        if key not in got:
            return f"Your result has no key {show(key, 60)}."
        if not same(expected[key], got[key], tolerance):
            return f"At key {show(key, 60)}: {difference(expected[key], got[key], tolerance)}"
    extra = next((key for key in got if key not in expected), None)
    return f"Your result has a key {show(extra, 60)} that is not expected."
