"""The filter, evaluated here instruction by instruction, for both machines and any arguments."""

import errno
import re
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.sandbox import calls, seccomp

MACHINES = list(seccomp.ARCH)
HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}
TABLES = (calls.REFUSED, calls.OUTSIDE, calls.CHECKED, calls.CHECKED_OUTSIDE)
EVERY = calls.REFUSED | calls.OUTSIDE | calls.CHECKED | calls.CHECKED_OUTSIDE
OWN = 4711
EPERM = seccomp.ERRNO | errno.EPERM
WORD = st.integers(0, 2**32 - 1)
ARGUMENTS = st.lists(st.integers(0, 2**64 - 1), min_size=6, max_size=6)


def evaluate(code, arch, number, arguments):
    """What a classic BPF program returns for a call (linux/filter.h, struct seccomp_data)."""
    data = struct.pack("IIQ6Q", number, arch, 0, *arguments)
    steps = [struct.unpack_from("HBBI", code, at) for at in range(0, len(code), 8)]
    at = held = 0
    while True:
        kind, yes, no, value = steps[at]
        at += 1
        if kind == 0x20:  # load a word
            held = struct.unpack_from("I", data, value)[0]
        elif kind == 0x54:  # and
            held &= value
        elif kind == 0x06:  # return
            return value
        elif kind in (0x15, 0x35, 0x45):  # jump if equal, at least, any bit
            met = {0x15: held == value, 0x35: held >= value, 0x45: bool(held & value)}[kind]
            at += yes if met else no
        else:
            raise AssertionError(f"instruction {kind:#x} at {at - 1}")


def answer(machine, name, *arguments, outside=False):
    number = EVERY[name][MACHINES.index(machine)]
    arguments = [*arguments, *[0] * (6 - len(arguments))]
    code = seccomp.program(machine, OWN, outside=outside)
    return evaluate(code, seccomp.ARCH[machine], number, arguments)


@pytest.mark.parametrize("machine", MACHINES)
def test_numbers_are_those_of_the_kernels_headers(machine):
    if not HEADERS[machine].is_file():
        pytest.skip(f"{HEADERS[machine]} is not installed (linux-libc-dev)")
    found = re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", HEADERS[machine].read_text())
    header = {name: int(number) for name, number in found}
    newest = max(number for name, number in header.items() if not name.startswith("arch_specific"))
    at = MACHINES.index(machine)
    ours = {name: numbers[at] for name, numbers in EVERY.items()}
    older = {name: n for name, n in ours.items() if n is None or n <= newest}
    assert {name: header.get(name) for name in older} == older
    assert len(older) > 100


def test_no_number_is_named_twice():
    for at, machine in enumerate(MACHINES):
        numbers = [t[n][at] for t in TABLES for n in t if t[n][at] is not None]
        assert len(numbers) == len(set(numbers)), machine


@given(machine=st.sampled_from(MACHINES), name=st.sampled_from(list(calls.REFUSED)), a=ARGUMENTS)
def test_refused_calls_are_refused_whatever_their_arguments(machine, name, a):
    if EVERY[name][MACHINES.index(machine)] is not None:
        assert answer(machine, name, *a) == answer(machine, name, *a, outside=True) == EPERM


@given(machine=st.sampled_from(MACHINES), name=st.sampled_from(list(calls.OUTSIDE)), a=ARGUMENTS)
def test_what_reaches_outside_is_refused_only_where_there_is_an_outside(machine, name, a):
    if EVERY[name][MACHINES.index(machine)] is not None:
        assert answer(machine, name, *a) == seccomp.ALLOW
        assert answer(machine, name, *a, outside=True) == EPERM


@given(
    machine=st.sampled_from(MACHINES),
    number=st.integers(0, 600),
    a=ARGUMENTS,
    outside=st.booleans(),
)
def test_all_other_calls_are_allowed(machine, number, a, outside):
    at = MACHINES.index(machine)
    code = seccomp.program(machine, OWN, outside=outside)
    if number not in [numbers[at] for numbers in EVERY.values()]:
        assert evaluate(code, seccomp.ARCH[machine], number, a) == seccomp.ALLOW


