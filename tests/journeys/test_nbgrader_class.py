"""A class of four in stock nbgrader: what each of them wrote is what each of them earns.

ada    hands in the worked answers
bob    hands in what he got
cyd    hands in the worked answers with one exercise done wrong
dee    hands in the worked answers, in functions that warn, log and write to stderr

What depends on a lesson's cells is shown for every lesson; noise and `nbgrader validate`, which depend on
the course's own checks and on nbgrader, for one.
"""

from __future__ import annotations

import ast
import textwrap
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness import paths
from harness.author.lesson import Lesson, lesson_files, read
from harness.author.notebooks import source_notebook
from lib import checks
from tests.journeys.classroom import Classroom, reduced, worked_answers
from tests.lib.checks.alternatives import mistakes
from tests.tiers import some

pytestmark = pytest.mark.journey

# Mistakes that learners write, by exercise: the text of their cell and the mistake's name.
MISTAKES = {
    "mean_pool": (
        """
        def mean_pool(token_embeddings, attention_mask):
            return token_embeddings.mean(dim=1)
        """,
        "padding-counted",
    ),
}

# What a noisy function does before it answers: all the ways to write to stderr.
NOISE = """
import logging, os, sys, warnings
warnings.warn("this is slow", UserWarning)
warnings.warn("this goes away", DeprecationWarning)
print("careful", file=sys.stderr)
print("almost there")
logging.getLogger("dee").warning("look here")
os.write(2, b"from a C library")
"""

THOROUGH = "02"  # the lesson whose class also has dee, and whose notebooks are validated


@dataclass(frozen=True)
class Wrong:
    """One wrong answer: whose cell, its text, and what the course says to it."""

    exercise: str
    text: str
    message: str


def wrong_answer(lesson: Lesson) -> Wrong:
    """A mistake written above, else the first that the checks of the lesson's last exercise name."""
    for name in lesson.exercises():
        if name in MISTAKES:
            text, slug = MISTAKES[name]
            message = next(m.message for m in mistakes(name) if m.name == slug)
            return Wrong(name, textwrap.dedent(text).strip(), message)
    # A contest measures, it names no mistake that an answer could be made of.
    name = [n for n in lesson.exercises() if not isinstance(checks.find(n), checks.Contest)][-1]
    first = mistakes(name)[0]
    text = (
        f"def {name}(*given):\n"
        "    from lib import checks\n"
        f"    return checks.find({name!r}).mistakes[0].wrong(*given)\n"
    )
    if isinstance(checks.find(name), checks.BreakIt):
        text = f"def {name}():\n    return {first.wrong()!r}\n"
    return Wrong(name, text, first.message)


def noisy(source: str) -> str:
    """An answer whose function makes noise on stderr each time it is called."""
    tree = ast.parse(source)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            node.body[1:1] = ast.parse(NOISE).body  # after the docstring
    # A handler made here holds the kernel's own stderr.
    return f"import logging\nlogging.basicConfig()\n{ast.unparse(tree)}"


@dataclass(frozen=True)
class Class:
    """A class after autograding and feedback."""

    room: Classroom
    lesson: Lesson
    wrong: Wrong

    def grades(self, student: str):
        return self.room.grades(self.lesson.slug, student)


def lessons() -> list[Path]:
    return lesson_files(paths.root())


# One class a lesson, whichever process grades it: all of its tests go to that process.
CLASSES = some(
    [pytest.param(path, id=path.stem) for path in lessons()],
    keep=lambda id: id[:2] == "02",
    of=lambda param: param.id,
)
thoroughly = pytest.mark.parametrize(
    "graded", [c for c in CLASSES if c.id.startswith(THOROUGH)], indirect=True, scope="module"
)


@pytest.fixture(scope="module", params=CLASSES)
def graded(request, tmp_path_factory) -> Class:
    """The four hand in; the teacher autogrades and writes feedback."""
    lesson = read(request.param)
    source = reduced(source_notebook(lesson))
    answers, wrong = worked_answers(source), wrong_answer(lesson)
    room = Classroom(tmp_path_factory.mktemp(f"class_{lesson.number}"))
    room.release(lesson.slug, source)
    students = {"ada": answers, "cyd": answers | {wrong.exercise: wrong.text}}
    if lesson.number == THOROUGH:
        loud = {name: noisy(answers[name]) for name in lesson.exercises()}
        students["dee"] = answers | loud
    for student, texts in students.items():
        room.hand_in(lesson.slug, student, lambda name, _, texts=texts: texts[name])
    room.hand_in(lesson.slug, "bob", None)
    measured = any(isinstance(checks.find(name), checks.Contest) for name in lesson.exercises())
    # A contest trains and measures, for which docs/grading.md tells a teacher to give it time.
    longer = ["--Execute.timeout=600"] if measured else []
    room.nbgrader("autograde", lesson.slug, "--create", *longer)
    room.nbgrader("generate_feedback", lesson.slug)
    return Class(room, lesson, wrong)


