"""Rows 57 to 64: nothing that a notebook holds, sends or leaves makes the grader slow or large."""

import contextlib
import functools
import os
import re
import socket
import struct
import sys
import threading
import time
from pathlib import Path

import jupytext
import nbformat
import psutil
import pytest
import zmq

from harness import paths, sandbox, scratch
from harness.grade import magics, notebook_json, plan, reading, scripts
from harness.grade.assignment import Assignment
from harness.grade.grader import Grader
from harness.grade.matching import rebuild
from harness.grade.running import Runner
from harness.kernels.client import WarmParent
from harness.kernels.judge import JudgeClient
from harness.kernels.student import Lost, StudentKernel
from harness.limits import Limits
from harness.sandbox import Box, Level, landlock
from tests.attacks import assignment
from tests.attacks.bounded import within
from tests.attacks.bounds import CELLS, READ, bomb

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="limits of Linux, kernels that are forked"),
]
LEVELS = (Level.NAMESPACES, Level.LANDLOCK, Level.USER)
LIMITS = Limits(call_s=3, cell_s=6, notebook_s=30, work_bytes=16 << 20, tmp_bytes=16 << 20)


def _prepared(path):
    """All that the grader does with a hand-in before it runs any of it."""
    try:
        notebook, _ = reading.read_submission(path, assignment.release())
        rebuilt = rebuild(assignment.release(), notebook)
    except reading.Ungradable:
        return
    plan.plan(rebuilt.notebook, assignment.source(), prefixed=1)


@pytest.mark.parametrize("attack", READ, ids=lambda attack: attack.name)
def test_57_and_59_reading_is_bounded_whatever_is_handed_in(attack, tmp_path):
    name, content = attack.made()
    (tmp_path / name).write_bytes(content)
    assert within(lambda: _prepared(tmp_path / name), seconds=20, memory=900 << 20) == "done"


def _by_ipython(source):
    from IPython.core.inputtransformer2 import TransformerManager

    if not re.search(r"^\s*[%!?]|\?\s*$|=\s*[%!]", source, re.MULTILINE):
        return source
    return TransformerManager().transform_cell(source)


def test_57_without_its_defence_it_takes_the_square(monkeypatch):
    lines = "\n" * 120_000 + "x = 1"
    assert within(lambda: magics.without_magics(lines), seconds=2) == "done"
    assert within(lambda: _by_ipython(lines), seconds=2) == "time"
    with pytest.raises(RuntimeError):
        _by_ipython("%a\n" * 501)
    script = "# %%\nx\n" * 30_000
    assert within(lambda: list(scripts.script_cells(script, 2_000)), seconds=6) == "done"
    assert within(lambda: jupytext.reads(script, fmt="py:percent"), seconds=6) == "time"


def _listed(count):
    """A zip that holds nothing and lists so many files, which `zipfile` reads all the same."""
    one = struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, 20, *[0] * 7, 1, *[0] * 6) + b"a"
    begin, size, said = b"PK\x03\x04", len(one) * count, count & 0xFFFF
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, said, said, size, len(begin), 0)
    return begin + one * count + end


def test_57_without_its_defence_a_list_of_files_is_large(monkeypatch):
    listed = _listed(2_000_000)

    def read():
        reading._unzipped(listed, assignment.release(), "ps1")

    assert within(read, memory=200 << 20) == "Ungradable"
    monkeypatch.setattr(reading, "_see_that_it_is_no_library", lambda data: None)
    assert within(read, memory=200 << 20) == "memory"


def test_59_without_its_defence_a_small_file_is_large(tmp_path, monkeypatch):
    path = tmp_path / "ps1.ipynb"
    path.write_bytes(bomb(6_000_000))
    assert within(lambda: _prepared(path), memory=500 << 20) == "done"
    monkeypatch.setattr(notebook_json, "lean", lambda data: data)
    monkeypatch.setattr(
        reading, "Ungradable", ValueError
    )  # which says so of an error of memory too
    assert (
        within(
            lambda: reading._parsed("ps1.ipynb", path.read_bytes(), None, "ps1", []),
            memory=500 << 20,
        )
        == "memory"
    )


