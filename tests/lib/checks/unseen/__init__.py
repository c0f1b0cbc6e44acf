"""Answers written from the exercises' cards alone, by who had not seen the checks.

Each file has `RIGHT` and `WRONG` functions for one exercise. They measure the checks: a right one that is
refused, or a wrong one that passes both the visible and the hidden check, is the check's mistake or an
unclear card. `python -m tests.lib.checks.unseen` prints the figures.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lib import checks
from lib.checks import Verdict, call

SEED = 20_417


@dataclass(frozen=True)
class Answer:
    """One answer to an exercise, and whether it is right by the card."""

    exercise: str
    function: Callable
    right: bool

    def __str__(self) -> str:
        return (
            f"{self.exercise}: {self.function.__name__} ({(self.function.__doc__ or '').strip()})"
        )

    def verdict(self) -> Verdict:
        """That of the visible check; where it passes, that of the hidden one."""
        exercise = checks.find(self.exercise)
        visible = exercise.verdict(call(self.function))
        return exercise.verdict(call(self.function), SEED) if visible.passed else visible


def answers() -> Iterator[Answer]:
    """All answers to all exercises, in the order of the course."""
    for name in checks.names():
        lesson = checks.find(name).lesson
        try:
            module = importlib.import_module(f"{__name__}.lesson_{lesson}.{name}")
        except ModuleNotFoundError:
            continue
        for right, functions in ((True, module.RIGHT), (False, module.WRONG)):
            yield from (Answer(name, function, right) for function in functions)
