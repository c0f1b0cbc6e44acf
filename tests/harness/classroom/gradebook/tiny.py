"""A little lesson, and a grader that marks by a rule: an answer is right if it holds "right"."""

from __future__ import annotations

import dataclasses
import functools
import importlib
import itertools
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from harness.classroom import Classroom, init
from harness.grade.verdicts import CellVerdict, GradedSubmission, Report
from tests.harness.grade.fakes import FakeSession

LESSON = "pooling"
CANARY = "canary-of-the-hidden-tests"
MARKUP = "<script>alert(1)</script>"


def _meta(grade_id: str, **more: object) -> dict:
    flags = {"grade": False, "locked": False, "solution": False, "task": False}
    return {"nbgrader": flags | {"grade_id": grade_id, "schema_version": 3} | more}


def source() -> NotebookNode:
    """The teacher's form: two checked answers, a written answer, a task."""
    cells = [new_markdown_cell("# Pooling")]
    for name, points in (("mean", 2), ("max", 3)):
        body = f"### BEGIN SOLUTION\n{name} = 'right'\n### END SOLUTION"
        check = f"assert {name}\n### BEGIN HIDDEN TESTS\n# {CANARY}\n### END HIDDEN TESTS"
        flags = {"grade": True, "locked": True, "points": points}
        cells.append(new_code_cell(body, metadata=_meta(name, solution=True)))
        cells.append(new_code_cell(check, metadata=_meta(f"check_{name}", **flags)))
    written = _meta("why", grade=True, solution=True, points=4)
    cells.append(new_markdown_cell("Why?", metadata=written))
    cells.append(
        new_markdown_cell("Draw.", metadata=_meta("draw", task=True, locked=True, points=1))
    )
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    return new_notebook(cells=cells)


def classroom(folder: Path, database: str | None = None) -> Classroom:
    """A classroom with the lesson released."""
    room = init(folder / "class", database, course_id="tiny")
    teacher = folder / "teacher.ipynb"
    nbformat.write(source(), teacher)
    room.release(LESSON, teacher)
    return room


def submission(room: Classroom, **answers: str) -> NotebookNode:
    """The released notebook with some answers given."""
    notebook = nbformat.read(room.folder / "release" / LESSON / f"{LESSON}.ipynb", as_version=4)
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.source = answers.get(name, cell.source)
    return notebook


def hand_in(room: Classroom, student: str, when: str = "", **answers: str) -> Path:
    """Put a submission in the classroom."""
    place = room.folder / "submitted" / student / LESSON
    place.mkdir(parents=True, exist_ok=True)
    nbformat.write(submission(room, **answers), place / f"{LESSON}.ipynb")
    if when:
        (place / "timestamp.txt").write_text(when)
    return place


def grade(place: Path, lesson: str) -> GradedSubmission:
    """Mark by the rule; what is no notebook is ungradable."""
    student = place.parent.name
    try:
        notebook = nbformat.read(place / f"{lesson}.ipynb", as_version=4)
    except Exception:
        report = Report(
            student,
            lesson,
            "x",
            "ungradable",
            reason=f"No notebook. {MARKUP}",
            ask="Send it again.",
        )
        return GradedSubmission(report, None)
    text = {c.metadata.get("nbgrader", {}).get("grade_id"): c.source for c in notebook.cells}
    verdicts = []
    for name, points in (("mean", 2.0), ("max", 3.0)):
        right = "right" in text[name]
        verdicts.append(
            CellVerdict(
                f"check_{name}",
                "passed" if right else "wrong",
                points if right else 0.0,
                points,
                "" if right else f"{name} is wrong {MARKUP}",
                None if right else f"{name} over padding",
                name,
            )
        )
    verdicts.append(CellVerdict("why", "manual", None, 4.0))
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [new_output("display_data", {"text/html": MARKUP, "text/plain": "ok"})]
    return GradedSubmission(
        Report(student, lesson, f"{lesson}.ipynb", "graded", tuple(verdicts)), notebook
    )


def by(function: Callable[[Path, str], GradedSubmission], digest: str = "") -> FakeSession:
    """A session of the little lesson in which this function grades a student's folder."""
    return FakeSession(lambda one: function(one.path, LESSON), LESSON, digest)


def rows(room: Classroom) -> dict[tuple[str, str], tuple]:
    """What the gradebook holds of each graded cell, ids left out."""
    found = {}
    with room.gradebook() as book:
        for one in book.assignment_submissions(LESSON):
            for notebook in one.notebooks:
                for entry in notebook.grades:
                    found[one.student.id, entry.name] = (
                        entry.auto_score,
                        entry.manual_score,
                        bool(entry.needs_manual_grade),
                        notebook.late_submission_penalty,
                    )
    return found


def generous(place: Path, lesson: str) -> GradedSubmission:
    """Give everybody all points."""
    graded = grade(place, lesson)
    cells = tuple(
        c if c.points is None else dataclasses.replace(c, status="passed", points=c.max_points)
        for c in graded.report.cells
    )
    return GradedSubmission(dataclasses.replace(graded.report, cells=cells), graded.notebook)


def kill_before(place: str, call: int) -> None:
    """Kill this process at the n-th call of a function, `module:name`."""
    module, _, name = place.partition(":")
    owner = functools.reduce(getattr, name.split(".")[:-1], importlib.import_module(module))
    own, calls = getattr(owner, name.split(".")[-1]), itertools.count(1)

    def dying(*args: object, **kwargs: object) -> object:
        if next(calls) == call:
            os.kill(os.getpid(), signal.SIGKILL)
        return own(*args, **kwargs)

    setattr(owner, name.split(".")[-1], dying)


if __name__ == "__main__":  # a run that a test kills
    if len(sys.argv) > 2:
        kill_before(sys.argv[2], int(sys.argv[3]))
    Classroom(Path(sys.argv[1])).autograde(
        LESSON,
        session=by(generous if len(sys.argv) > 2 else grade),
        progress=lambda done, total, report: print(done, flush=True),
        force=len(sys.argv) > 2,
    )
