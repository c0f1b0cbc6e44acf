"""Texts as weighted means of word vectors, from padded tables."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.averaged_words import WeightedWords, weighted_mean
from lib.pooling import normalize
from lib.word_vectors import WordVectors, average_words

WORDS = ["of", "bladder", "control", "loss", "pain"]
VECTORS = WordVectors(WORDS, torch.randn(5, 3, generator=torch.Generator().manual_seed(0)))
IDF = {"loss": 3.0, "bladder": 5.5, "unheard": 9.0, "of": 0.1, "control": 2.0}
TEXTS = st.lists(st.lists(st.sampled_from([*WORDS[:4], "unknown"]), max_size=5), min_size=1)


@given(TEXTS)
@settings(max_examples=30, deadline=None)
def test_vectors_of_texts_are_the_library_s_averages_at_length_one(texts):
    table = WeightedWords.of(VECTORS, IDF)
    found = table.embed([" ".join(words) for words in texts])
    expected = normalize(average_words(VECTORS, texts, IDF))
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


def test_only_words_with_both_a_vector_and_a_weight_are_there():
    table = WeightedWords.of(VECTORS, IDF)
    assert table.words == ["loss", "bladder", "of", "control"]
    assert table.vectors.shape == (4, 3)
    torch.testing.assert_close(table.weights, torch.tensor([3.0, 5.5, 0.1, 2.0]))
    assert table.known(["loss of pain", "bladder"]) == 0.75
    assert table.known([]) == 0


def test_evenly_is_the_plain_mean():
    found = WeightedWords.of(VECTORS, IDF).evenly().embed(["loss of control"])
    expected = normalize(VECTORS.vectors[[3, 0, 2]].mean(dim=0, keepdim=True))
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=0)


def test_batches_do_not_change_what_is_embedded_and_the_given_function_averages():
    table = WeightedWords.of(VECTORS, IDF)
    texts = [" ".join(WORDS[: n % 4]) for n in range(7)]
    whole = list(table.batches(texts, size=2))
    assert [len(ids) for ids, _ in whole] == [2, 2, 2, 1]
    first = table.embed(texts, lambda vectors, weights, ids, mask: vectors[ids[:, 0]])
    assert first.shape == (7, 3)


def test_padding_does_not_count_and_nothing_becomes_zeros():
    vectors = torch.tensor([[9.0, 9.0], [2.0, 0.0], [0.0, 4.0]])
    ids, mask = torch.tensor([[1, 2, 0], [0, 0, 0]]), torch.tensor([[1, 1, 0], [0, 0, 0]])
    found = weighted_mean(vectors, torch.tensor([0.5, 1.0, 3.0]), ids, mask)
    torch.testing.assert_close(found, torch.tensor([[0.5, 3.0], [0.0, 0.0]]))


def test_no_word_in_common_is_refused():
    with pytest.raises(ValueError, match="none of 1 weighted words has a vector"):
        WeightedWords.of(VECTORS, {"unheard": 1.0})
