"""Attacks on the score through the whole grader: wrong answers earn nothing, whatever comes along."""

import os
import signal
import sys

import nbformat
import pytest

from harness.grade.assignment import Assignment
from harness.grade.grader import Grader
from harness.kernels.client import WarmParent
from harness.kernels.student import Lost, NotStarted, StudentKernel
from harness.limits import Limits
from tests.attacks import assignment
from tests.attacks.inside import INSIDE
from tests.attacks.outside import OUTSIDE
from tests.attacks.structure import STRUCTURE, edited

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="forks kernels on Linux only"),
]


@pytest.fixture(scope="module")
def grader():
    what = Assignment(assignment.NAME, assignment.source(), assignment.release())
    with WarmParent(preload=("numpy", "torch"), prefix=what.prefix) as warm:
        yield Grader(what, warm, limits=Limits(call_s=3, cell_s=2, notebook_s=30))


@pytest.fixture
def grade(grader, tmp_path):
    def run(notebook):
        path = tmp_path / f"{assignment.NAME}.ipynb"
        nbformat.write(notebook, path)
        return grader.grade("attacker", path)

    return run


def test_right_answers_earn_all_and_wrong_ones_nothing(grade):
    right = grade(assignment.submission(assignment.RIGHT)).report
    assert (right.score, right.max_score, right.status) == (10.0, 10.0, "graded")
    wrong = grade(assignment.submission(assignment.WRONG)).report
    assert (wrong.score, wrong.max_score) == (0.0, 10.0)


@pytest.mark.parametrize("attack", INSIDE, ids=lambda a: f"{a.row} {a.name}")
def test_attacks_from_inside_gain_nothing(grade, attack):
    graded = grade(assignment.submission(assignment.WRONG | attack.answers, attack.own))
    assert graded.report.status == "graded"
    assert graded.report.score == 0.0
    assert assignment.CANARY not in nbformat.writes(graded.notebook)
    assert assignment.CANARY not in repr(graded.report)


@pytest.mark.parametrize("edit", STRUCTURE, ids=lambda e: f"{e.row} {e.name}")
def test_attacks_on_the_structure_gain_nothing(grade, edit):
    report = grade(edited(edit)).report
    assert report.status == "graded"
    assert (report.score, report.max_score) == (0.0, 10.0)


ENDS = {
    "exit": "import os\nos._exit(0)",
    "kill": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
    "segfault": "import ctypes\nctypes.string_at(1)",
    "flood": "print('x' * 5_000_000)",
    "closed": "import os\nfor fd in range(3, 200):\n    try: os.close(fd)\n    except OSError: pass",
}


@pytest.mark.parametrize("code", ENDS.values(), ids=ENDS)
def test_what_was_earned_stays_earned_when_a_cell_ends_the_process(grade, code):
    broken = assignment.RIGHT | {"centre": f"{assignment.RIGHT['centre']}\n{code}"}
    report = grade(assignment.submission(broken)).report
    points = {cell.grade_id: cell.points for cell in report.cells}
    assert points == {"check_double": 2, "check_centre": 0, "check_top": 4, "check_answer": 1}
    assert any(remark.grade_id == "centre" for remark in report.remarks)


@pytest.mark.parametrize("code", [ENDS["exit"], ENDS["segfault"]], ids=["exit", "segfault"])
def test_a_function_that_ends_the_process_costs_its_own_check(grade, code):
    body = "\n    ".join(code.split("\n"))
    broken = assignment.RIGHT | {"double": f"def double(x):\n    {body}\n    return 2 * x"}
    report = grade(assignment.submission(broken)).report
    assert report.score == 8.0
    first = report.cells[0]
    assert (first.status, first.points) == ("crashed", 0.0)
    assert "ended during the call" in first.message


def test_a_function_that_never_returns_costs_its_own_check(grade):
    broken = assignment.RIGHT | {"double": "def double(x):\n    while True: pass"}
    report = grade(assignment.submission(broken)).report
    assert report.score == 8.0
    assert "did not return within 3 s" in report.cells[0].message


def test_a_syntax_error_is_called_that_by_its_checks(grade):
    broken = assignment.RIGHT | {"centre": "def centre(x):\n    return (x"}
    report = grade(assignment.submission(broken)).report
    assert report.score == 7.0
    (cell,) = (cell for cell in report.cells if not cell.fine)
    assert cell.message == "Syntax error in the cell of centre, line 2: '(' was never closed."


