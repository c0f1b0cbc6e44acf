import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.grade.python_names import names


@pytest.mark.parametrize(
    ("source", "binds", "uses", "changes"),
    [
        ("x = y + 1", {"x"}, {"y"}, set()),
        ("import torch.nn as nn\nfrom a import b", {"nn", "b"}, set(), set()),
        ("def f(a):\n    c = a\n    return c + g", {"f"}, {"g"}, set()),
        ("def f():\n    global z\n    z = 1", {"f", "z"}, {"z"}, set()),
        ("for i in rows: total += i", {"i", "total"}, {"rows", "i", "total"}, {"total"}),
        ("model.train()", set(), {"model"}, {"model"}),
        ("shuffle(rows)", set(), {"shuffle", "rows"}, {"rows"}),
        ("rows[0].name = 1", set(), {"rows"}, {"rows"}),
        ("print(rows)", set(), {"rows"}, set()),
        ("%timeit f(x)\ny = 1", {"y"}, {"get_ipython"}, {"get_ipython"}),
        ("y = [k for k in rows]", {"y"}, {"rows"}, set()),
        ("if (n := len(a)) > 1: pass", {"n"}, {"a"}, set()),
    ],
)
def test_names_of_a_cell_are_read_from_its_text(source, binds, uses, changes):
    found = names(source)
    assert (found.binds, found.uses, found.changes) == (binds, uses, changes)


def test_a_cell_that_is_no_python_uses_every_word_in_it():
    assert names("this is (not python").uses == {"this", "is", "not", "python"}


@given(st.text(max_size=300))
def test_any_text_has_names(text):
    assert isinstance(names(text).uses, frozenset)
