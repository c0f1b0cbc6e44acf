"""Landlock: for machines that refuse namespaces (a container in its default settings, say).

The process sees the machine's own files, but may open only what a box names, and write only to three
folders: its sockets, until they are open, its work and its own temporary files. There is no size on
these that the kernel would keep, so the process that waits for this one looks at them, and ends it
when they grow too large. With the filter of system calls there is no network, no other process to start or signal,
and nothing that changes the owner, mode or times of any file.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import stat
import struct
from collections.abc import Iterator
from pathlib import Path

from harness.limits import Limits
from harness.sandbox import Box, Level, cgroup, linux, readable

OLDEST = 3  # Linux 6.2: the first that keeps files outside from being cut short
LOOK_S = 0.1
_CREATE_RULESET, _ADD_RULE, _RESTRICT = 444, 445, 446  # the same numbers on every machine
_LIST = 1 << 3
_READ = (1 << 2) | _LIST  # files, folders
_EXECUTE, _WRITE_FILE, _TRUNCATE, _REFER = 1 << 0, 1 << 1, 1 << 14, 1 << 13
_REMOVE = (1 << 4) | (1 << 5)
_MAKE = (1 << 7) | (1 << 8) | (1 << 12)  # folders, files, links
_MAKE_SOCKET = 1 << 9
_OF_FILES = _EXECUTE | _WRITE_FILE | _TRUNCATE | (1 << 2) | (1 << 15)
_DEVICES = ("null", "zero", "full", "random", "urandom")
# Of the machine and of this process: Python, torch and the C library ask these. The rest of /proc,
# with the command lines of all processes, stays closed.
_FACTS = (
    *("/sys/devices/system/cpu", "/proc/cpuinfo", "/proc/meminfo", "/proc/self/stat"),
    *("/proc/self/statm", "/proc/self/status", "/proc/self/maps", "/proc/self/fd"),
)
_MOST_FILES = 16_384
_LONGEST, _MOST_HANDLES = 3_000, 200  # a path of more than 4,095 bytes cannot be named


def version() -> int:
    """The version of Landlock that the kernel has; 0 if it has none."""
    return max(0, linux.libc.syscall(_CREATE_RULESET, None, 0, 1))


def missing() -> str:
    """What keeps Landlock from being used, in a sentence; empty if nothing does."""
    here = version()
    if here >= OLDEST:
        return ""
    todo = f"Linux 6.2 or later has it, with `lsm=landlock,...` at boot (this is {os.uname()[2]})"
    return f"Landlock {here} is too old: {todo}" if here else f"the kernel has no Landlock: {todo}"


def seal(box: Box) -> None:
    """Take all rights to put anything there from the folder of sockets, before the filter keeps it so."""
    os.chmod(box.sockets, 0o500)


def enter(box: Box) -> None:
    """See `harness.sandbox.enter`; at the level `USER` without Landlock's own rules."""
    root, uid = os.getuid() == 0, linux.user() if os.getuid() == 0 else os.getuid()
    for path in Path(box.work).rglob("*.ipynb"):
        raise OSError(f"{path} is a notebook, which a student must not read")
    folders = [box.sockets, box.work, box.home]
    os.makedirs(box.home, mode=0o700, exist_ok=True)
    if root:
        os.chmod(os.path.dirname(box.sockets), 0o711)  # to be passed through by its new user
        for folder in folders:
            for inner in (Path(folder), *Path(folder).rglob("*")):
                os.chown(inner, uid, uid, follow_symlinks=False)
    # A rule for a folder holds for all in it, so those around what is left out are named one by one.
    # Found before a new user might not see them.
    seen = readable.leave_out(readable.paths(box), box.without)
    around = readable.around(box.read_only, box.without)
    group = cgroup.join(box.limits)
    linux.become_inner(group, lambda pid: _watch(pid, folders, box.limits))
    if root:
        linux.become(uid)
        _check_readable(seen)
    # An ordinary user's processes are counted with all others of this user: `_watch` counts them.
    linux.finish(box, counted=root)
    if box.level is Level.LANDLOCK:
        _restrict(box, seen, around)


