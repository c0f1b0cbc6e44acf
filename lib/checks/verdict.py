"""What a check found: passed, not attempted, wrong or crashed, with words and a case to look at."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from lib.checks import values
from lib.checks.calling import Case, Raised

MOST_SHOWN = 400  # numbers of a case that is written out; of a larger one only the kinds are
Status = Literal["passed", "not attempted", "wrong", "crashed"]


@dataclass(frozen=True)
class Verdict:
    """What a check found. `shown` holds the small case a learner may look at (never a hidden one).

    kind_of_shown: "test" where the case is one that the learner wrote, in a break-it exercise.
    share: of the points, where the check gives a part of them. more: further sentences, one a line.
    converted: whether floats of a right result have another dtype than those of the arguments.
    """

    exercise: str
    status: Status
    message: str
    mistake: str | None = None
    label: str | None = None
    cases: int = 0
    shown: Shown | None = None
    outcome: Raised | None = None
    kind_of_shown: Literal["call", "test"] = "call"
    share: float | None = None
    more: tuple[str, ...] = ()
    converted: bool = False

    @property
    def passed(self) -> bool:
        return self.status == "passed"


@dataclass(frozen=True)
class Shown:
    """One failing case; `names` are those of the arguments, as far as they are known.

    expected, got: the values, or a `Raised` where an error was to come or came.
    """

    args: tuple
    expected: Any
    got: Any
    names: tuple[str, ...] = ()

    @property
    def given(self) -> str:
        """The arguments; see `arguments`."""
        return arguments(self.args, self.names)


def arguments(args: Sequence[Any], names: Sequence[str] = ()) -> str:
    """Each argument with its name, an array below it; of many numbers only their kinds and shapes."""
    small = values.size(tuple(args)) <= MOST_SHOWN
    lines = []
    for place, value in enumerate(args):
        text = values.show(value) if small else values.kind(value)
        name = names[place] if place < len(names) else f"argument {place + 1}"
        lines.append(f"{name} =\n{text}" if "\n" in text else f"{name} = {text}")
    return "\n".join(lines)


@contextlib.contextmanager
def told_where(case: Case, names: Sequence[str], hidden: int | None) -> Iterator[None]:
    """What ends a call without an outcome, such as a process that does not answer, has a note on which
    visible case it was."""
    try:
        yield
    except BaseException as error:
        if hidden is None and not isinstance(error, KeyboardInterrupt):
            error.add_note(f"It was on this case: {case.label}.\n{arguments(case.args, names)}")
        raise
