"""The gradebook in a real PostgreSQL server."""

from __future__ import annotations

import pytest

from harness.classroom import collect
from tests.harness.classroom.gradebook.tiny import LESSON, by, classroom, grade, rows
from tests.harness.classroom.test_folder import put, scores, stock


@pytest.mark.slow
def test_a_class_is_kept_in_postgresql(server, tmp_path):
    room = classroom(tmp_path, server)
    put(room, tmp_path / "in" / f"ada_{LESSON}.ipynb", mean="mean = 'right'")
    put(room, tmp_path / "in" / f"Žofie_{LESSON}.ipynb", max="max = 'right'", why="Because.")
    assert len(collect(room, tmp_path / "in").taken) == 2
    assert room.autograde(LESSON, session=by(grade)).failed == {}
    assert not (room.folder / "gradebook.db").exists()
    found = rows(room)
    assert found["ada", "check_mean"] == (2.0, None, False, None)
    assert found["Žofie", "why"] == (None, None, True, None)
    to = room.folder / "grades.csv"
    room.export(to, so_far=True)
    assert scores(to) == {"ada": (LESSON, 2.0, 10.0), "Žofie": (LESSON, 3.0, 10.0)}
    stock(room, "export", "--to=stock.csv")
    assert scores(room.folder / "stock.csv") == scores(to)
    assert "ada" in stock(room, "db", "student", "list")
    assert set(room.autograde(LESSON, session=by(grade)).skipped) == {"ada", "Žofie"}
    assert (room.folder / "nbgrader_config.py").stat().st_mode & 0o077 == 0
