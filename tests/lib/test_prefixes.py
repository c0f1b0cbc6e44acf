import re

import pytest

from lib.models import MODELS
from lib.prefixes import PREFIXES, prefix_of, with_prefix

TASK = "Given a description, retrieve the finding"
# As the model cards write them out, each for the text "x".
CARDS = {
    ("e5", "query"): "query: x",
    ("e5", "document"): "passage: x",
    ("nomic", "query"): "search_query: x",
    ("nomic", "document"): "search_document: x",
    ("bge", "query"): "Represent this sentence for searching relevant passages: x",
    ("bge", "document"): "x",
    ("e5-mistral", "query"): f"Instruct: {TASK}\nQuery: x",
    ("e5-mistral", "document"): "x",
    ("gte-qwen2", "query"): f"Instruct: {TASK}\nQuery: x",
    ("gte-qwen2", "document"): "x",
    ("minilm", "query"): "x",
    ("minilm", "document"): "x",
}


@pytest.mark.parametrize(("family", "side"), CARDS)
def test_each_family_writes_what_its_card_shows(family, side):
    assert with_prefix(family, ["x", "x"], side, TASK) == [CARDS[family, side]] * 2


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("text-embedding-3-large", "openai"),
        ("text-embedding-3-small", "openai"),
        ("voyage-3", "voyage"),
        ("GTE-Qwen2-7B", "gte-qwen2"),
        ("Alibaba-NLP/gte-Qwen2-7B-instruct", "gte-qwen2"),
        ("E5-Mistral-7B", "e5-mistral"),
        ("intfloat/e5-mistral-7b-instruct", "e5-mistral"),
        ("all-MiniLM-L6-v2", "minilm"),
        ("sentence-transformers/all-MiniLM-L6-v2", "minilm"),
        ("bge-large-en-v1.5", "bge"),
        ("BAAI/bge-large-en-v1.5", "bge"),
        ("nomic-embed-text-v1.5", "nomic"),
        ("e5-large-v2", "e5"),
        ("multilingual-e5-base", "e5"),
    ],
)
def test_a_model_s_name_tells_its_family(name, family):
    assert prefix_of(name) is PREFIXES[family]


@pytest.mark.parametrize("key", MODELS)
def test_the_models_of_the_course_have_the_prefixes_of_their_family(key):
    row = prefix_of(MODELS[key].name)
    assert prefix_of(key) is row
    assert MODELS[key].prefix is row


@pytest.mark.parametrize("name", ["bge-m3", "multilingual-e5-large-instruct", "gpt-5", ""])
def test_a_name_that_only_looks_alike_is_not_guessed(name):
    with pytest.raises(ValueError, match="its model card says"):
        prefix_of(name)


def test_what_cannot_be_is_refused_in_a_sentence():
    with pytest.raises(ValueError, match="family is 'bert'; expected one of e5, nomic"):
        with_prefix("bert", ["x"], "query")
    with pytest.raises(ValueError, match="side is 'passage'; expected 'query' or 'document'"):
        with_prefix("e5", ["x"], "passage")
    with pytest.raises(ValueError, match="told what to search for and task is empty"):
        with_prefix("gte-qwen2", ["x"], "query", " ")
    with pytest.raises(TypeError, match="got one string"):
        with_prefix("e5", "x", "query")


def test_a_task_with_braces_or_marks_is_put_as_it_is():
    (text,) = with_prefix("e5-mistral", ["{task} \\1"], "query", "find {x} \\g<0>")
    assert text == "Instruct: find {x} \\g<0>\nQuery: {task} \\1"


def test_families_share_no_name_and_say_where_their_prefixes_stand():
    for row in PREFIXES.values():
        assert row.source.startswith("https://")
        assert re.compile(row.names)
    assert with_prefix("e5", [], "query") == []
