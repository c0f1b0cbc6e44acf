"""Brightspace: `123-456 - Ada Lovelace - Jan 5, 2026 1011 AM/work.ipynb`, or ` - work.ipynb` behind it.

"Download" of an assignment's submissions: a folder for each hand-in, or a file with the same name in
front. The time is by the organisation's clock. An `index.html` lies beside them.
https://community.d2l.com/brightspace (Assignments: Download submissions)
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from harness.classroom.lms.lesson_names import at_the_end, stem
from harness.classroom.lms.owner import Owner

NAME = "brightspace"
EXAMPLE = "123-456 - Ada Lovelace - Jan 5, 2026 1011 AM/work.ipynb"
# The first date counts: what follows it is the student's.
_PATTERN = re.compile(
    r"^(?P<user>\d+)-(?P<folder>\d+) - (?P<name>.+?) - (?P<month>[A-Z][a-z]{2})[a-z]* (?P<day>\d{1,2}),"
    r" (?P<year>\d{4}) (?P<hour>\d{1,2}):?(?P<minute>\d\d) (?P<half>[AP]M)(?: - (?P<rest>.+))?$",
    re.S,
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def recognises(paths: Sequence[Sequence[str]], lessons: Sequence[str]) -> bool:
    """Whether everything is called as Brightspace calls it."""
    theirs = [path for path in paths if not own(path)]
    return bool(theirs) and all(_PATTERN.match(_first(path)) for path in theirs)


def owner(parts: Sequence[str], lessons: Sequence[str], named: str | None = None) -> Owner | None:
    """Whose it is: the name, and the number in front of it, which tells namesakes apart."""
    match = _PATTERN.match(_first(parts))
    if match is None or (len(parts) == 1 and not match["rest"]):
        return None
    lesson = at_the_end(stem(parts[-1]) if len(parts) > 1 else match["rest"], lessons)
    lesson = lesson or named or (lessons[0] if len(lessons) == 1 else None)
    when = _when(match)
    if lesson is None or when is None:
        return None
    name, number = match["name"], match["user"]
    return Owner(
        *(name, lesson, number, NAME),
        source=f"{number} - {name}",
        name=name,
        attempt=(when,),
        handed_in=when,
    )


def own(parts: Sequence[str]) -> bool:
    """The list that Brightspace puts beside the folders."""
    return len(parts) == 1 and parts[0].casefold() == "index.html"


def _when(match: re.Match[str]) -> datetime | None:
    try:
        return datetime(
            int(match["year"]),
            _MONTHS.index(match["month"]) + 1,
            int(match["day"]),
            int(match["hour"]) % 12 + 12 * (match["half"] == "PM"),
            int(match["minute"]),
        )
    except ValueError:
        return None


def _first(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) > 1 else stem(parts[0])
