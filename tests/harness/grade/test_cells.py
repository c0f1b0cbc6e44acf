import hashlib
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell
from nbgrader.utils import compute_checksum

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


def test_a_cell_s_checksum_is_nbgrader_s():
    for grade, solution, locked in itertools.product([True, False], repeat=3):
        flags = {"grade": grade, "solution": solution, "locked": locked}
        for points in (2, 0.5):
            meta = {"nbgrader": {**flags, "grade_id": "x", "points": points}}
            cell = new_code_cell("1 + 1  # é", metadata=meta, id="x")
            cell.metadata.nbgrader.checksum = compute_checksum(cell)
            assert cells.as_released(cell)
            assert not cells.as_released(cell | {"source": "1 + 2"})
            assert not cells.as_released(cell | {"id": "y"})


def test_a_cell_without_a_name_is_as_released_while_its_id_is_that_of_its_text():
    cell = new_markdown_cell("Some text.")
    assert not cells.as_released(cell)
    name = hashlib.sha256(b"Some text.").hexdigest()[:12]
    for place in (name, f"{name}-2"):
        assert cells.as_released(cell | {"id": place})
        assert not cells.as_released(cell | {"id": place, "source": "Some Text."})


@pytest.mark.parametrize(
    "found",
    [
        {"grade": True, "points": "many", "grade_id": "x", "checksum": "y"},
        {"grade_id": 3, "checksum": "y"},
        {"grade": [], "solution": {}, "grade_id": "x"},
    ],
)
def test_strange_metadata_is_not_as_released(found):
    cell = {"id": "x", "cell_type": "code", "source": "1", "metadata": {"nbgrader": found}}
    assert not cells.as_released(cell)
