"""`course classroom similar` as a teacher types it."""

import pytest
from typer.testing import CliRunner

from harness.cli.main import app
from tests.harness.classroom.gradebook.tiny import LESSON, by, classroom, grade, hand_in
from tests.harness.classroom.test_similar import _own


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    room = classroom(tmp_path_factory.mktemp("room"))
    for student, seed in (("ada", 1), ("bob", 2), ("cid", 1)):
        hand_in(room, student, mean=_own(seed))
    room.autograde(LESSON, session=by(grade))
    hand_in(room, "dee")
    return room.folder


def test_pairs_are_listed_and_shown_side_by_side(folder, tmp_path):
    page = tmp_path / "s.html"
    command = ["classroom", "similar", str(folder), LESSON, "--html", str(page)]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    assert "ada and cid\n    mean: 100%" in done.output
    assert "1 pair of 3 hand-ins is alike" in done.output
    assert "not graded, so not compared: dee" in done.output
    assert "Alike is not copied" in done.output
    assert "bob" not in page.read_text()
