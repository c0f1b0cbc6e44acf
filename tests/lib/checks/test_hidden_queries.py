"""A teacher's file of hidden queries: what is read, and what is said of each defect."""

import json

import pytest

from lib.checks import hidden_queries

KNOWN = ["HP:1", "HP:2"]


def _file(folder, *lines):
    path = folder / "queries.jsonl"
    path.write_text("\n".join(x if isinstance(x, str) else json.dumps(x) for x in lines), "utf-8")
    return path


def test_queries_are_read_in_order_and_one_may_have_two_passages(tmp_path):
    path = _file(
        tmp_path,
        {"query": "ärgert", "passage": "HP:2"},
        "",
        {"query": "b", "passage": "HP:1", "note": "mine"},
        {"query": "ärgert", "passage": "HP:1"},
    )
    found = hidden_queries.read(path, KNOWN)
    assert found == [("ärgert", frozenset({"HP:1", "HP:2"})), ("b", frozenset({"HP:1"}))]


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (["{"], r"queries.jsonl:1 is no line such as \{"),
        (['["query"]'], ":1 is no line such as"),
        ([{"query": "a"}], ":1 is no line such as"),
        ([{"query": "a", "passage": "HP:1"}, {"query": " ", "passage": "HP:1"}], ":2: query and"),
        ([{"query": "a", "passage": 1}], ":1: query and passage are not two texts"),
        ([{"query": "a", "passage": "HP:9"}], ":1: there is no passage 'HP:9'"),
        ([], "holds no query"),
    ],
)
def test_a_line_that_cannot_be_used_is_named(tmp_path, lines, says):
    with pytest.raises(ValueError, match=says):
        hidden_queries.read(_file(tmp_path, *lines), KNOWN)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"none\.jsonl cannot be read"):
        hidden_queries.read(tmp_path / "none.jsonl", KNOWN)
    (tmp_path / "latin").write_bytes(b"\xff")
    with pytest.raises(ValueError, match="cannot be read"):
        hidden_queries.read(tmp_path / "latin", KNOWN)


def test_the_variable_names_the_file(monkeypatch, tmp_path):
    monkeypatch.delenv(hidden_queries.VARIABLE, raising=False)
    assert hidden_queries.named() is None
    monkeypatch.setenv(hidden_queries.VARIABLE, str(tmp_path))
    assert hidden_queries.named() == tmp_path
