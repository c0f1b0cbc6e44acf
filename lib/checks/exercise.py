"""An exercise's check: cases, an oracle, named mistakes, and the verdict on a learner's function."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import torch

from lib.checks import _errors, _gradient, _loops, _state, diagnosis, values
from lib.checks._limits import TookTooLong
from lib.checks._loops import NoLoop
from lib.checks.calling import (
    Caller,
    Case,
    Outcome,
    Raised,
    Returned,
    argument_names,
    call,
    unattempted,
)
from lib.checks.diagnosis import Mistake, Tried
from lib.checks.values import DEFAULT, Tolerance
from lib.checks.verdict import Shown, Status, Verdict, told_where

__all__ = ["Case", "Exercise", "Mistake", "NoLoop", "Raised", "Returned", "Verdict", "call"]

MOST_FOR_GRADIENTS = 400  # numbers in a case


def _in_single(case: Case) -> Case:
    """The case with all its floats in float32, as the lessons use them."""
    return Case(values.in_single(case.args), case.label, values.in_single(dict(case.kwargs)))


def _rounded(case: Case) -> Case:
    """The same numbers as in `_in_single`, in the kinds in which the check's author drew them."""
    args, kwargs = values.copy_value(case.args), values.copy_value(dict(case.kwargs))
    return Case(values.rounded_to_single(args), case.label, values.rounded_to_single(kwargs))


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
        returns: "tensor" where the stub promises a tensor, of which the lesson uses methods; "tensors"
            where it promises several.
        dtype: what the tensor's dtype has to be, where the card says so.
        any_precision: the card speaks of float64 or float16, so that cases come in them; else every
            float comes in float32, as in the lesson.
        gradients: the places of the arguments to which a gradient has to flow from the result, since
            the lesson trains with it.
        largest: `largest(*args)` says how many numbers the largest tensor of a call may hold, where the
            card asks to work block by block; None for a case that tells nothing.
        no_loops: what the card forbids to loop over, the coarsest first.
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
    returns: Literal["tensor", "tensors"] | None = None
    dtype: torch.dtype | None = None
    any_precision: bool = False
    gradients: tuple[int, ...] = ()
    largest: Callable[..., int | None] | None = None
    no_loops: Sequence[NoLoop] = ()

    def draw(self, hidden: int | None = None) -> Iterator[Case]:
        """The cases of the visible check, or of the hidden one whose seed is given."""
        name = zlib.crc32(self.name.encode())
        if hidden is None:
            yield from self.cases(np.random.default_rng([name, 0]), False)
            return
        for turn in range(self.rounds):
            yield from self.cases(np.random.default_rng([name, 1, hidden, turn]), True)

    def as_called(self, drawn: list[Case]) -> tuple[list[Case], list[Case]]:
        """Drawn cases as the learner's function gets them, and as the oracle and the mistakes do."""
        if self.any_precision:
            return drawn, drawn
        return [_in_single(case) for case in drawn], [_rounded(case) for case in drawn]

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
        given, cases = self.as_called(list(self.draw(hidden)))
        outcomes: list[Outcome] = []
        for case in given:
            with told_where(case, self._names(caller), hidden):
                outcomes.append(caller(case))
            if len(outcomes) == min(2, len(cases)) and all(map(unattempted, outcomes)):
                return self._verdict("not attempted", "Nothing to check yet.", len(outcomes))
            if isinstance(outcomes[-1], Raised) and outcomes[-1].kind == TookTooLong.__name__:
                break  # the others would take as long
        cases, given = cases[: len(outcomes)], given[: len(outcomes)]
        expected = [self._as_asked(call(self.oracle)(case)) for case in cases]
        right = [self._agree(*pair) for pair in zip(expected, outcomes)]
        tried = Tried(cases, given, expected, outcomes, right)
        if not all(right):
            return self._diagnose(tried, hidden is not None, caller)
        flaw = (
            self._flaw(tried, hidden is not None)
            or self._without_gradient(caller, tried, hidden)
            or self._too_large(caller, tried)
            or self._looping(caller, tried)
        )
        if flaw is not None:
            return flaw
        floats = None if self.any_precision or self.dtype else _other_floats(tried)
        message = f"Right on all {len(cases)} cases."
        if floats is not None:
            got, asked = (str(dtype).removeprefix("torch.") for dtype in floats)
            message += (
                f" Your result is {got} where the arguments are {asked}: the lesson goes on with it in "
                f"{asked}."
            )
        return replace(self._verdict("passed", message, len(cases)), converted=floats is not None)

    def _names(self, caller: Caller) -> Sequence[str]:
        """The names of the arguments: the learner's, or the oracle's where these cannot be found out."""
        return getattr(caller, "names", ()) or argument_names(self.oracle)

    def _as_asked(self, outcome: Outcome) -> Outcome:
        """The oracle's outcome as the kind of value that the card asks for, so that messages say it."""
        if self.returns is None or isinstance(outcome, Raised):
            return outcome
        if self.returns == "tensors":
            return Returned(tuple(_as_tensor(x) for x in outcome.value))
        return Returned(_as_tensor(outcome.value))

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
            if found is None and outcome.altered is not None:
                which = "a setting of a library" if hidden else outcome.altered
                found = (
                    "changes-a-setting",
                    f"Your results are right, but your function changes {which} for everything that runs "
                    "after it. Give dtype and device to the tensors that you make, and use `with "
                    "torch.no_grad():` where no gradient is wanted.",
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
        if self.returns == "tensors" and not all(isinstance(x, torch.Tensor) for x in got):
            kind = values.with_article(
                values.kind(next(x for x in got if not isinstance(x, torch.Tensor)))
            )
            return "not-a-tensor", (
                f"The numbers are right, but your result holds {kind}; tensors are asked for, and the "
                "lesson goes on with them."
            )
        if self.dtype is not None and getattr(got, "dtype", self.dtype) != self.dtype:
            asked, given = (str(x).removeprefix("torch.") for x in (self.dtype, got.dtype))
            return "another-dtype", f"The same numbers, as {given}; {asked} is expected."
        wrong = values.other_numbers(expected, got)
        return None if wrong is None else ("another-kind-of-number", wrong)

    def _without_gradient(self, caller: Caller, tried: Tried, hidden: int | None) -> Verdict | None:
        """Whether the learner's gradients are those of the oracle, by differences of its values."""
        slope, names = getattr(caller, "gradients", None), getattr(caller, "names", ())
        if not self.gradients or slope is None:
            return None
        for case, truth in zip(tried.given, tried.expected):
            if not isinstance(truth, Returned) or values.size(case.args) > MOST_FOR_GRADIENTS:
                continue
            with told_where(case, self._names(caller), hidden):
                message = _gradient.differs(self.oracle, slope, case, self.gradients, names)
            if message is not None and hidden is not None:
                message = "Your values are right; their gradient differs from the expected one."
            if message is not None:
                return Verdict(
                    self.name, "wrong", message, "gradient", case.label, len(tried.cases)
                )
        return None

    def _too_large(self, caller: Caller, tried: Tried) -> Verdict | None:
        """Whether the learner makes a larger tensor than a function that works block by block."""
        measure: Callable[[tuple], int] | None = getattr(caller, "largest", None)
        if self.largest is None or measure is None:
            return None
        for case in tried.given:
            allowed = self.largest(*case.args)
            if allowed is None:
                continue
            try:
                most = measure(case.args)
            except Exception:  # it cannot be watched, and its results are right
                return None
            if most > allowed:
                message = (
                    "Your results are right, but everything is held at once: the largest table in your "
                    "function holds all rows with all others. The exercise asks for one block at a time, so "
                    "that a million rows fit into memory."
                )
                return Verdict(
                    self.name, "wrong", message, "not-in-blocks", case.label, len(tried.cases)
                )
        return None

    def _looping(self, caller: Caller, tried: Tried) -> Verdict | None:
        """Whether the learner loops over what the card forbids to loop over."""
        steps: Callable[[Sequence[Any]], int] | None = getattr(caller, "steps", None)
        if steps is None:
            return None
        for forbidden in self.no_loops:
            try:
                found = _loops.loops(steps, forbidden)
            except Exception:  # it cannot be watched, and its results are right
                return None
            if found:
                message = f"Right, but you loop over {forbidden.over}: {forbidden.why}"
                return Verdict(self.name, "wrong", message, "loop", cases=len(tried.cases))
        return None

    def _diagnose(self, tried: Tried, hidden: bool, caller: Caller) -> Verdict:
        names = tuple(getattr(caller, "names", ()))
        found = diagnosis.explain(
            self.mistakes, tried, self._agree, self.tolerance, self.oracle, names
        )
        first = diagnosis.smallest(tried, found.cases if found else tried.failing)
        case, truth, outcome = tried.cases[first], tried.expected[first], tried.outcomes[first]
        status: Status = "crashed" if isinstance(outcome, Raised) else "wrong"
        if found is not None:
            message = found.hidden if hidden else found.message
            if found.name == "refuses-what-is-allowed":
                message = _errors.with_the_docstring(message, getattr(caller, "docstring", ""))
        elif isinstance(outcome, Raised):
            message = outcome.kind if hidden else f"{outcome.kind}: {outcome.message}"
        elif hidden:
            message = "Your result differs from the expected one."
        else:
            message = self._difference(truth, outcome)
        shown = None
        if not hidden:
            came, right = (x if isinstance(x, Raised) else x.value for x in (outcome, truth))
            shown = Shown(tried.given[first].args, right, came, names)
        return Verdict(
            self.name,
            status,
            message,
            found.name if found else None,
            case.label,
            len(tried.cases),
            shown,
            outcome if isinstance(outcome, Raised) and not hidden else None,
        )

    def _difference(self, truth: Outcome, outcome: Returned) -> str:
        if isinstance(truth, Raised):
            got = values.with_article(values.kind(outcome.value))
            return f"Your function returned {got}, it was expected to raise {truth.kind}."
        return values.difference(truth.value, outcome.value, self.tolerance)

    def _verdict(self, status: Status, message: str, cases: int) -> Verdict:
        return Verdict(self.name, status, message, cases=cases)


def _as_tensor(value: Any) -> Any:
    """An oracle's array or number as a tensor; what has no such form as it is."""
    array = values.as_array(value)
    return value if array is None else torch.from_numpy(np.array(array))


def _other_floats(tried: Tried) -> tuple[torch.dtype, torch.dtype] | None:
    """The dtype of a result's floats and that of its arguments' floats, where these are one and another."""
    for case, outcome in zip(tried.given, tried.outcomes):
        given = values.float_dtypes((case.args, dict(case.kwargs)))
        got = values.float_dtypes(outcome.value) if isinstance(outcome, Returned) else set()
        if len(given) == 1 and got - given:
            return next(iter(got - given)), next(iter(given))
    return None
