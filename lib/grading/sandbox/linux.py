"""Namespaces, a root of its own, limits and no privileges, by system calls alone (Linux >= 5.12).

As root the process drops to a user id that nobody has; as an ordinary user it has a user namespace.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import resource
import signal
import site
import struct
import sys
from pathlib import Path

from lib.grading.sandbox import Box, Level

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
NOBODY = 64123  # as root: a user id that owns nothing
_ETC = ("ld.so.cache", "localtime", "nsswitch.conf", "fonts", "ssl/certs", "mime.types")


def known_machine() -> bool:
    """Whether the system calls' numbers are known here."""
    return platform.machine() in _PIVOT_ROOT


def try_out() -> str:
    """Enter a box in a child; what went wrong in a sentence, empty if nothing did."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                os.close(read)
                from lib.grading.sandbox import seccomp

                enter(Box(Level.NAMESPACES, folder, folder))
                seccomp.close()
                os.write(write, b"ok")
            except BaseException as error:
                os.write(write, f"{type(error).__name__}: {error}".encode()[:500])
            os._exit(0)
        os.close(write)
        with open(read, "rb") as pipe:
            said = pipe.read().decode()
        os.waitpid(pid, 0)
    if said == "ok":
        return ""
    return (
        f"namespaces are refused here ({said or 'the process died'}): allow user namespaces, "
        "or grade in the container"
    )


def _check(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def enter(box: Box) -> None:
    """See `lib.grading.sandbox.enter`."""
    uid, gid = os.getuid(), os.getgid()
    flags = NEWNS | NEWPID | NEWNET | NEWIPC | NEWUTS | NEWCGROUP
    if uid == 0:
        os.chown(box.sockets, NOBODY, NOBODY)
        _check(libc.unshare(flags), "unshare")
    else:
        _check(libc.unshare(flags | NEWUSER), "unshare")
        _map(uid, gid)
    _become_first_process()
    inner = NOBODY if uid == 0 else 1000
    _new_root(box, inner)
    if uid == 0:
        os.setgroups([])
        os.setresgid(inner, inner, inner)
        os.setresuid(inner, inner, inner)
    _drop_capabilities()
    _check(libc.prctl(_PR_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    _die_with_parent()  # again: a change of user clears it
    _limit(box)


def _map(uid: int, gid: int) -> None:
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"1000 {uid} 1")
    Path("/proc/self/gid_map").write_text(f"1000 {gid} 1")


def _die_with_parent() -> None:
    _check(libc.prctl(_PR_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0), "pdeathsig")


def _become_first_process() -> None:
    """Fork: the child is process 1 of the new namespace, and with it everything in it ends."""
    # Listed before the fork: the child takes this process's root, and /proc with it, away.
    held = [int(fd) for fd in os.listdir("/proc/self/fd") if int(fd) > 2]
    pid = os.fork()
    if pid:
        for fd in held:
            with contextlib.suppress(OSError):
                os.close(fd)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        _, status = os.waitpid(pid, 0)
        code = os.waitstatus_to_exitcode(status)
        os._exit(code if code >= 0 else 128 - code)
    _die_with_parent()


def _drop_capabilities() -> None:
    for capability in range(64):
        if libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) < 0:
            break
    header = struct.pack("Ii", 0x20080522, 0)
    _check(libc.capset(header, bytes(24)), "capset")


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
    if os.getuid() == NOBODY:  # it counts all processes of a user, and this one is ours alone
        resource.setrlimit(resource.RLIMIT_NPROC, (4096, 4096))


def _new_root(box: Box, uid: int) -> None:
    """A root of a few named places, and everything else gone."""
    kept = _work_files(box.work, box.limits.work_bytes)
    _mount(None, "/", None, _REC | _PRIVATE)
    root = "/mnt" if os.path.isdir("/mnt") else "/tmp"
    handles = [(path, _tree(path, read_only=True)) for path in _readable(box)]
    handles.append((box.sockets, _tree(box.sockets, read_only=False)))
    devices = [f"/dev/{name}" for name in ("null", "zero", "full", "random", "urandom")]
    handles += [(path, _tree(path, read_only=False, devices=True)) for path in devices]
    own = f"mode=0755,uid={uid},gid={uid}"
    _mount("tmpfs", root, "tmpfs", _NOSUID | _NODEV, f"{own},size=4m,nr_inodes=8k")
    for path, size in (("/tmp", box.limits.tmp_bytes), ("/dev/shm", 64 << 20)):
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
    for link in ("/bin", "/sbin", "/lib", "/lib64"):
        if os.path.islink(link) and not os.path.lexists(root + link):
            os.symlink(os.readlink(link), root + link)
    os.makedirs(root + "/proc", exist_ok=True)
    _mount("proc", root + "/proc", "proc", _NOSUID | _NODEV | _NOEXEC)
    os.makedirs(root + box.work, exist_ok=True)
    data = f"{own},size={box.limits.work_bytes},nr_inodes=8k"
    _mount("tmpfs", root + box.work, "tmpfs", _NOSUID | _NODEV, data)
    for name, content in kept:
        path = Path(root + box.work, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.chown(path, uid, uid) if os.getuid() == 0 else None
    os.makedirs(root + "/.old")
    number = _PIVOT_ROOT[platform.machine()]
    _check(libc.syscall(number, root.encode(), f"{root}/.old".encode()), "pivot_root")
    os.chdir("/")
    _check(libc.umount2(b"/.old", 2), "umount of the old root")
    os.rmdir("/.old")
    _mount(None, "/", None, _REMOUNT | _BIND | _RDONLY | _NOSUID | _NODEV)


def _readable(box: Box) -> list[str]:
    """Python, the system's libraries, and what the box names; outer folders before inner ones."""
    wanted = {sys.prefix, sys.base_prefix, *site.getsitepackages(), *box.read_only, "/usr"}
    wanted |= {path for path in ("/lib", "/lib64", "/bin") if not os.path.islink(path)}
    wanted |= {f"/etc/{name}" for name in _ETC}
    found = sorted({os.path.realpath(path) for path in wanted if os.path.exists(path)})
    kept: list[str] = []
    for path in found:
        if not any(path == outer or path.startswith(outer + "/") for outer in kept):
            kept.append(path)
    return kept


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
    _check(done, f"mount on {target}")


def _tree(path: str, *, read_only: bool, devices: bool = False) -> int:
    """A detached copy of the mounts at a path, with their attributes set."""
    clone, recursive, empty = 1, 0x8000, 0x1000
    flags = clone | os.O_CLOEXEC | recursive
    handle = _check(libc.syscall(_OPEN_TREE, -100, os.fsencode(path), flags), f"open_tree {path}")
    attributes = (1 if read_only else 0) | 2 | (0 if devices else 4)
    packed = struct.pack("QQQQ", attributes, 0, 0, 0)
    done = libc.syscall(_MOUNT_SETATTR, handle, b"", empty | recursive, packed, len(packed))
    _check(done, f"mount_setattr {path}")
    return handle


def _move(handle: int, target: str) -> None:
    done = libc.syscall(_MOVE_MOUNT, handle, b"", -100, os.fsencode(target), 4)
    _check(done, f"move_mount to {target}")
