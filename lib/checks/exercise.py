"""An exercise's check: cases, an oracle, named mistakes, and the verdict on a learner's function.

A check knows nothing of the learner's function but what it returns: it is given a `Caller`, which
calls the function with plain values and reports an `Outcome`. In a notebook the caller calls the
function itself; a grader's caller asks another process.
"""

from __future__ import annotations

import inspect
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import torch

from lib.checks import _gradient, _state, values
from lib.checks.values import DEFAULT, Tolerance

MOST_FOR_GRADIENTS = 400  # numbers in a case
Status = Literal["passed", "not attempted", "wrong", "crashed"]


@dataclass(frozen=True)
class Case:
    """One call: the arguments, and what is special about it in a few words ("a batch of one")."""

    args: tuple
    label: str
    kwargs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Returned:
    """The function returned a plain value. `changed` names an argument that it changed in place."""

    value: Any
    changed: str | None = None


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


@dataclass(frozen=True)
class Tried:
    """What came of the cases: expected, got, and whether it is right; all of one length.

    `given` are the cases as the learner's function got them, `cases` as the oracle and mistakes did.
    """

    cases: list[Case]
    given: list[Case]
    expected: list[Outcome]
    outcomes: list[Outcome]
    right: list[bool]

    def outcomes_of(self, function: Callable) -> Callable[[int], Iterator[Outcome]]:
        """What a function gives on a case: as the learner got it, then as its author drew it."""
        caller = call(function)

        def outcomes(place: int) -> Iterator[Outcome]:
            yield caller(self.given[place])
            yield caller(self.cases[place])

        return outcomes

    def size(self, place: int) -> int:
        """How many numbers a result holds; 0 if there is none."""
        outcome = self.outcomes[place]
        return values.size(outcome.value) if isinstance(outcome, Returned) else 0

    @property
    def failing(self) -> list[int]:
        return [i for i, right in enumerate(self.right) if not right]

    @property
    def passing(self) -> list[int]:
        return [i for i, right in enumerate(self.right) if right]


def _raised(error: BaseException) -> Raised:
    return Raised(type(error).__name__, str(error))


def call(function: Callable, describe: Callable[[BaseException], Raised] = _raised) -> Caller:
    """The plain caller: calls `function` here, each time with fresh copies of the arguments.

    It is called under a known state of the libraries, and what it changes of that ends with the call.
    Whatever the function raises is an outcome, a `sys.exit()` too; `describe` puts it in words.
    Only the learner's own interrupt gets through.
    """

    def caller(case: Case) -> Outcome:
        args, kwargs = values.copy_value(case.args), values.copy_value(dict(case.kwargs))
        try:
            with _state.known():
                result = function(*args, **kwargs)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # a learner may raise anything
            return describe(error)
        return Returned(result, _changed_argument(function, case, args, kwargs))

    caller.gradients = _gradient.of(function)  # type: ignore[attr-defined] # a function may have one
    return caller


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


def _in_single(case: Case) -> Case:
    """The case with all its floats in float32, as the lessons use them."""
    return Case(values.in_single(case.args), case.label, values.in_single(dict(case.kwargs)))


