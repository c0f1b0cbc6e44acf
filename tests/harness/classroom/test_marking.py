"""Points and words by hand, in the little classroom: "why" is a written answer of 4 points, "draw" a task of 1."""

import shutil
from datetime import datetime

import pytest

from harness.classroom import Classroom, due
from harness.classroom.late_rule import Rule
from harness.classroom.marking import Given, MarkError, give, question, read_points, written
from harness.classroom.marks import marks
from harness.lock import Busy, one_writer
from tests.harness.classroom.gradebook.tiny import LESSON, by, classroom, grade, hand_in


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    room = classroom(tmp_path_factory.mktemp("room"))
    for student, why in (("ada", "Since."), ("bob", "So."), ("cid", "<b>Thus.")):
        hand_in(room, student, why=why)
    hand_in(room, "dee")
    room.autograde(LESSON, session=by(grade))
    return room.folder


@pytest.fixture
def room(graded, tmp_path):
    return Classroom(shutil.copytree(graded, tmp_path / "class"))


def _who(room, **options):
    return [(one.item, one.student) for one in written(room, LESSON, **options)]


def test_one_question_comes_after_the_other_with_the_answers_that_wait(room):
    everybody = ["ada", "bob", "cid", "dee"]
    assert _who(room) == [
        *(("why", name) for name in everybody[:3]),
        *(("draw", name) for name in everybody),
    ]
    first = written(room, LESSON)[0]
    assert (first.answer, first.maximum, first.points, first.comment) == ("Since.", 4.0, None, "")
    assert written(room, LESSON)[2].answer == "<b>Thus."
    assert len(_who(room, every=True)) == 8  # dee left "why" empty


def test_a_seed_shuffles_the_same_way_each_time_and_codes_name_nobody(room):
    found = written(room, LESSON, seed=3)
    assert found == written(room, LESSON, seed=3)
    orders = {
        tuple(name for item, name in _who(room, seed=seed) if item == "draw") for seed in range(8)
    }
    assert len(orders) > 3
    codes = {one.student: one.code for one in found}
    assert len(set(codes.values())) == len(codes)
    assert all(name not in code for name, code in codes.items())
    assert {one.student: one.code for one in written(room, LESSON)} == codes


def test_points_and_comments_are_in_the_gradebook_at_once_and_outlast_a_new_grading(room):
    assert give(room, LESSON, [Given("ada", "why", 3.5, "Good."), Given("ada", "draw", 1, "")]) == 2
    assert ("why", "ada") not in _who(room)
    ada = marks(room, LESSON)["ada"]
    assert (ada.status, ada.manual, ada.comments["why"]) == ("graded", 4.5, "Good.")
    room.autograde(LESSON, session=by(grade), force=True)
    ada = marks(room, LESSON)["ada"]
    assert (ada.status, ada.manual, ada.comments["why"]) == ("graded", 4.5, "Good.")
    assert ("why", "ada") not in _who(room)


def test_what_being_late_costs_follows_the_points(room):
    due.set_rule(room, None, Rule(share=0.5))
    with room.gradebook() as book:
        book.update_or_create_assignment(LESSON, duedate="2026-01-01 00:00:00 UTC")
        book.find_submission(LESSON, "ada").timestamp = datetime(2026, 1, 1, 12)
        book.db.commit()
    give(room, LESSON, [Given("ada", "why", 4.0, "")])
    assert marks(room, LESSON)["ada"].total == 2.0
    with room.gradebook() as book:
        assert book.find_submission(LESSON, "ada").late_submission_penalty == 2.0


def test_an_answer_that_has_changed_waits_again_with_its_points(room):
    give(room, LESSON, [Given("ada", "why", 3.5, "Good.")])
    hand_in(room, "ada", why="Something else.")
    room.autograde(LESSON, session=by(grade))
    one = written(room, LESSON)[0]
    assert (one.student, one.answer, one.points, one.waits) == ("ada", "Something else.", 3.5, True)


def test_points_given_in_formgrader_count_alike(room):
    with room.gradebook() as book:
        entry = book.find_grade("why", LESSON, LESSON, "bob")
        entry.manual_score, entry.needs_manual_grade = 2.0, False
        book.db.commit()
    assert ("why", "bob") not in _who(room)
    found = {
        one.student: one.points for one in written(room, LESSON, every=True) if one.item == "why"
    }
    assert found == {"ada": None, "bob": 2.0, "cid": None, "dee": None}


def test_of_several_all_are_given_or_none(room):
    with pytest.raises(MarkError, match="autograde the lesson first"):
        give(room, LESSON, [Given("ada", "why", 1.0, ""), Given("nobody", "why", 1.0, "")])
    assert marks(room, LESSON)["ada"].manual == 0
    with one_writer(room.folder), pytest.raises(Busy):
        give(room, LESSON, [Given("ada", "why", 1.0, "")])


@pytest.mark.parametrize(
    ("text", "points"), [("0", 0.0), (" 2 ", 2.0), ("1.5", 1.5), ("1,5", 1.5), ("2.0", 2.0)]
)
def test_points_are_from_0_to_the_maximum_in_halves(text, points):
    assert read_points(text, 2.0) == points


@pytest.mark.parametrize(
    "text", ["", "3", "-1", "0.7", "two", "nan", "inf", "1e400", "1,5,5", "x" * 99]
)
def test_anything_else_is_refused_with_what_is_expected(text):
    with pytest.raises(MarkError, match="give 0 to 2, in halves"):
        read_points(text, 2.0)


def test_a_lesson_that_the_course_does_not_know_asks_by_its_own_cell(room):
    assert question(room, LESSON, "draw").prompt == "Draw."
