"""The table of scores has nbgrader's columns, and names in it stay names."""

import csv
import io
from types import SimpleNamespace

from nbgrader.api import MissingEntry

from harness.classroom.gradebook.scores import COLUMNS, scores_csv


def _book(*students):
    def find(lesson, student):
        if student == "absent":
            raise MissingEntry("none")
        return SimpleNamespace(timestamp="2026-01-02", score=5.0, late_submission_penalty=7.0)

    lesson = SimpleNamespace(name="02", duedate=None, max_score=10.0)
    people = [
        SimpleNamespace(id=name, last_name="=1+1", first_name="-2", email=None) for name in students
    ]
    return SimpleNamespace(assignments=[lesson], students=people, find_submission=find)


def test_names_shift_no_columns_and_are_no_formulas():
    rows = list(csv.DictReader(io.StringIO(scores_csv(_book("a,b\n\x1b[31mc", "absent")))))
    assert tuple(rows[0]) == COLUMNS
    assert [row["student_id"] for row in rows] == ["a,b c", "absent"]
    assert rows[0]["last_name"] == "'=1+1"
    assert rows[0]["first_name"] == "-2"
    assert [row["score"] for row in rows] == ["0.0", "0.0"]
    assert [row["raw_score"] for row in rows] == ["5.0", "0.0"]
    assert [row["timestamp"] for row in rows] == ["2026-01-02", ""]


def test_only_the_lessons_asked_for_are_in_it():
    assert scores_csv(_book("ada"), ["03"]).count("\n") == 1
