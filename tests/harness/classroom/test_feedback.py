"""A student's feedback from the gradebook, the reports and the lesson's text, without a kernel."""

import shutil
from datetime import UTC, datetime, timedelta

import pytest

from harness.classroom import Classroom, feedback
from harness.classroom.feedback import gather
from harness.classroom.lesson_text import keep_text
from harness.classroom.marks import Mark
from tests.harness.classroom.gradebook.tiny import LESSON, by, classroom, grade, hand_in

NOW = datetime(2026, 1, 2, tzinfo=UTC)
TEXT = {
    "title": "02 Pooling",
    "exercises": {
        "mean": {"title": "the mean", "card": "Average *all*.", "hints": [], "mistakes": {}},
        "max": {"title": "the maximum", "card": "Take it.", "hints": [], "mistakes": {}},
    },
    "questions": {
        "why": {"kind": "free", "prompt": "Why?", "feedback": "Since.", "rubric": ["Says since"]}
    },
}


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    room = classroom(tmp_path_factory.mktemp("room"))
    keep_text(room.folder, LESSON, TEXT)
    hand_in(
        room, "ada", "2026-01-01 00:00:00 UTC", mean="mean = 'right'", max="max = (", why="<So>"
    )
    hand_in(room, "bob", mean="mean = 0")
    (hand_in(room, "eve") / f"{LESSON}.ipynb").write_text("none")
    room.autograde(LESSON, session=by(grade))
    return room.folder


@pytest.fixture
def room(graded, tmp_path):
    return Classroom(shutil.copytree(graded, tmp_path / "class"))


def _of(room, student, **options):
    return next(one for one in gather(room, LESSON, NOW, **options) if one.student == student)


def test_sections_follow_the_lesson_with_question_and_answer(room):
    found = _of(room, "ada")
    assert found.title == "02 Pooling"
    assert [one.title for one in found.sections] == [
        "The mean (mean)",
        "The maximum (max)",
        "Question why",
        "draw",
    ]
    mean, most, why, _ = found.sections
    assert mean.question == "<p>Average <em>all</em>.</p>\n"
    assert (mean.points, mean.answers) == (2.0, ("mean = 'right'",))
    assert (most.fault.line, most.fault.reason) == (1, "'(' was never closed")
    assert (why.points, why.answers) == (None, ("<So>",))
    assert found.sums[:2] == (
        "2 of 10 points so far",
        "5 points wait for a person, who has not marked that yet.",
    )


def test_points_and_words_of_a_person_and_a_penalty_are_in_it(room):
    with room.gradebook() as book:
        for name, points in (("why", 3.5), ("draw", 1.0)):
            entry = book.find_grade(name, LESSON, LESSON, "ada")
            entry.manual_score, entry.needs_manual_grade = points, False
        book.find_comment("why", LESSON, LESSON, "ada").manual_comment = "Good."
        book.update_or_create_assignment(LESSON, duedate="2025-12-30 00:00:00 UTC")
        book.find_submission_notebook(LESSON, LESSON, "ada").late_submission_penalty = 2.0
        book.db.commit()
    found = _of(room, "ada")
    assert found.sums == (
        "4.5 of 10 points",
        "6.5 points earned, and 2 taken off because it was handed in late: 2 days after the due date.",
    )
    why = found.sections[2]
    assert (why.points, why.by_hand, why.comment) == (3.5, True, "Good.")


def test_questions_are_explained_once_the_due_date_is_over(room):
    def explained(**options):
        return {
            one.student: any(s.explanation for s in one.sections)
            for one in gather(room, LESSON, NOW, **options)
        }

    assert not any(explained().values())
    assert explained(explain=True)["ada"]
    with room.gradebook() as book:
        book.update_or_create_assignment(LESSON, duedate="2026-01-01 12:00:00 UTC")
        book.grant_extension(LESSON, "bob", days=1)
    assert explained() == {"ada": True, "bob": False, "eve": False}
    assert not any(explained(explain=False).values())


def test_what_could_not_be_graded_says_why(room):
    found = _of(room, "eve")
    assert found.sums == ("This could not be graded.",)
    assert found.trouble[1] == "Send it again."
    assert found.sections == ()


def test_without_the_lesson_s_text_the_cells_are_named(room):
    (room.folder / ".grading" / "texts" / f"{LESSON}.json").unlink()
    found = _of(room, "bob")
    assert [one.title for one in found.sections] == ["mean", "max", "why", "draw"]
    assert found.sections[0].cells[0].message.startswith("mean is wrong")


@pytest.mark.parametrize(
    ("late_s", "handed_in", "words"),
    [
        (2 * 86400.0, 2, "2 days after the due date"),
        (120_600.0, 1, "1 day and 9 hours after the due date (each day begun counts: 2)"),
        (600.0, 0, "10 minutes after the due date"),
        (86400.0, None, "which counts as one day begun"),
    ],
)
def test_a_lateness_is_told_as_it_counts_and_none_that_nobody_knows(late_s, handed_in, words):
    due = datetime(2026, 1, 20, tzinfo=UTC)
    came = None if handed_in is None else due + timedelta(seconds=late_s)
    mark = Mark("ada", "02", "graded", 10.0, late_seconds=late_s, handed_in=came, due=due)
    assert words in feedback._late(mark)
    assert ("after the due date" in feedback._late(mark)) == (handed_in is not None)
