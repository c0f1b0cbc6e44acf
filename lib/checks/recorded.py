"""An exercise's check without its references: what they gave on the visible cases, read from a file.

A bundle for students (`course classroom bundle`) holds no oracle and no mistake. It holds the cases of the
visible check as they were drawn, what the oracle gives on them and on all that a check makes of them, and
what each named mistake would give. A `Replayed` function looks that up; everything else of a check, from
the comparison to the message, is the code that runs with the whole course.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from lib.checks import canonical
from lib.checks._loops import FEW, MANY, NoLoop
from lib.checks._recorded_values import fingerprint, from_json
from lib.checks.diagnosis import Mistake
from lib.checks.exercise import Case, Exercise
from lib.checks.values import Tolerance

VERSION = 1


class NotRecorded(LookupError):
    """A recorded function was called with arguments on which nobody has called the real one."""


class Replayed:
    """A function that gives what another one gave on the same arguments, bit for bit.

    Args:
        calls: by the fingerprint of `(args, kwargs)`, the number of an outcome.
        outcomes: each {"value": ...} or {"raised": [kind, message]}, as `to_json` writes values.
        derivatives: by the fingerprint of the arguments and the place, see `lib.checks._gradient`.
        parameters: names of the arguments, and defaults that are numbers.
    """

    def __init__(
        self,
        calls: Mapping[str, int],
        outcomes: Sequence[dict],
        derivatives: Mapping[str, Mapping[str, float | None]] | None = None,
        parameters: Sequence[Sequence] = (),
    ) -> None:
        self._calls, self._outcomes, self._slopes = calls, outcomes, derivatives or {}
        self.__signature__ = inspect.Signature([_parameter(*one) for one in parameters])

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What was recorded, or the error that was.

        Raises:
            NotRecorded: nothing was, for these arguments.
        """
        place = self._calls.get(fingerprint([list(args), kwargs]))
        if place is None:
            raise NotRecorded("this check is recorded, and holds nothing for these arguments")
        outcome = self._outcomes[place]
        if "raised" in outcome:
            raise _error(*outcome["raised"])
        return from_json(outcome["value"])

    def derivative(self, args: Sequence[Any], place: int) -> float | None:
        """The derivative along the direction that the check draws; None where there is a corner."""
        return self._slopes[fingerprint(list(args))][str(place)]


def load(file: str | Path) -> Exercise:
    """The check that lies beside a module of `lib/checks/lesson_NN/`, in a file of its name.

    Raises:
        ValueError: it was written by another version of the course.
    """
    path = Path(file).with_suffix(".json")
    stored = json.loads(path.read_text(encoding="utf-8"))
    if stored.get("version") != VERSION:
        raise ValueError(
            f"{path.name} is of version {stored.get('version')}, and this course reads {VERSION}: "
            "install the bundle again"
        )
    return exercise(stored)


def exercise(stored: dict) -> Exercise:
    """The check of what `harness.bundle.recording.record` gave."""
    outcomes, oracle = stored["outcomes"], stored["oracle"]
    cases = [
        Case(from_json(one["args"]), one["label"], from_json(one["kwargs"]))
        for one in stored["cases"]
    ]

    def drawn(draw: np.random.Generator, hidden: bool) -> list[Case]:
        if hidden:
            raise ValueError(
                f"{stored['name']}: the hidden cases stay with the teacher; this is a bundle for students"
            )
        return cases

    return Exercise(
        stored["name"],
        stored["lesson"],
        drawn,
        Replayed(oracle["calls"], outcomes, oracle["derivatives"], oracle["parameters"]),
        [_mistake(one, outcomes) for one in stored["mistakes"]],
        Tolerance(*stored["tolerance"]),
        canonical=getattr(canonical, stored["canonical"]) if stored["canonical"] else None,
        returns=stored["returns"],
        dtype=getattr(torch, stored["dtype"]) if stored["dtype"] else None,
        any_precision=stored["any_precision"],
        gradients=tuple(stored["gradients"]),
        largest=_Largest(stored["largest"]) if stored["largest"] else None,
        no_loops=[_no_loop(one) for one in stored["no_loops"]],
    )


class _Largest:
    """How many numbers the largest tensor may hold, by the arguments of a call."""

    def __init__(self, allowed: Mapping[str, int | None]) -> None:
        self._allowed = allowed

    def __call__(self, *args: Any) -> int | None:
        return self._allowed[fingerprint(list(args))]


def _mistake(stored: dict, outcomes: Sequence[dict]) -> Mistake:
    first, *others = (Replayed(calls, outcomes) for calls in stored["forms"])
    return Mistake(stored["name"], stored["message"], first, stored["hint"], others)


def _no_loop(stored: dict) -> NoLoop:
    given = {n: stored[str(n)] for n in (FEW, MANY)}
    return NoLoop(stored["over"], lambda n: from_json(given[n]), stored["why"])


def _parameter(name: str, default: Sequence = ()) -> inspect.Parameter:
    value = default[0] if default else inspect.Parameter.empty
    return inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=value)


def _error(kind: str, message: str) -> BaseException:
    """An error of a kind, by its name; that is all of it that a check looks at."""
    return type(kind, (Exception,), {"__str__": lambda self: message})()