@pytest.fixture(scope="module")
def warm():
    what = Assignment(assignment.NAME, assignment.source(), assignment.release())
    with WarmParent(preload=("numpy", "torch"), prefix=what.prefix) as parent:
        yield what, parent


def _peak(pid):
    row = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(row[1]) << 10


@pytest.mark.parametrize("memory", [256 << 20, None])
def test_58_a_judge_holds_what_it_may_and_no_more(warm, memory):
    _, parent = warm
    agents, judges = socket.socketpair()
    many = "def double(x):\n    return torch.ones(5, 1 << 20)"
    with judges, StudentKernel(parent, lambda s, w: None, Limits(), agents) as kernel:
        agents.close()
        kernel.run("import torch\n" + many, 20)
        judge = JudgeClient(parent, kernel.folder, judges, memory)
        try:
            began = _peak(judge.process.pid)
            how = {"grade_id": "c", "hidden": False, "call_s": 30, "seconds": 120}
            outcome = judge.run("kept = [double(1) for _ in range(24)]", ["double"], **how)
            grown = _peak(judge.process.pid) - began
        finally:
            judge.close()
    if memory is None:
        assert outcome["outcome"] == "passed"
        assert grown > 450 << 20
    else:
        assert outcome["kind"] == "MemoryError"
        assert "more memory than a check may use" in outcome["message"]
        assert grown < 400 << 20  # with pages of libraries that it shares, read first here


def test_58_it_costs_the_cell_its_points_and_no_other(warm, tmp_path):
    what, parent = warm
    huge = "def double(x):\n    return torch.ones(15 << 20)"
    path = tmp_path / "ps1.ipynb"
    nbformat.write(assignment.submission(assignment.RIGHT | {"double": huge}), path)
    limits = Limits(call_s=20, cell_s=40, judge_bytes=128 << 20)
    report = Grader(what, parent, limits=limits).grade("ada", path).report
    assert report.score == 8.0
    (lost,) = [cell for cell in report.cells if not cell.fine]
    assert lost.grade_id == "check_double"


FLOOD = """
import threading, time
def flood():
    time.sleep(0.5)  # until nobody reads
    from IPython import get_ipython
    session, socket = get_ipython().kernel.session, get_ipython().kernel.iopub_socket
    while True:
        session.send(socket, "stream", {"name": "stdout", "text": "x" * 4_000_000})
        time.sleep(0.001)
threading.Thread(target=flood, daemon=True).start()
"""


def test_59_what_is_sent_while_nobody_reads_stays_with_the_sender(warm):
    _, parent = warm
    with StudentKernel(parent, lambda s, w: None, Limits(), None) as kernel:
        context = zmq.Context()
        with context.socket(zmq.SUB) as other:  # as the grader had one before
            other.setsockopt(zmq.SUBSCRIBE, b"")
            other.connect(f"ipc://{kernel.folder}/s/k-2")
            time.sleep(0.2)
            kernel.run(FLOOD, 10)
            own = psutil.Process().memory_info().rss
            end = time.monotonic() + 60
            while psutil.Process().memory_info().rss < own + (300 << 20) and time.monotonic() < end:
                time.sleep(0.05)
            assert psutil.Process().memory_info().rss > own + (300 << 20)
        context.destroy(linger=0)
        assert len(kernel.wires["iopub"]._buffer) < 2 << 20
        with pytest.raises(Lost, match="printed more than 2 MiB"):
            kernel.run("1", 20)


def test_59_a_message_of_endless_parts_is_given_up(warm):
    _, parent = warm
    endless = (
        "import zmq\nfrom IPython import get_ipython\n"
        "out = get_ipython().kernel.iopub_thread.socket\n"
        "while True:\n    out.send(b'x' * 1_000_000, zmq.SNDMORE)"
    )
    with StudentKernel(parent, lambda s, w: None, Limits(), None) as kernel:
        began = psutil.Process().memory_info().rss
        with pytest.raises(Lost):
            kernel.run(endless, 10)
        assert psutil.Process().memory_info().rss < began + (100 << 20)


