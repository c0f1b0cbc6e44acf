"""A pattern: what holds on all cases that go wrong, and how one looks for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lib.checks import values
from lib.checks.values import Tolerance

Pair = tuple[Any, Any]  # expected, got
Arrays = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Pattern:
    """A relation that holds on all cases that go wrong, and what to tell the learner of it."""

    name: str
    message: str
    hidden: str = ""  # the message where no number may be told; empty if it holds none
    alone: bool = False  # what the values say by themselves would mislead


def every(pairs: Sequence, holds: Callable[..., bool], *more: Any) -> bool:
    try:
        return all(holds(*pair, *more) for pair in pairs)
    except Exception:  # a learner's own class may make anything of a comparison
        return False


def as_arrays(pairs: Sequence[Pair]) -> list[Arrays] | None:
    found = []
    for expected, got in pairs:
        left, right = values.as_array(expected), values.as_array(got)
        if left is None or right is None or left.dtype.kind == "c" or right.dtype.kind == "c":
            return None
        found.append((left, right))
    return found


def close(expected: np.ndarray, got: np.ndarray, tolerance: Tolerance) -> bool:
    return expected.shape == got.shape and values.same(expected, got, tolerance)
