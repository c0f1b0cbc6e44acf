"""One hand-in, one student: whatever a student can name inside a hand-in, in folders and in zips."""

from __future__ import annotations

import os
import re
import shutil
import time
import zipfile
from pathlib import Path

import nbformat
import pytest

from harness.classroom import Classroom, ClassroomError, How, collect, roster
from harness.classroom.roster import Person
from tests.harness.classroom.gradebook.tiny import LESSON, classroom, submission

WHEN = 1_700_000_000.0


@pytest.fixture(scope="module")
def empty(tmp_path_factory) -> Classroom:
    return classroom(tmp_path_factory.mktemp("room"))


@pytest.fixture(scope="module")
def text(empty) -> str:
    return nbformat.writes(submission(empty, mean="mean = 'WHO'"))


@pytest.fixture
def room(empty, tmp_path) -> Classroom:
    return Classroom(shutil.copytree(empty.folder, tmp_path / "class"))


@pytest.fixture
def inbox(text, tmp_path):
    """A function that fills a new inbox with notebooks, each of which holds its own path."""
    made = []

    def fill(*paths: str, when: float = WHEN) -> Path:
        folder = tmp_path / f"inbox{len(made)}"
        folder.mkdir()
        made.append(folder)
        for path in paths:
            place = folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text.replace("WHO", ascii(path)[1:-1].replace("\\", "")))
            os.utime(place, (when, when))
        return folder

    return fill


def whose(room: Classroom) -> dict[str, str]:
    """What each student's notebook was called in the inbox."""
    found = {}
    for path in (room.folder / "submitted").glob(f"*/{LESSON}/{LESSON}.*"):
        said = re.search(r"mean = '(.*?)'", path.read_text())
        found[path.parts[-3]] = said[1] if said else ""
    return found


BOB = f"bob/{LESSON}.ipynb"


@pytest.mark.parametrize(
    "path",
    [
        f"alice/bob_{LESSON}.ipynb",
        f"alice/bob/{LESSON}.ipynb",
        f"alice/downloads/bob/{LESSON}.ipynb",
        f"alice/{LESSON}/bob_{LESSON}.ipynb",
    ],
)
def test_another_s_name_inside_a_hand_in_replaces_nobody(room, inbox, path):
    collect(room, inbox(BOB))
    collected = collect(room, inbox(path, when=WHEN + 100))
    assert whose(room) == {"bob": BOB, "alice": path}
    assert len(collected.remarks) == 1
    assert "though it names '" in collected.remarks[0]
    assert collected.missed == []


def test_names_as_of_moodle_and_canvas_inside_a_hand_in_replace_nobody(room, inbox):
    theirs = [f"Bob_2_assignsubmission_file_/{LESSON}.ipynb", f"kim_12_33_{LESSON}.ipynb"]
    collect(room, inbox(*theirs))
    own = [
        f"Alice_1_assignsubmission_file_/Bob_2_assignsubmission_file_/{LESSON}.ipynb",
        f"eve/Bob_2_assignsubmission_file_/{LESSON}.ipynb",
        f"fay/kim_12_34_{LESSON}.ipynb",
    ]
    collect(room, inbox(*own, when=WHEN + 100))
    students = ("Bob", "kim_12", "Alice", "eve", "fay")
    assert whose(room) == dict(zip(students, [*theirs, *own]))


def test_a_folder_that_names_several_students_is_left_to_the_teacher(room, inbox):
    folder = inbox(f"term/ada_{LESSON}.ipynb", f"term/bob_{LESSON}.ipynb")
    collected = collect(room, folder)
    assert whose(room) == {}
    assert len(collected.missed) == 1
    assert "--inside term" in collected.missed[0]
    collect(room, folder, "term")
    assert set(whose(room)) == {"ada", "bob"}
    with pytest.raises(ClassroomError, match="nothing in 'other'"):
        collect(room, folder, "other")


def test_two_drafts_in_a_known_student_s_folder_are_one_hand_in(room, inbox):
    collect(room, inbox(f"ada/{LESSON}.ipynb"))
    collect(room, inbox(f"ada/my_{LESSON}.ipynb", f"ada/old_{LESSON}.ipynb", when=WHEN + 100))
    assert set(whose(room)) == {"ada"}
    assert whose(room)["ada"] != f"ada/{LESSON}.ipynb"


