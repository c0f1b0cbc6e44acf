"""Try every attack against stock nbgrader and write what happened to `stock.json`.

    python -m tests.attacks.stock FOLDER

Run it as a user who has nothing to lose, in a new folder: the attacks are not held by anything.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import nbformat

from tests.attacks import assignment
from tests.attacks.inside import INSIDE
from tests.attacks.outside import OUTSIDE
from tests.attacks.structure import STRUCTURE, edited

RESULTS = Path(__file__).with_name("stock.json")
CONFIG = """
c = get_config()
c.CourseDirectory.course_id = "attacked"
c.CourseDirectory.root = {root!r}
c.Execute.timeout = 15
"""


def main(folder: Path) -> None:
    """Grade one submission after the other, so that one that aborts a batch aborts only itself."""
    folder.mkdir(parents=True)
    (folder / "nbgrader_config.py").write_text(CONFIG.format(root=str(folder)))
    _write(folder, "source", assignment.source())
    token = secrets.token_hex(6)
    home, outside = folder / "home", folder / "outside"
    home.mkdir(), outside.mkdir()
    (home / f".secret-{token}").write_text("secret")
    victim = subprocess.Popen(["sleep", "3600"])
    listener, unix, abstract = _listeners(folder, token)
    where = {
        "root": folder,
        "home": home,
        "outside": outside,
        "port": listener,
        "unix": unix,
        "abstract": abstract,
        "victim": victim.pid,
        "token": token,
    }
    environment = os.environ | {"LOOK": f"secret-{token}"}
    _nbgrader(folder, environment, "generate_assignment", assignment.NAME, "--force")
    _write(folder, "submitted/other", assignment.submission(assignment.RIGHT))
    found = {}
    try:
        for attack in INSIDE:
            answers = assignment.WRONG | attack.answers
            notebook = assignment.submission(answers, attack.own)
            found[attack.name] = _try(folder, environment, attack.row, notebook)
        for edit in STRUCTURE:
            found[edit.name] = _try(folder, environment, edit.row, edited(edit))
        for cell in OUTSIDE:
            notebook = assignment.submission(assignment.RIGHT, cell.source(**where))
            found[cell.name] = _try(folder, environment, cell.row, notebook)
    finally:
        victim.kill()
        text = json.dumps(found, indent=1) + "\n"
        (folder / "stock.json").write_text(text)
    print(text)


def _try(folder: Path, environment: dict, row: int, notebook: nbformat.NotebookNode) -> dict:
    shutil.rmtree(folder / "submitted" / "attacker", ignore_errors=True)
    shutil.rmtree(folder / "autograded" / "attacker", ignore_errors=True)
    _write(folder, "submitted/attacker", notebook)
    done = _nbgrader(
        folder, environment, "autograde", assignment.NAME, "--student=attacker", "--force"
    )
    entry = {"row": row, "graded": done.returncode == 0, "points": None}
    if entry["graded"]:
        entry["points"] = _points(folder)
    graded = folder / "autograded" / "attacker" / assignment.NAME / f"{assignment.NAME}.ipynb"
    if graded.is_file():
        text = json.dumps(nbformat.read(graded, 4).cells[2].get("outputs", []))
        entry["won"] = sorted({part.split()[0] for part in text.split("WON ")[1:]})
    print(json.dumps(entry), flush=True)
    return entry


def _points(folder: Path) -> float | None:
    code = (
        "from nbgrader.api import Gradebook\n"
        f"with Gradebook('sqlite:///{folder}/gradebook.db') as g:\n"
        f"    print(g.find_submission('{assignment.NAME}', 'attacker').score)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    return float(done.stdout) if done.returncode == 0 else None


def _nbgrader(folder: Path, environment: dict, *arguments: str) -> subprocess.CompletedProcess:
    program = str(Path(sys.executable).with_name("nbgrader"))
    path = os.pathsep.join([str(Path(sys.executable).parent), environment.get("PATH", "")])
    try:
        return subprocess.run(
            [program, *arguments, "--log-level=ERROR"],
            cwd=folder,
            env=environment | {"PATH": path, "OMP_NUM_THREADS": "1"},
            capture_output=True,
            timeout=480,
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(arguments, 124)


def _write(folder: Path, into: str, notebook: nbformat.NotebookNode) -> None:
    path = folder / into / assignment.NAME / f"{assignment.NAME}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)


def _listeners(folder: Path, token: str) -> tuple[int, str, str]:
    tcp = socket.create_server(("127.0.0.1", 0))
    unix, abstract = str(folder / "u.sock"), f"attacked-{token}"
    for name in (unix, "\0" + abstract):
        server = socket.socket(socket.AF_UNIX)
        server.bind(name)
        server.listen()
        _KEPT.append(server)
    _KEPT.append(tcp)
    return tcp.getsockname()[1], unix, abstract


_KEPT: list[socket.socket] = []

if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
