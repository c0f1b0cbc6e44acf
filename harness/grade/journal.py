"""What has been recorded, so that a run that was ended goes on where it was."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from pathlib import Path

BLOCK = 1 << 20


def fingerprint(submission: Path, *also: str) -> str:
    """SHA-256 of a submission's files (names and bytes) and of what else a verdict depends on.

    Links are named but not followed.
    """
    digest = hashlib.sha256()
    for text in also:
        _feed(digest, text.encode(errors="surrogateescape"))
    paths = sorted(submission.rglob("*")) if _is_folder(submission) else [submission]
    for path in paths:
        mode = path.lstat().st_mode
        if stat.S_ISDIR(mode):
            continue
        name = "" if path == submission else str(path.relative_to(submission))
        _feed(digest, name.encode(errors="surrogateescape"))
        if not stat.S_ISREG(mode):
            _feed(digest, b"no file")
            continue
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        with os.fdopen(os.open(path, flags), "rb") as file:
            inner = hashlib.sha256()
            while block := file.read(BLOCK):
                inner.update(block)
        _feed(digest, inner.digest())
    return digest.hexdigest()


def _feed(digest: hashlib._Hash, part: bytes) -> None:
    digest.update(len(part).to_bytes(8, "big") + part)


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


class Journal:
    """One JSON line for each submission that is whole in the gradebook; the last one counts.

    A line cut short by a kill is passed over: that submission is recorded again, to the same rows.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._done: dict[tuple[str, str], str] = {}
        if path.is_file():
            for line in path.read_bytes().splitlines():
                try:
                    entry = json.loads(line)
                    self._done[entry["lesson"], entry["student"]] = entry["key"]
                except (ValueError, KeyError, TypeError):
                    continue

    def done(self, lesson: str, student: str, key: str) -> bool:
        return self._done.get((lesson, student)) == key

    def add(self, lesson: str, student: str, key: str) -> None:
        """Note a submission as recorded; when this returns it is on the disk."""
        entry = {"lesson": lesson, "student": student, "key": key}
        self._done[lesson, student] = key
        handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            # The leading newline ends a line that a kill cut short.
            os.write(handle, f"\n{json.dumps(entry)}\n".encode())
            os.fsync(handle)
        finally:
            os.close(handle)
