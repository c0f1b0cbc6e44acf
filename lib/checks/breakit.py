"""The *break it* exercise: the learner writes the test that tells right from wrong implementations.

Their function takes nothing and returns test cases as plain data: a list of
`(argument, ..., expected)`. The check runs right implementations (all must pass) and suspects (each
must fail at least one case) on them. So a learner's test is judged by what it catches, and the
suspects stay on the check's side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lib.checks import _errors, _patterns, values
from lib.checks.calling import Caller, Case, Raised, call, unattempted
from lib.checks.values import Tolerance
from lib.checks.verdict import Shown, Verdict

# A learner writes expected values by hand, with a few decimals.
LOOSE = Tolerance(1e-4, 1e-4)
MOST_CASES = 2_000  # a learner may draw them at random


@dataclass(frozen=True)
class Suspect:
    """A wrong implementation, and what to say when a learner's test lets it through.

    hint: the number, from 1, of the lesson's hint that is about it; 0 if none is.
    """

    name: str
    message: str
    implementation: Callable
    hint: int = 0


@dataclass(frozen=True)
class BreakIt:
    """The check of a break-it exercise. It has the same face as `Exercise`.

    Args:
        right: implementations that any fair test accepts; the first gives expected values.
        suspects: at least five wrong implementations.
        arguments: the names of the arguments that a case holds before the expected value.
        texts: whether a case may hold texts; else a number in quotes is refused, which some
            implementations take and others do not.
        unfair: `unfair(*arguments)` says in a sentence what of the card a case breaks, None if nothing.
    """

    name: str
    lesson: str
    right: Sequence[Callable]
    suspects: Sequence[Suspect]
    arguments: Sequence[str]
    tolerance: Tolerance = LOOSE
    unfair: Callable[..., str | None] | None = None
    texts: bool = False
    equivalent: Mapping[str, str] = field(default_factory=dict)

    def draw(self, hidden: int | None = None) -> list[Case]:
        """The one call: the learner's test takes nothing."""
        return [Case((), "your test cases")]

    def verdict(self, caller: Caller, hidden: int | None = None) -> Verdict:
        outcome = caller(self.draw(hidden)[0])
        if unattempted(outcome):
            return Verdict(self.name, "not attempted", "Nothing to check yet.")
        if isinstance(outcome, Raised):
            return self._crashed(outcome, hidden is not None)
        tests = outcome.value
        nothing = _patterns.of_results([([], tests)], self.tolerance) if tests is None else None
        if nothing is not None:
            return Verdict(self.name, "wrong", nothing.message, nothing.name, cases=1)
        problem = self._single(tests) or self._malformed(tests)
        if problem:
            return Verdict(self.name, "wrong", problem, "not-a-test", cases=1)
        tests = [values.in_lists(test) for test in tests]  # who tries a case out has it in tensors
        for number, test in enumerate(tests):
            rejected = self._rejects_right(number, test, hidden is not None)
            if rejected is not None:
                return Verdict(
                    self.name,
                    "wrong",
                    *rejected[:2],
                    cases=len(tests),
                    shown=rejected[2],
                    kind_of_shown="test",
                )
        missed = [s for s in self.suspects if self._passes(s.implementation, tests)]
        count, caught = len(self.suspects), len(self.suspects) - len(missed)
        if missed:
            first = missed[0]
            message = f"Your test catches {caught} of {count} suspects. {first.message}"
            return Verdict(self.name, "wrong", message, first.name, cases=len(tests))
        return Verdict(
            self.name, "passed", f"Your test catches all {count} suspects.", cases=len(tests)
        )

    def _crashed(self, outcome: Raised, hidden: bool) -> Verdict:
        known = _errors.of_errors([(outcome.kind, outcome.message)], outcome.own)
        text = f"{outcome.kind}: {outcome.message}".removesuffix(": ")
        if known is not None:
            text = known.message if hidden or not outcome.message else f"{text}. {known.message}"
        elif hidden:
            text = outcome.kind
        name = known.name if known is not None else None
        return Verdict(
            self.name, "crashed", text, name, cases=1, outcome=None if hidden else outcome
        )

    def _passes(self, implementation: Callable, tests: Sequence) -> bool:
        return all(self._accepts(test, self._run(implementation, test)) for test in tests)

    def _rejects_right(
        self, number: int, test: Sequence, hidden: bool
    ) -> tuple[str, str, Shown | None] | None:
        """Message, name and what to show where a case is one that a right implementation fails."""
        broken = self._unfair(test)
        if broken is not None:
            return f"Case {number}: {broken}", "not-by-the-card", None
        for implementation in self.right:
            result = self._run(implementation, test)
            if self._accepts(test, result):
                continue
            if isinstance(result, Raised):
                why = "" if hidden else f" ({result.kind}: {result.message})"
                return (
                    f"A right implementation cannot run on case {number}{why}. Each case is "
                    f"{self._form}: compare their order and kinds with the exercise's text.",
                    "cannot-be-run",
                    None,
                )
            shown = Shown(tuple(test[:-1]), result.value, test[-1], tuple(self.arguments))
            if _rounded_too_far(test[-1], result.value):
                one = values.as_array(result.value)
                right = f" ({float(one):.4f})" if one is not None and one.ndim == 0 else ""
                return (
                    f"Your value of case {number} is right but rounded too far: give at least four "
                    f"decimals{'' if hidden else right}.",
                    "rounded-too-far",
                    None if hidden else shown,
                )
            return (
                f"Case {number} rejects a correct implementation: work out its expected value again by "
                "hand.",
                "rejects-right",
                None if hidden else shown,
            )
        return None

    def _unfair(self, test: Sequence) -> str | None:
        if self.unfair is None:
            return None
        try:
            return self.unfair(*test[:-1])
        except Exception:  # of another kind than it should be, which a right implementation tells
            return None

    @property
    def _form(self) -> str:
        return f"({', '.join(self.arguments)}, expected)"

    def _single(self, tests: Any) -> str | None:
        """What to say where one case came that is in no list: a right implementation runs on it."""
        if not self._like_a_case(tests):
            return None
        result = self._run(self.right[0], tests)
        inside = [test for test in tests if self._like_a_case(test)]
        runs = any(not isinstance(self._run(self.right[0], test), Raised) for test in inside)
        if isinstance(result, Raised) or (runs and not self._accepts(tests, result)):
            return None
        return "You returned a single case. Put it in a list: `[(...)]`."

    def _like_a_case(self, test: Any) -> bool:
        return isinstance(test, list | tuple) and len(test) == len(self.arguments) + 1

    def _malformed(self, tests: Any) -> str | None:
        form = self._form
        if isinstance(tests, Iterator):
            return (
                f"You returned a {values.kind(tests)}: wrap it in `list(...)`, or collect the cases in a "
                "list."
            )
        if not isinstance(tests, list | tuple) or not tests:
            return f"Return a list of cases, each {form}; you returned {values.kind(tests)}."
        if len(tests) > MOST_CASES:
            return (
                f"You returned {len(tests)} cases; {MOST_CASES} at most, and a handful is enough."
            )
        for number, test in enumerate(tests):
            if not self._like_a_case(test):
                return (
                    f"Case {number} is {values.with_article(values.kind(test))}; it must be {form}."
                )
            if not self.texts and _holds_text(test):
                return f"Case {number} holds a text in quotes; {form} are numbers and lists of numbers."
        return None

    @staticmethod
    def _run(implementation: Callable, test: Sequence) -> Any:
        return call(implementation)(Case(tuple(test[:-1]), "a learner's case"))

    def _accepts(self, test: Sequence, result: Any) -> bool:
        return not isinstance(result, Raised) and values.same(
            test[-1], result.value, self.tolerance
        )


def _rounded_too_far(given: Any, right: Any) -> bool:
    """Whether a number, or each of several, is the right one rounded to the decimals that it has: 1 to 3."""
    rough, exact = values.as_array(given), values.as_array(right)
    if rough is None or exact is None or rough.shape != exact.shape or exact.dtype.kind != "f":
        return False
    rough, exact = rough.astype(np.float64), exact.astype(np.float64)
    for digits in range(4):
        if np.allclose(rough, rough.round(digits), rtol=0, atol=1e-9):
            return digits > 0 and np.allclose(rough, exact.round(digits), rtol=0, atol=1e-9)
    return False


def _holds_text(value: Any, depth: int = 6) -> bool:
    if isinstance(value, list | tuple):
        return depth > 0 and any(_holds_text(item, depth - 1) for item in value)
    return isinstance(value, str)
