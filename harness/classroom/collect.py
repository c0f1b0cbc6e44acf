"""A folder or zip of downloads into `submitted/<student>/<lesson>/`."""

from __future__ import annotations

import os
import shutil
import stat
import unicodedata
import uuid
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO

import nbformat

from harness.classroom.folder import Classroom, ClassroomError
from harness.classroom.student_names import owner, student_id
from harness.grade import reading
from lib._files import open_without_links, write_whole

FILE_BYTES = 512 << 20
TOTAL_BYTES = 8 << 30
FILES = 100_000
TAKEN = (".ipynb", ".py", ".zip", ".json", ".txt", ".pdf", ".html")
_OURS = {"timestamp.txt", "desktop.ini", "thumbs.db"}


@dataclass
class Collected:
    """What was collected: (student, lesson) pairs, and a sentence on each thing that was not."""

    taken: list[tuple[str, str]] = field(default_factory=list)
    unchanged: list[tuple[str, str]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Found:
    """One file of the downloads."""

    parts: tuple[str, ...]
    changed: float
    size: int
    source: Path | zipfile.ZipInfo


def collect(classroom: Classroom, inbox: Path) -> Collected:
    """Sort downloads into the classroom. Links are never followed, and nothing is deleted.

    Of several files of one student for one lesson that counts in which most is answered, then the one
    named after the lesson, then the newest; an older one than what lies in the classroom is left where
    it is. Each of these is remarked.

    Args:
        inbox: a folder or a zip; `names.owner` says which names are understood.

    Raises:
        ClassroomError: there is no such folder or zip, or nothing was released yet.
        Busy: another process writes to the classroom.
    """
    from harness.lock import one_writer

    inbox, lessons = Path(inbox), classroom.lessons
    if not lessons:
        raise ClassroomError("no lesson was released yet: release one before collecting")
    collected = Collected()
    with one_writer(classroom.folder):
        if inbox.is_dir():
            _sort(classroom, lessons, _in_folder(inbox, collected), None, collected)
        elif inbox.is_file() and zipfile.is_zipfile(inbox):
            try:
                with zipfile.ZipFile(inbox) as archive:
                    _sort(classroom, lessons, _in_zip(archive, collected), archive, collected)
            except zipfile.BadZipFile as error:
                raise ClassroomError(
                    f"{inbox} is a damaged zip ({error}): download it again"
                ) from error
        else:
            raise ClassroomError(f"{inbox} is neither a folder nor a zip: give your downloads")
    return collected


def _in_folder(inbox: Path, collected: Collected) -> Iterator[_Found]:
    for folder, folders, files in os.walk(inbox, followlinks=False):
        folders[:] = sorted(f for f in folders if not f.startswith((".", "__")))
        for name in sorted(folders + files):
            path = Path(folder, name)
            shown = path.relative_to(inbox)
            mode = path.lstat()
            if stat.S_ISLNK(mode.st_mode):
                collected.remarks.append(f"{shown} is a link, which is not followed.")
            elif stat.S_ISREG(mode.st_mode):
                if mode.st_nlink > 1 and mode.st_uid != os.geteuid():
                    collected.remarks.append(f"{shown} is a hard link to another's file: left out.")
                    continue
                yield _Found(shown.parts, mode.st_mtime, mode.st_size, path)
            elif not stat.S_ISDIR(mode.st_mode):
                collected.remarks.append(f"{shown} is no plain file: left out.")


def _in_zip(archive: zipfile.ZipFile, collected: Collected) -> Iterator[_Found]:
    entries = archive.infolist()
    if len(entries) > FILES:
        raise ClassroomError(f"the zip holds {len(entries)} files; at most {FILES} are taken")
    for entry in entries:
        parts = PurePosixPath(entry.filename.replace("\\", "/")).parts
        if entry.is_dir():
            continue
        if not parts or parts[0] == "/" or ".." in parts or ":" in parts[0]:
            collected.remarks.append(f"{entry.filename!r} points out of the zip: left out.")
        elif stat.S_ISLNK(entry.external_attr >> 16):
            collected.remarks.append(f"{entry.filename!r} is a link, which is not followed.")
        elif entry.flag_bits & 1:
            collected.remarks.append(f"{entry.filename!r} is encrypted: unpack it yourself.")
        else:
            try:
                changed = datetime(*entry.date_time, tzinfo=UTC).timestamp()
            except ValueError:
                changed = 0.0
            yield _Found(tuple(parts), changed, entry.file_size, entry)


def _sort(
    classroom: Classroom,
    lessons: list[str],
    found: Iterator[_Found],
    archive: zipfile.ZipFile | None,
    collected: Collected,
) -> None:
    handed: dict[tuple[str, str], list[_Found]] = {}
    total = 0
    for file in found:
        shown = "/".join(file.parts)
        if file.parts[-1].startswith(".") or file.parts[-1].casefold() in _OURS:
            continue
        if any(part.startswith((".", "__MACOSX")) for part in file.parts[:-1]):
            continue
        whose = owner([unicodedata.normalize("NFC", p) for p in file.parts], lessons)
        if whose is None or not file.parts[-1].casefold().endswith(TAKEN):
            collected.remarks.append(
                f"{shown!r} was not understood: expected <student>_<lesson>.ipynb or "
                f"<student>/<lesson>.ipynb with a lesson of {', '.join(lessons)}; rename it."
            )
            continue
        try:
            student = student_id(whose.student)
        except ValueError as error:
            collected.remarks.append(f"{shown!r}: {error}.")
            continue
        if file.size > FILE_BYTES:
            collected.remarks.append(
                f"{shown!r} has {file.size >> 20} MB; at most {FILE_BYTES >> 20} are taken: ask for "
                "it without outputs."
            )
            continue
        if student != whose.student:
            collected.remarks.append(f"{shown!r}: the student is called {student!r} here.")
        total += file.size
        if total > TOTAL_BYTES:
            raise ClassroomError(f"the downloads are over {TOTAL_BYTES >> 30} GB: collect in parts")
        handed.setdefault((student, whose.lesson), []).append(file)
    chosen = {}
    for (student, lesson), files in handed.items():
        kept = files[0]
        if len(files) > 1:
            kept = max(files, key=lambda f: _rank(f, archive, classroom.folder, lesson))
        chosen[student, lesson] = kept
        collected.remarks += [
            f"{'/'.join(left.parts)!r} is left out: {'/'.join(kept.parts)!r} is of the same "
            "student and lesson, and no less is answered in it."
            for left in files
            if left is not kept
        ]
    for (student, lesson), file in sorted(chosen.items(), key=lambda item: item[0]):
        try:
            taken = _put(classroom.folder, student, lesson, file, archive)
        except (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError) as error:
            collected.remarks.append(f"{'/'.join(file.parts)!r} could not be read: {error}.")
            continue
        if taken is None:
            collected.remarks.append(
                f"{'/'.join(file.parts)!r} is older than what was collected before: left out."
            )
        else:
            (collected.taken if taken else collected.unchanged).append((student, lesson))


def _rank(
    file: _Found, archive: zipfile.ZipFile | None, folder: Path, lesson: str
) -> tuple[bool, int, bool, float, tuple[str, ...]]:
    name = file.parts[-1]
    stem = name.rpartition(".")[0]
    release = nbformat.read(folder / "release" / lesson / f"{lesson}.ipynb", as_version=4)
    count = -1
    try:
        with _open(file.source, archive) as source:
            count = reading.answered(name, source.read(reading.MOST_BYTES), release, lesson)
    except (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError):
        pass  # it is said when it is put in its place
    exact = stem == lesson or stem.endswith(f"_{lesson}")
    return (name.casefold().endswith(".ipynb"), count, exact, file.changed, file.parts)


def _put(
    folder: Path, student: str, lesson: str, file: _Found, archive: zipfile.ZipFile | None
) -> bool | None:
    """Put one file in place, whole; False if the same was there, None if a newer one was."""
    place = folder / "submitted" / student / lesson
    new = folder / ".grading" / "old" / uuid.uuid4().hex
    for path in (new.parent.parent, new.parent, new):
        path.mkdir(mode=0o700, exist_ok=True)
    try:
        suffix = Path(file.parts[-1]).suffix.casefold()
        target = new / f"{lesson}{suffix}"
        with _open(file.source, archive) as source:
            _copy(source, target, file.size)
        stamp = datetime.fromtimestamp(file.changed, UTC)
        write_whole(new / "timestamp.txt", f"{stamp:%Y-%m-%d %H:%M:%S.%f} UTC\n".encode())
        if place.is_dir() and not place.is_symlink():
            before = place / target.name
            if before.is_file() and before.read_bytes() == target.read_bytes():
                return False
            with_stamp = place / "timestamp.txt"
            if with_stamp.is_file() and _time(with_stamp) > file.changed:
                return None
        place.parent.mkdir(mode=0o700, exist_ok=True)
        if place.is_symlink():
            place.unlink()
        elif place.exists():
            place.rename(new.parent / f"{new.name}-before")
        new.rename(place)
        return True
    finally:
        shutil.rmtree(new, ignore_errors=True)
        shutil.rmtree(new.parent / f"{new.name}-before", ignore_errors=True)


def _time(path: Path) -> float:
    try:
        text = path.read_text(encoding="utf-8").strip()
        moment = datetime.strptime(text, "%Y-%m-%d %H:%M:%S.%f UTC")
    except (OSError, ValueError):
        return 0.0
    return moment.replace(tzinfo=UTC).timestamp()


def _open(source: Path | zipfile.ZipInfo, archive: zipfile.ZipFile | None) -> IO[bytes]:
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
