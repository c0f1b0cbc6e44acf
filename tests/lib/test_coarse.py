"""The 16-bit first pass: whatever the vectors, no one of the k best is lost."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lib import _coarse, search
from lib.search import top_k


@pytest.fixture(autouse=True)
def _always(monkeypatch):
    """Also on processors that would not gain by it, and for few queries."""
    monkeypatch.setattr(search, "_FEW_QUERIES", 0)
    monkeypatch.setattr(
        _coarse, "pays", lambda queries, corpus, k: len(corpus) >= _coarse.GROUP * k
    )


def _found(queries, corpus, k, often=False):
    room = torch.empty(len(queries) * (len(corpus) + _coarse.GROUP), dtype=torch.bfloat16)
    return _coarse.candidates(queries, _coarse.Passages(corpus, often), k, room)


def _vectors(kind, count, dim, generator):
    vectors = torch.randn(count, dim, generator=generator)
    if kind == "close":  # all nearly the same: 8 bits cannot tell them apart
        vectors = 1 + 1e-3 * vectors
    if kind == "long and short":
        vectors *= torch.logspace(-6, 6, count)[torch.randperm(count, generator=generator), None]
    if kind == "tiny":  # their squares are less than 32 bits can hold
        vectors *= 1e-21
    if kind == "few values":
        vectors = vectors.round()
    if kind == "one side":
        vectors = vectors.abs()
    return vectors


@given(
    st.sampled_from(["random", "close", "long and short", "tiny", "few values", "one side"]),
    st.integers(1, 12),
    st.integers(330, 800),
    st.integers(1, 40),
    st.integers(1, 10),
    st.booleans(),
    st.integers(0, 2**31),
)
@settings(max_examples=200, deadline=None)
def test_none_of_the_best_is_lost(kind, queries, passages, dim, k, often, seed):
    generator = torch.Generator().manual_seed(seed)
    asked = _vectors(kind, queries, dim, generator)
    corpus = _vectors(kind, passages, dim, generator)
    places, sure = _found(asked, corpus, k, often)
    exact = asked.double() @ corpus.double().T
    kth = exact.topk(k).values[:, -1:]
    # Those that are better than the k-th by more than the rounding of 32 bits.
    clearly = exact > kth + 1e-5 * asked.norm(dim=1)[:, None] * corpus.norm(dim=1).max()
    for row in range(queries):
        if sure[row]:
            kept = set(places[row].tolist())
            assert set(clearly[row].nonzero().flatten().tolist()) <= kept
            assert len(kept - {passages}) >= k
            assert places[row].tolist() == sorted(places[row].tolist())


@given(
    st.sampled_from(["random", "close", "few values"]),
    st.integers(1, 9),
    st.integers(330, 700),
    st.integers(1, 10),
    st.integers(0, 2**31),
)
@settings(max_examples=60, deadline=None)
def test_search_by_way_of_it_finds_what_search_without_finds(kind, queries, passages, k, seed):
    generator = torch.Generator().manual_seed(seed)
    asked, corpus = (_vectors(kind, n, 16, generator) for n in (queries, passages))
    scores, indices = top_k(asked, corpus, k, block=400, query_block=5)
    exact = asked @ corpus.T
    torch.testing.assert_close(scores, exact.topk(k).values, atol=1e-4, rtol=1e-5)
    torch.testing.assert_close(exact.gather(1, indices), scores, atol=1e-4, rtol=1e-5)
    assert all(len(set(row)) == k for row in indices.tolist())


def test_equal_passages_come_in_order():
    generator = torch.Generator().manual_seed(1)
    asked, corpus = (
        torch.randn(4, 24, generator=generator),
        torch.randn(900, 24, generator=generator),
    )
    best = (asked @ corpus.T).argmax(dim=1)
    for row, place in enumerate(best.tolist()):
        corpus[[700 + row, 300 + row, 899 - row]] = corpus[place].clone()
    for row, (place, indices) in enumerate(zip(best.tolist(), top_k(asked, corpus, 4)[1].tolist())):
        assert indices == sorted({place, 700 + row, 300 + row, 899 - row})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 3e38])
def test_what_is_not_finite_is_left_to_the_exact_search(value):
    for often in (False, True):
        asked, corpus = torch.ones(3, 8), torch.ones(400, 8)
        asked[1, 2] = value
        assert _found(asked, corpus, 2, often)[1].tolist()[1] is False
        corpus[7, 7] = value
        assert not _found(asked, corpus, 2, often)[1].any()
        with pytest.raises(ValueError, match=r"row 1 of queries|scores of queries in row 1"):
            top_k(asked, corpus, 2)


def test_one_infinite_passage_in_every_group_hides_no_other():
    corpus = torch.ones(400, 8)
    corpus[:390, 0] = torch.inf  # times 0 that is nan, and the ten others are the only numbers
    asked = torch.ones(2, 8)
    asked[:, 0] = 0
    assert not _found(asked, corpus, 2)[1].any()
    with pytest.raises(ValueError, match=r"rows 0, 1, 2, 3, 4 and 385 more of corpus"):
        top_k(asked, corpus, 2)


def test_many_alike_are_not_all_scored_again():
    asked, corpus = torch.ones(2, 8), torch.ones(5_000, 8)
    places, sure = _found(asked, corpus, 3)
    assert not sure.any()
    assert places.shape == (2, 3)


def test_the_bound_holds_and_is_not_idle():
    generator = torch.Generator().manual_seed(0)
    asked, corpus = (torch.randn(n, 384, generator=generator) for n in (50, 500))
    off = (
        asked.double() @ corpus.double().T
        - asked.bfloat16().double() @ corpus.bfloat16().double().T
    )
    measured, assumed = (
        off.abs().amax(dim=1) / _coarse.Passages(corpus, often).error(asked)
        for often in (True, False)
    )
    assert (measured < 1).all()
    assert measured.max() > 0.02
    # What rounding takes at most is two to three times what it takes.
    assert (assumed < measured).all()
    assert (assumed > measured / 3).all()


def test_of_lengths_that_32_bits_cannot_hold_nothing_is_known():
    asked, corpus = torch.ones(3, 8), torch.ones(40, 8)
    asked[1] = 1e-22
    assert _coarse.Passages(corpus, False).error(asked).isnan().tolist() == [False, True, False]
    assert _coarse.Passages(corpus * 1e-22, True).error(asked).isnan().all()
    assert _coarse.Passages(corpus * 0, False).error(asked).isnan().all()


@pytest.mark.parametrize("dim", [1, 5])
def test_passages_that_do_not_fill_a_group_are_searched(dim):
    corpus = torch.arange(1.0, 334.0)[:, None].expand(-1, dim).contiguous()
    for often in (False, True):
        places, sure = _found(torch.ones(2, dim), corpus, 2, often)
        assert sure.all()
        assert {331, 332} <= set(places[0].tolist())


def test_lists_keep_the_order_of_each_row():
    found = _coarse.lists(torch.tensor([0, 0, 2]), torch.tensor([7, 5, 6]), 4, fill=-1)
    assert found.tolist() == [[7, 5], [-1, -1], [6, -1], [-1, -1]]
    assert _coarse.lists(found[:0, 0], found[:0, 0], 1, fill=9, at_least=2).tolist() == [[9, 9]]


def test_few_queries_and_other_types_are_searched_whole(monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr(_coarse, "low_precision_dtype", lambda device: torch.bfloat16)
    many, corpus = torch.ones(9, 4), torch.ones(5_000, 4)
    assert _coarse.pays(many, corpus, 10)
    assert not _coarse.pays(many[:8], corpus, 10)
    assert not _coarse.pays(many, corpus[:1_000], 10)
    assert not _coarse.pays(many, corpus, 33)
    assert not _coarse.pays(many.double(), corpus.double(), 10)
    assert not _coarse.pays(many.to("meta"), corpus.to("meta"), 10)
    monkeypatch.setattr(_coarse, "low_precision_dtype", lambda device: None)
    assert not _coarse.pays(many, corpus, 10)
