"""Submissions copied before anything looks at them: what was fingerprinted is what is graded."""

from __future__ import annotations

import dataclasses
import errno
import itertools
import os
import shutil
import stat
import tempfile
from pathlib import Path
from typing import Self

from harness import scratch
from harness.grade.submissions import Submission
from lib._files import open_without_links

MOST_BYTES, MOST_FILES, MOST_DEPTH = 512 << 20, 5_000, 50


class Copies:
    """A folder of copies that only the grader reads. Use it as a context manager.

    Args:
        folder: where to put it; by default among this process's temporary folders, which the next run
            removes if this one is killed.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._place = folder
        self._numbers = itertools.count()

    def __enter__(self) -> Self:
        here = self._place
        self._folder = Path(tempfile.mkdtemp(dir=here)) if here is not None else scratch.make()
        return self

    def __exit__(self, *exc: object) -> None:
        scratch.remove(self._folder)

    def take(self, submission: Submission) -> Submission:
        """The submission with the path of its copy; itself if it cannot be copied.

        That is if it cannot be read, or has over 512 MiB, 5,000 files or 50 folders one in another: then
        its content may change until it is graded, and nothing may be concluded from a fingerprint.
        """
        path = Path(os.path.abspath(submission.path))
        place = self._folder / str(next(self._numbers)) / path.parent.name
        place.mkdir(parents=True)
        try:
            _copy(path, place / path.name)
        except OSError:
            shutil.rmtree(place.parent, ignore_errors=True)
            return submission
        return dataclasses.replace(submission, path=place / path.name)

    def drop(self, copy: Submission) -> None:
        """Remove a copy that is needed no more; whatever is none is left alone."""
        for parent in copy.path.parents:
            if parent.parent == self._folder:
                shutil.rmtree(parent, ignore_errors=True)


def _copy(source: Path, target: Path) -> None:
    """Copy a file or a folder, links as links; raise OSError if it cannot be, or is too much."""
    left, count = MOST_BYTES, 0
    todo = [(source, target, 0)]
    while todo:
        path, place, depth = todo.pop()
        count += 1
        info = os.lstat(path)
        if count > MOST_FILES or depth > MOST_DEPTH:
            raise OSError(errno.EFBIG, "this holds too much to be copied", str(source))
        if stat.S_ISDIR(info.st_mode):
            place.mkdir(mode=0o700)
            todo += [(path / name, place / name, depth + 1) for name in os.listdir(path)]
        elif stat.S_ISREG(info.st_mode) and (depth == 0 or info.st_nlink == 1):
            left -= _copy_file(path, place, left)
            os.utime(place, ns=(info.st_atime_ns, info.st_mtime_ns))
        elif stat.S_ISREG(info.st_mode):
            # A hard link may be to a file of another's; a link is what the reader leaves out.
            place.symlink_to("another name of a file")
        elif stat.S_ISLNK(info.st_mode):
            place.symlink_to(os.readlink(path))
        else:
            os.mkfifo(place, 0o600)  # as unreadable as a socket or a device


def _copy_file(source: Path, target: Path, most: int) -> int:
    size = 0
    with open_without_links(source) as file, open(target, "xb") as out:
        while block := file.read(1 << 20):
            size += len(block)
            if size > most:
                raise OSError(errno.EFBIG, "this holds too much to be copied", str(source))
            out.write(block)
    return size
