"""What the grader says of cells that no check could judge, without a kernel."""

import nbformat
import pytest

from harness.grade.assignment import Assignment
from harness.grade.grader import NOTHING_WRITTEN, Grader
from harness.grade.passes import State
from harness.grade.verdicts import CellVerdict
from tests.harness.classroom.gradebook import tiny

NAMES = {"check_mean": "mean", "check_max": "max"}


@pytest.fixture
def graded(monkeypatch, tmp_path):
    """A report on some answers, where the checks have given these verdicts."""
    teacher = tiny.source()
    release = nbformat.from_dict(teacher)
    for cell in release.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.source = f"{name} = ..." if name in NAMES.values() else cell.source
    grader = Grader(Assignment(tiny.LESSON, teacher, release), None)

    def run(answers, **verdicts):
        found = {
            name: CellVerdict(name, *verdicts.get(name, ("failed", 0.0)), 1.0, "It is not there.")
            for name in NAMES
        }
        monkeypatch.setattr(grader, "_execute", lambda *_: State(borrowed={}, verdicts=found))
        notebook = nbformat.from_dict(release)
        for cell in notebook.cells:
            name = cell.metadata.get("nbgrader", {}).get("grade_id")
            cell.source = answers.get(name, cell.source)
        path = tmp_path / f"{tiny.LESSON}.ipynb"
        nbformat.write(notebook, path)
        return {cell.grade_id: cell for cell in grader.grade("ada", path).report.cells}

    return run


def test_a_check_says_that_its_answer_is_a_syntax_error_and_in_which_line(graded):
    found = graded({"mean": "\ndef mean(x):\n    return (x", "max": "max = 1"})
    mean = found["check_mean"]
    assert (mean.status, mean.points, mean.exercise) == ("syntax error", 0.0, "mean")
    assert mean.message == "Syntax error in the cell of mean, line 3: '(' was never closed."
    assert mean.briefly == "syntax error in the cell of mean, line 3"
    other = found["check_max"]
    assert (other.status, other.message, other.briefly) == ("failed", "It is not there.", "max")


@pytest.mark.parametrize("verdict", [("passed", 1.0), ("wrong", 0.0), ("crashed", 0.0)])
def test_what_a_check_has_judged_stays_as_it_said(graded, verdict):
    found = graded({"mean": "mean = ("}, check_mean=verdict)["check_mean"]
    assert (found.status, found.points) == verdict


@pytest.mark.parametrize("text", ["Why?", " Why?\n", "", " \n"])
def test_a_written_answer_that_is_empty_earns_nothing_and_waits_for_nobody(graded, text):
    why = graded({"why": text})["why"]
    assert (why.status, why.points, why.message) == ("empty", 0.0, NOTHING_WRITTEN)


def test_a_written_answer_and_a_task_wait_for_a_person(graded):
    found = graded({"why": "Since."})
    assert [(found[name].status, found[name].points) for name in ("why", "draw")] == [
        ("manual", None),
        ("manual", None),
    ]
