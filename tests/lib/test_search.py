import copy
import sys

import faiss
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.cache import EmbeddingCache
from lib.search import _fast_top_k, encode_cached, ordered_top_k, plain_top_k, top_k


def by_sorting(queries, corpus, k):
    """The specification: a stable sort of all scores."""
    scores, order = (queries @ corpus.T).sort(dim=1, descending=True, stable=True)
    return scores[:, :k], order[:, :k]


def whole_numbers(seed, *shape, high=3):
    """Integers as floats: products are exact, whatever the blocks, and ties are many."""
    draw = torch.Generator().manual_seed(seed)
    return torch.randint(-high, high + 1, shape, generator=draw).float()


@settings(max_examples=120, deadline=None)
@given(
    seed=st.integers(0, 999),
    q=st.integers(1, 9),
    n=st.integers(1, 400),
    k=st.integers(1, 12),
    block=st.integers(1, 450),
    query_block=st.integers(1, 10),
    dim=st.integers(1, 4),
)
def test_top_k_equals_a_stable_sort_for_any_blocks(seed, q, n, k, block, query_block, dim):
    queries, corpus = whole_numbers(seed, q, dim), whole_numbers(seed + 1, n, dim)
    scores, indices = top_k(queries, corpus, k, block, query_block)
    expected, where = by_sorting(queries, corpus, min(k, n))
    assert torch.equal(scores, expected)
    assert torch.equal(indices, where)


@settings(max_examples=50, deadline=None)
@given(
    seed=st.integers(0, 999),
    q=st.sampled_from([1, 2, 3, 9, 24, 40]),
    n=st.integers(1, 3_000),
    k=st.integers(1, 40),
    block=st.integers(1, 3_500),
    query_block=st.integers(1, 50),
    high=st.sampled_from([1, 3, 50]),
)
def test_the_fast_search_finds_what_the_plain_one_finds(seed, q, n, k, block, query_block, high):
    queries, corpus = whole_numbers(seed, q, 3, high=high), whole_numbers(seed + 1, n, 3, high=high)
    plain = plain_top_k(queries, corpus, k, block)
    fast = _fast_top_k(queries, corpus, min(k, n), block, query_block)
    assert all(map(torch.equal, fast, plain))
    assert all(map(torch.equal, top_k(queries, corpus, k, block, query_block), plain))


def test_the_plain_search_of_nothing_is_empty():
    scores, indices = plain_top_k(torch.ones(3, 2), torch.ones(0, 2), 5)
    assert scores.shape == indices.shape == (3, 0)


@settings(max_examples=120, deadline=None)
@given(
    seed=st.integers(0, 999),
    rows=st.integers(1, 5),
    n=st.integers(1, 90),
    k=st.integers(1, 90),
    high=st.sampled_from([2, 40, 10**6]),
    dtype=st.sampled_from([torch.float32, torch.float64]),
)
def test_ordered_top_k_equals_a_stable_sort(seed, rows, n, k, high, dtype):
    values = whole_numbers(seed, n, rows, high=high).to(dtype).T  # rows as they come from a product
    best, where = ordered_top_k(values, min(k, n))
    ordered, order = values.sort(dim=1, descending=True, stable=True)
    assert torch.equal(best, ordered[:, :k])
    assert torch.equal(where, order[:, :k])


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 999),
    q=st.sampled_from([1, 2, 3, 23, 24, 30]),
    n=st.integers(1, 3_000),
    k=st.integers(1, 12),
    high=st.sampled_from([2, 60]),
    dim=st.integers(1, 4),
    contiguous=st.booleans(),
)
def test_few_and_many_queries_find_the_same(seed, q, n, k, high, dim, contiguous):
    queries, corpus = (
        whole_numbers(seed, q, dim, high=high),
        whole_numbers(seed + 1, dim, n, high=high).T,
    )
    if contiguous:
        corpus = corpus.contiguous()
    scores, indices = top_k(queries, corpus, k)
    expected, where = by_sorting(queries, corpus, min(k, n))
    assert torch.equal(scores, expected)
    assert torch.equal(indices, where)


