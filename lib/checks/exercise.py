"""An exercise's check: cases, an oracle, named mistakes, and the verdict on a learner's function.

A check knows nothing of the learner's function but what it returns: it is given a `Caller`, which
calls the function with plain values and reports an `Outcome`. In a notebook the caller calls the
function itself; a grader's caller asks another process.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from lib.checks import values
from lib.checks.values import DEFAULT, Tolerance

Status = Literal["passed", "not attempted", "wrong", "crashed"]


@dataclass(frozen=True)
class Case:
    """One call: the arguments, and what is special about it in a few words ("a batch of one")."""

    args: tuple
    label: str
    kwargs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Returned:
    """The function returned a plain value."""

    value: Any


@dataclass(frozen=True)
class Raised:
    """The function raised. `line` is the learner's own line, `lineno` its number in their cell."""

    kind: str
    message: str = ""
    line: str = ""
    lineno: int | None = None


Outcome = Returned | Raised
Caller = Callable[[Case], Outcome]


@dataclass(frozen=True)
class Mistake:
    """A wrong implementation that a learner would plausibly write, and what to tell them."""

    name: str
    message: str
    wrong: Callable


@dataclass(frozen=True)
class Verdict:
    """What a check found. `shown` holds the small case a learner may look at (never a hidden one)."""

    exercise: str
    status: Status
    message: str
    mistake: str | None = None
    label: str | None = None
    cases: int = 0
    shown: Shown | None = None
    outcome: Raised | None = None

    @property
    def passed(self) -> bool:
        return self.status == "passed"


@dataclass(frozen=True)
class Shown:
    """One failing case, small enough to be looked at."""

    args: tuple
    expected: Any
    got: Any


def _raised(error: BaseException) -> Raised:
    return Raised(type(error).__name__, str(error))


def call(function: Callable, describe: Callable[[BaseException], Raised] = _raised) -> Caller:
    """The plain caller: calls `function` here, each time with fresh copies of the arguments.

    Whatever the function raises is an outcome, a `sys.exit()` too; `describe` puts it in words.
    Only the learner's own interrupt gets through.
    """

    def caller(case: Case) -> Outcome:
        try:
            result = function(*values.copy_value(case.args), **values.copy_value(case.kwargs))
        except (Exception, SystemExit) as error:
            return describe(error)
        return Returned(result)

    return caller


def unattempted(outcome: Outcome) -> bool:
    """Whether the function is still the stub: it raises NotImplementedError or returns nothing."""
    if isinstance(outcome, Raised):
        return outcome.kind == "NotImplementedError"
    return outcome.value is None or outcome.value is ...


