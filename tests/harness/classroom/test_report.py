"""The class report from the gradebook, the reports and the lesson's text, without a kernel."""

import shutil
from datetime import UTC, datetime

import pytest

from harness.classroom import Classroom, due, report
from harness.classroom.late_rule import Rule
from harness.classroom.lesson_text import ExerciseText, LessonText, QuestionText, keep_text
from harness.classroom.marks import CellMark, Mark
from harness.classroom.report import of_lesson
from harness.grade.parts import Part
from harness.grade.verdicts import CellVerdict, Report
from tests.harness.classroom.gradebook.tiny import LESSON, by, classroom, grade, hand_in
from tests.harness.classroom.test_feedback import TEXT


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    room = classroom(tmp_path_factory.mktemp("room"))
    keep_text(room.folder, LESSON, TEXT)
    hand_in(
        room, "ada", "2026-01-03 00:00:00 UTC", mean="mean = 'right'", max="max = 'right'", why="So"
    )
    hand_in(room, "bob", mean="mean = 0", max="max = 'right'", why="So")
    hand_in(room, "kim", mean="mean = 0", max="max = 0", why="So")
    (hand_in(room, "eve") / f"{LESSON}.ipynb").write_text("x")
    room.autograde(LESSON, session=by(grade))
    with room.gradebook() as book:
        book.add_student("max")
        entry = book.find_grade("why", LESSON, LESSON, "ada")
        entry.manual_score, entry.needs_manual_grade = 4.0, False
        book.db.commit()
    due.set_due(room, LESSON, datetime(2026, 1, 2, tzinfo=UTC))
    due.set_rule(room, LESSON, Rule(0.15, of="maximum"))
    return room.folder


@pytest.fixture
def room(graded, tmp_path):
    return Classroom(shutil.copytree(graded, tmp_path / "class"))


def test_marks_of_persons_and_penalties_are_counted_in(room):
    (one,) = report(room).lessons
    assert one.statuses == {"waiting": 3, "ungradable": 1, "missing": 1}
    assert (one.students, one.graded) == (5, 3)
    assert (one.mean, one.median, one.maximum) == (pytest.approx((7.5 + 3 + 0) / 3), 3.0, 10.0)
    assert one.distribution == (1, 0, 0, 1, 0, 0, 0, 1, 0, 0)
    assert one.late == (1, 1.5)
    assert one.ungradable[0][0] == "eve"
    assert one.missing == ("max",)


def test_each_part_has_its_figures_and_its_mistakes_in_words(room):
    mean, most, why, draw = report(room).lessons[0].parts
    assert (mean.title, mean.whole.full, mean.whole.count) == ("The mean (mean)", 1, 3)
    assert mean.whole.difficulty == pytest.approx(1 / 3)
    assert mean.outcomes == {"right": 1, "named mistake": 2}
    assert mean.mistakes[0][1] == 2
    assert mean.mistakes[0][0].startswith("mean is wrong")
    assert most.whole.full == 2
    assert (why.whole.count, why.whole.full, why.waiting) == (1, 1, 2)
    assert (draw.whole.count, draw.waiting) == (0, 3)


def test_how_many_handed_in_how_much(room):
    assert report(room).handed_in == (1, 4)


def _mark(name, *points):
    cells = {f"c{n}": CellMark(f"c{n}", x, None, 0.0, 1.0, False) for n, x in enumerate(points)}
    return Mark(name, "02", "graded", float(len(points)), cells)


def _one(cells, own=None, text=None, name="mean"):
    part = Part(name, (name,), tuple(cell.grade_id for cell in cells), False, 2.0)
    found = Report("ada", "02", "x", "graded", tuple(cells))
    mark = _mark("ada", *(cell.points for cell in cells))
    text = text or LessonText("", {"mean": ExerciseText("mean", mistakes={"slug": "In words."})})
    lesson = of_lesson("02", [found], {"ada": mark}, [part], text, {"ada": own or {}})
    return lesson.parts[0]


def _cell(number, status, mistake=None, hidden=False, message="m"):
    points = 1.0 if status == "passed" else 0.0
    return CellVerdict(f"c{number}", status, points, 1.0, message, mistake, "mean", hidden)


@pytest.mark.parametrize(
    ("cells", "own", "outcome", "said"),
    [
        ([_cell(0, "passed"), _cell(1, "passed", hidden=True)], {}, "right", None),
        (
            [_cell(0, "wrong", "slug"), _cell(1, "wrong", "slug", True)],
            {},
            "named mistake",
            "In words.",
        ),
        ([_cell(0, "wrong", "other")], {}, "named mistake", "m"),
        ([_cell(0, "wrong")], {}, "wrong otherwise", "wrong, no named mistake"),
        ([_cell(0, "failed")], {"mean": "def f(:"}, "syntax error", "syntax error"),
        (
            [_cell(0, "passed"), _cell(1, "failed", hidden=True)],
            {},
            "right in part",
            "wrong in hidden tests only",
        ),
        ([_cell(0, "crashed")], {}, "error", "ended in an error"),
        ([_cell(0, "not attempted")], {}, "not attempted", "not attempted"),
        ([_cell(0, "not run")], {}, "not run", "could not be run"),
    ],
)
def test_every_outcome_is_told(cells, own, outcome, said):
    part = _one(cells, own)
    assert part.outcomes == {outcome: 1}
    assert list(part.mistakes) == ([(said, 1)] if said else [])


def test_visible_and_hidden_checks_are_told_apart():
    part = _one([_cell(0, "passed"), _cell(1, "failed", hidden=True)])
    assert (part.visible.full, part.hidden.full, part.whole.full) == (1, 0, 0)
    assert part.whole.difficulty == 0.5


def test_a_wrong_answer_to_a_question_is_told_by_what_was_chosen():
    item = {"choices": {"a": {"text": "Zero."}, "b": {"text": "One."}}, "key": "b"}
    text = LessonText("", {}, {"02-q1": QuestionText("single", "How many?", item=item)})
    part = _one([_cell(0, "wrong")], {"02-q1": "q1 = 'a'"}, text, "02-q1")
    assert list(part.mistakes) == [("answered a) Zero.", 1)]


def test_discrimination_compares_a_part_with_all_the_others():
    of = [Part(f"p{n}", (), (f"c{n}",), False, 1.0) for n in range(3)]
    points = [(1, 1, 0), (1, 1, 0), (0, 0, 1), (0, 0, 1)]
    known = {f"s{n}": _mark(f"s{n}", *map(float, row)) for n, row in enumerate(points)}
    lesson = of_lesson("02", [], known, of, LessonText(), {})
    assert lesson.parts[2].whole.discrimination == pytest.approx(-1.0)
    assert lesson.parts[0].whole.discrimination is None  # the others give 1 to everybody
