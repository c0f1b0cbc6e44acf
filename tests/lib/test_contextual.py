"""One word in its sentences: its vectors, how alike they are, what it attends to."""

import pytest
import torch

from lib.contextual import attention_of, compare_senses, layers_of_first, vectors_of
from tests.lib import test_bi_encoder

tiny = test_bi_encoder.tiny  # the fixture: two random layers of 32 numbers
MONEY, RIVER = "The bank raised its rates.", "They sat on the long grassy bank of the river."


def test_a_word_s_vector_is_the_one_at_its_place(encoder):
    found = vectors_of(encoder, "bank", [MONEY, RIVER])
    assert found.shape == (2, 384)
    for row, sentence in zip(found, [MONEY, RIVER]):
        ids = encoder.tokenizer(sentence)["input_ids"]
        place = encoder.tokenizer.convert_ids_to_tokens(ids).index("bank")
        alone = encoder.encode(
            [sentence], output_value="token_embeddings", show_progress_bar=False
        )[0]
        torch.testing.assert_close(row, alone[place], atol=1e-4, rtol=0)


@pytest.mark.parametrize("word", ["river", "dysphagia", "the"])
def test_a_word_that_is_not_one_token_once_is_refused(tiny, word):
    with pytest.raises(ValueError, match="expected once"):
        vectors_of(tiny, word, [MONEY, "Banks of the river and the sea."])


def test_the_first_token_is_read_after_each_layer_and_padding_changes_nothing(tiny):
    found = layers_of_first(tiny, [MONEY, RIVER])
    assert found.shape == (2, 2, 32)  # (layers, texts, dim)
    last = tiny.encode([RIVER], output_value="token_embeddings", show_progress_bar=False)[0][0]
    torch.testing.assert_close(found[-1, 1], last, atol=1e-5, rtol=0)
    torch.testing.assert_close(found[:, :1], layers_of_first(tiny, [MONEY]), atol=1e-5, rtol=0)
    with pytest.raises(ValueError, match="no text came"):
        layers_of_first(tiny, [])


def test_senses_are_compared_by_pairs_and_no_vector_with_itself():
    vectors = torch.tensor([[1.0, 0.0], [3.0, 4.0], [0.0, 2.0]])
    found = compare_senses(vectors, [0, 0, 1])
    assert found.within == pytest.approx(0.6)
    assert found.least_within == pytest.approx(0.6)
    assert found.across == pytest.approx((0.0 + 0.8) / 2)
    assert found.most_across == found.most == pytest.approx(0.8)
    assert found.gap == pytest.approx(0.2)
    assert "same sense 0.600 (at least 0.600), other sense 0.400 (at most 0.800)" in str(found)


@pytest.mark.parametrize("senses", [[0, 0], [0, 0, 0], [0, 1, 2]])
def test_senses_that_compare_nothing_are_refused(senses):
    with pytest.raises(ValueError, match="expected a sense for each"):
        compare_senses(torch.eye(3), senses)


def test_attention_has_a_row_a_layer_that_sums_to_one_and_leaves_the_model_alone(tiny):
    before = tiny.encode([RIVER], convert_to_tensor=True, show_progress_bar=False)
    kind = tiny[0].auto_model.config._attn_implementation
    tokens, weights = attention_of(tiny, RIVER, "bank")
    assert tokens[0] == "[CLS]"
    assert tokens[-1] == "[SEP]"
    assert weights.shape == (2, len(tokens))
    torch.testing.assert_close(weights.sum(dim=1), torch.ones(2))
    assert tiny[0].auto_model.config._attn_implementation == kind
    after = tiny.encode([RIVER], convert_to_tensor=True, show_progress_bar=False)
    assert torch.equal(before, after)


def test_the_weights_are_the_softmax_of_the_scaled_dot_products(tiny):
    """Read by hand from the first layer of the network."""
    transformer = tiny[0].auto_model.eval()
    found = attention_of(tiny, RIVER, "bank")
    features = tiny.tokenizer([RIVER], return_tensors="pt").to(tiny.device)
    with torch.no_grad():
        states = transformer.embeddings(input_ids=features["input_ids"])
        own = transformer.encoder.layer[0].attention.self
        heads, size = own.num_attention_heads, own.attention_head_size
        split = lambda x: x.view(-1, heads, size).transpose(0, 1)  # noqa: E731
        query, key = split(own.query(states)[0]), split(own.key(states)[0])
        weights = (query @ key.transpose(1, 2) / size**0.5).softmax(dim=2)
    expected = weights[:, found.tokens.index("bank")].mean(dim=0)
    torch.testing.assert_close(found.weights[0], expected, atol=1e-5, rtol=0)
