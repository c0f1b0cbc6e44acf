"""Temporary folders of this process: only it can read them, and the next run removes what it leaves.

All lie in one folder of the process's own, on which it holds a lock as long as it lives. A run that is
killed leaves that folder with nobody holding it; the next one that wants a folder removes it whole.
What lies in such a folder may be a student's: links in it are not followed, and folders that are closed,
or nested too deeply for a path, are removed like any other.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import stat
import tempfile
import threading
import time
import types
from collections.abc import Iterator
from pathlib import Path

fcntl: types.ModuleType | None = None
with contextlib.suppress(ImportError):  # Windows has none
    import fcntl

PREFIX = "grading-"
YOUNG_S = 60.0
_LOCK, _NEW = ".course-grader", ".course-grader-new"
_lock = threading.Lock()
_own: tuple[int, Path, int] | None = (
    None  # the process's number, its folder, and the lock's descriptor
)


def make() -> Path:
    """A new empty folder, for `remove`; its path is short enough for the name of a unix socket.

    Raises:
        OSError: none could be made.
    """
    with _lock:
        above = _place()
    return Path(tempfile.mkdtemp(prefix="", dir=above))


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """A new empty folder, which is removed at the end of the block."""
    made = make()
    try:
        yield made
    finally:
        remove(made)


def _place() -> Path:
    global _own
    if _own is None or _own[0] != os.getpid() or not _own[1].is_dir():
        sweep()
        made = Path(tempfile.mkdtemp(prefix=PREFIX))
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            made.chmod(0o711)  # a kernel that is another user passes through it
        _own = os.getpid(), made, _hold(made)
    return _own[1]


@atexit.register
def _end() -> None:
    global _own
    if _own is not None and _own[0] == os.getpid():
        os.close(_own[2])
        remove(_own[1])
        _own = None


def sweep() -> None:
    """Remove what killed runs of this user have left in the folder for temporary files."""
    if fcntl is None:
        return
    for found in Path(tempfile.gettempdir()).glob(f"{PREFIX}????????"):
        with contextlib.suppress(OSError):
            info = found.lstat()
            if stat.S_ISDIR(info.st_mode) and info.st_uid == os.geteuid() and _left(found, info):
                remove(found)


def _left(found: Path, info: os.stat_result) -> bool:
    """Whether the folder is one of ours and its owner is dead: nobody holds its lock.

    One that has no lock yet, and that nothing lies in, was left before it had one, if it is old.
    """
    assert fcntl is not None
    if not os.path.lexists(found / _LOCK):
        young = time.time() - info.st_mtime < YOUNG_S
        return not young and {entry.name for entry in os.scandir(found)} <= {_NEW}
    handle = os.open(found / _LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        os.close(handle)
    return True


def _hold(made: Path) -> int:
    """Lock a folder of this process's; its end lets go of it, however it ends.

    The lock is held before it has its name, so that nobody finds it free in between.
    """
    handle = os.open(made / _NEW, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
    if fcntl is not None:
        with contextlib.suppress(OSError):  # some network drives have no locks: nobody sweeps there
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.rename(made / _NEW, made / _LOCK)
    return handle


def remove(path: Path) -> bool:
    """Remove a folder with everything in it; whether it is gone.

    Each folder inside is first moved to the top, so that no path is longer than a name and no more
    than two folders are open, however deep they lie. Nobody may be at work in it any more.
    """
    if os.rename not in os.supports_dir_fd:
        shutil.rmtree(path, ignore_errors=True)
        return not path.exists()
    with contextlib.suppress(OSError):
        top = _opened(os.fspath(path), None)
        try:
            _emptied(top)
        finally:
            os.close(top)
        os.rmdir(path)
    return not os.path.lexists(path)


def _emptied(top: int) -> None:
    number = _flattened(top, top, 0)
    while inner := [entry.name for entry in os.scandir(top) if entry.is_dir(follow_symlinks=False)]:
        for name in inner:
            here = _opened(name, top)
            try:
                number = _flattened(here, top, number)
            finally:
                os.close(here)
            os.rmdir(name, dir_fd=top)


def _flattened(here: int, top: int, number: int) -> int:
    """Remove the files of an open folder and move the folders in it to the top, by numbers."""
    with os.scandir(here) as entries:
        found = list(entries)
    for entry in found:
        if not entry.is_dir(follow_symlinks=False):
            os.unlink(entry.name, dir_fd=here)
        elif here != top:
            os.close(_opened(entry.name, here))  # to move a folder is to write in it
            number += 1
            os.rename(
                entry.name, f"{number}-{os.urandom(8).hex()}", src_dir_fd=here, dst_dir_fd=top
            )
    return number


def _opened(name: str, above: int | None) -> int:
    """Open a folder that is not a link, with all rights on it for its owner."""
    flags = os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    if hasattr(os, "O_PATH"):  # which needs no right on it
        handle = os.open(name, flags | os.O_PATH, dir_fd=above)
        try:
            if os.fstat(handle).st_mode & 0o700 != 0o700:
                os.chmod(f"/proc/self/fd/{handle}", 0o700)
        finally:
            os.close(handle)
    elif stat.S_ISDIR(os.stat(name, dir_fd=above, follow_symlinks=False).st_mode):
        os.chmod(name, 0o700, dir_fd=above)
    return os.open(name, flags | os.O_RDONLY, dir_fd=above)
