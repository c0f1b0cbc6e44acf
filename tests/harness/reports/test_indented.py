"""The JSON is Python's own, to the byte."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.reports.indented import indented

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.just("\u2028\x7f\x00é\n"),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    max_leaves=20,
)


@settings(max_examples=300, deadline=None)
@given(PLAIN, st.booleans())
def test_it_is_what_python_writes(value, ascii_only):
    expected = json.dumps(value, indent=1, sort_keys=True, ensure_ascii=ascii_only)
    assert indented(value, ascii_only=ascii_only) == expected


@pytest.mark.parametrize("value", [{1: 2}, {"a": {None: 1}}, {"a": {1}}, b"x"])
def test_what_is_not_plain_is_refused(value):
    with pytest.raises((TypeError, ValueError)):
        indented(value)
