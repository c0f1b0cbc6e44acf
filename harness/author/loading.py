"""The lessons of a course, read and linted: what the build, the runs and the grader begin with."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

from nbformat import NotebookNode

from harness.author import leaks, lint, notebooks, start
from harness.author.lesson import START, Lesson, LessonError, lesson_files, read, start_file


def load(root: Path, wanted: Sequence[str] = ()) -> list[Lesson]:
    """Read and lint the lessons with these numbers or names, or all; no other is looked at.

    Raises:
        LessonError: with every problem of every lesson that was asked for.
        ValueError: there is no lesson of such a name.
    """
    lessons, problems = [], []
    for path in lesson_files(root, wanted):
        try:
            lesson = read(path)
        except LessonError as error:
            problems.extend(error.problems)
            continue
        found = lint.lint(lesson)
        problems.extend(found)
        if not found:
            problems.extend(leaks.leaks(lesson, *_both(lesson)))
        lessons.append(lesson)
    if problems:
        raise LessonError(problems)
    return lessons


def load_start(root: Path) -> Lesson | None:
    """The front door with its map of the lessons, linted; None in a course that has none.

    A lesson that cannot be read is left out of the map: it may be half written.

    Raises:
        LessonError: with every problem of the front door.
    """
    path = start_file(root)
    if path is None:
        return None
    lessons = []
    for file in lesson_files(root):
        with contextlib.suppress(LessonError):
            lessons.append(read(file))
    front = start.with_map(read(path), lessons)
    problems = [*lint.lint(front), *leaks.leaks(front, *_both(front))]
    if problems:
        raise LessonError(problems)
    return front


def to_run(root: Path, wanted: Sequence[str] = ()) -> list[Lesson]:
    """What `course run` executes: the lessons as `load` gives them, and before them the front door
    where all are wanted, or it is.
    """
    path = start_file(root)
    asked = [name for name in wanted if path and Path(name).stem in (path.stem, START, "0")]
    lessons = load(root, [x for x in wanted if x not in asked]) if len(asked) < len(wanted) else []
    lessons = lessons if wanted else load(root)
    front = load_start(root) if asked or not wanted else None
    return [front, *lessons] if front else lessons


def _both(lesson: Lesson) -> tuple[NotebookNode, NotebookNode]:
    return notebooks.source_notebook(lesson), notebooks.release_notebook(lesson)
