import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lib import explore, losses
from lib._explore_show import KEY, LARGEST

QUERIES = ["loss of <bladder> control", "crowded teeth", "renal failure"]
PASSAGES = ["Urinary incontinence. " + "Long " * 40, "Dental crowding", "Renal insufficiency"]
COSINES = torch.tensor([[0.6, 0.2, 0.3], [0.1, 0.7, 0.3], [0.2, 0.6, 0.5]])
BATCHES = {"before": COSINES, "random": torch.full((3, 3), 0.9)}


def a_batch(batches=BATCHES, queries=QUERIES, passages=PASSAGES, **changes):
    return explore.batch_by_temperature(
        batches, queries, passages, title="Which passage is mine?", **changes
    )


def state(figure, name: str):
    (frame,) = (frame for frame in figure.frames if frame.name == name)
    return frame, figure.layout.meta[KEY]["readings"][name]


def test_a_list_and_a_slider_go_over_encoders_and_temperatures_and_begin_at_scale_20():
    figure = a_batch()
    spec = figure.layout.meta[KEY]
    encoder, temperature = spec["controls"]
    assert spec["joint"]
    assert encoder["options"] == [*BATCHES]
    assert temperature["options"][temperature["start"]] == "0.05 (scale 20)"
    assert temperature["options"][0] == "1 (scale 1)"
    assert len(figure.frames) == len(spec["readings"]) == 2 * 8
    assert len(figure.to_json()) < LARGEST


def test_a_state_shows_the_softmax_and_tells_the_loss_of_the_library():
    vectors = torch.linalg.qr(torch.randn(3, 3, generator=torch.Generator().manual_seed(1)))[0]
    cosines = vectors @ vectors.roll(1, 0).T * 0.5 + COSINES / 2
    frame, reading = state(a_batch({"one": cosines}, temperatures=[0.5, 0.05]), "0.1")
    expected = (cosines / 0.05).softmax(dim=1)
    np.testing.assert_allclose(frame.data[0].z, expected.numpy(), atol=6e-4)
    loss = -expected.diagonal().log().mean()
    assert (
        f"The loss is {loss:.2f}; a blind guess costs log(3) = {math.log(3):.2f}."
        in (reading["sentence"])
    )
    assert list(frame.data[1].text)[:2] == [f"{100 * x:.0f}" for x in expected[0, :2].tolist()]


def test_cosines_of_unit_vectors_give_mnrl():
    generator = torch.Generator().manual_seed(0)
    q, p = (torch.nn.functional.normalize(torch.randn(3, 5, generator=generator)) for _ in "qp")
    _, reading = state(a_batch({"one": q @ p.T}, temperatures=[0.2, 0.05]), "0.1")
    assert f"The loss is {losses.mnrl(q, p, scale=20.0):.2f};" in reading["sentence"]


def test_an_encoder_that_tells_nothing_apart_costs_log_batch_at_any_temperature():
    figure = a_batch()
    for place in range(8):
        _, reading = state(figure, f"1.{place}")
        assert f"The loss is {math.log(3):.2f}; a blind guess" in reading["sentence"]
        assert [row[1] for row in reading["rows"]] == ["33.3%"] * 3


def test_the_sentence_counts_who_finds_its_own():
    _, reading = state(a_batch(), "0.4")
    assert reading["sentence"].startswith("Temperature 0.05 is scale 20. 2 of 3 queries give")
    assert reading["rows"][2][0] == "2. renal failure"


def test_pointing_at_a_cell_tells_query_and_passage_escaped_and_cut():
    shown = a_batch().data[0]
    assert shown.customdata[0][0].startswith(
        "query: loss of &lt;bladder&gt; control<br>passage: Urinary"
    )
    assert shown.customdata[2][1] == "query: renal failure<br>passage: Dental crowding"
    assert all(len(told) < 190 for row in shown.customdata for told in row)
    assert "%{customdata}" in shown.hovertemplate


def test_the_figure_begins_with_the_first_encoder_at_the_start():
    figure = a_batch(start=0.1)
    frame, _ = state(figure, "0.3")
    assert figure.data[0].z == frame.data[0].z
    assert list(figure.data[1].text) == list(frame.data[1].text)
    assert list(figure.data[2].x) == list(figure.data[2].y) == [0, 1, 2], "the diagonal is framed"


@given(pairs=st.integers(2, 10), seed=st.integers(0, 99))
@settings(max_examples=8, deadline=None)
def test_any_batch_is_small_and_its_rows_add_up(pairs, seed):
    rng = np.random.default_rng(seed)
    tables = {f"m{i}": rng.uniform(-1, 1, (pairs, pairs)) for i in range(3)}
    texts = ["A query of a patient, in a layperson's words " * 3] * pairs
    figure = a_batch(tables, texts, texts)
    assert len(figure.to_json()) < LARGEST
    for frame in figure.frames:
        np.testing.assert_allclose(np.sum(frame.data[0].z, axis=1), 1, atol=6e-3)


@pytest.mark.parametrize(
    ("batches", "changes", "says"),
    [
        ({}, {}, "0 batches"),
        ({"a": COSINES[:2]}, {}, r"\(2, 3\); expected finite ones, \(3, 3\)"),
        ({"a": COSINES * float("nan")}, {}, "expected finite ones"),
        (BATCHES, {"queries": ["a"] * 11, "passages": ["b"] * 11}, "2 to 10 pairs"),
        (BATCHES, {"passages": ["b"]}, "1 passages"),
        (BATCHES, {"temperatures": [0.05, 0.1]}, "expected falling numbers"),
        (BATCHES, {"temperatures": [0.05, 0.0]}, "above 0"),
        (BATCHES, {"temperatures": [0.2, 0.1]}, "and one of them"),
    ],
)
def test_what_cannot_be_shown_is_refused(batches, changes, says):
    with pytest.raises(ValueError, match=says):
        a_batch(batches, **changes)
