from nbformat.v4 import new_code_cell, new_notebook

from harness.grade.answers import asked
from harness.grade.merged import Handed, apart


def _cell(source, grade_id=None, **flags):
    meta = {"nbgrader": {"grade_id": grade_id} | flags} if grade_id else {}
    return new_code_cell(source, metadata=meta)


RELEASE = new_notebook(
    cells=[
        _cell("import torch", "setup", locked=True),
        _cell("f = None", "f", solution=True),
        _cell("check('f', f)", "check_f", grade=True, points=1),
        _cell("rows = show(f)"),
        _cell("g = None", "g", solution=True),
        _cell("check('g', g)", "check_g", grade=True, points=1),
    ]
)
WANTED = asked(RELEASE)


def _apart(*handed):
    return [(c.source, c.at) for c in apart(RELEASE, WANTED, [Handed(*one) for one in handed])]


def test_cells_with_an_answer_each_stay_as_they_are():
    given = [
        ("import torch", True, 0),
        ("f = 1", True, 1),
        ("x = f", True, None),
        ("g = 2", True, 4),
    ]
    assert _apart(*given) == [(source, at) for source, _, at in given]
    again = ("f = 1\ng = 2", True, 4)  # the one in its own cell counts, whatever is here
    assert _apart(given[1], again)[1] == (again[0], 4)


def test_a_second_answer_gets_a_cell_with_what_it_needs_of_the_rest():
    found = _apart(("two = 2\nf = two\ng = [two]", True, 1), ("g = None", True, 4))
    assert found == [("two = 2\n\nf = two", 1), ("two = 2\n\ng = [two]", None), ("g = None", 4)]


def test_one_statement_that_gives_two_answers_stays_and_is_repeated():
    assert _apart(("f, g = 1, 2", True, 1)) == [("f, g = 1, 2", 1), ("f, g = 1, 2", None)]


def test_the_lesson_s_own_statements_are_left_out_and_tell_where_the_others_stood():
    script = "import torch\nf = 1\ncheck('f', f)\nrows = show(f)\nmine = rows\n'prose'\ng = 2"
    found = _apart((script, True, None))
    assert found == [
        *[("", 0), ("f = 1", None), ("", 2), ("", 3)],
        *[("mine = rows", None), ("g = 2", None)],
    ]


def test_an_answer_in_a_check_s_cell_is_found_and_the_check_is_not_the_learner_s():
    assert _apart(("check('f', f)\ng = 2", True, 2)) == [("", 2), ("", 2), ("g = 2", None)]


def test_an_own_cell_with_one_answer_is_one_cell():
    source = "import torch\nhelper = 1\ng = helper"
    assert _apart((source, True, None)) == [(source, None)]
    assert _apart(("# g = 1", False, None)) == [("# g = 1", None)]
