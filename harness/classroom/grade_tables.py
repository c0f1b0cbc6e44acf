"""The marks of a class as the table that a learning system imports, or with nbgrader's columns.

Canvas: Grades, Import (https://community.canvaslms.com, How do I import grades in the Gradebook?).
Moodle: Grades, Import, CSV file (https://docs.moodle.org/en/Grade_import); its e-mails keep their capitals,
since Moodle compares them letter by letter. Blackboard: Grade Center, Work Offline, Upload
(https://help.blackboard.com, Work offline with grade data).

A mark that is not final is no 0: its cell is empty. No cell is a formula to the program that opens it.
"""

from __future__ import annotations

import csv
import io
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.classroom import hand_ins, roster
from harness.classroom.errors import ClassroomError
from harness.classroom.folder import Classroom
from harness.classroom.lms.lesson_names import in_title
from harness.classroom.marks import WORDS, Mark, Status, marks
from harness.classroom.roster import Person, Roster
from harness.reports.name_order import name_order
from harness.reports.sanitize import table_cell

FORMS = ("csv", "canvas", "moodle", "blackboard")
# nbgrader's own exporter's, and the status behind them.
COLUMNS = (
    *("assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email"),
    *("raw_score", "late_submission_penalty", "score", "max_score", "status"),
)


@dataclass(frozen=True)
class Wanted:
    """What is to stand in the table.

    Args:
        form: of `FORMS`.
        so_far: whether points stand there of which some wait for a person.
        missing_is_zero: whether who handed nothing in has 0.
        headings: the system's heading of a lesson's column; else found in its own table, that the roster
            was imported from.
        tabs: whether Blackboard gets tabs and UTF-16, as it exports them, instead of CSV in UTF-8.
    """

    form: str = "csv"
    so_far: bool = False
    missing_is_zero: bool = False
    headings: Mapping[str, str] = field(default_factory=dict)
    tabs: bool = False

    def points(self, mark: Mark) -> float | None:
        """What stands there of a mark; None is an empty cell."""
        if mark.status == "missing":
            return 0.0 if self.missing_is_zero else None
        return mark.total if self.so_far else mark.final


@dataclass
class GradeTable:
    """A table, and what to know of it.

    Args:
        content: the bytes of the file.
        counts: how many of each status a lesson has.
        remarks: a sentence on each thing to look at.
    """

    content: bytes
    counts: dict[str, Counter[Status]]
    remarks: list[str] = field(default_factory=list)


def grade_table(classroom: Classroom, lessons: Sequence[str], wanted: Wanted) -> GradeTable:
    """Make the table of some lessons.

    Raises:
        ClassroomError: the form is not known, or nobody is known to the system by name or number.
    """
    if wanted.form not in FORMS:
        raise ClassroomError(f"the form {wanted.form!r} is not known: give {', '.join(FORMS)}")
    with classroom.gradebook() as book:
        found = {lesson: marks(classroom, lesson, book) for lesson in lessons}
        rows = list(_nbgrader(book, found, wanted)) if wanted.form == "csv" else []
    counts = {lesson: Counter(m.status for m in of.values()) for lesson, of in found.items()}
    if wanted.form == "csv":
        return GradeTable(_written([COLUMNS, *rows]), counts)
    people = roster.load(classroom.folder)
    remarks: list[str] = []
    headings = _headings(people, lessons, wanted, remarks)
    maxima = [max((m.maximum for m in those.values()), default=0.0) for those in found.values()]
    remarks += _worth_otherwise(people, wanted.form, lessons, headings, maxima)
    persons = _persons(classroom, people, found, wanted.form, remarks)
    if not persons:
        raise ClassroomError(
            f"nobody is known by a name or number of {wanted.form}: import its table first with course "
            "classroom roster import"
        )
    of = {
        student: [_number(wanted.points(mark)) if mark else "" for mark in _each(found, student)]
        for student in persons
    }
    if wanted.form == "canvas":
        rows = _canvas(persons, of, headings, maxima)
    elif wanted.form == "moodle":
        rows = _moodle(persons, of, headings)
    else:
        rows = _blackboard(persons, of, headings)
    content = _written(rows, "\t" if wanted.form == "blackboard" and wanted.tabs else ",")
    if wanted.form == "blackboard" and wanted.tabs:
        content = content.decode().encode("utf-16")
    return GradeTable(content, counts, remarks)


