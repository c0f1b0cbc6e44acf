"""The ragged store of token vectors: nothing padded, every text as it came; maxima by segments."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.late_interaction import max_sim_scores
from lib.token_vectors import TokenVectors, segment_max, slices
from tests.lib.test_late_interaction import texts, unit


def test_the_store_keeps_no_padding_and_gives_every_text_back():
    given = texts(0, [3, 0, 5, 1])
    store = TokenVectors.from_list(given)
    assert len(store) == 4
    assert store.vectors.shape == (9, 8)
    assert store.offsets.tolist() == [0, 3, 3, 8, 9]
    assert store.lengths.tolist() == [3, 0, 5, 1]
    assert all(map(torch.equal, store, given))
    assert torch.equal(store[2], given[2])
    assert torch.equal(store[-1], given[3])
    assert store[0].data_ptr() == store.vectors.data_ptr()
    tokens, mask = store.pad()
    assert (tokens.shape, mask.sum(dim=1).tolist()) == ((4, 5, 8), [3, 0, 5, 1])
    assert (tokens[~mask] == 0).all()
    again = TokenVectors.from_padded(tokens, mask)
    assert torch.equal(again.vectors, store.vectors)
    assert torch.equal(again.offsets, store.offsets)


def test_some_texts_are_selected_and_padded_in_the_order_asked_for():
    given = texts(0, [3, 0, 5, 1])
    store = TokenVectors.from_list(given)
    for rows in ([2, 0, 2], torch.tensor([2, 0, 2]), [-2, -4, 2]):
        some = store.select(rows)
        assert all(map(torch.equal, some, [given[2], given[0], given[2]]))
        tokens, mask = store.pad(rows)
        assert all(map(torch.equal, (tokens, mask), some.pad()))
    assert len(store.select([])) == 0
    assert store.pad([])[0].shape == (0, 0, 8)
    assert store.pad([1])[0].shape == (1, 0, 8)
    with pytest.raises(IndexError, match="there are 4 texts"):
        store.select([0, 4])
    with pytest.raises(IndexError, match="no text 4 of 4"):
        store[4]


def test_a_store_of_nothing_is_empty():
    store = TokenVectors.from_list([], dim=8)
    assert (len(store), store.vectors.shape, store.pad()[0].shape) == (0, (0, 8), (0, 0, 8))
    assert max_sim_scores(unit(0, 2, 3, 8), torch.ones(2, 3), store).shape == (2, 0)
    full = TokenVectors.from_list(texts(0, [2]))
    assert max_sim_scores(torch.empty(0, 3, 8), torch.ones(0, 3), full).shape == (0, 1)


@pytest.mark.parametrize(
    ("vectors", "offsets", "message"),
    [
        (torch.ones(3), torch.tensor([0, 3]), "use TokenVectors.from_list"),
        (torch.ones(3, 2), torch.tensor([0.0, 3.0]), "use TokenVectors.from_list"),
        (torch.ones(3, 2), torch.tensor([0, 2]), "from 0 to 2 for 3 vectors"),
        (torch.ones(3, 2), torch.tensor([0, 2, 1, 3]), "expected to rise"),
        (torch.ones(3, 2), torch.empty(2, dtype=torch.long, device="meta"), "expected the CPU"),
    ],
)
def test_a_store_refuses_offsets_that_do_not_fit(vectors, offsets, message):
    with pytest.raises(ValueError, match=message):
        TokenVectors(vectors, offsets)


def test_a_list_of_different_widths_is_refused():
    with pytest.raises(ValueError, match=r"\(2,\), \(3,\)"):
        TokenVectors.from_list([torch.ones(1, 3), torch.ones(1, 2)])


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 99), st.lists(st.integers(0, 5), min_size=1, max_size=8))
def test_the_maxima_of_segments_are_those_of_their_rows(seed, lengths):
    values = unit(seed, sum(lengths), 3)
    expected = [
        part.amax(dim=0) if len(part) else torch.full((3,), -torch.inf)
        for part in values.split(lengths)
    ]
    assert torch.equal(segment_max(values, torch.tensor(lengths)), torch.stack(expected))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 9), max_size=20), st.integers(1, 30))
def test_slices_cover_all_rows_and_hold_no_more_than_asked_for(lengths, most):
    parts = list(slices(torch.tensor(lengths, dtype=torch.long), most))
    rows = [row for part in parts for row in range(part.start, part.stop)]
    assert rows == list(range(len(lengths)))
    for part in parts:
        assert sum(lengths[part]) <= most or part.stop - part.start == 1