@pytest.mark.parametrize("spare", [None, 1_000.0])
def test_60_repeated_cells_share_the_time_of_all(warm, tmp_path, monkeypatch, spare):
    what, parent = warm
    if spare is not None:
        monkeypatch.setattr(Runner, "spare_s", spare)
    there = tmp_path / "there"  # without a box it can know that it is repeated
    deaf = (
        "import os, signal, time\n"
        f"if os.path.exists({str(there)!r}):\n"
        "    signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "    time.sleep(60)"
    )
    last = f"import os\nopen({str(there)!r}, 'w').close()\nos._exit(0)"
    notebook = assignment.submission(assignment.RIGHT)
    notebook.cells[2:2] = [nbformat.v4.new_code_cell(f"{deaf}\n# {n}") for n in range(8)]
    notebook.cells.append(nbformat.v4.new_code_cell(last))
    path = tmp_path / "ps1.ipynb"
    nbformat.write(notebook, path)
    blocked = 0
    run = StudentKernel.run

    @functools.wraps(run)
    def counted(self, source, seconds):
        nonlocal blocked
        try:
            return run(self, source, seconds)
        except Lost:
            blocked += "SIG_IGN" in source
            raise

    monkeypatch.setattr(StudentKernel, "run", counted)
    limits = Limits(call_s=1, cell_s=1, notebook_s=4)
    Grader(what, parent, limits=limits).grade("ada", path)
    assert blocked <= 3 if spare is None else blocked == 8


@pytest.fixture(scope="module", params=LEVELS)
def grader(request, warm):
    if reason := sandbox.why(request.param):
        pytest.skip(reason)
    what, parent = warm
    return Grader(
        what,
        parent,
        limits=LIMITS,
        make_box=lambda s, w: Box(request.param, s, w, paths.CODE, LIMITS),
        isolation=str(request.param),
    )


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: f"{cell.row} {cell.name}")
def test_61_to_63_nothing_is_placed_filled_or_left(grader, warm, cell, tmp_path):
    own = scratch.make()
    above = own.parent
    scratch.remove(own)
    before = set(os.listdir(above))
    path = tmp_path / "ps1.ipynb"
    code = cell.source(warm=warm[1]._folder / "warm")
    nbformat.write(assignment.submission(assignment.RIGHT, code), path)
    graded = grader.grade("attacker", path)
    assert graded.report.score == 10.0
    shown = [
        str(output.get("text", "")) + str(output.get("evalue", ""))
        for own in graded.notebook.cells
        if own.metadata.get("grading")
        for output in own.outputs
    ]
    assert "WON" not in "".join(shown)
    assert set(os.listdir(above)) == before


def test_61_without_its_defence_the_folder_is_open(warm, monkeypatch):
    _, parent = warm
    with StudentKernel(parent, lambda s, w: None, Limits(), None) as kernel:
        link = CELLS[0].source(warm=parent._folder / "warm")
        said = "".join(str(o.get("text")) for o in kernel.run(link, 10).outputs)
        assert "WON links" in said
        # Even then the grader stays where it is: it follows no name a second time.
        assert kernel.run("print('here')", 10).outputs[0]["text"] == "here\n"


def _in_deep_folders(there, what):
    """Do something in a folder whose path is longer than one may be, and come back."""
    here = os.open(".", os.O_RDONLY)
    try:
        os.chdir(there)
        for _ in range(30):
            os.mkdir("n" * 200)
            os.chdir("n" * 200)
        what()
    finally:
        os.fchdir(here)
        os.close(here)


def test_62_without_its_defence_files_below_long_paths_are_not_counted(tmp_path, monkeypatch):
    folder, mebibyte = tmp_path / "work", 1 << 20
    folder.mkdir()
    try:
        _in_deep_folders(folder, lambda: Path("fill").write_bytes(bytes(4 * mebibyte)))
        assert landlock._held(os.getpid(), [str(folder)], 3 * mebibyte)
        monkeypatch.setattr(landlock, "_short", lambda path, handles: path)
        assert not landlock._held(os.getpid(), [str(folder)], 3 * mebibyte)
    finally:
        scratch.remove(folder)


