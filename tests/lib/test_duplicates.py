import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.duplicates import (
    first_with_same_text,
    first_with_same_vector,
    most_copies,
    without_copies,
)


def firsts_by_loops(items):
    return [next(j for j, other in enumerate(items) if other == item) for item in items]


def test_case_white_space_and_accents_do_not_make_another_text():
    texts = ["Bone pain.", "bone  pain.", " BONE\tPAIN.\n", "bone pain", "Sjögren", "Sjo\u0308gren"]
    assert first_with_same_text(texts).tolist() == [0, 0, 0, 3, 4, 4]
    assert first_with_same_text(["Straße", "STRASSE", ""]).tolist() == [0, 0, 2]
    assert first_with_same_text([]).tolist() == []


@pytest.mark.parametrize("texts", ["text", [1, 2], ["a", None]])
def test_only_lists_of_texts_have_copies(texts):
    with pytest.raises(TypeError, match="expected a list of texts"):
        first_with_same_text(texts)


@settings(max_examples=80, deadline=None)
@given(
    rows=st.lists(st.integers(0, 9), max_size=40),
    dim=st.integers(1, 30),
    kind=st.sampled_from(["random", "alike", "whole numbers"]),
    dtype=st.sampled_from([torch.float32, torch.float64, torch.bfloat16, torch.float16]),
    seed=st.integers(0, 999),
)
def test_equal_vectors_are_found_by_their_numbers(rows, dim, kind, dtype, seed):
    different = torch.randn(10, dim, generator=torch.Generator().manual_seed(seed))
    if kind == "alike":  # they differ in one number only, which may be none that is looked at first
        different[:, :] = 1
        different[:, seed % dim] = torch.arange(10.0)
    if kind == "whole numbers":
        different = different.round()
    vectors = different.to(dtype)[torch.tensor(rows, dtype=torch.long)]
    expected = firsts_by_loops(vectors.tolist())
    assert first_with_same_vector(vectors).tolist() == expected


def test_minus_zero_is_zero_and_nearly_is_not_equal():
    vectors = torch.tensor([[0.0, 1.0], [-0.0, 1.0], [0.0, 1.0 + 2**-23]])
    assert first_with_same_vector(vectors).tolist() == [0, 0, 2]


def test_vectors_without_numbers_are_refused():
    for shape in ((3,), (3, 0)):
        with pytest.raises(ValueError, match="expected \\(n, dim\\)"):
            first_with_same_vector(torch.ones(shape))


@settings(max_examples=60, deadline=None)
@given(
    first=st.lists(st.integers(0, 4), min_size=1, max_size=12).map(firsts_by_loops),
    seed=st.integers(0, 999),
)
def test_positives_and_their_copies_are_no_candidates(first, seed):
    generator = torch.Generator().manual_seed(seed)
    candidates = torch.randint(-1, len(first), (4, 5), generator=generator)
    positives = torch.randint(-1, len(first), (4, 3), generator=generator)
    left = without_copies(candidates, positives, torch.tensor(first))
    most = most_copies(positives, torch.tensor(first))
    for asked, own, found in zip(candidates.tolist(), positives.tolist(), left.tolist()):
        same = {row for row in range(len(first)) for p in own if p >= 0 and first[row] == first[p]}
        assert found == [-1 if row in same else row for row in asked]
        assert len(same - set(own)) <= most
    assert most_copies(positives[:0], torch.tensor(first)) == 0
