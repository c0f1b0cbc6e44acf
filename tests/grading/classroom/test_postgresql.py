"""The gradebook in a real PostgreSQL server."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from lib.grading.classroom import collect
from tests.grading.classroom.test_classroom import put, scores, stock
from tests.grading.gradebook.tiny import LESSON, classroom, grade, rows


def _programs() -> Path | None:
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if found := shutil.which("initdb"):
        places.append(Path(found).resolve().parent)
    return next((p for p in places if all((p / n).exists() for n in ("initdb", "pg_ctl"))), None)


@pytest.fixture(scope="module")
def server():
    """The URL of a new server on a private socket, run by an ordinary user."""
    programs = _programs()
    if programs is None:
        pytest.skip("no PostgreSQL server is installed (Debian: apt-get install postgresql)")
    if not any(_importable(name) for name in ("psycopg", "psycopg2")):
        pytest.skip("psycopg is not installed")
    user = None
    if os.geteuid() == 0:
        import pwd

        try:
            user = pwd.getpwnam("postgres").pw_name
        except KeyError:
            pytest.skip("the server does not run as root, and there is no user postgres")
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        if user:
            shutil.chown(folder, user)

        def run(name: str, *arguments: str) -> None:
            subprocess.run(
                [str(programs / name), *arguments],
                user=user,
                extra_groups=[] if user else None,
                cwd=folder,
                check=True,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=60,
            )

        data = str(folder / "data")
        run("initdb", "-D", data, "-U", "teacher", "-A", "trust", "-E", "UTF8", "--no-sync")
        options = f"-k {folder} -c listen_addresses= -c fsync=off"
        run("pg_ctl", "-D", data, "-w", "-o", options, "-l", str(folder / "log"), "start")
        try:
            run("createdb", "-h", str(folder), "-U", "teacher", "grades")
            yield f"postgresql://teacher@/grades?host={folder}"
        finally:
            run("pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _importable(name: str) -> bool:
    from importlib.util import find_spec

    return find_spec(name) is not None


def test_a_class_is_kept_in_postgresql(server, tmp_path):
    room = classroom(tmp_path, server)
    put(room, tmp_path / "in" / f"ada_{LESSON}.ipynb", mean="mean = 'right'")
    put(room, tmp_path / "in" / f"Žofie_{LESSON}.ipynb", max="max = 'right'", why="Because.")
    assert len(collect(room, tmp_path / "in").taken) == 2
    assert room.autograde(LESSON, grader=grade).failed == {}
    assert not (room.folder / "gradebook.db").exists()
    found = rows(room)
    assert found["ada", "check_mean"] == (2.0, None, False, None)
    assert found["Žofie", "why"] == (None, None, True, None)
    to = room.export(room.folder / "grades.csv")
    assert scores(to) == {"ada": (LESSON, 2.0, 10.0), "Žofie": (LESSON, 3.0, 10.0)}
    stock(room, "export", "--to=stock.csv")
    assert scores(room.folder / "stock.csv") == scores(to)
    assert "ada" in stock(room, "db", "student", "list")
    assert set(room.autograde(LESSON, grader=grade).skipped) == {"ada", "Žofie"}
    assert (room.folder / "nbgrader_config.py").stat().st_mode & 0o077 == 0