SEARCHES = {"fast or plain": top_k, "plain": plain_top_k}


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize("q", [1, 2, 8, 9, 30, 300])
@pytest.mark.parametrize("n", [3, 900, 9_000])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_passages_and_queries_with_a_nan_are_refused_and_named(search, q, n, dtype):
    queries, corpus = whole_numbers(0, q, 4).to(dtype), whole_numbers(1, n, 4).to(dtype)
    passages = corpus.clone()
    passages[n // 2, 1] = torch.nan
    with pytest.raises(ValueError, match=rf"top_k: row {n // 2} of corpus .* holds nan"):
        SEARCHES[search](queries, passages, 2)
    asked = queries.clone()
    asked[q // 2] = torch.nan
    with pytest.raises(ValueError, match=rf"row {q // 2} of queries"):
        SEARCHES[search](asked, corpus, 2)
    passages[n // 2, 1] = torch.inf  # times 0: a nan whose sign bit may be set
    zeros = queries.clone()
    zeros[:, 1] = 0
    with pytest.raises(ValueError, match=rf"row {n // 2} of corpus"):
        SEARCHES[search](zeros, passages, 2)


@pytest.mark.parametrize("search", SEARCHES)
def test_scores_beyond_the_type_are_refused(search):
    vectors = torch.full((3, 4), 200.0).half()
    with pytest.raises(ValueError, match=r"beyond what torch.float16 can hold.*\.float\(\)"):
        SEARCHES[search](vectors, vectors, 1)
    assert SEARCHES[search](vectors.float(), vectors.float(), 1)[0].tolist() == [[160_000.0]] * 3


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_a_nan_ranks_first_whatever_its_sign(sign, dtype):
    nan = torch.tensor(torch.nan).copysign(torch.tensor(float(sign)))
    values = torch.tensor([[1.0, torch.inf, 1.0, nan, 3.0]]).to(dtype)
    assert ordered_top_k(values, 3)[1].tolist() == [[3, 1, 4]]


def test_no_more_scores_are_held_than_asked_for(monkeypatch):
    import lib.search

    held = []
    score = lib.search._score

    def watched(queries, corpus, room):
        held.append(len(queries) * len(corpus))
        return score(queries, corpus, room)

    monkeypatch.setattr(lib.search, "_score", watched)
    for q, n in [(1, 900), (3, 900), (40, 900), (40, 50), (7, 3)]:
        top_k(torch.ones(q, 2), torch.ones(n, 2), 3, block=100, query_block=8)
    assert max(held) <= 800


@pytest.mark.parametrize("q", [1, 7])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.float16])
def test_top_k_keeps_dtype_and_order_of_ties(dtype, q):
    queries, corpus = whole_numbers(0, q, 3).to(dtype), whole_numbers(1, 3_000, 3).to(dtype)
    scores, indices = top_k(queries, corpus, 10)
    assert scores.dtype == dtype
    assert torch.equal(indices, by_sorting(queries, corpus, 10)[1])


def test_zero_and_minus_zero_are_a_tie():
    corpus = torch.tensor([[-0.0], [0.0], [-0.0], [-1.0]])
    assert top_k(torch.ones(1, 1), corpus, 4)[1].tolist() == [[0, 1, 2, 3]]


def test_top_k_matches_faiss_on_real_valued_vectors():
    draw = torch.Generator().manual_seed(2)
    queries, corpus = torch.randn(50, 64, generator=draw), torch.randn(5_000, 64, generator=draw)
    index = faiss.IndexFlatIP(64)
    index.add(corpus.numpy())
    expected, where = index.search(queries.numpy(), 10)
    scores, indices = top_k(queries, corpus, 10, block=1_700)
    torch.testing.assert_close(scores, torch.from_numpy(expected), atol=1e-5, rtol=1e-5)
    assert torch.equal(indices, torch.from_numpy(where))


def test_corpus_smaller_than_k_is_returned_whole():
    scores, indices = top_k(torch.ones(2, 3), torch.eye(3)[:2], 10)
    assert (scores.shape, indices.tolist()) == ((2, 2), [[0, 1], [0, 1]])
    assert top_k(torch.ones(2, 3), torch.empty(0, 3), 10)[0].shape == (2, 0)
    assert top_k(torch.empty(0, 3), torch.ones(4, 3), 2)[1].shape == (0, 2)


def test_top_k_takes_non_contiguous_and_trained_vectors():
    wide = whole_numbers(3, 3, 900)
    queries, corpus = whole_numbers(4, 5, 3), wide.T.requires_grad_()
    scores, indices = top_k(queries, corpus, 4)
    assert not scores.requires_grad
    assert torch.equal(indices, by_sorting(queries, corpus.detach(), 4)[1])


@pytest.mark.parametrize("q", [1, 9, 40])
def test_top_k_runs_on_meta(q):
    scores, indices = top_k(
        torch.empty(q, 8, device="meta"), torch.empty(999, 8, device="meta"), 5, 400, 30
    )
    assert (scores.shape, indices.shape) == ((q, 5), (q, 5))
    assert scores.device.type == indices.device.type == "meta"


@pytest.mark.parametrize(
    ("queries", "corpus", "k", "message"),
    [
        (torch.ones(3), torch.ones(2, 3), 1, r"query\[None, :\]"),
        (torch.ones(1, 4), torch.ones(2, 3), 1, r"\(1, 4\) and corpus is \(2, 3\)"),
        (torch.ones(1, 3), torch.ones(2, 3).double(), 1, "one dtype and device"),
        (torch.ones(1, 3).int(), torch.ones(2, 3).int(), 1, "expected floats"),
        (torch.ones(1, 3), torch.ones(2, 3), 0, "k=0"),
        (torch.ones(1, 1), torch.ones(2, 3), 1, r"\(1, 1\) and corpus is \(2, 3\)"),
    ],
)
def test_top_k_says_what_does_not_fit(queries, corpus, k, message):
    for search in SEARCHES.values():
        with pytest.raises(ValueError, match=message):
            search(queries, corpus, k)
        with pytest.raises(ValueError, match="blocks of"):
            search(torch.ones(1, 3), torch.ones(2, 3), 1, block=-5)


class Counting:
    """A model that passes everything on and remembers which texts it had to encode."""

    def __init__(self, model):
        self.model, self.seen = model, []

    def __getattr__(self, name):
        return getattr(self.model, name)

    def encode(self, texts, **options):
        self.seen += texts
        return self.model.encode(texts, **options)


TEXTS = [
    "brittle bones",
    "a much longer text about the small bones of the hand",
    "x",
    "brittle bones",
]


def test_encode_cached_gives_the_models_own_vectors_in_order(encoder, tmp_path):
    expected = encoder.encode(TEXTS, convert_to_tensor=True, show_progress_bar=False)
    for _ in range(2):  # computed, then read
        got = encode_cached(encoder, TEXTS, 2, "float32", cache=EmbeddingCache(tmp_path))
        assert got.dtype == torch.float32
        torch.testing.assert_close(got, expected, atol=1e-5, rtol=0)


def test_only_misses_are_encoded_and_each_once(encoder, tmp_path):
    model, cache = Counting(encoder), EmbeddingCache(tmp_path)
    encode_cached(model, TEXTS, precision="float32", cache=cache)
    assert sorted(model.seen) == sorted(set(TEXTS))
    encode_cached(model, [*TEXTS, "new"], precision="float32", cache=cache)
    assert model.seen[3:] == ["new"]


def test_bfloat16_is_close_stored_as_float32_and_kept_apart(encoder, tmp_path):
    cache, model = EmbeddingCache(tmp_path), Counting(encoder)
    exact = encode_cached(model, TEXTS, precision="float32", cache=cache)
    rough = encode_cached(model, TEXTS, precision="bfloat16", cache=cache)
    assert rough.dtype == torch.float32
    assert len(model.seen) == 6
    assert (exact * rough).sum(1).min() > 0.999
    assert not torch.equal(exact, rough)


def test_fine_tuned_model_never_reads_the_base_models_vectors(encoder, tmp_path):
    cache = EmbeddingCache(tmp_path)
    before = encode_cached(encoder, TEXTS, precision="float32", cache=cache)
    tuned = copy.deepcopy(encoder)
    with torch.no_grad():
        for weight in tuned.parameters():
            weight.mul_(1.01)
    after = encode_cached(tuned, TEXTS, precision="float32", cache=cache)
    assert not torch.allclose(before, after, atol=1e-4)


def test_encode_cached_of_nothing_has_the_models_width(encoder):
    assert encode_cached(encoder, []).shape == (0, 384)


def test_encode_cached_refuses_one_text_and_bad_options(encoder):
    with pytest.raises(TypeError, match="expected a list"):
        encode_cached(encoder, "text")
    with pytest.raises(TypeError, match="expected a list"):
        encode_cached(encoder, ["a", None])
    with pytest.raises(ValueError, match="'int4'"):
        encode_cached(encoder, ["a"], precision="int4")
    with pytest.raises(ValueError, match="batch_size is 0"):
        encode_cached(encoder, ["a"], batch_size=0)


def test_progress_never_goes_to_stderr(encoder, tmp_path, capsys, monkeypatch):
    import tqdm.auto

    original = tqdm.auto.tqdm
    seen = []

    def eager(*args, **options):
        seen.append(options["file"])
        return original(*args, **{**options, "delay": 0, "mininterval": 0})

    monkeypatch.setattr(tqdm.auto, "tqdm", eager)
    encode_cached(encoder, TEXTS, precision="float32", cache=EmbeddingCache(tmp_path))
    assert seen == [sys.stdout]
    streams = capsys.readouterr()
    assert "Encoding" in streams.out
    assert streams.err == ""
