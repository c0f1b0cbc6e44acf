"""Due dates, dates of one's own, and penalties that follow them at once, without grading."""

from __future__ import annotations

import csv
import shutil
from datetime import UTC, datetime

import pytest
from sqlalchemy import event
from typer.testing import CliRunner

from harness.classroom import Classroom, ClassroomError, due, hand_ins, lateness, report
from harness.classroom.gradebook.recorder import load_config
from harness.classroom.hand_ins import HandIn
from harness.classroom.late_rule import Rule
from harness.classroom.marks import marks
from harness.cli.main import app
from harness.lock import Busy, one_writer
from tests.harness.classroom.gradebook.tiny import LESSON, by, classroom, grade, hand_in

RIGHT = {"mean": "mean = 'right'", "max": "max = 'right'"}
PLUGIN = """
from nbgrader.plugins import LateSubmissionPlugin
class OneOff(LateSubmissionPlugin):
    def late_submission_penalty(self, student_id, score, seconds):
        return 1.0
"""


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """Five points each: Ada on 5 January 18:00, Bob a day and an hour later; Kim, whom Canvas marks late."""
    room = classroom(tmp_path_factory.mktemp("room"))
    hand_in(room, "ada", "2026-01-05 18:00:00 UTC", **RIGHT)
    hand_in(room, "bob", "2026-01-06 19:00:00 UTC", **RIGHT)
    hand_in(room, "kim", **RIGHT)
    hand_ins.keep(room.folder, LESSON, "kim", HandIn(("kim",), "canvas", late=True))
    room.autograde(LESSON, session=by(grade))
    return room.folder


@pytest.fixture
def room(graded, tmp_path) -> Classroom:
    return Classroom(shutil.copytree(graded, tmp_path / "class"))


def course(*arguments) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["classroom", *map(str, arguments)])
    return done.exit_code, done.output


def penalties(room: Classroom) -> dict[str, float]:
    """Of the marks; the gradebook has to say the same."""
    found = {student: mark.penalty for student, mark in marks(room, LESSON).items()}
    with room.gradebook() as book:
        rows = book.assignment_submissions(LESSON)
        assert {row.student.id: row.late_submission_penalty for row in rows} == found
    return found


def _name_plugin(room: Classroom, module: str, text: str) -> None:
    """Let nbgrader's configuration name a plugin for late penalties."""
    (room.folder / f"{module}.py").write_text(text)
    with open(room.folder / "nbgrader_config.py", "a") as config:
        config.write("\nimport sys; sys.path.insert(0, c.CourseDirectory.root)\n")
        config.write(f'c.AssignLatePenalties.plugin_class = "{module}.OneOff"\n')


def test_being_late_costs_nothing_by_default(room):
    due.set_due(room, LESSON, datetime(2026, 1, 1, tzinfo=UTC))
    assert penalties(room) == {"ada": 0.0, "bob": 0.0, "kim": 0.0}
    assert marks(room, LESSON)["ada"].late_seconds > 0


def test_penalties_follow_date_and_rule_at_once(room):
    due.set_due(room, LESSON, datetime(2026, 1, 5, 18, tzinfo=UTC))
    due.set_rule(room, None, Rule(0.1))
    assert penalties(room) == {"ada": 0.0, "bob": 1.0, "kim": 0.5}
    due.set_due(room, LESSON, datetime(2026, 1, 4, 18, tzinfo=UTC))
    assert penalties(room) == {"ada": 0.5, "bob": 1.5, "kim": 0.5}
    due.set_rule(room, LESSON, Rule(0.1, of="maximum", cutoff_days=2))
    assert penalties(room) == {"ada": 1.0, "bob": 5.0, "kim": 1.0}
    due.set_rule(room, LESSON, None)
    assert penalties(room) == {"ada": 0.5, "bob": 1.5, "kim": 0.5}
    due.set_due(room, LESSON, None)
    assert penalties(room) == {"ada": 0.0, "bob": 0.0, "kim": 0.5}


def test_a_date_of_one_s_own_outweighs_the_lesson_s_and_the_system_s_mark(room):
    due.set_rule(room, None, Rule(0.1))
    due.set_due(room, LESSON, datetime(2026, 1, 1, tzinfo=UTC))
    due.set_due(room, LESSON, datetime(2026, 1, 7, tzinfo=UTC), ["bob", "kim"])
    assert penalties(room) == {"ada": 2.5, "bob": 0.0, "kim": 0.0}
    with room.gradebook() as book:  # as nbgrader sees it
        assert book.find_submission(LESSON, "bob").total_seconds_late == 0
    due.set_due(room, LESSON, datetime(2026, 1, 2, tzinfo=UTC))
    assert penalties(room)["bob"] == 0.0
    due.set_due(room, LESSON, None, ["bob"])
    assert penalties(room) == {"ada": 2.0, "bob": 2.5, "kim": 0.0}


