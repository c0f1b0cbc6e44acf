"""What a check reads is ours, the reference is out of reach, and a hidden check tells nothing."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from harness import paths, sandbox
from harness.grade import plan
from harness.grade.assignment import Assignment
from harness.grade.grader import Grader
from harness.grade.session import NoIsolation, Session, choose_level
from harness.kernels.client import WarmParent
from harness.limits import Limits
from harness.sandbox import Level
from lib import checks, pooling
from tests.attacks import reach
from tests.attacks.reach import LIBRARY, NAMES, REFERENCE, TELLING

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="forks kernels on Linux only"),
]
LIMITS = Limits(call_s=5, cell_s=10, notebook_s=60)
ASSIGNMENT = Assignment(reach.NAME, reach.source(), reach.clear(reach.source(), {}))
NAME = "answers={0.row} {0.name}".format


@pytest.fixture(scope="module", params=[Level.NAMESPACES, Level.LANDLOCK, Level.USER])
def boxed(request):
    if reason := sandbox.why(request.param):
        pytest.skip(reason)
    if request.param is Level.USER and sandbox.open_to_all(paths.reference()):
        pytest.skip("the answers of this copy of the course are open to all users")
    with Session(ASSIGNMENT, request.param, LIMITS).open() as opened:
        yield opened.grader()


@pytest.fixture(scope="module")
def parent():
    with WarmParent(prefix=ASSIGNMENT.prefix, exercises=ASSIGNMENT.exercises) as warm:
        yield warm


@pytest.fixture(scope="module")
def grader(parent):
    return Grader(ASSIGNMENT, parent, limits=LIMITS)


def _grade(grader, folder, attack=None, **answers):
    given = reach.WRONG | (attack.answers if attack else {}) | answers
    own, edits = (attack.own, attack.edits) if attack else ("", {})
    path = folder / f"{reach.NAME}.ipynb"
    nbformat.write(reach.submission(given, own, edits), path)
    report = grader.grade("attacker", path).report
    assert report.status == "graded"
    return report


def test_right_answers_earn_all_and_wrong_ones_nothing(boxed, tmp_path):
    assert _grade(boxed, tmp_path, **reach.RIGHT).score == reach.POINTS
    assert _grade(boxed, tmp_path).score == 0


@pytest.mark.parametrize("attack", NAMES, ids=NAME)
def test_names_that_a_check_reads_are_ours(grader, tmp_path, attack):
    report = _grade(grader, tmp_path, attack)
    assert report.score == 0
    assert ("edited" in {r.kind for r in report.remarks}) == bool(attack.edits)


@pytest.mark.parametrize("attack", NAMES[:2] + NAMES[3:5], ids=NAME)
def test_they_would_not_be_if_an_answer_said_what_is_taken(grader, tmp_path, attack, monkeypatch):
    every = frozenset({"norm", "mean_pool", "abs", "len", "sorted", "close", "expected"})
    monkeypatch.setattr(plan, "asked_for", lambda *notebooks: {"norm": every})
    assert _grade(grader, tmp_path, attack).score > 0


def test_who_edits_a_cell_of_the_lesson_loses_nothing(grader, tmp_path):
    edits = {
        0: "import torch\nimport math\nfrom lib.learn import check, solution\nprint('hello')",
        1: f"{reach.LESSON_CELL}\ndef square(v):\n    return v * v\nexpected = 6.0",
    }
    answer = "def norm(x):\n    return math.sqrt(sum(map(square, x)))"
    attack = reach.Reach("honest", 50, "", reach.RIGHT | {"norm": answer}, edits=edits)
    report = _grade(grader, tmp_path, attack)
    assert report.score == reach.POINTS
    assert [r.kind for r in report.remarks] == ["edited", "edited"]
    broken = reach.Reach("honest", 50, "", reach.RIGHT, edits={1: "1 / 0 ("})
    assert _grade(grader, tmp_path, broken).score == reach.POINTS


def test_a_helper_of_one_s_own_with_a_builtin_s_name_costs_nothing(grader, tmp_path):
    own = "def abs(v):\n    return v if v > 0 else -v\ndef norm(x):\n    return sum(abs(v) ** 2 for v in x) ** 0.5"
    assert _grade(grader, tmp_path, **reach.RIGHT | {"norm": own}).score == reach.POINTS


@pytest.mark.parametrize("attack", REFERENCE, ids=NAME)
def test_the_reference_is_out_of_reach(boxed, tmp_path, attack):
    assert _grade(boxed, tmp_path, attack).score == 0


@pytest.mark.parametrize("attack", REFERENCE, ids=NAME)
def test_it_would_be_within_reach_of_a_process_that_has_it(tmp_path, attack):
    """Where kernels have the checks' modules, as they had, and no sandbox keeps them from the files."""
    look = {"source": "import lib.checks.lesson_02.mean_pool", "grade_id": "look"}
    with WarmParent(prefix=[*ASSIGNMENT.prefix[:1], look, *ASSIGNMENT.prefix[1:]]) as warm:
        report = _grade(
            Grader(ASSIGNMENT, warm, limits=LIMITS, library_answers="allow"), tmp_path, attack
        )
    assert report.score == 3


@pytest.mark.parametrize("attack", LIBRARY, ids=NAME)
def test_the_library_s_function_is_told_and_earns_nothing(grader, tmp_path, attack):
    report = _grade(grader, tmp_path, attack)
    assert report.score == 0
    (remark,) = [r for r in report.remarks if r.kind == "library"]
    assert "lib.pooling.mean_pool" in remark.text
    assert all("library" in c.message or "lib." in c.message for c in report.cells[-2:])


