"""Whose file it is, and what a student may be called."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.classroom.student_names import Owner, owner, student_id

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
    ],
)
def test_the_names_that_systems_give_are_understood(path, student, lesson):
    assert owner(path.split("/"), LESSONS) == Owner(student, lesson)


@pytest.mark.parametrize(
    "path", ["work.ipynb", "02_pooling.ipynb", "ada/work.ipynb", "_pooling.ipynb"]
)
def test_what_is_unclear_is_nobodys(path):
    assert owner(path.split("/"), LESSONS) is None


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
    "pair", [("a/b", "a_b"), ("a/b", "a:b"), ("..ada", "ada"), ("x" * 300, "x" * 301)]
)
def test_no_two_students_become_one(pair):
    assert student_id(pair[0]) != student_id(pair[1])


def test_the_two_ways_to_write_an_accent_are_one_name():
    assert student_id("Zoe\u0308") == student_id("Zo\u00eb")
