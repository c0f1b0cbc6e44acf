"""What lesson 09's checks take for right is what libraries compute, and no rounding decides a case."""

from __future__ import annotations

import base64
import itertools
import math
import statistics
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models
from transformers import PreTrainedTokenizerFast

from lib import checks, prefixes
from lib.checks import Raised, call
from lib.checks.lesson_09 import _chunks, best_chunk, embedding_costs, left_pad_with_end
from lib.checks.lesson_09 import decode_vector as decode
from lib.checks.lesson_09 import pick_batch_size as pick
from lib.checks.lesson_09 import with_prefix as prefix

SEEDS = (None, 1, 2, 20_417)
FAMILIES = ("e5", "nomic", "bge", "e5-mistral", "gte-qwen2", "minilm")
IDS = st.lists(st.integers(0, 5), max_size=6)


def oracle(name: str):
    return checks.find(name).oracle


def cases(name: str):
    return [case for seed in SEEDS for case in checks.find(name).draw(seed)]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("side", prefixes.SIDES)
@given(texts=st.lists(st.text()), task=st.text(min_size=1).filter(str.strip))
def test_prefixes_are_those_of_the_library(family, side, texts, task):
    expected = prefixes.with_prefix(family, texts, side, task)
    assert oracle("with_prefix")(family, texts, side, task) == expected


def test_the_library_refuses_what_the_check_refuses():
    for case in cases("with_prefix"):
        expected, got = (call(f)(case) for f in (oracle("with_prefix"), prefixes.with_prefix))
        if isinstance(expected, Raised):
            assert isinstance(got, Raised)
            assert got.kind == expected.kind, case.label
        else:
            assert got == expected, case.label


@given(st.integers(0, 60), st.integers(1, 12), st.data())
def test_chunks_lose_no_token_and_none_lies_inside_the_one_before(length, size, data):
    overlap = data.draw(st.integers(0, size - 1))
    spans = oracle("chunk_spans")(length, size, overlap)
    assert {token for start, end in spans for token in range(start, end)} == set(range(length))
    assert all(end - start == size for start, end in spans[:-1])
    assert all(0 < end - start <= size for start, end in spans)
    for (_, end), (start, later) in itertools.pairwise(spans):
        assert start == end - overlap
        assert later > end
    for chunker in (_chunks.right, *checks.find("break_chunker").right):
        assert chunker(length, size, overlap) == spans


@given(st.lists(IDS, min_size=1), st.integers(1, 8))
def test_a_batch_is_what_a_tokenizer_of_transformers_pads(sequences, limit):
    vocabulary = {str(number): number for number in range(8)}
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer(models.WordLevel(vocabulary, unk_token="0")),
        pad_token="6",
        padding_side="left",
    )
    rows = [[*sequence[: limit - 1], 7] for sequence in sequences]
    padded = tokenizer.pad({"input_ids": rows}, padding="longest")
    ids, mask = oracle("left_pad_with_end")(sequences, 7, 6, limit)
    assert (ids, mask) == (padded["input_ids"], padded["attention_mask"])


@given(st.dictionaries(st.integers(1, 300), st.lists(st.integers(1, 40), min_size=1), min_size=1))
def test_the_batch_size_is_that_of_the_medians_of_the_standard_library(timings):
    seconds = {size: [time / 8 for time in times] for size, times in timings.items()}
    medians = {size: Fraction(statistics.median(times)) for size, times in seconds.items()}
    bound = Fraction(3, 4) / min(medians.values())
    expected = min(size for size, median in medians.items() if 1 / median >= bound)
    assert oracle("pick_batch_size")(seconds, 16, 0.25) == expected


def test_no_rounding_decides_about_a_batch_size():
    for case in cases("pick_batch_size"):
        seconds, texts = case.args[:2]
        within = case.args[2] if len(case.args) > 2 else 0.05
        medians = [Fraction(statistics.median(times)) for times in seconds.values()]
        for median in medians:
            near = abs(float(min(medians) / median) - (1 - within)) < 0.004
            exact = all(Fraction(float(texts / time)) == texts / time for time in medians)
            assert exact or not near, case.label


@given(st.lists(st.floats(-9, 9, width=32), min_size=1), st.data())
def test_a_vector_is_what_numpy_reads_and_divides(numbers, data):
    dim = data.draw(st.integers(1, len(numbers)))
    vector = np.array(numbers, dtype="<f4")
    length = np.linalg.norm(vector[:dim].astype(np.float64))
    if length < 1e-3:
        return
    found = oracle("decode_vector")(base64.b64encode(vector.tobytes()).decode(), dim)
    np.testing.assert_allclose(found, vector[:dim] / length, atol=1e-6)


def test_no_part_of_a_vector_that_is_kept_is_short():
    for case in cases("decode_vector"):
        payload, dim = case.args
        numbers = np.frombuffer(base64.b64decode(payload), dtype="<f4")
        if dim <= len(numbers):
            assert np.linalg.norm(numbers[:dim]) > 1e-3, case.label


@given(st.integers(1, 3), st.lists(st.integers(0, 4)), st.data())
def test_the_scores_of_documents_are_those_of_numpy_s_maximum(q, owner, data):
    row = st.lists(st.integers(-8, 8), min_size=len(owner), max_size=len(owner))
    scores = np.array([data.draw(row) for _ in range(q)], dtype=float).reshape(q, -1) / 8
    expected = np.full((q, 5), -np.inf)
    for line, numbers in zip(expected, scores):
        np.maximum.at(line, np.array(owner, dtype=int), numbers)
    rows = torch.tensor(owner, dtype=torch.long)
    assert oracle("best_chunk")(torch.from_numpy(scores), rows, 5) == expected.tolist()


@pytest.mark.parametrize("seconds", [1, 3_600])
def test_a_machine_that_costs_so_much_an_hour_costs_that_after_an_hour(seconds):
    api, own = oracle("embedding_costs")([1_000] * 100, 50, 2.0, 5_000 / seconds, 7.2)
    assert math.isclose(api, 5_000 / 1_000_000 * 2)
    assert math.isclose(own, 7.2 * seconds / 3_600)


def test_what_mistakes_are_made_of_is_right_as_it_stands():
    plain = {
        "with_prefix": prefix._with(prefix._known),
        "left_pad_with_end": left_pad_with_end._feeder(),
        "embedding_costs": embedding_costs._refusing(embedding_costs._right),
        "pick_batch_size": pick._picker(),
        "decode_vector": decode._decoder(),
        "best_chunk": best_chunk._each(best_chunk._highest),
    }
    for name, function in plain.items():
        for seed in SEEDS:
            verdict = checks.find(name).verdict(call(function), seed)
            assert verdict.passed, verdict


@pytest.mark.parametrize("kind", [torch.tensor, np.float64, np.float32])
def test_costs_may_come_as_numbers_of_numpy_or_torch(kind):
    def costs(*arguments):
        return tuple(kind(cost) for cost in oracle("embedding_costs")(*arguments))

    assert checks.find("embedding_costs").verdict(call(costs)).passed


@pytest.mark.parametrize(
    ("case", "words"),
    [((4, 4, 4, []), "0 <= overlap < size"), ((-1, 4, 1, []), "0 or more")]
    + [((10_001, 4, 1, []), "10,000 are the most"), ((4.5, 4, 1, []), "cannot run")],
)
def test_a_case_that_breaks_the_card_of_the_chunker_is_named(case, words):
    verdict = checks.find("break_chunker").verdict(call(lambda: [case]))
    assert verdict.status == "wrong"
    assert words in verdict.message
