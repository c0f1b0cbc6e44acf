"""The codec against NumPy's quantiles and bits and a codec of faiss, its k-means against faiss."""

import faiss
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.pooling import normalize
from lib.residual_codec import BITS, Codes, ResidualCodec, nearest, spherical_kmeans


def clustered(seed, n, dim=16, meanings=40, spread=0.3):
    """Unit vectors around some directions, as tokens are around meanings."""
    draw = torch.Generator().manual_seed(seed)
    centres = torch.randn(meanings, dim, generator=draw)
    belongs = torch.randint(meanings, (n,), generator=draw)
    noise = torch.randn(n, dim, generator=draw)
    return normalize(normalize(centres)[belongs] + spread * normalize(noise))


@pytest.fixture(scope="module")
def vectors():
    return clustered(0, 3_000)


@pytest.fixture(scope="module")
def centroids(vectors):
    return spherical_kmeans(vectors, 64)


def closeness(vectors, centroids):
    return (vectors @ centroids.T).amax(dim=1).mean().item()


def test_centroids_are_as_good_as_those_of_faiss(vectors, centroids):
    theirs = faiss.Kmeans(
        16,
        64,
        niter=10,
        spherical=True,
        seed=1,
        min_points_per_centroid=1,
        max_points_per_centroid=64,
    )
    theirs.train(vectors.numpy())
    assert (
        closeness(vectors, centroids)
        > closeness(vectors, torch.from_numpy(theirs.centroids)) - 0.01
    )
    torch.testing.assert_close(centroids.norm(dim=1), torch.ones(64))


def test_one_iteration_takes_the_means_of_those_that_joined(vectors):
    start = spherical_kmeans(vectors, 5, iterations=1)
    joined = nearest(vectors[:4], start)
    assert joined.tolist() == [
        max(range(5), key=lambda c: float(v @ start[c])) for v in vectors[:4]
    ]
    by_hand = clustered(0, 3_000).double()
    rows = torch.randperm(3_000, generator=torch.Generator().manual_seed(0))[: 5 * 64]
    sample = by_hand[rows]
    belongs = (sample @ sample[:5].T).argmax(dim=1)
    means = torch.stack([sample[belongs == c].mean(dim=0) for c in range(5)])
    torch.testing.assert_close(start.double(), normalize(means), atol=1e-5, rtol=0)


def test_more_iterations_serve_no_worse_and_the_seed_decides(vectors):
    few, many = (closeness(vectors, spherical_kmeans(vectors, 32, n)) for n in (1, 10))
    assert many > few
    again = spherical_kmeans(vectors, 32, 10)
    assert torch.equal(again, spherical_kmeans(vectors, 32, 10, block=999))
    assert not torch.equal(again, spherical_kmeans(vectors, 32, 10, seed=1))


def test_a_centroid_that_nobody_joined_goes_where_it_is_needed():
    directions = torch.eye(4)
    vectors = torch.cat([directions[:1].repeat(60, 1), directions[1:]])
    found = spherical_kmeans(vectors, 4, iterations=6)
    assert closeness(vectors, found) > 0.999


def test_as_many_centroids_as_vectors_are_the_vectors():
    vectors = clustered(3, 12)
    assert closeness(vectors, spherical_kmeans(vectors, 12)) == pytest.approx(1, abs=1e-6)


def test_cutoffs_and_values_are_quantiles(vectors, centroids):
    residuals = (vectors - centroids[nearest(vectors, centroids)]).numpy().astype(np.float64)
    for bits in BITS:
        codec = ResidualCodec.fit(vectors, centroids, bits)
        parts = np.arange(2**bits)
        cutoffs, values = (
            np.quantile(residuals, parts[1:] / 2**bits),
            np.quantile(residuals, (parts + 0.5) / 2**bits),
        )
        np.testing.assert_allclose(codec.cutoffs.numpy(), cutoffs, atol=1e-5)
        np.testing.assert_allclose(codec.values.numpy(), values, atol=1e-5)
        assert codec.bits == bits


