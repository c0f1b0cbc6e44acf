import json

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, writes

from harness.classroom.answers import answers
from harness.classroom.gradebook.safe_outputs import safe_markdown

HOSTILE = "a < b & &lt;c> [x](y) **bold**"


def _put(folder, text):
    place = folder / "autograded" / "ada" / "02"
    place.mkdir(parents=True, exist_ok=True)
    (place / "02.ipynb").write_text(text)
    return place / "02.ipynb"


def test_answers_are_the_student_s_own_text(tmp_path):
    meta = {"nbgrader": {"grade_id": "why", "grade": True, "solution": True}}
    code = {"nbgrader": {"grade_id": "mean", "solution": True}}
    cells = [
        new_markdown_cell(safe_markdown(HOSTILE), metadata=meta),
        new_code_cell("x = 1 < 2  # &lt;", metadata=code),
        new_code_cell("own = 1"),
        new_code_cell("check()", metadata={"nbgrader": {"grade_id": "check_mean", "grade": True}}),
    ]
    _put(tmp_path, writes(new_notebook(cells=cells)))
    assert answers(tmp_path, "02", "ada") == {"why": HOSTILE, "mean": "x = 1 < 2  # &lt;"}


def test_where_nothing_was_recorded_there_are_none(tmp_path):
    assert answers(tmp_path, "02", "ada") == {}
    for text in ("", "[]", json.dumps({"cells": 3}), "[" * 100_000):
        path = _put(tmp_path, text)
        assert answers(tmp_path, "02", "ada") == {}
    path.unlink()
    path.symlink_to("/etc/passwd")
    assert answers(tmp_path, "02", "ada") == {}
