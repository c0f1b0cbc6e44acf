"""One writer at a time in a folder."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path


class Busy(RuntimeError):
    """Another process writes to the folder."""


@contextlib.contextmanager
def one_writer(classroom: Path) -> Iterator[None]:
    """Hold the classroom's lock; the system lets go of it when the process ends, however it ends.

    Raises:
        Busy: another process holds it.
    """
    folder = Path(classroom, ".grading")
    folder.mkdir(mode=0o700, exist_ok=True)
    with hold(folder / "lock", classroom):
        yield


@contextlib.contextmanager
def hold(lock: Path, folder: Path) -> Iterator[None]:
    """Hold the file `lock`, which stands for writing to `folder`, until the process ends at last.

    Raises:
        Busy: another process holds it.
    """
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
    handle = os.open(lock, flags, 0o600)
    try:
        if not _lock(handle):
            holder = os.pread(handle, 40, 0).decode(errors="replace").strip() or "unknown"
            raise Busy(
                f"{folder} is being written to by another process (number {holder}); only one "
                "may write at a time: wait until it is done, or end it and start again"
            )
        os.ftruncate(handle, 0)
        os.write(handle, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(handle)


def _lock(handle: int) -> bool:
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        try:
            os.lseek(handle, 1 << 20, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
            os.lseek(handle, 0, os.SEEK_SET)
        except OSError:
            return False
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
