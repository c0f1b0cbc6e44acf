"""What goes wrong with disks and gradebooks, as a sentence that says what to do."""

from __future__ import annotations

import errno
import os
import sys
import tempfile
from collections.abc import Iterator

MOST_TEMPORARY = 80  # a socket's path has at most 107 bytes, on macOS 103
AGAIN = "Then give the same command again: what was finished is kept."
_BY_ERRNO = {
    errno.ENOSPC: "the disk is full{at}: make room",
    errno.EDQUOT: "your share of the disk is used up{at}: make room",
    errno.EROFS: "this can only be read{at}: name a place that can be written",
    errno.EACCES: "this may not be read or written{at}: change its permissions, or name another",
    errno.EPERM: "this may not be changed{at}: change its permissions, or name another",
    errno.ENOENT: "this is not there{at}: see that its name is right and that its folder exists",
    errno.ENOTDIR: "a part of this path is a file, not a folder{at}: name another path",
    errno.EEXIST: "there is a file where a folder has to be{at}: name another path",
    errno.EISDIR: "this is a folder, where a file has to be{at}: name a file in it",
    errno.ENAMETOOLONG: "this name is too long{at}: use shorter names, or a folder nearer to the root",
    errno.EMFILE: "too many files are open: give fewer --jobs",
    errno.ENOMEM: "there is not enough memory: give fewer --jobs",
}
_GRADEBOOK = {
    "locked": "is being written by another program, such as formgrader or a stock nbgrader command: "
    "wait until that is done, or end it",
    "not a database": "is damaged: put back a copy of gradebook.db; without one move it away, release "
    "the lessons again and autograde, which grades everybody anew",
    "malformed": "is damaged: put back a copy of gradebook.db; without one move it away, release "
    "the lessons again and autograde, which grades everybody anew",
    "readonly": "can only be read: make gradebook.db and its folder writable for you",
    "is full": "has no room left on its disk: make room",
    "unable to open": "cannot be opened: see that its folder is there and that you may write to it",
    "disk i/o": "cannot be read or written on its disk: see that the disk is there and has room",
    "connect": "cannot be reached: see that the database's server runs and that its address is right",
}
_DATABASES = ("sqlalchemy", "sqlite3", "psycopg", "psycopg2")


def sentence(error: BaseException) -> str | None:
    """What to say of an error of a disk or a gradebook, None of any other."""
    for one in _chain(error):
        if type(one).__module__.partition(".")[0] in _DATABASES:
            return _of_gradebook(one)
    for one in _chain(error):
        if isinstance(one, OSError):
            return _of_file(one)
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error and those that led to it, the first at the end."""
    seen: set[int] = set()
    here: BaseException | None = error
    while here is not None and id(here) not in seen:
        seen.add(id(here))
        yield here
        here = here.__cause__


def _of_gradebook(error: BaseException) -> str:
    said = str(getattr(error, "orig", None) or error).strip()
    for mark, what in _GRADEBOOK.items():
        if mark in said.lower():
            return f"the gradebook {what}"
    first = (said.splitlines() or [""])[0][:300]
    return f"the gradebook cannot be used ({type(error).__name__}: {first}): mend that"


def _of_file(error: OSError) -> str:
    if error.errno is None:
        return str(error)
    name = error.filename2 or error.filename
    if not name and error.strerror != os.strerror(error.errno):
        return error.strerror or str(error)  # a sentence already
    at = f" ({os.fsdecode(name)})" if isinstance(name, str | bytes | os.PathLike) else ""
    known = _BY_ERRNO.get(error.errno)
    return known.format(at=at) if known else f"{error.strerror}{at}"


def see_temporary_folder() -> None:
    """See that sockets can lie among the temporary files.

    Raises:
        OSError: their folder has too long a name; the message says what to do.
    """
    size = len(os.fsencode(tempfile.gettempdir()))
    if sys.platform != "win32" and size > MOST_TEMPORARY:
        raise OSError(
            f"the folder for temporary files has a name of {size} bytes, which is too long for sockets "
            f"(at most {MOST_TEMPORARY}): name a shorter one, such as TMPDIR=/tmp"
        )
