"""Cutting vectors short, against sentence-transformers, scikit-learn and brute force."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from lib import matryoshka
from lib.losses import mnrl, triplet_loss
from lib.matryoshka import matryoshka_loss, rescore, shortlist_and_rescore, truncate
from lib.pooling import normalize
from lib.search import top_k


def _unit(count, dim, seed=0, device="cpu"):
    vectors = torch.randn(count, dim, generator=torch.Generator().manual_seed(seed))
    return normalize(vectors).to(device)


def test_a_cut_vector_has_length_one_again_unless_told_otherwise():
    vectors = _unit(6, 12)
    short = truncate(vectors, 5)
    torch.testing.assert_close(short.norm(dim=1), torch.ones(6))
    torch.testing.assert_close(short, torch.nn.functional.normalize(vectors[:, :5]))
    raw = truncate(vectors, 5, renormalize=False)
    assert torch.equal(raw, vectors[:, :5])
    assert (raw.norm(dim=1) < 1).all()
    assert truncate(torch.zeros(2, 4), 2).isfinite().all()


@pytest.mark.parametrize("dim", [0, 13, -1])
def test_a_length_that_is_not_there_is_refused(dim):
    with pytest.raises(ValueError, match="expected 1 to 12"):
        truncate(_unit(2, 12), dim)


class _Table(nn.Module):
    """The library's losses want a model: this one looks vectors up."""

    def __init__(self, vectors):
        super().__init__()
        self.vectors = nn.Parameter(vectors.clone())

    def get_embedding_dimension(self):
        return self.vectors.shape[1]

    def forward(self, features):
        return {"sentence_embedding": self.vectors[features["rows"]]}


@pytest.mark.parametrize("weights", [None, [1.0, 0.5, 0.25]])
def test_the_loss_and_its_gradient_are_the_library_s(weights):
    from sentence_transformers.sentence_transformer.losses import (
        MatryoshkaLoss,
        MultipleNegativesRankingLoss,
    )

    vectors, dims = 3 * _unit(10, 16, 4), [16, 8, 3]
    theirs = _Table(vectors)
    loss = MatryoshkaLoss(theirs, MultipleNegativesRankingLoss(theirs), dims, weights)
    features = [{"rows": torch.arange(5)}, {"rows": torch.arange(5, 10)}]
    expected = loss(features, None)
    expected.backward()
    ours = vectors.clone().requires_grad_()
    found = matryoshka_loss(mnrl, ours[:5], ours[5:], dims=dims, weights=weights)
    found.backward()
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)
    torch.testing.assert_close(ours.grad, theirs.vectors.grad, atol=1e-5, rtol=0)


def test_the_loss_takes_groups_and_options_and_is_a_sum():
    queries, positives = _unit(4, 8, 1), _unit(4, 8, 2)
    negatives = _unit(12, 8, 3).view(4, 3, 8)
    options = {"scale": 7.0, "symmetric": True}
    found = matryoshka_loss(mnrl, queries, positives, negatives, dims=[8, 4], **options)
    parts = [
        mnrl(*(normalize(x[..., :dim]) for x in (queries, positives, negatives)), **options)
        for dim in (8, 4)
    ]
    torch.testing.assert_close(found, parts[0] + parts[1])
    one = matryoshka_loss(triplet_loss, queries, positives, positives, dims=[8], margin=0.3)
    torch.testing.assert_close(one, torch.tensor(0.3))


@pytest.mark.parametrize(("dims", "weights"), [([], None), ([4], [1, 2]), ([9], None)])
def test_dims_and_weights_that_do_not_fit_are_refused(dims, weights):
    with pytest.raises(ValueError, match="expected"):
        matryoshka_loss(mnrl, _unit(2, 8), _unit(2, 8), dims=dims, weights=weights)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 9), st.integers(1, 40), st.integers(1, 12), st.integers(0, 99))
def test_a_whole_shortlist_gives_exact_search(queries, passages, k, seed):
    asked, corpus = _unit(queries, 10, seed), _unit(passages, 10, seed + 1)
    found = shortlist_and_rescore(asked, corpus, k, dim=3, size=max(k, passages))
    exact = top_k(asked, corpus, k)
    torch.testing.assert_close(found[0], exact[0])
    assert torch.equal(found[1], exact[1])


def test_a_shortlist_is_found_by_the_first_numbers_and_ordered_by_all():
    asked, corpus = _unit(7, 24, 1), _unit(300, 24, 2)
    scores, rows = shortlist_and_rescore(asked, corpus, 5, dim=6, size=20)
    short = truncate(asked, 6) @ truncate(corpus, 6).T
    for row in range(7):
        allowed = set(short[row].topk(20).indices.tolist())
        best = sorted(allowed, key=lambda i: -float(asked[row] @ corpus[i]))[:5]
        assert rows[row].tolist() == best
    torch.testing.assert_close(scores, (asked @ corpus.T).gather(1, rows))
    with pytest.raises(ValueError, match="at least k"):
        shortlist_and_rescore(asked, corpus, 5, dim=6, size=4)


