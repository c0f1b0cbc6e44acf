"""The diagrams of lesson 02: a text's way to one vector, attention, the masked mean, unit vectors."""

import re

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lib import pooling
from lib.diagrams import attention_step, masked_mean, text_to_vector, unit_vectors
from tests.lib.figures import require_readable, written

WORDS = ["the", "bank", "raised", "rates"]


def numbers_in(text: str) -> list[float]:
    return [float(x) for x in re.findall(r"-?\d+(?:\.\d+)?", text.replace("\N{MINUS SIGN}", "-"))]


def test_the_way_of_a_text_names_its_tokens_and_layers():
    tokens = ["[CLS]", "severe", "d", "##ys", "##pha", "##gia", "[SEP]"]
    figure, alt = text_to_vector("Severe dysphagia", tokens, 12)
    assert ", ".join(tokens) in alt
    assert "12 layers follow" in alt
    assert "layers 1 to 12" in written(figure)
    with pytest.raises(ValueError, match="8 tokens"):
        text_to_vector("long", ["a"] * 8)


@given(st.lists(st.integers(-3, 3), min_size=2, max_size=5), st.integers(0, 4))
@settings(max_examples=8, deadline=None)
def test_the_weights_are_torch_s_softmax(scores, reader):
    tokens = [f"word{i}" for i in range(len(scores))]
    figure, alt = attention_step(tokens, scores, reader % len(scores))
    require_readable(figure)
    expected = torch.tensor(scores, dtype=torch.float64).softmax(dim=0).tolist()
    for token, weight in zip(tokens, expected):
        assert f"weight {weight:.2f}" in alt.split(f"{token} has score")[1].split(";")[0]
    assert "sum 1" in written(figure)


def test_what_is_taken_is_the_sum_by_the_weights():
    _, alt = attention_step(WORDS, [0, 1, 1, 2], 1)
    assert "0.07 the + 0.20 bank + 0.20 raised + 0.53 rates" in alt
    assert "adds up to 13.83" in alt


@pytest.mark.parametrize(
    ("scores", "reader"), [([0, 1, 1], 1), ([0, 1, 1, float("nan")], 1), ([0, 1, 1, 2], 4)]
)
def test_attention_refuses_what_it_cannot_draw(scores, reader):
    with pytest.raises(ValueError, match="a finite score for each"):
        attention_step(WORDS, scores, reader)


@given(
    st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=2, max_size=5),
    st.integers(1, 30),
)
@settings(max_examples=8, deadline=None)
def test_the_mean_is_the_library_s_with_and_without_the_mask(tokens, bits):
    mask = [bits >> i & 1 for i in range(len(tokens))]
    mask[0] |= not any(mask)
    figure, alt = masked_mean(tokens, mask)
    require_readable(figure)
    table = torch.tensor([tokens], dtype=torch.float64)
    for flags, said in (
        (mask, re.split(r"the mean ", alt)[1].split(". If")[0]),
        ([1] * len(mask), alt.split("which gives ")[1]),
    ):
        expected = pooling.mean_pool(table, torch.tensor([flags]))[0].tolist()
        assert numbers_in(said) == pytest.approx(expected, rel=6e-3, abs=6e-3)


@pytest.mark.parametrize(
    ("tokens", "mask"),
    [([[1, 2], [3, 4]], [0, 0]), ([[1, 2]], [1]), ([[1], [2]], [1, 1]), ([[1, 2]] * 2, [1, 2])],
)
def test_a_mean_of_nothing_is_refused(tokens, mask):
    with pytest.raises(ValueError, match="expected 2 to 5 tokens"):
        masked_mean(tokens, mask)


def test_normalised_vectors_and_cosines_are_the_library_s():
    vectors = {"query": (1.2, 1.6), "a": (3.0, 0.6), "b": (0.2, 0.5)}
    figure, alt = unit_vectors(vectors)
    table = torch.tensor([*vectors.values()])
    cosines = pooling.cosine_matrix(table, table)[0]
    for place, (name, row) in enumerate(zip(vectors, pooling.normalize(table).tolist())):
        assert f"becomes ({row[0]:.2f}, {row[1]:.2f})" in alt.split(f"{name} (")[1]
        if place:
            dot = float(table[0] @ table[place])
            said = f"query with {name}: dot product {dot:.2f}, cosine {float(cosines[place]):.2f}"
            assert said in alt
    dots = [
        line for line in figure.axes[0].lines if line.get_marker() == "o" and len(line.get_xdata())
    ]
    for line in dots:
        assert line.get_xdata()[0] ** 2 + line.get_ydata()[0] ** 2 == pytest.approx(1)
    assert len(dots) == 3


@pytest.mark.parametrize("vectors", [{"a": (1, 0)}, {str(i): (1, i) for i in range(5)}])
def test_unit_vectors_need_two_to_four(vectors):
    with pytest.raises(ValueError, match="expected 2 to 4"):
        unit_vectors(vectors)
