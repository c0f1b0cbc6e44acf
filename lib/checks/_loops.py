"""Whether a learner's function loops over something where the card asks for all of it at once.

A result says nothing of the way to it, and seconds say little on a busy machine. So calls are counted: the
operations of torch and the steps of the learner's own lines. A function that takes all tokens at once takes
as many for four as for two hundred; one that goes through them takes at least one more for each.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Any

from torch.utils._python_dispatch import TorchDispatchMode

from lib.checks import _state, values

FEW, MANY = 4, 204
MOST_MORE = (MANY - FEW) // 2  # without a loop there are none, or a handful


@dataclass(frozen=True)
class NoLoop:
    """What the card forbids to loop over.

    over: its name. given: `given(n)` makes the arguments of a call with n of it and all else the same.
    why: what to tell of it, from "Right, but you loop over tokens: " on.
    """

    over: str
    given: Callable[[int], tuple]
    why: str


class _Operations(TorchDispatchMode):
    """Counts every operation of torch."""

    count = 0

    def __torch_dispatch__(
        self, function: Callable, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        self.count += 1
        return function(*args, **(kwargs or {}))


class _Lines:
    """Counts the steps of lines in the frames for which `own` holds; a trace function of Python's."""

    def __init__(self, own: Callable[[FrameType], bool]) -> None:
        self.own, self.count = own, 0

    def __call__(self, frame: FrameType, event: str, about: Any) -> Any:
        if event == "call" and not self.own(frame):
            return None
        self.count += event in ("call", "line")
        return self


def steps_here(function: Callable, args: Sequence[Any], is_cell: Callable[[str], bool]) -> int:
    """The operations of torch in a call of the function, and the steps of its author's own lines.

    is_cell: whether a file is a cell of a notebook, where the author's other functions are.
    """
    given = [values.copy_value(arg) for arg in args]
    # By the module and not by the file: "<string>", say, is that of generated code everywhere, too.
    module = getattr(function, "__globals__", None)
    lines = _Lines(lambda frame: frame.f_globals is module or is_cell(frame.f_code.co_filename))
    before = sys.gettrace()
    with _state.known(), _Operations() as operations:
        sys.settrace(lines)
        try:
            function(*given)
        finally:
            sys.settrace(before)
    return operations.count + lines.count


def of(function: Callable, is_cell: Callable[[str], bool]) -> Callable[[Sequence[Any]], int]:
    """How to count a function's steps; one in another process is counted there."""
    elsewhere = getattr(function, "steps", None)
    return elsewhere if callable(elsewhere) else lambda args: steps_here(function, args, is_cell)


def loops(steps: Callable[[Sequence[Any]], int], forbidden: NoLoop) -> bool:
    """Whether a function takes more steps where there is more of what is not to be looped over."""
    return steps(forbidden.given(MANY)) - steps(forbidden.given(FEW)) > MOST_MORE
