"""A table of people into the classroom: its roster and nbgrader's rows of students."""

from __future__ import annotations

import dataclasses
import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.classroom import roster, roster_forms, tables
from harness.classroom.errors import ClassroomError
from harness.classroom.folder import Classroom
from harness.classroom.roster import Person, Roster
from harness.classroom.student_names import student_id
from harness.reports.sanitize import line
from lib._files import printable


@dataclass
class Imported:
    """What an import did.

    Args:
        system: whose table it was.
        added, changed: ids; `kept`: ids that the table does not have; `removed`: those that it took away.
        remarks: sentences on what was passed over or guessed.
    """

    system: str
    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    same: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def import_roster(classroom: Classroom, table: Path, remove_others: bool = False) -> Imported:
    """Add the people of a table to the classroom, or change what is known of them.

    Who is known already keeps the id: by number, login or e-mail, or since hand-ins of that name lie in
    the classroom. Who is not in the table stays, unless others are to be removed; then they leave the
    roster, and their work and points stay.

    Raises:
        ClassroomError: the table is not understood, or two of its lines are one student.
        Busy: another process writes to the classroom.
    """
    from harness.lock import one_writer

    found = tables.read(table)
    form = roster_forms.recognise(found)
    rows, remarks = roster_forms.people(found, form)
    done = Imported(form.system, remarks=[*([found.remark] if found.remark else []), *remarks])
    if not rows:
        raise ClassroomError(f"{printable(str(table))} has no students in it")
    _refuse_twice(rows, roster_forms.stood_in(found, form))
    with one_writer(classroom.folder), classroom.gradebook() as book:
        before = roster.load(classroom.folder)
        here = {one.id for one in book.students} | _submitted(classroom)
        people = _named(rows, before, here, done)
        for student, person in people.items():
            old = before.people.get(student)
            group = done.added if old is None else done.same if old == person else done.changed
            group.append(student)
        others = {k: v for k, v in before.people.items() if k not in people}
        (done.removed if remove_others else done.kept).extend(sorted(others))
        columns = before.columns | {form.system: roster_forms.columns(found, form)}
        points = before.points | {form.system: roster_forms.points(found, form)}
        _into_gradebook(book, people.values())
        kept = people if remove_others else others | people
        roster.save(classroom.folder, Roster(kept, columns, points))
    return done


def _named(
    rows: Sequence[tuple[int, Person]], before: Roster, here: set[str], done: Imported
) -> dict[str, Person]:
    """Each person with an id; the line is told where there can be none."""
    names: defaultdict[str, int] = defaultdict(int)
    for _, person in rows:
        names[person.full] += 1
    canvas: defaultdict[str, set[str]] = defaultdict(set)
    for one in here:  # as `collect` calls who comes from Canvas: name and number
        canvas[one.rpartition("_")[2]].add(one)
    people: dict[str, Person] = {}
    lines: dict[str, int] = {}
    for number, person in rows:
        known = (
            before.by_user(person.system, person.user)
            or before.by_login(person.login)
            or before.by_login(person.email)
            or before.by_login(person.number)
        )
        own = next((x for x in (person.login, person.number, person.email) if x in here), None)
        alone = names[person.full] == 1 and person.full in here
        numbered = canvas.get(person.user, set()) if person.system == "canvas" else set()
        if known is not None:
            student = known.student
        elif own is not None:
            student = own
        elif len(numbered) == 1:
            student = min(numbered)
        elif alone:
            student = person.full
        else:
            student = _new(number, person)
        if alone and student != person.full:
            done.remarks.append(
                f"line {number}: there are hand-ins of {person.full!r}, too, beside {student!r}: see "
                "that nobody is there twice."
            )
        if student in people:
            raise ClassroomError(
                f"lines {lines[student]} and {number} would both be the student {student!r}: leave one "
                "of them, or give each an id of their own"
            )
        lines[student] = number
        old = before.people.get(student)
        people[student] = _joined(dataclasses.replace(person, student=student), old)
    return people


def _new(number: int, person: Person) -> str:
    """The id of somebody who is new: the login, the number, the e-mail or the name."""
    for text in (person.login, person.number, person.email, person.full):
        if text:
            try:
                return student_id(text)
            except ValueError as error:
                raise ClassroomError(f"line {number}: {error}") from error
    raise ClassroomError(f"line {number} names nobody: it needs a login, an e-mail or a name")


def _joined(person: Person, old: Person | None) -> Person:
    """What the new table says, and of what it does not say what was known."""
    if old is None:
        return person
    known = {f.name: getattr(old, f.name) for f in dataclasses.fields(person)}
    missing = {key: value for key, value in known.items() if not getattr(person, key)}
    if "user" in missing and old.user:  # a number is one of its system
        missing["system"] = old.system
    return dataclasses.replace(person, **missing)


def _refuse_twice(rows: Sequence[tuple[int, Person]], headings: Mapping[str, str]) -> None:
    """Refuse two lines with one login, e-mail or number; `headings` are those of the columns."""
    for key in ("login", "email", "user"):
        lines: defaultdict[str, list[int]] = defaultdict(list)
        for number, person in rows:
            if getattr(person, key):
                lines[getattr(person, key)].append(number)
        twice = [(value, those) for value, those in lines.items() if len(those) > 1]
        if twice:
            value, those = twice[0]
            word = "e-mail" if "@" in value else headings.get(key) or key
            raise ClassroomError(
                f"the {line(word)} {value!r} stands in lines {', '.join(map(str, those[:5]))}: each student has "
                f"one line; {len(twice)} such in all. Mend the table and import it again"
            )


def _submitted(classroom: Classroom) -> set[str]:
    return {name for name in os.listdir(classroom.folder / "submitted") if name[:1] != "."}


def _into_gradebook(book: Any, people: Iterable[Person]) -> None:
    """nbgrader's rows, all in one transaction."""
    from nbgrader.api import Student

    rows = {row.id: row for row in book.db.query(Student)}
    for person in people:
        row = rows.get(person.student)
        if row is None:
            row = Student(id=person.student)
            book.db.add(row)
        for name, text in (
            ("first_name", person.first),
            ("last_name", person.last),
            ("email", person.email),
            ("lms_user_id", person.user or person.login or person.number),
        ):
            if text:
                setattr(row, name, text)
    book.db.commit()
