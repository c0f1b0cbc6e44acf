"""Counting which words stand together, and comparing with chance."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.cooccurrence import count_pairs, ppmi

SENTENCES = st.lists(st.lists(st.integers(0, 5), max_size=9), max_size=6)


def by_loops(sentences, words, window):
    counts = torch.zeros(words, words)
    for ids in sentences:
        for i, a in enumerate(ids):
            for j, b in enumerate(ids):
                if 1 <= abs(i - j) <= window:
                    counts[a, b] += 1
    return counts


@given(SENTENCES, st.integers(1, 12))
@settings(max_examples=40, deadline=None)
def test_counts_are_those_of_the_loops_and_cross_no_sentence(sentences, window):
    found = count_pairs(sentences, 6, window)
    assert torch.equal(found, by_loops(sentences, 6, window))
    assert torch.equal(found, found.T)


@pytest.mark.parametrize(
    ("sentences", "window", "says"),
    [([[0, 6]], 5, "ids run from 0 to 6"), ([[-1]], 5, "from -1"), ([[0]], 0, "window is 0")],
)
def test_what_cannot_be_counted_is_refused(sentences, window, says):
    with pytest.raises(ValueError, match=says):
        count_pairs(sentences, 6, window)


def test_ppmi_compares_with_chance_and_cuts_what_is_below_it():
    counts = torch.tensor([[10.0, 5, 1], [4, 4, 0], [10, 1, 5]])
    found = ppmi(counts)
    assert float(found[1, 1]) == pytest.approx(math.log(4 / (8 * 10 / 40)))
    assert float(found[2, 1]) == float(found[1, 2]) == 0
    assert float(found[0, 0]) == pytest.approx(math.log(10 / (16 * 24 / 40)), abs=1e-6)


@given(st.lists(st.lists(st.integers(0, 9), min_size=4, max_size=4), min_size=2, max_size=5))
@settings(max_examples=30, deadline=None)
def test_ppmi_is_finite_and_not_negative_even_for_words_that_met_nobody(rows):
    counts = torch.tensor([*rows, [1, 0, 0, 0]], dtype=torch.float32)
    found = ppmi(counts)
    assert bool(torch.isfinite(found).all())
    assert float(found.min()) >= 0


def test_independent_words_have_no_information_about_each_other():
    counts = torch.tensor([[2.0], [3.0], [5.0]]) * torch.tensor([1.0, 4.0, 7.0])
    torch.testing.assert_close(ppmi(counts), torch.zeros(3, 3), atol=1e-6, rtol=0)