@pytest.mark.parametrize(
    "names",
    [
        ("M\udcfcller", "M\udcf6ller"),
        ("Zo\u00eb", "Zoe\u0308"),
        ("Ada", "ada"),
        ("ada", "ada "),
        ("a\x1b]0;x\x07", "a\x1b]0;y\x07"),
    ],
    ids=["Latin-1", "Unicode form", "letter case", "blanks", "escapes"],
)
def test_names_that_differ_in_any_byte_are_two_students(room, inbox, names):
    collected = collect(room, inbox(*(f"{name}/{LESSON}.ipynb" for name in names)))
    assert len(whose(room)) == len(collected.taken) == 2
    assert any("look alike" in remark for remark in collected.remarks) or "\x1b" in names[0]
    assert all(remark.isprintable() for remark in collected.remarks)


def test_where_the_disk_takes_two_names_for_one_the_second_is_refused(room, inbox, monkeypatch):
    collect(room, inbox(f"Ada/{LESSON}.ipynb"))
    again = inbox(f"ada/{LESSON}.ipynb", when=WHEN + 100)
    submitted, listed = room.folder / "submitted", os.listdir
    (submitted / "ada").symlink_to("Ada")  # as a disk that ignores letter case
    monkeypatch.setattr(
        os, "listdir", lambda path: ["Ada"] if Path(path) == submitted else listed(path)
    )
    collected = collect(room, again)
    assert "letter case" in collected.missed[0]
    assert whose(room)["Ada"] == f"Ada/{LESSON}.ipynb"


def test_moodle_s_participants_of_one_name_are_told_apart_by_their_number(room, inbox):
    first, second, third = (f"Ada_{n}_assignsubmission_file_/{LESSON}.ipynb" for n in (1, 2, 3))
    collect(room, inbox(first, second))
    assert whose(room) == {"Ada~1": first, "Ada~2": second}
    collect(room, inbox(second, third, when=WHEN + 100))
    assert set(whose(room)) == {"Ada~1", "Ada~2", "Ada~3"}


def test_a_namesake_who_comes_later_takes_nobody_s_place(room, inbox):
    first, second = (f"Ada_{n}_assignsubmission_file_/{LESSON}.ipynb" for n in (1, 2))
    assert collect(room, inbox(first)).remarks == []
    collected = collect(room, inbox(second, when=WHEN + 100))
    assert whose(room) == {"Ada": first, "Ada~2": second}
    assert "called 'Ada~2'" in collected.remarks[0]
    assert collect(room, inbox(first, when=WHEN + 200)).unchanged == [("Ada", LESSON)]


def test_canvas_marks_late_work_of_the_same_student(room, inbox, text):
    folder = inbox(f"adalove_12_33_{LESSON}.ipynb")
    late = folder / f"adalove_LATE_12_34_{LESSON}-1.ipynb"
    late.write_text(text.replace("WHO", "late"))
    os.utime(late, (WHEN + 100, WHEN + 100))
    collect(room, folder)
    assert whose(room) == {"adalove_12": "late"}


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Kolkata"])
@pytest.mark.parametrize("when", [WHEN + 1.7, 1_720_000_001.0], ids=["winter", "summer"])
def test_a_file_has_the_same_time_in_a_folder_and_in_a_zip(
    room, inbox, tmp_path, monkeypatch, zone, when
):
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        folder = inbox(BOB, when=when)
        path = tmp_path / "downloads.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.write(folder / BOB, BOB.replace("bob", "eve"))
        collect(room, folder, how=How(file_times=True))
        collect(room, path, how=How(file_times=True))
    finally:
        monkeypatch.undo()
        time.tzset()
    stamps = [room.folder / "submitted" / s / LESSON / "timestamp.txt" for s in ("bob", "eve")]
    assert stamps[0].read_text() == stamps[1].read_text()


def test_a_zip_that_says_its_times_in_utc_is_believed():
    from harness.classroom.downloads import _time_in_zip

    entry = zipfile.ZipInfo("x", (1999, 1, 1, 0, 0, 0))
    entry.extra = b"UT\x05\x00\x01" + int(WHEN).to_bytes(4, "little")
    assert _time_in_zip(entry) == WHEN