def test_buckets_hold_equally_many_numbers(vectors, centroids):
    codec = ResidualCodec.fit(vectors, centroids, 4)
    residuals = (vectors - centroids[nearest(vectors, centroids)]).flatten()
    share = torch.bucketize(residuals, codec.cutoffs).bincount(minlength=16) / residuals.numel()
    assert (share - 1 / 16).abs().max() < 1e-3


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 99),
    n=st.integers(0, 30),
    bits=st.sampled_from(BITS),
    groups=st.integers(1, 3),
    block=st.integers(1, 400),
)
def test_codes_are_what_numpy_packs_and_decode_to_the_buckets_value(seed, n, bits, groups, block):
    dim = 8 * groups
    draw = torch.Generator().manual_seed(seed)
    vectors = normalize(torch.randn(n, dim, generator=draw))
    centroids = normalize(torch.randn(5, dim, generator=draw))
    values = torch.randn(2**bits, generator=draw).sort().values
    codec = ResidualCodec(centroids, (values[1:] + values[:-1]) / 2, values)
    codes = codec.encode(vectors, block)
    belongs = (vectors @ centroids.T).argmax(dim=1)
    buckets = np.searchsorted(codec.cutoffs.numpy(), (vectors - centroids[belongs]).numpy())
    each = (buckets[:, :, None] >> np.arange(bits - 1, -1, -1)) & 1
    expected = (
        np.packbits(each.reshape(n, dim * bits), axis=1) if n else np.empty((0, dim * bits // 8))
    )
    assert codes.centroids.tolist() == belongs.tolist()
    assert np.array_equal(codes.residuals.numpy(), expected)
    decoded = normalize(centroids[belongs] + values[torch.from_numpy(buckets)])
    torch.testing.assert_close(codec.decode(codes), decoded, atol=1e-5, rtol=0)


def codec_of_faiss(centroids, bits):
    """An inverted file of faiss around the same centroids, each number of a residual coded by itself."""
    cells = faiss.IndexFlatIP(centroids.shape[1])
    cells.add(centroids.numpy())
    sizes = centroids.shape[1], len(centroids), centroids.shape[1], bits
    index = faiss.IndexIVFPQ(cells, *sizes, faiss.METRIC_INNER_PRODUCT)
    index.by_residual = True
    return index


def read_back(index, vectors):
    return normalize(torch.from_numpy(index.sa_decode(index.sa_encode(vectors.numpy()))))


@pytest.mark.parametrize("bits", BITS)
def test_with_the_same_values_faiss_reads_back_the_same_vectors(vectors, centroids, bits):
    # faiss takes the nearest value, so the buckets have to end in the middle between two.
    values = torch.randn(2**bits, generator=torch.Generator().manual_seed(bits)).sort().values / 4
    codec = ResidualCodec(centroids, (values[1:] + values[:-1]) / 2, values)
    index = codec_of_faiss(centroids, bits)
    faiss.copy_array_to_vector(np.tile(values.numpy(), codec.dim), index.pq.centroids)
    index.is_trained = True
    found = codec.decode(codec.encode(vectors))
    torch.testing.assert_close(found, read_back(index, vectors), atol=1e-5, rtol=0)


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_quantiles_for_all_dimensions_lose_little_more_than_values_that_faiss_fits_to_each(
    vectors, centroids, bits
):
    index = codec_of_faiss(centroids, bits)
    index.train(vectors.numpy())
    theirs = (read_back(index, vectors) * vectors).sum(dim=1).mean().item()
    assert closeness_of_pairs(vectors, centroids, bits) > theirs - 0.003


def test_every_vector_can_be_decoded_alone(vectors, centroids):
    codec = ResidualCodec.fit(vectors, centroids, 2)
    codes, all_of_them = codec.encode(vectors), codec.decode(codec.encode(vectors))
    for rows in (slice(7, 8), torch.tensor([2_999, 0, 5])):
        torch.testing.assert_close(codec.decode(codes[rows]), all_of_them[rows])


def test_more_bits_lose_less_and_residuals_gain_over_the_centroid(vectors, centroids):
    kept = [closeness_of_pairs(vectors, centroids, bits) for bits in (1, 2, 4, 8)]
    alone = (vectors * centroids[nearest(vectors, centroids)]).sum(dim=1).mean().item()
    assert [alone, *kept] == sorted([alone, *kept])
    assert kept[-1] > 0.999


def closeness_of_pairs(vectors, centroids, bits):
    codec = ResidualCodec.fit(vectors, centroids, bits)
    decoded = codec.decode(codec.encode(vectors))
    torch.testing.assert_close(decoded.norm(dim=1), torch.ones(len(vectors)))
    return (decoded * vectors).sum(dim=1).mean().item()


@pytest.mark.parametrize(("bits", "size"), [(1, 20), (2, 36), (4, 68)])
def test_a_vector_of_128_numbers_takes_the_bytes_of_the_paper(bits, size):
    vectors = clustered(1, 100, dim=128)
    codec = ResidualCodec.fit(vectors, vectors[:10], bits)
    assert codec.bytes_per_vector == size
    assert codec.encode(vectors).bytes == 100 * size


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_types_stay_what_they_are(dtype):
    vectors = clustered(2, 400).to(dtype)
    centroids = spherical_kmeans(vectors, 20)
    codec = ResidualCodec.fit(vectors, centroids, 4)
    assert (
        centroids.dtype == codec.values.dtype == codec.decode(codec.encode(vectors)).dtype == dtype
    )


def test_codes_of_many_vectors_are_fitted_to_some_of_them(monkeypatch, vectors, centroids):
    monkeypatch.setattr("lib.residual_codec._SAMPLED", 16 * 500)
    some = ResidualCodec.fit(vectors, centroids, 2)
    rows = vectors[::7]
    torch.testing.assert_close(some.values, ResidualCodec.fit(rows, centroids, 2).values)


def test_encoding_runs_on_meta():
    with torch.device("meta"):
        codec = ResidualCodec(torch.ones(5, 16), torch.ones(3), torch.ones(4))
        codes = codec.encode(torch.ones(7, 16))
        assert (codes.centroids.shape, codes.residuals.shape) == ((7,), (7, 4))
        assert codec.decode(codes).shape == (7, 16)


def test_k_means_says_what_does_not_fit():
    with pytest.raises(ValueError, match="n of at least count"):
        spherical_kmeans(torch.ones(3, 2), 4)
    with pytest.raises(ValueError, match="iterations=0"):
        spherical_kmeans(torch.ones(3, 2), 1, iterations=0)
    with pytest.raises(ValueError, match=r"row 1 of vectors .* holds nan"):
        spherical_kmeans(torch.tensor([[1.0], [torch.nan]]), 1)


@pytest.mark.parametrize(
    ("vectors", "centroids", "bits", "message"),
    [
        (torch.ones(3, 8), torch.ones(2, 4), 2, r"\(3, 8\) and centroids is \(2, 4\)"),
        (torch.ones(3, 8), torch.ones(0, 8), 2, "no centroid"),
        (torch.ones(0, 8), torch.ones(2, 8), 2, "no vector"),
        (torch.ones(3, 8), torch.ones(2, 8).double(), 2, "one dtype and device"),
        (torch.ones(3, 8).int(), torch.ones(2, 8).int(), 2, "expected floats"),
        (torch.ones(3, 8), torch.ones(2, 8), 3, "8 numbers of 3 bits"),
        (torch.ones(3, 6), torch.ones(2, 6), 2, "whole bytes"),
        (torch.full((3, 8), torch.inf), torch.ones(2, 8), 2, "rows 0, 1, 2 of vectors"),
    ],
)
def test_fitting_says_what_does_not_fit(vectors, centroids, bits, message):
    with pytest.raises(ValueError, match=message):
        ResidualCodec.fit(vectors, centroids, bits)


def test_codes_and_codec_that_do_not_belong_together_are_refused(vectors, centroids):
    two, four = (ResidualCodec.fit(vectors, centroids, bits) for bits in (2, 4))
    with pytest.raises(ValueError, match="takes 8 bytes; expected 4"):
        two.decode(four.encode(vectors))
    with pytest.raises(ValueError, match=r"use ResidualCodec\.fit"):
        ResidualCodec(centroids, two.cutoffs, four.values)
    with pytest.raises(ValueError, match=r"as ResidualCodec\.encode returns them"):
        Codes(torch.zeros(3).long(), torch.zeros(3, 4, dtype=torch.uint8))
    with pytest.raises(ValueError, match=r"\(n,\) and \(n, bytes\)"):
        Codes(torch.zeros(3).int(), torch.zeros(2, 4, dtype=torch.uint8))
    with pytest.raises(ValueError, match="row 1 of vectors"):
        two.encode(torch.stack([vectors[0], vectors[1] * torch.nan]))
