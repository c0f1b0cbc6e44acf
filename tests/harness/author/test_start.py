"""The front door: a map that is made from the lessons there are, and no assignment."""

from __future__ import annotations

import dataclasses
import json

import nbformat
import pytest

from harness.author import asked, build, catalogue, lint, loading, notebooks, proof, start
from harness.author.lesson import LessonError, lesson_files, read
from harness.grade import cells as grading
from harness.paths import root as course_root
from lib import checks
from lib.checks import call
from tests.harness import tiny

FRONT = course_root() / "lessons" / "00_start.py"
TITLE = "A tiny lesson"


@pytest.fixture
def front(root):
    """A course with the tiny lesson and the course's own front door."""
    for path in (FRONT, FRONT.with_suffix(".quiz.yaml")):
        (root / "lessons" / path.name).write_text(path.read_text())
    return root


def rewrite(root, old: str, new: str) -> None:
    path = root / "lessons" / FRONT.name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def the_map(root) -> str:
    notebook = nbformat.read(root / "notebooks" / "00_start.ipynb", as_version=4)
    (cell,) = [c for c in notebook.cells if "A map of the course" in c.source]
    return cell.source


def test_the_map_links_what_is_there_and_says_what_is_to_come(front):
    build.build(front)
    text = the_map(front)
    assert "| [90 A tiny lesson](90_tiny.ipynb) | see a check | 25 minutes |" in text
    assert "| 06 ColBERT and late interaction |" in text
    assert text.count("| to come |") == 10
    assert "1 so far, take about 25 minutes in all" in text


def test_the_map_follows_the_lessons(front):
    build.build(front)
    tiny.lay_out(front, tiny.LESSON.replace("minutes: 25", "minutes: 100"))
    notebook = front / "notebooks" / "00_start.ipynb"
    assert notebook in [drift.path for drift in build.drift(front)]
    text = tiny.LESSON.replace('lesson: "90"', 'lesson: "06"').replace("A tiny", "A late")
    (front / "lessons" / "06_late.py").write_text(text.replace("90-q", "06-q"))
    lessons = [read(path) for path in lesson_files(front)]
    shown = "".join(
        c.source for c in start.with_map(read(front / "lessons" / FRONT.name), lessons).cells
    )
    assert "| [06 A late lesson](06_late.ipynb) | What is gained when every word" in shown
    assert "2 so far, take about 2 hours in all" in shown
    assert "ColBERT" not in shown


def test_the_course_s_own_map_has_ten_lessons_and_every_one_that_is_there():
    lesson = loading.load_start(course_root())
    assert lesson is not None
    (cell,) = [c for c in lesson.cells if c.role == "map"]
    rows = [line for line in cell.source.splitlines() if line.startswith(("| [", "| 0", "| 1"))]
    assert len(rows) == 10
    there = lesson_files(course_root())
    assert [f"]({path.stem}.ipynb)" in row for path, row in zip(there, rows)] == [True] * len(there)
    assert cell.source.count("| to come |") == 10 - len(there)


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(5, "5 minutes"), (60, "1 hour"), (90, "1½ hours"), (120, "2 hours"), (550, "9 hours")],
)
def test_times_are_in_words(minutes, words):
    assert start.duration(minutes) == words


def test_it_is_no_lesson_and_nothing_in_it_is_graded(front):
    assert [path.stem for path in lesson_files(front)] == [tiny.SLUG]
    with pytest.raises(ValueError, match="there is no lesson '00'"):
        lesson_files(front, ["00"])
    assert [lesson.number for lesson in loading.load(front)] == ["90"]
    assert [lesson.number for lesson in proof.lessons(front)] == ["90"]
    assert build.write_sources(front, front / "source") == [front / "source" / "90_tiny.ipynb"]
    lesson = loading.load_start(front)
    assert lesson is not None
    for notebook in (notebooks.source_notebook(lesson), notebooks.release_notebook(lesson)):
        assert list(grading.checks(notebook)) == []
        assert not any(grading.is_manual(c) or grading.points(c) for c in notebook.cells)


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        ((), ["00", "90"]),
        (("00",), ["00"]),
        (("0",), ["00"]),
        (("00_start",), ["00"]),
        (("lessons/00_start.py",), ["00"]),
        (("90",), ["90"]),
        (("90", "00"), ["00", "90"]),
    ],
)
def test_it_is_run_with_all_or_when_asked_for(front, wanted, numbers):
    assert [lesson.number for lesson in loading.to_run(front, wanted)] == numbers