def test_all_that_is_ignored_is_said_and_litter_is_not(room, inbox):
    taken = [f"ada_{LESSON}.IPYNB", f"bob_{LESSON}.Zip", f"cid_{LESSON}.pdf"]
    left = [f"dee_{LESSON}", f".eve_{LESSON}.ipynb", "movie.mov", ".fay/x.ipynb"]
    litter = [".DS_Store", f"._ada_{LESSON}.ipynb", "__MACOSX/x.ipynb", ".ipynb_checkpoints/x.py"]
    collected = collect(room, inbox(*taken, *left, *litter))
    assert [student for student, _ in collected.taken] == ["ada", "bob", "cid"]
    assert len(collected.missed) == len(left)
    for path in left:
        assert any(path.split("/")[0] in said for said in collected.missed)


def test_what_lies_beside_a_notebook_is_nobody_s_missing_work(room, inbox):
    collected = collect(room, inbox(BOB, "bob/notes.md", "bob/.env", "eve/notes.md"))
    assert [said.split("'")[1] for said in collected.missed] == ["eve/notes.md"]


def test_a_folder_that_cannot_be_read_or_has_no_end_is_one_student_s_trouble(
    room, inbox, monkeypatch
):
    folder = inbox(BOB, f"eve/{LESSON}.ipynb", "fay/" + "d/" * 60 + f"{LESSON}.ipynb")
    listed = os.listdir

    def closed(path):
        if str(path).endswith("eve"):
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(os, "listdir", closed)
    collected = collect(room, folder)
    assert collected.taken == [("bob", LESSON)]
    assert "make it readable" in collected.missed[0]
    assert "too deeply" in collected.missed[1]


def test_a_full_disk_ends_the_collection_and_loses_nothing(room, inbox, monkeypatch):
    collect(room, inbox(BOB))
    rename = Path.rename

    def full(self, target):
        if self.parent.name == "old" and "before" not in self.name and Path(target).name == LESSON:
            raise OSError(28, "No space left on device", str(target))
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(OSError, match="No space left"):
        collect(room, inbox(BOB.replace("/", "/my_"), when=WHEN + 100))
    assert whose(room) == {"bob": BOB}


def test_the_command_says_all_in_one_line_each_and_ends_with_3_where_work_is_missed(room, inbox):
    from typer.testing import CliRunner

    from harness.cli.main import app

    folder = inbox(BOB, "\x1b]0;x\x07::error::\udcfc.mov")
    (folder / "a\n::error::x").symlink_to("/etc/passwd")
    done = CliRunner().invoke(app, ["classroom", "collect", str(room.folder), str(folder)])
    assert done.exit_code == 3
    lines = done.output.splitlines()
    assert len(lines) == 4
    assert all(said.isprintable() and not said.lstrip().startswith("::") for said in lines)
    assert "\\xfc" in done.output


def test_blind_participants_of_two_lessons_are_never_one_student(room, inbox, tmp_path):
    other = room.folder / "release" / "other"
    shutil.copytree(room.folder / "release" / LESSON, other)
    (other / f"{LESSON}.ipynb").rename(other / "other.ipynb")
    paths = [
        f"{of}/Participant_{n}_assignsubmission_file_/{of}.ipynb"
        for of in (LESSON, "other")
        for n in (1, 2, 3)
    ]
    collected = collect(room, inbox(*paths))
    assert len({student for student, _ in collected.taken}) == 6
    assert any("marking is blind" in remark for remark in collected.remarks)
    again = collect(room, inbox(*paths))
    assert (again.taken, len(again.unchanged)) == ([], 6)
    alone = collect(room, inbox(f"{LESSON}/Participant_9_assignsubmission_file_/x.ipynb"))
    assert alone.taken == [(f"Participant~9~{LESSON}", LESSON)]


def test_the_latest_attempt_counts_and_its_date_is_no_part_of_the_student(room, inbox):
    names = [f"{LESSON}_ada_attempt_2026-01-0{day}-10-11-12_{LESSON}.ipynb" for day in (5, 6)]
    folder = inbox(*names)
    os.utime(folder / names[0], (WHEN + 500, WHEN + 500))  # the time of the file says nothing
    collected = collect(room, folder, how=How(zone="Europe/Berlin"))
    assert collected.system == "blackboard"
    assert whose(room) == {"ada": names[1]}
    assert "later attempt" in collected.remarks[0]
    stamp = room.folder / "submitted" / "ada" / LESSON / "timestamp.txt"
    assert stamp.read_text() == "2026-01-06 09:11:12.000000 UTC\n"
    early = collect(room, inbox(names[0], when=WHEN + 900))
    assert early.taken == []
    assert whose(room) == {"ada": names[1]}


