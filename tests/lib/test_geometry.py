"""The geometry of embeddings, against scipy and scikit-learn."""

import numpy as np
import pytest
import scipy.stats
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from sklearn.linear_model import LinearRegression
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.neighbors import NearestNeighbors

from lib.geometry import (
    anisotropy,
    centre,
    coefficient_of_variation,
    intrinsic_dimension,
    k_occurrence,
    nearest,
    neighbours,
    pair_distances,
    relative_contrast,
    similarities,
    skewness,
)
from lib.pooling import normalize
from lib.search import top_k


def _gauss(count, dim, seed=0, dtype=torch.float32):
    return torch.randn(count, dim, generator=torch.Generator().manual_seed(seed), dtype=dtype)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 20), st.integers(1, 30), st.integers(1, 40), st.integers(0, 99))
def test_the_three_similarities_are_scipy_s(queries, passages, dim, seed):
    a, b = _gauss(queries, dim, seed, torch.float64), _gauss(passages, dim, seed + 1, torch.float64)
    found = similarities(a, b)
    expected = a.numpy() @ b.numpy().T, cosine_similarity(a, b), cdist(a, b)
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, torch.from_numpy(theirs), atol=1e-7, rtol=0)
    in_float32 = similarities(a.float(), b.float())
    for ours, theirs in zip(in_float32[:2], expected[:2], strict=True):  # dot product and cosine
        assert ours.dtype == torch.float32
        torch.testing.assert_close(ours.double(), torch.from_numpy(theirs), atol=1e-5, rtol=0)
    ours, wanted = in_float32.euclid, torch.from_numpy(expected[2])
    near = wanted < 0.1  # there a difference of squares loses its digits
    assert ours.dtype == torch.float32
    torch.testing.assert_close(
        ours.double().masked_fill(near, 0), wanted.masked_fill(near, 0), atol=1e-4, rtol=0
    )


