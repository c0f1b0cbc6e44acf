"""Who is in the class, as the learning management system says: names, logins, sections, its numbers.

nbgrader's rows of students hold the id, first and last name, e-mail and one number; the rest lies in the
classroom's `.grading/roster.json`, with the headings that the system's own table has for the lessons.
"""

from __future__ import annotations

import dataclasses
import functools
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.classroom.kept import read_kept, write_kept


@dataclass(frozen=True)
class Person:
    """One student of the class.

    Args:
        student: the id in the classroom.
        name: as the system writes it; in Canvas `Lovelace, Ada`.
        login: the name that the person signs in by.
        number: the university's number of the person (Moodle's ID number, Canvas's SIS User ID).
        user: the system's own number of the person.
        system: which system's table it comes from.
    """

    student: str
    first: str = ""
    last: str = ""
    email: str = ""
    login: str = ""
    number: str = ""
    user: str = ""
    name: str = ""
    sections: tuple[str, ...] = ()
    system: str = "csv"

    @property
    def full(self) -> str:
        """First and last name, or what the system wrote."""
        return f"{self.first} {self.last}".strip() or self.name


@dataclass(frozen=True)
class Roster:
    """The class, as it is now: another class is another roster.

    Args:
        people: by id.
        columns: headings of the table that was imported last, by system, as they stood there: a
            system takes points back in a column that it knows.
        points: what these columns are worth in their system, by system and heading, as far as it said.
    """

    people: dict[str, Person] = field(default_factory=dict)
    columns: dict[str, list[str]] = field(default_factory=dict)
    points: dict[str, dict[str, float]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether there is a roster at all."""
        return bool(self.people)

    def by_user(self, system: str, user: str) -> Person | None:
        """Who has a number of a system."""
        return self._by_number.get((system, user)) if user else None

    def by_login(self, login: str) -> Person | None:
        """Who signs in so, or has this e-mail, number or id, letter by letter."""
        return self._by_key.get(login) if login else None

    def by_name(self, name: str) -> Person | None:
        """Who alone has a full name, whichever way round a system writes it."""
        wanted = _composed(name)
        found = {p.student: p for p in self._by_name.get(wanted, ())} if wanted else {}
        return _one(found.values())

    def namesakes(self, name: str) -> int:
        """How many have a full name."""
        return len({p.student for p in self._by_name.get(_composed(name), ())})

    @staticmethod
    def known_by(person: Person, login: str) -> str:
        """By what `by_login` has found somebody, with it: an e-mail is no login, wherever it stands."""
        kinds = ("login", person.login), ("e-mail", person.email), ("number", person.number)
        kind = next((kind for kind, key in kinds if key == login), "id")
        return f"{'e-mail' if '@' in login else kind} {login}"

    @functools.cached_property
    def _by_number(self) -> dict[tuple[str, str], Person]:
        found: dict[tuple[str, str], list[Person]] = defaultdict(list)
        for person in self.people.values():
            found[person.system, person.user].append(person)
        return {key: those[0] for key, those in found.items() if len(those) == 1}

    @functools.cached_property
    def _by_key(self) -> dict[str, Person]:
        found: dict[str, set[str]] = defaultdict(set)
        for person in self.people.values():
            for key in (person.student, person.login, person.email, person.number):
                if key:
                    found[key].add(person.student)
        return {key: self.people[min(ids)] for key, ids in found.items() if len(ids) == 1}

    @functools.cached_property
    def _by_name(self) -> dict[str, list[Person]]:
        found: dict[str, list[Person]] = defaultdict(list)
        for person in self.people.values():
            forms = {person.full, person.name, f"{person.last}, {person.first}"}
            for form in {_composed(form) for form in forms if form}:
                found[form].append(person)
        return found


def load(classroom: Path) -> Roster:
    """The classroom's roster; an empty one if none was imported.

    Raises:
        ClassroomError: the file is damaged. Without it hand-ins would get other names.
    """
    what_to_do = "remove it, and import the roster again"
    return read_kept(_place(classroom), _from_plain, Roster(), what_to_do)


def _from_plain(plain: Any) -> Roster:
    people = [
        Person(**{**one, "sections": tuple(one.get("sections", ()))}) for one in plain["people"]
    ]
    points = {
        system: {heading: float(most) for heading, most in of.items()}
        for system, of in plain.get("points", {}).items()
    }
    return Roster({one.student: one for one in people}, dict(plain["columns"]), points)


def save(classroom: Path, roster: Roster) -> None:
    """Write the roster."""
    people = [dataclasses.asdict(one) for _, one in sorted(roster.people.items())]
    plain = {"people": people, "columns": roster.columns, "points": roster.points}
    write_kept(_place(classroom), plain)


def _place(classroom: Path) -> Path:
    return Path(classroom, ".grading", "roster.json")


def _composed(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).split())


def _one(people: Iterable[Person]) -> Person | None:
    found = list(people)
    return found[0] if len(found) == 1 else None
