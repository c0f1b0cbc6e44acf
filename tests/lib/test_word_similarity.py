"""What word vectors are judged by."""

import pytest
import torch
from scipy.stats import spearmanr

from lib.judgements import Similarity
from lib.word_similarity import (
    correlation,
    length_and_frequency,
    places_of_neighbours,
    shared_neighbours,
)
from lib.word_vectors import WordVectors

WORDS = [f"w{i}" for i in range(40)]


def vectors(seed=0, words=WORDS):
    generator = torch.Generator().manual_seed(seed)
    return WordVectors(words, torch.randn(len(words), 6, generator=generator))


def judged(scores, left=None):
    left = left or [f"W{i}" for i in range(len(scores))]
    right = [f"w{i + 1}" for i in range(len(scores))]
    return Similarity("some", left, right, scores, "", "")


def test_the_correlation_is_scipy_s_and_capitals_do_not_matter():
    wv, scores = vectors(), [float((7 * i) % 11) for i in range(30)]
    found = correlation(judged(scores), wv)
    cosines = [float(wv.unit[i] @ wv.unit[i + 1]) for i in range(30)]
    assert found.mean == pytest.approx(spearmanr(cosines, scores).statistic, abs=1e-6)
    assert found.low <= found.mean <= found.high
    assert found == correlation(judged(scores), wv), "the interval is drawn from a seed"


def test_pairs_without_vectors_are_left_out_and_too_few_are_refused():
    wv = vectors()
    known = correlation(judged([1.0, 2.0, 5.0, 3.0]), wv)
    more = judged([1.0, 2.0, 5.0, 3.0, 9.0], left=["w0", "w1", "w2", "w3", "nowhere"])
    assert correlation(more, wv).mean == known.mean
    with pytest.raises(ValueError, match="2 of 2 pairs of 'some' have vectors"):
        correlation(judged([1.0, 2.0]), wv)


def test_length_follows_frequency_or_does_not():
    long_first = torch.arange(10.0, 0, -1)[:, None] * torch.ones(1, 3)
    assert length_and_frequency(WordVectors(WORDS[:10], long_first)) == pytest.approx(1)
    assert length_and_frequency(WordVectors(WORDS[:10], long_first.flip(0))) == pytest.approx(-1)


def test_shared_neighbours_are_counted_as_most_similar_counts_them():
    a, b = vectors(0), vectors(1)
    rows = torch.tensor([3, 0, 17])
    found = shared_neighbours(a, b, rows, k=10)
    for share, row in zip(found.tolist(), rows.tolist()):
        lists = [{w for w, _ in wv.most_similar(WORDS[row], 10)} for wv in (a, b)]
        assert share == pytest.approx(len(lists[0] & lists[1]) / 10)
    assert shared_neighbours(a, a, rows).tolist() == [1, 1, 1]


def test_models_of_other_words_share_nothing_that_can_be_counted():
    with pytest.raises(ValueError, match="not the same in the same order"):
        shared_neighbours(vectors(), vectors(words=WORDS[::-1]), torch.tensor([0]))


def test_length_counts_by_dot_product_and_not_by_cosine():
    wv = WordVectors(["a", "b", "c"], torch.tensor([[30.0, 40.0], [1.0, 0.1], [1.0, 0.0]]))
    rows = torch.tensor([2])
    assert places_of_neighbours(wv, rows, "dot product", k=1).tolist() == [[0]]
    assert places_of_neighbours(wv, rows, "cosine", k=1).tolist() == [[1]]
    with pytest.raises(ValueError, match="by is 'l2'"):
        places_of_neighbours(wv, rows, "l2")
