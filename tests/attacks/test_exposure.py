"""What a student's process has learnt from hidden checks does not reach the student."""

import sys

import nbformat
import pytest

from harness.grade.assignment import Assignment
from harness.grade.grader import Grader
from harness.kernels.client import WarmParent
from harness.limits import Limits
from tests.attacks import assignment

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="forks kernels on Linux only"),
]

# The hidden input of `double` holds 4711.0 (see `assignment`).
NOTES = "def double(x):\n    notes.append(x.tolist())\n    return 2 * x"
TELL = "print(notes)\nraise ValueError(str(notes))"
LATER = "def top(scores, k):\n    raise ValueError(str(notes))"
LEAKS = {
    "a later cell prints them": {"double": f"notes = []\n{NOTES}", "top": TELL},
    "a later check's message holds them": {"double": f"notes = []\n{NOTES}", "top": LATER},
    "a later cell rebinds the function": {
        "double": f"notes = []\n{NOTES}",
        "top": f"def double(x):\n    return x\n{TELL}",
    },
    "the list is made anew later": {
        "double": f"notes = []\n{NOTES}",
        "top": f"kept = notes\nprint(kept)\nnotes = []\n{LATER}",
    },
    "a file keeps them": {
        "double": "def double(x):\n    open('notes', 'a').write(str(x.tolist()))\n    return 2 * x",
        "top": "import os\nprint(open('notes').read() if os.path.exists('notes') else '')",
    },
    "the process ends with them": {
        "double": f"notes = []\n{NOTES}",
        "top": f"import os\n{LATER}\nos._exit(len(str(notes)) % 200)",
    },
}


@pytest.fixture(scope="module")
def visible():
    """The assignment with its hidden parts in cells of their own, as lessons have them."""
    source = assignment.source()
    for index in reversed(range(len(source.cells))):
        cell = source.cells[index]
        shown, mark, hidden = cell.source.partition("### BEGIN HIDDEN TESTS")
        if mark:
            second = nbformat.from_dict(dict(cell))
            second["id"] = f"hidden-{index}"
            second.metadata = nbformat.from_dict(
                {"nbgrader": dict(cell.metadata.nbgrader) | {"points": 1}}
            )
            second.metadata.nbgrader.grade_id = f"hidden_{cell.metadata.nbgrader.grade_id}"
            cell.source, second.source = shown.rstrip(), mark + hidden
            source.cells.insert(index + 1, second)
    return source


@pytest.fixture(scope="module")
def grader(visible):
    from harness.author.nbgrader_release import clear

    what = Assignment(assignment.NAME, visible, clear(visible, {}))
    with WarmParent(preload=("numpy", "torch"), prefix=what.prefix) as warm:
        yield Grader(what, warm, limits=Limits(call_s=3, cell_s=2, notebook_s=30))


def _grade(grader, folder, answers, only=None):
    notebook = nbformat.from_dict(grader.assignment.release)
    for cell in notebook.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.source = answers.get(grade_id, cell.source)
    path = folder / "ps1.ipynb"
    nbformat.write(notebook, path)
    return grader.grade("ada", path, only)


@pytest.mark.parametrize("leak", LEAKS.values(), ids=LEAKS)
def test_hidden_inputs_reach_nothing_that_a_student_sees(grader, tmp_path, leak):
    graded = _grade(grader, tmp_path, assignment.RIGHT | leak)
    assert "4711" not in repr(graded.report)
    assert "4711" not in nbformat.writes(graded.notebook)
    points = {cell.grade_id: cell.points for cell in graded.report.cells}
    assert points["check_double"] == 2  # it was called, and so could take notes
    assert points["hidden_check_double"] == 1


def test_the_notes_would_be_seen_if_hidden_checks_ran_in_their_place(grader, tmp_path, monkeypatch):
    monkeypatch.setattr("harness.grade.plan._hidden_last", lambda s: (tuple(s), (), frozenset()))
    leak = LEAKS["a later cell prints them"]
    graded = _grade(grader, tmp_path, assignment.RIGHT | leak)
    assert "4711" in nbformat.writes(graded.notebook)


def test_one_check_alone_is_graded_as_with_all_others(grader, tmp_path):
    broken = assignment.RIGHT | {"centre": assignment.WRONG["centre"]}
    whole = {c.grade_id: c for c in _grade(grader, tmp_path, broken).report.cells}
    for grade_id in ("hidden_check_double", "check_centre", "hidden_check_top"):
        (alone,) = _grade(grader, tmp_path, broken, frozenset({grade_id})).report.cells
        assert alone == whole[grade_id]


def test_files_sent_with_the_notebook_lie_beside_it(grader, tmp_path):
    folder = tmp_path / "ada"
    folder.mkdir()
    (folder / "helper.py").write_text("def twice(x):\n    return 2 * x")
    answers = assignment.RIGHT | {"double": "from helper import twice as double"}
    _grade(grader, folder, answers)
    report = grader.grade("ada", folder).report
    assert report.score == report.max_score


def test_the_judge_never_imports_what_a_student_sent(grader, tmp_path):
    folder = tmp_path / "ada"
    folder.mkdir()
    for name in ("nbformat", "torch", "colorsys", "lib"):
        (folder / f"{name}.py").write_text("raise SystemExit")
    assert _grade(grader, folder, assignment.WRONG) is not None
    assert grader.grade("ada", folder).report.score == pytest.approx(
        _grade(grader, tmp_path, assignment.WRONG).report.score
    )


def test_what_the_lesson_s_leading_cells_show_is_in_the_graded_notebook(visible, tmp_path):
    from harness.author.nbgrader_release import clear

    source = nbformat.from_dict(visible)
    source.cells[1].source += "\nprint('versions')"
    what = Assignment(assignment.NAME, source, clear(source, {}))
    with WarmParent(preload=("numpy", "torch"), prefix=what.prefix) as warm:
        graded = _grade(Grader(what, warm), tmp_path, assignment.RIGHT)
    assert "versions" in str(graded.notebook.cells[1].outputs)
    assert graded.report.score == graded.report.max_score


def test_hidden_checks_have_time_of_their_own(tmp_path):
    what = Assignment(assignment.NAME, assignment.source(), assignment.release())
    slow = assignment.RIGHT | {
        "double": f"{assignment.RIGHT['double']}\nimport time\ntime.sleep(2)"
    }
    limits = Limits(cell_s=10, notebook_s=1.5)
    with WarmParent(preload=("numpy", "torch"), prefix=what.prefix) as warm:
        report = _grade(Grader(what, warm, limits=limits), tmp_path, slow).report
    found = {cell.grade_id: (cell.status, cell.points) for cell in report.cells}
    assert found["check_double"] == ("passed", 2.0)  # what was defined in time is still checked
    assert {found[f"check_{name}"][1] for name in ("centre", "top", "answer")} == {0.0}
