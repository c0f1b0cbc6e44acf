import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from harness import paths
from harness.author import loading, notebooks
from harness.grade.plan import alone, asked_for, plan, prefix


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


@pytest.mark.parametrize("lesson", loading.load(paths.root()), ids=lambda x: x.slug)
def test_the_lessons_grades_need_none_of_their_demonstrations(lesson):
    source, release = notebooks.source_notebook(lesson), notebooks.release_notebook(lesson)
    found = plan(release, source, prefixed=len(prefix(release)))
    assert {step.role for step in found.steps} == {"answer", "check"}
    functions = {f for name in lesson.exercises() for f in lesson.functions(name)}
    assert functions <= frozenset().union(*asked_for(source, release).values())
    assert {step.takes for step in found.steps if step.role == "check"} == {found.student_names}
    nbformat.validate(release)


def test_a_fresh_process_gets_what_the_names_need_and_no_more():
    cells = [
        _cell("import torch\nfrom lib import data, search\ncourse = data.load()\nsize = 3"),
        _cell("helper = course", role="extra"),
        _answer("def own():\n    return torch.ones(size)", "own"),
        _cell("unused = 1", role="extra"),
        _answer("def find():\n    return own()", "find"),
        _check("find()", "check_find"),
        _answer("def own():\n    return 'later'", "later"),
    ]
    sources, size = alone(new_notebook(cells=cells), ["find"], 5)
    assert sources == ("import torch", "size = 3", cells[2].source, cells[4].source)
    assert size == len(cells[2].source) + len(cells[4].source)


def test_a_cell_of_ours_that_is_no_python_is_one_piece():
    cells = [_cell("x = (\n"), _answer("def find():\n    return x", "find")]
    assert alone(new_notebook(cells=cells), ["find"], 2)[0][-1] == cells[1].source


HIDDEN = "\n### BEGIN HIDDEN TESTS\nassert True\n### END HIDDEN TESTS"


def _order(*cells):
    found = plan(new_notebook(cells=list(cells)), new_notebook(cells=list(cells)))
    return [s.grade_id for s in found.steps], [s.grade_id for s in found.again], found.apart


def test_hidden_checks_come_after_all_that_a_student_could_still_print_from():
    first, again, apart = _order(
        _answer("def f():\n    return 1", "f"),
        _check("assert f()" + HIDDEN, "hidden_f"),
        _answer("def g():\n    return 1", "g"),
        _check("assert g()", "check_g"),
    )
    assert first == ["f", "g", "check_g", "hidden_f"]
    assert (again, apart) == ([], frozenset())


@pytest.mark.parametrize(
    "later",
    [
        "scale = 3",
        "scale += 1",
        "state.append(1)",
        "def helper():\n    return 2",
        "global f\nf = 1",
    ],
)
def test_a_hidden_check_that_would_see_another_value_later_has_a_pass_of_its_own(later):
    first, again, apart = _order(
        _answer("scale, state = 2, []\ndef helper():\n    return scale, state", "helper"),
        _answer("def f():\n    return helper()", "f"),
        _check("assert f()" + HIDDEN, "hidden_f"),
        _answer(later, "later"),
        _check("assert True", "check_later"),
    )
    assert first == ["helper", "f", "later", "check_later"]
    assert again == ["helper", "f", "hidden_f"]
    assert apart == {2}


def test_importing_a_module_again_moves_nothing():
    first, again, _ = _order(
        _answer("import numpy as np\ndef f():\n    return np.ones(1)", "f"),
        _check("assert f()" + HIDDEN, "hidden_f"),
        _answer("import numpy as np", "g"),
    )
    assert (first, again) == (["f", "g", "hidden_f"], [])


def test_a_check_that_leans_on_a_hidden_one_is_hidden_with_it():
    first, again, _ = _order(
        _answer("def f():\n    return 1", "f"),
        _check("expected = 1" + HIDDEN, "hidden_f"),
        _check("assert f() == expected", "check_f"),
    )
    assert first == ["f", "hidden_f"]
    assert again == ["f", "hidden_f", "check_f"]
    found = plan(
        *[new_notebook(cells=[_check("x = 1" + HIDDEN, "a"), _check("assert x", "b")])] * 2
    )
    assert all(step.hidden for step in found.again)


@pytest.mark.parametrize("lesson", loading.load(paths.root()), ids=lambda x: x.slug)
def test_every_hidden_check_of_a_lesson_can_come_last(lesson):
    source, release = notebooks.source_notebook(lesson), notebooks.release_notebook(lesson)
    for notebook in (source, release):
        assert plan(notebook, source, prefixed=len(prefix(release))).again == ()


def test_only_one_check_runs_no_more_than_it_needs():
    notebook = new_notebook(
        cells=[
            _answer("def base():\n    return 1", "base"),
            _answer("def f():\n    return base()", "f"),
            _check("assert f()", "check_f"),
            _answer("def g():\n    return 2", "g"),
            _check("assert g()", "check_g"),
            _cell("patched = 1\nbase.x = patched", role="extra"),
        ]
    )
    found = plan(notebook, notebook, only=frozenset({"check_f"}))
    assert [s.grade_id for s in found.steps] == ["base", "f", "check_f"]
    assert "g" in found.skipped
