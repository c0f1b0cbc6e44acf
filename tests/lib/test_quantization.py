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


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=5),
    st.sampled_from([torch.float32, torch.float64, torch.float16, torch.bfloat16]),
)
def test_a_constant_dimension_is_decoded_to_its_constant(constants, dtype):
    row = torch.tensor(constants).clamp(-6e4, 6e4).to(dtype)
    corpus = torch.stack([row] * 4)
    coder = Int8.calibrate(corpus)
    assert torch.equal(coder.decode(coder.encode(corpus)), corpus.to(coder.low.dtype))
    elsewhere = coder.encode(corpus + 1)  # the range knows one value only
    assert torch.equal(coder.decode(elsewhere), corpus.to(coder.low.dtype))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_ranges_of_16_bits_are_reckoned_in_32(dtype):
    corpus = _unit(200, 16).to(dtype)
    coder = Int8.calibrate(corpus)
    off = (coder.decode(coder.encode(corpus)) - corpus).abs()
    assert (off <= 0.5001 * coder.step).all()


@pytest.mark.parametrize("value", [torch.nan, torch.inf, -torch.inf])
def test_numbers_that_are_none_are_refused_with_their_rows(value):
    corpus = _unit(6, 12)
    coder, wrong = Int8.calibrate(corpus), corpus.clone()
    wrong[4, 7] = value
    for quantize in (Int8.calibrate, coder.encode, to_binary):
        with pytest.raises(ValueError, match="row 4 of the vectors"):
            quantize(wrong)
    with pytest.raises(ValueError, match="row 4 of queries"):
        coder.top_k(wrong, coder.encode(corpus), 2)
    with pytest.raises(ValueError, match="row 1 of low and step"):
        Int8(coder.low, coder.step * value)


@pytest.mark.parametrize("shape", [(2, 1), (2, 13), (1,), (), (3, 12, 1)])
def test_shapes_that_would_spread_are_refused(shape):
    coder = Int8.calibrate(_unit(6, 12))
    codes = coder.encode(_unit(6, 12))
    with pytest.raises(ValueError, match=r"Int8.encode: .*expected \(n, 12\)"):
        coder.encode(torch.zeros(shape))
    with pytest.raises(ValueError, match=r"Int8.decode: .*expected \(n, 12\)"):
        coder.decode(torch.zeros(shape, dtype=torch.int8))
    with pytest.raises(ValueError, match=r"the queries are .*expected \(n, 12\)"):
        coder.top_k(torch.zeros(shape), codes, 2)
    with pytest.raises(ValueError, match=r"the codes are .*expected \(n, 12\)"):
        coder.top_k(_unit(2, 12), torch.zeros(shape, dtype=torch.int8), 2)
    with pytest.raises(ValueError, match="expected \\(dim,\\) for both"):
        Int8(torch.zeros(12), torch.zeros(shape))


def test_a_range_beyond_float32_is_refused():
    with pytest.raises(ValueError, match="low and step"):
        Int8.calibrate(torch.tensor([[-3e38, 0.0], [3e38, 1.0]]))


def test_codes_are_not_taken_for_vectors_nor_vectors_for_codes():
    corpus = _unit(6, 12)
    coder = Int8.calibrate(corpus)
    codes, bits = coder.encode(corpus), to_binary(corpus)
    for quantize in (Int8.calibrate, coder.encode, to_binary):
        with pytest.raises(TypeError, match=r"torch\.int8; expected floating point"):
            quantize(codes)
    with pytest.raises(TypeError, match="expected floating point"):
        to_binary(bits)
    with pytest.raises(TypeError, match="expected int8"):
        coder.decode(corpus)
    signed = (bits.int() - 128).to(torch.int8)  # sentence-transformers' "binary"
    for read in (from_binary, lambda x, dim: hamming_top_k(bits, x, 1, dim)):
        with pytest.raises(TypeError, match='"ubinary"'):
            read(signed, 12)
    with pytest.raises(TypeError, match="expected uint8"):
        hamming_top_k(signed, bits, 1, 12)


def test_bits_beyond_the_last_number_are_refused():
    codes = to_binary(torch.ones(3, 20))
    for dim in (17, 19):
        with pytest.raises(ValueError, match=f"bits are set beyond number {dim} of 24"):
            from_binary(codes, dim)
        with pytest.raises(ValueError, match="hamming_top_k: bits are set"):
            hamming_top_k(codes, codes, 1, dim)
    assert from_binary(codes, 20).shape == (3, 20)


@pytest.mark.parametrize(
    ("queries", "codes", "dim", "says"),
    [
        ((2, 3), (4, 2), 16, "codes of 3 bytes hold 17 to 24 numbers, not 16"),
        ((2, 3), (0, 2), 24, "codes of 2 bytes"),
        ((3,), (4, 3), 24, r"expected \(q, bytes\)"),
        ((2, 0), (4, 0), 0, "not 0"),
    ],
)
def test_codes_of_other_lengths_are_not_searched(queries, codes, dim, says):
    queries, codes = (torch.zeros(shape, dtype=torch.uint8) for shape in (queries, codes))
    with pytest.raises(ValueError, match=says):
        hamming_top_k(queries, codes, 1, dim)


def test_vectors_without_numbers_have_no_codes():
    for quantize in (Int8.calibrate, to_binary):
        with pytest.raises(ValueError, match="expected"):
            quantize(torch.empty(3, 0))
