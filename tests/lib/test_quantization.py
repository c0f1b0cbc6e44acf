"""Bytes and bits, against sentence-transformers, numpy and faiss."""

import faiss
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sentence_transformers.util.quantization import quantize_embeddings

from lib.pooling import normalize
from lib.quantization import BITS, Int8, from_binary, hamming_top_k, index_bytes, to_binary
from lib.search import top_k


def _unit(count, dim, seed=0):
    return normalize(torch.randn(count, dim, generator=torch.Generator().manual_seed(seed)))


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 60), st.integers(1, 40), st.integers(0, 99))
def test_int8_codes_are_the_library_s(passages, dim, seed):
    corpus, queries = _unit(passages, dim, seed), _unit(7, dim, seed + 1)
    coder = Int8.calibrate(corpus)
    for vectors in (corpus, queries):
        expected = quantize_embeddings(
            vectors.numpy(), "int8", calibration_embeddings=corpus.numpy()
        )
        off = (coder.encode(vectors).numpy().astype(int) - expected.astype(int)).__abs__()
        assert off.max() <= 1  # a value on the border of two steps
        assert (off > 0).mean() < 0.02
    assert coder.encode(corpus).dtype == torch.int8


def test_decoding_is_off_by_half_a_step_at_most():
    corpus = _unit(200, 16)
    coder = Int8.calibrate(corpus)
    off = (coder.decode(coder.encode(corpus)) - corpus).abs()
    assert (off <= 0.5001 * coder.step).all()
    assert off.max() > 0


def test_a_dimension_without_a_range_and_values_outside_are_borne():
    corpus = torch.tensor([[1.0, 5.0], [3.0, 5.0]])
    coder = Int8.calibrate(corpus)
    codes = coder.encode(torch.tensor([[-9.0, 5.0], [99.0, 7.0]]))
    assert codes.tolist()[0] == [-128, -128]
    assert codes.tolist()[1][0] == 127
    assert coder.decode(codes).isfinite().all()
    with pytest.raises(ValueError, match="no range"):
        Int8.calibrate(corpus[:1])


def test_int8_search_is_search_in_the_decoded_vectors():
    corpus, queries = _unit(500, 24, 1), _unit(9, 24, 2)
    coder = Int8.calibrate(corpus)
    codes = coder.encode(corpus)
    found = coder.top_k(queries, codes, 10, block=120)
    exact = top_k(queries, coder.decode(codes), 10)
    torch.testing.assert_close(found[0], exact[0])
    assert torch.equal(found[1], exact[1])
    same = (found[1] == top_k(queries, corpus, 10)[1]).float().mean()
    assert same > 0.8


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 20), st.integers(1, 70), st.integers(0, 99))
def test_bits_are_packed_as_numpy_and_the_library_pack_them(count, dim, seed):
    vectors = _unit(count, dim, seed)
    vectors[0, 0] = 0.0  # not above 0
    codes = to_binary(vectors)
    assert codes.dtype == torch.uint8
    assert np.array_equal(codes.numpy(), quantize_embeddings(vectors.numpy(), "ubinary"))
    assert np.array_equal(codes.numpy(), np.packbits(vectors.numpy() > 0, axis=1))
    assert torch.equal(from_binary(codes, dim), torch.where(vectors > 0, 1.0, -1.0))


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 60), st.integers(1, 12), st.integers(1, 5), st.integers(0, 99))
def test_hamming_search_is_faiss_s(passages, k, size, seed):
    dim = 8 * size
    codes, queries = to_binary(_unit(passages, dim, seed)), to_binary(_unit(6, dim, seed + 1))
    distances, rows = hamming_top_k(queries, codes, k, dim, block=17)
    index = faiss.IndexBinaryFlat(dim)
    index.add(codes.numpy())
    expected, _ = index.search(queries.numpy(), min(k, passages))
    assert np.array_equal(distances.numpy(), expected)
    whole = np.unpackbits(queries.numpy()[:, None] ^ codes.numpy()[None], axis=2).sum(axis=2)
    assert np.array_equal(np.take_along_axis(whole, rows.numpy(), 1), distances.numpy())
    order = np.argsort(whole, axis=1, kind="stable")[:, :k]
    assert np.array_equal(rows.numpy(), order)  # the lowest row first among equals


def test_a_wrong_number_of_dimensions_is_refused():
    codes = to_binary(_unit(3, 20))
    for dim in (16, 25):
        with pytest.raises(ValueError, match="hold 17 to 24 numbers"):
            from_binary(codes, dim)


@pytest.mark.parametrize(
    ("passages", "dim", "kind", "size"),
    [
        (1_000, 384, "float32", 1_536_000),
        (1_000, 384, "float16", 768_000),
        (1_000, 384, "int8", 384_000),
        (1_000, 384, "binary", 48_000),
        (3, 9, "binary", 6),
        (0, 5, "int8", 0),
    ],
)
def test_index_bytes_are_what_the_tensors_take(passages, dim, kind, size):
    assert index_bytes(passages, dim, kind) == size
    if kind == "binary" and passages:
        assert to_binary(torch.zeros(passages, dim)).numel() == size


def test_an_unknown_kind_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match="float32, float16, bfloat16, int8, binary"):
        index_bytes(1, 2, "int4")
    assert list(BITS)


def test_shapes_hold_on_the_meta_device():
    vectors = torch.empty(5, 20, device="meta")
    assert to_binary(vectors).shape == (5, 3)
    assert from_binary(to_binary(vectors), 20).shape == (5, 20)
    coder = Int8.calibrate(vectors)
    assert coder.decode(coder.encode(vectors)).shape == (5, 20)
