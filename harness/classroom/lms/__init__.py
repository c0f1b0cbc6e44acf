"""Whose file it is, by the rules of each learning management system: one module a system.

Each has `NAME`, an `EXAMPLE`, and `recognises(paths, lessons)`, `owner(parts, lessons, named)` and
`own(parts)`. A path begins where the system's own names begin. What a student chose never decides: of a
file's name that is what follows the system's part, of a folder all that is in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from harness.classroom.lms import (
    blackboard,
    brightspace,
    canvas,
    github_classroom,
    ilias,
    moodle,
    nbgrader_inbound,
    plain,
    sakai,
    teams,
)
from harness.classroom.lms.lesson_names import of_folder
from harness.classroom.lms.owner import Owner


class System(Protocol):
    """The rules of one system."""

    NAME: str
    EXAMPLE: str

    def recognises(self, paths: Sequence[Sequence[str]], lessons: Sequence[str]) -> bool:
        """Whether all these paths are called as the system calls them."""
        ...

    def owner(
        self, parts: Sequence[str], lessons: Sequence[str], named: str | None = None
    ) -> Owner | None:
        """Whose file it is; `named` is the lesson that a folder around it says."""
        ...

    def own(self, parts: Sequence[str]) -> bool:
        """Whether the system put the file there itself, so that nobody's work is missed."""
        ...


_MODULES: tuple[System, ...] = (
    *(moodle, canvas, blackboard, brightspace, sakai),
    *(teams, ilias, github_classroom, nbgrader_inbound),
)
SYSTEMS: dict[str, System] = {module.NAME: module for module in _MODULES}


class Unclear(ValueError):
    """The names fit several systems, or not the one that was named; the message says what to do."""


@dataclass(frozen=True)
class Reader:
    """Reads off whose file it is, for one listing.

    Args:
        system: None reads names that people give, and those of Moodle and Canvas among them.
        outer: how many folders lie around all of it.
        lesson: whatever the names say, it is of this lesson.
    """

    system: System | None
    lessons: tuple[str, ...]
    outer: int
    lesson: str | None = None

    @property
    def name(self) -> str:
        """The system's name."""
        return "plain" if self.system is None else self.system.NAME

    def owner(self, parts: Sequence[str]) -> Owner | None:
        """Whose the file is; None if it is unclear."""
        lessons = (self.lesson,) if self.lesson is not None else self.lessons
        if self.system is None:
            return plain.owner(parts, lessons, self.outer)
        named, rest = _beyond(parts[self.outer :], self.lessons)
        around = named or plain.of_zips(parts[: self.outer], self.lessons)
        return self.system.owner(rest, lessons, self.lesson or around)

    def own(self, parts: Sequence[str]) -> bool:
        """Whether the system put the file there itself."""
        if self.system is None:
            return parts[-1].casefold() == "timestamp.txt"
        return self.system.own(_beyond(parts[self.outer :], self.lessons)[1])

    def folder(self, parts: Sequence[str]) -> tuple[str, ...]:
        """The path up to the folder that is a student's; of a file in none, its own path."""
        if self.system is None:
            return plain.folder_of(parts, self.lessons, self.outer)
        beyond = _beyond(parts[self.outer :], self.lessons)[1]
        return tuple(parts[: len(parts) - len(beyond) + 1])


def reader(
    paths: Sequence[Sequence[str]],
    lessons: Sequence[str],
    system: System | None = None,
    outer: int = 0,
    lesson: str | None = None,
    by_people: bool = False,
) -> Reader:
    """Say by whose rules a listing is to be read: by those of the system that all of it fits.

    Args:
        system: by its rules whatever the names look like; then a folder with any title may lie around
            everything.
        outer: how many folders of the paths lie around the listing for sure.
        lesson: all of it is of this lesson.
        by_people: the names are those that people give, whatever they look like.

    Raises:
        Unclear: two systems would name other students, or the named one knows none of the names.
    """
    lessons = tuple(lessons)
    around = outer + plain.around([path[outer:] for path in paths], lessons)
    if system is not None:
        depth = _depth(paths, lessons, system, around)
        if not any(_owned(system, path[depth:], lessons, lesson) for path in paths):
            raise Unclear(
                f"nothing here is called as {system.NAME} calls it, such as {system.EXAMPLE}: name "
                "another system by --lms, or the folder that holds the students' by --inside"
            )
        return Reader(system, lessons, depth, lesson)
    if by_people:
        return Reader(None, lessons, around, lesson)
    rests = [_beyond(path[around:], lessons)[1] for path in paths]
    fits = [one for one in SYSTEMS.values() if _fits(one, rests, lessons)]
    found = [Reader(one, lessons, around, lesson) for one in fits]
    readings = {tuple(_said(one.owner(path)) for path in paths) for one in found}
    if len(readings) > 1:
        names = " or ".join(one.name for one in found)
        raise Unclear(f"these names could be of {names}, and say other students then: add --lms")
    # Moodle's and Canvas's names are known among plain ones, too, in any mixture.
    new = [one for one in found if one.system not in (moodle, canvas)]
    return new[0] if new else Reader(None, lessons, around, lesson)


def _fits(system: System, rests: Sequence[tuple[str, ...]], lessons: tuple[str, ...]) -> bool:
    """Whether all is called as the system calls it, but for what it puts beside the hand-ins."""
    return system.recognises([rest for rest in rests if not system.own(rest)], lessons)


def _said(owner: Owner | None) -> tuple[str, str] | None:
    return None if owner is None else (owner.student, owner.lesson)


def _owned(
    system: System, parts: Sequence[str], lessons: tuple[str, ...], lesson: str | None
) -> bool:
    named, rest = _beyond(parts, lessons)
    of = (lesson,) if lesson else lessons
    return bool(rest) and system.owner(rest, of, lesson or named or of[0]) is not None


def _depth(
    paths: Sequence[Sequence[str]], lessons: tuple[str, ...], system: System, around: int
) -> int:
    """How many folders lie around what the named system calls by its rules, at most three more."""
    for depth in range(around, around + 4):
        inside = [path[depth:] for path in paths if len(path) > depth]
        rests = [_beyond(path, lessons)[1] for path in inside]
        if len(inside) == len(paths) and _fits(system, rests, lessons):
            return depth
        if len({path[depth] for path in paths if len(path) > depth + 1}) != 1:
            break
    return around


def _beyond(parts: Sequence[str], lessons: Sequence[str]) -> tuple[str | None, tuple[str, ...]]:
    """The lesson that folders around a path are called after, and the path without them."""
    named, rest = None, tuple(parts)
    while len(rest) > 1:
        of = of_folder(rest[0], lessons)
        if of is None and not (named and rest[0].casefold() in ("abgaben", *plain.AROUND)):
            break
        named, rest = of or named, rest[1:]
    return named, rest
