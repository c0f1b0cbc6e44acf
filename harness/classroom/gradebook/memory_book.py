"""The rows of one lesson and some students, read at once, changed in memory, and written at once.

nbgrader's own steps of autograding find in `MemoryBook` what they ask a `Gradebook` for, and change it
as they would change that. A lesson's forty rows of a student then cost two statements for many
students, where nbgrader sends a hundred for each.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace, TracebackType
from typing import Any

from nbgrader import api
from nbgrader.api import MissingEntry
from nbgrader.utils import parse_utc
from sqlalchemy import Connection, bindparam, insert, select, update

_MOST_NAMED = 500  # names in one statement


class Unusual(Exception):
    """Something for nbgrader itself: it is not as in every other classroom."""


@dataclass(frozen=True)
class LessonCells:
    """What the gradebook holds of a released lesson of one notebook; nobody changes it meanwhile.

    Args:
        sources, graded: by the cell's name.
        grades, comments: the ids of the cells for which a submission has such a row, and their names.
    """

    assignment_id: str
    notebook_id: str
    duedate: datetime.datetime | None
    kernelspec: str | None
    sources: Mapping[str, Any]
    graded: Mapping[str, Any]
    grades: tuple[tuple[str, str], ...]
    comments: tuple[tuple[str, str], ...]

    @classmethod
    def read(cls, connection: Connection, lesson: str) -> LessonCells:
        """Read it.

        Raises:
            Unusual: the lesson is not there, or has not one notebook of its own name.
        """
        of, nb = api.Assignment.__table__, api.Notebook.__table__
        rows = connection.execute(
            select(of.c.id, of.c.duedate, nb.c.id, nb.c.name, nb.c.kernelspec)
            .join(nb, nb.c.assignment_id == of.c.id)
            .where(of.c.name == lesson)
        ).all()
        if [row[3] for row in rows] != [lesson]:
            raise Unusual(f"{lesson} has not one notebook of its name in the gradebook")
        assignment, duedate, notebook, _, kernelspec = rows[0]
        source, base = api.SourceCell.__table__, api.BaseCell.__table__
        sources = connection.execute(select(source).where(source.c.notebook_id == notebook)).all()
        cells = {
            kind: connection.execute(
                select(*columns, base.c.name)
                .join(base, base.c.id == table.c.id)
                .where(base.c.notebook_id == notebook)
                .order_by(base.c.name)
            ).all()
            for kind, table, columns in (
                ("grade", *_columns(api.GradeCell, "id", "max_score")),
                ("solution", *_columns(api.SolutionCell, "id")),
                ("task", *_columns(api.TaskCell, "id", "max_score")),
            )
        }
        return cls(
            assignment,
            notebook,
            duedate,
            kernelspec,
            {row.name: row for row in sources},
            {row.name: row for kind in ("task", "grade") for row in cells[kind]},
            tuple((row.id, row.name) for kind in ("task", "grade") for row in cells[kind]),
            tuple((row.id, row.name) for kind in ("task", "solution") for row in cells[kind]),
        )


def _columns(model: Any, *names: str) -> tuple[Any, list[Any]]:
    table = model.__table__
    return table, [table.c[name] for name in names]


@dataclass
class Grade:
    """A row of `grade`."""

    id: str
    cell_id: str
    auto_score: float | None = None
    manual_score: float | None = None
    extra_credit: float | None = None
    needs_manual_grade: bool = True

    @property
    def score(self) -> float:
        """As nbgrader's database adds it up: a person's score counts before the checks'."""
        score = self.auto_score if self.manual_score is None else self.manual_score
        return 0.0 if score is None else score + (self.extra_credit or 0.0)


@dataclass
class Comment:
    """A row of `comment`, of which autograding changes one column."""

    id: str
    cell_id: str
    auto_comment: str | None = None


@dataclass
class Submission:
    """One student's rows: of `submitted_assignment`, of `submitted_notebook`, and of its cells."""

    name: str
    student_id: str
    original_duedate: datetime.datetime | None
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    notebook_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    timestamp: datetime.datetime | None = None
    extension: datetime.timedelta | None = None
    late_submission_penalty: float | None = None
    grades: dict[str, Grade] = field(default_factory=dict)  # by the cell's name
    comments: dict[str, Comment] = field(default_factory=dict)

    @property
    def score(self) -> float:
        """The notebook's points."""
        return sum(grade.score for grade in self.grades.values())

    @property
    def total_seconds_late(self) -> float:
        """As nbgrader counts them."""
        if self.timestamp is None or self.original_duedate is None:
            return 0.0
        due = self.original_duedate + (self.extension or datetime.timedelta())
        return max(0.0, (self.timestamp - due).total_seconds())

    def __repr__(self) -> str:
        return f"SubmittedAssignment<{self.name} for {self.student_id}>"