def _rounded(case: Case) -> Case:
    """The same numbers as in `_in_single`, in the kinds in which the check's author drew them."""
    args, kwargs = values.copy_value(case.args), values.copy_value(dict(case.kwargs))
    return Case(values.rounded_to_single(args), case.label, values.rounded_to_single(kwargs))


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
        returns: "tensor" where the stub promises a tensor, of which the lesson uses methods.
        dtype: what the tensor's dtype has to be, where the card says so.
        any_precision: the card speaks of float64 or float16, so that cases come in them; else every
            float comes in float32, as in the lesson.
        gradients: the places of the arguments to which a gradient has to flow from the result, since
            the lesson trains with it.
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
    returns: Literal["tensor"] | None = None
    dtype: torch.dtype | None = None
    any_precision: bool = False
    gradients: tuple[int, ...] = ()

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
        with _state.known():
            return self._found(caller, hidden)

    def _found(self, caller: Caller, hidden: int | None) -> Verdict:
        cases = list(self.draw(hidden))
        given = cases if self.any_precision else [_in_single(case) for case in cases]
        if not self.any_precision:
            cases = [_rounded(case) for case in cases]
        outcomes: list[Outcome] = []
        for case in given:
            outcomes.append(caller(case))
            if len(outcomes) == min(2, len(cases)) and all(map(unattempted, outcomes)):
                return self._verdict("not attempted", "Nothing to check yet.", len(outcomes))
        expected = [call(self.oracle)(case) for case in cases]
        right = [self._agree(*pair) for pair in zip(expected, outcomes)]
        tried = Tried(cases, given, expected, outcomes, right)
        if not all(right):
            return self._diagnose(tried, hidden is not None)
        flaw = self._flaw(tried, hidden is not None) or self._without_gradient(
            caller, tried, hidden is not None
        )
        if flaw is not None:
            return flaw
        return self._verdict("passed", f"Right on all {len(cases)} cases.", len(cases))

    def _flaw(self, tried: Tried, hidden: bool) -> Verdict | None:
        """What is wrong although all numbers are right: their kind, or an argument that was changed."""
        for case, truth, outcome in zip(tried.cases, tried.expected, tried.outcomes):
            if not isinstance(truth, Returned) or not isinstance(outcome, Returned):
                continue
            found = self._of_another_kind(truth.value, outcome.value)
            if found is None and outcome.changed is not None:
                which = "one of its arguments" if hidden else f"its argument `{outcome.changed}`"
                found = (
                    "changes-an-argument",
                    f"Your results are right, but your function changes {which} in place, and whoever "
                    "calls it goes on with other values than before. Work on a copy, or with "
                    "operations that return something new.",
                )
            if found is not None:
                name, message = found
                return Verdict(self.name, "wrong", message, name, case.label, len(tried.cases))
        return None

    def _of_another_kind(self, expected: Any, got: Any) -> tuple[str, str] | None:
        if self.returns == "tensor" and not isinstance(got, torch.Tensor):
            kind = values.with_article(values.kind(got))
            return "not-a-tensor", (
                f"The numbers are right, but your result is {kind}; a tensor is asked for, and the "
                "lesson goes on with its methods."
            )
        if self.dtype is not None and getattr(got, "dtype", self.dtype) != self.dtype:
            asked, given = (str(x).removeprefix("torch.") for x in (self.dtype, got.dtype))
            return "another-dtype", f"The same numbers, as {given}; {asked} is expected."
        wrong = values.other_numbers(expected, got)
        return None if wrong is None else ("another-kind-of-number", wrong)

    def _without_gradient(self, caller: Caller, tried: Tried, hidden: bool) -> Verdict | None:
        """Whether the learner's gradients are those of the oracle, by differences of its values."""
        slope = getattr(caller, "gradients", None)
        if not self.gradients or slope is None:
            return None
        for case, truth in zip(tried.given, tried.expected):
            if not isinstance(truth, Returned) or values.size(case.args) > MOST_FOR_GRADIENTS:
                continue
            message = _gradient.differs(self.oracle, slope, case, self.gradients)
            if message is not None and hidden:
                message = "Your values are right; their gradient differs from the expected one."
            if message is not None:
                return Verdict(
                    self.name, "wrong", message, "gradient", case.label, len(tried.cases)
                )
        return None

    def _diagnose(self, tried: Tried, hidden: bool) -> Verdict:
        named = self._match(tried)
        mistake, explained = named if named is not None else (None, tried.failing)
        # The smallest failing case that returned something says most.
        first = min(
            explained,
            key=lambda i: (isinstance(tried.outcomes[i], Raised), values.size(tried.cases[i].args)),
        )
        case, truth, outcome = tried.cases[first], tried.expected[first], tried.outcomes[first]
        shown = None
        if isinstance(outcome, Raised):
            message = f"{outcome.kind}: {outcome.message}" if not hidden else outcome.kind
            status: Status = "crashed"
        else:
            status = "wrong"
            if isinstance(truth, Raised):
                got = values.with_article(values.kind(outcome.value))
                message = f"Your function returned {got}, it was expected to raise {truth.kind}."
            else:
                message = values.difference(truth.value, outcome.value, self.tolerance)
                if not hidden:
                    shown = Shown(tried.given[first].args, truth.value, outcome.value)
            if hidden:
                message = "Your result differs from the expected one."
        if mistake is not None:
            message = mistake.message
            if len(explained) < len(tried.failing):
                message += " That is not all: other cases go wrong in another way."
        return Verdict(
            self.name,
            status,
            message,
            mistake.name if mistake else None,
            case.label,
            len(tried.cases),
            shown,
            outcome if isinstance(outcome, Raised) and not hidden else None,
        )

    def _match(self, tried: Tried) -> tuple[Mistake, list[int]] | None:
        """The named mistake that the learner makes, and the failing cases that it explains.

        A mistake is only named where nothing contradicts it: on every case on which the learner is
        right it would be right, too. If it gives the learner's results on all failing cases it is
        theirs; if on some, they make another one as well, and the one that explains most is named, if
        there is a single one. A mistake that explains only that something raised explains nothing.
        """
        best: list[tuple[Mistake, list[int]]] = []
        for mistake in self.mistakes:
            wrong = tried.outcomes_of(mistake.wrong)
            if not all(self._any_agrees(wrong(i), tried.expected[i]) for i in tried.passing):
                continue
            explained = [i for i in tried.failing if self._any_agrees(wrong(i), tried.outcomes[i])]
            if len(explained) == len(tried.failing):
                return mistake, explained
            returned = [i for i in explained if isinstance(tried.outcomes[i], Returned)]
            # Two numbers that agree may do so by chance.
            if len(returned) < 2 and sum(map(tried.size, returned)) < 4:
                continue
            if not best or len(returned) > len(best[0][1]):
                best = [(mistake, returned)]
            elif len(returned) == len(best[0][1]):
                best.append((mistake, returned))
        return best[0] if len(best) == 1 else None

    def _any_agrees(self, given: Iterable[Outcome], outcome: Outcome) -> bool:
        return any(self._agree(one, outcome) for one in given)

    def _verdict(self, status: Status, message: str, cases: int) -> Verdict:
        return Verdict(self.name, status, message, cases=cases)
