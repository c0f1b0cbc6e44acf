from datetime import UTC, datetime, timedelta

import pytest
import yaml

from harness.classroom.explaining import explanation, is_over
from harness.classroom.lesson_text import LessonText
from harness.classroom.marks import Mark
from tests.harness import tiny

QUESTIONS = LessonText.from_plain(
    {
        "title": "",
        "exercises": {},
        "questions": {item["id"]: item for item in yaml.safe_load(tiny.QUIZ)},
    }
).questions
NOW = datetime(2026, 1, 2, tzinfo=UTC)


def _said(name, answer, right=False):
    return "\n".join(explanation(name, QUESTIONS[name], answer, right))


@pytest.mark.parametrize(
    ("name", "answer", "words"),
    [
        ("90-q1", 'q1 = "c"\nquiz("90-q1", q1)', ["c) That is their sum.", "**b)** one Yes, what"]),
        ("90-q2", "q2 = ['a', 'b']", ["b) A word is none.", "**a)** one", "**c)** two"]),
        ("90-q3", "q3 = None\nq3 = 2", ["That is the double of it.", "Right is** 0.5"]),
        ("90-q3", "q3 = -7.5", ["Halve it once more.", "Right is** 0.5", "Right, exactly so."]),
        ("90-q4", "q4 = 'abc'", ["Begin with the smallest.", "The right order is** c, a, b."]),
    ],
)
def test_a_wrong_answer_gets_what_was_written_for_it_and_what_is_right(name, answer, words):
    said = _said(name, answer)
    assert all(one in said for one in words), said


def test_a_right_answer_gets_its_own_words_alone():
    assert _said("90-q1", 'q1 = "b"', True) == "b) Yes, whatever their number."


def test_a_written_answer_gets_the_good_one_and_never_the_rubric():
    said = _said("90-q5", "Because.")
    assert "all summands are equal" in said
    assert "Names the summands" not in said


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "q1 = None",
        "q1 = f()",
        "q1 = 'z'",
        "q1 = (",
        "x = 'a'",
        "q1 = " + "(" * 1990,
        "q1 = " + "[" * 5000,
        "q1 = '" + "a" * 1900 + "'",
        "q1 = 10**9",
    ],
)
def test_what_cannot_be_read_gets_what_is_right(answer):
    assert _said("90-q1", answer).startswith("**Right is:**")


def test_a_student_s_time_is_over_after_the_due_date_and_never_without_one():
    mark = Mark("ada", "02", "graded", 1.0, due=NOW)
    assert not is_over(mark, NOW)
    assert is_over(mark, NOW + timedelta(seconds=1))
    assert not is_over(Mark("ada", "02", "graded", 1.0), NOW)