class MemoryBook:
    """What nbgrader's steps see of the gradebook; see the module. `db.commit` does nothing.

    Args:
        lesson: its name.
        students: whose rows are read; who has none gets new ones.
    """

    def __init__(
        self, connection: Connection, lesson: str, cells: LessonCells, students: Iterable[str]
    ) -> None:
        self.lesson, self.cells = lesson, cells
        self.db = SimpleNamespace(commit=lambda: None)
        self.submissions: dict[str, Submission] = {}
        self._new: set[str] = set(students)
        self._before: dict[str, Any] = {}
        self._read(connection)
        for student in self._new:
            one = Submission(lesson, student, cells.duedate)
            one.grades = {name: Grade(uuid.uuid4().hex, cell) for cell, name in cells.grades}
            one.comments = {name: Comment(uuid.uuid4().hex, cell) for cell, name in cells.comments}
            self.submissions[student] = one
        self._before = {name: _state(one) for name, one in self.submissions.items()}

    def __enter__(self) -> MemoryBook:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """nbgrader's steps close what they opened; this one stays as it is."""

    def _read(self, connection: Connection) -> None:
        """Read the rows that are there."""
        of, nb = api.SubmittedAssignment.__table__, api.SubmittedNotebook.__table__
        grade, comment = api.Grade.__table__, api.Comment.__table__
        by_notebook: dict[str, Submission] = {}
        for names in _parts(sorted(self._new)):
            rows = connection.execute(
                select(
                    *(of.c.id, of.c.student_id, of.c.timestamp, of.c.extension),
                    *(nb.c.id.label("notebook"), nb.c.late_submission_penalty),
                )
                .join(
                    nb,
                    (nb.c.assignment_id == of.c.id) & (nb.c.notebook_id == self.cells.notebook_id),
                )
                .where(of.c.assignment_id == self.cells.assignment_id, of.c.student_id.in_(names))
            )
            for row in rows:
                one = Submission(
                    *(self.lesson, row.student_id, self.cells.duedate, row.id, row.notebook),
                    *(row.timestamp, row.extension, row.late_submission_penalty),
                )
                by_notebook[row.notebook] = self.submissions[row.student_id] = one
        self._new -= self.submissions.keys()
        names_of = dict(self.cells.grades) | dict(self.cells.comments)
        # With the cells named, too, nbgrader's index by cell and notebook is used: it has none by notebook.
        of_grade, of_comment = (
            table.c.cell_id.in_([cell for cell, _ in cells])
            for table, cells in ((grade, self.cells.grades), (comment, self.cells.comments))
        )
        for some in _parts(sorted(by_notebook)):
            grades = select(grade).where(of_grade, grade.c.notebook_id.in_(some))
            for row in connection.execute(grades):
                if row.cell_id in names_of:
                    values = (row.auto_score, row.manual_score, row.extra_credit)
                    found = Grade(row.id, row.cell_id, *values, bool(row.needs_manual_grade))
                    by_notebook[row.notebook_id].grades[names_of[row.cell_id]] = found
            comments = select(comment).where(of_comment, comment.c.notebook_id.in_(some))
            for row in connection.execute(comments):
                if row.cell_id in names_of:
                    remark = Comment(row.id, row.cell_id, row.auto_comment)
                    by_notebook[row.notebook_id].comments[names_of[row.cell_id]] = remark

    # What nbgrader's steps ask for.

    def find_notebook(self, name: str, assignment: str) -> Any:
        """The lesson's notebook."""
        return SimpleNamespace(name=name, kernelspec=self.cells.kernelspec)

    def find_source_cell(self, name: str, notebook: str, assignment: str) -> Any:
        """A cell as it was released."""
        return _one(self.cells.sources, name)

    def find_graded_cell(self, name: str, notebook: str, assignment: str) -> Any:
        """A cell that earns points."""
        return _one(self.cells.graded, name)

    def find_grade(self, name: str, notebook: str, assignment: str, student: str) -> Grade:
        """A student's row for a cell that earns points."""
        return _one(self.submissions[student].grades, name)

    def find_comment(self, name: str, notebook: str, assignment: str, student: str) -> Comment:
        """A student's row for a cell that can be remarked on."""
        return _one(self.submissions[student].comments, name)

    def find_submission(self, assignment: str, student: str) -> Submission:
        """A student's rows."""
        return self.submissions[student]

    def find_submission_notebook(self, notebook: str, assignment: str, student: str) -> Submission:
        """The same: a submission has one notebook."""
        return self.submissions[student]

    def submitted(self, student: str, timestamp: str | None, whole: bool) -> None:
        """A hand-in has come at that time, if it is known; `whole`: it is not the earlier one again."""
        if timestamp is not None:
            self.submissions[student].timestamp = parse_utc(timestamp)
        elif whole:
            self.submissions[student].timestamp = None

    def write(self, connection: Connection, students: Iterable[str]) -> None:
        """Write what has changed of these students' rows: four statements for new ones, four for others."""
        chosen = [self.submissions[name] for name in students]
        new = [one for one in chosen if one.student_id in self._new]
        known: set[str] = set()
        person = api.Student.__table__
        for names in _parts([one.student_id for one in new]):
            known |= set(connection.scalars(select(person.c.id).where(person.c.id.in_(names))))
        _insert(
            connection,
            api.Student,
            ({"id": o.student_id} for o in new if o.student_id not in known),
        )
        _insert(
            connection,
            api.SubmittedAssignment,
            (
                {
                    "id": one.id,
                    "assignment_id": self.cells.assignment_id,
                    "student_id": one.student_id,
                    "timestamp": one.timestamp,
                }
                for one in new
            ),
        )
        _insert(
            connection,
            api.SubmittedNotebook,
            (
                {
                    "id": one.notebook_id,
                    "assignment_id": one.id,
                    "notebook_id": self.cells.notebook_id,
                    "late_submission_penalty": one.late_submission_penalty,
                    "flagged": False,
                }
                for one in new
            ),
        )
        for model, rows in ((api.Grade, "grades"), (api.Comment, "comments")):
            every = [(one, row) for one in new for row in getattr(one, rows).values()]
            _insert(
                connection, model, (vars(row) | {"notebook_id": o.notebook_id} for o, row in every)
            )
        self._update(connection, [one for one in chosen if one.student_id not in self._new])

    def _update(self, connection: Connection, known: list[Submission]) -> None:
        changes: dict[Any, list[dict[str, Any]]] = {}
        for one in known:
            before, now = self._before[one.student_id], _state(one)
            for key in now.keys() - {k for k, v in now.items() if before.get(k) == v}:
                changes.setdefault(key[0], []).append({"key": key[1], **dict(now[key])})
        for model, rows in changes.items():
            table = model.__table__
            values: dict[str, Any] = {name: bindparam(name) for name in rows[0] if name != "key"}
            connection.execute(
                update(table).where(table.c.id == bindparam("key")).values(values), rows
            )


