"""Marks go back as each system imports them; what is no mark yet is an empty cell, not 0."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from harness.classroom import Classroom, ClassroomError, hand_ins, roster
from harness.classroom.grade_tables import COLUMNS, Wanted, grade_table
from harness.classroom.hand_ins import HandIn
from harness.classroom.roster import Person, Roster
from harness.cli.main import app
from tests.harness.classroom.gradebook.tiny import LESSON, by, classroom, grade, hand_in

CANVAS = [
    Person("ada", "Ada", "Lovelace", "a@x", "al", "4711", "7", "Lovelace, Ada", ("A",), "canvas"),
    Person("bob", "Bob", 'B"uilder', "b@x", "bb", "4712", "8", '=B"uilder, Bob', (), "canvas"),
    Person("kim", "Kim", "Lee", "k@x", "kl", "4713", "9", "Lee, Kim", (), "canvas"),
    Person("max", "Max", "Mu", "M@x", "mm", "4714", "10", "Mu, Max", (), "canvas"),
]
HEADINGS = {
    "canvas": ["01 Words (1)", "Week 2: Pooling (991)"],
    "blackboard": ["Pooling [Total Pts: 10 Score] |4443"],
    "moodle": ["Assignment: pooling (Real)"],
}


@pytest.fixture(scope="module")
def graded(tmp_path_factory) -> Path:
    """Ada has a final mark, Kim waits for a person, Bob's is no notebook, Max handed nothing in."""
    room = classroom(tmp_path_factory.mktemp("room"))
    hand_in(room, "ada", mean="mean = 'right'")
    hand_in(room, "kim", mean="mean = 'right'")
    (hand_in(room, "bob") / f"{LESSON}.ipynb").write_text("none")
    room.autograde(LESSON, session=by(grade))
    with room.gradebook() as book:
        for one in book.find_submission(LESSON, "ada").notebooks[0].grades:
            one.needs_manual_grade = False
        book.find_grade("why", LESSON, LESSON, "ada").manual_score = 1 / 3
        book.add_student("max", first_name="=Max", last_name="-2")
    roster.save(room.folder, Roster({one.student: one for one in CANVAS}, HEADINGS))
    return room.folder


@pytest.fixture
def room(graded, tmp_path) -> Classroom:
    return Classroom(shutil.copytree(graded, tmp_path / "class"))


def table(room: Classroom, mark: str = ",", **wanted) -> list[list[str]]:
    content = grade_table(room, [LESSON], Wanted(**wanted)).content
    text = content.decode("utf-16" if mark == "\t" else "utf-8")
    return list(csv.reader(io.StringIO(text), delimiter=mark))


def test_canvas_gets_its_own_columns_numbers_and_the_points_that_are_possible(room):
    rows = table(room, form="canvas")
    first = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    assert rows[0] == [*first, "Week 2: Pooling (991)"]
    assert rows[1] == ["    Points Possible", "", "", "", "", "10"]
    assert rows[2] == ["Lovelace, Ada", "7", "4711", "al", "A", "2.3333"]
    assert [row[-1] for row in rows[3:]] == ["", "", ""]
    assert rows[3][0] == "'=B\"uilder, Bob"


def test_moodle_gets_numbers_e_mails_as_they_are_and_logins(room):
    rows = table(room, form="moodle")
    first = ["First name", "Last name", "ID number", "Email address", "Username"]
    assert rows[0] == [*first, "Assignment: pooling (Real)"]
    assert rows[1] == ["Ada", "Lovelace", "4711", "a@x", "al", "2.3333"]
    assert rows[4][3] == "M@x"


@pytest.mark.parametrize("tabs", [False, True])
def test_blackboard_gets_its_columns_with_their_numbers(room, tabs):
    rows = table(room, "\t" if tabs else ",", form="blackboard", tabs=tabs)
    assert rows[0] == [
        *("Last Name", "First Name", "Username", "Student ID"),
        "Pooling [Total Pts: 10 Score] |4443",
    ]
    assert rows[1] == ["Lovelace", "Ada", "al", "4711", "2.3333"]


def test_nbgrader_s_columns_say_the_status_beside_the_points(room):
    rows = list(csv.DictReader(io.StringIO(grade_table(room, [LESSON], Wanted()).content.decode())))
    assert tuple(rows[0]) == COLUMNS
    found = {row["student_id"]: (row["raw_score"], row["score"], row["status"]) for row in rows}
    assert found == {
        "ada": ("2.3333", "2.3333", "graded"),
        "bob": ("", "", "ungradable"),
        "kim": ("2", "", "waiting for a person"),
        "max": ("", "", "nothing handed in"),
    }
    assert (rows[3]["first_name"], rows[3]["last_name"]) == ("'=Max", "-2")


