"""Canvas: `lovelaceada_LATE_123_456_work-1.ipynb`, the person's and the file's number in it.

"Download submissions" of an assignment: files without folders, and of each student the latest attempt.
Canvas puts no `_` in the name. `LATE` stands there if it was handed in after the date that Canvas has.
https://community.canvaslms.com (Instructor Guide: How do I download all student submissions?)
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from harness.classroom.lms.lesson_names import at_the_end, stem
from harness.classroom.lms.owner import Owner

NAME = "canvas"
EXAMPLE = "lovelaceada_LATE_123_456_work.ipynb"
PATTERN = re.compile(
    r"^(?P<student>[^_]+)_(?P<late>LATE_)?(?P<user>\d+)_(?P<file>\d+)_(?P<rest>.+)$", re.I | re.S
)


def recognises(paths: Sequence[Sequence[str]], lessons: Sequence[str]) -> bool:
    """Whether everything is called as Canvas calls it."""
    return bool(paths) and all(len(p) == 1 and PATTERN.match(stem(p[0])) for p in paths)


def owner(parts: Sequence[str], lessons: Sequence[str], named: str | None = None) -> Owner | None:
    """Whose it is: the name and the person's number, since Canvas' names are not unique."""
    match = PATTERN.match(stem(parts[0])) if len(parts) == 1 else None
    if match is None:
        return None
    lesson = at_the_end(match["rest"], lessons) or named
    lesson = lesson or (lessons[0] if len(lessons) == 1 else None)
    if lesson is None:
        return None
    student = f"{match['student']}_{match['user']}"
    late = bool(match["late"])
    return Owner(student, lesson, system=NAME, source=student, user=match["user"], late=late)


def own(parts: Sequence[str]) -> bool:
    """Whether Canvas put this file there itself."""
    return False