def test_a_penalty_is_of_the_points_as_they_are_now(room):
    due.set_due(room, LESSON, datetime(2026, 1, 5, tzinfo=UTC))
    due.set_rule(room, None, Rule(0.1))
    with room.gradebook() as book:
        book.find_grade("why", LESSON, LESSON, "ada").manual_score = 4.0
        book.db.commit()
    assert marks(room, LESSON)["ada"].penalty == pytest.approx(0.9)
    due.refresh(room, [LESSON])
    assert penalties(room)["ada"] == pytest.approx(0.9)


def _by_feedback(room):
    (page,) = room.feedback(LESSON, ["ada"])
    assert "9 points earned, and 0.9 taken off" in page.read_text()
    assert "8.1 of 10 points" in page.read_text()


def _by_report(room):
    (one,) = report(room).lessons
    assert one.late == (3, pytest.approx(sum(penalties(room).values())))


def _by_export(room):
    room.export(room.folder / "marks.csv", so_far=True)
    with open(room.folder / "marks.csv", newline="") as file:
        (row,) = (row for row in csv.DictReader(file) if row["student_id"] == "ada")
    found = (row["raw_score"], row["late_submission_penalty"], row["score"])
    assert found == ("9", "0.9", "8.1")


def _by_dates(room):
    assert "late: ada, 0.9 points off" in course("due", room.folder)[1]


@pytest.mark.parametrize("first", [_by_feedback, _by_report, _by_export, _by_dates])
@pytest.mark.parametrize("by_rule", [True, False], ids=["our rule", "nbgrader's plugin"])
def test_gradebook_feedback_report_and_export_say_the_same_after_points_in_formgrader(
    room, by_rule, first
):
    due.set_due(room, LESSON, datetime(2026, 1, 5, tzinfo=UTC))
    if by_rule:
        due.set_rule(room, None, Rule(0.1))
    else:
        _name_plugin(room, "late_share", PLUGIN.replace("1.0", "score / 10"))
        due.refresh(room, [LESSON])
    assert penalties(room)["ada"] == 0.5
    with room.gradebook() as book:  # as formgrader does: the points, and nothing else
        grade = book.find_grade("why", LESSON, LESSON, "ada")
        grade.manual_score, grade.needs_manual_grade = 4.0, False
        book.db.commit()
        assert book.find_submission(LESSON, "ada").late_submission_penalty == 0.5
    first(room)
    assert penalties(room)["ada"] == pytest.approx(0.9)
    with room.gradebook() as book:
        found = book.find_submission(LESSON, "ada")
        assert found.score - found.late_submission_penalty == pytest.approx(8.1)
    for shown in (_by_feedback, _by_report, _by_export, _by_dates):
        shown(room)


def test_while_another_process_writes_penalties_stay_as_they_are(room):
    with one_writer(room.folder):
        assert report(room).lessons[0].graded == 3
        room.export(room.folder / "marks.csv")
        with pytest.raises(Busy):
            room.feedback(LESSON)


def test_grading_writes_the_penalty_of_the_rule_and_forgets_an_old_date(room):
    due.set_due(room, LESSON, datetime(2026, 1, 5, tzinfo=UTC))
    due.set_rule(room, None, Rule(0.1))
    hand_in(room, "eve", "2026-01-05 18:00:00 UTC", **RIGHT)
    room.autograde(LESSON, session=by(grade), force=True)
    assert penalties(room) == {"ada": 0.5, "bob": 1.0, "eve": 0.5, "kim": 0.5}
    (room.folder / "submitted" / "eve" / LESSON / "timestamp.txt").unlink()
    room.autograde(LESSON, session=by(grade))
    assert penalties(room)["eve"] == 0.0


