"""Each system's names are read by its own rule, on listings as it makes them."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.classroom.lms import SYSTEMS, Unclear, reader
from harness.classroom.lms.lesson_names import at_the_end, in_title, titled
from harness.classroom.lms.owner import Owner
from harness.classroom.lms.pattern import Pattern, PatternError
from harness.classroom.lms.sakai import read_stamp

LESSONS = ["02_pooling", "03_mnrl"]
MORNING = datetime(2026, 1, 5, 10, 11, 12)
# system, listing, {path: (student, lesson)} of all that is somebody's
LISTINGS = {
    "blackboard": {
        "02 Pooling_al123_attempt_2026-01-05-10-11-12_work.ipynb": ("al123", "02_pooling"),
        "02 Pooling_al123_attempt_2026-01-05-10-11-12.txt": None,
        "02 Pooling_bob_b_attempt_2026-01-06-00-00-00_my_02_pooling.ipynb": (
            "bob_b",
            "02_pooling",
        ),
        "02 Pooling_bob_b_attempt_2026-01-06-00-00-00.txt": None,
    },
    "brightspace": {
        "index.html": None,
        "123-456 - Ada Lovelace - Jan 5, 2026 1011 AM/02_pooling.ipynb": (
            "Ada Lovelace",
            "02_pooling",
        ),
        "124-456 - Bob - Builder - Dec 31, 2026 1200 AM/03_mnrl (1).ipynb": (
            "Bob - Builder",
            "03_mnrl",
        ),
        "125-456 - Kim - May 1, 2026 1:05 PM - Copy of 02_pooling.ipynb": ("Kim", "02_pooling"),
    },
    "sakai": {
        "02 Pooling/grades.csv": None,
        "02 Pooling/Lovelace, Ada(al123)/timestamp.txt": None,
        "02 Pooling/Lovelace, Ada(al123)/comments.txt": None,
        "02 Pooling/Lovelace, Ada(al123)/Submission attachment(s)/work.ipynb": (
            "al123",
            "02_pooling",
        ),
        "02 Pooling/Lovelace, Ada(al123)/Feedback Attachment(s)/02_pooling.ipynb": None,
        "02 Pooling/Ob(i), Kim(ok)/Submission attachment(s)/02_pooling.ipynb": (
            "ok",
            "02_pooling",
        ),
        "02 Pooling/Nobody, Ann(an)/Ann Nobody_submissionText.html": None,
    },
    "teams": {
        "Submissions/Ada Lovelace/02 Pooling/Version 1/work.ipynb": ("Ada Lovelace", "02_pooling"),
        "Submissions/Ada Lovelace/02 Pooling/Version 2/work.ipynb": ("Ada Lovelace", "02_pooling"),
        "Submissions/Bob/Week 3 - 03 MNRL/Version 1/02_pooling.ipynb": ("Bob", "03_mnrl"),
    },
    "ilias": {
        "02 Pooling/Abgaben/Lovelace_Ada_al123_4567/work.ipynb": ("al123", "02_pooling"),
        "02 Pooling/Abgaben/van_der_Berg_Jan_jb_12/20260105101112_02_pooling.ipynb": (
            "jb",
            "02_pooling",
        ),
    },
    "github": {
        "02-pooling-submissions/02-pooling-ada-lovelace/02_pooling.ipynb": (
            "ada-lovelace",
            "02_pooling",
        ),
        "02-pooling-submissions/02-pooling-ada-lovelace/.github/classroom/autograding.json": None,
        "02-pooling-submissions/02-pooling-bob/Copy of 02_pooling.ipynb": ("bob", "02_pooling"),
    },
    "nbgrader": {
        "al123+02_pooling+2026-01-05 10:11:12 UTC+4f2a/02_pooling.ipynb": ("al123", "02_pooling"),
        "al123+02_pooling+2026-01-05 10:11:12 UTC+4f2a/timestamp.txt": None,
        "bob+03_mnrl+2026-01-05 10:11:12.123456 UTC.zip": ("bob", "03_mnrl"),
    },
    "moodle": {
        "Course-02_pooling-99/Ada Lovelace_1234_assignsubmission_file_/work.ipynb": (
            "Ada Lovelace",
            "02_pooling",
        ),
        "Course-02_pooling-99/Bob_1235_assignsubmission_file_/work (1).ipynb": (
            "Bob",
            "02_pooling",
        ),
    },
    "canvas": {
        "lovelaceada_123_456_02_pooling.ipynb": ("lovelaceada_123", "02_pooling"),
        "bobbuilder_LATE_124_457_02_pooling-1.ipynb": ("bobbuilder_124", "02_pooling"),
    },
}


def _split(listing) -> list[tuple[str, ...]]:
    return [tuple(path.split("/")) for path in listing]


@pytest.mark.parametrize("system", LISTINGS)
def test_a_listing_is_recognised_and_read(system):
    listing = LISTINGS[system]
    found = reader(_split(listing), LESSONS)
    # Moodle's and Canvas's names are known among those that people give.
    assert found.name == ("plain" if system in ("moodle", "canvas") else system)
    said = {}
    for path in _split(listing):
        owner = None if found.own(path) else found.owner(path)
        said["/".join(path)] = owner and (owner.student, owner.lesson)
        assert owner is None or owner.system == system
    assert said == listing


@pytest.mark.parametrize("system", LISTINGS)
def test_a_named_system_is_read_below_a_folder_of_any_title(system):
    listing = {f"Something else/{path}": whose for path, whose in LISTINGS[system].items()}
    found = reader(_split(listing), LESSONS, SYSTEMS[system])
    read = {"/".join(p): None if found.own(p) else found.owner(p) for p in _split(listing)}
    assert {p: o and (o.student, o.lesson) for p, o in read.items()} == listing


@pytest.mark.parametrize("system", sorted(set(LISTINGS) - {"moodle", "canvas"}))
def test_no_other_system_takes_a_listing_for_its_own(system):
    paths = _split(LISTINGS[system])
    for name, other in SYSTEMS.items():
        if name != system:
            rest = [path for path in paths if not other.own(path)]
            assert not other.recognises(rest, LESSONS), name


def test_dates_attempts_and_marks_of_the_systems_are_read():
    def one(path, system=None):
        found = reader([tuple(path.split("/"))], LESSONS, system and SYSTEMS[system])
        owner = found.owner(tuple(path.split("/")))
        assert owner is not None
        return owner

    late = one("lovelaceada_LATE_123_456_02_pooling.ipynb")
    assert (late.late, late.user, late.handed_in) == (True, "123", None)
    assert one("lovelaceada_123_456_02_pooling.ipynb").late is False
    board = one("02 Pooling_al123_attempt_2026-01-05-10-11-12_work.ipynb")
    assert (board.handed_in, board.attempt) == (MORNING, (MORNING,))
    bright = one("123-456 - Ada - Jan 5, 2026 1211 AM/02_pooling.ipynb")
    assert bright.handed_in == datetime(2026, 1, 5, 0, 11)
    exchange = one("al+02_pooling+2026-01-05 10:11:12 UTC+4f2a/02_pooling.ipynb")
    assert exchange.handed_in == MORNING.replace(tzinfo=UTC)
    elsewhere = one("al+02_pooling+2026-01-05 10:11:12 +0100/02_pooling.ipynb")
    assert elsewhere.handed_in == datetime(2026, 1, 5, 9, 11, 12, tzinfo=UTC)
    assert one("Ada/02 Pooling/Version 12/x.ipynb").attempt == (12,)
    assert read_stamp("20260105101112345\n") == MORNING
    assert read_stamp("yesterday") is None


@pytest.mark.parametrize(
    "name", ["Participant", "Teilnehmer/in", "Participante", "Osallistuja", "Teilnehmer_in"]
)
def test_moodle_s_blind_marking_is_known(name):
    path = (f"{name.replace('/', '')}_12345_assignsubmission_file_", "02_pooling.ipynb")
    owner = SYSTEMS["moodle"].owner(path, LESSONS)
    assert owner is not None
    assert owner.blind
    assert not SYSTEMS["moodle"].owner(("Ada_1_assignsubmission_file_", path[1]), LESSONS).blind


# What a student can name: the file in Canvas, Blackboard and flat Moodle, all below their own folder.
@pytest.mark.parametrize(
    ("path", "student"),
    [
        ("eve_12_33_x_bob_attempt_2026-01-05-10-11-12_02_pooling.ipynb", None),
        ("alice/Bob, B(bob)/Submission attachment(s)/02_pooling.ipynb", "alice"),
        ("alice/123-456 - Bob - Jan 5, 2026 1011 AM/02_pooling.ipynb", "alice"),
        ("alice/02-pooling-bob/02_pooling.ipynb", "alice"),
        ("alice/Builder_Bob_bob_12/02_pooling.ipynb", "alice"),
        ("alice/bob+02_pooling+2026-01-05 10:11:12 UTC/02_pooling.ipynb", "alice"),
        ("alice/bob/02 Pooling/Version 2/02_pooling.ipynb", "alice"),
        (
            "02 Pooling_eve_attempt_2026-01-05-10-11-12_x_bob_attempt_2026-01-06-10-11-12_a.ipynb",
            "eve",
        ),
        ("Eve_1_assignsubmission_file_02 Pooling_bob_attempt_2026-01-05-10-11-12_a.ipynb", None),
    ],
)
def test_names_of_another_system_inside_a_hand_in_name_nobody_else(path, student):
    parts = tuple(path.split("/"))
    if student is None:
        with pytest.raises(Unclear, match="add --lms"):
            reader([parts], LESSONS)
        return
    owner = reader([parts], LESSONS).owner(parts)
    assert owner is not None
    assert owner.student == student


def test_in_a_larger_listing_such_a_name_changes_nothing():
    eve = "eve_12_33_x_bob_attempt_2026-01-05-10-11-12_02_pooling.ipynb"
    paths = _split([eve, *LISTINGS["canvas"]])
    found = reader(paths, LESSONS)
    assert found.owner((eve,)) == Owner("eve_12", "02_pooling")


def test_a_system_that_knows_none_of_the_names_is_told():
    with pytest.raises(Unclear, match="nothing here is called as sakai calls it"):
        reader([("ada", "02_pooling.ipynb")], LESSONS, SYSTEMS["sakai"])


def test_a_pattern_of_one_s_own_names_student_lesson_and_date():
    pattern = Pattern(r"(?P<student>\w+)--(?P<lesson>[^-]+)--(?P<date>[\d-]+)\.ipynb")
    parts = ("al123--2--2026-01-05-10-11-12.ipynb",)
    found = reader([parts], LESSONS, pattern)
    owner = found.owner(parts)
    assert owner == Owner("al123", "02_pooling")
    assert (owner.handed_in, owner.attempt) == (MORNING, (MORNING,))
    assert found.owner(("other.ipynb",)) is None
    for text, said in (("(", "no regular expression"), ("(?P<who>.+)", "needs")):
        with pytest.raises(PatternError, match=said):
            Pattern(text)


def test_folders_that_people_call_alike_are_not_taken_for_ilias():
    paths = _split([f"{name}_group_{n}/02_pooling.ipynb" for n, name in enumerate(("A_B", "C_D"))])
    found = reader(paths, LESSONS)
    assert [found.owner(path).student for path in paths] == ["A_B_group_0", "C_D_group_1"]
    (one,) = _split(["Lovelace_Ada_al_1/02_pooling.ipynb"])
    assert reader([one], LESSONS).owner(one).student == "al"
    assert reader([one], LESSONS, by_people=True).owner(one).student == "Lovelace_Ada_al_1"


def test_a_lesson_that_the_teacher_names_holds_for_all():
    paths = _split(["ada/work.ipynb", "bob/03_mnrl.ipynb"])
    found = reader(paths, LESSONS, lesson="02_pooling")
    assert {found.owner(path).lesson for path in paths} == {"02_pooling"}


@pytest.mark.parametrize(
    ("text", "lesson"),
    [
        ("Week 2: 02 Pooling, due Friday", "02_pooling"),
        ("Lesson 3", "03_mnrl"),
        ("Homework 3", None),
        ("02 pooling or 03 mnrl", None),
        ("2026 pooling", None),
    ],
)
def test_an_assignment_s_title_names_a_lesson(text, lesson):
    assert in_title(text, LESSONS) == lesson


def test_copies_have_the_name_of_what_they_copy():
    for name in (
        "Copy of 02_pooling",
        "02_pooling (1)",
        "02_pooling - Copy",
        "Kopie von 02_pooling",
    ):
        assert at_the_end(name, LESSONS) == "02_pooling", name
    assert titled("02-Pooling-submissions", LESSONS) == "02_pooling"
    assert titled("pooling", LESSONS) is None


# Pieces that students and systems could put anywhere in a path.
_PIECES = st.sampled_from(
    [
        *(
            "alice",
            "Bob, B(bob)",
            "123-456 - Bob - Jan 5, 2026 1011 AM",
            "02-pooling-bob",
            "Version 2",
        ),
        *(
            "bob+02_pooling+2026-01-05 10:11:12 UTC",
            "Builder_Bob_bob_12",
            "bob_12_34_02_pooling.ipynb",
        ),
        *(
            "Bob_2_assignsubmission_file_",
            "02_pooling.ipynb",
            "Submission attachment(s)",
            "work.ipynb",
        ),
        *("02 Pooling", "02_pooling", "downloads", "Abgaben", "timestamp.txt", "index.html"),
        "02 Pooling_bob_attempt_2026-01-05-10-11-12_02_pooling.ipynb",
    ]
)
_NOBODY = ("02 Pooling", "02_pooling", "downloads", "Abgaben")


@settings(max_examples=400, deadline=None)
@given(st.lists(st.lists(_PIECES, min_size=1, max_size=4).map(tuple), min_size=1, max_size=4))
def test_whatever_a_path_holds_the_student_is_named_by_its_outermost_part(paths):
    try:
        found = reader(paths, LESSONS)
    except Unclear:
        return
    for path in paths:
        owner = found.owner(path)
        if owner is not None:
            # Nobody but a system or the teacher names what lies around it.
            around = list(itertools.takewhile(lambda part: part in _NOBODY, path))
            outermost = path[: len(around) + 1]
            assert any(owner.student.split("_12")[0] in part for part in outermost)
