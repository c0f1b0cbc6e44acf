"""A class and the course's grader: what `course classroom` does beyond keeping the folder."""

from __future__ import annotations

import contextlib
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from harness.author import build
from harness.author.lesson import Lesson
from harness.classroom import Classroom
from harness.grade import session as grading
from harness.grade.grader import Assignment, Graded
from harness.sandbox import Level


def release(classroom: Classroom, lesson: Lesson) -> Path:
    """Release a lesson of the course; its teacher's notebook is made from the lesson."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"{lesson.slug}.ipynb")
        nbformat.write(build.source_notebook(lesson), path)
        return classroom.release(lesson.slug, path)


def assignment(classroom: Classroom, lesson: str) -> Assignment:
    """A released lesson as the classroom has it, which a teacher may have changed."""
    read = [
        nbformat.read(classroom.folder / step / lesson / f"{lesson}.ipynb", as_version=4)
        for step in ("source", "release")
    ]
    return Assignment(lesson, *read)


@contextlib.contextmanager
def grader(
    classroom: Classroom, lesson: str, level: Level, only: str | None = None
) -> Iterator[tuple[Callable[[Path, str], Graded], str]]:
    """What grades a student's folder, for any number of threads, and its digest.

    Args:
        only: an exercise; then no more is run than its checks need, for whoever was graded before.
    """
    cells = classroom.cells_of(lesson, only) if only else None
    before = {report.student for report in classroom.reports(lesson)} if only else set()
    with grading.means(assignment(classroom, lesson), level) as means:
        local = threading.local()

        def one(place: Path, lesson: str) -> Graded:
            if not hasattr(local, "grader"):
                local.grader = means.make()
            student = place.parent.name
            alone = cells if student in before else None
            graded = local.grader.grade(student, place, alone)
            if alone is None:
                return graded
            return replace(graded, notebook=_with_outputs(graded.notebook, classroom, place))

        yield one, means.digest


def _with_outputs(notebook: NotebookNode, classroom: Classroom, place: Path) -> NotebookNode:
    """The notebook with what the cells that were not run again showed the last time."""
    lesson = place.name
    path = classroom.folder / "autograded" / place.parent.name / lesson / f"{lesson}.ipynb"
    try:
        old = nbformat.read(path, as_version=4)
    except (OSError, ValueError):
        return notebook
    shown = {(cell.get("id"), cell.source): cell.get("outputs") for cell in old.cells}
    for cell in notebook.cells:
        if cell.cell_type == "code" and not cell.outputs:
            cell.outputs = shown.get((cell.get("id"), cell.source)) or []
    return notebook
