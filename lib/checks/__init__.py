"""The checks of all exercises: a folder `lesson_NN` a lesson, a file an exercise, named after it.

`find("mean_pool")` gives the check of one exercise and imports its file alone; what another lesson's
files hold, or whether they can be imported at all, makes no difference to it.
"""

from __future__ import annotations

import difflib
import functools
import importlib
import traceback
from collections.abc import Sequence
from pathlib import Path

from lib.checks.breakit import BreakIt, Suspect
from lib.checks.contest import Contest, Slip, Stage
from lib.checks.exercise import Case, Exercise, Mistake, Raised, Returned, Verdict, call
from lib.checks.values import EXACT, Tolerance

__all__ = [
    "EXACT",
    "BreakIt",
    "BrokenCheck",
    "Case",
    "Contest",
    "Exercise",
    "Mistake",
    "Raised",
    "Returned",
    "Slip",
    "Stage",
    "Suspect",
    "Tolerance",
    "Verdict",
    "call",
    "every",
    "find",
    "has_file",
    "lessons",
    "named",
    "names",
]


# What one tries the checks on in `00_start`: found by its name, of no lesson, and counted nowhere.
_TRIAL = "00"


class BrokenCheck(ImportError):
    """A file of a check is there and cannot be used; the message names the file and the reason."""


def lessons() -> list[str]:
    """The lessons that have checks, by number, in course order: "01", "02", ..."""
    return [number for number in _numbers() if number != _TRIAL]


def names(lesson: str | None = None) -> list[str]:
    """The exercises of a lesson in the order of its notebook, or of all; no check is imported.

    What one tries the checks on in `00_start` is of no lesson: it is had by "00" alone.

    Raises:
        BrokenCheck: a lesson's list cannot be imported.
    """
    wanted = lessons() if lesson is None else [lesson]
    return [name for number in wanted if number in _numbers() for name in _listed(number)]


def every(lesson: str | None = None) -> list[Exercise | BreakIt]:
    """The checks of a lesson in the order of its notebook, or of all, contests left out."""
    found = (find(name) for name in names(lesson))
    return [check for check in found if not isinstance(check, Contest)]


@functools.cache
def find(name: str) -> Exercise | BreakIt | Contest:
    """The check of the exercise with this name.

    Raises:
        KeyError: there is none; the message names the nearest and all there are.
        BrokenCheck: its file cannot be used.
    """
    files = _files().get(name)
    if not files:
        near = difflib.get_close_matches(name, _files(), 1) if isinstance(name, str) else []
        meant = f" (did you mean {near[0]!r}?)" if near else ""
        raise KeyError(f"there is no exercise {name!r}{meant}; there are: {', '.join(_files())}")
    file = files[0]
    where = f"lib/checks/{file.parent.name}/{file.name}"
    if len(files) > 1:
        raise BrokenCheck(f"{where}: another lesson has an exercise of this name")
    try:
        found = importlib.import_module(f"{__name__}.{file.parent.name}.{name}").EXERCISE
    except Exception as error:
        raise BrokenCheck(_broken(error, where)) from error
    said = found.name, f"lesson_{found.lesson}"
    if said != (name, file.parent.name):
        raise BrokenCheck(f"{where} says that it is {found.name} of lesson {found.lesson}")
    return found


def named(check: Exercise | BreakIt | Contest) -> Sequence[Mistake | Suspect | Slip]:
    """What a check can name, each with its message and the number of the hint that is about it."""
    return check.suspects if isinstance(check, BreakIt) else check.mistakes


def has_file(name: str) -> bool:
    """Whether there is a file for the check of this exercise, whatever it holds."""
    return name in _files()


def _files() -> dict[str, list[Path]]:
    """The files of checks by the exercise's name; what several share begins with an underscore."""
    found: dict[str, list[Path]] = {}
    for folder in _folders():
        for path in sorted(folder.glob("*.py")):
            if not path.stem.startswith("_"):
                found.setdefault(path.stem, []).append(path)
    return found


def _broken(error: Exception, where: str) -> str:
    """What went wrong, and in which file of the checks: an exercise's own or one that it shares."""
    for frame in traceback.extract_tb(error.__traceback__):
        path = Path(frame.filename)
        if path.parent.name.startswith("lesson_"):
            where = f"lib/checks/{path.parent.name}/{path.name}"
    return f"{where} cannot be used: {type(error).__name__}: {error}"


def _numbers() -> list[str]:
    return sorted(path.name.removeprefix("lesson_") for path in _folders())


def _folders() -> list[Path]:
    return sorted(path for base in __path__ for path in Path(base).glob("lesson_[0-9][0-9]"))


def _listed(lesson: str) -> tuple[str, ...]:
    try:
        return importlib.import_module(f"{__name__}.lesson_{lesson}").EXERCISES
    except Exception as error:
        where = f"lib/checks/lesson_{lesson}/__init__.py"
        raise BrokenCheck(f"{where} cannot be used: {type(error).__name__}: {error}") from error
