"""Records what the references of a check give wherever the visible check asks them.

A visible check asks its oracle and its mistakes on cases that are the same every time, and on what it makes
of those: a case with one argument held at another case's value, or with two exchanged, and moved a little
for a derivative. So all that it can ask is finite, and is asked here; `lib.checks.recorded` answers with it.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from lib.checks import (
    Case,
    Exercise,
    Raised,
    _arguments,
    _gradient,
    _state,
    call,
    canonical,
    values,
)
from lib.checks._loops import FEW, MANY
from lib.checks._recorded_values import NotPlain, fingerprint, to_json
from lib.checks.exercise import MOST_FOR_GRADIENTS
from lib.checks.recorded import VERSION


class CannotBeRecorded(ValueError):
    """A check holds something that is no data; the message says what, and in which exercise."""


def record(exercise: Exercise) -> dict[str, Any]:
    """All of a check that its visible half needs, as plain JSON, without a function in it.

    Raises:
        CannotBeRecorded: an argument or a result is not plain, or the canonical form is not one of
            `lib.checks.canonical`.
    """
    try:
        with _state.known(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what a mistake divides by is its own affair
            return _Recorder(exercise).stored()
    except NotPlain as error:
        raise CannotBeRecorded(
            f"{exercise.name}: {error}; cases and results of a check are numbers, texts, arrays, tensors "
            "and containers of these"
        ) from error


class _Recorder:
    def __init__(self, exercise: Exercise) -> None:
        self.exercise = exercise
        self.drawn = list(exercise.draw())
        self.given, self.cases = exercise.as_called(self.drawn)
        self.outcomes: list[dict] = []
        self._known: dict[str, int] = {}  # an outcome's place, by what it is

    def stored(self) -> dict[str, Any]:
        exercise = self.exercise
        return {
            "version": VERSION,
            "name": exercise.name,
            "lesson": exercise.lesson,
            "tolerance": [exercise.tolerance.atol, exercise.tolerance.rtol],
            "canonical": self._canonical(),
            "returns": exercise.returns,
            "dtype": None if exercise.dtype is None else str(exercise.dtype).removeprefix("torch."),
            "any_precision": exercise.any_precision,
            "gradients": list(exercise.gradients),
            "cases": [
                {"label": c.label, "args": to_json(c.args), "kwargs": to_json(dict(c.kwargs))}
                for c in self.drawn
            ],
            "oracle": {
                "calls": self._calls(exercise.oracle, self._asked_of_the_oracle()),
                "derivatives": dict(self._derivatives()),
                "parameters": list(_parameters(exercise.oracle)),
            },
            "mistakes": [
                {
                    "name": mistake.name,
                    "message": mistake.message,
                    "hint": mistake.hint,
                    "forms": [
                        {} if mistake.by_hash else self._calls(form, [*self.given, *self.cases])
                        for form in (mistake.wrong, *mistake.also)
                    ],
                }
                for mistake in exercise.mistakes
            ],
            "largest": self._largest(),
            "no_loops": [
                {"over": one.over, "why": one.why}
                | {str(n): to_json(one.given(n)) for n in (FEW, MANY)}
                for one in exercise.no_loops
            ],
            "outcomes": self.outcomes,
        }

    def _canonical(self) -> str | None:
        function = self.exercise.canonical
        if function is None:
            return None
        name = getattr(function, "__name__", "")
        if getattr(canonical, name, None) is not function:
            raise CannotBeRecorded(
                f"{self.exercise.name}: its canonical form {name!r} is not in lib/checks/canonical.py, "
                "where a bundle for students finds it: move it there"
            )
        return name

    def _asked_of_the_oracle(self) -> Iterator[Case]:
        """The cases, and each as a pattern of arguments would change it (`lib.checks._arguments`)."""
        yield from self.cases
        oracle, cases = self.exercise.oracle, self.cases
        for change in _arguments.changes(oracle, cases):
            yield from (changed for case in cases if (changed := change(case)) is not None)

    def _calls(self, function: Callable, cases: list[Case] | Iterator[Case]) -> dict[str, int]:
        caller = call(function)
        found: dict[str, int] = {}
        for case in cases:
            key = fingerprint([list(case.args), dict(case.kwargs)])
            if key not in found:
                found[key] = self._place(caller(case))
        return found

    def _place(self, outcome: Any) -> int:
        if isinstance(outcome, Raised):
            node = {"raised": [outcome.kind, outcome.message]}
            key = f"raised {outcome.kind} {outcome.message}"
        else:
            node, key = {"value": to_json(outcome.value)}, fingerprint(outcome.value)
        if key not in self._known:
            self._known[key] = len(self.outcomes)
            self.outcomes.append(node)
        return self._known[key]

    def _derivatives(self) -> Iterator[tuple[str, dict[str, float | None]]]:
        exercise = self.exercise
        if not exercise.gradients:
            return
        for case in self.given:
            if values.size(case.args) > MOST_FOR_GRADIENTS:
                continue
            if isinstance(call(exercise.oracle)(case), Raised):
                continue
            found = _gradient.derivatives(exercise.oracle, case, exercise.gradients)
            if found is not None:
                yield fingerprint(list(case.args)), {str(at): one for at, one in found.items()}

    def _largest(self) -> dict[str, int | None] | None:
        allowed = self.exercise.largest
        if allowed is None:
            return None
        return {fingerprint(list(c.args)): allowed(*c.args) for c in self.given}


def _parameters(function: Callable) -> Iterator[list]:
    """The name of each argument, with its default where that is a number: all that a check asks of it."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return
    for one in parameters:
        if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD):
            has = one.default is not one.empty
            number = type(one.default) in (int, float)
            yield [one.name, [one.default if number else None]] if has else [one.name]
