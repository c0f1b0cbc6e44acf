"""Patterns of what kind of thing came back: nothing, a generator, a pair where one tensor is asked for."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import torch

from lib.checks import values
from lib.checks._pattern import Pair, Pattern, every
from lib.checks.values import Tolerance


def find(pairs: Sequence[Pair], tolerance: Tolerance) -> Pattern | None:
    for name, message, holds in _STRUCTURES:
        if every(pairs, holds):
            return Pattern(name, message)
    if every(pairs, lambda expected, got: _holds_no_numbers(got)):
        return Pattern(
            "no-numbers",
            "Your result lies on torch's device `meta`, which keeps shapes and no numbers.",
            alone=True,
        )
    if every(pairs, _pair_for_tensor):
        return Pattern(
            "pair-returned",
            "You return a pair of values and indices, as `max`, `min`, `sort` and `topk` of torch give it. "
            "Take the one that is asked for by name: `.values` or `.indices`.",
        )
    for place in range(3):
        if every(pairs, _one_of_several, place, tolerance):
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
