"""Moodle's worksheet says who a participant is, and when something was handed in."""

from __future__ import annotations

from datetime import datetime

import pytest

from harness.classroom import ClassroomError, How, collect, roster
from harness.classroom.moodle_worksheet import read
from harness.classroom.roster import Person, Roster
from tests.harness.classroom.gradebook.tiny import LESSON, classroom, hand_in

SHEET = """\
Identifier,Full name,Email address,Status,Grade,"Last modified (submission)"
Participant 12,Kim Lee,kim1@x.org,Submitted,,"Monday, 5 January 2026, 10:11 PM"
Participant 13,Kim Lee,kim2@x.org,Submitted,,-
"""
GERMAN = """\
ID;Vollständiger Name;E-Mail-Adresse;Zuletzt geändert (Abgabe)
Teilnehmer/in 12;Kim Lee;kim1@x.org;"Montag, 5. März 2026, 22:11"
"""


def _sheet(tmp_path, text: str):
    path = tmp_path / "sheet.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_people_and_times_are_read_in_the_site_s_language(tmp_path):
    assert read(_sheet(tmp_path, SHEET)).people == {
        "12": ("kim1@x.org", "Kim Lee", datetime(2026, 1, 5, 22, 11)),
        "13": ("kim2@x.org", "Kim Lee", None),
    }
    found = read(_sheet(tmp_path, GERMAN))
    assert found.people["12"] == ("kim1@x.org", "Kim Lee", datetime(2026, 3, 5, 22, 11))
    assert "1 dates of the worksheet" in read(_sheet(tmp_path, GERMAN.replace("März", "X"))).remark


def test_another_table_is_told(tmp_path):
    with pytest.raises(ClassroomError, match="line 2 does not begin with a participant's number"):
        read(_sheet(tmp_path, "id,name\nada,Ada\n"))


def test_one_of_other_downloads_is_refused(tmp_path):
    room = classroom(tmp_path)
    how = How(worksheet=_sheet(tmp_path, SHEET))
    for name in ("Kim Lee_14_assignsubmission_file_", "kimlee_7_12_x"):
        place = tmp_path / name / f"{name}_{LESSON}.ipynb"
        place.parent.mkdir()
        place.write_text("{}")
        with pytest.raises(ClassroomError, match="knows nobody in these downloads"):
            collect(room, place.parent, how=how)
    assert room.students(LESSON) == []


@pytest.mark.parametrize("name", ["Kim Lee", "Participant"])
def test_it_tells_namesakes_and_blind_participants_apart(tmp_path, name):
    room = classroom(tmp_path)
    notebook = (hand_in(room, "x") / f"{LESSON}.ipynb").read_bytes()
    inbox = tmp_path / "inbox"
    for number in (12, 13):
        folder = inbox / f"{name}_{number}_assignsubmission_file_"
        folder.mkdir(parents=True)
        (folder / "work.ipynb").write_bytes(notebook)
    people = [Person(f"k{n}", "Kim", "Lee", f"kim{n}@x.org", system="moodle") for n in (1, 2)]
    roster.save(room.folder, Roster({one.student: one for one in people}))
    how = How(worksheet=_sheet(tmp_path, SHEET), zone="Europe/Berlin")
    collected = collect(room, inbox, how=how)
    assert collected.taken == [("k1", LESSON), ("k2", LESSON)]
    stamp = room.folder / "submitted" / "k1" / LESSON / "timestamp.txt"
    assert stamp.read_text() == "2026-01-05 21:11:00.000000 UTC\n"
    assert not (room.folder / "submitted" / "k2" / LESSON / "timestamp.txt").exists()
