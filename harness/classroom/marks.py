"""What a student has for a lesson: the one place that says it, for pages, reports, tables and exports.

The gradebook knows points (of checks and of persons), extra credit and penalties; the recorded reports
know what could not be graded and why. Whatever shows a student's points takes them from here, so that
nothing says 31 where another says 0.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from harness.reports.name_order import name_order
from harness.reports.standing import Standing

if TYPE_CHECKING:
    from harness.classroom.folder import Classroom

Status = Literal["graded", "waiting", "ungradable", "not graded", "missing"]
WORDS: dict[Status, str] = {
    "graded": "graded",
    "waiting": "waiting for a person",
    "ungradable": "ungradable",
    "not graded": "handed in, not graded yet",
    "missing": "nothing handed in",
}


@dataclass(frozen=True)
class CellMark:
    """One graded cell of one student.

    Args:
        grade_id: nbgrader's name of the cell.
        automatic: points that its check gave; None where there is no check, or it did not run.
        manual: points that a person gave, which count instead of the automatic ones; None if nobody.
        extra: points that a person gave on top.
        maximum: what the cell is worth.
        waits: whether a person has to look at it: a written answer, or one that was graded anew after
            a person had marked it.
    """

    grade_id: str
    automatic: float | None
    manual: float | None
    extra: float
    maximum: float
    waits: bool

    @property
    def points(self) -> float:
        """What counts of it."""
        found = self.automatic if self.manual is None else self.manual
        return (found or 0.0) + self.extra


@dataclass(frozen=True)
class Mark:
    """What one student has for one lesson.

    Args:
        status: `graded`: the total is final. `waiting`: graded, and some cells wait for a person, so
            that the total is that so far. `ungradable`: nothing could be read from what was handed in,
            and no person has given points for it. `not graded`: handed in, and not graded yet.
            `missing`: nothing was handed in.
        maximum: what the lesson is worth, all that a person marks included.
        cells: by grade_id, in no order; none if nothing was recorded.
        comments: what a person (or nbgrader) wrote, by the grade_id of the answer's cell.
        penalty: points that are taken off for being late: by the classroom's rule for the points as they
            are now, or as nbgrader wrote it where there is no rule.
        late_seconds: after the date that holds for this student; 0 in time, or where no date is known.
        handed_in: in UTC, if it is known.
        due: the date that holds for this student, in UTC; None if the lesson has none.
        reason: why it is ungradable, in a sentence; the student may have written parts of it.
    """

    student: str
    lesson: str
    status: Status
    maximum: float
    cells: dict[str, CellMark] = field(default_factory=dict)
    comments: dict[str, str] = field(default_factory=dict)
    penalty: float = 0.0
    late_seconds: float = 0.0
    handed_in: datetime | None = None
    due: datetime | None = None
    reason: str = ""

    @property
    def automatic(self) -> float:
        """Points of the checks that count: where no person gave others."""
        return sum(c.automatic or 0.0 for c in self.cells.values() if c.manual is None)

    @property
    def manual(self) -> float:
        """Points that a person gave, extra credit included."""
        return sum((c.manual or 0.0) + c.extra for c in self.cells.values())

    @property
    def earned(self) -> float:
        """Points before the penalty."""
        return sum(cell.points for cell in self.cells.values())

    @property
    def waiting(self) -> float:
        """The points that wait for a person: at most so many may come, or change."""
        return sum(cell.maximum for cell in self.cells.values() if cell.waits)

    @property
    def total(self) -> float | None:
        """Points after the penalty, so far if the status is `waiting`; None where there is no mark.

        None is not 0: who is ungradable, not graded or missing has no points yet.
        """
        if self.status not in ("graded", "waiting"):
            return None
        return max(0.0, self.earned - self.penalty)

    @property
    def standing(self) -> Standing:
        """The points as they are said everywhere."""
        late = min(self.penalty, max(0.0, self.earned))
        return Standing(self.total or 0.0, self.maximum, self.waiting, late)

    @property
    def final(self) -> float | None:
        """The total, where nothing waits for a person; else None."""
        return self.total if self.status == "graded" else None


def marks(classroom: Classroom, lesson: str, book: Any = None) -> dict[str, Mark]:
    """The mark of every student: who is in the gradebook, or has handed in this lesson; sorted.

    Args:
        book: the classroom's gradebook where it is open already; else it is opened.

    Raises:
        ClassroomError: the gradebook does not know the lesson.
    """
    from harness.classroom import dates

    if book is None:
        with classroom.gradebook() as opened:
            return marks(classroom, lesson, opened)
    rows, maximum, due = _rows(book, classroom.folder, lesson)
    known = dates.load(classroom.folder)
    reports = {report.student: report for report in classroom.reports(lesson)}
    here = set(classroom.students(lesson))
    found = {}
    for student in sorted({one.id for one in book.students} | set(rows) | here, key=name_order):
        row, report = rows.get(student), reports.get(student)
        if row is None:
            status: Status = "not graded" if student in here else "missing"
            own = known.of(lesson, student)
            found[student] = Mark(student, lesson, status, maximum, due=own or due)
            continue
        cells = row["cells"]
        by_person = any(cell.manual is not None or cell.extra for cell in cells.values())
        reason = report.reason if report is not None and report.status == "ungradable" else ""
        if report is None and not by_person and all(c.automatic is None for c in cells.values()):
            status = "not graded" if student in here else "missing"
        elif report is not None and report.status == "ungradable" and not by_person:
            status = "ungradable"
        else:
            status = "waiting" if any(cell.waits for cell in cells.values()) else "graded"
        found[student] = Mark(student, lesson, status, maximum, reason=reason, **row)
    return found


def _rows(
    book: Any, folder: Path, lesson: str
) -> tuple[dict[str, dict[str, Any]], float, datetime | None]:
    """What the gradebook holds of each submission of a lesson, in four queries; maximum and date."""
    from nbgrader.api import (
        BaseCell,
        Comment,
        Grade,
        MissingEntry,
        SubmittedAssignment,
        SubmittedNotebook,
    )
    from sqlalchemy import select

    from harness.classroom import dates, hand_ins, lateness
    from harness.classroom.errors import ClassroomError

    try:
        assignment = book.find_assignment(lesson)
    except MissingEntry as error:
        raise ClassroomError(
            f"the gradebook does not know {lesson}: release it (again) with course classroom release"
        ) from error
    worth = {
        cell.id: cell.max_score
        for notebook in assignment.notebooks
        for cell in (*notebook.grade_cells, *notebook.task_cells)
    }
    rows: dict[str, dict[str, Any]] = {}
    of: dict[str, str] = {}
    query = book.db.query(SubmittedAssignment)
    known = dates.load(folder)
    for one in query.filter(SubmittedAssignment.assignment_id == assignment.id):
        of[one.id] = one.student_id
        due, own = lateness.due_of(one, known, lesson)
        about = hand_ins.read(folder, lesson, one.student_id)
        late = lateness.seconds(one.timestamp, due, about, own)
        rows[one.student_id] = {
            "cells": {},
            "comments": {},
            "penalty": 0.0,
            "late_seconds": late,
            "handed_in": one.timestamp and one.timestamp.replace(tzinfo=UTC),
            "due": due,
        }
    # Each query is of this lesson alone: a term of a large class has a million grades.
    ours = SubmittedNotebook.assignment_id.in_(
        select(SubmittedAssignment.id).where(SubmittedAssignment.assignment_id == assignment.id)
    )
    notebooks: dict[str, str] = {}
    for notebook, submitted, penalty in book.db.query(
        SubmittedNotebook.id,
        SubmittedNotebook.assignment_id,
        SubmittedNotebook.late_submission_penalty,
    ).filter(ours):
        notebooks[notebook] = of[submitted]
        rows[of[submitted]]["penalty"] += penalty or 0.0
    points = (Grade.auto_score, Grade.manual_score, Grade.extra_credit, Grade.needs_manual_grade)
    cells = book.db.query(Grade.notebook_id, Grade.cell_id, BaseCell.name, *points)
    cells = cells.join(BaseCell, BaseCell.id == Grade.cell_id).join(
        SubmittedNotebook, SubmittedNotebook.id == Grade.notebook_id
    )
    for notebook, cell, name, automatic, manual, extra, waits in cells.filter(ours):
        if cell in worth:
            mark = CellMark(name, automatic, manual, extra or 0.0, worth[cell], bool(waits))
            rows[notebooks[notebook]]["cells"][name] = mark
    remarks = book.db.query(Comment.notebook_id, BaseCell.name, Comment.comment)
    remarks = remarks.join(BaseCell, BaseCell.id == Comment.cell_id).join(
        SubmittedNotebook, SubmittedNotebook.id == Comment.notebook_id
    )
    for notebook, name, text in remarks.filter(ours):
        if text:
            rows[notebooks[notebook]]["comments"][name] = text
    rule = known.rule(lesson)
    if rule is not None:  # as the points are now: a person may have given some since it was written
        for row in rows.values():
            earned = sum(cell.points for cell in row["cells"].values())
            row["penalty"] = rule.points(row["late_seconds"], earned, assignment.max_score)
    due = assignment.duedate
    return rows, assignment.max_score, due and due.replace(tzinfo=UTC)
