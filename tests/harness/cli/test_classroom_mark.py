"""`course classroom mark` as a teacher types it."""

import shutil

import pytest
from typer.testing import CliRunner

from harness.classroom import Classroom
from harness.classroom.lesson_text import keep_text
from harness.classroom.marks import marks
from harness.cli.main import app
from tests.harness.classroom.gradebook.tiny import LESSON, by, classroom, grade, hand_in
from tests.harness.classroom.test_feedback import TEXT


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    room = classroom(tmp_path_factory.mktemp("room"))
    keep_text(room.folder, LESSON, TEXT)
    for student, why in (("ada", "Since."), ("bob", "[red]So\x1b[2J.")):
        hand_in(room, student, why=why)
    room.autograde(LESSON, session=by(grade))
    return room.folder


@pytest.fixture
def room(graded, tmp_path):
    return Classroom(shutil.copytree(graded, tmp_path / "class"))


def _mark(room, *options, typed="", code=0):
    command = ["classroom", "mark", str(room.folder), LESSON, *map(str, options)]
    done = CliRunner().invoke(app, command, input=typed)
    assert done.exit_code == code, done.output
    return done.output


def _points(room, item="why"):
    return {name: mark.cells[item].manual for name, mark in marks(room, LESSON).items()}


def test_answers_are_marked_one_after_the_other_and_the_rest_another_time(room):
    said = _mark(room, "--names", typed="9\n3.5\nGood.\nq\n")
    assert "Says since" in said
    assert "A good answer" in said
    assert "answer 1 of 2, ada" in said
    assert "'9' is not a number of points here: give 0 to 4, in halves" in said
    assert "1 answer marked; 3 left" in said
    assert _points(room) == {"ada": 3.5, "bob": None}
    assert marks(room, LESSON)["ada"].comments["why"] == "Good."
    said = _mark(room, "--names", typed="s\n1\n\n0.5\n\n")
    assert "[red]So." in said
    assert "\x1b" not in said
    assert "answer 1 of 1, bob" in said
    assert _points(room, "draw") == {"ada": 1.0, "bob": 0.5}


def test_one_can_go_back_and_mend_what_was_given(room):
    said = _mark(room, "--names", typed="1\nBad.\nb\n2\nFair.\nq\n")
    assert "given before: 1 points, “Bad.”" in said
    assert _points(room)["ada"] == 2.0
    assert marks(room, LESSON)["ada"].comments["why"] == "Fair."


def test_by_default_nobody_is_named(room):
    said = _mark(room, typed="q\n")
    assert "answer 1 of 2" in said
    assert "ada" not in said.replace(str(room.folder), "")
    assert "bob" not in said


def test_the_end_of_the_input_gives_nothing(room):
    _mark(room, typed="2\n")
    assert set(_points(room).values()) == {None}


def test_by_way_of_a_spreadsheet(room, tmp_path):
    table = tmp_path / "answers.csv"
    assert "wrote 4 answers" in _mark(room, "--export", table)
    lines = table.read_text(encoding="utf-8-sig").splitlines()
    filled = [line.replace(",,4,", ",2.5,4,") for line in lines]
    table.write_text("\n".join(filled))
    assert "2 answers marked" in _mark(room, "--import", table)
    assert _points(room) == {"ada": 2.5, "bob": 2.5}
    assert "0 answers marked" in _mark(room, "--import", table)
    table.write_text("\n".join(filled).replace("2.5", "2.6"))
    assert "nothing was given. row" in _mark(room, "--import", table, code=2)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--export", "x.csv"], "give no other option with it"),
        (["--all"], "give no other option with it"),
        (["--names"], "give no other option with it"),
        (["--seed", "0"], "give no other option with it"),
    ],
)
def test_options_that_a_table_would_not_heed_are_refused(room, tmp_path, options, said):
    assert said in _mark(room, "--import", tmp_path / "answers.csv", *options, code=2)


def test_a_seed_of_no_shuffled_order_is_refused(room):
    assert "--seed shuffles the answers" in _mark(room, "--names", "--seed", "1", code=2)


def test_nothing_that_waits_is_said(room):
    _mark(room, "--names", typed="1\n\n" * 4)
    assert "no answer waits for a person" in _mark(room)
