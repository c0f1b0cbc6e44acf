"""A class from downloads to the CSV, in a folder that stays a plain nbgrader course."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
import zipfile
from io import StringIO
from pathlib import Path

import nbformat
import pytest

from harness.classroom import Classroom, ClassroomError, collect
from harness.cli import trouble
from harness.grade.engine import LocalEngine
from tests.harness.classroom.gradebook.tiny import (
    CANARY,
    LESSON,
    by,
    classroom,
    grade,
    hand_in,
    rows,
    source,
    submission,
)


@pytest.fixture(scope="module")
def empty(tmp_path_factory) -> Path:
    return classroom(tmp_path_factory.mktemp("room")).folder


@pytest.fixture
def room(empty, tmp_path) -> Classroom:
    return Classroom(shutil.copytree(empty, tmp_path / "class"))


@pytest.fixture
def inbox(tmp_path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


def put(room: Classroom, path: Path, when: float = 1_700_000_000.0, **answers: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(submission(room, **answers), path)
    os.utime(path, (when, when))
    return path


def stock(room: Classroom, *arguments: str) -> str:
    """Run nbgrader's own command in the classroom."""
    beside = Path(sys.executable).parent
    done = subprocess.run(
        [str(beside / "nbgrader"), *arguments],
        cwd=room.folder,
        env=os.environ | {"PATH": f"{beside}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=480,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout + done.stderr


def scores(path: Path) -> dict[str, tuple[str, float, float]]:
    found = csv.DictReader(StringIO(path.read_text(encoding="utf-8")))
    return {
        r["student_id"]: (r["assignment"], float(r["score"]), float(r["max_score"])) for r in found
    }


@pytest.mark.slow
def test_a_folder_is_collected_graded_and_exported(room, inbox):
    put(room, inbox / f"ada_{LESSON}.ipynb", mean="mean = 'right'")
    put(room, inbox / "bob" / f"{LESSON}.ipynb", mean="mean = 'right'", max="max = 'right'")
    put(room, inbox / "Eve Ω_7_assignsubmission_file_" / "mine.ipynb")
    put(room, inbox / f"kim_12_34_{LESSON}-2.ipynb", max="max = 'right'")
    collected = collect(room, inbox)
    assert collected.remarks == []
    assert collected.taken == [(s, LESSON) for s in ("Eve Ω", "ada", "bob", "kim_12")]
    room.autograde(LESSON, session=by(grade), engine=LocalEngine(2))
    to = room.folder / "grades.csv"
    room.export(to, so_far=True)
    expected = {"ada": 2.0, "bob": 5.0, "Eve Ω": 0.0, "kim_12": 3.0}
    assert scores(to) == {s: (LESSON, points, 10.0) for s, points in expected.items()}
    stock(room, "export", "--to=stock.csv")
    assert scores(room.folder / "stock.csv") == scores(to)
    for path in (room.folder / "submitted").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path


def test_links_are_not_followed_and_said(room, inbox, tmp_path):
    secret = put(room, tmp_path / "secret.ipynb")
    (inbox / f"ada_{LESSON}.ipynb").symlink_to(secret)
    (inbox / "bob").symlink_to(tmp_path)
    os.mkfifo(inbox / f"eve_{LESSON}.ipynb")
    collected = collect(room, inbox)
    assert collected.taken == []
    assert len(collected.remarks) == 3
    assert room.students(LESSON) == []


def test_a_zip_that_points_out_of_itself_writes_nothing_outside(room, tmp_path):
    text = nbformat.writes(submission(room))
    path = tmp_path / "downloads.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"ada/{LESSON}.ipynb", text)
        archive.writestr(f"../../bob/{LESSON}.ipynb", text)
        archive.writestr(f"/eve/{LESSON}.ipynb", text)
        link = zipfile.ZipInfo(f"kim/{LESSON}.ipynb")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    before = sorted(tmp_path.rglob("*"))
    collected = collect(room, path)
    assert collected.taken == [("ada", LESSON)]
    assert len(collected.remarks) == 3
    new = set(tmp_path.rglob("*")) - set(before)
    assert all(room.folder / "submitted" in p.parents or ".grading" in p.parts for p in new)


def test_the_newest_of_two_counts_and_an_older_one_comes_too_late(room, inbox, tmp_path):
    put(room, inbox / f"ada_{LESSON}.ipynb", 1_700_000_000.0, mean="mean = 0")
    put(room, inbox / "ada" / f"{LESSON}.ipynb", 1_700_000_500.0, mean="mean = 'right'")
    collected = collect(room, inbox)
    assert len(collected.remarks) == 1
    kept = room.folder / "submitted" / "ada" / LESSON
    assert "'right'" in (kept / f"{LESSON}.ipynb").read_text()
    assert not (kept / "timestamp.txt").exists()  # the time of a file makes nobody late
    assert collect(room, inbox).unchanged == [("ada", LESSON)]
    late = put(room, tmp_path / "late" / f"ada_{LESSON}.ipynb", 1_600_000_000.0, mean="mean = 1")
    again = collect(room, late.parent)
    assert again.taken == []
    assert "older" in again.remarks[0]
    assert "'right'" in (kept / f"{LESSON}.ipynb").read_text()


@pytest.mark.parametrize("answered", [f"{LESSON}.ipynb", f"{LESSON}-Copy1.ipynb"])
@pytest.mark.parametrize("newer", [0, 10])
def test_of_two_notebooks_that_counts_in_which_more_is_answered(room, inbox, answered, newer):
    names = {f"{LESSON}.ipynb", f"{LESSON}-Copy1.ipynb"}
    put(room, inbox / "ada" / answered, 1_700_000_000.0, mean="mean = 'right'")
    put(room, inbox / "ada" / (names - {answered}).pop(), 1_700_000_000.0 + newer)
    collected = collect(room, inbox)
    assert len(collected.remarks) == 1
    assert f"'ada/{answered}' is of the same student" in collected.remarks[0]
    kept = room.folder / "submitted" / "ada" / LESSON / f"{LESSON}.ipynb"
    assert "mean = 'right'" in kept.read_text()


def test_a_fault_of_the_grader_s_own_is_not_recorded(room):
    hand_in(room, "ada", mean="mean = 'right'")
    room.autograde(LESSON, session=by(grade))
    before = rows(room)
    hand_in(room, "ada", max="max = 'right'")
    hand_in(room, "bob", mean="mean = 'right'")

    def fails(place, lesson):
        raise RuntimeError("a defect")

    outcome = room.autograde(LESSON, session=by(fails))
    assert set(outcome.failed) == {"ada", "bob"}
    assert (outcome.reports, rows(room)) == ({}, before)
    assert set(room.autograde(LESSON, session=by(grade)).reports) == {"ada", "bob"}


def test_a_check_that_was_mended_and_force_grade_anew(room):
    hand_in(room, "ada", mean="mean = 'right'")
    assert room.autograde(LESSON, session=by(grade, "before")).skipped == []
    assert room.autograde(LESSON, session=by(grade, "before")).skipped == ["ada"]
    assert room.autograde(LESSON, session=by(grade, "mended")).skipped == []
    assert room.autograde(LESSON, session=by(grade, "mended"), force=True).skipped == []


def test_what_is_not_understood_is_said(room, inbox):
    (inbox / "what.ipynb").write_text("{}")
    (inbox / "movie.mov").write_text("")
    collected = collect(room, inbox)
    assert len(collected.remarks) == 2
    assert "movie.mov' is no notebook" in collected.remarks[0]
    assert "<student>_<lesson>.ipynb" in collected.remarks[1]
    assert collected.missed == collected.remarks


def test_feedback_is_ours_and_holds_no_hidden_test(room):
    hand_in(room, "ada", mean="mean = 0")
    room.autograde(LESSON, session=by(grade))
    paths = room.feedback(LESSON, html=lambda found: f"{found.title}: {found.sums[0]}")
    assert paths == [room.folder / "feedback" / "ada" / LESSON / f"{LESSON}.html"]
    assert paths[0].read_text() == f"{LESSON}: 0 of 10 points so far"
    assert CANARY in (room.folder / "autograded" / "ada" / LESSON / f"{LESSON}.ipynb").read_text()
    assert CANARY not in (room.folder / "release" / LESSON / f"{LESSON}.ipynb").read_text()


def test_errors_say_what_to_do(room, tmp_path):
    with pytest.raises(ClassroomError, match="classroom init"):
        Classroom(tmp_path)
    with pytest.raises(ClassroomError, match="release it first"):
        room.autograde("nothing", session=by(grade))
    with pytest.raises(ClassroomError, match="collect it first"):
        room.autograde(LESSON, ["nobody"], session=by(grade))
    with pytest.raises(ClassroomError, match="it has check_max, check_mean"):
        room.regrade(LESSON, "nothing", session=by(grade))
    with pytest.raises(ClassroomError, match="neither a folder nor a zip"):
        collect(room, tmp_path / "no")


def test_the_tiny_lesson_is_in_the_gradebook(room):
    hand_in(room, "ada")
    room.autograde(LESSON, session=by(grade))
    assert {name for _, name in rows(room)} == {"check_mean", "check_max", "why", "draw"}


def test_a_gradebook_that_was_lost_is_made_anew_from_the_hand_ins(room, tmp_path):
    hand_in(room, "ada", mean="mean = 'right'")
    room.autograde(LESSON, session=by(grade))
    assert room.autograde(LESSON, session=by(grade)).skipped == ["ada"]
    book = room.folder / "gradebook.db"
    book.write_bytes(b"damaged" * 1000)
    with pytest.raises(Exception, match="not a database") as raised:
        room.autograde(LESSON, session=by(grade))
    assert "put back a copy" in (trouble.sentence(raised.value) or "")
    book.unlink()
    teacher = tmp_path / "teacher.ipynb"
    nbformat.write(source(), teacher)
    room.release(LESSON, teacher)
    assert room.autograde(LESSON, session=by(grade)).skipped == []
    room.export(tmp_path / "grades.csv", so_far=True)
    assert scores(tmp_path / "grades.csv")["ada"] == (LESSON, 2.0, 10.0)


def test_formgrader_sees_the_submissions(room):
    from nbgrader.apps.api import NbGraderAPI

    from harness.classroom.gradebook.recorder import course_directory, load_config

    hand_in(room, "ada", "2026-01-03 12:00:00 UTC", mean="mean = 'right'", why="Because.")
    hand_in(room, "bob", "2026-01-03 12:00:00 UTC")
    room.autograde(LESSON, ["ada"], session=by(grade))
    config = load_config(room.folder)
    seen = NbGraderAPI(course_directory(room.folder, config), config=config)
    assert seen.get_autograded_students(LESSON) == {"ada"}
    entry = next(one for one in seen.get_submissions(LESSON) if one["student"] == "ada")
    assert (entry["score"], entry["max_score"]) == (2.0, 10.0)
    assert entry["needs_manual_grade"]
    assert entry["autograded"]