@given(machine=st.sampled_from(MACHINES), arch=WORD, number=WORD, a=ARGUMENTS)
def test_another_architecture_is_killed(machine, arch, number, a):
    code = seccomp.program(machine, OWN)
    if arch != seccomp.ARCH[machine]:
        assert evaluate(code, arch, number, a) == seccomp.KILL


@given(number=st.integers(0x40000000, 2**32 - 1), a=ARGUMENTS)
def test_the_x32_calls_are_killed(number, a):
    code = seccomp.program("x86_64", OWN)
    assert evaluate(code, seccomp.ARCH["x86_64"], number, a) == seccomp.KILL


@given(machine=st.sampled_from(MACHINES), flags=WORD)
def test_a_thread_may_be_made_and_nothing_else(machine, flags):
    thread = flags & 0x10000 and not flags & 0x7E020000  # CLONE_THREAD, no CLONE_NEW*
    assert answer(machine, "clone", flags) == (seccomp.ALLOW if thread else EPERM)
    assert answer(machine, "clone3", flags) == seccomp.ERRNO | errno.ENOSYS
    assert answer(machine, "clone", 0x3D0F00) == seccomp.ALLOW  # what pthread_create asks for
    assert answer(machine, "clone", 17) == EPERM  # what fork asks for


@given(
    machine=st.sampled_from(MACHINES),
    name=st.sampled_from(["socket", "socketpair"]),
    family=WORD | st.integers(0, 50),
    kind=st.integers(0, 15),
    flags=st.sampled_from([0, 0o4000, 0o2000000]),
)
def test_streams_inside_the_machine_are_the_only_sockets(machine, name, family, kind, flags):
    wanted = seccomp.ALLOW if kind == 1 else EPERM
    if family != 1:
        wanted = seccomp.ERRNO | errno.EAFNOSUPPORT
    assert answer(machine, name, family, kind | flags) == wanted


@given(machine=st.sampled_from(MACHINES), pid=WORD | st.just(OWN), a=ARGUMENTS)
def test_only_itself_can_be_signalled_limited_and_scheduled(machine, pid, a):
    wanted = seccomp.ALLOW if pid == OWN else EPERM
    for name in ("kill", "tgkill"):
        assert answer(machine, name, pid, *a[1:]) == wanted
    wanted = seccomp.ALLOW if pid in (0, OWN) else EPERM
    for name in ("prlimit64", "sched_setparam", "sched_setaffinity", "sched_setattr"):
        assert answer(machine, name, pid, *a[1:]) == wanted
    # Of another one it is not done, and said to be: a library ends the process over a refusal.
    wanted = seccomp.ALLOW if pid in (0, OWN) else seccomp.ERRNO
    assert answer(machine, "sched_setscheduler", pid, *a[1:]) == wanted
    assert answer(machine, "kill", -1 % 2**32) == answer(machine, "kill", 0) == EPERM


@given(machine=st.sampled_from(MACHINES), value=WORD | st.integers(0, 30), a=ARGUMENTS)
def test_owners_terminals_and_the_parents_death_stay_as_they_are(machine, value, a):
    refused = {"ioctl": {0x5412, 0x541C, 0x8901, 0x8902}, "fcntl": {8, 10, 15}}
    for name, values in refused.items():
        for each in {value, *values}:
            wanted = EPERM if each in values else seccomp.ALLOW
            assert answer(machine, name, a[0], each, *a[2:]) == wanted
    assert answer(machine, "prctl", value, *a[1:]) == (EPERM if value == 1 else seccomp.ALLOW)


@given(machine=st.sampled_from(MACHINES), mode=st.integers(0, 0o7777))
def test_no_folder_is_made_that_could_not_be_removed(machine, mode):
    wanted = seccomp.ALLOW if mode & 0o700 == 0o700 else EPERM
    if machine == "x86_64":
        assert answer(machine, "mkdir", 0, mode, outside=True) == wanted
    assert answer(machine, "mkdirat", 0, 0, mode, outside=True) == wanted
    wanted = EPERM if mode & 0o700 else seccomp.ALLOW
    assert answer(machine, "umask", mode, outside=True) == wanted
    assert answer(machine, "umask", mode) == seccomp.ALLOW
