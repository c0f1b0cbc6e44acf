"""The filter of system calls of a student's process: what no notebook needs is refused."""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct

from harness.sandbox.calls import CHECKED, CHECKED_OUTSIDE, OUTSIDE, REFUSED

ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_SECCOMP = {"x86_64": 317, "aarch64": 277}
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_CLONE_THREAD, _CLONE_NEW = 0x10000, 0x7E020000
_AF_UNIX, _STREAM, _TYPE = 1, 1, 0xF
# Input put into a terminal, and signals sent to whoever is named as an owner.
_IOCTLS = (0x5412, 0x541C, 0x8901, 0x8902)  # TIOCSTI, TIOCLINUX, FIOSETOWN, SIOCSPGRP
# F_SETOWN, F_SETSIG, F_SETOWN_EX; F_SETLEASE, F_NOTIFY (what happens to others' files); F_SETPIPE_SZ
# (memory of the kernel that no limit counts).
_FCNTLS = (8, 10, 15, 1024, 1026, 1031)
_PRCTLS = (1,)  # PR_SET_PDEATHSIG: it shall not outlive the grader

Step = tuple[int, int, int, int]


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def program(machine: str, own_pid: int, *, outside: bool = False) -> bytes:
    """The filter as BPF instructions.

    Only the lower 32 bits of an argument are looked at: the kernel takes no more of these either.

    Args:
        machine: x86_64 or aarch64.
        own_pid: the process that it is for.
        outside: whether the process can name files that are not its own.
    """
    at = list(ARCH).index(machine)
    refused = ERRNO | errno.EPERM
    code: list[Step] = [
        (_LOAD, 0, 0, 4),
        (_EQUAL, 1, 0, ARCH[machine]),
        (_RETURN, 0, 0, KILL),
        (_LOAD, 0, 0, 0),
    ]
    if machine == "x86_64":  # calls of the x32 kind would go round the numbers below
        code += [(_AT_LEAST, 0, 1, 0x40000000), (_RETURN, 0, 0, KILL)]
    for numbers in (REFUSED | (OUTSIDE if outside else {})).values():
        if (call := numbers[at]) is not None:
            code += [(_EQUAL, 0, 1, call), (_RETURN, 0, 0, refused)]
    for name, body in _bodies(own_pid, refused, outside).items():
        number = (CHECKED | CHECKED_OUTSIDE)[name][at]
        if number is not None:
            code += [(_EQUAL, 0, len(body), number), *body]
    code.append((_RETURN, 0, 0, ALLOW))
    return b"".join(struct.pack("HBBI", *step) for step in code)


def _bodies(own_pid: int, refused: int, outside: bool) -> dict[str, list[Step]]:
    """What is looked at in the calls whose arguments decide."""
    allow, refuse = (_RETURN, 0, 0, ALLOW), (_RETURN, 0, 0, refused)
    family = (_RETURN, 0, 0, ERRNO | errno.EAFNOSUPPORT)

    def argument(number: int) -> Step:
        return (_LOAD, 0, 0, 16 + 8 * number)

    def none_of(number: int, values: tuple[int, ...]) -> list[Step]:
        tests = [(_EQUAL, len(values) - i, 0, value) for i, value in enumerate(values)]
        return [argument(number), *tests, allow, refuse]

    # Streams alone: a datagram can be sent to any name without a connection.
    sockets = [
        *(argument(0), (_EQUAL, 1, 0, _AF_UNIX), family),
        *(argument(1), (_AND, 0, 0, _TYPE), (_EQUAL, 0, 1, _STREAM), allow, refuse),
    ]
    itself = [argument(0), (_EQUAL, 0, 1, own_pid), allow, refuse]
    zero_or_itself = [argument(0), (_EQUAL, 1, 0, 0), (_EQUAL, 0, 1, own_pid), allow, refuse]
    # ZeroMQ sets the scheduling of each thread that it starts to what it is, and aborts where it may
    # not: so of a thread (and of anybody else) this does nothing and says that it is done.
    done = [*zero_or_itself[:-1], (_RETURN, 0, 0, ERRNO)]
    bodies = {
        # Whoever asks for clone3 is to fall back to clone, whose flags can be seen.
        "clone3": [(_RETURN, 0, 0, ERRNO | errno.ENOSYS)],
        "clone": [
            *(argument(0), (_ANY_BIT, 2, 0, _CLONE_NEW), (_ANY_BIT, 0, 1, _CLONE_THREAD)),
            *(allow, refuse),
        ],
        "socket": sockets,
        "socketpair": sockets,
        "kill": itself,
        "tgkill": itself,
        "prlimit64": zero_or_itself,
        "sched_setscheduler": done,
        "sched_setparam": zero_or_itself,
        "sched_setaffinity": zero_or_itself,
        "sched_setattr": zero_or_itself,
        "ioctl": none_of(1, _IOCTLS),
        "fcntl": none_of(1, _FCNTLS),
        "prctl": none_of(0, _PRCTLS),
    }
    if outside:
        # A folder that its owner may not read or enter could not be removed afterwards.
        owner = [(_AND, 0, 0, 0o700), (_EQUAL, 0, 1, 0o700), allow, refuse]
        bodies |= {
            "mkdir": [argument(1), *owner],
            "mkdirat": [argument(2), *owner],
            "umask": [argument(0), (_ANY_BIT, 0, 1, 0o700), refuse, allow],
        }
    return bodies


def close(*, outside: bool = False) -> None:
    """Set the filter for all threads of this process.

    Raises:
        OSError: it could not be set.
    """
    machine = platform.machine()
    raw = program(machine, os.getpid(), outside=outside)
    held = ctypes.create_string_buffer(raw, len(raw))
    held_at = ctypes.cast(held, ctypes.c_void_p).value
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(38, 1, 0, 0, 0)
    wanted = _Program(len(raw) // 8, held_at)
    if libc.syscall(_SECCOMP[machine], 1, 1, ctypes.byref(wanted)) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"seccomp: {os.strerror(number)}")