def test_the_same_submission_gives_the_same_report_again(grade):
    notebook = assignment.submission(assignment.RIGHT | {"top": assignment.WRONG["top"]})
    assert repr(grade(notebook).report.cells) == repr(grade(notebook).report.cells)


OWN = "mine = 'something'"


class _WithoutDefence:
    """A parent whose kernels do what `exit()` and the like ask for."""

    def __init__(self, parent):
        self.parent = parent

    def start_kernel(self, connection, cwd, env, box, channel):
        whole = os.environ | env
        return self.parent.start_kernel(connection, cwd, whole, box, channel, whole_env=True)


@pytest.mark.parametrize("cell", [c for c in OUTSIDE if c.row == 67], ids=lambda c: c.name)
def test_what_ends_a_process_a_moment_later_ends_it_where_it_is_not_refused(grader, cell):
    make_box = grader.runner.make_box
    with StudentKernel(_WithoutDefence(grader.parent), make_box, grader.limits, None) as one:
        one.run(cell.source(), 5)
        with pytest.raises(Lost) as lost:
            one.settle(5)
    assert lost.value.ended


@pytest.mark.parametrize("cell", [c for c in OUTSIDE if c.row == 67], ids=lambda c: c.name)
@pytest.mark.parametrize("after", [2, 3, 5, 7])
def test_an_end_in_an_own_cell_costs_no_answer(grade, cell, after):
    notebook = assignment.submission(assignment.RIGHT)
    own = nbformat.v4.new_code_cell(cell.source())
    own["id"] = "own"
    notebook.cells.insert(after, own)
    assert grade(notebook).report.score == 10.0


def test_an_end_that_comes_later_in_a_repeated_run_is_not_the_next_cell_s(grade, monkeypatch):
    run, late, since = StudentKernel.run, [3, 1, 0], {}  # so many cells later, by kernel

    def ends(kernel, source, seconds):
        if kernel in since:
            since[kernel] -= 1
            if since[kernel] == 0:
                kernel.child.signal(signal.SIGKILL)
        ran = run(kernel, source, seconds)
        if source == OWN:
            since[kernel] = late.pop(0) if late else 0
            if since[kernel] == 0:
                kernel.child.signal(signal.SIGKILL)
        return ran

    monkeypatch.setattr(StudentKernel, "run", ends)
    notebook = assignment.submission(assignment.RIGHT)
    own = nbformat.v4.new_code_cell(OWN)
    own["id"] = "own"
    notebook.cells.insert(3, own)
    report = grade(notebook).report
    assert report.score == 10.0
    assert [remark.kind for remark in report.remarks] == ["lost"]
    assert late == []


def test_a_kernel_that_dies_before_it_has_run_anything_is_no_zero(grader, grade, monkeypatch):
    await_iopub, starts = StudentKernel._await_iopub, []

    def dies(kernel):
        starts.append(kernel)
        if len(starts) == 1:
            kernel.child.signal(signal.SIGKILL)
            kernel.settle(5)
        await_iopub(kernel)

    monkeypatch.setattr(StudentKernel, "_await_iopub", dies)
    with pytest.raises(NotStarted, match="SIGKILL"):
        grade(assignment.submission(assignment.RIGHT))
    assert grade(assignment.submission(assignment.RIGHT)).report.score == 10.0


def test_a_process_that_ends_once_by_itself_costs_nothing(grade, monkeypatch):
    run, ran = StudentKernel.run, []

    def ends(kernel, source, seconds):
        ran.append(source)
        if len(ran) == 2:
            kernel.child.signal(signal.SIGKILL)
        return run(kernel, source, seconds)

    monkeypatch.setattr(StudentKernel, "run", ends)
    report = grade(assignment.submission(assignment.RIGHT)).report
    assert (report.score, report.remarks) == (10.0, ())


def test_a_check_that_ends_in_nothing_is_no_pass(grader, tmp_path):
    source = assignment.source()
    ends = {"check_double": "np.float64(1.5)", "check_centre": "0", "check_top": "torch.zeros(1)"}
    for cell in source.cells:
        number = ends.get(cell.metadata.get("nbgrader", {}).get("grade_id"))
        cell.source += f"\n{number}" if number else ""
    path = tmp_path / f"{assignment.NAME}.ipynb"
    nbformat.write(assignment.submission(assignment.RIGHT), path)
    what = Assignment(assignment.NAME, source, assignment.release())
    cells = Grader(what, grader.parent, limits=grader.limits).grade("s", path).report.cells
    assert [(c.status, c.points) for c in cells] == [
        *[("passed", 1.5), ("failed", 0.0), ("failed", 0.0), ("passed", 1.0)]
    ]