def _state(one: Submission) -> dict[tuple[Any, str], tuple[tuple[str, Any], ...]]:
    """The columns that autograding changes, by table and row."""
    state: dict[tuple[Any, str], tuple[tuple[str, Any], ...]] = {
        (api.SubmittedAssignment, one.id): (("timestamp", one.timestamp),),
        (api.SubmittedNotebook, one.notebook_id): (
            ("late_submission_penalty", one.late_submission_penalty),
        ),
    }
    for grade in one.grades.values():
        values = (
            ("auto_score", grade.auto_score),
            ("needs_manual_grade", grade.needs_manual_grade),
        )
        state[api.Grade, grade.id] = values
    for comment in one.comments.values():
        state[api.Comment, comment.id] = (("auto_comment", comment.auto_comment),)
    return state


def _insert(connection: Connection, model: Any, rows: Iterator[dict[str, Any]]) -> None:
    if found := list(rows):
        connection.execute(insert(model.__table__), found)


def _parts(names: list[str]) -> Iterator[list[str]]:
    for at in range(0, len(names), _MOST_NAMED):
        yield names[at : at + _MOST_NAMED]


def _one(rows: Mapping[str, Any], name: str) -> Any:
    try:
        return rows[name]
    except KeyError:
        raise MissingEntry(f"there is no row for {name!r}") from None
