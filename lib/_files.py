"""Files that others write and read at the same time, or that others hand in.

Everything may import this module; it imports nothing of the course and nothing that is slow.
"""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Iterable
from io import BufferedReader
from pathlib import Path

# Windows has neither of the first two, and alone has a text mode below Python's own.
_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_BINARY", 0)
)


def write_whole(path: Path, content: bytes, mode: int | None = None) -> None:
    """Write `content` to `path` so that a reader sees the old file or the new one, never a part.

    It is on the disk when this returns. A link at `path` is replaced, not followed. mode: the
    permissions of the file, exactly; by default only its owner may read and write it.
    Raises OSError when it cannot be written; the old file is then as it was, with nothing beside.
    """
    # The name is cut, since the temporary one must not be too long where `path` is not.
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            os.chmod(temporary, mode)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def on_disk(paths: Iterable[Path]) -> None:
    """Return when these files are on the disk, all together in the time of a few.

    A disk writes many files that are asked for at once nearly as fast as one.
    """
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(_sync, paths))


def _sync(path: Path) -> None:
    handle = os.open(
        path, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0)
    )  # Windows syncs what it may write
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def open_without_links(path: Path) -> BufferedReader:
    """Open a file that somebody else may have put there, for reading bytes.

    Only a regular file is opened: a link could lead to a file that is not theirs to show, and the
    opening of a pipe would wait for a writer for ever. The folders above may be links.
    Raises OSError for anything else, with its kind, and FileNotFoundError where there is nothing.
    """
    _refuse_all_but_regular(path, os.lstat(path))
    handle = os.open(path, _FLAGS)
    try:
        # Another may have taken the name since; what is open now stays what it is.
        _refuse_all_but_regular(path, os.fstat(handle))
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def _refuse_all_but_regular(path: Path, info: os.stat_result) -> None:
    if stat.S_ISREG(info.st_mode):
        return
    if stat.S_ISLNK(info.st_mode):
        raise OSError(errno.ELOOP, "this is a link, which is not followed", str(path))
    if stat.S_ISDIR(info.st_mode):
        raise OSError(errno.EISDIR, "this is a folder; expected a file", str(path))
    raise OSError(errno.EINVAL, "this is a pipe, socket or device; expected a file", str(path))


def printable(name: str) -> str:
    """A name that somebody else gave, to be shown: two that differ never become the same by it.

    What is not printable is written as in Python's strings (`\\x0a`, `\\u202e`), a byte that is not
    UTF-8 as `\\xfc`, and a backslash twice. All other characters stay.
    """
    return "".join(c if c.isprintable() and c != "\\" else _written(c) for c in name)


def _written(character: str) -> str:
    code = ord(character)
    if character == "\\":
        return "\\\\"
    if 0xDC80 <= code <= 0xDCFF:  # how Python keeps a byte that is not UTF-8
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
