"""BM25 against the formula, word by word, and against another implementation."""

import math
from collections import Counter

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.bm25 import BM25

WORDS = st.sampled_from(["heart", "lung", "kidney", "pain", "a", "of", "rare"])
TEXTS = st.lists(st.lists(WORDS, max_size=9).map(" ".join), min_size=1, max_size=12)


def by_hand(passages, query, k1=1.5, b=0.75):
    texts = [passage.split() for passage in passages]
    mean = sum(map(len, texts)) / len(texts)
    found = []
    for text in texts:
        score, counts = 0.0, Counter(text)
        for word in query.split():
            df = sum(word in other for other in texts)
            if df and counts[word]:
                idf = math.log(1 + (len(texts) - df + 0.5) / (df + 0.5))
                tf = counts[word]
                score += idf * tf / (tf + k1 * (1 - b + b * len(text) / mean))
        found.append(score)
    return torch.tensor(found)


@settings(max_examples=60, deadline=None)
@given(TEXTS, st.lists(WORDS, max_size=5).map(" ".join), st.floats(0.5, 2), st.floats(0, 1))
def test_scores_are_the_formula_s(passages, query, k1, b):
    if not any(passage.split() for passage in passages):
        return
    found = BM25(passages, k1, b, tokenize=str.split).scores([query])
    torch.testing.assert_close(found[0], by_hand(passages, query, k1, b), atol=1e-5, rtol=1e-5)


def test_the_best_come_first_and_equal_ones_in_order():
    passages = ["no match", "heart pain", "heart", "pain heart", "heart pain"]
    scores, rows = BM25(passages).top_k(["heart pain", "nothing here"], 4)
    assert rows[0].tolist() == [1, 3, 4, 2]
    assert rows[1].tolist() == [0, 1, 2, 3]
    assert scores[1].tolist() == [0.0] * 4
    assert (scores[0].diff() <= 0).all()


def test_a_small_corpus_and_no_queries_are_borne():
    bm25 = BM25(["heart", "lung"])
    assert bm25.top_k(["heart"], 9)[1].tolist() == [[0, 1]]
    assert bm25.top_k([], 1)[1].shape == (0, 1)
    assert BM25(["", "!"]).scores(["heart"]).tolist() == [[0.0, 0.0]]
    with pytest.raises(ValueError, match="at least 1"):
        bm25.top_k(["heart"], 0)
    with pytest.raises(ValueError, match="at least one passage"):
        BM25([])
