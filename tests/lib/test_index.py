"""Approximate search, against exact search and faiss itself."""

import faiss
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.index import KINDS, build_index, index_recall, recall_and_speed
from lib.pooling import normalize
from lib.search import top_k


def _unit(count, dim, seed=0):
    return normalize(torch.randn(count, dim, generator=torch.Generator().manual_seed(seed)))


CORPUS, QUERIES = _unit(1_500, 16), _unit(40, 16, 1)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 60), st.integers(1, 12), st.integers(1, 70), st.integers(0, 99))
def test_a_flat_index_finds_what_exact_search_finds(passages, dim, k, seed):
    corpus, queries = _unit(passages, dim, seed).unique(dim=0), _unit(5, dim, seed + 1)
    scores, rows = build_index(corpus).search(queries, k)
    expected = top_k(queries, corpus, k)
    torch.testing.assert_close(scores, expected[0], atol=1e-5, rtol=0)
    assert rows.shape == expected[1].shape
    torch.testing.assert_close((queries @ corpus.T).gather(1, rows), scores, atol=1e-5, rtol=0)


@pytest.mark.parametrize("kind", ["ivf", "hnsw"])
def test_more_effort_finds_and_compares_more_until_nothing_is_missed(kind):
    index = build_index(CORPUS, kind)
    exact = top_k(QUERIES, CORPUS, 10)
    efforts = (1, 4, 16, 1_500)
    recall = [
        float(index_recall(index.search(QUERIES, 10, e)[1], exact[1], 10).mean()) for e in efforts
    ]
    compared = [index.compared(QUERIES, 10, e) for e in efforts]
    assert recall == sorted(recall)
    assert compared == sorted(compared)
    assert recall[0] < 0.95
    assert compared[0] < 0.3 * len(CORPUS)
    assert recall[-1] == pytest.approx(1, abs=1e-6)
    scores = index.search(QUERIES, 10, 1_500)[0]
    torch.testing.assert_close(scores, exact[0], atol=1e-5, rtol=0)


@pytest.mark.parametrize(("kind", "effort"), [("ivf", 3), ("hnsw", 20)])
def test_it_is_faiss_s_index(kind, effort):
    found = build_index(CORPUS, kind, lists=20, links=8, ef_construction=30, seed=1234)
    if kind == "ivf":
        theirs = faiss.IndexIVFFlat(faiss.IndexFlatIP(16), 16, 20, faiss.METRIC_INNER_PRODUCT)
        theirs.train(CORPUS.numpy())
        theirs.nprobe = effort
    else:
        theirs = faiss.IndexHNSWFlat(16, 8, faiss.METRIC_INNER_PRODUCT)
        theirs.hnsw.efConstruction, theirs.hnsw.efSearch = 30, effort
        theirs.hnsw.rng = faiss.RandomGenerator(1234)
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    theirs.add(CORPUS.numpy())
    faiss.omp_set_num_threads(before)
    scores, rows = found.search(QUERIES, 10, effort)
    expected = theirs.search(QUERIES.numpy(), 10)
    assert rows.tolist() == expected[1].tolist()
    torch.testing.assert_close(scores, torch.from_numpy(expected[0]), atol=1e-6, rtol=0)
    assert found.bytes == len(faiss.serialize_index(theirs))


@pytest.mark.parametrize("kind", KINDS)
def test_two_builds_are_the_same_and_threads_are_left_as_they_were(kind):
    before = faiss.omp_get_max_threads()
    first, again, other = (build_index(CORPUS, kind, seed=s) for s in (3, 3, 4))
    low = [x.search(QUERIES, 10, 2)[1] for x in (first, again, other)]
    assert torch.equal(low[0], low[1])
    assert torch.equal(low[0], low[2]) == (kind == "flat")
    assert first.bytes == again.bytes >= CORPUS.numel() * 4
    assert faiss.omp_get_max_threads() == before