@pytest.mark.parametrize("form", ["canvas", "moodle", "blackboard", "csv"])
def test_points_so_far_and_0_for_nothing_stand_there_only_if_asked_for(room, form):
    at = -3 if form == "csv" else -1
    rows = table(room, form=form, so_far=True, missing_is_zero=True)[-4:]
    assert [row[at] for row in rows] == ["2.3333", "", "2", "0"]


def test_who_is_not_known_to_the_system_is_told(room):
    hand_in(room, "eve", mean="mean = 'right'")
    room.autograde(LESSON, session=by(grade))
    found = grade_table(room, [LESSON], Wanted("moodle"))
    assert b"eve" not in found.content
    assert "1 who handed in are not in the table" in found.remarks[0]
    hand_ins.keep(room.folder, LESSON, "eve", HandIn(("eve_12_3_x.ipynb",), "canvas", user="12"))
    assert ["", "12", "", "", "", ""] in table(room, form="canvas")


def test_without_a_column_of_the_system_s_the_lesson_s_name_stands_there(room):
    people = roster.load(room.folder).people
    roster.save(room.folder, Roster(people, {"canvas": ["Pooling (1)", "pooling again (2)"]}))
    found = grade_table(room, [LESSON], Wanted("canvas"))
    assert "2 columns are called after pooling" in found.remarks[0]
    assert table(room, form="canvas")[0][-1] == LESSON
    assert table(room, form="canvas", headings={LESSON: "Pooling (1)"})[0][-1] == "Pooling (1)"


@pytest.mark.parametrize("form", ["canvas", "blackboard"])
def test_a_column_that_is_worth_something_else_in_its_system_is_told(room, form):
    people = roster.load(room.folder).people
    (heading,) = (h for h in HEADINGS[form] if "ooling" in h)

    def remarks(worth: float | None, **wanted) -> list[str]:
        points = {form: {heading: worth}} if worth else {}
        roster.save(room.folder, Roster(people, HEADINGS, points))
        return [
            one
            for one in grade_table(room, [LESSON], Wanted(form, **wanted)).remarks
            if "worth" in one
        ]

    before = table(room, form=form)
    (said,) = remarks(100.0)
    assert f"pooling is worth 10 points here and 100 in {heading!r}" in said
    assert "10 of 10 would be 10 of 100 there. Set 10 points there before you import" in said
    assert "nothing is scaled" in said
    assert table(room, form=form) == before
    assert remarks(10.0) == remarks(None) == []
    assert remarks(100.0, headings={LESSON: "Another (5)"}) == []


def test_a_roster_from_before_points_were_kept_is_read(room):
    path = room.folder / ".grading" / "roster.json"
    plain = json.loads(path.read_bytes())
    del plain["points"]
    path.write_text(json.dumps(plain))
    assert roster.load(room.folder).points == {}


def test_without_a_roster_nobody_is_known_to_moodle(room):
    roster.save(room.folder, Roster())
    with pytest.raises(ClassroomError, match="import its table first"):
        grade_table(room, [LESSON], Wanted("moodle"))
    with pytest.raises(ClassroomError, match="form 'excel' is not known"):
        grade_table(room, [LESSON], Wanted("excel"))


def test_the_command_says_what_is_empty_and_why(room, tmp_path):
    def run(*arguments):
        done = CliRunner().invoke(app, ["classroom", "export", *map(str, arguments)])
        return done.exit_code, done.output

    to = tmp_path / "grades.csv"
    code, said = run(room.folder, to, "--format", "canvas")
    assert code == 0
    assert (
        "pooling: 1 marks; empty: 1 waiting for a person, 1 ungradable, 1 nothing handed in" in said
    )
    code, said = run(room.folder, to, "--format", "canvas", "--so-far", "--missing-is-zero")
    assert "3 marks (waiting for a person, nothing handed in, too); empty: 1 ungradable" in said
    code, said = run(room.folder, to, LESSON, "--format", "canvas", "--column", "pooling=P (5)")
    assert ",P (5)\n" in to.read_text()
    assert run(room.folder, tmp_path / "x.xls", "--format", "blackboard")[0] == 0
    assert (tmp_path / "x.xls").read_bytes()[:2] in (b"\xff\xfe", b"\xfe\xff")
    for arguments, sentence in (
        (["--format", "word"], "the form 'word' is not known"),
        (["--column", "pooling"], "names no heading"),
        (["--column", "pooling=P"], "csv has nbgrader's: give --format, too"),
        (
            ["--format", "canvas", "--column", "pooling=P", "--column", "pooling=Q"],
            "gives a column twice",
        ),
    ):
        code, said = run(room.folder, to, *arguments)
        assert code == 2
        assert sentence in said
    code, said = run(room.folder, tmp_path / "none" / "x.csv")
    assert "make that folder first" in said
