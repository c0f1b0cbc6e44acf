"""A class comes from the tables of Canvas, Moodle, Blackboard or one's own, again and again."""

from __future__ import annotations

import shutil

import pytest
from typer.testing import CliRunner

from harness.classroom import Classroom, ClassroomError, roster
from harness.classroom.marks import marks
from harness.classroom.roster_import import import_roster
from harness.cli.main import app
from tests.harness.classroom.gradebook.tiny import LESSON, classroom, hand_in

CANVAS = """\
Student,ID,SIS User ID,SIS Login ID,Section,02 Pooling (991),Current Score
"    Points Possible",,,,,31,(read only)
"Lovelace, Ada",7,4711,ada,"A and B",,
"Builder, Bob",8,4712,bob,B,5,
"Student, Test",9,,x,,,
"""
MOODLE = """\
First name;Surname;ID number;Email address;Groups;Assignment: 02 Pooling (Real)
Ada;Lovelace;4711;ada@x.org;"A, B";-
Bob;Builder;4712;Bob@x.org;;-
"""
BLACKBOARD = (
    "Last Name\tFirst Name\tUsername\tStudent ID\tLast Access\tAvailability\t"
    "02 Pooling [Total Pts: 31 Score] |4443\n"
    '"Lovelace"\t"Ada"\t"ada"\t"4711"\t""\t"Yes"\t""\n"Builder"\t"Bob"\t"bob"\t"4712"\t""\t"Yes"\t"1"\n'
)
PLAIN = "id,first_name,last_name,email\nada,Ada,Lovelace,ada@x.org\nbob,Bob,Builder,\n"


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    return classroom(tmp_path_factory.mktemp("room")).folder


@pytest.fixture
def room(empty, tmp_path) -> Classroom:
    return Classroom(shutil.copytree(empty, tmp_path / "class"))


def table(tmp_path, text: str, coding: str = "utf-8"):
    path = tmp_path / "table.csv"
    path.write_bytes(text.encode(coding))
    return path


@pytest.mark.parametrize(
    ("text", "coding", "system", "ids"),
    [
        (CANVAS, "utf-8-sig", "canvas", ("ada", "bob")),
        (MOODLE, "utf-8", "moodle", ("4711", "4712")),
        (BLACKBOARD, "utf-16", "blackboard", ("ada", "bob")),
        (PLAIN, "utf-8", "csv", ("ada", "bob")),
    ],
)
def test_a_table_is_recognised_and_its_people_are_known(room, tmp_path, text, coding, system, ids):
    done = import_roster(room, table(tmp_path, text, coding))
    assert (done.system, tuple(sorted(done.added))) == (system, ids)
    found = roster.load(room.folder)
    ada = found.people[ids[0]]
    assert (ada.first, ada.last, ada.system) == ("Ada", "Lovelace", system)
    assert found.by_name("Ada Lovelace") == ada
    with room.gradebook() as book:
        row = book.find_student(ids[0])
        assert (row.first_name, row.last_name) == ("Ada", "Lovelace")
    assert {name: mark.status for name, mark in marks(room, LESSON).items()} == dict.fromkeys(
        ids, "missing"
    )
    again = import_roster(room, table(tmp_path, text, coding))
    assert (again.added, again.changed, len(again.same)) == ([], [], 2)


def test_sections_numbers_and_headings_are_kept(room, tmp_path):
    import_roster(room, table(tmp_path, CANVAS))
    import_roster(room, table(tmp_path, MOODLE))
    found = roster.load(room.folder)
    assert found.columns == {
        "canvas": ["02 Pooling (991)"],
        "moodle": ["Assignment: 02 Pooling (Real)"],
    }
    assert found.points == {"canvas": {"02 Pooling (991)": 31.0}, "moodle": {}}
    ada = found.by_login("4711")
    assert ada is not None
    assert (ada.sections, ada.email) == (("A", "B"), "ada@x.org")


def test_a_rerun_changes_and_adds_and_never_deletes_without_saying(room, tmp_path):
    import_roster(room, table(tmp_path, PLAIN))
    new = PLAIN.replace("bob,Bob,Builder,\n", "kim,Kim,Lee,\n").replace("Ada,", "Augusta Ada,")
    done = import_roster(room, table(tmp_path, new))
    assert (done.added, done.changed, done.kept) == (["kim"], ["ada"], ["bob"])
    assert set(roster.load(room.folder).people) == {"ada", "bob", "kim"}
    done = import_roster(room, table(tmp_path, new), remove_others=True)
    assert done.removed == ["bob"]
    assert set(roster.load(room.folder).people) == {"ada", "kim"}
    with room.gradebook() as book:
        assert book.find_student("bob").id == "bob"


def test_who_has_handed_in_keeps_that_name(room, tmp_path):
    hand_in(room, "Ada Lovelace")
    hand_in(room, "builderbob_8")
    import_roster(room, table(tmp_path, CANVAS))
    people = roster.load(room.folder).people
    assert {student: one.login for student, one in people.items()} == {
        "Ada Lovelace": "ada",
        "builderbob_8": "bob",
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (PLAIN + "ada,A,L,\n", "the id 'ada' stands in lines 2, 4"),
        ("id\na@x.org\na@x.org\n", "the e-mail 'a@x.org' stands in lines 2, 3"),
        ("Login\nada\nada\n", "the Login 'ada' stands in lines 2, 3"),
        (MOODLE + "Eve;E;1;ada@x.org;;\n", "e-mail 'ada@x.org' stands in lines 2, 4"),
        (CANVAS.replace(",8,", ",7,"), "the ID '7' stands in lines 3, 4"),
        ("id,email\n///,\n", "line 2: '///' is no student's name"),
        ("id,first_name\n,Ada\n\n,Ada\n", "lines 2 and 4 would both be the student 'Ada'"),
        ("colour,size\nred,1\n", "none of them is known as a student's id"),
        ("id\n", "no students in it"),
    ],
)
def test_what_is_wrong_is_told_with_its_lines_and_nothing_is_written(room, tmp_path, text, said):
    with pytest.raises(ClassroomError, match=said):
        import_roster(room, table(tmp_path, text))
    assert not roster.load(room.folder)


def test_names_that_are_not_text_reach_neither_the_terminal_nor_the_gradebook(room, tmp_path):
    import_roster(room, table(tmp_path, "id,first_name,last_name\nada,\x1b[31mAda,::error::x\n"))
    ada = roster.load(room.folder).people["ada"]
    assert (ada.first, ada.last) == ("Ada", ": :error::x")


def test_the_commands_say_what_they_did_and_show_the_class(room, tmp_path):
    def run(*arguments):
        done = CliRunner().invoke(app, ["classroom", "roster", *map(str, arguments)])
        return done.exit_code, done.output

    assert run("show", room.folder) == (
        0,
        "there is no roster: course classroom roster import DIR FILE\n",
    )
    code, said = run("import", room.folder, table(tmp_path, CANVAS))
    assert code == 0
    assert "read as a table of canvas" in said
    assert "test student" in said
    assert "2 added, 0 changed, 0 as before" in said
    hand_in(room, "ada")
    hand_in(room, "eve")
    _, said = run("show", room.folder, "--section", "A")
    assert "Lovelace" in said
    assert "Builder" not in said
    assert "1 handed in and are not in the roster: eve" in said
    code, said = run("import", room.folder, table(tmp_path, PLAIN + "ada,x,y,z\n"))
    assert code == 2
    assert "stands in lines" in said
