"""Who is who in the class: by number, login and name, and nobody where two could be meant."""

import pytest

from harness.classroom import ClassroomError, roster
from harness.classroom.roster import Person, Roster

ADA = Person(
    "al", "Ada", "Lovelace", "ada@x.org", "al", "4711", "7", "Lovelace, Ada", ("A",), "canvas"
)
KIM = [Person(f"k{n}", "Kim", "Lee", f"kim{n}@x.org", system="moodle") for n in (1, 2)]
CLASS = Roster({one.student: one for one in (ADA, *KIM)}, {"canvas": ["02 Pooling (99)"]})


def test_a_person_is_found_by_number_login_and_name():
    assert CLASS.by_user("canvas", "7") == ADA
    assert CLASS.by_user("moodle", "7") is None
    assert {CLASS.by_login(key) for key in ("al", "ada@x.org", "4711")} == {ADA}
    assert {CLASS.by_name(key) for key in ("Ada Lovelace", "Lovelace, Ada", " Ada  Lovelace")} == {
        ADA
    }


def test_an_e_mail_is_no_login_wherever_it_stands():
    for login, said in (
        ("al", "login al"),
        ("ada@x.org", "e-mail ada@x.org"),
        ("4711", "number 4711"),
    ):
        assert CLASS.known_by(CLASS.by_login(login), login) == said
    kim = Person("kim@x.org", "Kim", "Lee", login="kim@x.org")  # a table whose ids are e-mails
    assert Roster({kim.student: kim}).known_by(kim, "kim@x.org") == "e-mail kim@x.org"
    assert CLASS.known_by(KIM[0], "k1") == "id k1"


def test_nobody_is_found_where_two_could_be_meant_or_a_letter_differs():
    assert CLASS.by_name("Kim Lee") is None
    assert CLASS.namesakes("Kim Lee") == 2
    assert CLASS.by_name("ada lovelace") is None
    assert CLASS.by_login("AL") is None
    assert CLASS.by_login("") is None
    assert CLASS.by_name("") is None


def test_a_roster_is_kept(tmp_path):
    (tmp_path / ".grading").mkdir()
    assert not roster.load(tmp_path)
    roster.save(tmp_path, CLASS)
    assert roster.load(tmp_path) == CLASS
    (tmp_path / ".grading" / "roster.json").write_text('{"people": [{}]}')
    with pytest.raises(ClassroomError, match="import the roster again"):
        roster.load(tmp_path)
