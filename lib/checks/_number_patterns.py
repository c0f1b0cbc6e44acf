"""Patterns of how numbers differ in the right shape: NaN, another order, a factor, a limit."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from lib.checks._pattern import Arrays, Pair, Pattern, as_arrays, close, every
from lib.checks.values import Tolerance

FEW = 3  # numbers from which on a relation between two results is no accident


def find(pairs: Sequence[Pair], tolerance: Tolerance) -> Pattern | None:
    arrays = as_arrays(pairs)
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
    if whole and every(arrays, _wrong_where, tolerance, -1):
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
        if not (whole and name == "zero-rows") and every(doubles, holds, tolerance):
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
    return close(left[order[0]], right[order[1]], tolerance)


def _same_in_rows(expected: np.ndarray, got: np.ndarray, tolerance: Tolerance) -> bool:
    if expected.ndim != 2 or expected.shape[1] < 2:
        return False
    return close(np.sort(expected, axis=1), np.sort(got, axis=1), tolerance)


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
        "You return NaN where a number is expected; whatever else you return is right. NaN comes from 0 / 0, "
        "from infinity minus infinity, or from infinity times 0: which of these can happen there?",
        _nan,
    ),
    (
        "infinity",
        "You return infinity where a number is expected; whatever else you return is right. Either `exp` "
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
        lambda left, right, within: left.size > 0 and close(left, -right, within),
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
        lambda left, right, within: right.size > 1 and not right.any() and bool(left.any()),
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
        if close(np.round(left, decimals), right, Tolerance(1e-7, 1e-7)):
            return Pattern(
                "rounded",
                "Your numbers are the expected ones, rounded. Round when you print, not when you return.",
            )
    place = int(np.argmax(np.abs(left)))
    if left[place] and right[place]:
        factor = float(right[place] / left[place])
        loose = Tolerance(max(tolerance.atol, 1e-6), max(tolerance.rtol, 1e-5))
        if close(factor * left, right, loose):
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
