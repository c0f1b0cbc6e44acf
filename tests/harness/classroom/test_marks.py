"""What a student has for a lesson is said once: points of checks and persons, penalties, what waits."""

import shutil
from datetime import UTC, datetime, timedelta

import pytest

from harness.classroom import Classroom, ClassroomError
from harness.classroom.marks import CellMark, Mark, marks
from tests.harness.classroom.gradebook.tiny import LESSON, by, classroom, grade, hand_in


def _cells(*cells: CellMark) -> dict[str, CellMark]:
    return {cell.grade_id: cell for cell in cells}


def test_a_person_s_points_count_instead_of_the_check_s_and_extra_credit_on_top():
    mark = Mark(
        "ada",
        LESSON,
        "graded",
        10.0,
        _cells(
            CellMark("a", 2.0, None, 0.0, 2.0, False),
            CellMark("b", 3.0, 1.0, 0.5, 3.0, False),
            CellMark("c", None, 4.0, 0.0, 5.0, False),
        ),
        penalty=1.5,
    )
    assert (mark.automatic, mark.manual, mark.earned) == (2.0, 5.5, 7.5)
    assert mark.total == mark.final == 6.0


def test_no_penalty_makes_a_total_negative():
    mark = Mark("a", LESSON, "graded", 2.0, _cells(CellMark("a", 1, None, 0, 2, False)), penalty=9)
    assert mark.total == 0.0


@pytest.mark.parametrize("status", ["missing", "not graded", "ungradable"])
def test_who_has_no_mark_has_none_and_not_0(status):
    mark = Mark("ada", LESSON, status, 10.0, _cells(CellMark("a", 0.0, None, 0, 2, False)))
    assert mark.total is None
    assert mark.final is None


def test_what_waits_has_a_total_so_far_and_none_that_is_final():
    mark = Mark("ada", LESSON, "waiting", 7.0, _cells(CellMark("a", 2.0, None, 0, 2, True)))
    assert (mark.total, mark.final, mark.waiting) == (2.0, None, 2.0)


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """Ada has right answers and is late, Bob's is no notebook, Kim handed in and is not graded, Max nothing."""
    room = classroom(tmp_path_factory.mktemp("room"))
    hand_in(room, "ada", "2026-01-02 00:00:30 UTC", mean="mean = 'right'")
    (hand_in(room, "bob") / f"{LESSON}.ipynb").write_text("none")
    room.autograde(LESSON, session=by(grade))
    hand_in(room, "kim")
    with room.gradebook() as book:
        book.add_student("max")
        book.update_or_create_assignment(LESSON, duedate="2026-01-01 00:00:00 UTC")
    return room.folder


@pytest.fixture
def room(graded, tmp_path):
    return Classroom(shutil.copytree(graded, tmp_path / "class"))


def test_every_student_has_a_status(room):
    found = marks(room, LESSON)
    assert {name: mark.status for name, mark in found.items()} == {
        "ada": "waiting",
        "bob": "ungradable",
        "kim": "not graded",
        "max": "missing",
    }
    assert {mark.maximum for mark in found.values()} == {10.0}
    assert found["bob"].reason.startswith("No notebook.")


def test_dates_points_and_comments_are_the_gradebook_s(room):
    with room.gradebook() as book:
        for name, points in (("why", 4.0), ("draw", 1.0)):
            entry = book.find_grade(name, LESSON, LESSON, "ada")
            entry.manual_score, entry.needs_manual_grade = points, False
        book.find_grade("draw", LESSON, LESSON, "ada").extra_credit = 0.5
        book.find_comment("why", LESSON, LESSON, "ada").manual_comment = "Good."
        book.find_submission_notebook(LESSON, LESSON, "ada").late_submission_penalty = 2.0
        book.db.commit()
    ada = marks(room, LESSON)["ada"]
    assert ada.status == "graded"
    assert (ada.automatic, ada.manual, ada.earned, ada.total) == (2.0, 5.5, 7.5, 5.5)
    assert ada.comments["why"] == "Good."
    assert ada.handed_in == datetime(2026, 1, 2, 0, 0, 30, tzinfo=UTC)
    assert ada.late_seconds == 86430
    with room.gradebook() as book:
        book.grant_extension(LESSON, "ada", days=1)
        ada = marks(room, LESSON, book)["ada"]
    assert ada.late_seconds == 30
    assert ada.due == datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=1)


def test_points_of_a_person_make_a_mark_of_what_could_not_be_graded(room):
    with room.gradebook() as book:
        for one in book.find_submission(LESSON, "bob").notebooks[0].grades:
            one.manual_score, one.needs_manual_grade = 1.0, False
        book.db.commit()
    bob = marks(room, LESSON)["bob"]
    assert (bob.status, bob.final) == ("graded", 4.0)


def test_a_lesson_that_the_gradebook_does_not_know_is_told(room):
    with pytest.raises(ClassroomError, match="does not know 99: release it"):
        marks(room, "99")