def by_hand(lesson: Lesson) -> set[str]:
    return {name for name, item in lesson.quiz.items() if item["kind"] == "free"}


def test_every_graded_cell_of_the_lesson_is_in_the_gradebook(graded):
    lesson = graded.lesson
    expected = {f"check_{name}" for name in lesson.exercises()}
    expected |= {f"hidden_{name}" for name in lesson.exercises()} | by_hand(lesson)
    expected |= {f"grade-{name}" for name in lesson.quiz if name not in by_hand(lesson)}
    assert set(graded.grades("ada")) == expected


def test_worked_answers_earn_full_marks(graded):
    lost = {name: g for name, g in graded.grades("ada").items() if not (g.full or g.waits)}
    assert lost == {}


def test_the_untouched_release_earns_nothing_and_waits_for_nobody(graded):
    grades = graded.grades("bob")
    assert sum(grade.maximum for grade in grades.values()) > 0
    assert {name: g for name, g in grades.items() if g.score or g.waits} == {}


def test_one_mistake_costs_the_points_of_its_exercise_and_no_others(graded):
    name = graded.wrong.exercise
    cells = {f"check_{name}", f"hidden_{name}"}
    ada, cyd = graded.grades("ada"), graded.grades("cyd")
    assert {key for key in ada if cyd[key] != ada[key]} == cells
    assert all(cyd[key].score == 0 < cyd[key].maximum for key in cells)


@thoroughly
def test_noise_on_stderr_costs_nothing(graded):
    assert graded.grades("dee") == graded.grades("ada")


def test_free_answers_wait_for_a_person(graded):
    waiting = {name for name, grade in graded.grades("ada").items() if grade.waits}
    assert waiting == by_hand(graded.lesson) != set()


def test_feedback_names_the_mistake(graded):
    said = graded.room.feedback(graded.lesson.slug, "cyd")
    message = " ".join(graded.wrong.message.replace("`", "").split())
    assert f"{graded.wrong.exercise}: wrong" in said
    assert message in said
    assert message not in graded.room.feedback(graded.lesson.slug, "ada")


def test_everybody_reads_their_own_feedback(graded):
    name = graded.lesson.exercises()[0]
    for student, state in (("ada", "passed"), ("bob", "not attempted")):
        said = graded.room.feedback(graded.lesson.slug, student)
        assert f"{name}: {state}" in said


@thoroughly
def test_noise_stays_out_of_the_feedback_s_verdict(graded):
    said = graded.room.feedback(graded.lesson.slug, "dee")
    assert f"{graded.lesson.exercises()[0]}: passed" in said


@thoroughly
def test_validate_tells_the_release_from_a_solved_notebook(graded):
    room, slug = graded.room, graded.lesson.slug
    untouched = room.nbgrader("validate", str(room.path("submitted", slug, "bob")))
    solved = room.nbgrader("validate", str(room.path("submitted", slug, "ada")))
    assert "Success! Your notebook passes all the tests." in solved
    assert "Success!" not in untouched
    assert f'check("{graded.lesson.exercises()[0]}"' in untouched


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("path", [p for p in lessons() if p.stem[:2] == "02"], ids=lambda p: p.stem)
def test_a_whole_lesson_is_graded_by_stock_nbgrader(path, tmp_path):
    """With all its cells, the real model, and the time that docs/grading.md tells a teacher to give."""
    lesson = read(path)
    source = source_notebook(lesson)
    room = Classroom(tmp_path)
    room.release(lesson.slug, source)
    answers = worked_answers(source)
    room.hand_in(lesson.slug, "ada", lambda name, _: answers[name])
    room.nbgrader("autograde", lesson.slug, "--create", "--Execute.timeout=600")
    grades = room.grades(lesson.slug, "ada")
    lost = {name: grade for name, grade in grades.items() if not (grade.full or grade.waits)}
    assert (lost, len(grades) > 0) == ({}, True)
