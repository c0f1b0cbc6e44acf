"""A folder or zip of downloads into `submitted/<student>/<lesson>/`."""

from __future__ import annotations

import errno
import os
import re
import unicodedata
import zipfile
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

import nbformat

from harness.classroom import dates, moodle_worksheet, roster
from harness.classroom.downloads import Found, Listed, in_folder, in_zip, shown
from harness.classroom.errors import ClassroomError
from harness.classroom.folder import Classroom
from harness.classroom.hand_ins import HandIn
from harness.classroom.identity import Whose, identify
from harness.classroom.lms import SYSTEMS, Reader, System, Unclear, reader
from harness.classroom.lms.pattern import Pattern, PatternError
from harness.classroom.placing import open_found, put
from harness.grade import reading
from lib._files import printable

FILE_BYTES = 512 << 20
TOTAL_BYTES = 8 << 30
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)  # the disk's fault, not a student's
_UNREADABLE = (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError)


@dataclass(frozen=True)
class How:
    """How downloads are to be read.

    Args:
        inside: the folder in them that holds the students' files and folders, if it is not itself.
        lms: the system whose names they have, of `lms.SYSTEMS`, or `plain` for those that people give;
            None finds out.
        pattern: a regular expression for names of another form, see `lms.pattern`.
        lesson: all of it is of this lesson, whatever the names say.
        zone: of times that the names say without one; None is the classroom's.
        file_times: whether the time of a file is when it was handed in, where no system says that.
        dry_run: whether to write nothing, only to say who would get what.
        worksheet: Moodle's grading worksheet of the assignment, which tells namesakes apart.
    """

    inside: str = ""
    lms: str | None = None
    pattern: str | None = None
    lesson: str | None = None
    zone: str | None = None
    file_times: bool = False
    dry_run: bool = False
    worksheet: Path | None = None


