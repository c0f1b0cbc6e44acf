"""Attacks on what is not the student's, in the sandbox: nothing is won and nothing is lost."""

import secrets
import socket
import subprocess
import sys
from pathlib import Path

import nbformat
import psutil
import pytest

from harness import paths, sandbox
from harness.grade.assignment import Assignment
from harness.grade.grader import Grader
from harness.kernels.client import WarmParent
from harness.limits import Limits
from harness.sandbox import Box, Level
from tests.attacks import assignment
from tests.attacks.outside import OUTSIDE

pytestmark = pytest.mark.slow

LEVELS = (Level.NAMESPACES, Level.LANDLOCK)
LIMITS = Limits(call_s=3, cell_s=2, notebook_s=30)


@pytest.fixture(scope="module")
def where(tmp_path_factory):
    """Things outside that an attack would reach if it could; each is shown to be reachable here."""
    root = tmp_path_factory.mktemp("classroom")
    token = secrets.token_hex(6)
    for name in ("gradebook.db", "source/ps1/ps1.ipynb", "submitted/other/ps1/ps1.ipynb"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("not yours")
    home, outside = root / "home", root / "outside"
    home.mkdir(), outside.mkdir()
    (home / f".secret-{token}").write_text("secret")
    tcp = socket.create_server(("127.0.0.1", 0))
    short = Path("/tmp", f"u-{token}")
    servers = [tcp]
    for name in (str(short), f"\0attacked-{token}"):
        server = socket.socket(socket.AF_UNIX)
        server.bind(name)
        server.listen()
        servers.append(server)
        with socket.socket(socket.AF_UNIX) as own:
            own.connect(name)
    socket.create_connection(tcp.getsockname()).close()
    victim = subprocess.Popen(["sleep", "600"])
    yield {
        "root": root,
        "home": home,
        "outside": outside,
        "port": tcp.getsockname()[1],
        "unix": short,
        "abstract": f"attacked-{token}",
        "victim": victim.pid,
        "token": token,
    }
    victim.kill()
    victim.wait()
    for server in servers:
        server.close()
    short.unlink()


@pytest.fixture(scope="module", params=LEVELS)
def grader(request, where):
    reason = sandbox.why(request.param) if sys.platform == "linux" else "Linux only"
    if reason:
        pytest.skip(reason)
    what = Assignment(assignment.NAME, assignment.source(), assignment.release())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOOK", f"secret-{where['token']}")
        with WarmParent(preload=("numpy", "torch"), prefix=what.prefix) as warm:
            yield Grader(
                what,
                warm,
                limits=LIMITS,
                make_box=lambda s, w: Box(request.param, s, w, paths.CODE, LIMITS),
                isolation=str(request.param),
            )


def _state(root):
    return {p: (p.stat().st_mtime_ns, p.stat().st_size) for p in root.rglob("*") if p.is_file()}


@pytest.mark.parametrize("cell", OUTSIDE, ids=lambda c: f"{c.row} {c.name}")
def test_attacks_win_nothing_and_cost_only_their_own_cell(grader, where, cell, tmp_path):
    before = _state(where["root"])
    path = tmp_path / f"{assignment.NAME}.ipynb"
    nbformat.write(assignment.submission(assignment.RIGHT, cell.source(**where)), path)
    graded = grader.grade("attacker", path)
    assert graded.report.status == "graded"
    assert graded.report.score == 10.0
    text = nbformat.writes(graded.notebook)
    assert "WON" not in "".join(
        str(output.get("text", ""))
        for own in graded.notebook.cells
        if own.metadata.get("grading")
        for output in own.outputs
    )
    assert assignment.CANARY not in text
    assert bool(graded.report.remarks) >= cell.ends
    assert _state(where["root"]) == before
    assert not Path(f"/dev/shm/left-{where['token']}").exists()


def test_no_process_survives(grader, where):
    server = psutil.Process(grader.parent._process.pid)
    assert psutil.wait_procs(server.children(recursive=True), timeout=5)[1] == []
    left = [p for p in psutil.process_iter(["name"]) if f"left-{where['token']}" in p.info["name"]]
    assert left == []
    assert psutil.pid_exists(where["victim"])
