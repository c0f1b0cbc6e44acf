"""What a run of grading has finished, so that one that was killed goes on where it was."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.grade.verdicts import Report
from lib._files import open_without_links


def fingerprint(submission: Path, *also: str) -> str:
    """SHA-256 of a submission's files (names and bytes) and of what else a verdict depends on.

    Links are named but not followed.

    Raises:
        OSError: a file cannot be read.
    """
    digest = hashlib.sha256()
    for text in also:
        _feed(digest, text.encode(errors="surrogateescape"))
    for path in sorted(_within(submission)) if _is_folder(submission) else [submission]:
        mode = path.lstat().st_mode
        if stat.S_ISDIR(mode):
            continue
        name = "" if path == submission else str(path.relative_to(submission))
        _feed(digest, name.encode(errors="surrogateescape"))
        if not stat.S_ISREG(mode):
            _feed(digest, b"no file")
            continue
        with open_without_links(path) as file:
            _feed(digest, hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def _within(folder: Path) -> Iterator[Path]:
    """Everything in a folder, however deep: `rglob` calls itself for each level."""
    waiting = [folder]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                yield Path(entry.path)
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(Path(entry.path))


def _feed(digest: hashlib._Hash, part: bytes) -> None:
    digest.update(len(part).to_bytes(8, "big") + part)


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


@dataclass(frozen=True)
class _Entry:
    key: str
    report: dict | None


class Journal:
    """One JSON line for each finished submission; the last line on a submission counts.

    A line cut short by a kill is passed over: that submission is graded again. Entries may be added
    from several threads.

    Args:
        path: the file; None keeps nothing between two runs.

    What cannot be written is graded again by the next run, and no reason to end this one: `fault` then
    says why.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.fault: OSError | None = None
        self._lock = threading.Lock()
        self._entries: dict[tuple[str, str, str], _Entry] = {}
        if path is None or not path.is_file():
            return
        for line in path.read_bytes().splitlines():
            try:
                entry = json.loads(line)
                name = entry["lesson"], entry["student"], entry.get("place", "")
                self._entries[name] = _Entry(entry["key"], entry.get("report"))
            except (ValueError, KeyError, TypeError, AttributeError):
                continue

    def done(self, lesson: str, student: str, key: str, place: str = "") -> bool:
        """Whether the submission was finished as it is now: with this key.

        Args:
            key: its `fingerprint`.
            place: tells two submissions of one student and lesson apart, where there may be two.
        """
        entry = self._entries.get((lesson, student, place))
        return entry is not None and entry.key == key != ""  # forgotten ones have no key

    def report(self, lesson: str, student: str, key: str, place: str = "") -> Report | None:
        """The report that was kept with a finished submission, None if there is none."""
        if not self.done(lesson, student, key, place):
            return None
        try:
            return Report.from_plain(self._entries[lesson, student, place].report)
        except (KeyError, TypeError, AttributeError):
            return None

    def add(
        self, lesson: str, student: str, key: str, place: str = "", report: Report | None = None
    ) -> None:
        """Note a submission as finished; when this returns it is on the disk, if it can be.

        Args:
            report: kept with it, where nothing else keeps it.
        """
        plain = report.to_plain() if report is not None else None
        self._write(lesson, {(student, place): _Entry(key, plain)})

    def add_all(self, lesson: str, keys: Mapping[str, str]) -> None:
        """Note submissions as finished, by student, in the time of one."""
        self._write(lesson, {(student, ""): _Entry(key, None) for student, key in keys.items()})

    def forget(self, lesson: str, students: Iterable[str]) -> dict[str, str]:
        """Note submissions as not finished; the keys with which some of them were.

        Who is about to change what is kept of them calls this first, and notes them again afterwards:
        after a kill in between they are graded anew.
        """
        known = {s: self._entries.get((lesson, s, ""), _Entry("", None)).key for s in students}
        before = {student: key for student, key in known.items() if key}
        self._write(lesson, {(student, ""): _Entry("", None) for student in before})
        return before

    def _write(self, lesson: str, entries: Mapping[tuple[str, str], _Entry]) -> None:
        lines = []
        for (student, place), entry in entries.items():
            plain: dict[str, Any] = {"lesson": lesson, "student": student, "key": entry.key}
            if place:
                plain["place"] = place
            if entry.report is not None:
                plain["report"] = entry.report
            lines.append(json.dumps(plain))
        with self._lock:
            self._entries.update({(lesson, *name): entry for name, entry in entries.items()})
            if self.path is None or not lines:
                return
            try:
                _append(self.path, "\n".join(lines))
            except OSError as error:
                self.fault = error


def _append(path: Path, line: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        # The leading newline ends a line that a kill cut short.
        os.write(handle, f"\n{line}\n".encode())
        os.fsync(handle)
    finally:
        os.close(handle)
