"""Names that people give: `ada_02_pooling.ipynb`, `ada/02_pooling.ipynb`, `02_pooling/ada.ipynb`.

What Moodle and Canvas call is understood among them, since they mark their own names. The student is
named by what lies outermost, which the teacher or a system named; what is further in is the student's own
and names nobody.
"""

from __future__ import annotations

from collections.abc import Sequence

from harness.classroom.lms import canvas, moodle
from harness.classroom.lms.lesson_names import (
    at_the_end,
    is_lesson,
    of_folder,
    stem,
    without_copy_mark,
)
from harness.classroom.lms.owner import Owner

NAME = "plain"
EXAMPLE = "ada_02_pooling.ipynb or ada/02_pooling.ipynb"
AROUND = ("downloads", "download", "submissions", "submitted", "inbox", "assignments")


def around(paths: Sequence[Sequence[str]], lessons: Sequence[str]) -> int:
    """How many folders lie around everything that was downloaded: none of them is a student's.

    Only one that is alone and has the name of no student, such as `downloads`, is taken for such a
    folder, or all if each is called as Moodle calls its zips and holds nothing but what Moodle put
    there. A student chooses neither.
    """
    depth = 0
    while paths and all(len(path) > depth + 1 for path in paths):
        tops = {path[depth] for path in paths}
        if len(tops) == 1 and without_copy_mark(min(tops)).casefold() in AROUND:
            depth += 1
            continue
        zips = all(moodle.ZIP.match(top) for top in tops)
        if zips and all(moodle.PATTERN.match(path[depth + 1]) for path in paths):
            depth += 1
        break
    return depth


def owner(parts: Sequence[str], lessons: Sequence[str], outer: int | None = None) -> Owner | None:
    """Read student and lesson off a path inside the folder of downloads; None if it is unclear.

    `<student>/<lesson>.ipynb`, `<student>/<lesson>/any.ipynb`, `<student>_<lesson>.ipynb`,
    `<lesson>/<student>.ipynb`, Moodle's `Name_12345_assignsubmission_file_/any.ipynb` and Canvas's
    `name_123_456_any.ipynb` are known. The student is named by what lies outermost, which the
    teacher's system named; folders and files further in are the student's own and name nobody.
    Where the lesson is not named, it is taken for granted if the classroom has but one.

    Args:
        outer: how many folders lie `around` all downloads; None asks of this path alone.
    """
    if outer is None:
        outer = around([parts], lessons)
    named = of_zips(parts[:outer], lessons)
    parts = parts[outer:]
    while len(parts) > 1 and (of := of_folder(parts[0], lessons)) is not None:
        named, parts = of, parts[1:]
    first, inner = parts[0], parts[1:]
    if not inner:
        return _in_file_name(first, named, lessons)
    if moodle.PATTERN.match(first):
        return moodle.owner(parts, lessons, named)
    lesson = at_the_end(stem(inner[-1]), lessons)
    for folder in reversed(inner[:-1]):
        lesson = lesson or is_lesson(folder, lessons)
    return _owner(first, lesson or named, lessons)


def folder_of(parts: Sequence[str], lessons: Sequence[str], outer: int) -> tuple[str, ...]:
    """The path up to the folder that is a student's; of a file in none, its own path.

    Args:
        outer: how many folders lie `around` all downloads.
    """
    while len(parts) > outer + 1 and of_folder(parts[outer], lessons) is not None:
        outer += 1
    return tuple(parts[: outer + 1])


def claimed(inner: Sequence[str], lessons: Sequence[str]) -> str | None:
    """Whom a path inside a student's folder names beside the lesson; None if nobody."""
    while len(inner) > 1 and of_folder(inner[0], lessons) is not None:
        inner = inner[1:]
    if len(inner) == 1:
        found = _in_file_name(inner[0], None, lessons)
    else:
        lesson = at_the_end(stem(inner[-1]), lessons) or of_zips(inner[1:-1], lessons)
        found = owner(inner, lessons, 0) if lesson else None
    return found.student if found else None


def of_zips(folders: Sequence[str], lessons: Sequence[str]) -> str | None:
    """The one lesson whose name is in the name of a folder around everything."""
    found = {name for folder in folders for name in lessons if name in folder}
    longest = max(found, key=len, default=None)
    return longest if all(name in (longest or "") for name in found) else None


def _in_file_name(name: str, named: str | None, lessons: Sequence[str]) -> Owner | None:
    """Whose a file is that lies in no student's folder."""
    bare = stem(name)
    for system in (moodle, canvas):
        if system.PATTERN.match(bare):
            return system.owner([name], lessons, named)
    bare = without_copy_mark(bare)
    if bare in lessons:
        return None
    for lesson in sorted(lessons, key=len, reverse=True):
        if bare.endswith(f"_{lesson}") and len(bare) > len(lesson) + 1:
            return Owner(bare[: -len(lesson) - 1], lesson)
    bare = stem(name)
    return Owner(bare, named) if named and at_the_end(bare, lessons) is None else None


def _owner(student: str, lesson: str | None, lessons: Sequence[str]) -> Owner | None:
    if lesson is None and len(lessons) == 1:
        lesson = lessons[0]
    return Owner(student, lesson) if lesson else None
