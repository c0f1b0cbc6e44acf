"""Set when a lesson is due, for all or for one student, and what being late costs; penalties follow."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from harness.classroom import dates, lateness, roster
from harness.classroom.errors import ClassroomError
from harness.classroom.folder import Classroom
from harness.classroom.late_rule import Rule
from lib._files import printable


@dataclass(frozen=True)
class LessonDates:
    """When a lesson is due.

    Args:
        due: in UTC, None if it has no date; `own`: of students who have a date of their own.
        rule: what being late costs; None is what nbgrader's configuration says.
        late: the penalty of each student who is late.
    """

    lesson: str
    due: datetime | None
    own: dict[str, datetime]
    rule: Rule | None
    late: dict[str, float]


def zone(classroom: Classroom, name: str | None = None) -> tzinfo | None:
    """The zone that dates are typed and shown in: the named one, else the classroom's, else this machine's."""
    return dates.zone_of(name or dates.load(classroom.folder).zone)


def set_zone(classroom: Classroom, name: str) -> None:
    """Show and read dates in another zone from now on; no date moves."""
    from harness.lock import one_writer

    dates.zone_of(name)
    with one_writer(classroom.folder):
        known = dates.load(classroom.folder)
        dates.save(classroom.folder, dataclasses.replace(known, zone=name))


def set_due(
    classroom: Classroom,
    lesson: str,
    moment: datetime | None,
    students: Sequence[str] = (),
    zone_name: str | None = None,
) -> None:
    """Set when a lesson is due; None: at no date, or for named students as for all others.

    Penalties are computed anew at once, without grading.

    Args:
        students: whose own date it is; for all if none are named. Also by login or e-mail of the roster.
        zone_name: dates are shown in this zone from now on.

    Raises:
        ClassroomError: the lesson or a student is not known, or a student is to have a date of a lesson
            that has no date.
        Busy: another process writes to the classroom.
    """
    from harness.lock import one_writer

    with one_writer(classroom.folder), classroom.gradebook() as book:
        known = dates.load(classroom.folder)
        if zone_name is not None:
            dates.zone_of(zone_name)
            known = dataclasses.replace(known, zone=zone_name)
        assignment = _assignment(book, lesson)
        if students:
            if assignment.duedate is None and moment is not None:
                raise ClassroomError(
                    f"{lesson} is due at no date, so that nobody needs one of their own: give the "
                    "lesson a date first"
                )
            of = dict(known.own.get(lesson, {}))
            for student in students:
                name = _student(classroom, book, student)
                of = dates.merged(of, name, moment)
                if moment is None:
                    _forget(book, lesson, name)
            known = dataclasses.replace(known, own=dates.merged(known.own, lesson, of or None))
        else:
            assignment.duedate = moment and moment.astimezone(UTC).replace(tzinfo=None)
        dates.save(classroom.folder, known)
        _assign(classroom, book, lesson)
        book.db.commit()


def set_rule(classroom: Classroom, lesson: str | None, rule: Rule | None) -> None:
    """Set what being late costs in a lesson, or in all that have no rule of their own.

    Args:
        lesson: None is for all.
        rule: None forgets the rule, so that the one for all or nbgrader's configuration holds.
    """
    from harness.lock import one_writer

    with one_writer(classroom.folder), classroom.gradebook() as book:
        known = dates.load(classroom.folder)
        rules = dates.merged(known.rules, lesson or "*", rule)
        dates.save(classroom.folder, dataclasses.replace(known, rules=rules))
        for name in classroom.lessons:
            if lesson in (None, name):
                _assign(classroom, book, name)
        book.db.commit()


def refresh(classroom: Classroom, lessons: Sequence[str]) -> None:
    """Compute the penalties of lessons anew: formgrader gives points, and leaves the penalty as it was.

    Whatever shows penalties does this first, so that gradebook and pages say the same. Where another
    process writes to the classroom they stay as they are, until the next time.

    Raises:
        ClassroomError: the gradebook does not know a lesson.
    """
    from harness.lock import Busy, one_writer

    with (
        contextlib.suppress(Busy),
        one_writer(classroom.folder),
        classroom.gradebook() as book,
    ):
        for lesson in lessons:
            _assignment(book, lesson)
            _assign(classroom, book, lesson)
        book.db.commit()


def of_lessons(classroom: Classroom, lessons: Sequence[str]) -> list[LessonDates]:
    """When lessons are due, what being late costs, and whom."""
    from harness.classroom.marks import marks

    refresh(classroom, lessons)
    known = dates.load(classroom.folder)
    found = []
    with classroom.gradebook() as book:
        for lesson in lessons:
            due = _assignment(book, lesson).duedate
            late = {
                student: mark.penalty
                for student, mark in marks(classroom, lesson, book).items()
                if mark.late_seconds > 0
            }
            own = known.own.get(lesson, {})
            due = due and due.replace(tzinfo=UTC)
            found.append(LessonDates(lesson, due, own, known.rule(lesson), late))
    return found


def _assign(classroom: Classroom, book: Any, lesson: str) -> None:
    from harness.classroom.gradebook.recorder import load_config

    lateness.assign(book, classroom.folder, load_config(classroom.folder), lesson)


def _assignment(book: Any, lesson: str) -> Any:
    from nbgrader.api import MissingEntry

    try:
        return book.find_assignment(lesson)
    except MissingEntry as error:
        raise ClassroomError(
            f"the gradebook does not know {lesson}: release it (again) with course classroom release"
        ) from error


def _student(classroom: Classroom, book: Any, name: str) -> str:
    """The id of a student of the gradebook, the hand-ins or the roster."""
    people = roster.load(classroom.folder)
    known = {one.id for one in book.students} | set(people.people)
    known |= {path.name for path in (classroom.folder / "submitted").glob("*")}
    if name in known:
        return name
    person = people.by_login(name) or people.by_name(name)
    if person is None:
        raise ClassroomError(
            f"there is no student {printable(name)!r}: give an id of course classroom roster show, or "
            "the name of a folder in submitted/"
        )
    return person.student


def _forget(book: Any, lesson: str, student: str) -> None:
    """Take back the extension by which nbgrader knows a date of one's own."""
    from nbgrader.api import MissingEntry

    with contextlib.suppress(MissingEntry):  # nothing was recorded yet
        book.find_submission(lesson, student).extension = None
