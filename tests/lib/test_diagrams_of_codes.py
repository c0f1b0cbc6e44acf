"""The diagrams of lesson 05: cut vectors, prefixes, PCA, shortlists, int8 steps and bits."""

import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lib import _diagram_directions, _diagram_shortlist, matryoshka, quantization
from lib.diagrams import (
    cut_vectors,
    hamming_bits,
    int8_steps,
    nested_prefixes,
    principal_direction,
    shortlist_then_rescore,
)
from tests.lib.figures import require_readable, written

QUERY, PASSAGES = [0.6, 0.0, 0.8], {"A": [0.28, 0.0, 0.96], "B": [0.8, 0.6, 0.0]}
EIGHT = [0.8, -0.4, 0.2, 0.5, -0.1, 0.3, -0.7, 0.6]


def plain(text: str) -> str:
    return text.replace("\N{MINUS SIGN}", "-")


def test_the_cut_s_scores_are_those_of_the_library():
    alt = plain(cut_vectors(QUERY, PASSAGES, 2).alt)
    rows = torch.tensor([*PASSAGES.values()])
    cosines = matryoshka.truncate(torch.tensor([QUERY]), 2) @ matryoshka.truncate(rows, 2).T
    for name, row, cosine in zip(PASSAGES, rows, cosines[0].tolist()):
        told = alt.split(f"{name} (")[1].split(";")[0]
        assert f"length after the cut {float(row[:2].norm()):.2g}" in told
        assert told.rstrip(".").endswith(f"cosine after the cut {cosine:.2g}")


def test_the_best_of_each_column_is_bold_and_the_dot_product_prefers_another():
    figure, _ = cut_vectors(QUERY, PASSAGES, 2)
    bold = [t.get_text() for t in figure.axes[0].texts if t.get_weight() == "bold"]
    assert bold == ["0.94", "1", "0.48"], "A by its cosines, B by its dot product"


@given(numbers=st.integers(2, 4), passages=st.integers(2, 5), seed=st.integers(0, 9))
@settings(max_examples=5, deadline=None)
def test_any_cut_can_be_read(numbers, passages, seed):
    rows = np.random.default_rng(seed).uniform(-1, 1, (passages + 1, numbers))
    named = {f"p{i}": row for i, row in enumerate(rows[1:].tolist())}
    require_readable(cut_vectors(rows[0].tolist(), named, 1).figure)


@pytest.mark.parametrize(
    ("query", "passages", "dim", "says"),
    [
        ([1.0], {"A": [1.0], "B": [1.0]}, 1, "expected 2 to 4 numbers"),
        (QUERY, {"A": QUERY}, 2, "2 to 5 passages"),
        (QUERY, {"A": QUERY, "B": [1.0]}, 2, "one length for all"),
        (QUERY, PASSAGES, 3, "a dim below it"),
        (QUERY, {"A": QUERY, "B": [0.0, 0.0, 1.0]}, 2, "no length is left"),
    ],
)
def test_vectors_that_cannot_be_cut_are_refused(query, passages, dim, says):
    with pytest.raises(ValueError, match=says):
        cut_vectors(query, passages, dim)


def test_the_prefixes_are_drawn_to_scale_and_weighted():
    figure, alt = nested_prefixes([384, 96, 48], [1, 0.5, 0.25])
    bars = [
        p for p in figure.axes[0].patches if p.get_linestyle() == "solid" and hasattr(p, "get_xy")
    ]
    wide = sorted((bar.get_width() for bar in bars if bar.get_height() == 0.26), reverse=True)
    np.testing.assert_allclose(np.array(wide) / wide[0], [1, 0.25, 0.125])
    assert "384 (times 1), 96 (times 0.5), 48 (times 0.25)" in alt
    assert "Numbers 1 to 48 stand in all 3 prefixes, numbers 97 to 384 in one." in alt
    assert "x 0.25" in written(figure)


@pytest.mark.parametrize(
    ("dims", "weights"), [([384], None), ([16, 384], None), ([384, 16], [1.0]), ([4, 0], None)]
)
def test_prefixes_that_do_not_nest_are_refused(dims, weights):
    with pytest.raises(ValueError, match="falling lengths and a weight for each"):
        nested_prefixes(dims, weights)


