"""`course classroom report` as a teacher types it."""

import pytest
from typer.testing import CliRunner

from harness.cli.main import app
from tests.harness.classroom.gradebook.tiny import LESSON, by, classroom, grade, hand_in


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    room = classroom(tmp_path_factory.mktemp("room"))
    hand_in(room, "ada", mean="mean = 0")
    room.autograde(LESSON, session=by(grade))
    return room.folder


def _report(folder, *options, code=0):
    done = CliRunner().invoke(app, ["classroom", "report", str(folder), *map(str, options)])
    assert done.exit_code == code, done.output
    return done.output


def test_the_screen_and_the_files_say_the_same(folder, tmp_path):
    page, text = tmp_path / "r.html", tmp_path / "r.md"
    said = _report(folder, "--html", page, "--markdown", text)
    assert "mean is wrong" in said
    assert "mean is wrong" in page.read_text()
    assert "mean is wrong" in text.read_text()
    assert "this course has no lesson pooling" in said
    for path in (page, text):
        assert "ada" not in path.read_text()


def test_names_without_a_file_are_refused(folder):
    assert "give --html FILE or --markdown FILE, too" in _report(folder, "--names", code=2)


def test_one_lesson_can_be_asked_for(folder):
    assert LESSON in _report(folder, "--lesson", LESSON)
    assert "was not released" in _report(folder, "--lesson", "03", code=2)
