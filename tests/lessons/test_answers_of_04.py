"""Lesson 04: the worked answers are what the library does, which goes on with the work."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lib import bm25, negatives
from lib.negative_filters import mine_from_scores
from lib.pooling import normalize
from tests.lessons.worked import answer

WORDS = st.lists(st.sampled_from(["heart", "pain", "lung", "of", "the", "weak"]), max_size=6)


@given(st.lists(WORDS, min_size=1, max_size=6).filter(any), WORDS)
@settings(max_examples=30, deadline=None)
def test_bm25_is_the_library_s(passages, query):
    library = bm25.BM25([" ".join(words) for words in passages], tokenize=str.split)
    expected = library.scores([" ".join(query)])[0]
    found = torch.tensor(answer("bm25_scores")(query, passages))
    torch.testing.assert_close(found, expected.to(found), atol=1e-5, rtol=0)


@given(st.integers(1, 9), st.integers(2, 12), st.integers(1, 6), st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_mined_negatives_are_the_library_s(queries, passages, k, seed):
    generator = torch.Generator().manual_seed(seed)
    q, p = (normalize(torch.randn(n, 8, generator=generator)) for n in (queries, passages))
    own = [[int(torch.randint(passages, (), generator=generator))] for _ in range(queries)]
    found = answer("mine_negatives")(q, p, own, k, 4)
    assert torch.equal(found, negatives.mine(q, p, own, min(k, passages)).indices)


@given(st.data())
def test_tuples_are_the_library_s(data):
    own = data.draw(st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=3), min_size=1))
    row = st.lists(st.integers(-1, 9), min_size=2, max_size=2)
    wrong = torch.tensor([data.draw(row) for _ in own])
    expected = negatives.ntuples(negatives.padded(own), wrong)
    assert answer("make_tuples")(own, wrong) == expected.tolist()


def test_the_library_s_miner_passes_the_worked_cases():
    for *given_, expected in answer("break_miner")():
        assert mine_from_scores(*given_) == expected
