"""The figures of lesson 02: readable, and with the numbers in their words."""

import torch

from lib import pooling
from lib import pooling_figures as figures
from lib.contextual import Attention
from lib.pair_cost import PairCost
from tests.lib import test_bi_encoder
from tests.lib.figures import require_readable, written

tiny = test_bi_encoder.tiny  # the fixture: two random layers of 32 numbers


def test_attention_is_a_row_a_layer_with_its_largest_weight_in_words():
    tokens = [
        "[CLS]",
        "they",
        "fished",
        "from",
        "the",
        "grassy",
        "bank",
        "of",
        "the",
        "river",
        ".",
        "[SEP]",
    ]
    weights = torch.full((6, 12), 0.05)
    weights[:, 0], weights[0, 5] = 0.45, 0.47
    figure, alt = figures.attention_by_layer(Attention(tokens, weights), "bank")
    require_readable(figure)
    assert "layer 1 grassy 0.47; layer 2 [CLS] 0.45" in alt
    assert "layer 6" in written(figure)


def test_one_word_in_six_sentences_tells_the_means_of_both_senses():
    cosines = torch.full((6, 6), 0.7)
    cosines[:3, :3], cosines[3:, 3:] = 0.84, 0.82
    cosines.fill_diagonal_(1.0)
    figure, alt = figures.word_in_sentences("bank", cosines, list("abcdef"), "three and three")
    require_readable(figure)
    assert "from 0.70 for the two least alike" in alt
    assert "within the first sense the mean is 0.84, within the second 0.82, across 0.70" in alt


def test_padding_tells_where_each_text_ends():
    figure, alt = figures.padding_drift([0, 8, 64], 1.0, {"2 words": [1, 0.8, 0.57]})
    require_readable(figure)
    assert "with the mask it stays at 1.00" in alt
    assert "at 64 padding tokens 2 words to 0.57" in alt


def test_the_cost_is_drawn_as_measured_and_then_as_expected():
    cost = PairCost([6, 12, 24], [0.06, 0.12, 0.24], [0.3, 1.3, 5.5])
    figure, alt = figures.cost_of_pairs(cost)
    require_readable(figure)
    assert "The part from 6 to 24 texts is measured" in alt
    ends = {line.get_ydata()[-1] for line in figure.axes[0].lines if len(line.get_ydata()) == 8}
    assert ends == {*cost.expected(1_000_000)}


def test_texts_come_with_their_tokens_by_each_pooling_and_a_still_picture(tiny):
    passages = ["red eyes", "weak heart", "pain in the chest", "thin hair", "no hearing", "a rash"]
    poolings = {"mean": pooling.mean_pool, "CLS": pooling.cls_pool}
    vectors = {
        name: torch.cat([pool(*figures.token_embeddings(tiny, [text])) for text in passages])
        for name, pool in poolings.items()
    }
    texts = ["red eyes", "pain and pain"]
    figure, alt, still = figures.pooled_texts(tiny, texts, poolings, vectors, passages)
    require_readable(still)
    assert len(figure.frames) == 4
    assert "mean: [CLS] 25%, red 25%, eyes 25%, [SEP] 25%, nearest red eyes" in alt
    assert "CLS: [CLS] 100%, red 0%" in alt
    (frame,) = (frame for frame in figure.frames if frame.name == "1.0")
    assert list(frame.layout.yaxis.ticktext) == ["[CLS]", "pain (2)", "and", "pain (4)", "[SEP]"]