@pytest.mark.parametrize("attack", LIBRARY[:1] + LIBRARY[6:7], ids=NAME)
def test_it_earns_its_points_where_the_teacher_allows_it(parent, tmp_path, attack):
    allowing = Grader(ASSIGNMENT, parent, limits=LIMITS, library_answers="allow")
    report = _grade(allowing, tmp_path, attack)
    assert report.score == 3
    assert "library" in {r.kind for r in report.remarks}
    assert "the teacher allows that" in report.cells[-1].message


HONEST = {
    "a helper of the library for a part": """from lib.pooling import cls_pool
def mean_pool(t, m):
    assert cls_pool(t, m).shape == t[:, 0].shape
    w = m[:, :, None].to(t.dtype)
    return (t * w).sum(1) / w.sum(1).clamp(min=1)""",
    "the library's function beside one's own": "from lib.pooling import mean_pool\n"
    + reach.RIGHT["mean_pool"],
    "the worked answer looked at": reach.RIGHT["mean_pool"]
    + "\nsolution('mean_pool')\ncheck('mean_pool', mean_pool)",
}


@pytest.mark.parametrize("answer", HONEST.values(), ids=HONEST)
def test_work_of_one_s_own_that_uses_the_library_earns_its_points(boxed, tmp_path, answer):
    report = _grade(boxed, tmp_path, **reach.RIGHT | {"mean_pool": answer})
    assert report.score == reach.POINTS
    assert report.remarks == ()


def test_what_solution_returns_is_no_answer(grader, tmp_path):
    text = "text = solution('mean_pool')\nexec(str(text))\n" + reach.RIGHT["mean_pool"]
    report = _grade(grader, tmp_path, mean_pool=text)
    assert report.score == 0
    assert "what `solution` returns" in report.remarks[-1].text


def _calls():
    """How often the visible check calls a right function."""
    told = []

    def mean_pool(t, m):
        told.append(1)
        return pooling.mean_pool(t, m)

    assert checks.find("mean_pool").verdict(checks.call(mean_pool)).passed
    return len(told)


def _telling(how, bit):
    """Right in the visible check, and afterwards whatever the function chooses for what it is given."""
    return f"""calls = 0
def honest(t, m):
{reach.RIGHT["mean_pool"].partition(chr(10))[2].replace("token_embeddings", "t").replace("attention_mask", "m")}
def mean_pool(t, m):
    global calls
    calls += 1
    if calls <= {_calls()}:
        return honest(t, m)
    {TELLING[how].format(bit)}"""


def _said(parent, folder, how):
    grader = Grader(ASSIGNMENT, parent, limits=LIMITS)
    reports = [_grade(grader, folder, mean_pool=_telling(how, bit)) for bit in range(4)]
    return {repr(report.cells[-1]) for report in reports}, {r.cells[-2].status for r in reports}


@pytest.fixture(scope="module")
def telling_parent():
    off = "import harness.judge.examiner\nharness.judge.examiner._silent = lambda verdict: verdict"
    prefix = [*ASSIGNMENT.prefix, {"source": off, "grade_id": "off"}]
    with WarmParent(prefix=prefix, exercises=ASSIGNMENT.exercises) as warm:
        yield warm


@pytest.mark.parametrize("how", TELLING)
def test_a_hidden_check_says_nothing_that_the_function_chose(parent, telling_parent, tmp_path, how):
    said, visible = _said(parent, tmp_path, how)
    assert visible == {"passed"}
    assert len(said) == 1
    if how not in SILENT_BEFORE:
        assert len(_said(telling_parent, tmp_path, how)[0]) > 1


SILENT_BEFORE = ("an exception's own name", "an exception's text")


def test_a_hidden_check_repeats_what_the_visible_one_said(grader, tmp_path):
    visible, hidden = _grade(grader, tmp_path, mean_pool=PADDING).cells[-2:]
    assert (visible.status, visible.mistake) == ("wrong", "padding-counted")
    assert (hidden.message, hidden.mistake) == (visible.message, visible.mistake)
    path = tmp_path / f"{reach.NAME}.ipynb"
    (alone,) = grader.grade("attacker", path, frozenset({"hidden_mean_pool"})).report.cells
    assert alone == hidden


PADDING = "def mean_pool(t, m):\n    return t.mean(dim=1)"


def test_the_container_s_recipe_closes_the_answers(tmp_path, monkeypatch):
    course = tmp_path / "course"
    for name in ("lessons", "solutions", "lib/checks/lesson_02", "lib/learn", "harness", ".git"):
        (course / name).mkdir(parents=True)
        (course / name / "file").write_text("x")
    for folder in (*tmp_path.parents, tmp_path, course):
        if folder.stat().st_uid == os.getuid() and folder.is_relative_to("/tmp/pytest-of-root"):
            folder.chmod(0o755)
    kept = [str(course / n) for n in ("lessons", "solutions", "lib/checks/lesson_02", ".git")]
    reachable = [str(tmp_path)] == sandbox.open_to_all([str(tmp_path)])
    if reachable:
        assert sandbox.open_to_all(kept) == kept
        monkeypatch.setattr(sandbox, "why", lambda level: "")
        monkeypatch.setattr(paths, "reference", lambda: tuple(kept))
        with pytest.raises(NoIsolation, match="chmod -R go-rwx"):
            choose_level("user")
    script = Path(__file__).parents[2] / "docs" / "gradescope" / "close_answers.sh"
    subprocess.run(["sh", str(script), str(course)], check=True)
    assert sandbox.open_to_all(kept) == []
    if reachable:
        assert choose_level("user") is Level.USER
        code = [str(course / "lib/learn/file"), str(course / "harness/file")]
        assert sandbox.open_to_all(code) == code
