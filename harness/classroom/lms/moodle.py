"""Moodle: `Ada Lovelace_12345_assignsubmission_file_/work.ipynb`, or all of it in the file's name.

"Download all submissions" of an assignment; with or without a folder for each participant. The number is
the participant's in this one assignment. Where the marking is blind, all are called `Participant`.
https://docs.moodle.org/en/Using_Assignment
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from harness.classroom.lms.lesson_names import at_the_end, is_lesson, stem
from harness.classroom.lms.owner import Owner

NAME = "moodle"
EXAMPLE = "Ada Lovelace_12345_assignsubmission_file_/work.ipynb"
# The first mark counts: Moodle puts no `_` in a name, and what follows the mark is the student's.
PATTERN = re.compile(
    r"^(?P<student>.+?)_(?P<number>\d{1,12})_assignsubmission_(?:file|onlinetext)(?:_(?P<rest>.*))?$",
    re.S,
)
ZIP = re.compile(r"^.+-.+-\d+$", re.S)  # course, assignment, number of the module
# What Moodle calls everybody whose marking is blind, in the languages that it is used in most.
_BLIND = re.compile(
    r"(?i)^(?:participant(?:e|\(e\))?|teilnehmer(?:[/_*:]?in)?|teilnehmer_in|deelnemer|partecipante|"
    r"deltaker|deltager|deltagare|osallistuja|uczestnik|účastník|résztvevő|participante|"
    r"participantă|katılımcı|участник|учасник|參與者|参与者|참가자|参加者)$"
)


def recognises(paths: Sequence[Sequence[str]], lessons: Sequence[str]) -> bool:
    """Whether everything is called as Moodle calls it."""
    return bool(paths) and all(PATTERN.match(_first(path)) for path in paths)


def owner(parts: Sequence[str], lessons: Sequence[str], named: str | None = None) -> Owner | None:
    """Whose it is; the lesson is that of the file's name, else `named`."""
    match = PATTERN.match(_first(parts))
    if match is None:
        return None
    if len(parts) == 1:
        lesson = at_the_end(match["rest"] or "", lessons)
    else:
        lesson = at_the_end(stem(parts[-1]), lessons)
        for folder in reversed(parts[1:-1]):
            lesson = lesson or is_lesson(folder, lessons)
    lesson = lesson or named or (lessons[0] if len(lessons) == 1 else None)
    if lesson is None:
        return None
    name, number = match["student"], match["number"]
    return Owner(
        name,
        lesson,
        number,
        NAME,
        blind=_BLIND.match(name) is not None,
        source=f"{name}_{number}",
        name=name,
    )


def own(parts: Sequence[str]) -> bool:
    """Whether Moodle put this file there itself."""
    return False


def _first(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) > 1 else stem(parts[0])
