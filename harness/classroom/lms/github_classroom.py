"""GitHub Classroom: `02-pooling-adalovelace/02_pooling.ipynb`, a clone for each student.

`gh classroom clone student-repos` makes a folder `02-pooling-submissions` with the repositories in it,
each called by the assignment's slug and the student's name at GitHub, which may hold `-`.
https://docs.github.com/en/education/manage-coursework-with-github-classroom
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from harness.classroom.lms.lesson_names import at_the_end, stem
from harness.classroom.lms.owner import Owner

NAME = "github"
EXAMPLE = "02-pooling-adalovelace/02_pooling.ipynb"


def recognises(paths: Sequence[Sequence[str]], lessons: Sequence[str]) -> bool:
    """Whether everything lies in a repository that is called after a lesson and somebody."""
    return bool(paths) and all(len(p) > 1 and _split(p[0], lessons) for p in paths)


def owner(parts: Sequence[str], lessons: Sequence[str], named: str | None = None) -> Owner | None:
    """Whose it is: the name at GitHub. Only a file of the lesson itself counts, not what lies beside."""
    found = _split(parts[0], lessons) if len(parts) > 1 else None
    if found is None:
        return None
    lesson, login = found
    if at_the_end(stem(parts[-1]), lessons) not in (lesson, None):
        return None
    return Owner(login, lesson, system=NAME, source=parts[0], login=login)


def own(parts: Sequence[str]) -> bool:
    """What belongs to the repository, not to the hand-in: all but notebooks and zips."""
    hidden = any(part.startswith(".") for part in parts[1:])
    return hidden or not parts[-1].casefold().endswith((".ipynb", ".zip"))


def _split(folder: str, lessons: Sequence[str]) -> tuple[str, str] | None:
    """Lesson and student; of two lessons that fit the longer one."""
    for lesson in sorted(lessons, key=len, reverse=True):
        slug = re.sub(r"[^a-z0-9]+", "-", lesson.casefold()).strip("-")
        match = re.match(rf"(?i)^{slug}-(?P<login>[a-z0-9]+(?:-[a-z0-9]+)*-?)$", folder)
        if match:
            return lesson, match["login"]
    return None
