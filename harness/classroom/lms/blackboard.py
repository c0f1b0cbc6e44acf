"""Blackboard: `02 Pooling_al123_attempt_2026-01-05-10-11-12_work.ipynb`, and a text on each attempt.

"Assignment file download" of a column of the Grade Center: files without folders, of the last attempt or
of all. Behind the column's title stands the user name, then when the attempt was handed in, by the
server's clock. What follows the first `_attempt_` with a date is a name that the student chose.
https://help.blackboard.com (Instructor, Assignments: Download assignments)
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from harness.classroom.lms.lesson_names import at_the_end, in_title, titled
from harness.classroom.lms.owner import Owner

NAME = "blackboard"
EXAMPLE = "02 Pooling_al123_attempt_2026-01-05-10-11-12_work.ipynb"
_DATE = r"\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d"
_PATTERN = re.compile(
    rf"^(?P<head>.+?)_attempt_(?P<date>{_DATE})(?P<rest>_.+)?\.(?P<kind>\w+)$", re.S
)


def recognises(paths: Sequence[Sequence[str]], lessons: Sequence[str]) -> bool:
    """Whether everything is called as Blackboard calls it."""
    return bool(paths) and all(len(p) == 1 and _PATTERN.match(p[0]) for p in paths)


def owner(parts: Sequence[str], lessons: Sequence[str], named: str | None = None) -> Owner | None:
    """Whose it is; the lesson is that of the file's name, else of the column's title."""
    match = _PATTERN.match(parts[0]) if len(parts) == 1 else None
    if match is None or match["rest"] is None:
        return None
    title, login = _split(match["head"], lessons)
    lesson = at_the_end(match["rest"].lstrip("_"), lessons) or in_title(title, lessons)
    lesson = lesson or named or (lessons[0] if len(lessons) == 1 else None)
    try:
        when = datetime.strptime(match["date"], "%Y-%m-%d-%H-%M-%S")
    except ValueError:
        return None
    if lesson is None or not login:
        return None
    return Owner(
        *(login, lesson),
        system=NAME,
        source=match["head"],
        login=login,
        attempt=(when,),
        handed_in=when,
    )


def own(parts: Sequence[str]) -> bool:
    """The text that Blackboard writes on each attempt: nothing stands behind its date."""
    match = _PATTERN.match(parts[-1])
    return match is not None and match["rest"] is None and match["kind"] == "txt"


def _split(head: str, lessons: Sequence[str]) -> tuple[str, str]:
    """Title and user name: both may hold `_`, so a title that is a lesson's is looked for first."""
    for at, letter in enumerate(head):
        if letter == "_" and titled(head[:at], lessons):
            return head[:at], head[at + 1 :]
    title, _, login = head.rpartition("_")
    return title, login
