"""What a check found: passed, not attempted, wrong or crashed, with words and a case to look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from lib.checks.calling import Raised

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