def test_rescoring_breaks_ties_by_row_and_puts_what_is_missing_last():
    corpus = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.6, 0.8]])
    candidates = torch.tensor([[2, -1, 0, 1], [3, 1, -1, -1]])
    queries = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    scores, rows = rescore(queries, corpus, candidates, 3, query_block=1)
    assert rows.tolist() == [[0, 2, 1], [1, 3, -1]]
    torch.testing.assert_close(scores, torch.tensor([[1.0, 1.0, 0.0], [1.0, 0.8, -torch.inf]]))
    with pytest.raises(ValueError, match="one row of candidates"):
        rescore(queries, corpus, candidates[:1], 3)


def test_principal_directions_are_those_of_the_singular_vectors():
    from sklearn.decomposition import TruncatedSVD

    vectors = _unit(60, 9, 5) * torch.linspace(3, 1, 9)
    ours = matryoshka.principal_directions(vectors, 4)
    theirs = TruncatedSVD(4, algorithm="arpack", random_state=0).fit(vectors.double().numpy())
    expected = torch.from_numpy(theirs.components_.T.copy()).float()
    torch.testing.assert_close((ours.T @ expected).abs(), torch.eye(4), atol=1e-4, rtol=0)
    full = matryoshka.principal_directions(vectors, 9)
    torch.testing.assert_close((vectors @ full) @ (vectors @ full).T, vectors @ vectors.T)


def test_random_dimensions_are_different_and_seeded():
    drawn = matryoshka.random_dimensions(50, 20, seed=3)
    assert len(set(drawn.tolist())) == 20
    assert drawn.tolist() == sorted(drawn.tolist())
    assert torch.equal(drawn, matryoshka.random_dimensions(50, 20, seed=3))
    assert not torch.equal(drawn, matryoshka.random_dimensions(50, 20, seed=4))


def test_shapes_hold_on_the_meta_device():
    vectors = torch.empty(5, 16, device="meta")
    assert truncate(vectors, 4).shape == (5, 4)
    assert matryoshka_loss(mnrl, vectors, vectors, dims=[16, 4]).shape == ()
    candidates = torch.empty(5, 3, dtype=torch.long, device="meta")
    assert rescore(vectors, vectors, candidates, 2)[1].shape == (5, 2)


@pytest.mark.parametrize(
    ("candidates", "says"),
    [
        ([[0, 3]], "expected rows from 0 to 2"),
        ([[0, -2]], "or -1"),
        ([[1, 0, 1]], "each once"),
        ([[0.0, 1.0]], "expected whole numbers"),
        ([[True, False]], "expected whole numbers"),
    ],
)
def test_candidates_that_are_no_rows_are_refused(candidates, says):
    with pytest.raises((TypeError, ValueError), match=f"rescore: .*{says}"):
        rescore(_unit(1, 4), _unit(3, 4), torch.tensor(candidates), 2)


def test_rescoring_takes_rows_of_any_whole_type():
    asked, corpus, candidates = _unit(2, 4), _unit(9, 4), torch.tensor([[7, 1], [0, 8]])
    expected = rescore(asked, corpus, candidates, 2)
    for dtype in (torch.uint8, torch.int16, torch.int32):
        found = rescore(asked, corpus, candidates.to(dtype), 2)
        assert all(map(torch.equal, found, expected))


def test_rescoring_refuses_what_would_spread_or_is_no_number():
    asked, corpus, candidates = _unit(1, 4), _unit(3, 4), torch.tensor([[0, 2, -1]])
    with pytest.raises(ValueError, match=r"corpus is \(3, 1\)"):
        rescore(asked, corpus[:, :1], candidates, 2)
    wrong = corpus.clone()
    wrong[2, 1] = torch.nan
    with pytest.raises(ValueError, match="rescore: row 2 of corpus"):
        rescore(asked, wrong, candidates, 1)
    with pytest.raises(ValueError, match="row 2 of corpus"):
        shortlist_and_rescore(asked, wrong, 1, dim=4, size=2)
    assert rescore(asked, corpus, candidates, 3)[0][0, 2] == -torch.inf  # missing, not wrong


def test_a_loss_of_every_row_is_not_summed():
    def by_row(a, b):
        return (a - b).square().sum(dim=1)

    with pytest.raises(ValueError, match=r"the loss is \(5,\); expected one number"):
        matryoshka_loss(by_row, _unit(5, 8), _unit(5, 8), dims=[8, 4])


def test_directions_of_nothing_or_of_nan_are_refused():
    wrong = _unit(5, 4)
    wrong[3, 0] = torch.inf
    with pytest.raises(ValueError, match="row 3 of the vectors"):
        matryoshka.principal_directions(wrong, 2)
    for shape in ((0, 4), (4,)):
        with pytest.raises(ValueError, match="at least one vector"):
            matryoshka.principal_directions(torch.ones(shape), 2)
