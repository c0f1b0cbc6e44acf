"""Students' names as they come, and as names of folders, and which file is whose."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

# What a path, a pattern, nbgrader's exchange (+), its CSV (,) or a web address would misread.
_MISREAD = re.compile(
    r"[\x00-\x1f\x7f-\x9f/\\:*?\"'<>|\[\]{}+,;%#&$`~!\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]"
)
_RESERVED = re.compile(r"(?i)^(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?$")
_MOODLE = re.compile(r"^(?P<student>.+)_\d+_assignsubmission_(?:file|onlinetext)(?:_.*)?$")
_CANVAS = re.compile(
    r"^(?P<student>[^_]+)_(?:LATE_)?(?P<user>\d+)_(?P<file>\d+)_(?P<rest>.+)$", re.I
)
_COPY = re.compile(r"(?:\s*\(\d+\)|-\d+|[ _-]copy\d*)$", re.I)


def student_id(name: str) -> str:
    """A student's name as the name of a folder and nbgrader's id, the same for the same name.

    Letters of all alphabets, spaces and dots stay. Where something has to be replaced, six letters
    that depend on the whole name are added, so that no two students become one.

    Raises:
        ValueError: nothing of the name is left.
    """
    name = unicodedata.normalize("NFC", name).strip()
    name = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    safe = re.sub(r"\s+", " ", _MISREAD.sub("_", name)).lstrip(". ").rstrip(". ")
    if not re.search(r"\w", safe.replace("_", "")):
        raise ValueError(
            f"{name!r} is no student's name: it has neither a letter nor a digit; rename the file"
        )
    if safe != name or len(safe.encode()) > 120 or _RESERVED.match(safe):
        mark = hashlib.sha256(name.encode()).hexdigest()[:6]
        safe = f"{safe.encode()[:100].decode('utf-8', 'ignore')}-{mark}"
    return safe


@dataclass(frozen=True)
class Owner:
    """Whose file it is, and of which lesson."""

    student: str
    lesson: str


def owner(parts: Sequence[str], lessons: Sequence[str]) -> Owner | None:
    """Read student and lesson off a path inside the folder of downloads; None if it is unclear.

    `<student>/<lesson>.ipynb`, `<student>/<lesson>/any.ipynb`, `<student>_<lesson>.ipynb`, Moodle's
    `Name_12345_assignsubmission_file_/any.ipynb` and Canvas's `name_123_456_any.ipynb` are known.
    A student in the file's name goes before one in the folder's, which may be any folder of
    downloads. Where the lesson is not named, it is taken for granted if the classroom has but one.
    """
    stem = parts[-1].rpartition(".")[0] or parts[-1]
    lesson = _lesson(stem, lessons)
    for folder in reversed(parts[:-1]):
        if (match := _MOODLE.match(folder)) is not None:
            return _owner(match["student"], lesson or _named(parts[:-1], lessons), lessons)
    if (match := _CANVAS.match(stem)) is not None:
        student = f"{match['student']}_{match['user']}"
        return _owner(student, _lesson(match["rest"], lessons) or lesson, lessons)
    folders = [part for part in parts[:-1] if _without_copy_mark(part) not in lessons]
    bare = _without_copy_mark(stem)
    if bare not in lessons and not (folders and _without_copy_mark(parts[-2]) in lessons):
        for name in sorted(lessons, key=len, reverse=True):
            if bare.endswith(f"_{name}") and len(bare) > len(name) + 1:
                return Owner(bare[: -len(name) - 1], name)
    if folders:
        return _owner(folders[-1], lesson or _named(parts[:-1], lessons), lessons)
    named = _named(parts[:-1], lessons)  # <lesson>/<student>.ipynb
    return Owner(stem, named) if named and lesson is None else None


def _owner(student: str, lesson: str | None, lessons: Sequence[str]) -> Owner | None:
    if lesson is None and len(lessons) == 1:
        lesson = lessons[0]
    return Owner(student, lesson) if lesson else None


def _without_copy_mark(stem: str) -> str:
    """A name without what browsers and systems add to copies: ` (1)`, `-2`, `_copy`."""
    while (short := _COPY.sub("", stem)) != stem and short:
        stem = short
    return stem


def _lesson(stem: str, lessons: Sequence[str]) -> str | None:
    for text in (stem, _without_copy_mark(stem)):
        found = [name for name in lessons if text == name or text.endswith(f"_{name}")]
        if found:
            return max(found, key=len)
    return None


def _named(folders: Sequence[str], lessons: Sequence[str]) -> str | None:
    return next(
        (_without_copy_mark(f) for f in reversed(folders) if _without_copy_mark(f) in lessons), None
    )
