"""Calling a function whose author is not trusted to be right: cases, outcomes, and the caller.

A check knows nothing of the learner's function but what it returns: it is given a `Caller`, which
calls the function with plain values and reports an `Outcome`. In a notebook the caller calls the
function itself; a grader's caller asks another process.
"""

from __future__ import annotations

import ast
import inspect
import linecache
import re
import textwrap
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lib.checks import _gradient, _limits, _loops, _memory, _state, values
from lib.checks._limits import Limits


@dataclass(frozen=True)
class Case:
    """One call: the arguments, and what is special about it in a few words ("a batch of one")."""

    args: tuple
    label: str
    kwargs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Returned:
    """The function returned a plain value. `changed` names an argument that it changed in place.

    started: where it returned None, whether it does more than the empty exercise. altered: a setting of a
    library that it has changed for all that follows.
    """

    value: Any
    changed: str | None = None
    started: bool = True
    altered: str | None = None


@dataclass(frozen=True)
class Raised:
    """The function raised. `line` is the learner's own line, `lineno` its number in their cell.

    started: for a NotImplementedError, whether the function does more than the empty exercise.
    """

    kind: str
    message: str = ""
    line: str = ""
    lineno: int | None = None
    started: bool = False

    @property
    def own(self) -> bool:
        """Whether the learner's own `raise` or `assert` raised it."""
        return re.search(r"(^|:\s*)(raise|assert)\b", self.line) is not None


Outcome = Returned | Raised
Caller = Callable[[Case], Outcome]


def call(function: Callable, limits: Limits | None = None) -> LocalCaller:
    """The plain caller: calls `function` here, each time with fresh copies of the arguments.

    It is called under a known state of the libraries, and what it changes of that ends with the call.
    Whatever the function raises is an outcome, a `sys.exit()` too. Only the learner's own interrupt gets
    through. With `limits` a call that does not come back in time is stopped, and one that wants too much
    memory gets a MemoryError; a function in another process has limits of its own.
    """
    elsewhere = hasattr(function, "changed_argument")
    return LocalCaller(function, None if elsewhere else limits, elsewhere)


@dataclass(frozen=True)
class LocalCaller:
    """What `call` returns. elsewhere: whether the function stands for one in another process."""

    function: Callable
    limits: Limits | None
    elsewhere: bool

    def __call__(self, case: Case) -> Outcome:
        args, kwargs = values.copy_value(case.args), values.copy_value(dict(case.kwargs))
        try:
            with _state.known(), _limits.held(self.limits):
                result = self.function(*args, **kwargs)
                altered = _state.altered()
        except BaseException as error:  # a learner may raise anything
            if _not_its_own(error, self.elsewhere):
                raise
            return _described(error, self.function)
        if result is None:
            return Returned(None, started=started(self.function))
        if self.elsewhere:
            altered = self.function.altered_setting()  # type: ignore[attr-defined]
        changed = _changed_argument(self.function, case, args, kwargs)
        return Returned(result, changed, altered=altered)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the function's arguments, as far as they can be found out."""
        return tuple(argument_names(self.function))

    @property
    def docstring(self) -> str:
        """The function's docstring, empty if it has none or is in another process."""
        text = "" if self.elsewhere else inspect.getdoc(self.function)
        return text if isinstance(text, str) else ""

    def gradients(self, args: Sequence[Any], places: Sequence[int]) -> list | None:
        """Gradients of a call's result with respect to the arguments at some places."""
        return self._asked(_gradient.of(self.function), args, places)

    def largest(self, args: Sequence[Any]) -> int:
        """The numbers of the largest tensor that a call makes."""
        return self._asked(_memory.of(self.function), args)

    def steps(self, args: Sequence[Any]) -> int:
        """How many operations and lines of its author's own a call takes."""
        return self._asked(_loops.of(self.function, is_cell), args)

    def _asked(self, question: Callable, *about: Any) -> Any:
        """The answer to a question that calls the function; whatever that raises is an Exception."""
        try:
            with _limits.held(self.limits):
                return question(*about)
        except BaseException as error:
            if isinstance(error, Exception) or _not_its_own(error, self.elsewhere):
                raise
            raise RuntimeError(f"{type(error).__name__}: {values.text_of(error)}") from None


def _not_its_own(error: BaseException, elsewhere: bool) -> bool:
    """Whether an error says nothing of the function: the person interrupts, or its process is gone.

    What a function in another process raises comes as an Exception.
    """
    return isinstance(error, KeyboardInterrupt) or (elsewhere and not isinstance(error, Exception))


def _described(error: BaseException, function: Callable) -> Raised:
    """An error with the learner's own line: the deepest one in a notebook cell or in their file.

    A function in another process tells its line itself.
    """
    described = Raised(type(error).__name__, values.text_of(error))
    if isinstance(error, NotImplementedError):
        described = replace(described, started=started(function))
    own = getattr(getattr(function, "__code__", None), "co_filename", None)
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename == own or is_cell(frame.filename):
            line = linecache.getline(frame.filename, frame.lineno or 0).strip()
            return replace(described, line=line, lineno=frame.lineno)
    line, lineno = getattr(error, "student_line", ""), getattr(error, "student_lineno", None)
    return replace(described, line=line, lineno=lineno)


def is_cell(filename: str) -> bool:
    """Whether a code object's file is a cell of a notebook."""
    return "ipykernel_" in filename or filename.startswith(("<ipython-input", "<cell"))


def started(function: Callable) -> bool:
    """Whether a function does more than the empty exercise: a docstring and a `raise`, `pass` or `...`.

    It is asked where a function raises NotImplementedError or returns None; one whose source is not to
    be had counts as empty.
    """
    told: Callable[[], bool] | None = getattr(function, "told_started", None)
    if told is not None:
        return told()
    try:
        (definition,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
        if not isinstance(definition, ast.FunctionDef) or definition.name != function.__name__:
            return False
        body = [s for s in definition.body if not _says_nothing(s)]
        return len(body) > 1 or not all(isinstance(statement, ast.Raise) for statement in body)
    except (OSError, TypeError, ValueError, SyntaxError, AttributeError):
        return False


def _says_nothing(statement: ast.stmt) -> bool:
    constant = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return constant or isinstance(statement, ast.Pass)


def _changed_argument(function: Callable, case: Case, args: tuple, kwargs: dict) -> str | None:
    """The argument that a call has changed in place; a function in another process tells it itself."""
    tells: Callable[[], str | None] | None = getattr(function, "changed_argument", None)
    if tells is not None:
        return tells()
    return changed_argument(function, (case.args, case.kwargs), (args, kwargs))


def changed_argument(
    function: Callable, before: tuple[tuple, Mapping], after: tuple[tuple, Mapping]
) -> str | None:
    """The name of the first argument that is not what it was; `before` and `after`: (args, kwargs)."""
    for place, (old, new) in enumerate(zip(before[0], after[0])):
        if not values.untouched(old, new):
            names = argument_names(function)
            return names[place] if place < len(names) else f"argument {place + 1}"
    for name, old in before[1].items():
        if not values.untouched(old, after[1][name]):
            return name
    return None


def argument_names(function: Callable) -> list[str]:
    """The names of a function's positional arguments, as far as they can be found out."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [p.name for p in parameters if p.kind in kinds]


def unattempted(outcome: Outcome) -> bool:
    """Whether the function is still the empty exercise."""
    if isinstance(outcome, Raised):
        return outcome.kind == "NotImplementedError" and not outcome.started
    return outcome.value is ... or (outcome.value is None and not outcome.started)
