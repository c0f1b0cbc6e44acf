"""MaxSim against its plain version, sentence-transformers' and loops."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sentence_transformers.util import maxsim

from lib import late_interaction
from lib.late_interaction import (
    TokenVectors,
    max_sim,
    max_sim_map,
    max_sim_scores,
    plain_max_sim,
)


def unit(seed, *shape):
    draw = torch.Generator().manual_seed(seed)
    return torch.nn.functional.normalize(torch.randn(*shape, generator=draw), dim=-1)


def texts(seed, lengths, dim=8):
    return [unit(seed + 1 + i, length, dim) for i, length in enumerate(lengths)]


def by_loops(queries, documents):
    """The specification: lists of (tokens, dim)."""
    scores = torch.empty(len(queries), len(documents))
    for i, query in enumerate(queries):
        for j, document in enumerate(documents):
            best = [max((float(t @ d) for d in document), default=-torch.inf) for t in query]
            scores[i, j] = sum(best) if len(document) else -torch.inf
    return scores


def all_four(queries, documents, block=1 << 20):
    """The scores by every function of ours, for lists of (tokens, dim)."""
    asked = TokenVectors.from_list(queries).pad()
    stored = TokenVectors.from_list(documents)
    return {
        "plain": plain_max_sim(*asked, *stored.pad()),
        "max_sim": max_sim(*asked, *stored.pad(), block),
        "max_sim_scores": max_sim_scores(*asked, stored, block),
    }


lengths = st.lists(st.integers(0, 7), min_size=1, max_size=9).filter(any)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 99), lengths, lengths, st.integers(1, 300))
def test_all_ways_give_what_loops_give_for_any_lengths_and_blocks(seed, q, n, block):
    queries, documents = texts(seed, q), texts(seed + 50, n)
    expected = by_loops(queries, documents)
    for name, found in all_four(queries, documents, block).items():
        torch.testing.assert_close(found, expected, atol=1e-5, rtol=0, msg=name)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 99),
    q=st.lists(st.integers(1, 40), min_size=1, max_size=6),
    n=st.lists(st.integers(1, 90), min_size=1, max_size=40),
    dim=st.sampled_from([1, 8, 128]),
)
def test_scores_are_those_of_sentence_transformers(seed, q, n, dim):
    queries, documents = texts(seed, q, dim), texts(seed + 50, n, dim)
    expected = maxsim(queries, documents)
    for name, found in all_four(queries, documents).items():
        torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-6, msg=name)


def test_a_padded_document_token_never_wins():
    query, document = torch.tensor([[[1.0, 0.0]]]), torch.tensor([[[-1.0, 0.0], [5.0, 5.0]]])
    mask = torch.tensor([[1, 0]])
    for function in (plain_max_sim, max_sim):
        assert function(query, torch.ones(1, 1), document, mask).tolist() == [[-1.0]]


def test_a_padded_query_token_adds_nothing():
    queries = unit(0, 2, 5, 8)
    mask = torch.tensor([[1, 1, 1, 0, 0], [0, 0, 0, 0, 0]])
    documents = TokenVectors.from_list(texts(7, [3, 4]))
    expected = by_loops([queries[0, :3], queries[1, :0]], list(documents))
    assert expected[1].tolist() == [0, 0]
    for found in (
        plain_max_sim(queries, mask, *documents.pad()),
        max_sim(queries, mask.bool(), *documents.pad()),
        max_sim_scores(queries, mask, documents),
    ):
        torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


def test_padding_may_stand_on_either_side():
    queries, documents = texts(0, [2, 4]), texts(9, [5, 1, 3])
    tokens, mask = TokenVectors.from_list(documents).pad()
    asked = TokenVectors.from_list(queries).pad()
    found = max_sim(*asked, tokens.flip(1), mask.flip(1))
    torch.testing.assert_close(found, by_loops(queries, documents), atol=1e-5, rtol=0)


def test_a_document_without_tokens_is_last_for_every_query():
    queries = TokenVectors.from_list(texts(0, [2, 0])).pad()
    documents = TokenVectors.from_list(texts(3, [0, 2, 0]))
    for found in (max_sim(*queries, *documents.pad()), max_sim_scores(*queries, documents)):
        assert found[:, [0, 2]].eq(-torch.inf).all()
        assert found[:, 1].isfinite().all()
    empty = TokenVectors.from_list(texts(3, [0, 0]))
    for found in (max_sim(*queries, *empty.pad()), max_sim_scores(*queries, empty)):
        assert found.eq(-torch.inf).all()
        assert found.shape == (2, 2)


@pytest.mark.parametrize("function", [plain_max_sim, max_sim])
def test_gradients_flow_to_both_sides_and_to_the_winners_alone(function):
    queries, documents = unit(0, 2, 3, 6).double(), unit(1, 4, 5, 6).double()
    masks = torch.tensor([[1, 1, 0], [1, 1, 1]]), torch.tensor([[1] * 5] * 3 + [[1, 1, 0, 0, 0]])

    def scores(q, d):
        return function(q, masks[0], d, masks[1])

    inputs = queries.requires_grad_(), documents.requires_grad_()
    assert torch.autograd.gradcheck(scores, inputs)
    scores(*inputs).sum().backward()
    assert (queries.grad[0, 2] == 0).all()
    assert (documents.grad[3, 2:] == 0).all()


def test_gradients_flow_through_the_store_too():
    queries, vectors = unit(0, 2, 3, 6).double(), unit(1, 9, 6).double()
    mask, offsets = torch.tensor([[1, 1, 0], [1, 1, 1]]), torch.tensor([0, 4, 4, 5, 9])

    def scores(q, v):
        return max_sim_scores(q, mask, TokenVectors(v, offsets))

    expected = scores(queries, vectors)
    inputs = queries.requires_grad_(), vectors.requires_grad_()
    torch.testing.assert_close(scores(*inputs), expected, atol=1e-9, rtol=0)
    assert expected[:, 1].eq(-torch.inf).all()
    assert torch.autograd.gradcheck(lambda q, v: scores(q, v)[:, [0, 2, 3]], inputs)
    with torch.no_grad():
        assert not scores(*inputs).requires_grad


def test_the_gradient_of_blocks_is_that_of_the_whole():
    queries, documents = unit(0, 3, 4, 6), unit(1, 7, 5, 6)
    ones = torch.ones(3, 4), torch.ones(7, 5)

    def gradient(block):
        q, d = queries.clone().requires_grad_(), documents.clone().requires_grad_()
        max_sim(q, ones[0], d, ones[1], block).square().sum().backward()
        return q.grad, d.grad

    for found, expected in zip(gradient(1), gradient(1 << 20)):
        torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


def test_many_query_tokens_are_cut_into_products():
    queries, documents = unit(0, 100, 33, 4), TokenVectors.from_list(texts(1, [3, 9, 2], 4))
    mask = torch.ones(100, 33)
    found = max_sim_scores(queries, mask, documents)
    expected = plain_max_sim(queries, mask, *documents.pad())
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)
    torch.testing.assert_close(max_sim(queries, mask, *documents.pad()), expected)


@pytest.mark.parametrize("queries", [3, 30])
@pytest.mark.parametrize("block", [1, 500, 20_000])
def test_no_more_similarities_are_held_than_asked_for(queries, block, monkeypatch):
    held = []
    product, maxima = torch.mm, late_interaction.segment_max

    def watched_product(a, b, **options):
        held.append(len(a) * b.shape[1])
        return product(a, b, **options)

    def watched_maxima(values, lengths):
        held.append(values.numel())
        return maxima(values, lengths)

    monkeypatch.setattr(torch, "mm", watched_product)
    monkeypatch.setattr(late_interaction, "segment_max", watched_maxima)
    documents = TokenVectors.from_list(texts(1, range(1, 30)))
    max_sim_scores(unit(0, queries, 4, 8), torch.ones(queries, 4), documents, block)
    assert sum(held) >= 4 * queries * len(documents.vectors)
    assert max(held) <= max(block, 29 * 4 * queries)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_scores_of_16_bits_are_summed_in_32(dtype):
    queries, documents = unit(0, 2, 40, 16).to(dtype), TokenVectors.from_list(texts(1, [9, 30], 16))
    documents, mask = documents.to(dtype), torch.ones(2, 40)
    found = max_sim_scores(queries, mask, documents)
    wide = torch.float32 if dtype != torch.float64 else dtype
    assert found.dtype == wide == max_sim(queries, mask, *documents.pad()).dtype
    exact = plain_max_sim(queries.double(), mask, *documents.to(torch.float64).pad())
    limit = 1e-9 if dtype == torch.float64 else 40 * 2**-9
    torch.testing.assert_close(found.double(), exact, atol=limit, rtol=0)


def test_max_sim_runs_on_meta_and_non_contiguous_tensors():
    with torch.device("meta"):
        found = max_sim(
            torch.ones(3, 4, 8), torch.ones(3, 4), torch.ones(9, 5, 8), torch.ones(9, 5)
        )
        assert (found.shape, found.device.type) == ((3, 9), "meta")
    wide = unit(0, 8, 4, 6).transpose(0, 1)  # (4, 8, 6), no text in one piece
    documents = TokenVectors.from_list(texts(3, [2, 5], 6))
    expected = plain_max_sim(wide.contiguous(), torch.ones(4, 8), *documents.pad())
    torch.testing.assert_close(max_sim_scores(wide, torch.ones(4, 8), documents), expected)


def test_vectors_with_a_nan_are_refused_and_named():
    documents = TokenVectors.from_list(texts(3, [2, 0, 5]))
    documents.vectors[4, 1] = torch.nan
    with pytest.raises(ValueError, match=r"max_sim_scores: row 4 of documents .* holds nan"):
        max_sim_scores(unit(0, 2, 3, 8), torch.ones(2, 3), documents)


@pytest.mark.parametrize(
    ("queries", "mask", "documents", "message"),
    [
        (torch.ones(3, 2), torch.ones(3), torch.ones(1, 4, 2), r"text\[None\]"),
        (torch.ones(1, 3, 2), torch.ones(1, 2), torch.ones(1, 4, 2), r"mask is \(1, 2\)"),
        (
            torch.ones(1, 3, 2),
            torch.ones(1, 3),
            torch.ones(1, 4, 3),
            "2 dimensions and documents 3",
        ),
        (torch.ones(1, 3, 2), torch.ones(1, 3), torch.ones(1, 4, 2).half(), "one dtype and device"),
        (torch.ones(1, 3, 2).int(), torch.ones(1, 3), torch.ones(1, 4, 2).int(), "expected floats"),
    ],
)
def test_max_sim_says_what_does_not_fit(queries, mask, documents, message):
    document_mask = torch.ones(documents.shape[:2])
    stored = TokenVectors.from_padded(documents, document_mask)
    with pytest.raises(ValueError, match=message):
        max_sim(queries, mask, documents, document_mask)
    with pytest.raises(ValueError, match=message):
        plain_max_sim(queries, mask, documents, document_mask)
    with pytest.raises(ValueError, match=message):
        max_sim_scores(queries, mask, stored)
    with pytest.raises(ValueError, match="block is 0"):
        max_sim(*[torch.ones(1, 1, 1), torch.ones(1, 1)] * 2, block=0)


def test_the_map_shows_who_wins_and_its_winners_make_the_score():
    query, document = unit(0, 4, 8), unit(1, 6, 8)
    similarities, winner = max_sim_map(query, document)
    assert similarities.shape == (4, 6)
    torch.testing.assert_close(similarities, query @ document.T)
    score = similarities[torch.arange(4), winner].sum()
    expected = max_sim_scores(query[None], torch.ones(1, 4), TokenVectors.from_list([document]))
    torch.testing.assert_close(score, expected[0, 0])
    assert max_sim_map(torch.ones(1, 2), torch.ones(3, 2))[1].tolist() == [0]
    with pytest.raises(ValueError, match="at least one token"):
        max_sim_map(query, document[:0])