def test_links_and_lists_take_bytes_on_top_of_the_vectors():
    sizes = {kind: build_index(CORPUS, kind).bytes for kind in KINDS}
    vectors = CORPUS.numel() * 4
    assert vectors <= sizes["flat"] < 1.01 * vectors
    assert sizes["flat"] < sizes["ivf"] < sizes["hnsw"]
    assert sizes["hnsw"] > vectors + len(CORPUS) * 64 * 4  # 2 x 32 links of four bytes each


def test_what_is_not_found_is_marked():
    index = build_index(CORPUS, "ivf", lists=300)
    scores, rows = index.search(QUERIES, 30, 1)
    assert (rows < 0).any()
    assert ((rows < 0) == scores.isinf()).all()
    assert rows.shape == (40, 30)
    assert (index_recall(rows, top_k(QUERIES, CORPUS, 30)[1], 30) < 1).all()
    assert build_index(CORPUS[:3]).search(QUERIES, 10)[1].shape == (40, 3)


def test_scores_come_in_the_dtype_of_the_queries():
    index = build_index(CORPUS.double(), "hnsw")
    for dtype in (torch.float64, torch.bfloat16):
        scores, rows = index.search(QUERIES.to(dtype), 4)
        assert (scores.dtype, rows.dtype) == (dtype, torch.int64)


def test_recall_is_the_share_of_the_exact_ones():
    exact = torch.tensor([[1, 2, 3], [4, 5, 6], [7, 8, -1]])
    found = torch.tensor([[3, 1, 9], [-1, -1, -1], [8, 7, 3]])
    assert index_recall(found, exact, 3).tolist() == pytest.approx([2 / 3, 0, 1])
    assert index_recall(found, exact, 1).tolist() == [0, 0, 0]
    assert index_recall(found[:0], exact[:0], 3).shape == (0,)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: build_index(CORPUS, "lsh"), "kind is 'lsh'; expected one of flat, ivf, hnsw"),
        (lambda: build_index(CORPUS[0]), r"\(16,\) torch.float32; expected \(n, dim\)"),
        (lambda: build_index(CORPUS[:0]), r"\(0, 16\)"),
        (lambda: build_index(CORPUS.long()), "torch.int64"),
        (lambda: build_index(CORPUS[:5], "ivf", lists=6), "no more lists than the 5 vectors"),
        (lambda: build_index(CORPUS, "hnsw", links=0), "links=0"),
        (lambda: build_index(CORPUS * torch.nan), "hold nan"),
        (lambda: build_index(CORPUS).search(QUERIES[0], 3), r"query\[None, :\]"),
        (lambda: build_index(CORPUS).search(QUERIES[:, :8], 3), r"\(40, 8\); expected \(q, 16\)"),
        (lambda: build_index(CORPUS).search(QUERIES, 0), "k=0"),
        (lambda: build_index(CORPUS, "ivf").search(QUERIES, 3, 0), "effort=0"),
        (lambda: build_index(CORPUS).compared(QUERIES / 0, 3), "queries .* hold nan"),
        (lambda: index_recall(QUERIES, QUERIES, 0), "k is 0"),
        (lambda: index_recall(torch.zeros(2, 3), torch.zeros(3, 3), 1), "same q queries"),
    ],
)
def test_what_cannot_be_searched_is_refused(call, says):
    with pytest.raises(ValueError, match=says):
        call()


def test_recall_and_speed_is_the_recall_of_each_effort_and_a_positive_speed():
    generator = torch.Generator().manual_seed(4)
    corpus = torch.nn.functional.normalize(torch.randn(300, 8, generator=generator), dim=1)
    queries, index = corpus[:40], build_index(corpus, "ivf", lists=10)
    exact = top_k(queries, corpus, 5)[1]
    points = recall_and_speed(index, queries, exact, [1, 10], rounds=1)
    assert [effort for effort, _, _ in points] == [1, 10]
    shares = [float(index_recall(index.search(queries, 5, e)[1], exact, 5).mean()) for e in (1, 10)]
    assert [share for _, share, _ in points] == pytest.approx(shares)
    assert shares[0] < 1 == shares[1]
    assert all(speed > 0 for _, _, speed in points)
    with pytest.raises(ValueError, match="rounds is 0; expected at least 1"):
        recall_and_speed(index, queries, exact, [1], rounds=0)
