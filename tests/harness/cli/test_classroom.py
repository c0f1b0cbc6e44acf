"""What `course classroom autograde` says when it is done, without a kernel."""

import pytest
from typer.testing import CliRunner

from harness.classroom.grading import Outcome
from harness.classroom.late_rule import Rule
from harness.cli import classroom as command
from harness.cli.console import out
from harness.cli.main import app
from tests.harness.classroom.gradebook.tiny import LESSON, by, classroom, grade, hand_in


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    room = classroom(tmp_path_factory.mktemp("room"))
    hand_in(room, "ada", mean="mean = 'right'", max="max = 'right'", why="So.")
    hand_in(room, "Łea", "2026-01-02 00:00:00 UTC", mean="mean = 'right'", why="No.")
    hand_in(room, "zoe", mean="mean = 'right'", why="Yes.")
    room.autograde(LESSON, session=by(grade))
    with room.gradebook() as book:
        for name, points in (("why", 3.5), ("draw", 1.0)):
            for student in ("ada", "Łea"):
                entry = book.find_grade(name, LESSON, LESSON, student)
                entry.manual_score, entry.needs_manual_grade = points, False
        book.update_or_create_assignment(LESSON, duedate="2026-01-01 00:00:00 UTC")
        book.db.commit()
    return room


def _rows(room, monkeypatch) -> tuple[list[list[str]], str]:
    monkeypatch.setattr(out, "width", 160)
    reports = {one.student: one for one in room.reports(LESSON)}
    with out.capture() as said:
        code = command._said(room, LESSON, Outcome(reports))
    assert code == 0
    text = said.get()
    lines = [line.split("│")[1:-1] for line in text.splitlines() if line.startswith("│")]
    return [[cell.strip() for cell in line] for line in lines], text


def test_the_table_counts_marks_by_hand_and_what_waits(room, monkeypatch):
    rows, text = _rows(room, monkeypatch)
    assert rows == [
        ["ada", LESSON, "9.5/10", "0", ""],
        ["Łea", LESSON, "6.5/10", "0", "max"],
        ["zoe", LESSON, "2/10", "5", "max"],
    ]
    assert "3 graded, 0 as before; 1 waits for a person" in text


def test_feedback_for_whom_there_is_none_is_refused(room):
    command = ["classroom", "feedback", str(room.folder), "--student", "zoe", "--student", "nobody"]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 2
    assert "nothing of nobody was graded here" in done.output
    assert (room.folder / "feedback" / "zoe" / LESSON / f"{LESSON}.html").is_file()


def test_the_table_counts_what_being_late_costs(room, monkeypatch):
    from harness.classroom import due

    due.set_rule(room, None, Rule(0.1, 1.0, "maximum", 0.0, None))
    rows, _ = _rows(room, monkeypatch)
    assert rows[1][2:] == ["5.5/10", "0", "max; 1 off for being late"]
