"""A folder or zip of downloads into `submitted/<student>/<lesson>/`."""

from __future__ import annotations

import errno
import os
import re
import shutil
import unicodedata
import uuid
import zipfile
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import nbformat

from harness.classroom.downloads import Found, Listed, in_folder, in_zip, shown
from harness.classroom.folder import Classroom, ClassroomError
from harness.classroom.participants import Participants
from harness.classroom.student_names import (
    Owner,
    around,
    claimed,
    folder_of,
    owner,
    student_id,
)
from harness.grade import reading
from lib._files import open_without_links, printable, write_whole

FILE_BYTES = 512 << 20
TOTAL_BYTES = 8 << 30
TAKEN = (".ipynb", ".py", ".zip", ".json", ".txt", ".pdf", ".html")
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)  # the disk's fault, not a student's


@dataclass
class Collected:
    """What was collected: (student, lesson) pairs, and a sentence on each thing that was not.

    Args:
        missed: those of the remarks that may mean that somebody's work was not collected.
    """

    taken: list[tuple[str, str]] = field(default_factory=list)
    unchanged: list[tuple[str, str]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    def miss(self, remark: str) -> None:
        """Remark something that may be somebody's work."""
        self.remarks.append(remark)
        self.missed.append(remark)


def collect(classroom: Classroom, inbox: Path, inside: str = "") -> Collected:
    """Sort downloads into the classroom. Links are never followed, and nothing is deleted.

    Of several files of one student for one lesson that counts in which most is answered, then the one
    named after the lesson, then the newest; an older one than what lies in the classroom is left where
    it is. Each of these is remarked.

    Args:
        inbox: a folder or a zip; `student_names.owner` says which names are understood.
        inside: the folder in it that holds the students' files and folders, if it is not itself.

    Raises:
        ClassroomError: there is no such folder or zip, or nothing was released yet.
        Busy: another process writes to the classroom.
    """
    from harness.lock import one_writer

    inbox, lessons = Path(inbox), classroom.lessons
    within = tuple(part for part in inside.split("/") if part)
    if not lessons:
        raise ClassroomError("no lesson was released yet: release one before collecting")
    collected = Collected()
    with one_writer(classroom.folder):
        if inbox.is_dir():
            _sort(classroom, lessons, in_folder(inbox), within, None, collected)
        elif inbox.is_file() and zipfile.is_zipfile(inbox):
            try:
                with zipfile.ZipFile(inbox) as archive:
                    _sort(classroom, lessons, in_zip(archive), within, archive, collected)
            except zipfile.BadZipFile as error:
                raise ClassroomError(
                    f"{printable(str(inbox))} is a damaged zip ({error}): download it again"
                ) from error
        else:
            raise ClassroomError(
                f"{printable(str(inbox))} is neither a folder nor a zip: give your downloads"
            )
    return collected


def _sort(
    classroom: Classroom,
    lessons: list[str],
    listed: Listed,
    within: tuple[str, ...],
    archive: zipfile.ZipFile | None,
    collected: Collected,
) -> None:
    files = [file for file in listed.files if file.parts[: len(within)] == within]
    if within and not files:
        raise ClassroomError(f"there is nothing in {shown(within)}: give a folder of the downloads")
    outer = len(within) + around([file.parts[len(within) :] for file in files], lessons)
    owners, left_out = _owners(classroom, lessons, files, outer, collected)
    left_out += [one for one in listed.left_out if one[0][: len(within)] == within]
    handed: dict[tuple[str, str], list[Found]] = {}
    total = 0
    for file, (student, lesson) in owners.items():
        if file.size > FILE_BYTES:
            collected.miss(
                f"{file.shown} has {file.size >> 20} MB; at most {FILE_BYTES >> 20} are taken: ask "
                "for it without outputs."
            )
            continue
        total += file.size
        if total > TOTAL_BYTES:
            raise ClassroomError(f"the downloads are over {TOTAL_BYTES >> 30} GB: collect in parts")
        handed.setdefault((student, lesson), []).append(file)
    chosen = {}
    for (student, lesson), several in handed.items():
        kept = several[0]
        if len(several) > 1:
            kept = max(several, key=lambda f: _rank(f, archive, classroom.folder, lesson))
        chosen[student, lesson] = kept
        collected.remarks += [
            f"{left.shown} is left out: {kept.shown} is of the same student and lesson, and no less is "
            "answered in it."
            for left in several
            if left is not kept
        ]
    served = set()
    for (student, lesson), file in sorted(chosen.items(), key=lambda item: item[0]):
        try:
            taken = _put(classroom.folder, student, lesson, file, archive)
        except (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError) as error:
            if isinstance(error, OSError) and error.errno in _FULL:
                raise
            collected.miss(f"{file.shown} could not be read: {error}.")
            continue
        served.add(folder_of(file.parts, lessons, outer))
        if taken is None:
            collected.remarks.append(
                f"{file.shown} is older than what was collected before: left out."
            )
        else:
            (collected.taken if taken else collected.unchanged).append((student, lesson))
    for parts, why in sorted(left_out):
        # Of a student who handed in a notebook, what lies beside it is not missed.
        beside = folder_of(parts, lessons, outer) in served
        (collected.remarks.append if beside else collected.miss)(why)
    collected.remarks += _alike(classroom, {student for student, _ in chosen})


def _owners(
    classroom: Classroom,
    lessons: list[str],
    files: list[Found],
    outer: int,
    collected: Collected,
) -> tuple[dict[Found, tuple[str, str]], list[tuple[tuple[str, ...], str]]]:
    """Student and lesson of each file; the path of each that is nobody's, and why."""
    owners: dict[Found, Owner] = {}
    left_out = []
    for file in files:
        whose = owner(file.parts, lessons, outer)
        if file.parts[-1].casefold() == "timestamp.txt":
            continue
        if whose is not None and file.parts[-1].casefold().endswith(TAKEN):
            owners[file] = whose
            continue
        why = (
            f"{file.shown} was not understood: expected <student>_<lesson>.ipynb or "
            f"<student>/<lesson>.ipynb with a lesson of {', '.join(lessons)}; rename it."
        )
        left_out.append((file.parts, why))
    for folder, those in _in_folders(owners, lessons, outer).items():
        _refuse_several(classroom, lessons, folder, those, owners, collected)
    participants = Participants(classroom.folder)
    by_lesson: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    for whose in owners.values():
        if whose.number:
            by_lesson[whose.lesson].add((whose.student, whose.number))
    numbered = {lesson: participants.of(lesson, found) for lesson, found in by_lesson.items()}
    if numbered:
        participants.keep()
    found = {}
    for file, whose in owners.items():
        try:
            student = student_id(whose.student)
        except ValueError as error:
            left_out.append((file.parts, f"{file.shown}: {error}."))
            continue
        if whose.number:
            student = numbered[whose.lesson][whose.student, whose.number]
        if student != whose.student:
            collected.remarks.append(f"{file.shown}: the student is called {student!r} here.")
        found[file] = (student, whose.lesson)
    return found, left_out


def _in_folders(
    owners: dict[Found, Owner], lessons: list[str], outer: int
) -> dict[tuple[str, ...], list[Found]]:
    """The files that lie in a student's folder, by the folder."""
    folders: defaultdict[tuple[str, ...], list[Found]] = defaultdict(list)
    for file in owners:
        folder = folder_of(file.parts, lessons, outer)
        if len(folder) < len(file.parts):
            folders[folder].append(file)
    return folders


def _refuse_several(
    classroom: Classroom,
    lessons: list[str],
    folder: tuple[str, ...],
    files: list[Found],
    owners: dict[Found, Owner],
    collected: Collected,
) -> None:
    """Drop a folder's files where they may be several students'; remark what names another."""
    notebooks = [f for f in files if f.parts[-1].casefold().endswith((".ipynb", ".zip"))]
    names = {file: claimed(file.parts[len(folder) :], lessons) for file in notebooks}
    student = owners[files[0]].student
    others = set(names.values())
    unclear = len(others) > 1 and not others & {None, student}
    if unclear and not owners[files[0]].number and not _known(classroom, student):
        for file in files:
            del owners[file]
        said = ", ".join(sorted(f"'{printable(name)}'" for name in others if name)[:5])
        collected.miss(
            f"{shown(folder)} is left out: the names in it are of several students ({said}). If it "
            "is a folder of downloads, collect it by itself or with --inside "
            f"{'/'.join(map(printable, folder))}; if it is one student's, leave one notebook in it."
        )
        return
    for file, name in names.items():
        if name not in (None, student):
            collected.remarks.append(
                f"{file.shown} is taken as the work of '{printable(student)}', in whose folder it "
                f"lies, though it names '{printable(name or '')}'."
            )


def _known(classroom: Classroom, name: str) -> bool:
    try:
        return (classroom.folder / "submitted" / student_id(name)).is_dir()
    except ValueError:
        return False


def _alike(classroom: Classroom, students: set[str]) -> list[str]:
    """A remark on students of this collection whose names differ only in how they are written."""
    alike: defaultdict[str, set[str]] = defaultdict(set)
    for name in (*students, *os.listdir(classroom.folder / "submitted")):
        plain = unicodedata.normalize("NFKC", name.partition("~")[0]).casefold()
        alike[plain].add(name)
    return [
        f"{', '.join(map(printable, sorted(names)))} are different students here, though their names "
        "look alike: see that nobody is there twice."
        for _, names in sorted(alike.items())
        if len(names) > 1 and names & students
    ]


def _rank(
    file: Found, archive: zipfile.ZipFile | None, folder: Path, lesson: str
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
    stem = re.sub(r"-\d+$", "", stem)  # Canvas numbers what is handed in again
    exact = stem == lesson or stem.endswith(f"_{lesson}")
    return (name.casefold().endswith(".ipynb"), count, exact, file.changed, file.parts)


def _put(
    folder: Path, student: str, lesson: str, file: Found, archive: zipfile.ZipFile | None
) -> bool | None:
    """Put one file in place, whole; False if the same was there, None if a newer one was."""
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
        with _open(file.source, archive) as source:
            _copy(source, target, file.size)
        stamp = datetime.fromtimestamp(file.changed, UTC)
        write_whole(new / "timestamp.txt", f"{stamp:%Y-%m-%d %H:%M:%S.%f} UTC\n".encode())
        if place.is_dir() and not place.is_symlink():
            same = place / target.name
            if same.is_file() and same.read_bytes() == target.read_bytes():
                return False
            with_stamp = place / "timestamp.txt"
            if with_stamp.is_file() and _time(with_stamp) > file.changed:
                return None
        place.parent.mkdir(mode=0o700, exist_ok=True)
        before = new.parent / f"{new.name}-before"
        if place.is_symlink():
            place.unlink()
        elif place.exists():
            place.rename(before)
        try:
            new.rename(place)
        except OSError:
            if before.exists():
                before.rename(place)
            raise
        shutil.rmtree(before, ignore_errors=True)
        return True
    finally:
        shutil.rmtree(new, ignore_errors=True)


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