def _removed_by_paths(path):
    """As the first version did it; what it cannot remove stays."""
    waiting, seen = [Path(path)], []
    while waiting:
        seen.append(waiting.pop())
        with contextlib.suppress(OSError):
            for entry in os.scandir(seen[-1]):
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(Path(entry.path))
                else:
                    os.unlink(entry.path)
    for folder in reversed(seen):
        with contextlib.suppress(OSError):
            folder.rmdir()


@pytest.mark.parametrize("attack", ["nested folders", "closed folders"])
def test_63_without_its_defence_a_folder_is_left(warm, attack, monkeypatch):
    if attack == "closed folders" and os.geteuid() == 0:
        pytest.skip("no folder is closed to root; an ordinary user's tests do it")
    _, parent = warm
    (cell,) = [cell for cell in CELLS if cell.name == attack]

    def left():
        with StudentKernel(parent, lambda s, w: None, Limits(), None) as kernel:
            folder = Path(kernel.folder)
            kernel.run(cell.source(warm=parent._folder / "warm"), 20)
        return folder if folder.exists() else None

    remove = scratch.remove
    assert left() is None
    monkeypatch.setattr(scratch, "remove", _removed_by_paths)
    found = left()
    assert found is not None
    assert remove(found)


def test_61_half_a_request_keeps_nobody_waiting(warm):
    _, parent = warm
    with socket.socket(socket.AF_UNIX) as silent, socket.socket(socket.AF_UNIX) as wild:
        for one, said in ((silent, b'{"become": '), (wild, b"\xff\0\0GREETING\n")):
            one.connect(str(parent._folder / "warm"))
            one.sendall(said)
        with StudentKernel(parent, lambda s, w: None, Limits(), None) as kernel:
            assert kernel.run("print(1)", 10).outputs
        assert wild.recv(1) == b""


GREEDY = """
held = []
try:
    while len(held) < 80:
        held.append(bytearray(b"x") * (16 << 20))
except MemoryError:
    pass
for where in (".", "/tmp"):
    try:
        with open(where + "/greedy", "wb") as file:
            for _ in range(64):
                file.write(bytes(1 << 20))
    except OSError:
        pass
"""
_SMALL = {"work_bytes": 16 << 20, "tmp_bytes": 16 << 20, "call_s": 20, "cell_s": 40}


@pytest.mark.parametrize("memory", [512 << 20, 4 << 30])
def test_one_submission_takes_no_more_than_its_limits_say(warm, tmp_path, memory):
    """What `default_jobs` counts with, and docs/grading.md says."""
    if reason := sandbox.why(Level.NAMESPACES):
        pytest.skip(reason)
    what, parent = warm
    limits = Limits(memory_bytes=memory, judge_bytes=memory, **_SMALL)
    huge = "def double(x):\n    return torch.ones(15 << 20)"
    path = tmp_path / "ps1.ipynb"
    nbformat.write(assignment.submission(assignment.RIGHT | {"double": huge}, GREEDY), path)
    server, own = psutil.Process(parent._process.pid), psutil.Process()
    began, most, done = own.memory_info().rss, 0, threading.Event()

    def watch():
        nonlocal most
        while not done.wait(0.02):
            total = own.memory_info().rss - began
            for child in server.children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    total += child.memory_full_info().uss
            most = max(most, total)

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        Grader(
            what,
            parent,
            limits=limits,
            make_box=lambda s, w: Box(Level.NAMESPACES, s, w, paths.CODE, limits),
        ).grade("ada", path)
    finally:
        done.set()
        watching.join()
    bound = Limits(memory_bytes=512 << 20, judge_bytes=512 << 20, **_SMALL).submission_bytes
    assert most <= bound if memory < 1 << 30 else most > bound
