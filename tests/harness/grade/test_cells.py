from hypothesis import given
from hypothesis import strategies as st
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from harness.grade import cells

CHECK = {"grade_id": "check_a", "grade": True, "solution": False, "points": 2}
ANSWER = {"grade_id": "a", "grade": False, "solution": True}
FREE = {"grade_id": "why", "grade": True, "solution": True, "points": 3}
TASK = {"grade_id": "draw", "task": True, "points": 1}


def _code(meta):
    return new_code_cell("", metadata={"nbgrader": meta})


def test_each_kind_of_cell_is_known():
    check, answer, free, task = map(_code, (CHECK, ANSWER, FREE, TASK))
    assert [cells.is_check(c) for c in (check, answer, free, task)] == [True, False, False, False]
    assert [cells.is_answer(c) for c in (check, answer, free, task)] == [False, True, True, False]
    assert [cells.is_manual(c) for c in (check, answer, free, task)] == [False, False, True, True]
    assert [cells.points(c) for c in (check, answer, free, task)] == [2.0, 0.0, 3.0, 1.0]
    assert not cells.is_check(new_markdown_cell("", metadata={"nbgrader": CHECK}))
    assert [name for name, _ in cells.checks({"cells": [check, answer, free, task]})] == ["check_a"]


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["metadata", "cell_type", "source"]), json), json, json)
def test_whatever_a_cell_holds_its_name_is_a_text_or_none(cell, found, name):
    assert cells.grade_id(cell) is None or isinstance(cells.grade_id(cell), str)
    cell = cell | {"metadata": {"nbgrader": found}}
    assert cells.grade_id(cell) is None or isinstance(cells.grade_id(cell), str)
    named = {"metadata": {"nbgrader": {"grade_id": name}}}
    assert cells.grade_id(named) == (name if isinstance(name, str) else None)
    assert cells.metadata(NotebookNode({})) == {}
