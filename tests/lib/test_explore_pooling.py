"""Pooling token by token: the weight of a token, the frames, and what is said of them."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lib import explore, pooling
from lib._explore_show import KEY, LARGEST

TOKENS = ["[CLS]", "red", "<eyes>", "[SEP]"]
NEAR = [("Conjunctivitis", 0.61), ("Red <eye>", 0.5)]
OTHER = [("Conjunctivitis", 0.4), ("Rash", 0.3)]
TEXTS = {
    "red eyes": (
        TOKENS,
        {"mean": ([0.25] * 4, NEAR), "max": ([0.1, 0.5, 0.4, 0.0], OTHER)},
    ),
    "pain": (["[CLS]", "pain"], {"mean": ([0.5, 0.5], OTHER), "max": ([0.2, 0.8], OTHER)}),
}


def a_figure(texts=TEXTS, **changes):
    return explore.pooling_by_token(texts, title="What does a token weigh?", **changes)


def reading(figure, name: str) -> dict:
    return figure.layout.meta[KEY]["readings"][name]


@given(st.integers(1, 9), st.integers(0, 99))
@settings(max_examples=15, deadline=None)
def test_weights_are_equal_for_the_mean_and_shares_for_the_maximum(count, seed):
    tokens = torch.randn(count, 64, generator=torch.Generator().manual_seed(seed))
    mean = explore.token_weights(pooling.mean_pool, tokens)
    torch.testing.assert_close(mean, torch.full_like(mean, 1 / count), atol=1e-6, rtol=0)
    won = tokens.argmax(dim=0).bincount(minlength=count) / 64
    largest = explore.token_weights(pooling.max_pool, tokens)
    torch.testing.assert_close(largest.float(), won, atol=0.02, rtol=0)  # near ties share
    first = explore.token_weights(pooling.cls_pool, tokens).round(decimals=6).tolist()
    last = explore.token_weights(pooling.last_token_pool, tokens).round(decimals=6).tolist()
    assert first == [1.0] + [0.0] * (count - 1)
    assert last == [0.0] * (count - 1) + [1.0]


def test_a_pooling_that_nothing_can_be_derived_from_has_its_weights_too():
    def by_loops(tokens, mask):
        return torch.tensor([[sum(row[:, d].tolist()) / 4 for d in range(2)] for row in tokens])

    found = explore.token_weights(by_loops, torch.tensor([[1.0, 2.0]] * 4))
    torch.testing.assert_close(found.float(), torch.full((4,), 0.25), atol=5e-3, rtol=0)


def test_two_lists_go_over_texts_and_poolings():
    figure = a_figure(start=1)
    spec = figure.layout.meta[KEY]
    assert spec["joint"]
    assert [control["options"] for control in spec["controls"]] == [[*TEXTS], ["mean", "max"]]
    assert spec["controls"][1]["start"] == 1
    assert (
        {frame.name for frame in figure.frames}
        == {*spec["readings"]}
        == {f"{t}.{p}" for t in range(2) for p in range(2)}
    )
    assert len(figure.to_json()) < LARGEST
    assert list(figure.data[0].x) == [0.1, 0.5, 0.4, 0.0]  # the first text, the second pooling


def test_a_bar_is_a_token_s_weight_and_marks_are_escaped():
    (frame,) = (frame for frame in a_figure().frames if frame.name == "0.1")
    assert list(frame.data[0].x) == [0.1, 0.5, 0.4, 0.0]
    assert list(frame.data[0].text) == ["10%", "50%", "40%", "0%"]
    assert list(frame.layout.yaxis.ticktext) == ["[CLS]", "red", "&lt;eyes&gt;", "[SEP]"]


def test_the_sentence_names_the_heaviest_token_and_what_stays_near():
    figure = a_figure()
    assert reading(figure, "0.0")["sentence"] == "With mean, each of the 4 tokens weighs 25%."
    said = reading(figure, "0.1")["sentence"]
    assert "With max, red weighs most, 50%, and 1 of 4 tokens weigh nothing." in said
    assert "1 of the 2 nearest passages are also among those of mean." in said
    assert reading(figure, "0.1")["rows"] == [
        ["1", "Conjunctivitis", "0.40"],
        ["2", "Rash", "0.30"],
    ]


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        ({}, "no text came"),
        ({"a": (["x"], {})}, "at least one"),
        ({**TEXTS, "b": (["x"], {"mean": ([1.0], NEAR)})}, "expected \\['mean', 'max'\\]"),
        ({"a": (["x"] * 25, {"mean": ([0.04] * 25, NEAR)})}, "25 tokens"),
        ({"a": (["x"], {"mean": ([0.5, 0.5], NEAR)})}, "2 weights for 1 tokens"),
        ({"a": (["x"], {"mean": ([float("nan")], NEAR)})}, "finite weight"),
        ({"a": (["x"], {"mean": ([1.0], [])})}, "0 passages"),
    ],
)
def test_what_cannot_be_shown_is_refused(texts, says):
    with pytest.raises(ValueError, match=says):
        a_figure(texts)
