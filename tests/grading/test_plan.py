import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from lib.course import build, paths
from lib.grading.plan import plan, prefix, student_names


def _cell(source, grade_id=None, role=None, **flags):
    meta = {}
    if grade_id:
        base = {"grade": False, "locked": False, "solution": False, "task": False}
        meta["nbgrader"] = base | {"grade_id": grade_id, "schema_version": 3} | flags
    if role:
        meta["grading"] = {"role": role}
    return new_code_cell(source, metadata=meta)


def _answer(source, grade_id):
    return _cell(source, grade_id, solution=True)


def _check(source, grade_id):
    return _cell(source, grade_id, grade=True, locked=True, points=2)


NOTEBOOK = new_notebook(
    cells=[
        _cell("import torch", "setup", locked=True),
        _cell("data = torch.ones(3)"),
        _answer("def f(x):\n    return x * scale", "f"),
        _check("assert f(1) == 2", "check_f"),
        _cell("scale = 2"),
        _cell("rows = [1]"),
        _cell("rows.append(2)"),
        _cell("long_demonstration = f(data)"),
        _answer("def g():\n    return rows", "g"),
        _check("assert g() == expected", "check_g"),
        _cell("expected = [1, 2]"),
        _check("assert g() == expected\n### BEGIN HIDDEN TESTS\n1\n### END HIDDEN TESTS", "last"),
    ]
)


def _sources(steps, process):
    return [s.source.split("\n")[0] for s in steps if getattr(s, process)]


def test_the_prefix_is_what_stands_before_the_first_answer():
    assert [c["source"] for c in prefix(NOTEBOOK)] == ["import torch", "data = torch.ones(3)"]


def test_only_what_grades_need_is_run():
    found = plan(NOTEBOOK, NOTEBOOK, prefixed=2)
    student = _sources(found.steps, "student")
    assert "long_demonstration = f(data)" not in student
    assert student == ["def f(x):", "scale = 2", "rows = [1]", "rows.append(2)", "def g():"]
    assert _sources(found.steps, "judge") == [
        "assert f(1) == 2",
        "assert g() == expected",
        "expected = [1, 2]",
        "assert g() == expected",
    ]
    assert found.skipped == {"long_demonstration"}
    assert found.student_names == {"f", "g"}


def test_the_whole_notebook_is_run_when_asked():
    found = plan(NOTEBOOK, NOTEBOOK, prefixed=2, whole=True)
    assert "long_demonstration = f(data)" in _sources(found.steps, "student")


def test_without_a_prefix_its_cells_are_steps_like_others():
    found = plan(NOTEBOOK, NOTEBOOK)
    assert _sources(found.steps, "student")[0] == "def f(x):"
    needing = new_notebook(cells=[_cell("import torch"), _answer("torch.ones(1)", "a")])
    assert _sources(plan(needing, needing).steps, "student") == ["import torch", "torch.ones(1)"]


def test_a_learner_s_cell_brings_what_it_needs():
    cells = [*NOTEBOOK.cells[:8], _cell("long_demonstration + 1", role="extra")]
    found = plan(new_notebook(cells=cells), NOTEBOOK, prefixed=2)
    assert "long_demonstration = f(data)" in _sources(found.steps, "student")


def test_checks_come_from_the_teacher_s_notebook_and_keep_their_marks():
    released = new_notebook(cells=[_answer("a = 1", "a"), _check("# hidden", "check_a")])
    source = new_notebook(
        cells=[
            _answer("a = 1", "a"),
            _check("### BEGIN HIDDEN TESTS\nassert a == 1\n### END HIDDEN TESTS", "check_a"),
        ]
    )
    step = plan(released, source).steps[-1]
    assert "assert a == 1" in step.source
    assert (step.hidden, step.points, step.student) == (True, 2.0, False)


@pytest.mark.parametrize("lesson", build.load(paths.root()), ids=lambda x: x.slug)
def test_the_lessons_grades_need_none_of_their_demonstrations(lesson):
    source, release = build.source_notebook(lesson), build.release_notebook(lesson)
    found = plan(release, source, prefixed=len(prefix(release)))
    assert {step.role for step in found.steps} == {"answer", "check"}
    exercises = set(lesson.exercises())
    assert exercises <= student_names([release])
    nbformat.validate(release)
