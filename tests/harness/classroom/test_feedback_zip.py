"""Feedback goes back under the names of the download that it is about."""

from __future__ import annotations

import os
import shutil
import zipfile

import nbformat
import pytest
from typer.testing import CliRunner

from harness.classroom import Classroom, ClassroomError, collect
from harness.classroom.feedback_zip import feedback_zip
from harness.cli.main import app
from tests.harness.classroom.gradebook.tiny import LESSON, by, classroom, grade, submission

FOLDER = "Ada Lovelace_12_assignsubmission_file_"
FLAT = f"Bob_13_assignsubmission_file_my {LESSON}.ipynb"
CANVAS = f"kimlee_LATE_7_99_{LESSON}-1.ipynb"


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    room = classroom(tmp_path_factory.mktemp("room"))
    inbox = tmp_path_factory.mktemp("inbox")
    for path in (f"{FOLDER}/x/my.ipynb", FLAT, CANVAS, f"eve_{LESSON}.ipynb"):
        place = inbox / path
        place.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(submission(room), place)
    collect(room, inbox)
    room.autograde(LESSON, session=by(grade))
    return room.folder


@pytest.fixture
def room(graded, tmp_path) -> Classroom:
    return Classroom(shutil.copytree(graded, tmp_path / "class"))


def test_moodle_gets_the_folders_and_names_of_its_download(room, tmp_path):
    to = tmp_path / "feedback.zip"
    done = feedback_zip(room, LESSON, to, "moodle")
    with zipfile.ZipFile(to) as archive:
        assert set(archive.namelist()) == {
            f"{FOLDER}/{LESSON}.html",
            f"Bob_13_assignsubmission_file_{LESSON}.html",
        }
        page = archive.read(f"{FOLDER}/{LESSON}.html")
    assert (
        page == (room.folder / "feedback" / "Ada Lovelace" / LESSON / f"{LESSON}.html").read_bytes()
    )
    assert set(done.left_out) == {"kimlee_7", "eve"}
    before = to.read_bytes()
    feedback_zip(room, LESSON, to, "moodle")
    assert to.read_bytes() == before


def test_canvas_gets_the_names_of_its_download(room, tmp_path):
    done = feedback_zip(room, LESSON, tmp_path / "x.zip", "canvas")
    assert done.names == {"kimlee_7": f"kimlee_LATE_7_99_{LESSON}-1.html"}


def test_what_cannot_be_given_back_is_told(room, tmp_path):
    with pytest.raises(ClassroomError, match="give moodle or canvas"):
        feedback_zip(room, LESSON, tmp_path / "x.zip", "teams")
    with pytest.raises(ClassroomError, match="nothing of nobody was graded in pooling"):
        feedback_zip(room, LESSON, tmp_path / "x.zip", "moodle", ["nobody", "Bob"])
    shutil.rmtree(room.folder / ".grading" / "collected")
    with pytest.raises(ClassroomError, match="no hand-in of pooling was collected from a download"):
        feedback_zip(room, LESSON, tmp_path / "x.zip", "moodle")
    assert not os.path.exists(tmp_path / "x.zip")


def test_the_command_says_who_is_left_out(room, tmp_path):
    to = tmp_path / "x.zip"
    done = CliRunner().invoke(
        app,
        ["classroom", "export-feedback", str(room.folder), LESSON, str(to), "--format", "canvas"],
    )
    assert done.exit_code == 3
    assert "Bob is left out: the hand-in did not come by canvas" in done.output
    assert "with 1 pages" in done.output
