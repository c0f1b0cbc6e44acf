import jupytext
import nbformat

from harness.grade import cells as grading
from harness.grade.scripts import script_cells
from tests.attacks import assignment


def test_a_script_that_jupytext_has_written_has_its_cells_and_names():
    released = assignment.release()
    text = jupytext.writes(released, fmt="py:percent")
    found = list(script_cells(text, 100))
    assert [c["source"] for c in found] == [c.source for c in released.cells]
    assert [grading.grade_id(c) for c in found] == [grading.grade_id(c) for c in released.cells]


def test_magics_that_were_made_comments_are_magics_again():
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("%matplotlib inline\nx = 1\n!ls")]
    )
    (cell,) = script_cells(jupytext.writes(notebook, fmt="py:percent"), 100)
    assert cell["source"] == "%matplotlib inline\nx = 1\n!ls"


def test_a_script_without_cells_is_one_and_of_many_only_the_first_are_read():
    (cell,) = script_cells("def f():\n    return 1\n\n\ndef g():\n    return 2\n", 100)
    assert "def f" in cell["source"]
    assert "def g" in cell["source"]
    found = list(script_cells("# %%\nx = 1\n" * 50, 10))
    assert len(found) == 10
    assert {c["source"] for c in found} == {"x = 1"}
