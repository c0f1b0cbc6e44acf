from nbformat.v4 import new_code_cell, new_notebook

from harness.grade import lesson_cells


def _graded(source, **flags):
    base = {"grade": False, "locked": True, "solution": False, "task": False, "grade_id": "a"}
    return new_code_cell(source, metadata={"nbgrader": base | flags})


OURS = new_code_cell("import torch\ndata = [1, 2]\nprint(data)")
RELEASE = new_notebook(cells=[OURS, new_code_cell("size = 3"), _graded("f = 1", solution=True)])


def _added(text, ours=OURS):
    return lesson_cells.added(ours, text, lesson_cells.given(RELEASE))


def test_an_edit_is_seen_in_locked_cells_and_others_and_blanks_are_none():
    assert lesson_cells.edited(OURS, "import torch")
    assert not lesson_cells.edited(OURS, "import torch  \ndata = [1, 2]\nprint(data)\n")
    assert not lesson_cells.edited(OURS, "  ")
    assert lesson_cells.edited(_graded("x = 1"), "x = 2")
    assert not lesson_cells.edited(_graded("x = 1", solution=True), "x = 2")


def test_new_names_are_the_learner_s_and_the_lesson_s_stay_as_they_were():
    edit = "import torch\nimport math\ndata = []\ndef twice(x):\n    return 2 * x\ndata.clear()\nsize, more = 1, 2"
    assert _added(edit) == "import math\ndef twice(x):\n    return 2 * x"
    assert _added("import torch\n%pip install faiss\n!ls") == ""
    assert _added("def broken(:\n    pass") == ""


def test_a_check_has_nothing_of_the_learner_s():
    assert _added("import math", _graded("assert f", grade=True)) == ""
