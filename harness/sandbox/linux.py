"""Namespaces, a root of its own, limits and no privileges, by system calls alone (Linux >= 5.12).

As root the process drops to a user id that nobody has; as an ordinary user it has a user namespace.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import re
import resource
import signal
import socket
import struct
from collections.abc import Callable
from pathlib import Path

from harness.limits import SHARED_BYTES
from harness.sandbox import Box, cgroup, readable

libc = ctypes.CDLL(None, use_errno=True)
NEWNS, NEWCGROUP, NEWUTS, NEWIPC = 0x20000, 0x2000000, 0x4000000, 0x8000000
NEWUSER, NEWPID, NEWNET = 0x10000000, 0x20000000, 0x40000000
_NOSUID, _NODEV, _NOEXEC, _RDONLY, _REMOUNT, _BIND, _REC, _PRIVATE = (
    *(2, 4, 8, 1, 32, 4096, 16384),
    1 << 18,
)
_OPEN_TREE, _MOVE_MOUNT, _MOUNT_SETATTR = 428, 429, 442  # the same numbers on every machine
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_PR_PDEATHSIG, _PR_CAPBSET_DROP, _PR_NO_NEW_PRIVS = 1, 24, 38
# As root each kernel has a user of its own, who owns nothing: this and the number of its process.
# Above what systemd gives to containers, below what some programs take for negative.
USERS = 0x70000000
_FEW_USERS = 64123  # where a container has 65,536 users; in the range of systemd's passing services
_sealing: list[socket.socket] = []  # to the process that waits for this one


def known_machine() -> bool:
    """Whether the system calls' numbers are known here."""
    return platform.machine() in _PIVOT_ROOT


