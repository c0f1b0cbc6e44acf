"""The tables of people that learning systems export, known by their headings.

Canvas: Gradebook, Export. Moodle: Participants or Grades, Export; its headings are in the site's language.
Blackboard: Grade Center, Work Offline, Download. Anything else: a column for the id and what there is.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.classroom.errors import ClassroomError
from harness.classroom.roster import Person
from harness.classroom.tables import Table
from harness.reports.sanitize import line

FIELDS = {
    "first": ("first name", "firstname", "first_name", "given name", "vorname", "prénom", "nombre"),
    "last": (
        *("last name", "lastname", "last_name", "surname", "family name"),
        *("nachname", "nom de famille", "nom", "apellido(s)", "apellidos"),
    ),
    "email": (
        *("email address", "email", "e-mail", "e-mail-adresse", "mail"),
        *("adresse de courriel", "dirección de correo", "correo electrónico"),
    ),
    "login": (
        *("username", "login", "sis login id", "user name", "anmeldename"),
        *("nom d'utilisateur", "nombre de usuario", "login_id"),
    ),
    "number": (
        *("id number", "sis user id", "student id", "id-nummer", "matrikelnummer"),
        *("numéro d'identification", "número de id", "student number"),
    ),
    "name": ("student", "full name", "name", "vollständiger name", "nom complet"),
    "sections": (
        "section",
        "sections",
        "groups",
        "group",
        "gruppen",
        "gruppe",
        "groupes",
        "grupos",
    ),
}
_ID = ("id", "student_id", "student id", "student", "username", "login", "user name")
_TEST = ("student, test", "test student")
_CANVAS_COLUMN = re.compile(r".+ \(\d+\)$")
_BLACKBOARD_COLUMN = re.compile(r".+\|\d+$")
_BLACKBOARD_POINTS = re.compile(r"\[Total Pts: (?:up to )?([\d.,]+)")
_MOODLE_COLUMN = re.compile(r".+ \((?:real|points?|punkte|brut|valeur|valor)\)$", re.I)


@dataclass(frozen=True)
class Form:
    """A form of table.

    Args:
        system: whose it is.
        fits: whether these headings, in small letters, are its own.
        column: how the heading of a lesson looks.
    """

    system: str
    fits: Callable[[Sequence[str]], bool]
    column: re.Pattern[str] | None = None


def _moodle(headings: Sequence[str]) -> bool:
    email = {"email address", "e-mail-adresse", "adresse de courriel", "dirección de correo"}
    names = {*FIELDS["first"], *FIELDS["last"], "full name"}
    return bool(email & set(headings)) and bool(names & set(headings))


FORMS = (
    Form(
        "canvas",
        lambda h: "student" in h and "id" in h and ("section" in h or "sis login id" in h),
        _CANVAS_COLUMN,
    ),
    Form(
        "blackboard",
        lambda h: (
            "username" in h
            and ("availability" in h or "last access" in h or any(map(_BLACKBOARD_COLUMN.match, h)))
        ),
        _BLACKBOARD_COLUMN,
    ),
    Form("moodle", _moodle, _MOODLE_COLUMN),
    Form("csv", lambda h: any(one in h for one in _ID) or "email" in h),
)


def recognise(table: Table) -> Form:
    """Say whose table it is.

    Raises:
        ClassroomError: nothing in it could be a student's id.
    """
    headings = [one.casefold() for one in table.headings]
    for form in FORMS:
        if form.fits(headings):
            return form
    raise ClassroomError(
        f"this table has the columns {', '.join(map(line, table.headings[:12]))}: none of them is known "
        "as a student's id. Export the grade book of Canvas or Blackboard, the participants or grades of "
        "Moodle, or give a table with id, first_name, last_name, email"
    )


def columns(table: Table, form: Form) -> list[str]:
    """The headings that may stand for lessons, as they are."""
    return [h for h in table.headings if form.column is not None and form.column.match(h)]


def points(table: Table, form: Form) -> dict[str, float]:
    """What the columns that may stand for lessons are worth in their system, where it says so.

    Canvas says it in a row of its own, Blackboard in the heading.
    """
    said: dict[str, str] = {}
    if form.system == "canvas":
        named = _heading(table, FIELDS["name"]) or ""
        said = next((row for _, row in table.rows if _is_points(row.get(named, ""))), {})
    elif form.system == "blackboard":
        found = {heading: _BLACKBOARD_POINTS.search(heading) for heading in table.headings}
        said = {heading: match[1] for heading, match in found.items() if match}
    known = {heading: _as_points(said.get(heading, "")) for heading in columns(table, form)}
    return {heading: most for heading, most in known.items() if most is not None}


def stood_in(table: Table, form: Form) -> dict[str, str]:
    """The headings under which login, e-mail and the system's number stood, by field of a `Person`."""
    login = _heading(table, FIELDS["login"])
    own = _heading(table, _ID) if form.system == "csv" else None
    found = {
        "login": login or own,
        "email": _heading(table, FIELDS["email"]) and "e-mail",
        "user": _heading(table, ("id",)) if form.system == "canvas" else None,
    }
    return {field: heading for field, heading in found.items() if heading}


def _is_points(name: str) -> bool:
    return "points possible" in name.casefold()


def _as_points(text: str) -> float | None:
    """A positive number, with a point or a comma; None for anything else, such as `(read only)`."""
    try:
        found = float(text.strip().replace(",", "."))
    except ValueError:
        return None
    return found if 0 < found < math.inf else None


def people(table: Table, form: Form) -> tuple[list[tuple[int, Person]], list[str]]:
    """The persons of a table with their lines and no id yet, and a sentence on rows passed over."""
    by_field = {field: _heading(table, names) for field, names in FIELDS.items()}
    own = _heading(table, _ID) if form.system == "csv" else None
    user = _heading(table, ("id",)) if form.system == "canvas" else None
    user = user or _heading(table, ("lms_user_id",))
    found, remarks = [], []
    for number, row in table.rows:
        said = {field: line(row.get(h, ""), 128) for field, h in by_field.items() if h}
        name = said.get("name", "")
        if form.system == "canvas":
            if _is_points(name) or not row.get(user or "", "").isdecimal():
                continue  # a row of Canvas' own: points, or who sees the grades
            if name.casefold() in _TEST:
                remarks.append(f"line {number}: Canvas' test student is no person: passed over")
                continue
        first, last = said.get("first", ""), said.get("last", "")
        if name and not (first or last):
            after, comma, before = name.partition(",")
            first, last = (before.strip(), after.strip()) if comma else _two(name)
        login = said.get("login", "") or (line(row.get(own, ""), 128) if own else "")
        email = said.get("email", "") or (login if "@" in login else "")
        sections = said.get("sections", "")
        split = [one.strip() for one in re.split(r"[;,]\s*", sections)]
        groups = (sections,) if form.system == "canvas" else tuple(split)
        person = Person(
            *("", first, last, email, login, said.get("number", "")),
            user=line(row.get(user, ""), 128) if user else "",
            name=name,
            sections=tuple(one for one in groups if one),
            system=form.system,
        )
        found.append((number, person))
    return found, remarks


def _two(name: str) -> tuple[str, str]:
    first, _, last = name.rpartition(" ")
    return first, last


def _heading(table: Table, names: Sequence[str]) -> str | None:
    """The first column, in the order of the names, that has one of these headings."""
    by_small = {heading.casefold(): heading for heading in table.headings}
    return next((by_small[name] for name in names if name in by_small), None)