def test_on_unit_vectors_all_three_rank_alike_and_on_others_they_do_not():
    a, b = _gauss(50, 12), _gauss(300, 12, 1) * torch.linspace(0.2, 5, 300)[:, None]
    by = {m: nearest(a, b, 10, m)[1] for m in ("dot", "cosine", "euclid")}
    assert not torch.equal(by["dot"], by["cosine"])
    assert not torch.equal(by["euclid"], by["cosine"])
    a, b = normalize(a), normalize(b)
    by = {m: nearest(a, b, 10, m) for m in ("dot", "cosine", "euclid")}
    assert torch.equal(by["dot"][1], by["cosine"][1])
    assert torch.equal(by["dot"][1], by["euclid"][1])
    expected = (2 - 2 * by["dot"][0]).clamp(min=0).sqrt()  # |a - b|^2 = 2 - 2 cos
    torch.testing.assert_close(by["euclid"][0], expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("measure", ["cosine", "euclid"])
@pytest.mark.parametrize("block", [7, 16_384])
def test_the_nearest_are_scikit_learn_s(measure, block):
    a, b = _gauss(20, 8), _gauss(120, 8, 1)
    name = {"cosine": "cosine", "euclid": "euclidean"}[measure]
    distances, rows = NearestNeighbors(n_neighbors=5, metric=name).fit(b).kneighbors(a)
    found = nearest(a, b, 5, measure, block)
    assert found[1].tolist() == rows.tolist()
    values = torch.from_numpy(distances).float()
    values = 1 - values if measure == "cosine" else values
    torch.testing.assert_close(found[0], values, atol=1e-5, rtol=0)


@pytest.mark.parametrize("block", [16, 16_384])
def test_neighbours_are_scikit_learn_s_and_never_a_row_itself(block):
    x = _gauss(150, 6)
    distances, rows = NearestNeighbors(n_neighbors=4).fit(x).kneighbors()
    found = neighbours(x, 4, block)
    assert found[1].tolist() == rows.tolist()
    torch.testing.assert_close(found[0], torch.from_numpy(distances).float(), atol=1e-5, rtol=0)


def test_equal_rows_are_neighbours_at_distance_0():
    x = torch.cat([torch.ones(6, 3), _gauss(4, 3)])
    distances, rows = neighbours(x, 2)
    assert (distances[:6] == 0).all()
    assert (rows != torch.arange(10)[:, None]).all()


def test_relative_contrast_is_that_of_all_distances():
    a, b = _gauss(30, 10), _gauss(200, 10, 1)
    distances = cdist(a, b)
    expected = (distances.max(1) - distances.min(1)) / distances.min(1)
    found = relative_contrast(a, b, block=7)
    torch.testing.assert_close(found, torch.from_numpy(expected).float(), atol=1e-5, rtol=1e-5)


def test_distances_of_random_vectors_concentrate_as_theory_says():
    for dim in (64, 256, 1024):
        spread = coefficient_of_variation(pair_distances(_gauss(1_000, dim), 5_000))
        assert float(spread) == pytest.approx((2 * dim) ** -0.5, rel=0.06)
    distances = pair_distances(_gauss(300, 16), 4_000)
    expected = scipy.stats.variation(distances.numpy())
    assert float(coefficient_of_variation(distances)) == pytest.approx(expected, abs=1e-5)


def test_random_pairs_are_of_different_rows_and_seeded():
    x = torch.arange(5.0)[:, None]
    distances = pair_distances(x, 4_000)
    assert set(distances.tolist()) == {1, 2, 3, 4}
    assert float(distances.mean()) == pytest.approx(2, abs=0.07)  # the mean over all pairs
    assert torch.equal(pair_distances(x, 90, 1, block=7), pair_distances(x, 90, 1))
    assert not torch.equal(pair_distances(x, 90, 1), pair_distances(x, 90, 2))


def _two_nn_by_scikit_learn(x, discard):
    """As scikit-dimension has it."""
    x = np.unique(x, axis=0)
    near, further = NearestNeighbors(n_neighbors=2).fit(x).kneighbors()[0].T
    ratios = further / near
    share = np.arange(len(x)) / len(x)
    kept = np.argsort(ratios)[: int(len(x) * (1 - discard))]
    fit = LinearRegression(fit_intercept=False)
    fit.fit(np.log(ratios[kept])[:, None], -np.log(1 - share[: len(kept)])[:, None])
    return fit.coef_[0][0]


@pytest.mark.parametrize("discard", [0.0, 0.1, 0.3])
@pytest.mark.parametrize("dim", [2, 5, 9])
def test_intrinsic_dimension_is_that_of_scikit_learn_s_neighbours(dim, discard):
    x = _gauss(400, dim, dim, torch.float64)
    x = torch.cat([x, x[:20]])  # copies are left out
    found = float(intrinsic_dimension(x, discard, block=90))
    assert found == pytest.approx(_two_nn_by_scikit_learn(x.numpy(), discard), abs=1e-5)


@pytest.mark.parametrize("dim", [1, 3, 6])
def test_a_flat_cloud_in_many_dimensions_has_its_own_dimension(dim):
    flat = torch.rand(3_000, dim, generator=torch.Generator().manual_seed(0))
    axes = torch.linalg.qr(_gauss(60, dim, 1)).Q
    assert float(intrinsic_dimension(flat @ axes.T)) == pytest.approx(dim, rel=0.12)


def test_anisotropy_is_the_mean_cosine_off_the_diagonal():
    x = _gauss(80, 12) + 0.5
    cosines = cosine_similarity(x)
    expected = (cosines.sum() - np.trace(cosines)) / (80 * 79)
    assert float(anisotropy(x)) == pytest.approx(expected, abs=1e-6)
    assert abs(float(anisotropy(_gauss(2_000, 64)))) < 2e-3
    assert float(anisotropy(torch.ones(5, 3))) == pytest.approx(1, abs=1e-6)


def test_centring_takes_the_common_direction_out():
    x = normalize(_gauss(500, 20) + 0.7)
    moved = centre(x)
    assert float(anisotropy(x)) > 0.25
    assert abs(float(anisotropy(moved))) < 5e-3
    torch.testing.assert_close(moved.norm(dim=1), torch.ones(500))
    queries = centre(x[:3], x.mean(dim=0))
    torch.testing.assert_close(queries, moved[:3], atol=1e-6, rtol=0)
    plain = centre(x, renormalize=False)
    torch.testing.assert_close(plain.mean(dim=0), torch.zeros(20), atol=1e-6, rtol=0)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.integers(-1, 8), min_size=3, max_size=3), max_size=12))