@dataclass
class Collected:
    """What was collected: (student, lesson) pairs, and a sentence on each thing that was not.

    Args:
        missed: those of the remarks that may mean that somebody's work was not collected.
        system: by whose rules the names were read.
        whose: the files that count, and whose they are by what.
    """

    taken: list[tuple[str, str]] = field(default_factory=list)
    unchanged: list[tuple[str, str]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    system: str = "plain"
    whose: list[tuple[str, Whose]] = field(default_factory=list)

    def miss(self, remark: str) -> None:
        """Remark something that may be somebody's work."""
        self.remarks.append(remark)
        self.missed.append(remark)


def collect(
    classroom: Classroom, inbox: Path, inside: str = "", how: How | None = None
) -> Collected:
    """Sort downloads into the classroom. Links are never followed, and nothing is deleted.

    Of several files of one student for one lesson the latest attempt counts where the system numbers or
    dates attempts; else that in which most is answered, then the one named after the lesson, then the
    newest; an earlier one than what lies in the classroom is left where it is. Each of these is remarked,
    and missed where people named it in another place (`ada/02.ipynb` beside `ada_02.ipynb`): two may be
    called alike.

    Args:
        inbox: a folder or a zip; `harness.classroom.lms` says which names are understood.
        inside: as in `how`, which else says how to read the names.

    Raises:
        ClassroomError: there is no such folder or zip, nothing was released yet, or the names could be
            of two systems.
        Busy: another process writes to the classroom.
    """
    from harness.lock import one_writer

    how = how or How(inside)
    inbox = Path(inbox)
    if not classroom.lessons:
        raise ClassroomError("no lesson was released yet: release one before collecting")
    with one_writer(classroom.folder):
        if inbox.is_dir():
            return _Collection(classroom, how, in_folder(inbox), None).sort()
        if not (inbox.is_file() and zipfile.is_zipfile(inbox)):
            raise ClassroomError(
                f"{printable(str(inbox))} is neither a folder nor a zip: give your downloads"
            )
        try:
            with zipfile.ZipFile(inbox) as archive:
                return _Collection(classroom, how, in_zip(archive), archive).sort()
        except zipfile.BadZipFile as error:
            raise ClassroomError(
                f"{printable(str(inbox))} is a damaged zip ({error}): download it again"
            ) from error


class _Collection:
    """One listing on its way into the classroom."""

    def __init__(
        self, classroom: Classroom, how: How, listed: Listed, archive: zipfile.ZipFile | None
    ) -> None:
        self.classroom, self.how, self.archive = classroom, how, archive
        within = tuple(part for part in how.inside.split("/") if part)
        self.files = [file for file in listed.files if file.parts[: len(within)] == within]
        self.left_out = [one for one in listed.left_out if one[0][: len(within)] == within]
        if within and not self.files:
            raise ClassroomError(
                f"there is nothing in {shown(within)}: give a folder of the downloads"
            )
        self.reader = self._reader(len(within))
        self.zone: tzinfo | None = dates.zone_of(how.zone or dates.load(classroom.folder).zone)
        self.stamps = {f.parts: f for f in self.files if f.parts[-1] == "timestamp.txt"}
        self.collected = Collected(system=self.reader.name)

    def _reader(self, outer: int) -> Reader:
        system: System | None = None
        try:
            if self.how.pattern is not None:
                if self.how.lms is not None:
                    raise ClassroomError(
                        "--pattern and --lms both say how names are read: give one"
                    )
                system = Pattern(self.how.pattern)
            elif self.how.lms not in (None, "plain"):
                system = SYSTEMS.get(self.how.lms or "")
                if system is None:
                    known = ", ".join((*SYSTEMS, "plain"))
                    raise ClassroomError(f"--lms {self.how.lms} is not known: give one of {known}")
            paths = [file.parts for file in self.files]
            lessons, by_people = self.classroom.lessons, self.how.lms == "plain"
            return reader(paths, lessons, system, outer, self.how.lesson, by_people)
        except (Unclear, PatternError) as error:
            raise ClassroomError(str(error)) from error

    def sort(self) -> Collected:
        """Put every hand-in into its place; say what is left out, and why."""
        collected = self.collected
        people = roster.load(self.classroom.folder)
        keep = not self.how.dry_run
        sheet = None
        if self.how.worksheet is not None:
            sheet = moodle_worksheet.read(self.how.worksheet)
            collected.remarks += [sheet.remark] if sheet.remark else []
        found = identify(self.classroom.folder, self.files, self.reader, people, keep, sheet)
        collected.remarks += found.remarks
        for remark in found.missed:
            collected.miss(remark)
        left_out = found.left_out + self.left_out
        chosen = self._choose(found.whose)
        served = set()
        for (student, lesson), file in sorted(chosen.items(), key=lambda item: item[0]):
            collected.whose.append((file.shown, found.whose[file]))
            served.add(self.reader.folder(file.parts))
            if keep and not self._put(student, lesson, file, found.whose[file]):
                served.discard(self.reader.folder(file.parts))
        for parts, why in sorted(left_out):
            # Of a student who handed in a notebook, what lies beside it is not missed.
            beside = self.reader.folder(parts) in served
            (collected.remarks.append if beside else collected.miss)(why)
        collected.remarks += _alike(self.classroom, {student for student, _ in chosen})
        return collected

    def _choose(self, whose: dict[Found, Whose]) -> dict[tuple[str, str], Found]:
        """The file that counts of each student and lesson."""
        handed: dict[tuple[str, str], list[Found]] = {}
        total = 0
        for file, one in whose.items():
            if file.size > FILE_BYTES:
                self.collected.miss(
                    f"{file.shown} has {file.size >> 20} MB; at most {FILE_BYTES >> 20} are taken: "
                    "ask for it without outputs."
                )
                continue
            total += file.size
            if total > TOTAL_BYTES:
                raise ClassroomError(
                    f"the downloads are over {TOTAL_BYTES >> 30} GB: collect in parts"
                )
            handed.setdefault((one.student, one.lesson), []).append(file)
        chosen = {}
        for (student, lesson), several in handed.items():
            kept = several[0]
            if len(several) > 1:
                kept = max(several, key=lambda f: self._rank(f, whose[f], lesson))
            chosen[student, lesson] = kept
            for left in (one for one in several if one is not kept):
                why = "of the same student and lesson, and no less is answered in it"
                if whose[kept].owner.attempt > whose[left].owner.attempt:
                    why = "a later attempt of the same student and lesson"
                said = f"{left.shown} is left out: {kept.shown} is {why}"
                by_people = whose[left].owner.system == whose[kept].owner.system == "plain"
                if by_people and self._place(left) != self._place(kept):
                    self.collected.miss(f"{said}. If they are two people's, rename one of them.")
                else:
                    self.collected.remarks.append(f"{said}.")
        return chosen

    def _place(self, file: Found) -> tuple[tuple[str, ...], bool]:
        """Where people named a student: the folder that is called so, or that of the files that are."""
        folder = self.reader.folder(file.parts)
        return (file.parts[:-1], False) if folder == file.parts else (folder, True)

    def _rank(self, file: Found, whose: Whose, lesson: str) -> tuple[Any, ...]:
        """What makes of two files of a student the one count: the greater."""
        name = file.parts[-1]
        release = self.classroom.folder / "release" / lesson / f"{lesson}.ipynb"
        count = -1
        try:
            with open_found(file.source, self.archive) as source:
                content = source.read(reading.MOST_BYTES)
            count = reading.answered(name, content, nbformat.read(release, as_version=4), lesson)
        except _UNREADABLE:
            pass  # it is said when it is put in its place
        stem = re.sub(r"-\d+$", "", name.rpartition(".")[0])  # Canvas numbers what comes again
        exact = stem == lesson or stem.endswith(f"_{lesson}")
        notebook = name.casefold().endswith(".ipynb")
        return (whose.owner.attempt, notebook, count, exact, file.changed, file.parts)

    def _put(self, student: str, lesson: str, file: Found, whose: Whose) -> bool:
        """Put one in its place; False if it could not be read."""
        try:
            about = self._about(file, whose)
            taken = put(self.classroom.folder, student, lesson, file, self.archive, about)
        except _UNREADABLE as error:
            if isinstance(error, OSError) and error.errno in _FULL:
                raise
            self.collected.miss(f"{file.shown} could not be read: {error}.")
            return False
        if taken is None:
            self.collected.remarks.append(
                f"{file.shown} is older than what was collected before: left out."
            )
        else:
            group = self.collected.taken if taken else self.collected.unchanged
            group.append((student, lesson))
        return True

    def _about(self, file: Found, whose: Whose) -> HandIn:
        """What is known of a hand-in."""
        owner = whose.owner
        folder = self.reader.folder(file.parts)
        at = owner.handed_in or self._stamped(folder)
        if at is not None:
            at = dates.in_utc(at, self.zone)
        elif self.how.file_times:
            at = datetime.fromtimestamp(file.changed, UTC)
        return HandIn(
            file.parts[len(folder) - 1 :],
            owner.system,
            owner.source or owner.student,
            *(owner.number, owner.user, owner.name),
            file.changed,
            at,
            owner.late,
            owner.login,
        )

    def _stamped(self, folder: tuple[str, ...]) -> datetime | None:
        """When a file beside the hand-in says that it came, where the system writes such a file."""
        read = getattr(self.reader.system, "read_stamp", None)
        beside = self.stamps.get((*folder, "timestamp.txt")) if read else None
        if read is None or beside is None:
            return None
        with open_found(beside.source, self.archive) as source:
            found: datetime | None = read(source.read(200).decode("utf-8", "replace"))
        return found


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