def test_the_time_that_sakai_writes_beside_a_hand_in_counts_and_one_of_a_student_does_not(
    room, inbox
):
    folder = inbox(
        f"{LESSON}/Lovelace, Ada(al)/Submission attachment(s)/my {LESSON}.ipynb",
        f"{LESSON}/Lovelace, Ada(al)/timestamp.txt",
        f"{LESSON}/Builder, Bob(bb)/Submission attachment(s)/{LESSON}.ipynb",
        f"{LESSON}/Builder, Bob(bb)/Submission attachment(s)/timestamp.txt",
    )
    for path in folder.rglob("timestamp.txt"):
        path.write_text("20260105101112345")
    collected = collect(room, folder, how=How(zone="Europe/Berlin"))
    assert collected.taken == [("al", LESSON), ("bb", LESSON)]
    stamp = room.folder / "submitted" / "al" / LESSON / "timestamp.txt"
    assert stamp.read_text() == "2026-01-05 09:11:12.000000 UTC\n"
    assert not (room.folder / "submitted" / "bb" / LESSON / "timestamp.txt").exists()


def test_two_sources_of_one_login_are_refused(room, inbox):
    stamp = "attempt_2026-01-05-10-11-12"
    folder = inbox(f"Week 1_ada_l_{stamp}_a.ipynb", f"Week 1_bob_l_{stamp}_a.ipynb")
    collected = collect(room, folder)
    assert whose(room) == {}
    assert "different sources" in collected.missed[0]
    collect(room, inbox(f"Lovelace_Ada_x_1/{LESSON}.ipynb"))
    later = collect(room, inbox(f"Babbage_Charles_x_2/{LESSON}.ipynb", when=WHEN + 100))
    assert "different sources" in later.missed[0]
    assert whose(room) == {"x": f"Lovelace_Ada_x_1/{LESSON}.ipynb"}
    collect(room, inbox(f"Lovelace_Ada_y_1/{LESSON}.ipynb"), how=How(lms="plain"))
    assert "Lovelace_Ada_y_1" in whose(room)


def test_namesakes_of_two_systems_are_not_one_student(room, inbox):
    moodle = f"Kim Lee_4_assignsubmission_file_/{LESSON}.ipynb"
    teams = f"Kim Lee/{LESSON}/Version 1/x.ipynb"
    collect(room, inbox(moodle))
    later = inbox(teams, when=WHEN + 100)
    for people in ({}, {"kl": Person("kl", "Kim", "Lee", system="moodle")}):
        collected = collect(room, later)
        assert "'Kim Lee' of teams, 'Kim Lee_4' of moodle are different" in collected.missed[0]
        assert whose(room) == {"Kim Lee": moodle}
        roster.save(room.folder, roster.Roster(people))
    roster.save(room.folder, roster.Roster())
    shutil.rmtree(room.folder / "submitted" / "Kim Lee" / LESSON)  # as the sentence says
    collect(room, later)
    assert whose(room) == {"Kim Lee": teams}


def test_who_the_roster_knows_by_more_than_a_name_may_come_by_two_systems(room, inbox):
    canvas = f"lovelaceada_7_99_{LESSON}.ipynb"
    board = f"{LESSON}_al_attempt_2026-01-05-10-11-12_x.ipynb"
    teams = f"Ada Lovelace/{LESSON}/Version 1/x.ipynb"
    ada = Person("al", "Ada", "Lovelace", login="al", user="7", system="canvas")
    roster.save(room.folder, roster.Roster({"al": ada}))
    collect(room, inbox(canvas))
    assert collect(room, inbox(board, when=WHEN + 100)).missed == []
    assert whose(room) == {"al": board}
    by_name = collect(room, inbox(teams, when=WHEN + 200))
    assert "would all be 'al'" in by_name.missed[0]
    assert whose(room) == {"al": board}


