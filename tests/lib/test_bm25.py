"""BM25 against the formula, word by word, and against another implementation."""

import math
from collections import Counter

import bm25s
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.analysis import analyze_english
from lib.bm25 import BM25
from lib.data import load_course_set
from lib.metrics import ndcg_at_k
from lib.text import split_words

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


@pytest.mark.parametrize("tokenize", [analyze_english, split_words])
def test_scores_are_those_of_bm25s_on_the_same_terms(tokenize):
    passages = [
        "The X-linked diseases of the kidneys",
        "Bleeding of a kidney, x linked",
        "Nosebleeds",
        "A bleeding disease; the disease bleeds",
    ]
    queries = ["kidney disease", "bleeds", "X-linked", "the of", "diseases disease"]
    library = bm25s.BM25(method="lucene", k1=1.5, b=0.75)
    library.index([tokenize(passage) for passage in passages], show_progress=False)
    index = BM25(passages) if tokenize is analyze_english else BM25(passages, tokenize=tokenize)
    found = index.scores(queries)
    known = library.vocab_dict
    for query, row in zip(queries, found):
        terms = [term for term in tokenize(query) if term in known]
        expected = torch.from_numpy(library.get_scores(terms)) if terms else torch.zeros(4)
        torch.testing.assert_close(row, expected, atol=1e-6, rtol=0)


def test_the_analyser_finds_other_forms_of_a_word_and_the_plain_words_do_not():
    passages = ["X-linked bleeding", "skin"]
    assert BM25(passages).scores(["bleeds", "linked", "the"]).gt(0)[:, 0].tolist() == [1, 1, 0]
    plain = BM25(passages, tokenize=split_words)
    assert plain.scores(["bleeds", "linked", "x-linked"]).gt(0)[:, 0].tolist() == [0, 0, 1]


def test_each_text_is_analysed_once():
    seen = []

    def tokenize(text):
        seen.append(text)
        return text.split()

    index = BM25(["a b", "b c"], tokenize=tokenize)
    index.top_k(["b", "c", "b"], 1, query_block=2)
    assert seen == ["a b", "b c", "b", "c", "b"]


@pytest.mark.slow
def test_the_analyser_is_the_stronger_baseline_on_the_course_s_queries():
    course = load_course_set()
    queries, relevant = course.validation.queries[:250], course.validation.relevant[:250]
    means = []
    for index in (BM25(course.passages), BM25(course.passages, tokenize=split_words)):
        rows = index.top_k(queries, 10)[1].tolist()
        ranked = [[course.ids[i] for i in row] for row in rows]
        means.append(float(ndcg_at_k(ranked, relevant, 10).mean()))
    assert means[0] > means[1] + 0.03