def _each(found: Mapping[str, Mapping[str, Mark]], student: str) -> list[Mark | None]:
    return [of.get(student) for of in found.values()]


def _nbgrader(
    book: Any, found: Mapping[str, Mapping[str, Mark]], wanted: Wanted
) -> Iterable[tuple[Any, ...]]:
    """The rows of nbgrader's exporter: one for each lesson and student."""
    people = {one.id: one for one in book.students}
    for lesson, of in found.items():
        due = book.find_assignment(lesson).duedate
        due = due and due.replace(microsecond=0)  # the end of a day is the last microsecond of it
        for student, mark in of.items():
            person = people.get(student)
            names = (person.last_name, person.first_name, person.email) if person else (None,) * 3
            recorded = mark.status not in ("missing", "not graded", "ungradable")
            when = mark.handed_in and mark.handed_in.replace(tzinfo=None)
            yield (
                *(lesson, due, when, student, *names),
                *(_number(mark.earned if recorded else None), _number(mark.penalty)),
                *(_number(wanted.points(mark)), _number(mark.maximum), WORDS[mark.status]),
            )


def _canvas(
    persons: Mapping[str, Person],
    of: Mapping[str, list[str]],
    headings: Sequence[str],
    maxima: Sequence[float],
) -> list[tuple[str, ...]]:
    rows = [("Student", "ID", "SIS User ID", "SIS Login ID", "Section", *headings)]
    rows.append(("    Points Possible", "", "", "", "", *map(_number, maxima)))
    for student, one in persons.items():
        name = one.name if one.system == "canvas" else ""
        name = name or ", ".join(part for part in (one.last, one.first) if part)
        known = (one.user if one.system == "canvas" else "", one.number, one.login)
        rows.append((name, *known, ", ".join(one.sections), *of[student]))
    return rows


def _moodle(
    persons: Mapping[str, Person], of: Mapping[str, list[str]], headings: Sequence[str]
) -> list[tuple[str, ...]]:
    login = any(one.login for one in persons.values())
    first = ("First name", "Last name", "ID number", "Email address")
    rows = [(*first, *(("Username",) if login else ()), *headings)]
    for student, one in persons.items():
        names = (one.first, one.last, one.number, one.email)
        rows.append((*names, *((one.login,) if login else ()), *of[student]))
    return rows


def _blackboard(
    persons: Mapping[str, Person], of: Mapping[str, list[str]], headings: Sequence[str]
) -> list[tuple[str, ...]]:
    rows = [("Last Name", "First Name", "Username", "Student ID", *headings)]
    for student, one in persons.items():
        rows.append((one.last, one.first, one.login, one.number, *of[student]))
    return rows


def _persons(
    classroom: Classroom,
    people: Roster,
    found: Mapping[str, Mapping[str, Mark]],
    form: str,
    remarks: list[str],
) -> dict[str, Person]:
    """Who is known to the system, by id; the others are told, with or without a mark."""
    persons = {}
    strangers = []
    everybody = {student for of in found.values() for student in of} | set(people.people)
    for student in sorted(everybody, key=name_order):
        person = people.people.get(student) or _from_hand_in(classroom, found, student, form)
        known = (
            person is not None
            and {
                "canvas": (person.user if person.system == "canvas" else "") or person.login,
                "moodle": person.number or person.email or person.login,
                "blackboard": person.login,
            }[form]
        )
        if person is not None and known:
            persons[student] = person
        elif any(mark and mark.status != "missing" for mark in _each(found, student)):
            strangers.append(student)
    if strangers:
        names = ", ".join(strangers[:10]) + (", ..." if strangers[10:] else "")
        remarks.append(
            f"{len(strangers)} who handed in are not in the table, since the roster does not say who they "
            f"are to {form}: {names}"
        )
    changed = [s for s, one in persons.items() for text in _keys(one) if table_cell(text) != text]
    if changed:
        remarks.append(
            f"{', '.join(changed[:5])}: a name or number by which {form} knows them could be a formula, and "
            "is written with ' before it: enter these by hand"
        )
    return persons


