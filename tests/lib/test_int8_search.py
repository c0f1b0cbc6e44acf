"""The plain index: what it holds, that another process can open it, and what it finds."""

import pytest
import torch

from lib import int8_search
from lib.models import load_encoder
from lib.search import top_k

TEXTS = [
    "The heart pumps blood.",
    "Teeth grow in the jaw.",
    "Rain falls from clouds.",
    "A cat sleeps.",
]


@pytest.fixture(scope="module")
def model():
    return load_encoder(device="cpu")


def test_it_finds_what_the_vectors_find_and_takes_a_byte_a_number(model, tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    index = int8_search.build_index(TEXTS, model=model)
    assert {name: len(body) for name, body in index.items()} == {
        "codes": 4 * 384,
        "low": 4 * 384,
        "step": 4 * 384,
    }
    queries = ["dental growth", "weather", "a pet at rest"]
    vectors = [torch.from_numpy(model.encode(texts)) for texts in (queries, TEXTS)]
    exact = top_k(*vectors, 4)[1].tolist()
    found = int8_search.search(index, queries, model=model)
    assert [rows[0] for rows in found] == [rows[0] for rows in exact] == [1, 2, 3]
    assert int8_search.search(index, [], model=model) == []
    assert [len(rows) for rows in int8_search.search(index, queries, k=2, model=model)] == [2] * 3


def test_what_is_no_index_is_refused():
    with pytest.raises(ValueError, match="lacks codes, step"):
        int8_search.search({"low": b""}, ["a"])
    with pytest.raises(ValueError, match="passages is empty"):
        int8_search.build_index([])
