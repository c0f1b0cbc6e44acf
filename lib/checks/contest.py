"""A contest: an exercise whose functions are measured, and earn the more the better they are.

There is no oracle and no right answer: the check runs the learner's functions on a task, measures what
comes out and what it costs, and gives a share of the points. In a notebook the functions are called where
they are; a grader calls them in processes of their own (see `Stage`).
"""

from __future__ import annotations

import contextlib
import dis
import inspect
import time
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lib.checks.calling import Case, Limits, Outcome, Raised, call
from lib.checks.verdict import Verdict

MEBIBYTES = 4096  # that one call may take in a notebook
_READS = ("LOAD_GLOBAL", "LOAD_NAME")


@dataclass(frozen=True)
class Slip:
    """What a contest can find wrong, and what to say; `hint`: the number of the hint that is about it."""

    name: str
    message: str
    hint: int = 0


@dataclass(frozen=True)
class Heard:
    """What a call gave, and how many seconds it took by the check's own clock."""

    outcome: Outcome
    seconds: float


class NotStarted(RuntimeError):
    """A fresh process could not be had."""


class Stage:
    """Where a contest calls the learner's functions.

    In a notebook that is this process. Where a grader runs the check, its functions stand for those in
    the student's process (they have a method `afresh`), and `afresh` lets the following calls be made in a
    process that was just started and knows nothing of what was called before.

    Args:
        functions: the learner's, by name.
        tell: told how much of the work is done, from 0 to 1.
    """

    def __init__(
        self, functions: Mapping[str, Callable], tell: Callable[[float], object] = lambda part: None
    ) -> None:
        self.functions, self.tell = dict(functions), tell
        self._first: Any = next(iter(self.functions.values()))
        self.apart = hasattr(self._first, "afresh")

    @property
    def kept(self) -> dict[str, Any]:
        """What checks of one submission leave for each other; in a notebook it is always empty."""
        return self._first.kept() if self.apart else {}

    def afresh(self, folder: Path | None = None, without: Sequence[Path] = ()) -> int:
        """Go on in a fresh process, where there is one to be had; the bytes of the learner's text in it.

        folder: its files lie in the process's folder, and COURSE_CACHE names that. without: folders that
        it cannot read. In a notebook nothing is started, and the bytes are those of the functions.

        Raises:
            NotStarted: there is no such process; the learner's own cells may have ended it.
        """
        if not self.apart:
            return sum(len(text.encode("utf-8", "replace")) for text in _texts(self.functions))
        place = None if folder is None else str(folder)
        try:
            found, size = self._first.afresh(list(self.functions), place, list(map(str, without)))
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # whoever starts it says so in a way of their own
            raise NotStarted(str(error)) from None
        self.functions = dict(found)
        return size

    def need(self, seconds: float) -> None:
        """Ask whoever runs the check for time: for what it does itself, beside the calls."""
        if self.apart:
            self._first.need(seconds)

    def call(self, name: str, *args: Any, seconds: float) -> Heard:
        """Call a function with copies of plain arguments; whatever it does is an outcome."""
        function: Any = self.functions[name]
        if self.apart:
            function.need(seconds)
            function.within(seconds)
        began = time.perf_counter()
        try:
            outcome = call(function, Limits(seconds, MEBIBYTES))(Case(args, name))
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # its process is gone, or gave no answer
            outcome = Raised(type(error).__name__, str(error))
        return Heard(outcome, time.perf_counter() - began)


@dataclass(frozen=True)
class Contest:
    """The check of a contest.

    Args:
        name: the exercise's name, the answer cell's `grade_id`.
        lesson: the lesson's number, "10".
        functions: the names of the functions that the answer cell defines.
        judge: runs them and gives the verdict; with a hidden seed on what learners do not have.
        mistakes: what the judge finds wrong by name.
    """

    name: str
    lesson: str
    functions: tuple[str, ...]
    judge: Callable[[Stage, int | None], Verdict]
    mistakes: Sequence[Slip]

    def verdict(self, stage: Stage, hidden: int | None = None) -> Verdict:
        """Measure the functions; `share` of the verdict is what they earn, from 0 to 1."""
        return self.judge(stage, hidden)


def used(function: Callable) -> Iterator[tuple[str, Any]]:
    """The notebook's names that a function uses, with their values, those of its helpers included."""
    seen: set[int] = set()
    waiting = [function]
    while waiting:
        one = waiting.pop()
        if id(one) in seen or not isinstance(one, types.FunctionType):
            continue
        seen.add(id(one))
        for name in sorted(_names(one.__code__)):
            if name in one.__globals__:
                value = one.__globals__[name]
                yield name, value
                if getattr(value, "__module__", None) == one.__module__:
                    waiting.append(value)


def loaded(function: Callable) -> set[str]:
    """The names, there or not yet, that a function or a helper of the notebook reads as globals."""
    return _of_all(function, _READS)


def assigned(function: Callable) -> set[str]:
    """The names that a function or a helper of the notebook sets as globals."""
    return _of_all(function, ("STORE_GLOBAL",))


def _of_all(function: Callable, operations: Sequence[str]) -> set[str]:
    own = getattr(function, "__module__", None)
    helpers = (v for _, v in used(function) if getattr(v, "__module__", None) == own)
    found: set[str] = set()
    for one in (function, *helpers):
        if isinstance(one, types.FunctionType):
            found |= _names(one.__code__, operations)
    return found


def _names(code: types.CodeType, operations: Sequence[str] = _READS) -> set[str]:
    inner = (_names(c, operations) for c in code.co_consts if isinstance(c, types.CodeType))
    own = {i.argval for i in dis.get_instructions(code) if i.opname in operations}
    return own.union(*inner)


def _texts(functions: Mapping[str, Callable]) -> set[str]:
    """The source of functions and of the helpers of the notebook that they use."""
    found: set[str] = set()
    for function in functions.values():
        own = getattr(function, "__module__", None)
        helpers = [v for _, v in used(function) if getattr(v, "__module__", None) == own]
        for one in (function, *helpers):
            with contextlib.suppress(OSError, TypeError):
                found.add(inspect.getsource(one))
    return found
