import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.grade.magics import without_magics
from harness.grade.python_names import names


@pytest.mark.parametrize(
    ("source", "binds"),
    [
        ("%matplotlib inline\nimport torch", {"torch"}),
        ("!pip install x\ny = 1\n%cd z\nq = 2", {"y", "q"}),
        ("files = !ls {y}\nz = files", {"files", "z"}),
        ("a, b = %magic\nc = 1", {"a", "b", "c"}),
        ("if x:\n    !ls\n    y = 1\nelse:\n    %cd z\n    q = 2", {"y", "q"}),
        ("def f():\n    %ls\n    return g", {"f"}),
        ("s = '''\n%x\n!y\n'''\nt = 1", {"s", "t"}),
        ("x = (1\n%3)\ny = 2", {"x", "y"}),
        ("!echo \"it's\nx = 1", {"x"}),
        ("!a \\\n  b (\nx = 1", {"x"}),
        ("x?\ny = 1\n??z", {"y"}),
        ("x = 1 # why?\ny = '?'", {"x", "y"}),
        ("\n\n%%bash\nls = 1", set()),
        ('q = "a\\\n%b"\nw = f"{x % 2}"', {"q", "w"}),
    ],
)
def test_what_ipython_adds_is_taken_out_and_python_stays(source, binds):
    ast.parse(without_magics(source))
    assert names(source).binds == binds


def test_python_without_additions_stays_as_it_is():
    source = "x = 5 % 3\ny = x != 2\n\n\ndef f():\n    return '%s' % x\n"
    assert without_magics(source) == source


@pytest.mark.parametrize("first", ["%ls\n", "!ls\n", "x?\n", "y = !ls\n"])
def test_many_of_them_make_no_long_text(first):
    source = first * 5_000
    assert len(without_magics(source)) < 2 * len(source)


@given(st.text(alphabet="ab%!?='\"#\\()[]{}\n\t :f", max_size=80))
def test_any_text_comes_out_with_its_end(text):
    assert isinstance(without_magics(text), str)


@given(
    st.lists(
        st.sampled_from(["a = 1", "%ls", "!ls -l", "b = !ls", "c?", "def d():\n    return a", ""]),
        max_size=6,
    )
)
def test_names_are_those_that_ipython_s_own_transformer_leaves(lines):
    from IPython.core.inputtransformer2 import TransformerManager

    source = "\n".join(lines)
    found, theirs = names(source), names(TransformerManager().transform_cell(source))
    assert found.binds == theirs.binds
    assert found.uses - {"get_ipython"} == theirs.uses - {"get_ipython"}
