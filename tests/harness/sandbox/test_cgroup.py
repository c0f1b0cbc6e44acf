"""Where groups are made, on folders laid out as the kernel lays out cgroup v2."""

import os
import sys

import pytest

from harness.limits import Limits
from harness.sandbox import cgroup

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux only")


@pytest.fixture
def group(tmp_path):
    here = tmp_path / "job.service"
    here.mkdir()
    (here / "cgroup.controllers").write_text("cpu memory pids\n")
    (here / "cgroup.subtree_control").write_text("")
    (here / "cgroup.procs").write_text(f"{os.getpid()}\n")
    return here


def snapshot(root):
    return {p: p.read_text() for p in root.rglob("*") if p.is_file()}


def test_a_group_shared_with_others_is_left_alone(group, tmp_path):
    (group / "cgroup.procs").write_text(f"{os.getpid()}\n1\n")
    before = snapshot(tmp_path)
    assert "shares" in cgroup.place(group)[1]
    assert not cgroup.adopt(group)
    assert cgroup.join(Limits(), group) is None
    assert snapshot(tmp_path) == before


def test_a_group_without_the_memory_controller_is_left_alone(group, tmp_path):
    (group / "cgroup.controllers").write_text("cpu pids\n")
    before = snapshot(tmp_path)
    assert cgroup.place(group) == (None, "the group has no controller for memory")
    assert not cgroup.adopt(group)
    assert cgroup.join(Limits(), group) is None
    assert snapshot(tmp_path) == before


def test_a_group_of_its_own_is_divided_and_the_grader_moves_down(group):
    assert cgroup.join(Limits(), group) is None  # not before it was made ready
    assert cgroup.adopt(group)
    assert (group / cgroup.OWN / "cgroup.procs").read_text() == "0"
    assert (group / "cgroup.subtree_control").read_text() == "+memory +pids"


def test_a_notebook_has_its_limits_and_the_grader_comes_back(group):
    limits = Limits(memory_bytes=1 << 30, processes=9)
    (group / "cgroup.subtree_control").write_text("memory pids\n")
    own = group / cgroup.OWN
    own.mkdir()
    (own / "cgroup.procs").write_text("")
    made = cgroup.join(limits, own)
    inside = group / made.name
    assert int((inside / "memory.max").read_text()) == (1 << 30) + (64 << 20)
    assert (inside / "memory.oom.group").read_text() == "1"
    assert int((inside / "pids.max").read_text()) == 10
    assert (inside / "cgroup.procs").read_text() == "0"
    made.leave()
    assert (own / "cgroup.procs").read_text() == "0"
    for path in inside.iterdir():  # the kernel's files are no hindrance; these would be
        path.unlink()
    made.remove()
    assert not inside.exists()
    for handle in made.handles:
        os.close(handle)


def test_groups_left_by_a_killed_grader_are_swept_and_others_are_not(group):
    (group / "cgroup.subtree_control").write_text("memory pids\n")
    ours = group / f"{cgroup.PREFIX}4999999"
    living = group / f"{cgroup.PREFIX}{os.getppid()}"
    foreign = group / "somebody"
    for path in (ours, living, foreign):
        path.mkdir()
    cgroup._sweep(group)
    assert not ours.exists()
    assert living.exists()
    assert foreign.exists()


def test_this_machine_is_described():
    assert cgroup.describe().startswith(("memory and processes by cgroup", "no cgroup: "))
