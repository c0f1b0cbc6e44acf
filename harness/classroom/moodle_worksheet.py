"""Moodle's grading worksheet: who a participant of an assignment is, and when something was handed in.

"Download grading worksheet" of an assignment, with blind marking after the names are revealed. Its
`Identifier` holds the number that is in the names of the download; nothing else tells namesakes apart.
https://docs.moodle.org/en/Using_Assignment
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from harness.classroom import tables
from harness.classroom.errors import ClassroomError
from harness.classroom.lms.owner import Owner
from harness.classroom.roster_forms import FIELDS
from lib._files import printable

_IDENTIFIER = re.compile(r"^\D*(\d{1,12})$")
_DATE = re.compile(
    r"(?P<day>\d{1,2})\.?\s+(?P<month>[^\W\d]+)\.?\s+(?P<year>\d{4}),?\s+(?P<hour>\d{1,2}):(?P<minute>\d\d)"
    r"(?:\s*(?P<half>[AP])M)?",
    re.I,
)
_MONTHS = (
    "january february march april may june july august september october november december",
    "januar februar märz april mai juni juli august september oktober november dezember",
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
)
_NUMBER = {name: at for names in _MONTHS for at, name in enumerate(names.split(), 1)}
_HANDED_IN = ("(submission)", "(abgabe)", "(travail remis)", "(entrega)")


@dataclass(frozen=True)
class Worksheet:
    """A grading worksheet.

    Args:
        people: (e-mail, full name, when something was handed in on the site's clock) by number.
        remark: what could not be read, or "".
    """

    people: dict[str, tuple[str, str, datetime | None]]
    remark: str = ""

    def knows(self, owner: Owner) -> Owner:
        """The owner with what the worksheet says of the participant."""
        if owner.system != "moodle" or owner.number not in self.people:
            return owner
        email, name, at = self.people[owner.number]
        return dataclasses.replace(
            owner, login=email, name=name or owner.name, handed_in=at or owner.handed_in
        )


def read(path: Path) -> Worksheet:
    """Read a grading worksheet.

    Raises:
        ClassroomError: it is none.
    """
    table = tables.read(path)
    small = {heading.casefold(): heading for heading in table.headings}
    first = table.headings[0]
    email = next((small[x] for x in FIELDS["email"] if x in small), "")
    name = next((small[x] for x in FIELDS["name"] if x in small), "")
    at = next((h for h in table.headings if h.casefold().endswith(_HANDED_IN)), "")
    people = {}
    unread = []
    for line, row in table.rows:
        match = _IDENTIFIER.match(row.get(first, ""))
        if match is None:
            raise ClassroomError(
                f"{printable(str(path))} is no grading worksheet of Moodle: line {line} does not begin with "
                "a participant's number; download the worksheet of this assignment"
            )
        said = row.get(at, "").strip("- ")
        when = _when(said)
        if said and when is None:
            unread.append(said)
        people[match[1]] = (row.get(email, ""), row.get(name, ""), when)
    remark = table.remark
    if unread:
        remark = f"{len(unread)} dates of the worksheet were not understood, such as {unread[0]!r}"
    return Worksheet(people, remark)


def _when(text: str) -> datetime | None:
    match = _DATE.search(text)
    month = _NUMBER.get(match["month"].casefold()) if match else None
    if match is None or month is None:
        return None
    hour = int(match["hour"])
    if match["half"]:
        hour = hour % 12 + 12 * (match["half"].upper() == "P")
    try:
        return datetime(int(match["year"]), month, int(match["day"]), hour, int(match["minute"]))
    except ValueError:
        return None
