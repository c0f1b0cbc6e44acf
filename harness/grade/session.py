"""Grading the course's own lessons: which lesson a submission is of, and what grades it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness import paths, sandbox
from harness.author import build
from harness.author.lesson import Lesson
from harness.grade.engine import Submission
from harness.grade.grader import Assignment, Grader
from harness.grade.verdicts import Report
from harness.kernels.client import WarmParent, can_fork
from harness.kernels.spawned import SpawningParent
from harness.limits import Limits
from harness.sandbox import Box, Level, cgroup
from lib.learn import catalogue

OWN_BYTES = 1 << 30  # measured: 564 MiB for a notebook with 200 MiB of output


class NoIsolation(RuntimeError):
    """This machine cannot isolate what would be graded, and nobody said that it need not."""


def choose(wanted: str) -> Level:
    """The isolation level to use: `auto`, or the name of a level.

    Raises:
        NoIsolation: `auto` finds none, or the wanted one cannot be had here.
        ValueError: there is no such level.
    """
    if wanted == "auto":
        best = sandbox.available()[0]
        if best is Level.NONE:
            raise NoIsolation(
                "other people's notebooks are not run without isolation, and this machine gives none: "
                f"namespaces: {sandbox.why(Level.NAMESPACES)}; Landlock: "
                f"{sandbox.why(Level.LANDLOCK)}. For your own notebooks: --isolation none"
            )
        return best
    if wanted not in set(Level):
        names = ", ".join(["auto", *Level])
        raise ValueError(f"there is no isolation {wanted!r}; there are: {names}")
    if Level(wanted) not in sandbox.available():
        raise NoIsolation(f"{wanted} cannot be had: {sandbox.why(Level(wanted))}")
    return Level(wanted)


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
    """What grades a lesson: `make()` gives a grader for one worker, `grader()` a function of one.

    `digest` tells everything on which a verdict depends but the submission; `note` what a user should
    know of how it is done here, if anything.
    """

    lesson: str
    digest: str
    make: Callable[[], Grader]
    note: str | None = None

    def grader(self) -> Callable[[Submission], Report]:
        """A function that grades one submission at a time."""
        one = self.make()
        return lambda submission: one.grade(submission.student, submission.path).report


@contextmanager
def means(
    lesson: Lesson | Assignment, level: Level, limits: Limits | None = None
) -> Iterator[Means]:
    """A warm parent for the lesson, running inside the block, and what makes graders of it."""
    limits = limits or Limits()
    what = lesson if isinstance(lesson, Assignment) else assignment(lesson)
    text = json.dumps([what.source, what.release, str(level), repr(limits)], sort_keys=True)

    def box(sockets: str, work: str) -> Box | None:
        return None if level is Level.NONE else Box(level, sockets, work, paths.CODE, limits)

    if level is not Level.NONE:
        cgroup.adopt()  # before there is any other process of the grader's
    with WarmParent(prefix=what.prefix) if can_fork() else SpawningParent() as warm:

        def make() -> Grader:
            return Grader(
                what, warm, limits=limits, make_box=box, isolation=str(level), hints=_hint
            )

        yield Means(what.name, hashlib.sha256(text.encode()).hexdigest(), make, warm.note)


def journal_file(digest: str, submissions: Iterable[Submission]) -> Path:
    """Where a run over these submissions keeps what it has finished, until all is written."""
    import platformdirs

    named = json.dumps([[s.student, str(s.path.absolute())] for s in submissions])
    name = hashlib.sha256(f"{digest}{named}".encode()).hexdigest()[:32]
    folder = os.environ.get("COURSE_CACHE") or platformdirs.user_cache_dir(
        "embeddings-course", appauthor=False
    )
    return Path(folder, "grading", f"{name}.jsonl")


def workers(submissions: int, limits: Limits | None = None) -> int:
    """How many submissions to grade at once: as many as there are cores and as memory holds.

    One takes at most `limits.memory_bytes`, once more for a judge that holds as much, and
    `OWN_BYTES` for what the grader itself reads and keeps of it.
    """
    import psutil

    each = 2 * (limits or Limits()).memory_bytes + OWN_BYTES
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min(submissions, cores or 1, int(psutil.virtual_memory().available // each)))


def _hint(exercise: str) -> str | None:
    try:
        return catalogue.exercise(exercise)["hints"][0]["hint"]
    except (KeyError, IndexError):
        return None
