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
    """Hold the file `lock`, which stands for writing to `folder`, until the block or the process ends.

    Raises:
        Busy: another process holds it; the message names its number.
    """
    import filelock

    holder = lock.with_name(f"{lock.name}.holder")
    try:
        with filelock.FileLock(lock, timeout=0, mode=0o600):
            holder.write_text(f"{os.getpid()}\n", encoding="ascii")
            holder.chmod(0o600)
            yield
    except filelock.Timeout as error:
        raise Busy(
            f"{folder} is being written to by another process (number {_number(holder)}); only one "
            "may write at a time: wait until it is done, or end it and start again"
        ) from error


def _number(holder: Path) -> str:
    try:
        return holder.read_text(encoding="ascii")[:40].strip() or "unknown"
    except (OSError, ValueError):
        return "unknown"