def test_k_occurrence_counts_each_row_as_numpy_does(rows):
    rows = torch.tensor(rows, dtype=torch.long).reshape(-1, 3)
    expected = np.bincount(rows[rows >= 0].numpy(), minlength=9)
    assert k_occurrence(rows, 9).tolist() == expected.tolist()


def test_hubs_come_with_dimensions():
    skewed = []
    for dim in (3, 100):
        x = _gauss(1_000, dim)
        counts = k_occurrence(neighbours(x, 10)[1], len(x))
        assert counts.sum() == 10_000
        skewed.append(float(skewness(counts)))
    assert skewed[0] < 0.5 < 2 < skewed[1]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 50), min_size=3, max_size=40).filter(lambda x: len(set(x)) > 1))
def test_skewness_is_scipy_s(values):
    expected = scipy.stats.skew(np.array(values, dtype=float))
    assert float(skewness(torch.tensor(values))) == pytest.approx(expected, abs=1e-4)
    found = skewness(torch.tensor([values, values], dtype=torch.float64))
    assert found.tolist() == pytest.approx([expected] * 2, abs=1e-9)


def test_skewness_of_equal_values_is_nan():
    assert skewness(torch.ones(4)).isnan()


X = _gauss(6, 3)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (
            lambda: similarities(X, X[:, :2]),
            r"similarities: queries are \(6, 3\) and passages \(6, 2\)",
        ),
        (lambda: nearest(X[0], X, 2), r"nearest: queries are \(3,\)"),
        (lambda: nearest(X, X, 2, "manhattan"), "measure is 'manhattan'"),
        (lambda: neighbours(X, 6), "k is 6; expected 1 to 5"),
        (lambda: neighbours(X, 0), "k is 0"),
        (lambda: relative_contrast(X, X[:0]), "corpus is empty"),
        (lambda: pair_distances(X[:1]), "n of at least 2"),
        (lambda: intrinsic_dimension(torch.ones(9, 3)), "1 different rows"),
        (lambda: intrinsic_dimension(X, 1.0), "discard is 1.0"),
        (lambda: anisotropy(X.long()), "torch.int64; expected"),
        (lambda: anisotropy(X * torch.nan), "hold nan or infinity"),
        (lambda: centre(X, X[0, :2]), r"the mean is \(2,\); expected \(3,\)"),
        (lambda: k_occurrence(torch.tensor([[0, 9]]), 9), "run from 0 to 9; expected 0 to 8"),
        (lambda: k_occurrence(torch.tensor([[-2]]), 9), "run from -2"),
    ],
)
def test_what_has_no_geometry_is_refused(call, says):
    with pytest.raises(ValueError, match=says):
        call()


def test_scores_are_no_row_numbers():
    with pytest.raises(TypeError, match="expected whole numbers"):
        k_occurrence(*[top_k(X, X, 2)[0]], 6)


def test_the_tensor_parts_run_on_meta():
    x = torch.empty(5, 8, device="meta")
    rows = torch.empty(5, 3, dtype=torch.long, device="meta")
    parts = [*similarities(x, x), relative_contrast(x, x), pair_distances(x, 9), anisotropy(x)]
    parts += [centre(x), k_occurrence(rows, 5), skewness(x), coefficient_of_variation(x)]
    assert {part.device.type for part in parts} == {"meta"}
