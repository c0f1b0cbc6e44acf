from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from harness.author import notebooks
from harness.author.lesson import read
from harness.grade.parts import Part, parts
from tests.harness import tiny


def _cell(name, **flags):
    flags = {"grade": False, "solution": False, "locked": False, "task": False} | flags
    meta = {"nbgrader": {"grade_id": name, "schema_version": 3} | flags}
    make = new_markdown_cell if flags["task"] else new_code_cell
    return make("", metadata=meta)


def test_a_lesson_s_parts_are_its_exercises_and_questions_in_order(root):
    release = notebooks.release_notebook(read(root / "lessons" / f"{tiny.SLUG}.py"))
    found = parts(release)
    assert found[0] == Part(
        "mean_pool", ("mean_pool",), ("check_mean_pool", "hidden_mean_pool"), False, 3
    )
    assert [part.name for part in found[1:]] == [f"90-q{number}" for number in range(1, 6)]
    assert [part.manual for part in found] == [False] * 5 + [True]
    assert found[1].graded == ("grade-90-q1",)


def test_cells_of_anybody_s_notebook_are_put_together():
    cells = [
        _cell("a", solution=True),
        _cell("b", solution=True),
        _cell("check_ab", grade=True, points=2),
        _cell("alone", grade=True, points=1),
        _cell("written", grade=True, solution=True, points=4),
        _cell("draw", task=True, points=1),
        _cell("last", grade=True, points=1),
        new_code_cell("x = 1"),
        _cell("unused", solution=True),
    ]
    assert parts(new_notebook(cells=cells)) == [
        Part("b", ("a", "b"), ("check_ab", "alone"), False, 3),
        Part("written", ("written",), ("written",), True, 4),
        Part("draw", (), ("draw",), True, 1),
        Part("last", (), ("last",), False, 1),
    ]
