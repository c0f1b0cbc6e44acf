"""Grading the course's own lessons: which lesson a submission is of, and what grades it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lib.course import build
from lib.course.lesson import Lesson
from lib.grading.kernels.client import WarmParent
from lib.grading.limits import Limits
from lib.grading.pipeline import Assignment, Grader
from lib.grading.pool import Submission
from lib.grading.verdicts import Report
from lib.learn import catalogue

NONE = "none"


class NoIsolation(RuntimeError):
    """This machine cannot isolate what would be graded, and nobody said that it need not."""


def choose(wanted: str) -> str:
    """The isolation level to use.

    Raises:
        NoIsolation: there is none to be had and `none` was not asked for.
    """
    if wanted == NONE:
        return NONE
    raise NoIsolation(
        "other people's notebooks are not run without isolation, and the grader has none yet. For "
        "notebooks that you trust, such as your own: --isolation none"
    )


def assignment(lesson: Lesson) -> Assignment:
    """The lesson as the grader needs it."""
    return Assignment(lesson.slug, build.source_notebook(lesson), build.release_notebook(lesson))


def lesson_of(path: Path, lessons: Iterable[Lesson]) -> Lesson | None:
    """The lesson that a submission's name says it is of, else the one whose exercises it holds."""
    lessons = list(lessons)
    names = [path.stem.lower(), *(parent.name.lower() for parent in path.parents[:2])]
    files = [path]
    if path.is_dir() and not path.is_symlink():
        files = sorted(path.glob("*.ipynb"))
        names += [file.stem.lower() for file in files]
    for name in names:
        for lesson in lessons:
            if lesson.slug in name:
                return lesson
    if not files or files[0].is_symlink() or not files[0].is_file():
        return None
    with open(files[0], "rb") as file:  # it may be anything, so it is only searched as bytes
        text = file.read(32 << 20)
    scores = {x.slug: sum(f'"{n}"'.encode() in text for n in x.exercises()) for x in lessons}
    best = max(lessons, key=lambda x: scores[x.slug], default=None)
    return best if best is not None and scores[best.slug] else None


@dataclass(frozen=True)
class Means:
    """What grades a lesson: `grader()` makes what one worker grades with."""

    lesson: str
    digest: str
    grader: Callable[[], Callable[[Submission], Report]]


@contextmanager
def means(lesson: Lesson, isolation: str, limits: Limits | None = None) -> Iterator[Means]:
    """A warm parent for the lesson, running inside the block, and what makes graders of it."""
    limits, what = limits or Limits(), assignment(lesson)
    text = json.dumps([what.source, what.release, isolation, repr(limits)], sort_keys=True)
    with WarmParent(prefix=what.prefix) as warm:

        def grader() -> Callable[[Submission], Report]:
            one = Grader(what, warm, limits=limits, isolation=isolation, hints=_hint)
            return lambda submission: one.grade(submission.student, submission.path).report

        yield Means(lesson.slug, hashlib.sha256(text.encode()).hexdigest(), grader)


def _hint(exercise: str) -> str | None:
    try:
        return catalogue.exercise(exercise)["hints"][0]["hint"]
    except (KeyError, IndexError):
        return None