def check(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def enter(box: Box) -> None:
    """See `harness.sandbox.enter`."""
    root, inner = os.getuid() == 0, user() if os.getuid() == 0 else 1000
    uid, gid = os.getuid(), os.getgid()
    group = cgroup.join(box.limits)  # before its files are out of sight
    flags = NEWNS | NEWPID | NEWNET | NEWIPC | NEWUTS | NEWCGROUP
    if root:
        os.chown(box.sockets, inner, inner)
        check(libc.unshare(flags), "unshare")
    else:
        check(libc.unshare(flags | NEWUSER), "unshare")
        _map(uid, gid)
    asks, hears = socket.socketpair()
    become_inner(group, lambda pid: _seal(box.sockets, hears), (hears.fileno(),))
    hears.close()
    _sealing.append(asks)
    _new_root(box, inner)
    if root:
        become(inner)
    # Since Linux 5.14 a user namespace counts its own processes, not all of the user's.
    finish(box, counted=root or kernel_version() >= (5, 14))


def seal() -> None:
    """Make the socket folder read-only, once all sockets are in it: nothing can be put there any more.

    The process itself has no right to; the one that waits for it does it.

    Raises:
        OSError: it could not be done.
    """
    with _sealing.pop() as asks:
        asks.sendall(b"s")
        if said := asks.recv(200):
            raise OSError(f"the folder of sockets is not closed: {said.decode(errors='replace')}")


def _seal(path: str, hears: socket.socket) -> None:
    """What the process that waits does when it is asked to; it sees the root that the other has made."""
    with hears, contextlib.suppress(OSError):
        if hears.recv(1):
            try:
                _set_attributes(-100, os.fsencode(path), 0, read_only=True)
            except OSError as error:
                hears.sendall(str(error).encode())


def kernel_version() -> tuple[int, ...]:
    """The kernel's version, two numbers."""
    return tuple(map(int, re.findall(r"\d+", os.uname().release)[:2]))


def user() -> int:
    """For root: the user that a kernel of this process is to be, nobody else's while it lives."""

    def known(name: str, number: int) -> bool:
        rows = [tuple(map(int, row.split())) for row in Path(name).read_text().splitlines()]
        return any(first <= number < first + count for first, _, count in rows)

    wanted = USERS + os.getpid()
    if all(known(f"/proc/self/{kind}_map", wanted) for kind in ("uid", "gid")):
        return wanted
    return _FEW_USERS + os.getpid() % 1000


def become(uid: int) -> None:
    """Give up being root, for good."""
    _drop_bounding()  # while it still may
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def finish(box: Box, *, counted: bool) -> None:
    """No privileges, now or later, and limits; `counted`: whether this user's processes are its own."""
    _drop_capabilities()
    check(libc.prctl(_PR_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    _die_with_parent()  # again: a change of user clears it
    _limit(box)
    if counted:
        resource.setrlimit(resource.RLIMIT_NPROC, (box.limits.processes,) * 2)


def _map(uid: int, gid: int) -> None:
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"1000 {uid} 1")
    Path("/proc/self/gid_map").write_text(f"1000 {gid} 1")


def _die_with_parent() -> None:
    check(libc.prctl(_PR_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0), "pdeathsig")


def become_inner(
    group: cgroup.Group | None, watch: Callable[[int], None], needed: tuple[int, ...] = ()
) -> None:
    """Fork: the child goes on, and in a new process namespace it is process 1, with which everything
    in it ends. The other waits, as `watch` says, and ends as the child ends.

    Args:
        needed: descriptors that `watch` needs.
    """
    # Listed before the fork: the child takes this process's root, and /proc with it, away.
    handles = group.handles if group is not None else ()
    own = (*handles, *needed)
    held = [int(fd) for fd in os.listdir("/proc/self/fd") if int(fd) > 2 and int(fd) not in own]
    pid = os.fork()
    if pid:
        for fd in held:
            with contextlib.suppress(OSError):
                os.close(fd)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if group is not None:
            group.leave()
        watch(pid)
        _, status = os.waitpid(pid, 0)
        if group is not None:
            group.remove()
        code = os.waitstatus_to_exitcode(status)
        os._exit(code if code >= 0 else 128 - code)
    for fd in handles:
        os.close(fd)
    _die_with_parent()


def _drop_bounding() -> None:
    for capability in range(64):
        if libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) < 0:
            break  # the last that the kernel knows, or no right to drop any


def _drop_capabilities() -> None:
    _drop_bounding()
    header = struct.pack("Ii", 0x20080522, 0)
    check(libc.capset(header, bytes(24)), "capset")


def _limit(box: Box) -> None:
    limits = box.limits
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    held = pages * resource.getpagesize()
    for kind, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, limits.file_bytes),
        (resource.RLIMIT_NOFILE, limits.open_files),
        (resource.RLIMIT_CPU, int(limits.notebook_s) + 60),
        (resource.RLIMIT_AS, held + limits.memory_bytes),
        (resource.RLIMIT_MEMLOCK, 1 << 16),
        (resource.RLIMIT_MSGQUEUE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, value))


