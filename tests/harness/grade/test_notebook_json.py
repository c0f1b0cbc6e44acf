import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.grade import notebook_json
from harness.grade.notebook_json import NoNotebook, lean

_PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["outputs", "attachments", "source", 'a"b', "\\", "{[", "x"]), inner
        )
    ),
    max_leaves=20,
)


def _cut(value):
    """What `lean` is to leave, found by walking what was parsed."""
    if isinstance(value, list):
        return [_cut(item) for item in value]
    if not isinstance(value, dict):
        return value
    gone = ("outputs", "attachments", "widgets")
    return {
        key: None if key in gone and isinstance(item, list | dict) else _cut(item)
        for key, item in value.items()
    }


@given(_PLAIN, st.sampled_from([None, 1]), st.booleans())
def test_what_is_left_is_the_same_without_outputs(value, indent, ascii_only):
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only).encode()
    assert json.loads(lean(text)) == _cut(value)


@given(st.binary(max_size=200) | st.text(alphabet='{}[]":,\\ outpus', max_size=200).map(str.encode))
def test_what_is_no_json_stays_none(data):
    lean(data)


def test_a_notebook_cut_off_in_its_outputs_is_cut_off_afterwards():
    left = lean(b'{"cells": [{"outputs": [{"text": "abc')
    with pytest.raises(json.JSONDecodeError) as caught:
        json.loads(left)
    assert caught.value.pos == len(left)


def test_the_message_says_what_is_too_much(monkeypatch):
    monkeypatch.setattr(notebook_json, "MOST_MARKS", 100)
    monkeypatch.setattr(notebook_json, "MOST_KEPT", 1_000)
    for inner in ("[{}]," * 60, '"outputs":[' + "[]," * 60 + "1],"):
        with pytest.raises(NoNotebook, match="more lists and objects"):
            lean(f'{{"cells":[{inner}1]}}'.encode())
    with pytest.raises(NoNotebook, match="beside its outputs"):
        lean(b'{"cells":["' + b"x" * 2_000 + b'"]}')
    with pytest.raises(NoNotebook, match="too deeply"):
        lean(b"[" * 101)
    assert lean(b'{"outputs":["' + b"x" * 2_000 + b'"]}') == b'{"outputs":null}'
