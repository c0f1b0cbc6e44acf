"""ILIAS: `Lovelace_Ada_al123_4567/work.ipynb`, below a folder with the exercise's title.

"Download all submissions" of an exercise, or its multi-feedback: one folder for each person with last
name, first name, login and number, which no person chose. Of a team `Team_12` lies around them.
https://docu.ilias.de (Exercise, Submissions and Grades)
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from harness.classroom.lms.lesson_names import at_the_end, stem
from harness.classroom.lms.owner import Owner

NAME = "ilias"
EXAMPLE = "Lovelace_Ada_al123_4567/work.ipynb"
_FOLDER = re.compile(r"^(?P<name>.+_.+)_(?P<login>[^_]+)_(?P<user>\d{1,12})$", re.S)
_FILE = re.compile(r"^(?P<date>\d{14})_(?P<rest>.+)$", re.S)


def recognises(paths: Sequence[Sequence[str]], lessons: Sequence[str]) -> bool:
    """Whether everything lies in a folder as ILIAS calls it, and each of them has a login of its own.

    People name folders like this, too: `Ada_Lovelace_group_1`.
    """
    found = {path[0]: _FOLDER.match(path[0]) for path in paths if len(path) > 1}
    logins = {match["login"] for match in found.values() if match}
    inside = all(len(path) > 1 for path in paths)
    return bool(paths) and inside and all(found.values()) and len(logins) == len(found)


def owner(parts: Sequence[str], lessons: Sequence[str], named: str | None = None) -> Owner | None:
    """Whose it is: the login. A file may have year to second before its name, by ILIAS' clock."""
    match = _FOLDER.match(parts[0]) if len(parts) > 1 else None
    if match is None:
        return None
    stamp = _FILE.match(parts[-1]) if len(parts) == 2 else None
    lesson = at_the_end(stem(stamp["rest"] if stamp else parts[-1]), lessons) or named
    lesson = lesson or (lessons[0] if len(lessons) == 1 else None)
    if lesson is None:
        return None
    when = None
    if stamp is not None:
        try:
            when = datetime.strptime(stamp["date"], "%Y%m%d%H%M%S")
        except ValueError:
            when = None
    last, _, first = match["name"].partition("_")
    return Owner(
        *(match["login"], lesson),
        system=NAME,
        source=parts[0],
        name=f"{first.replace('_', ' ')} {last}",
        login=match["login"],
        user=match["user"],
        attempt=(when,) if when else (),
        # A student may call a file by digits, too; it orders the attempts and proves no date.
        handed_in=None,
    )


def own(parts: Sequence[str]) -> bool:
    """Whether ILIAS put this file there itself: its list of what was handed in."""
    return len(parts) == 1 and parts[0].casefold().endswith((".xlsx", ".xls", ".csv"))
