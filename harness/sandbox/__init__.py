"""Isolation of a student's process: what this machine gives, and how a process enters it.

Importing this is light and works everywhere; what is Linux's is imported when it is used.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import stat
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from harness.limits import Limits


class Level(StrEnum):
    """How well a student's process is kept apart, best first.

    `USER` is for a container that holds one submission and is thrown away: what is closed to other users
    is closed to the notebook, and everything else is not.
    """

    NAMESPACES = "namespaces"
    LANDLOCK = "landlock"
    USER = "user"
    NONE = "none"


@dataclass(frozen=True)
class Box:
    """The sandbox of one process.

    Args:
        level: what it is made of.
        sockets: the one folder outside that it may write, until `close`; it holds its sockets.
        work: the folder whose files (notebooks aside) it finds in its own work folder, at the same
            place; without a root of its own it is this folder itself.
        read_only: what it may read beside Python and the system's libraries.
        limits: what it may use.
        without: folders among what it may read that it may not read all the same.
    """

    level: Level
    sockets: str
    work: str
    read_only: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    without: tuple[str, ...] = ()

    @property
    def home(self) -> str:
        """The folder for its own and temporary files."""
        if self.level is not Level.NAMESPACES:
            return os.path.join(os.path.dirname(self.sockets), "t")
        return "/tmp"

    def to_json(self) -> dict[str, Any]:
        """A plain form that `from_json` reads."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> Box:
        """A box from its plain form."""
        return cls(
            Level(plain["level"]),
            plain["sockets"],
            plain["work"],
            tuple(plain["read_only"]),
            Limits(**plain["limits"]),
            tuple(plain["without"]),
        )


def available() -> list[Level]:
    """The levels that this machine gives to any number of submissions, best first; `NONE` is the last."""
    levels = (level for level in Level if level is not Level.USER)
    return [level for level in levels if level is Level.NONE or not why(level)]


@functools.cache
def why(level: Level) -> str:
    """What keeps this machine from giving a level, in a sentence; empty if nothing does."""
    if level is Level.NONE:
        return ""
    if sys.platform != "linux":
        return f"{level} is Linux's; this is {sys.platform}. Use the container instead"
    from harness.sandbox import landlock, linux, probe

    if not linux.known_machine():
        return f"system calls are known for x86_64 and aarch64 only, not for {os.uname().machine}"
    if level is Level.LANDLOCK and landlock.missing():
        return landlock.missing()
    if level is Level.USER and os.getuid() != 0:
        return "only root can give a notebook a user of its own"
    return probe.run(level)


def enter(box: Box) -> None:
    """Enter the box: for a process that was just forked and has one thread.

    It returns in another process, which is isolated; the one that called waits for that and ends as
    it ends.

    Raises:
        OSError: a step failed; nothing may be run then.
    """
    from harness.sandbox import landlock, linux, seccomp  # noqa: F401 - `close` needs it

    # The folders of its root are for a user who is not this one, whatever the grader's own mask is.
    os.umask(0o022)
    (linux if box.level is Level.NAMESPACES else landlock).enter(box)


def close(box: Box) -> None:
    """The last step, after the process has started its threads and opened its sockets: from here on
    it can make no process, no connection, nothing in the folder of its sockets and nothing else that
    a notebook does not need.

    Raises:
        OSError: the filter could not be set; nothing may be run then.
    """
    from harness.sandbox import landlock, linux, seccomp

    if box.level is Level.NAMESPACES:
        linux.seal()
    else:
        landlock.seal(box)
    seccomp.close(outside=box.level is not Level.NAMESPACES)


def open_to_all(places: Iterable[str]) -> list[str]:
    """Those of the folders and files that every user of this machine can look into (see `Level.USER`)."""
    found = []
    for place in places:
        path = Path(place)
        try:
            last = stat.S_IXOTH if path.is_dir() else stat.S_IROTH
            passed = all(outer.stat().st_mode & stat.S_IXOTH for outer in path.parents)
            if passed and path.stat().st_mode & last:
                found.append(place)
        except OSError:  # it is not there
            continue
    return found
