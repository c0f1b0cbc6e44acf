import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from harness.execute.memory import Group, Watch

KILLED = -signal.SIGKILL


def version_2(tmp_path, kills: int, limit: str = "max") -> tuple:
    """A stand-in for /proc and /sys/fs/cgroup where group /a/b is version 2's."""
    proc, mounted = tmp_path / "proc", tmp_path / "cgroup"
    (proc / "self").mkdir(parents=True, exist_ok=True)
    (proc / "self/cgroup").write_text("0::/a/b\n")
    (mounted / "a/b").mkdir(parents=True, exist_ok=True)
    (mounted / "a/b/memory.events").write_text(f"low 0\nhigh 0\nmax 7\noom 2\noom_kill {kills}\n")
    (mounted / "a/b/memory.max").write_text(limit + "\n")
    return proc, mounted


def test_a_group_of_version_2_counts_kills_and_knows_its_limit(tmp_path):
    group = Group.ours(*version_2(tmp_path, 3, str(2**31)))
    assert group is not None
    assert (group.kills(), group.limit()) == (3, 2**31)


def test_no_limit_is_told_from_a_limit(tmp_path):
    assert Group.ours(*version_2(tmp_path, 0)).limit() is None


def test_a_group_of_version_1_in_a_container_is_found_at_the_root(tmp_path):
    (tmp_path / "self").mkdir()
    (tmp_path / "self/cgroup").write_text("5:cpu:/x\n4:memory:/somewhere/else\n0::/\n")
    root = tmp_path / "cgroup/memory"
    root.mkdir(parents=True)
    (root / "memory.oom_control").write_text("oom_kill_disable 0\nunder_oom 0\noom_kill 1\n")
    (root / "memory.limit_in_bytes").write_text("9223372036854771712\n")
    group = Group.ours(tmp_path, tmp_path / "cgroup")
    assert group == Group(root)
    assert (group.kills(), group.limit()) == (1, None)


def test_a_system_without_groups_has_none(tmp_path):
    assert Group.ours(tmp_path, tmp_path) is None


def test_memory_was_short_only_if_a_kill_was_counted(tmp_path):
    where = version_2(tmp_path, 4, str(2**30))
    watch = Watch(group=Group.ours(*where))
    assert watch.killed() == 0
    assert "seems to have come from elsewhere" in watch.says(KILLED)
    assert "Nothing says that memory was short" in watch.says(-signal.SIGSEGV)
    version_2(tmp_path, 5, str(2**30))
    assert watch.killed() == 1
    assert "Memory was short: meanwhile the system ended a process" in watch.says(KILLED)
    assert "limit of this container or session is 1.0 GiB" in watch.says(KILLED)
    version_2(tmp_path, 7)
    assert "ended 3 processes" in watch.says(KILLED)


def test_what_is_not_counted_is_not_known():
    watch = Watch(group=None)
    assert watch.killed() is None
    assert "is not known" in watch.says(KILLED)
    assert "was short: meanwhile" not in watch.says(None)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_a_limit_on_addresses_is_told():
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))\n"
        "from harness.execute.memory import Watch; print(Watch(group=None).says(-6))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "8.0 GiB of addresses" in done.stdout


def test_a_process_is_followed_with_its_children():
    code = (
        "import sys, time; kept = bytearray(60 << 20); print('ready', flush=True); time.sleep(60)"
    )
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {code!r}])"
    with subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE) as process:
        try:
            process.stdout.readline()
            watch = Watch(every=0.01)
            watch.follow(process.pid)
            until = time.monotonic() + 10
            while watch.peak < 60 << 20 and time.monotonic() < until:
                time.sleep(0.02)
            watch.stop()
        finally:
            for child in psutil.Process(process.pid).children():
                child.kill()
            process.kill()
    assert watch.peak > 60 << 20
    assert watch.free is not None
    assert 0 < watch.free < os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert "The kernel was seen to hold" in watch.says(None)