def _check_readable(seen: list[str]) -> None:
    for path in seen:
        if not path.startswith("/etc/") and not os.access(path, os.R_OK):
            raise OSError(
                f"{path} is not to be read by user {os.getuid()}, whom a notebook runs as: install "
                "the course where every user can read it, or grade as an ordinary user"
            )


def _restrict(box: Box, seen: list[str], around: list[str]) -> None:
    here = version()
    handled = (1 << 13) - 1
    handled |= (_REFER if here >= 2 else 0) | (_TRUNCATE if here >= 3 else 0)
    handled |= (1 << 15) if here >= 5 else 0  # ioctl of devices
    network = 3 if here >= 4 else 0  # bind and connect by TCP
    scoped = 3 if here >= 6 else 0  # abstract sockets and signals
    attributes = struct.pack("QQQ", handled, network, scoped)
    attributes = attributes[: 8 if here < 4 else 16 if here < 6 else 24]
    rules = linux.check(
        linux.libc.syscall(_CREATE_RULESET, attributes, len(attributes), 0), "landlock"
    )
    for path in seen:
        _allow(rules, path, (_READ | _EXECUTE) & handled)
    for path in around:
        _allow(rules, path, _LIST & handled)
    for path in _FACTS:
        _allow(rules, path, _READ)
    for name in _DEVICES:
        _allow(rules, f"/dev/{name}", 1 << 2 | _WRITE_FILE)
    full = (_READ | _WRITE_FILE | _TRUNCATE | _REFER | _REMOVE | _MAKE) & handled
    for path in (box.work, box.home):
        _allow(rules, path, full)
    _allow(rules, box.sockets, full | _MAKE_SOCKET)
    linux.check(linux.libc.syscall(_RESTRICT, rules, 0), "landlock_restrict_self")
    os.close(rules)


def _allow(rules: int, path: str, rights: int) -> None:
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, PermissionError):
        return  # what is not there cannot be allowed
    try:
        if not stat.S_ISDIR(os.fstat(handle).st_mode):
            rights &= _OF_FILES
        rule = struct.pack("=Qi", rights, handle)
        linux.check(linux.libc.syscall(_ADD_RULE, rules, 1, rule, 0), f"landlock rule for {path}")
    finally:
        os.close(handle)


def _watch(pid: int, folders: list[str], limits: Limits) -> None:
    """Wait for a process; end it when it has more files or threads than it may."""
    ended, most = os.pidfd_open(pid), limits.work_bytes + limits.tmp_bytes
    while not select.select([ended], [], [], LOOK_S)[0]:
        with contextlib.suppress(OSError):
            if _threads(pid) > limits.processes or _held(pid, folders, most):
                os.kill(pid, signal.SIGKILL)
                return


def _threads(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[17])


def _held(pid: int, folders: list[str], limit: int) -> bool:
    """Whether the files in its folders, or those it deleted and still holds, pass the limit."""
    size = count = 0
    handles: list[int] = []
    try:
        for found in _files(pid, folders, handles):
            size, count = size + found.st_blocks * 512, count + 1
            if size > limit or count > _MOST_FILES or len(handles) > _MOST_HANDLES:
                return True
    finally:
        for handle in handles:
            os.close(handle)
    return False


def _files(pid: int, folders: list[str], handles: list[int]) -> Iterator[os.stat_result]:
    waiting = list(folders)
    while waiting:
        with contextlib.suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    yield entry.stat(follow_symlinks=False)
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(_short(entry.path, handles))
    for number in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(OSError):
            found = os.stat(f"/proc/{pid}/fd/{number}")
            if found.st_nlink == 0 and stat.S_ISREG(found.st_mode):
                yield found


def _short(path: str, handles: list[int]) -> str:
    """A path to the same folder that more names can be put behind, while the handles are open."""
    if len(os.fsencode(path)) < _LONGEST:
        return path
    flags = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    handles.append(os.open(path, flags))
    return f"/proc/self/fd/{handles[-1]}"
