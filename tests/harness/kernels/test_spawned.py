"""Where nothing can be forked: every kernel and judge a process of its own, with the same verdicts."""

import dataclasses
import json
import subprocess
import sys
import time

import nbformat
import psutil
import pytest

from harness.grade import session
from harness.grade.assignment import Assignment
from harness.grade.grader import Grader
from harness.grade.verdicts import TIMES
from harness.kernels.client import WarmError, WarmParent
from harness.kernels.spawned import SpawningParent
from harness.kernels.student import StudentKernel
from harness.limits import Limits
from harness.sandbox import Level
from tests.attacks import assignment

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory):
    folder = tmp_path_factory.mktemp("handed-in")
    answers = {
        "right": assignment.RIGHT,
        "wrong": assignment.RIGHT | {next(iter(assignment.RIGHT)): "answer = None"},
        "ends": assignment.RIGHT | {next(iter(assignment.RIGHT)): "import os; os._exit(3)"},
    }
    for name, given in answers.items():
        nbformat.write(assignment.submission(given), folder / f"{name}.ipynb")
    return {name: folder / f"{name}.ipynb" for name in answers}


def _plain(report):
    timed = dict.fromkeys(TIMES)
    return json.dumps(dataclasses.asdict(report) | timed, sort_keys=True)


@pytest.mark.skipif(sys.platform != "linux", reason="compares with forked kernels")
def test_the_verdicts_are_those_of_forked_kernels(handed_in):
    what = Assignment(assignment.NAME, assignment.source(), assignment.release())
    with (
        WarmParent(preload=("numpy", "torch"), prefix=what.prefix) as warm,
        SpawningParent() as cold,
    ):
        for name, path in handed_in.items():
            forked, spawned = (
                Grader(what, parent).grade(name, path).report for parent in (warm, cold)
            )
            assert _plain(forked) == _plain(spawned)
        assert cold._children == [] or all(c.poll() is not None for c in cold._children)


def test_grading_falls_back_to_it_and_says_so(handed_in, monkeypatch):
    monkeypatch.setattr(session, "can_fork", lambda: False)
    what = Assignment(assignment.NAME, assignment.source(), assignment.release())
    with session.Session(what, Level.NONE).open() as opened:
        assert "not forked" in opened.note
        report = opened.grader().grade("ada", handed_in["right"]).report
    assert report.score == report.max_score > 0


def test_a_process_that_cannot_start_says_why(tmp_path):
    with SpawningParent() as parent, pytest.raises(WarmError, match="could not start"):
        parent.start_kernel({"transport": "nothing"}, str(tmp_path), {"HOME": str(tmp_path)})


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_it_can_be_interrupted_and_ends_with_its_own_children(tmp_path):
    with SpawningParent() as parent:
        with StudentKernel(parent, lambda s, w: None, Limits(), None) as kernel:
            assert "longer than 0 s" in kernel.run("while True: pass", 0.3).error
            said = kernel.run("import subprocess\nprint(subprocess.Popen(['sleep', '99']).pid)", 10)
            sleeper, own = int(said.outputs[0]["text"]), kernel.child.pid
        _gone(sleeper, own)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_it_ends_with_the_grader(tmp_path):
    code = (
        "import socket, time\n"
        "from harness.kernels.spawned import SpawningParent\n"
        "a, b = socket.socketpair()\n"
        f"print(SpawningParent().start_judge({str(tmp_path)!r}, a, b).pid, flush=True)\n"
        "time.sleep(99)\n"
    )
    grader = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    judge = int(grader.stdout.readline())
    assert psutil.pid_exists(judge)
    grader.kill()
    grader.wait()
    grader.stdout.close()
    _gone(judge)


def _gone(*pids):
    def there(pid):
        return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE

    end = time.monotonic() + 10
    while any(map(there, pids)) and time.monotonic() < end:
        time.sleep(0.05)
    assert not any(map(there, pids))
