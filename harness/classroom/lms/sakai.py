"""Sakai: `Lovelace, Ada(al123)/Submission attachment(s)/work.ipynb`, with a `timestamp.txt` beside it.

"Download All" of an assignment: below a folder with its title one folder for each student, in brackets
the login. `timestamp.txt` holds year to millisecond in digits, by the site's clock.
https://www.sakailms.org (Assignments: Download All)
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from harness.classroom.lms.lesson_names import at_the_end, stem
from harness.classroom.lms.owner import Owner

NAME = "sakai"
EXAMPLE = "Lovelace, Ada(al123)/Submission attachment(s)/work.ipynb"
# The last brackets: a name may have some of its own.
_FOLDER = re.compile(r"^(?P<name>[^/]+)\((?P<login>[^()]+)\)$", re.S)
_ATTACHED = "submission attachment(s)"
_OWN = ("timestamp.txt", "comments.txt", "feedbacktext.html", "feedbacktext.txt")


def recognises(paths: Sequence[Sequence[str]], lessons: Sequence[str]) -> bool:
    """Whether everything is called as Sakai calls it; somebody must have attached something."""
    inside = [path for path in paths if len(path) > 1]
    attached = any(len(path) > 2 and path[1].casefold() == _ATTACHED for path in inside)
    loose = all(own(path) for path in paths if len(path) == 1)
    return attached and loose and all(_FOLDER.match(path[0]) for path in inside)


def owner(parts: Sequence[str], lessons: Sequence[str], named: str | None = None) -> Owner | None:
    """Whose it is: the login. Only what was attached counts, not what a teacher sent back."""
    match = _FOLDER.match(parts[0])
    if match is None or len(parts) < 3 or parts[1].casefold() != _ATTACHED:
        return None
    lesson = at_the_end(stem(parts[-1]), lessons) or named
    lesson = lesson or (lessons[0] if len(lessons) == 1 else None)
    if lesson is None:
        return None
    last, comma, first = match["name"].partition(",")
    name = f"{first.strip()} {last.strip()}" if comma else match["name"].strip()
    login = match["login"]
    return Owner(login, lesson, system=NAME, source=parts[0], name=name, login=login)


def own(parts: Sequence[str]) -> bool:
    """The files that Sakai puts beside what was handed in."""
    name = parts[-1].casefold()
    if len(parts) == 1:
        return name in ("grades.csv", "grades.xls", "grades.xlsx")
    beside = len(parts) == 2 and (name in _OWN or name.endswith("_submissiontext.html"))
    return beside or parts[1].casefold() == "feedback attachment(s)"


def read_stamp(text: str) -> datetime | None:
    """The time in a `timestamp.txt`: `20260105101112345`."""
    digits = text.strip()
    try:
        return datetime.strptime(digits[:14], "%Y%m%d%H%M%S") if digits.isdecimal() else None
    except ValueError:
        return None
