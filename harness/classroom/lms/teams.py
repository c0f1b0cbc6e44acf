"""Teams: `Ada Lovelace/02 Pooling/Version 2/work.ipynb`, the assignment's title as a folder.

A class team keeps what was turned in on its SharePoint site under "Student Work", "Submitted files"; each
time that a student turns it in again makes another version. The folders are Teams' own.
https://support.microsoft.com (Teams for Education: Where are files for assignments stored?)
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from harness.classroom.lms.lesson_names import at_the_end, in_title, stem
from harness.classroom.lms.owner import Owner

NAME = "teams"
EXAMPLE = "Ada Lovelace/02 Pooling/Version 2/work.ipynb"
_VERSION = re.compile(r"^Version (?P<number>\d{1,6})$", re.I)


def recognises(paths: Sequence[Sequence[str]], lessons: Sequence[str]) -> bool:
    """Whether everything lies in a version of an assignment of somebody."""
    return bool(paths) and all(len(path) == 4 and _VERSION.match(path[2]) for path in paths)


def owner(parts: Sequence[str], lessons: Sequence[str], named: str | None = None) -> Owner | None:
    """Whose it is; the lesson is that of the assignment's title, else of the file's name."""
    version = _VERSION.match(parts[2]) if len(parts) == 4 else None
    if version is None:
        return None
    lesson = in_title(parts[1], lessons) or at_the_end(stem(parts[3]), lessons) or named
    lesson = lesson or (lessons[0] if len(lessons) == 1 else None)
    if lesson is None:
        return None
    name, attempt = parts[0], (int(version["number"]),)
    return Owner(name, lesson, system=NAME, source=name, name=name, attempt=attempt)


def own(parts: Sequence[str]) -> bool:
    """Whether Teams put this file there itself."""
    return False
