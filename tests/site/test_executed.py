from pathlib import Path

import nbformat
import pytest

from course_site import executed

TITLE = {"course": {"lesson": "90", "slug": "90_tiny", "title": "Tiny"}}


def notebook(*lines: str, error: bool = False):
    cells = [nbformat.v4.new_markdown_cell("# 90 Tiny")]
    cells += [nbformat.v4.new_code_cell(line) for line in lines]
    if error:
        cells[-1].outputs = [nbformat.v4.new_output("error", ename="E", evalue="", traceback=[])]
    return nbformat.v4.new_notebook(cells=cells, metadata=TITLE)


def keep(path: Path, content) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(content, path)


@pytest.fixture
def course(tmp_path):
    keep(tmp_path / "solutions/90_tiny.ipynb", notebook("x = 1"))
    return tmp_path


def test_what_was_saved_is_taken_where_there_is_no_run(course):
    (lesson,) = executed.load(course)
    assert lesson.origin == "solutions/90_tiny.ipynb"
    assert lesson.instead == "build/run/90_tiny.ipynb is not there"
    assert (lesson.number, lesson.title) == ("90", "Tiny")


def test_a_run_of_the_same_lesson_is_taken(course):
    keep(course / "build/run/90_tiny.ipynb", notebook("x = 1"))
    (lesson,) = executed.load(course)
    assert (lesson.origin, lesson.instead) == ("build/run/90_tiny.ipynb", "")


@pytest.mark.parametrize(
    ("ran", "reason"),
    [(notebook("x = 2"), "another version"), (notebook("x = 1", error=True), "ends in an error")],
)
def test_a_run_that_is_old_or_broken_is_not_taken(course, ran, reason):
    keep(course / "build/run/90_tiny.ipynb", ran)
    (lesson,) = executed.load(course)
    assert lesson.origin.startswith("solutions/")
    assert reason in lesson.instead


def test_a_name_that_no_lesson_has_is_refused(course):
    assert len(executed.load(course, ["90"])) == 1
    with pytest.raises(ValueError, match=r"no lesson is called 91; there are 90_tiny"):
        executed.load(course, ["91"])
