"""Whose file it is, and what a student may be called."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.classroom.lms.owner import Owner
from harness.classroom.lms.plain import around, claimed, owner
from harness.classroom.student_names import student_id

LESSONS = ["01_words", "02_pooling", "pooling"]


@pytest.mark.parametrize(
    ("path", "student", "lesson"),
    [
        ("ada_02_pooling.ipynb", "ada", "02_pooling"),
        ("ada_lovelace_02_pooling (1).ipynb", "ada_lovelace", "02_pooling"),
        ("ada/02_pooling.ipynb", "ada", "02_pooling"),
        ("downloads/ada/02_pooling.ipynb", "ada", "02_pooling"),
        ("downloads/ada_02_pooling.ipynb", "ada", "02_pooling"),
        ("ada/02_pooling/my_02_pooling.ipynb", "ada", "02_pooling"),
        ("ada/02_pooling/work.ipynb", "ada", "02_pooling"),
        ("submitted/ada/02_pooling/02_pooling.ipynb", "ada", "02_pooling"),
        ("02_pooling/ada.ipynb", "ada", "02_pooling"),
        (
            "Ada Lovelace_12345_assignsubmission_file_/02_pooling.ipynb",
            "Ada Lovelace",
            "02_pooling",
        ),
        ("02_pooling/Ada_12345_assignsubmission_file_/my work.ipynb", "Ada", "02_pooling"),
        ("lovelaceada_123_456_02_pooling.ipynb", "lovelaceada_123", "02_pooling"),
        ("lovelaceada_LATE_123_456_02_pooling-1.ipynb", "lovelaceada_123", "02_pooling"),
        ("Žofie/pooling.ipynb", "Žofie", "pooling"),
        ("Ada Lovelace_7_assignsubmission_file_02_pooling.ipynb", "Ada Lovelace", "02_pooling"),
        ("CS-02_pooling-9/Ada_7_assignsubmission_file_/work.ipynb", "Ada", "02_pooling"),
    ],
)
def test_the_names_that_systems_give_are_understood(path, student, lesson):
    assert owner(path.split("/"), LESSONS) == Owner(student, lesson)


@pytest.mark.parametrize(
    "path", ["work.ipynb", "02_pooling.ipynb", "ada/work.ipynb", "_pooling.ipynb"]
)
def test_what_is_unclear_is_nobodys(path):
    assert owner(path.split("/"), LESSONS) is None


@pytest.mark.parametrize(
    ("path", "student"),
    [
        ("alice/bob_02_pooling.ipynb", "alice"),
        ("alice/bob/02_pooling.ipynb", "alice"),
        ("alice/02_pooling/bob/02_pooling.ipynb", "alice"),
        ("alice/downloads/bob_02_pooling.ipynb", "alice"),
        ("alice/Bob_2_assignsubmission_file_/02_pooling.ipynb", "alice"),
        ("alice/bob_12_34_02_pooling.ipynb", "alice"),
        ("Alice_1_assignsubmission_file_/Bob_2_assignsubmission_file_/02_pooling.ipynb", "Alice"),
        ("Alice_1_assignsubmission_file_Bob_2_assignsubmission_file_02_pooling.ipynb", "Alice"),
        ("alice_1_2_bob_12_34_02_pooling.ipynb", "alice_1"),
    ],
)
def test_what_a_student_can_name_names_nobody_else(path, student):
    assert owner(path.split("/"), LESSONS) == Owner(student, "02_pooling")


def test_only_folders_that_no_student_named_lie_around_the_downloads():
    def depth(*paths):
        return around([path.split("/") for path in paths], LESSONS)

    assert depth("downloads/ada/x.ipynb", "downloads/bob/x.ipynb") == 1
    assert depth("inbox/submissions (1)/ada.ipynb") == 2
    assert depth("downloads/ada/x.ipynb", "eve/x.ipynb") == 0
    assert depth("downloads/ada/x.ipynb", "eve.ipynb") == 0
    assert depth("alice/bob/x.ipynb") == 0
    moodle = "A_1_assignsubmission_file_/x.ipynb"
    assert depth(f"c-one-1/{moodle}", f"c-two-2/{moodle}") == 1
    assert depth(f"c-one-1/{moodle}", "alice/x.ipynb") == 0
    assert depth(f"alice/{moodle}") == 0


def test_a_name_inside_a_student_s_folder_is_told():
    assert claimed(["bob_02_pooling.ipynb"], LESSONS) == "bob"
    assert claimed(["bob", "02_pooling.ipynb"], LESSONS) == "bob"
    assert claimed(["02_pooling.ipynb"], LESSONS) is None
    assert claimed(["02_pooling", "work.ipynb"], LESSONS) is None
    assert claimed(["src", "helper.ipynb"], ["02_pooling"]) is None


def test_a_single_lesson_need_not_be_named():
    assert owner(["ada", "work.ipynb"], ["02_pooling"]) == Owner("ada", "02_pooling")
    moodle = ["Ada_1_assignsubmission_file_", "work.ipynb"]
    assert owner(moodle, ["02_pooling"]) == Owner("Ada", "02_pooling")


@pytest.mark.parametrize("name", ["ada", "Ada Lovelace", "Žofie Ω", "李雷", "a.b-c_d", "o@x.org"])
def test_usual_names_stay(name):
    assert student_id(name) == name


@pytest.mark.parametrize("name", ["", "..", ".", "///", "\0", "[]", "   ", "___"])
def test_names_of_nothing_are_refused(name):
    with pytest.raises(ValueError, match="student's name"):
        student_id(name)


@given(st.text(max_size=300))
def test_an_id_is_one_part_of_a_path(name):
    try:
        safe = student_id(name)
    except ValueError:
        return
    assert safe not in (".", "..")
    assert not set(safe) & set("/\\\0\n*?[]{},")
    assert safe == safe.strip()
    assert not safe.startswith(".")
    assert len(safe.encode()) <= 120
    assert student_id(name) == safe


@pytest.mark.parametrize(
    "pair",
    [
        ("a/b", "a_b"),
        ("a/b", "a:b"),
        ("..ada", "ada"),
        ("x" * 300, "x" * 301),
        (" ada", "ada"),
        ("a  b", "a b"),
        ("=ada", "ada"),
        ("Ada", "ada"),
        ("Zoe\u0308", "Zo\u00eb"),
        ("M\udcfcller", "M\udcf6ller"),
        ("M\udcfcller", "M_ller"),
        ("M\udcfcller", "M\u00fcller"),
        ("a\u200bb", "ab"),
        ("a\x1bb", "a\x07b"),
    ],
)
def test_no_two_students_become_one(pair):
    ids = [student_id(name) for name in pair]
    assert ids[0] != ids[1]
    assert all(name.isprintable() for name in ids)


@given(st.lists(st.text("aA\u0308\u00e4_~. =\udcfc0", min_size=1, max_size=5), unique=True))
def test_an_id_tells_every_name_from_every_other(names):
    ids = []
    for name in names:
        with contextlib.suppress(ValueError):
            ids.append(student_id(name))
    assert len(set(ids)) == len(ids)


def test_nobody_can_be_called_as_another_was_renamed():
    renamed = student_id("a/b")
    assert student_id(renamed) != renamed
