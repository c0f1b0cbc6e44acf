"""The *break it* exercise: the learner writes the test that tells right from wrong implementations.

Their function takes nothing and returns test cases as plain data: a list of
`(argument, ..., expected)`. The check runs right implementations (all must pass) and suspects (each
must fail at least one case) on them. So a learner's test is judged by what it catches, and the
suspects stay on the check's side.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lib.checks import values
from lib.checks.exercise import Caller, Case, Raised, Shown, Verdict, call, unattempted
from lib.checks.values import Tolerance

# A learner writes expected values by hand, with a few decimals.
LOOSE = Tolerance(1e-4, 1e-4)
MOST_CASES = 2_000  # a learner may draw them at random


@dataclass(frozen=True)
class Suspect:
    """A wrong implementation, and what to say when a learner's test lets it through."""

    name: str
    message: str
    implementation: Callable


@dataclass(frozen=True)
class BreakIt:
    """The check of a break-it exercise. It has the same face as `Exercise`.

    Args:
        right: implementations that any fair test accepts; the first gives expected values.
        suspects: at least five wrong implementations.
        arguments: the names of the arguments that a case holds before the expected value.
    """

    name: str
    lesson: str
    right: Sequence[Callable]
    suspects: Sequence[Suspect]
    arguments: Sequence[str]
    tolerance: Tolerance = LOOSE
    equivalent: Mapping[str, str] = field(default_factory=dict)

    def draw(self, hidden: int | None = None) -> list[Case]:
        """The one call: the learner's test takes nothing."""
        return [Case((), "your test cases")]

    def verdict(self, caller: Caller, hidden: int | None = None) -> Verdict:
        outcome = caller(self.draw(hidden)[0])
        if unattempted(outcome):
            return Verdict(self.name, "not attempted", "Nothing to check yet.")
        if isinstance(outcome, Raised):
            text = f"{outcome.kind}: {outcome.message}"
            return Verdict(self.name, "crashed", text, cases=1, outcome=outcome)
        tests = outcome.value
        problem = self._malformed(tests)
        if problem:
            return Verdict(self.name, "wrong", problem, "not-a-test", cases=1)
        for number, test in enumerate(tests):
            for implementation in self.right:
                result = self._run(implementation, test)
                if not self._accepts(test, result):
                    got = result if isinstance(result, Raised) else result.value
                    shown = None
                    if hidden is None and not isinstance(result, Raised):
                        shown = Shown(tuple(test[:-1]), got, test[-1])
                    return Verdict(
                        self.name,
                        "wrong",
                        f"Case {number} rejects a correct implementation: work out its expected "
                        "value again by hand.",
                        "rejects-right",
                        cases=len(tests),
                        shown=shown,
                    )
        for suspect in self.suspects:
            if all(self._accepts(t, self._run(suspect.implementation, t)) for t in tests):
                return Verdict(self.name, "wrong", suspect.message, suspect.name, cases=len(tests))
        count = len(self.suspects)
        return Verdict(
            self.name, "passed", f"Your test catches all {count} suspects.", cases=len(tests)
        )

    def _malformed(self, tests: Any) -> str | None:
        form = f"({', '.join(self.arguments)}, expected)"
        if not isinstance(tests, list | tuple) or not tests:
            return f"Return a list of cases, each {form}; you returned {values.kind(tests)}."
        if len(tests) > MOST_CASES:
            return (
                f"You returned {len(tests)} cases; {MOST_CASES} at most, and a handful is enough."
            )
        for number, test in enumerate(tests):
            if not isinstance(test, list | tuple) or len(test) != len(self.arguments) + 1:
                return (
                    f"Case {number} is {values.with_article(values.kind(test))}; it must be {form}."
                )
        return None

    @staticmethod
    def _run(implementation: Callable, test: Sequence) -> Any:
        return call(implementation)(Case(tuple(test[:-1]), "a learner's case"))

    def _accepts(self, test: Sequence, result: Any) -> bool:
        return not isinstance(result, Raised) and values.same(
            test[-1], result.value, self.tolerance
        )