@pytest.mark.parametrize(("day", "times"), [(20, 0), (1, 1)])
def test_points_are_read_once_for_all_who_are_late_and_not_for_others(room, day, times):
    due.set_due(room, LESSON, datetime(2026, 1, day, tzinfo=UTC))
    due.set_rule(room, None, Rule(0.1))
    asked = []
    with room.gradebook() as book:
        event.listen(book.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
        lateness.assign(book, room.folder, load_config(room.folder), LESSON, ["ada", "bob"])
    assert sum(" FROM grade WHERE" in " ".join(statement.split()) for statement in asked) == times


def test_without_a_rule_of_ours_nbgrader_s_plugin_decides(room):
    _name_plugin(room, "late_plugin", PLUGIN)
    due.set_due(room, LESSON, datetime(2026, 1, 6, tzinfo=UTC))
    assert penalties(room) == {"ada": 0.0, "bob": 1.0, "kim": 1.0}
    due.set_rule(room, None, Rule())
    assert penalties(room) == {"ada": 0.0, "bob": 0.0, "kim": 0.0}


def test_releasing_again_keeps_the_date(room, tmp_path):
    moment = datetime(2026, 1, 5, tzinfo=UTC)
    due.set_due(room, LESSON, moment)
    room.release(LESSON, room.folder / "source" / LESSON / f"{LESSON}.ipynb")
    assert due.of_lessons(room, [LESSON])[0].due == moment


@pytest.mark.parametrize(
    ("handed_in", "limit", "late", "own", "expected"),
    [
        (None, datetime(2026, 1, 1), None, False, 0.0),
        (datetime(2026, 1, 1), None, None, False, 0.0),
        (datetime(2026, 1, 1, 0, 1), datetime(2026, 1, 1), None, False, 60.0),
        (datetime(2026, 1, 1), datetime(2026, 1, 2), True, False, lateness.MARKED),
        (datetime(2026, 1, 1), datetime(2026, 1, 2), True, True, 0.0),
        (datetime(2026, 1, 1), datetime(2026, 1, 2), False, False, 0.0),
    ],
)
def test_how_late_something_is(handed_in, limit, late, own, expected):
    assert lateness.seconds(handed_in, limit, HandIn((), late=late), own) == expected


def test_the_commands_set_and_show_dates_and_rules(room):
    code, said = course("due", room.folder, "pooling", "2026-01-05", "--tz", "Europe/Berlin")
    assert code == 0
    assert "zone: Europe/Berlin" in said
    assert "pooling: Mon 2026-01-05 23:59 (UTC+0100)" in said
    assert "late: bob, 0 points off" in said
    code, said = course("penalty", room.folder, "--per-day", "10%", "--most", "50%")
    assert "10% of the points earned for each day begun, at most 50%" in said
    assert "late: bob, 0.5 points off" in said
    code, said = course("due", room.folder, "pooling", "2026-01-07 12:00", "--student", "bob")
    assert "  bob: Wed 2026-01-07 12:00 (UTC+0100)" in said
    assert "late: bob" not in said
    code, said = course("due", room.folder)
    assert "  bob: Wed 2026-01-07 12:00 (UTC+0100)" in said
    code, said = course("due", room.folder, "pooling", "none", "--student", "bob")
    assert "late: bob, 0.5 points off" in said
    code, said = course("penalty", room.folder, "--none")
    assert "being late costs nothing" in said
    code, said = course("due", room.folder, "--tz", "UTC")
    assert "Mon 2026-01-05 22:59 (UTC+0000)" in said


def test_a_lesson_without_a_date_says_that_the_system_s_mark_counts(room):
    _, said = course("due", room.folder)
    assert "pooling: no date; late is what the system marks as late; being late costs" in said
    _, said = course("penalty", room.folder, "--per-day", "10%")
    assert "pooling: no date; what the system marks as late counts; 10% of the points" in said
    assert "late: kim, 0.5 points off" in said
    _, said = course("penalty", room.folder, "--none")
    assert "pooling: no date; being late costs nothing\n" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["due", "pooling", "soon"], "'soon' is no date"),
        (["due", "pooling", "2026-01-05", "--tz", "Berlin"], "no time zone 'Berlin'"),
        (["due", "pooling", "2026-01-05", "--student", "ada"], "give the lesson a date first"),
        (["due", "pooling", "none", "--student", "nobody"], "there is no student 'nobody'"),
        (["due", "77"], "77 was not released"),
        (["due", "pooling", "--student", "ada"], "give the lesson and the date, too, or none"),
        (["due", "--student", "ada", "--tz", "UTC"], "give the lesson and the date, too, or none"),
        (["penalty", "--per-day", "10"], "--per-day '10' is no share"),
        (["penalty", "--per-day", "10%", "--of", "half"], "--of 'half' is not known"),
        (["penalty", "--per-day", "10%", "--none"], "give --per-day and --cutoff, or --none"),
        (["penalty", "--cutoff", "-1"], "is no length of time"),
        (["penalty", "--grace", "5"], "--grace alone is no rule: give --per-day or --cutoff, too"),
        (["penalty", "--most", "50%"], "--most alone is no rule: give --per-day, too"),
        (["penalty", "--of", "maximum"], "--of alone is no rule: give --per-day, too"),
        (["penalty", "--cutoff", "3", "--most", "50%"], "--most alone is no rule"),
        (["penalty", "--none", "--grace", "5"], "--grace alone is no rule"),
    ],
)
def test_what_cannot_be_is_told(room, arguments, said):
    code, output = course(arguments[0], room.folder, *arguments[1:])
    assert code == 2
    assert said in output


def test_dates_of_a_lesson_that_is_not_in_the_gradebook_are_told(room):
    with pytest.raises(ClassroomError, match="does not know other: release it"):
        due.set_due(room, "other", None)