@pytest.mark.parametrize("seed", range(3))
def test_the_direction_drawn_is_the_library_s_and_keeps_the_most(seed):
    points = torch.from_numpy(_diagram_directions._points(seed))
    axes = matryoshka.principal_directions(points, 1)
    share = float((points @ axes).square().sum() / points.square().sum())
    alt = principal_direction(seed).alt
    first, along = (int(x) for x in re.findall(r"(\d+)%", alt))
    assert along == round(100 * share)
    assert along > first


def test_the_shortlist_is_the_library_s_and_loses_a_passage():
    rough, exact = _diagram_shortlist.scores()
    kept = np.argsort(-rough)[:4].tolist()
    best = sorted(kept, key=lambda row: -exact[row])[:2]
    missed = [row for row in np.argsort(-exact)[:2] if row not in kept]
    assert np.argmax(rough) not in best, "rescoring changes nothing: why rescore?"
    assert missed, "the picture says that a passage is lost"
    alt = shortlist_then_rescore().alt
    assert f"the best 2 of these: p{best[0] + 1}, p{best[1] + 1}." in alt
    assert f"By all numbers p{missed[0] + 1} ({exact[missed[0]]:.2f})" in alt
    for row in kept:
        assert f"p{row + 1} {exact[row]:.2f}" in alt


@given(st.lists(st.integers(-100, 100), min_size=2, max_size=6, unique=True), st.integers(0, 99))
@settings(max_examples=10, deadline=None)
def test_a_step_is_that_of_the_library(known, at):
    low, high = min(known) / 4, max(known) / 4
    value = low + (high - low) * (at + 0.5) / 100
    alt = plain(int8_steps([x / 4 for x in known], value).alt)
    coder = quantization.Int8.calibrate(torch.tensor(known, dtype=torch.float64)[:, None] / 4)
    code = coder.encode(torch.tensor([[value]], dtype=torch.float64))
    assert f"is stored as {int(code)}. " in alt
    assert f"it is {float(coder.decode(code)):.4g}." in alt


@pytest.mark.parametrize("value", [0.0, 0.004, 2.55])
def test_a_value_at_an_end_can_be_read(value):
    require_readable(int8_steps([0.0, 2.55, 1.0], value).figure)


@pytest.mark.parametrize(
    ("known", "value"), [([1.0], 1.0), ([1.0, 1.0], 1.0), ([0.0, 1.0], 2.0), ([0.0, np.nan], 0.5)]
)
def test_a_range_that_is_none_is_refused(known, value):
    with pytest.raises(ValueError, match="two or more finite numbers that differ"):
        int8_steps(known, value)


@given(st.integers(0, 99), st.integers(1, 3))
@settings(max_examples=6, deadline=None)
def test_bits_bytes_and_distances_are_those_of_the_library(seed, passages):
    rows = np.random.default_rng(seed).uniform(-1, 1, (passages + 1, 8)).round(1)
    named = {f"p{i}": row for i, row in enumerate(rows[1:].tolist())}
    figure, alt = hamming_bits(rows[0].tolist(), named)
    require_readable(figure)
    packed = quantization.to_binary(torch.from_numpy(rows))
    distances, order = quantization.hamming_top_k(packed[:1], packed[1:], passages, 8)
    for distance, row in zip(distances[0].tolist(), order[0].tolist()):
        byte = int(packed[row + 1])
        dot = 8 - 2 * distance
        assert (
            f"p{row} has byte {byte} and Hamming distance {distance} (signs' dot product {dot})"
            in alt
        )


@pytest.mark.parametrize(
    ("query", "passages"),
    [(EIGHT[:7], {"A": EIGHT[:7]}), (EIGHT, {}), (EIGHT, {"A": [np.inf] * 8})],
)
def test_numbers_that_fill_no_byte_are_refused(query, passages):
    with pytest.raises(ValueError, match="expected 8 finite numbers each"):
        hamming_bits(query, passages)
