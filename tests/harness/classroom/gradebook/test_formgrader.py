"""Formgrader's buttons, by the same calls that its handlers make."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
from nbgrader.apps.api import NbGraderAPI

from harness.classroom import Classroom
from harness.classroom.gradebook import formgrader
from harness.classroom.gradebook.recorder import course_directory, load_config
from tests.harness.classroom.gradebook.tiny import (
    CANARY,
    LESSON,
    by,
    classroom,
    grade,
    hand_in,
    rows,
)


@pytest.fixture(scope="module")
def graded(tmp_path_factory) -> Path:
    room = classroom(tmp_path_factory.mktemp("room"))
    hand_in(room, "ada", mean="mean = 'right'")
    hand_in(room, "-bob")
    room.autograde(LESSON, session=by(grade))
    return room.folder


@pytest.fixture
def room(graded, tmp_path) -> Classroom:
    return Classroom(shutil.copytree(graded, tmp_path / "class"))


@pytest.fixture
def started(monkeypatch) -> SimpleNamespace:
    """The command lines that were started; `code` and `said` are what each ends with."""
    found = SimpleNamespace(lines=[], code=0, said=b"1 graded")

    def run(command, **options):
        found.lines.append(command)
        return subprocess.CompletedProcess(command, found.code, found.said)

    monkeypatch.setattr(formgrader.subprocess, "run", run)
    return found


def _api(room: Classroom) -> NbGraderAPI:
    config = load_config(room.folder)
    return NbGraderAPI(course_directory(room.folder, config), config=config)


def _files(room: Classroom) -> dict[str, bytes]:
    return {
        str(path): path.read_bytes()
        for step in ("autograded", ".grading/reports")
        for path in sorted((room.folder / step).rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("student", ["ada", "-bob"])
def test_the_button_starts_our_grader_and_nothing_else(room, started, student):
    before, kept = rows(room), _files(room)
    answer = _api(room).autograde(LESSON, student)
    assert answer["success"], answer
    assert "1 graded" in answer["log"]
    (command,) = started.lines
    place = command.index("autograde")
    assert command[place + 1 : place + 4] == [
        str(room.folder),
        LESSON,
        f"--student={student}",
    ]
    assert "--force" in command
    assert command[command.index("--isolation") + 1] == "auto"
    assert (rows(room), _files(room)) == (before, kept)


@pytest.mark.parametrize(
    ("code", "words"),
    [(2, "scores that were recorded before stay"), (3, "could not be graded"), (4, "isolation")],
)
def test_a_refusal_is_said_and_changes_nothing(room, started, code, words):
    started.code, started.said = code, "error: another process writes \xff".encode("latin-1")
    before, kept = rows(room), _files(room)
    answer = _api(room).autograde(LESSON, "ada")
    assert not answer["success"]
    assert "another process writes" in answer["log"]
    assert words in answer["error"]
    assert (rows(room), _files(room)) == (before, kept)


def test_a_grader_that_cannot_be_imported_stops_the_button(room, started):
    config = room.folder / "nbgrader_config.py"
    config.write_text(config.read_text().replace("harness.classroom.gradebook", "gone"))
    before, kept = rows(room), _files(room)
    with pytest.raises(Exception, match="gone"):
        _api(room).autograde(LESSON, "ada")
    assert (rows(room), _files(room)) == (before, kept)
    assert started.lines == []


def test_how_the_button_grades_can_be_configured(room, started):
    with (room.folder / "nbgrader_config.py").open("a") as config:
        config.write('c.CourseAutograde.isolation = "landlock"\n')
        config.write('c.CourseAutograde.library_answers = "allow"\n')
    assert _api(room).autograde(LESSON, "ada")["success"]
    (command,) = started.lines
    assert command[command.index("--isolation") + 1] == "landlock"
    assert command[command.index("--library-answers") + 1] == "allow"


def test_the_button_for_feedback_writes_our_page(room):
    answer = _api(room).generate_feedback(LESSON, "ada")
    assert answer["success"], answer
    page = (room.folder / "feedback" / "ada" / LESSON / f"{LESSON}.html").read_text()
    assert "max is wrong" in page
    assert CANARY not in page
    assert not (room.folder / "feedback" / "-bob").exists()
