import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lib.throughput import (
    Timings,
    encode,
    fastest_precision,
    padded_tokens,
    pick_batch_size,
    speed_up,
    time_ways,
    token_counts,
    ways,
)

TEXTS = [
    "kidney failure",
    "a heart on the wrong side of the body",
    "x",
    "the liver is too large " * 9,
]


def test_ways_take_turns_and_every_other_round_goes_backwards():
    called, ticks = [], iter(range(100))
    made = {name: (lambda name=name: called.append(name)) for name in "abc"}
    timed = time_ways(made, texts=6, tokens=60, rounds=2, clock=lambda: next(ticks))
    assert "".join(called) == "abc" + "abc" + "cba"
    assert timed["a"] == Timings([1, 1], 6, 60)
    assert (timed["a"].texts_per_second, timed["a"].tokens_per_second) == (6, 60)


def test_a_slow_round_moves_neither_the_median_nor_the_ratio():
    fast, slow = Timings([1, 1, 9], 10, 100), Timings([2, 2, 18], 10, 100)
    assert fast.texts_per_second == 10
    assert speed_up(fast, slow) == 2


def test_no_way_and_no_round_are_refused():
    for made, rounds in (({}, 3), ({"a": int}, 0)):
        with pytest.raises(ValueError, match="expected at least 1 each"):
            time_ways(made, texts=1, rounds=rounds)


@given(st.lists(st.integers(1, 50), min_size=1, max_size=40), st.integers(1, 12))
def test_sorting_by_length_never_pads_more_where_all_batches_are_full(counts, batch_size):
    counts = counts[
        : len(counts) // batch_size * batch_size
    ]  # a last batch of few may hide a long one
    given_order = padded_tokens(counts, batch_size, by_length=False)
    in_order = padded_tokens(counts, batch_size, by_length=True)
    assert sum(counts) <= in_order <= given_order
    assert padded_tokens(counts, 1, by_length=False) == sum(counts)
    batches = [counts[i : i + batch_size] for i in range(0, len(counts), batch_size)]
    assert given_order == sum(len(batch) * max(batch) for batch in batches)


def test_a_batch_size_below_one_is_refused(encoder):
    for by_length in (True, False):
        with pytest.raises(ValueError, match="batch_size is 0"):
            encode(encoder, TEXTS, 0, by_length=by_length)


@pytest.mark.parametrize("by_length", [True, False])
@pytest.mark.parametrize("batch_size", [1, 2, 32])
def test_whatever_the_batches_the_vectors_are_those_of_the_library(encoder, by_length, batch_size):
    expected = encoder.encode(TEXTS, convert_to_tensor=True, show_progress_bar=False)
    found = encode(encoder, TEXTS, batch_size, by_length=by_length)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("hardware", [None, torch.bfloat16])
def test_16_bits_change_a_little_with_or_without_hardware_for_them(encoder, monkeypatch, hardware):
    monkeypatch.setattr("lib.device.low_precision_dtype", lambda device: hardware)
    found, exact = encode(encoder, TEXTS, precision="bfloat16"), encode(encoder, TEXTS)
    assert found.dtype == torch.float32
    cosines = torch.nn.functional.cosine_similarity(found, exact)
    assert float(cosines.min()) > 0.999
    # float32 under another name would differ by nothing, or by the last digit
    assert 1e-4 < float((found - exact).abs().max()) < 2e-2


@pytest.mark.parametrize(
    ("hardware", "expected"),
    [(None, "float32"), (torch.float16, "float32"), (torch.bfloat16, "bfloat16")],
)
def test_bfloat16_is_fastest_only_where_the_device_multiplies_it(monkeypatch, hardware, expected):
    monkeypatch.setattr("lib.throughput.low_precision_dtype", lambda device: hardware)
    assert fastest_precision("cpu") == expected


def test_other_precisions_and_no_text_are_refused(encoder):
    for texts, precision in ((TEXTS, "int8"), ([], "float32")):
        with pytest.raises(ValueError, match="expected at least one text and one of float32"):
            encode(encoder, texts, precision=precision)


def test_tokens_are_counted_as_the_model_reads_them(encoder):
    counts = token_counts(encoder, [*TEXTS, "kidney " * 999])
    assert counts[0] == len(encoder.tokenizer.tokenize(TEXTS[0])) + 2
    assert counts[-1] == encoder.max_seq_length == 256
    assert token_counts(encoder, []) == []


def test_there_is_a_way_for_each_batch_size(encoder):
    made = ways(encoder, TEXTS, [2, 4], precision="float32")
    assert [*made] == [2, 4]
    torch.testing.assert_close(made[2](), made[4](), atol=1e-5, rtol=0)


def test_the_smallest_batch_size_that_is_nearly_as_fast_is_picked():
    seconds = {16: [1.0, 1.5, 1.125], 4: [2.0], 8: [1.25]}
    assert pick_batch_size(seconds, 100, within=0.2) == 8
    assert pick_batch_size(seconds, 100, within=0.0) == 16
    assert pick_batch_size(seconds, 100, within=1.0) == 4
    with pytest.raises(ValueError, match="at least one size"):
        pick_batch_size({}, 100)
    with pytest.raises(ValueError, match="0 to 1"):
        pick_batch_size(seconds, 100, within=1.5)
