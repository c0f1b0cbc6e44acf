"""The checks of all exercises: one module `lesson_NN` a lesson, each with a list `EXERCISES`.

`find("mean_pool")` gives the check of one exercise; `every()` all of them, in course order.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
import re

from lib.checks.breakit import BreakIt, Suspect
from lib.checks.exercise import Case, Exercise, Mistake, Raised, Returned, Verdict, call
from lib.checks.values import EXACT, Tolerance

__all__ = [
    "EXACT",
    "BreakIt",
    "Case",
    "Exercise",
    "Mistake",
    "Raised",
    "Returned",
    "Suspect",
    "Tolerance",
    "Verdict",
    "call",
    "every",
    "find",
]


@functools.cache
def _table() -> dict[str, Exercise | BreakIt]:
    table: dict[str, Exercise | BreakIt] = {}
    modules = (m.name for m in pkgutil.iter_modules(__path__))
    for module in sorted(m for m in modules if re.fullmatch(r"lesson_\d\d", m)):
        lesson = module.removeprefix("lesson_")
        for exercise in importlib.import_module(f"{__name__}.{module}").EXERCISES:
            if exercise.name in table:
                raise ValueError(f"two exercises are named {exercise.name!r}")
            if exercise.lesson != lesson:
                raise ValueError(f"{module}: {exercise.name} says lesson {exercise.lesson}")
            table[exercise.name] = exercise
    return table


def every() -> list[Exercise | BreakIt]:
    """Every exercise of the course, in order."""
    return list(_table().values())


def find(name: str) -> Exercise | BreakIt:
    """The check of the exercise with this name.

    Raises:
        KeyError: there is none; the message lists the names there are.
    """
    table = _table()
    if name not in table:
        raise KeyError(f"there is no exercise {name!r}; there are: {', '.join(table)}")
    return table[name]
