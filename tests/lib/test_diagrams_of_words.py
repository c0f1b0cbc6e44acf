"""The diagrams of lesson 01: counts, windows, noise, a training step and an analogy."""

import math
import re

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.cooccurrence import ppmi
from lib.diagrams import (
    analogy_arrows,
    counts_to_ppmi,
    shares_on_a_line,
    skipgram_window,
    training_step,
)
from lib.word_vectors import WordVectors, noise_distribution, sgns_loss, skipgram_pairs
from tests.lib.figures import require_readable, written

COUNTS = {
    "kidney": {"the": 10, "blood": 5, "wood": 1},
    "renal": {"the": 4, "blood": 4, "wood": 0},
    "chair": {"the": 10, "blood": 1, "wood": 5},
}
PAIRS = [("renal", "blood"), ("chair", "blood")]
SENTENCE = ["loss", "of", "bladder", "control", "at", "night"]
CENTRE, CONTEXT = ("kidney", [1.0, 0.5]), ("renal", [2.0, 0.0])
NOISE = {"skin": [0.0, 1.0], "finger": [-1.0, -1.0]}
DEGREES = {"man": 20, "woman": 50, "king": 70, "queen": 95, "apple": 150}


def test_the_table_beside_the_counts_is_the_library_s_ppmi():
    table = torch.tensor([[float(x) for x in row.values()] for row in COUNTS.values()])
    figure, alt = counts_to_ppmi(COUNTS, PAIRS)
    shown = [text.get_text() for text in figure.axes[0].texts]
    for value in ppmi(table).flatten().tolist():
        assert (f"{value:.2f}" if value else "0") in shown
    assert "renal and blood: seen 4, expected 8 × 10 / 40 = 2; ratio 4 / 2 = 2" in alt
    assert f"logarithm {math.log(2):.2f}." in alt
    assert "ratio 1 / 4 = 0.25, logarithm −1.39, cut to 0." in alt


@pytest.mark.parametrize(
    ("counts", "pairs", "says"),
    [
        (COUNTS, PAIRS[:1], "1 pairs"),
        (COUNTS, [("renal", "wood"), ("chair", "blood")], "two that met"),
        ({}, PAIRS, "0 words"),
    ],
)
def test_counts_that_cannot_be_worked_out_are_refused(counts, pairs, says):
    with pytest.raises(ValueError, match=says):
        counts_to_ppmi(counts, pairs)


@given(st.integers(0, 5), st.integers(1, 6))
@settings(max_examples=12, deadline=None)
def test_the_pairs_of_a_window_are_the_library_s(centre, reach):
    figure, alt = skipgram_window(SENTENCE, centre, reach)
    require_readable(figure)
    draws = torch.ones(6, dtype=torch.long)
    draws[centre] = reach
    found = skipgram_pairs(torch.arange(6), draws).tolist()
    expected = [f"({SENTENCE[a]}, {SENTENCE[b]})" for a, b in found if a == centre]
    assert re.findall(r"\(\w+, \w+\)", alt) == expected
    far = [SENTENCE[i] for i in range(6) if abs(i - centre) > reach]
    assert (f"Out of reach: {', '.join(far)}." in alt) is bool(far)


def test_noise_words_stand_below_the_sentence():
    figure, alt = skipgram_window(SENTENCE, 2, 2, ["finger", "cornea"])
    assert "noise words, drawn at random: finger cornea" in written(figure)
    assert alt.endswith("finger, cornea.")
    for wrong in ((SENTENCE, 6, 1, []), (SENTENCE, 2, 0, []), (SENTENCE, 2, 1, ["a"] * 5)):
        with pytest.raises(ValueError, match="skipgram_window"):
            skipgram_window(*wrong)


@given(
    st.lists(st.integers(1, 400), min_size=2, max_size=5),
    st.lists(st.integers(0, 99), min_size=1, max_size=4, unique=True),
)
@settings(max_examples=12, deadline=None)
def test_a_draw_falls_on_the_word_whose_share_holds_it(counts, draws):
    alt = shares_on_a_line(counts, [draw / 100 for draw in draws]).alt
    ends = noise_distribution(torch.tensor(counts, dtype=torch.double)).cumsum(0)
    for draw in draws:
        word = int(torch.searchsorted(ends, torch.tensor(draw / 100).double(), right=True))
        assert f"draw {draw / 100:g} falls on word {word}" in alt


@pytest.mark.parametrize(("counts", "draws"), [([1], [0.5]), ([1, 2], [1.0]), ([1, 2], [])])
def test_what_is_no_line_of_shares_is_refused(counts, draws):
    with pytest.raises(ValueError, match="from 0 up to 1"):
        shares_on_a_line(counts, draws)


def test_pulls_and_pushes_are_the_gradient_of_the_loss():
    alt = training_step(CENTRE, CONTEXT, NOISE).alt
    rows = {CONTEXT[0]: CONTEXT[1], **NOISE}
    others = torch.tensor([*rows.values()], requires_grad=True)
    centre = torch.tensor([CENTRE[1]])
    sgns_loss(centre, others[:1], others[None, 1:]).backward()
    for (name, vector), gradient in zip(rows.items(), others.grad):
        score = sum(a * b for a, b in zip(CENTRE[1], vector))
        told = alt.split(f"{name} (")[1]
        assert f"score {score:g}".replace("-", "−") in told
        strength = float(gradient[0] / centre[0, 0])  # the gradient is this times the centre
        assert f"{'pulls' if strength < 0 else 'pushes'}, {abs(strength):.2f}" in told


def test_a_step_of_other_sizes_is_refused():
    for noise in ({}, {"kidney": [0.0, 1.0]}, {"renal": [0.0, 1.0]}):
        with pytest.raises(ValueError, match="expected 1 to 3 other words"):
            training_step(CENTRE, CONTEXT, noise)
    with pytest.raises(ValueError, match="two numbers"):
        training_step(CENTRE, CONTEXT, {"skin": [1.0]})


def test_the_answer_of_the_arrows_is_that_of_3cosadd():
    angles = {word: math.radians(degrees) for word, degrees in DEGREES.items()}
    rows = torch.tensor([[math.cos(x), math.sin(x)] for x in angles.values()])
    (answer,) = WordVectors([*DEGREES], rows).analogy("man", "woman", "king")
    alt = analogy_arrows(DEGREES, "man", "woman", "king").alt
    assert f"The answer is {answer[0]}." in alt
    assert f"{answer[0]} {answer[1]:.2f}" in alt


def test_an_analogy_needs_its_words_and_another_one():
    with pytest.raises(ValueError, match="one to three others"):
        analogy_arrows({"man": 1, "woman": 2, "king": 3}, "man", "woman", "king")