def test_a_course_without_one_has_none(root):
    assert loading.load_start(root) is None
    assert [lesson.number for lesson in loading.to_run(root)] == ["90"]
    with pytest.raises(ValueError, match="there is no lesson '00'"):
        loading.to_run(root, ["00"])
    assert "start" not in json.loads(catalogue.catalogue_text(loading.load(root)))


def test_it_runs_while_a_lesson_is_half_written(front):
    (front / "lessons" / "91_half.py").write_text("half")
    assert [lesson.number for lesson in loading.to_run(front, ["00"])] == ["00"]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (' map="lessons"', "", "the front door has one cell `map`"),
        ("    plan:", "    plans:", "the header has a `plan`"),
        ("question: ", "quest: ", "the header has a `plan`"),
        ("- **Halves", "- Halves", "has 2 hints"),
        ('# %% quiz="00-q1"\n', "", "item 00-q1 stands nowhere"),
        ('check("mean_of_two", mean_of_two)', "pass", "the check cell calls"),
        (
            "# %% [markdown] hints=",
            '# %% hidden="mean_of_two" seed=1\n\n# %% [markdown] hints=',
            "a hidden cell has no place here",
        ),
    ],
)
def test_what_it_lacks_is_refused(front, old, new, says):
    rewrite(front, old, new)
    with pytest.raises(LessonError, match=says):
        build.build(front)
    assert not (front / "notebooks" / "00_start.ipynb").exists()


def test_a_map_has_no_place_in_a_lesson(root):
    tiny.lay_out(root, tiny.LESSON.replace("# %% [markdown]\n", '# %% [markdown] map="x"\n', 1))
    with pytest.raises(LessonError, match="a map cell has no place in a lesson"):
        loading.load(root)


def test_a_header_that_is_not_yaml_is_refused_with_its_line(front):
    rewrite(front, "title: Start here", "title: {Start: here?}x")
    with pytest.raises(LessonError, match=r"00_start\.py:\d+: the header is not YAML"):
        build.build(front)


def test_less_is_asked_of_it_than_of_a_lesson():
    lesson = loading.load_start(course_root())
    assert lesson is not None
    assert asked.asked(lesson) == asked.SHORT
    as_lesson = dataclasses.replace(lesson, header=lesson.header | {"lesson": "11"})
    assert asked.asked(as_lesson) == asked.WHOLE
    said = " ".join(problem.message for problem in lint.lint(as_lesson))
    for part in ("no hidden cell", "no points", "five quiz items", "`parameters`", "to predict"):
        assert part in said


# The exercise that it is tried on, by the rules of every exercise.
TRIAL = checks.find("mean_of_two")


def functions(*sources: str):
    for source in sources:
        scope: dict = {}
        exec(source, scope)
        yield scope["mean_of_two"]


def test_the_trial_s_exercise_is_found_by_name_and_counted_nowhere():
    assert "mean_of_two" not in checks.names()
    assert "00" not in checks.lessons()
    assert checks.names("00") == ["mean_of_two"]
    assert TRIAL not in checks.every()


@pytest.mark.parametrize("hidden", [None, 1, 20_417])
def test_right_answers_to_the_trial_pass_and_its_stub_is_not_attempted(hidden):
    lesson = read(FRONT)
    begin = "def mean_of_two(a, b):\n    return "
    answers = [lesson.solution("mean_of_two")]
    answers += [begin + x for x in ("a / 2 + b / 2", "sum([a, b]) / 2", "0.5 * (a + b)")]
    for function in functions(*answers):
        assert TRIAL.verdict(call(function), hidden).passed
    notebook = notebooks.release_notebook(lesson)
    (stub,) = [c.source for c in notebook.cells if grading.grade_id(c) == "mean_of_two"]
    (function,) = functions(stub)
    assert TRIAL.verdict(call(function), hidden).status == "not attempted"


@pytest.mark.parametrize("mistake", TRIAL.mistakes, ids=lambda mistake: mistake.name)
def test_every_mistake_in_the_trial_has_its_own_name(mistake):
    verdict = TRIAL.verdict(call(mistake.wrong))
    assert (verdict.status, verdict.mistake) == ("wrong", mistake.name)