def _new_root(box: Box, uid: int) -> None:
    """A root of a few named places, and everything else gone."""
    kept = _work_files(box.work, box.limits.work_bytes)
    _mount(None, "/", None, _REC | _PRIVATE)
    root = "/mnt" if os.path.isdir("/mnt") else "/tmp"
    handles = [(path, _tree(path, read_only=True)) for path in readable.paths(box)]
    handles.append((box.sockets, _tree(box.sockets, read_only=False)))
    devices = [f"/dev/{name}" for name in ("null", "zero", "full", "random", "urandom")]
    handles += [(path, _tree(path, read_only=False, devices=True)) for path in devices]
    own = f"mode=0755,uid={uid},gid={uid}"
    _mount("tmpfs", root, "tmpfs", _NOSUID | _NODEV, f"{own},size=4m,nr_inodes=8k")
    for path, size in (("/tmp", box.limits.tmp_bytes), ("/dev/shm", SHARED_BYTES)):
        os.makedirs(root + path, exist_ok=True)
        data = f"mode=1777,size={size},nr_inodes=16k"
        _mount("tmpfs", root + path, "tmpfs", _NOSUID | _NODEV, data)
    for path, handle in handles:
        if os.path.isdir(f"/proc/self/fd/{handle}"):
            os.makedirs(root + path, exist_ok=True)
        else:
            os.makedirs(os.path.dirname(root + path), exist_ok=True)
            open(root + path, "a").close()
        _move(handle, root + path)
        os.close(handle)
    for path in box.without:
        if os.path.isdir(root + os.path.realpath(path)):
            flags = _NOSUID | _NODEV | _NOEXEC | _RDONLY
            _mount("tmpfs", root + os.path.realpath(path), "tmpfs", flags, "mode=0755,size=4k")
    for name in ("/bin", "/sbin", "/lib", "/lib64", *readable.named(box)):
        for link, target in readable.links(name):
            if not os.path.lexists(root + link):
                os.makedirs(os.path.dirname(root + link), exist_ok=True)
                os.symlink(target, root + link)
    os.makedirs(root + "/proc", exist_ok=True)
    _mount("proc", root + "/proc", "proc", _NOSUID | _NODEV | _NOEXEC)
    os.makedirs(root + box.work, exist_ok=True)
    data = f"{own},size={box.limits.work_bytes},nr_inodes=8k"
    _mount("tmpfs", root + box.work, "tmpfs", _NOSUID | _NODEV, data)
    for name, content in kept:
        file = Path(root + box.work, name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        if os.getuid() == 0:
            os.chown(file, uid, uid)
    os.makedirs(root + "/.old")
    number = _PIVOT_ROOT[platform.machine()]
    check(libc.syscall(number, root.encode(), f"{root}/.old".encode()), "pivot_root")
    os.chdir("/")
    check(libc.umount2(b"/.old", 2), "umount of the old root")
    os.rmdir("/.old")
    _mount(None, "/", None, _REMOUNT | _BIND | _RDONLY | _NOSUID | _NODEV)


def _work_files(folder: str, most: int) -> list[tuple[str, bytes]]:
    """The files beside the notebook; never a notebook, a link or a hidden file."""
    found, size = [], 0
    for path in sorted(Path(folder).rglob("*")):
        if path.suffix == ".ipynb" or path.is_symlink() or not path.is_file():
            continue
        size += path.stat().st_size
        if size > most // 2:
            break
        found.append((str(path.relative_to(folder)), path.read_bytes()))
    return found


def _mount(source: str | None, target: str, kind: str | None, flags: int, data: str = "") -> None:
    def text(value: str | None) -> bytes | None:
        return None if value is None else os.fsencode(value)

    done = libc.mount(text(source), text(target), text(kind), ctypes.c_ulong(flags), text(data))
    check(done, f"mount on {target}")


def _tree(path: str, *, read_only: bool, devices: bool = False) -> int:
    """A detached copy of the mounts at a path, with their attributes set."""
    clone, recursive, empty = 1, 0x8000, 0x1000
    flags = clone | os.O_CLOEXEC | recursive
    handle = check(libc.syscall(_OPEN_TREE, -100, os.fsencode(path), flags), f"open_tree {path}")
    _set_attributes(handle, b"", empty | recursive, read_only=read_only, devices=devices)
    return handle


def _set_attributes(
    handle: int, path: bytes, flags: int, *, read_only: bool, devices: bool = False
) -> None:
    attributes = (1 if read_only else 0) | 2 | (0 if devices else 4)
    packed = struct.pack("QQQQ", attributes, 0, 0, 0)
    done = libc.syscall(_MOUNT_SETATTR, handle, path, flags, packed, len(packed))
    check(done, f"mount_setattr {os.fsdecode(path)}")


def _move(handle: int, target: str) -> None:
    done = libc.syscall(_MOVE_MOUNT, handle, b"", -100, os.fsencode(target), 4)
    check(done, f"move_mount to {target}")
