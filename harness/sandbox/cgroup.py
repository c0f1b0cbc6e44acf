"""A control group for each notebook, where this machine lets the grader make one (cgroup v2).

It bounds what address space cannot: the memory that all of a notebook uses together, pages of files
included, and its processes. A group is made only below a place that is the grader's own: a group
that holds no process but the grader's, or the one above the grader's when that is named
`course-grader`. Nothing else is written to, and where no such place is, nothing happens.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

from harness.limits import Limits

OWN, PREFIX = "course-grader", "course-notebook-"
_WANTED = ("memory", "pids")
_PAGES = 64 << 20  # what a fork of the warm parent copies before any notebook runs


@dataclass
class Group:
    """A notebook's group, held by handles: its path may be out of sight when it is to be removed."""

    name: str
    above: int
    home: int

    @property
    def handles(self) -> tuple[int, int]:
        """The descriptors that it needs."""
        return self.above, self.home

    def leave(self) -> None:
        """Move this process back to where it came from; what it forked stays."""
        with contextlib.suppress(OSError):
            os.write(self.home, b"0")

    def remove(self) -> None:
        """Remove the group; it goes only when it is empty."""
        with contextlib.suppress(OSError):
            os.rmdir(self.name, dir_fd=self.above)


def current(proc: Path = Path("/proc/self")) -> Path | None:
    """The folder of this process's group; None where there is no cgroup v2 to be seen."""
    try:
        rows = (proc / "cgroup").read_text().splitlines()
        inside = next(row[3:] for row in rows if row.startswith("0::"))
        for row in (proc / "mountinfo").read_text().splitlines():
            before, after = row.split(" - ")
            if after.split()[0] == "cgroup2":
                root, mount = before.split()[3:5]
                below = os.path.relpath(inside, root)
                path = Path(mount, below)
                return path if not below.startswith("..") and path.is_dir() else None
    except (OSError, StopIteration, ValueError):
        pass
    return None


def place(here: Path | None) -> tuple[Path | None, str]:
    """Where groups of notebooks can be made, or None and why not. Nothing is changed."""
    if here is None:
        return None, "there is no cgroup v2 to be seen"
    above = here.parent if here.name == OWN else here
    if not os.access(above, os.W_OK) or not os.access(above / "cgroup.subtree_control", os.W_OK):
        return None, f"the group {above.name or '/'} is not the grader's to divide"
    lacking = [name for name in _WANTED if name not in _words(above / "cgroup.controllers")]
    if lacking:
        return None, f"the group has no controller for {' and '.join(lacking)}"
    if set(_WANTED) <= set(_words(above / "cgroup.subtree_control")):
        return above, ""
    others = set(_words(above / "cgroup.procs"))
    if here.name != OWN and others - {str(os.getpid())}:
        return None, "the grader shares its group with other processes"
    return above, ""


def describe() -> str:
    """What a doctor says of it, in a few words."""
    found, reason = place(current())
    return "memory and processes by cgroup" if found else f"no cgroup: {reason}"


def adopt(here: Path | None = None) -> bool:
    """Make the grader's group ready for notebooks, before it starts any process; whether it is.

    A group that is divided may hold no process itself, so the grader moves one down.
    """
    here = here or current()
    above, _ = place(here)
    if above is None or here is None:
        return False
    try:
        if not set(_WANTED) <= set(_words(above / "cgroup.subtree_control")):
            if here.name != OWN:
                (above / OWN).mkdir(exist_ok=True)
                (above / OWN / "cgroup.procs").write_text("0")
            (above / "cgroup.subtree_control").write_text(" ".join(f"+{n}" for n in _WANTED))
    except OSError:
        return False
    return True


def join(limits: Limits, here: Path | None = None) -> Group | None:
    """Make a group and move this process into it, to fork there; None where it cannot be had."""
    here = here or current()
    above, _ = place(here)
    if (
        above is None
        or here is None
        or not set(_WANTED) <= set(_words(above / "cgroup.subtree_control"))
    ):
        return None
    _sweep(above)
    group = above / f"{PREFIX}{os.getpid()}"
    handles: list[int] = []
    try:
        group.mkdir()
        (group / "memory.max").write_text(str(limits.memory_bytes + _PAGES))
        (group / "memory.oom.group").write_text("1")
        (group / "pids.max").write_text(str(limits.processes + 1))
        with contextlib.suppress(OSError):  # a kernel without swap has no such file
            (group / "memory.swap.max").write_text("0")
        handles.append(os.open(above, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
        handles.append(os.open(here / "cgroup.procs", os.O_WRONLY | os.O_CLOEXEC))
        (group / "cgroup.procs").write_text("0")
    except OSError:
        for handle in handles:
            os.close(handle)
        with contextlib.suppress(OSError):
            group.rmdir()
        return None
    return Group(group.name, *handles)


def _sweep(above: Path) -> None:
    """Remove empty groups of notebooks whose graders were killed."""
    for path in above.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            if not _words(path / "cgroup.procs") and not _alive(path.name[len(PREFIX) :]):
                path.rmdir()


def _alive(pid: str) -> bool:
    return os.path.isdir(f"/proc/{pid}")


def _words(path: Path) -> list[str]:
    try:
        return path.read_text().split()
    except OSError:
        return []
