"""The map of a corpus, against scikit-learn's principal components."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.decomposition import PCA

from lib.corpus_map import corpus_map, principal_components


def _vectors(count, dim, seed=0, dtype=torch.float32):
    """Vectors whose variance differs from direction to direction, away from 0."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(count, dim, generator=generator, dtype=dtype)
    turned = torch.linalg.qr(torch.randn(dim, dim, generator=generator, dtype=dtype))[0]
    return (x * torch.linspace(2, 0.1, dim, dtype=dtype)) @ turned + 3


@settings(max_examples=40, deadline=None)
@given(st.integers(3, 60), st.integers(2, 20), st.integers(0, 99))
def test_places_and_shares_are_scikit_learn_s_up_to_the_sign(count, dim, seed):
    x = _vectors(count, dim, seed, torch.float64)
    wanted = PCA(2, svd_solver="full").fit(x.numpy())
    places, share = principal_components(x, 2, block=7)
    theirs = torch.from_numpy(wanted.transform(x.numpy()))
    torch.testing.assert_close(places.abs(), theirs.abs(), atol=1e-5, rtol=0)
    torch.testing.assert_close(
        share, torch.from_numpy(wanted.explained_variance_ratio_), atol=1e-9, rtol=0
    )


def test_single_precision_is_right_where_two_directions_have_nearly_the_same_variance():
    x = torch.nn.functional.normalize(_vectors(3_000, 64), dim=1)
    places, share = principal_components(x, 3, block=1_000)
    wanted = PCA(3, svd_solver="full").fit(x.double().numpy())
    theirs = torch.from_numpy(wanted.transform(x.double().numpy())).float()
    assert places.dtype == share.dtype == torch.float32
    torch.testing.assert_close(places.abs(), theirs.abs(), atol=1e-5, rtol=0)
    torch.testing.assert_close(places.mean(dim=0), torch.zeros(3), atol=1e-5, rtol=0)


def test_the_map_is_the_same_each_time_and_its_signs_depend_on_nothing_but_the_vectors():
    x = _vectors(200, 12)
    first, second = corpus_map(x), corpus_map(x.clone())
    assert torch.equal(first.places, second.places)
    assert len(first) == 200
    order = torch.randperm(200, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(corpus_map(x[order]).places, first.places[order], atol=1e-4, rtol=0)


def test_sixteen_bits_are_placed_in_single_precision_and_no_gradient_flows():
    x = _vectors(50, 8).half().requires_grad_()
    places, _ = principal_components(x)
    assert places.dtype == torch.float32
    assert not places.requires_grad
    torch.testing.assert_close(places, principal_components(x.float())[0])


@pytest.mark.parametrize("x", [torch.ones(5, 4), torch.full((1, 3), 0.7), torch.zeros(2, 2)])
def test_vectors_without_a_difference_are_all_at_the_middle(x):
    places, share = principal_components(x)
    assert torch.equal(places, torch.zeros(len(x), 2))
    assert torch.equal(share, torch.zeros(2))


def test_regions_are_the_labels_with_most_passages_at_the_median_of_their_places():
    x = _vectors(30, 6)
    labels = ["ear"] * 12 + ["eye"] * 12 + ["skin"] * 4 + [""] * 2
    found = corpus_map(x, labels, most_regions=2)
    assert [(r.label, r.passages) for r in found.regions] == [("ear", 12), ("eye", 12)]
    for region, rows in zip(found.regions, (slice(0, 12), slice(12, 24))):
        middle = np.sort(found.places[rows].numpy(), axis=0)[5]  # torch takes the lower of two
        assert (region.x, region.y) == pytest.approx(tuple(middle))
    assert corpus_map(x).regions == ()


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: principal_components(torch.ones(3)), r"are \(3,\) .*expected \(n, long\)"),
        (lambda: principal_components(torch.ones(0, 3)), "at least one row"),
        (lambda: principal_components(torch.ones(3, 3).long()), "int64; expected"),
        (lambda: principal_components(torch.ones(3, 1)), "dim is 2 .* 1 to 1"),
        (lambda: corpus_map(torch.tensor([[1.0, float("nan")]] * 2)), "hold nan or infinity"),
        (lambda: corpus_map(torch.ones(3, 2), ["a"]), "1 labels for 3 vectors"),
    ],
)
def test_what_cannot_be_placed_is_refused_with_what_was_expected(call, says):
    with pytest.raises(ValueError, match=says):
        call()


def test_one_string_of_labels_is_refused():
    with pytest.raises(TypeError, match="expected a list of labels"):
        corpus_map(torch.ones(3, 2), "abc")


def test_it_runs_on_meta():
    parts = principal_components(torch.empty(5, 8, device="meta"))
    assert [part.shape for part in parts] == [(5, 2), (2,)]
    assert {part.device.type for part in parts} == {"meta"}