@dataclass(frozen=True)
class Exercise:
    """The check of one exercise.

    Args:
        name: the function's name, which is also the answer cell's `grade_id`.
        lesson: the lesson's number, "02".
        cases: `cases(rng, hidden)` yields the calls, small and telling ones first. With
            `hidden=True` it may yield larger or rarer ones too.
        oracle: a right implementation that shares no code with the worked answer.
        mistakes: at least five, each told apart from every other by some case.
        tolerance: how close numbers must be.
        canonical: applied to both results before they are compared, where order does not matter.
        equivalent: mutants of the worked answer that compute the same, with the reason; the key is
            the mutant's description as the mutation test prints it.
        rounds: how many seeds the hidden check draws cases from.
    """

    name: str
    lesson: str
    cases: Callable[[np.random.Generator, bool], Iterable[Case]]
    oracle: Callable
    mistakes: Sequence[Mistake]
    tolerance: Tolerance = DEFAULT
    canonical: Callable[[Any], Any] | None = None
    equivalent: Mapping[str, str] = field(default_factory=dict)
    rounds: int = 3

    def draw(self, hidden: int | None = None) -> Iterator[Case]:
        """The cases of the visible check, or of the hidden one whose seed is given."""
        name = zlib.crc32(self.name.encode())
        if hidden is None:
            yield from self.cases(np.random.default_rng([name, 0]), False)
            return
        for turn in range(self.rounds):
            yield from self.cases(np.random.default_rng([name, 1, hidden, turn]), True)

    def _same(self, expected: Any, got: Any) -> bool:
        if self.canonical is not None:
            try:
                got = self.canonical(got)
            except Exception:  # the result does not have the form that the canonical form needs
                return False
            expected = self.canonical(expected)
        return values.same(expected, got, self.tolerance)

    def _agree(self, expected: Outcome, got: Outcome) -> bool:
        if isinstance(expected, Raised) or isinstance(got, Raised):
            return (
                isinstance(expected, Raised)
                and isinstance(got, Raised)
                and expected.kind == got.kind
            )
        return self._same(expected.value, got.value)

    def verdict(self, caller: Caller, hidden: int | None = None) -> Verdict:
        """Call the learner's function on every case and say what was found.

        Args:
            caller: calls the learner's function (see `call`).
            hidden: the hidden check's seed; its verdict carries no inputs and no values.
        """
        cases = list(self.draw(hidden))
        outcomes: list[Outcome] = []
        for case in cases:
            outcomes.append(caller(case))
            if len(outcomes) == min(2, len(cases)) and all(map(unattempted, outcomes)):
                return self._verdict("not attempted", "Nothing to check yet.", len(outcomes))
        expected = [call(self.oracle)(case) for case in cases]
        failing = [i for i, pair in enumerate(zip(expected, outcomes)) if not self._agree(*pair)]
        if not failing:
            return self._verdict("passed", f"Right on all {len(cases)} cases.", len(cases))
        return self._diagnose(cases, expected, outcomes, failing, hidden is not None)

    def _diagnose(
        self,
        cases: list[Case],
        expected: list[Outcome],
        outcomes: list[Outcome],
        failing: list[int],
        hidden: bool,
    ) -> Verdict:
        mistake = self._match(cases, outcomes, failing)
        # The smallest failing case that returned something says most.
        first = min(failing, key=lambda i: (self._crashed(outcomes[i]), values.size(cases[i].args)))
        outcome, label = outcomes[first], cases[first].label
        raised = outcome if isinstance(outcome, Raised) else None
        shown = None
        if isinstance(outcome, Raised):
            message = f"{outcome.kind}: {outcome.message}" if not hidden else outcome.kind
            status: Status = "crashed"
        else:
            status = "wrong"
            truth = expected[first]
            if isinstance(truth, Raised):
                got = values.kind(outcome.value)
                message = f"Your function returned a {got}, it was expected to raise {truth.kind}."
            else:
                message = values.difference(truth.value, outcome.value, self.tolerance)
                if not hidden:
                    shown = Shown(cases[first].args, truth.value, outcome.value)
            if hidden:
                message = "Your result differs from the expected one."
        if mistake is not None:
            message = mistake.message
        return Verdict(
            self.name,
            status,
            message,
            mistake.name if mistake else None,
            label,
            len(cases),
            shown,
            None if hidden else raised,
        )

    @staticmethod
    def _crashed(outcome: Outcome) -> bool:
        return isinstance(outcome, Raised)

    def _match(
        self, cases: list[Case], outcomes: list[Outcome], failing: list[int]
    ) -> Mistake | None:
        """The mistake whose results are the learner's on every case, else on every failing one, else
        on every failing one that returned something: a second mistake may raise elsewhere."""
        partly: list[Mistake] = []
        for mistake in self.mistakes:
            wrong = call(mistake.wrong)
            if all(self._agree(wrong(cases[i]), outcomes[i]) for i in failing):
                rest = (i for i in range(len(cases)) if i not in set(failing))
                if all(self._agree(wrong(cases[i]), outcomes[i]) for i in rest):
                    return mistake
                partly.append(mistake)
        # A mistake that explains only that something raised explains nothing.
        returned = [i for i in failing if not self._crashed(outcomes[i])]
        told = partly if returned else []
        if not partly and len(returned) > 1:
            told = [
                mistake
                for mistake in self.mistakes
                if all(self._agree(call(mistake.wrong)(cases[i]), outcomes[i]) for i in returned)
            ]
        return told[0] if len(told) == 1 else None

    def _verdict(self, status: Status, message: str, cases: int) -> Verdict:
        return Verdict(self.name, status, message, cases=cases)
