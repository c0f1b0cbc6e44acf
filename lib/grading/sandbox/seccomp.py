"""The filter of system calls of a student's process: what no notebook needs is refused."""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct

_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_SECCOMP = {"x86_64": 317, "aarch64": 277}
# Refused whatever the arguments; numbers by machine, None where the machine has no such call.
_REFUSED = {
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "perf_event_open": (298, 241),
    "bpf": (321, 280),
    "userfaultfd": (323, 282),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "unshare": (272, 97),
    "setns": (308, 268),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "open_by_handle_at": (304, 265),
    "name_to_handle_at": (303, 264),
    "reboot": (169, 142),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "acct": (163, 89),
    "quotactl": (179, 60),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "adjtimex": (159, 171),
    "syslog": (103, 116),
    "personality": (135, 92),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "semget": (64, 190),
    "mq_open": (240, 180),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424),
    "process_madvise": (440, 440),
    "vmsplice": (278, 75),
    "modify_ldt": (154, None),
    "iopl": (172, None),
    "ioperm": (173, None),
    "fork": (57, None),
    "vfork": (58, None),
    "execve": (59, 221),
    "execveat": (322, 281),
    "connect": (42, 203),
    "tkill": (200, 130),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "setuid": (105, 146),
    "setgid": (106, 144),
    "setresuid": (117, 147),
    "setresgid": (119, 149),
}
_CHECKED = {
    "clone": (56, 220),
    "clone3": (435, 435),
    "socket": (41, 198),
    "kill": (62, 129),
    "tgkill": (234, 131),
    "prlimit64": (302, 261),
    "ioctl": (16, 29),
}
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_CLONE_THREAD, _AF_UNIX, _TIOCSTI, _TIOCLINUX = 0x10000, 1, 0x5412, 0x541C


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def program(machine: str, own_pid: int) -> bytes:
    """The filter as BPF instructions, for a machine and the process that it is for."""
    at = list(_ARCH).index(machine)
    refused = _ERRNO | errno.EPERM
    code: list[tuple[int, int, int, int]] = [
        (_LOAD, 0, 0, 4),
        (_EQUAL, 1, 0, _ARCH[machine]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, 0),
    ]
    if machine == "x86_64":  # calls of the x32 kind would go round the numbers below
        code += [(_AT_LEAST, 0, 1, 0x40000000), (_RETURN, 0, 0, _KILL)]
    for numbers in _REFUSED.values():
        if numbers[at] is not None:
            code += [(_EQUAL, 0, 1, numbers[at]), (_RETURN, 0, 0, refused)]

    def when(name: str, body: list[tuple[int, int, int, int]]) -> None:
        code.extend([(_EQUAL, 0, len(body), _CHECKED[name][at]), *body])

    def argument(number: int) -> tuple[int, int, int, int]:
        return (_LOAD, 0, 0, 16 + 8 * number)

    allow, refuse = (_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, refused)
    # Whoever asks for clone3 is to fall back to clone, whose flags can be seen.
    when("clone3", [(_RETURN, 0, 0, _ERRNO | errno.ENOSYS)])
    when("clone", [argument(0), (_ANY_BIT, 1, 0, _CLONE_THREAD), refuse, allow])
    family = (_RETURN, 0, 0, _ERRNO | errno.EAFNOSUPPORT)
    when("socket", [argument(0), (_EQUAL, 0, 1, _AF_UNIX), allow, family])
    for name in ("kill", "tgkill"):
        when(name, [argument(0), (_EQUAL, 0, 1, own_pid), allow, refuse])
    when("prlimit64", [argument(0), (_EQUAL, 1, 0, 0), (_EQUAL, 0, 1, own_pid), allow, refuse])
    terminal = [(_EQUAL, 1, 0, _TIOCSTI), (_EQUAL, 0, 1, _TIOCLINUX), refuse, allow]
    when("ioctl", [argument(1), *terminal])
    code.append(allow)
    return b"".join(struct.pack("HBBI", *step) for step in code)


def close() -> None:
    """Set the filter for all threads of this process.

    Raises:
        OSError: it could not be set.
    """
    machine = platform.machine()
    raw = program(machine, os.getpid())
    held = ctypes.create_string_buffer(raw, len(raw))
    held_at = ctypes.cast(held, ctypes.c_void_p).value
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(38, 1, 0, 0, 0)
    wanted = _Program(len(raw) // 8, held_at)
    if libc.syscall(_SECCOMP[machine], 1, 1, ctypes.byref(wanted)) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"seccomp: {os.strerror(number)}")
