"""One hand-in into its place, `submitted/<student>/<lesson>/`: whole, or not at all."""

from __future__ import annotations

import dataclasses
import os
import shutil
import uuid
import zipfile
from pathlib import Path
from typing import IO

from harness.classroom import hand_ins
from harness.classroom.downloads import Found
from harness.classroom.hand_ins import HandIn
from lib._files import open_without_links


def put(
    folder: Path,
    student: str,
    lesson: str,
    file: Found,
    archive: zipfile.ZipFile | None,
    about: HandIn,
) -> bool | None:
    """Put one file in place; False if the same was there, None if a later one was.

    Args:
        folder: the classroom's.
        archive: the zip that the file lies in, if it does.
        about: what is known of it, which is kept for later.
    """
    place = folder / "submitted" / student / lesson
    if place.parent.exists() and student not in os.listdir(place.parent.parent):
        raise RuntimeError(
            "the classroom's disk takes the student's name for another's (letter case): rename it"
        )
    new = folder / ".grading" / "old" / uuid.uuid4().hex
    for path in (new.parent.parent, new.parent, new):
        path.mkdir(mode=0o700, exist_ok=True)
    try:
        suffix = Path(file.parts[-1]).suffix.casefold()
        target = new / f"{lesson}{suffix}"
        with open_found(file.source, archive) as source:
            _copy(source, target, file.size)
        hand_ins.write_stamp(new, about.at)
        if place.is_dir() and not place.is_symlink():
            before = hand_ins.read(folder, lesson, student)
            same = place / target.name
            if same.is_file() and same.read_bytes() == target.read_bytes():
                if before is None or not _later(before, about, place):
                    _learn(folder, student, lesson, about, before)
                return False
            if _later(before or HandIn(()), about, place):
                return None
        place.parent.mkdir(mode=0o700, exist_ok=True)
        old = new.parent / f"{new.name}-before"
        if place.is_symlink():
            place.unlink()
        elif place.exists():
            place.rename(old)
        try:
            new.rename(place)
        except OSError:
            if old.exists():
                old.rename(place)
            raise
        hand_ins.keep(folder, lesson, student, about)
        shutil.rmtree(old, ignore_errors=True)
        return True
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _learn(folder: Path, student: str, lesson: str, about: HandIn, before: HandIn | None) -> None:
    """Keep what is new about a hand-in that lies there already; a date that is known stays known."""
    if before is not None:
        at = about.at or before.at
        late = before.late if about.late is None else about.late
        about = dataclasses.replace(about, at=at, late=late)
    if about.at is not None:
        hand_ins.write_stamp(folder / "submitted" / student / lesson, about.at)
    hand_ins.keep(folder, lesson, student, about)


def _later(one: HandIn, other: HandIn, place: Path) -> bool:
    """Whether the one was handed in later than the other, by the system, else by the files' times."""
    if one.at is not None and other.at is not None and one.at != other.at:
        return one.at > other.at
    changed = one.changed
    if not one.path:  # collected before this was kept: its stamp was the file's time
        stamp = hand_ins.read_stamp(place)
        changed = stamp.timestamp() if stamp else 0.0
    return changed > other.changed


def open_found(source: Path | zipfile.ZipInfo, archive: zipfile.ZipFile | None) -> IO[bytes]:
    """Open a file of the downloads, without following links."""
    if isinstance(source, zipfile.ZipInfo):
        if archive is None:
            raise ValueError("an entry of a zip without its zip")
        return archive.open(source)
    return open_without_links(source)


def _copy(source: IO[bytes], target: Path, size: int) -> None:
    copied = 0
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as out:
        while block := source.read(1 << 20):
            copied += len(block)
            if copied > max(size, 0):
                raise RuntimeError("it is larger than it says")
            out.write(block)