def _keys(one: Person) -> tuple[str, ...]:
    return one.user, one.number, one.login, one.email


def _from_hand_in(
    classroom: Classroom, found: Mapping[str, Any], student: str, form: str
) -> Person | None:
    """Who it is to a system whose download named the student, where the roster does not say."""
    for lesson in found:
        about = hand_ins.read(classroom.folder, lesson, student)
        if about is not None and about.system == form == "canvas":
            return Person(student, user=about.user, name=about.name, system=form)
        if about is not None and about.system == form == "blackboard":
            return Person(student, login=student, system=form)
    return None


def _headings(
    people: Roster, lessons: Sequence[str], wanted: Wanted, remarks: list[str]
) -> list[str]:
    """The heading of each lesson's column: as it was named, else as in the system's own table."""
    theirs: defaultdict[str, list[str]] = defaultdict(list)
    for heading in people.columns.get(wanted.form, []):
        lesson = in_title(heading, lessons)
        if lesson is not None:
            theirs[lesson].append(heading)
    headings = []
    for lesson in lessons:
        own = theirs.get(lesson, [])
        heading = wanted.headings.get(lesson) or (own[0] if len(own) == 1 else lesson)
        headings.append(heading)
        if heading == lesson:
            why = f"{len(own)} columns are" if own else "no column is"
            remarks.append(
                f"{why} called after {lesson} in the table that the roster came from: {wanted.form} will "
                f"ask what {lesson} is, or name it by --column {lesson}='heading'"
            )
    return headings


# What a system does with points in a column that is worth something else there. Canvas: its own
# `gradebook_importer.rb` and `process_gradebook_upload.js` (github.com/instructure/canvas-lms).
_TAKES = {
    "canvas": "Canvas takes the points as they are and keeps its own number; it reads the row of points "
    "possible only where the import makes a new assignment",
    "blackboard": "Blackboard takes the points as they are and keeps its own number",
}


def _worth_otherwise(
    people: Roster,
    form: str,
    lessons: Sequence[str],
    headings: Sequence[str],
    maxima: Sequence[float],
) -> Iterable[str]:
    """A sentence on each column that is worth something else in its system than the lesson is here."""
    known = people.points.get(form, {})
    for lesson, heading, ours in zip(lessons, headings, maxima, strict=True):
        theirs = known.get(heading)
        if theirs is None or not ours or math.isclose(theirs, ours):
            continue
        yield (
            f"{lesson} is worth {ours:g} points here and {theirs:g} in {heading!r}, as the table had it "
            f"that the roster came from. {_TAKES[form]}: {ours:g} of {ours:g} would be {ours:g} of "
            f"{theirs:g} there. Set {ours:g} points there before you import this file, or multiply "
            "there; nothing is scaled here. If it is set already, import the roster again"
        )


def _number(points: float | None) -> str:
    """Points with at most four decimals; nothing for none."""
    return "" if points is None else f"{round(points, 4):.12g}"


def _written(rows: Iterable[Sequence[Any]], mark: str = ",") -> bytes:
    """CSV; what blanks Canvas has before a name stay."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=mark, lineterminator="\n")
    for row in rows:
        writer.writerow(["" if cell is None else _safe(str(cell)) for cell in row])
    return text.getvalue().encode()


def _safe(text: str) -> str:
    return text if text == "    Points Possible" else table_cell(text)
