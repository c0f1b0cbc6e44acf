"""Students' names as they come, and as names of folders, and which file is whose."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

# What a path, a pattern, nbgrader's exchange (+), its CSV (,) or a web address would misread.
_MISREAD = re.compile(r"[/\\:*?\"'<>|\[\]{}+,;%#&$`~!]")
_FIRST = " .=-@\uff1d\uff0d\uff20"  # hides a file, is an option, or a formula in a spreadsheet
_RESERVED = re.compile(r"(?i)^(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?$")
# The first mark counts: Moodle puts no `_` in a name, and what follows the mark is the student's.
_MOODLE = re.compile(
    r"^(?P<student>.+?)_(?P<number>\d{1,12})_assignsubmission_(?:file|onlinetext)(?:_(?P<rest>.*))?$",
    re.S,
)
_MOODLE_ZIP = re.compile(r"^.+-.+-\d+$", re.S)  # course, assignment, number of the module
_CANVAS = re.compile(
    r"^(?P<student>[^_]+)_(?:LATE_)?(?P<user>\d+)_(?P<file>\d+)_(?P<rest>.+)$", re.I | re.S
)
_COPY = re.compile(r"(?:\s*\(\d+\)|-\d+|[ _-]copy\d*)$", re.I)
_AROUND = ("downloads", "download", "submissions", "submitted", "inbox", "assignments")


def student_id(name: str) -> str:
    """A student's name as the name of a folder and nbgrader's id: another for every other name.

    Letters of all alphabets, single spaces and dots stay. Where something has to be replaced, be it
    only another Unicode form, `~` and sixteen letters that depend on every byte of the name are
    added. Nothing else has a `~`, so no two students become one.

    Args:
        name: as the system gives it; bytes that are not UTF-8 come as Python's surrogates.

    Raises:
        ValueError: nothing of the name is left.
    """
    composed = _MISREAD.sub("_", re.sub(r"\s+", " ", unicodedata.normalize("NFC", name)))
    safe = "".join(c if c.isprintable() else "_" for c in composed).lstrip(_FIRST).rstrip(" .")
    if not re.search(r"\w", safe.replace("_", "")):
        raise ValueError(
            f"{name!r} is no student's name: it has neither a letter nor a digit; rename the file"
        )
    if safe != name or len(safe.encode()) > 120 or _RESERVED.match(safe):
        mark = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        safe = f"{safe.encode()[:100].decode('utf-8', 'ignore')}~{mark}"
    return safe


@dataclass(frozen=True)
class Owner:
    """Whose file it is, and of which lesson.

    Args:
        number: Moodle's, of the participant in this one assignment; it tells namesakes apart.
    """

    student: str
    lesson: str
    number: str = field(default="", compare=False)


def around(paths: Sequence[Sequence[str]], lessons: Sequence[str]) -> int:
    """How many folders lie around everything that was downloaded: none of them is a student's.

    Only one that is alone and has the name of no student, such as `downloads`, is taken for such a
    folder, or all if each is called as Moodle calls its zips and holds nothing but what Moodle put
    there. A student chooses neither.
    """
    depth = 0
    while paths and all(len(path) > depth + 1 for path in paths):
        tops = {path[depth] for path in paths}
        if len(tops) == 1 and _without_copy_mark(min(tops)).casefold() in _AROUND:
            depth += 1
            continue
        zips = all(_MOODLE_ZIP.match(top) for top in tops)
        if zips and all(_MOODLE.match(path[depth + 1]) for path in paths):
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
    named = _of_zips(parts[:outer], lessons)
    parts = parts[outer:]
    while len(parts) > 1 and (of := _is_lesson(parts[0], lessons)) is not None:
        named, parts = of, parts[1:]
    first, inner = parts[0], parts[1:]
    if not inner:
        return _in_file_name(first, named, lessons)
    stem = _stem(inner[-1])
    lesson = _lesson(stem, lessons)
    for folder in reversed(inner[:-1]):
        lesson = lesson or _is_lesson(folder, lessons)
    if (match := _MOODLE.match(first)) is not None:
        return _owner(match["student"], lesson or named, lessons, match["number"])
    return _owner(first, lesson or named, lessons)


def folder_of(parts: Sequence[str], lessons: Sequence[str], outer: int) -> tuple[str, ...]:
    """The path up to the folder that is a student's; of a file in none, its own path.

    Args:
        outer: how many folders lie `around` all downloads.
    """
    while len(parts) > outer + 1 and _is_lesson(parts[outer], lessons) is not None:
        outer += 1
    return tuple(parts[: outer + 1])


def claimed(inner: Sequence[str], lessons: Sequence[str]) -> str | None:
    """Whom a path inside a student's folder names beside the lesson; None if nobody."""
    while len(inner) > 1 and _is_lesson(inner[0], lessons) is not None:
        inner = inner[1:]
    if len(inner) == 1:
        found = _in_file_name(inner[0], None, lessons)
    else:
        lesson = _lesson(_stem(inner[-1]), lessons) or _of_zips(inner[1:-1], lessons)
        found = owner(inner, lessons, 0) if lesson else None
    return found.student if found else None


def _in_file_name(name: str, named: str | None, lessons: Sequence[str]) -> Owner | None:
    """Whose a file is that lies in no student's folder."""
    stem = _stem(name)
    if (match := _MOODLE.match(stem)) is not None:
        of = _lesson(match["rest"] or "", lessons) or named
        return _owner(match["student"], of, lessons, match["number"])
    if (match := _CANVAS.match(stem)) is not None:
        of = _lesson(match["rest"], lessons) or named
        return _owner(f"{match['student']}_{match['user']}", of, lessons)
    bare = _without_copy_mark(stem)
    if bare in lessons:
        return None
    for lesson in sorted(lessons, key=len, reverse=True):
        if bare.endswith(f"_{lesson}") and len(bare) > len(lesson) + 1:
            return Owner(bare[: -len(lesson) - 1], lesson)
    return Owner(stem, named) if named and _lesson(stem, lessons) is None else None


def _owner(
    student: str, lesson: str | None, lessons: Sequence[str], number: str = ""
) -> Owner | None:
    if lesson is None and len(lessons) == 1:
        lesson = lessons[0]
    return Owner(student, lesson, number) if lesson else None


def _stem(name: str) -> str:
    return name.rpartition(".")[0] or name


def _without_copy_mark(stem: str) -> str:
    """A name without what browsers and systems add to copies: ` (1)`, `-2`, `_copy`."""
    while (short := _COPY.sub("", stem)) != stem and short:
        stem = short
    return stem


def _lesson(stem: str, lessons: Sequence[str]) -> str | None:
    """The lesson that a name ends in."""
    for text in (stem, _without_copy_mark(stem)):
        found = [name for name in lessons if text == name or text.endswith(f"_{name}")]
        if found:
            return max(found, key=len)
    return None


def _is_lesson(folder: str, lessons: Sequence[str]) -> str | None:
    bare = _without_copy_mark(folder)
    return bare if bare in lessons else None


def _of_zips(folders: Sequence[str], lessons: Sequence[str]) -> str | None:
    """The one lesson whose name is in the name of a folder around everything."""
    found = {name for folder in folders for name in lessons if name in folder}
    longest = max(found, key=len, default=None)
    return longest if all(name in (longest or "") for name in found) else None