def test_of_two_places_that_people_name_alike_the_one_left_out_is_missed(room, inbox):
    from typer.testing import CliRunner

    from harness.cli.main import app

    folder = inbox(f"ada/{LESSON}.ipynb", f"ada_{LESSON}.ipynb")
    done = CliRunner().invoke(app, ["classroom", "collect", str(room.folder), str(folder)])
    assert done.exit_code == 3
    assert "If they are two people's, rename one of them." in " ".join(done.output.split())
    assert len(whose(room)) == 1
    alike = collect(room, inbox(f"bob_{LESSON}.ipynb", f"bob_{LESSON} (1).ipynb"))
    assert (len(alike.remarks), alike.missed) == (1, [])  # a browser's copy is the same person's


def test_who_is_in_the_roster_goes_by_its_id_and_others_are_told(room, inbox):
    people = [
        Person("al123", "Ada", "Lovelace", login="al123", user="7", system="canvas"),
        Person("bb", "Bob", "Builder", "bob@x.org", "bb", system="moodle"),
        Person("k1", "Kim", "Lee"),
        Person("k2", "Kim", "Lee"),
        Person("on", "Ann", "O'Neil"),
        Person("zo", "Zo\u00eb", "Ray"),
    ]
    roster.save(room.folder, roster.Roster({p.student: p for p in people}))
    paths = {
        f"lovelaceada_7_99_{LESSON}.ipynb": "al123",
        f"Bob Builder_3_assignsubmission_file_/{LESSON}.ipynb": "bb",
        f"Kim Lee_4_assignsubmission_file_/{LESSON}.ipynb": "Kim Lee",
        f"al/{LESSON}.ipynb": "al",
        f"Ann O'Neil_5_assignsubmission_file_/{LESSON}.ipynb": "on",
        f"Zo\u00eb Ray/{LESSON}.ipynb": "zo",
    }
    collected = collect(room, inbox(*paths))
    assert set(whose(room)) == set(paths.values())
    assert whose(room)["bb"].startswith("Bob Builder_3_")
    assert "2 of those who handed in are not in the roster" in collected.remarks[-1]


def test_where_the_roster_would_make_one_of_two_each_keeps_its_own_name(room, inbox):
    roster.save(room.folder, roster.Roster({"al": Person("al", "Ada", "Lovelace")}))
    both = [f"Ada Lovelace_{n}_assignsubmission_file_/{LESSON}.ipynb" for n in (1, 2)]
    collect(room, inbox(*both))
    assert whose(room) == {"Ada Lovelace~1": both[0], "Ada Lovelace~2": both[1]}
    plain = [f"al/{LESSON}.ipynb", f"Ada Lovelace/{LESSON}.ipynb"]
    collected = collect(room, inbox(*plain, when=WHEN + 100))
    assert any("could all be 'al'" in remark for remark in collected.remarks)
    assert {"al", "Ada Lovelace"} <= set(whose(room))


def test_a_dry_run_says_who_would_get_what_and_writes_nothing(room, inbox):
    from typer.testing import CliRunner

    from harness.cli.main import app

    before = sorted(room.folder.rglob("*"))
    folder = inbox(f"lovelace_LATE_7_99_{LESSON}.ipynb", BOB)
    done = CliRunner().invoke(
        app, ["classroom", "collect", str(room.folder), str(folder), "--dry-run"]
    )
    assert done.exit_code == 0
    assert "bob: pooling from 'bob/pooling.ipynb' (named so in the downloads)" in done.output
    assert "named so by canvas, marked late" in done.output
    assert "nothing was written" in done.output
    new = set(room.folder.rglob("*")) - set(before)
    assert {path.name for path in new} <= {"lock", "lock.holder"}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--lms", "mudl"], "--lms mudl is not known: give one of moodle"),
        (["--lms", "sakai"], "nothing here is called as sakai calls it"),
        (["--pattern", "("], "no regular expression"),
        (["--pattern", "(?P<student>.+)", "--lms", "canvas"], "give one"),
        (["--tz", "Nowhere"], "no time zone 'Nowhere'"),
        (["--lesson", "77"], "77 was not released"),
    ],
)
def test_options_that_cannot_be_are_told(room, inbox, options, said):
    from typer.testing import CliRunner

    from harness.cli.main import app

    done = CliRunner().invoke(
        app, ["classroom", "collect", str(room.folder), str(inbox(BOB)), *options]
    )
    assert done.exit_code == 2
    assert said in done.output
