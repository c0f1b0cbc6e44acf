"""Points and words by hand: what waits for a person, one question after the other, and giving them."""

from __future__ import annotations

import hashlib
import json
import math
import os
import random
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.classroom.answers import answers
from harness.classroom.lesson_text import QuestionText, read_text
from harness.classroom.marks import marks
from harness.grade.parts import parts
from harness.reports.name_order import name_order
from lib._files import open_without_links, write_whole

if TYPE_CHECKING:
    from harness.classroom.folder import Classroom

STEP = 0.5  # half points
MOST_COMMENT = 4_000  # characters


class MarkError(ValueError):
    """Points or a table of points that cannot be given; the message says why."""


@dataclass(frozen=True)
class Written:
    """One student's answer to one question that a person marks.

    Args:
        item: the cell's grade_id.
        code: stands for the student where names are not to be seen; the same in every table.
        answer: the student's text, not made harmless.
        points, comment: what a person gave before.
        waits: nobody has marked it since it was last handed in otherwise.
    """

    student: str
    code: str
    item: str
    answer: str
    maximum: float
    points: float | None
    comment: str
    waits: bool

    @property
    def digest(self) -> str:
        """Tells the answer from any other of this student to this question."""
        return hashlib.sha256(self.answer.encode("utf-8", "replace")).hexdigest()[:8]


@dataclass(frozen=True)
class Given:
    """What a person gives to one answer."""

    student: str
    item: str
    points: float
    comment: str


def written(
    classroom: Classroom, lesson: str, *, seed: int | None = None, every: bool = False
) -> list[Written]:
    """The answers that wait for a person, question after question in the order of the lesson.

    Args:
        seed: shuffles the students, otherwise for each question; None sorts them by name.
        every: those that were marked or left empty, too.

    Raises:
        ClassroomError: the gradebook does not know the lesson.
    """
    release = classroom.folder / "release" / lesson / f"{lesson}.ipynb"
    items = [one for one in parts(json.loads(release.read_bytes())) if one.manual]
    found = {name: mark for name, mark in marks(classroom, lesson).items() if mark.cells}
    texts = {name: answers(classroom.folder, lesson, name) for name in found}
    salt = _salt(classroom)
    queue = []
    for item in items:
        name = item.graded[0]
        students = sorted(found, key=name_order)
        if seed is not None:
            random.Random(f"{seed} {name}").shuffle(students)
        for student in students:
            cell = found[student].cells.get(name)
            if cell is None or not (every or cell.waits):
                continue
            queue.append(
                Written(
                    student,
                    _code(salt, student),
                    name,
                    texts[student].get(name, ""),
                    cell.maximum,
                    cell.manual,
                    found[student].comments.get(name, ""),
                    cell.waits,
                )
            )
    return queue


def question(classroom: Classroom, lesson: str, item: str) -> QuestionText:
    """What was asked; of a lesson that the course does not know, the released cell's own text."""
    known = read_text(classroom.folder, lesson).questions
    if item in known:
        return known[item]
    release = classroom.folder / "release" / lesson / f"{lesson}.ipynb"
    for cell in json.loads(release.read_bytes())["cells"]:
        if cell.get("metadata", {}).get("nbgrader", {}).get("grade_id") == item:
            return QuestionText("free", "".join(cell["source"]))
    return QuestionText("free", item)


def read_points(text: str, maximum: float) -> float:
    """Points as somebody typed them: from 0 to the maximum, in halves.

    Raises:
        MarkError: they are not; the message says what came and what is expected.
    """
    given = text.strip().replace(",", ".", 1)
    try:
        points = float(given)
    except ValueError:
        points = math.nan
    if not (math.isfinite(points) and 0 <= points <= maximum and (points / STEP).is_integer()):
        raise MarkError(
            f"{text.strip()[:40]!r} is not a number of points here: give 0 to {maximum:g}, in halves"
        )
    return points


def give(classroom: Classroom, lesson: str, given: Iterable[Given]) -> int:
    """Write points and comments into the gradebook, all or none; returns how many.

    What being late costs may follow from the points, so it is written anew with them.

    Raises:
        Busy: another process writes to the classroom.
        MarkError: the gradebook has no such answer.
    """
    from nbgrader.api import MissingEntry

    from harness.classroom import lateness
    from harness.classroom.gradebook.recorder import load_config
    from harness.lock import one_writer

    count, students = 0, set()
    config = load_config(classroom.folder)
    with one_writer(classroom.folder), classroom.gradebook() as book:
        try:
            for one in given:
                where = (one.item, lesson, lesson, one.student)
                grade = book.find_grade(*where)
                grade.manual_score, grade.needs_manual_grade = one.points, False
                remark = book.find_comment(*where)
                remark.manual_comment = one.comment[:MOST_COMMENT] or None
                count += 1
                students.add(one.student)
            book.db.flush()
            lateness.assign(book, classroom.folder, config, lesson, students)
            book.db.commit()
        except MissingEntry as error:
            book.db.rollback()
            raise MarkError(
                f"the gradebook has no such answer ({error}): autograde the lesson first"
            ) from error
        except BaseException:
            book.db.rollback()
            raise
    return count


def _code(salt: bytes, student: str) -> str:
    named = salt + student.encode("utf-8", "surrogateescape")
    return f"answer-{hashlib.sha256(named).hexdigest()[:8]}"


def _salt(classroom: Classroom) -> bytes:
    """Makes that nobody can tell a student's code from the name without the classroom."""
    path = classroom.folder / ".grading" / "marking.salt"
    try:
        with open_without_links(path) as file:
            if len(found := file.read(64)) >= 16:
                return found
    except FileNotFoundError:
        pass
    path.parent.mkdir(mode=0o700, exist_ok=True)
    salt = os.urandom(32)
    write_whole(path, salt)
    return salt
