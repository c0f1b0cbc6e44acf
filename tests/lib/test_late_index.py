"""The index on disk: what it finds against MaxSim of what it holds, its bytes, its two stages."""

import pytest
import torch

from lib import late_index
from lib.late_index import LateIndex, VectorIndex
from lib.late_interaction import TokenVectors, plain_max_sim
from lib.pooling import normalize
from lib.residual_codec import ResidualCodec, nearest, spherical_kmeans

DIM = 16


def made(seed, lengths, meanings=30, spread=0.4):
    """Texts whose tokens stand around a few directions."""
    draw = torch.Generator().manual_seed(seed)
    centres = normalize(torch.randn(meanings, DIM, generator=torch.Generator().manual_seed(99)))
    belongs = torch.randint(meanings, (sum(lengths),), generator=draw)
    noise = normalize(torch.randn(sum(lengths), DIM, generator=draw))
    vectors = normalize(centres[belongs] + spread * noise)
    return TokenVectors(vectors, torch.tensor([0, *lengths]).cumsum(0))


def lengths_of(seed, n, least=1, most=20):
    draw = torch.Generator().manual_seed(seed)
    return torch.randint(least, most, (n,), generator=draw).tolist()


DOCUMENTS = made(0, [*lengths_of(1, 300), 0, 90])
QUERIES = made(2, lengths_of(3, 40, most=9)).pad()


def by_sorting(queries, documents, k):
    scores = plain_max_sim(*queries, *documents.pad())
    best, rows = scores.sort(dim=1, descending=True, stable=True)
    return best[:, :k], rows[:, :k]


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    return LateIndex.build(tmp_path_factory.mktemp("index"), DOCUMENTS, bits=2, centroids=64)


@pytest.fixture(scope="module")
def decoded(index):
    return index.decode(0, len(index))


def test_what_is_decoded_is_what_the_codec_makes_of_the_vectors(index, decoded):
    centroids = spherical_kmeans(DOCUMENTS.vectors, 64).half().float()
    codec = ResidualCodec.fit(DOCUMENTS.vectors, centroids, 2)
    expected = codec.decode(codec.encode(DOCUMENTS.vectors))
    torch.testing.assert_close(decoded.vectors, expected, atol=1e-5, rtol=0)
    assert torch.equal(decoded.offsets, DOCUMENTS.offsets)
    assert torch.equal(index.decode(7, 9)[1], decoded[8])


@pytest.mark.parametrize("tokens", [1, 100, 1 << 16])
def test_exact_is_max_sim_over_all_that_is_decoded(index, decoded, tokens, monkeypatch):
    monkeypatch.setattr(late_index, "_TOKENS", tokens)
    scores, rows = index.exact(*QUERIES, 7)
    expected, where = by_sorting(QUERIES, decoded, 7)
    torch.testing.assert_close(scores, expected, atol=1e-5, rtol=0)
    assert torch.equal(rows, where)


def test_all_probes_and_candidates_find_what_exact_finds(index):
    scores, rows = index.search(*QUERIES, 10, probes=64, candidates=302)
    expected, where = index.exact(*QUERIES, 10)
    torch.testing.assert_close(scores, expected, atol=1e-5, rtol=0)
    assert torch.equal(rows, where)


def test_where_a_querys_padding_stands_changes_nothing(index):
    queries, real = QUERIES
    expected, where = index.search(queries, real, 5, 2, 20)
    shuffle = torch.rand(real.shape, generator=torch.Generator().manual_seed(3)).argsort(dim=1)
    moved = queries.take_along_dim(shuffle[:, :, None], dim=1), real.gather(1, shuffle)
    scores, rows = index.search(*moved, 5, 2, 20)
    torch.testing.assert_close(scores, expected, atol=1e-5, rtol=0)
    assert torch.equal(rows, where)
    none = index.search(queries[:2], torch.zeros_like(real[:2]), 5, 2, 20)
    assert (none[1] == -1).all()


def test_few_candidates_find_most_of_it_with_exact_scores(index, decoded):
    expected = index.exact(*QUERIES, 5)[1]
    shares = []
    for probes, candidates in ((1, 5), (2, 20), (4, 60)):
        scores, rows = index.search(*QUERIES, 5, probes, candidates)
        every = plain_max_sim(*QUERIES, *decoded.pad())
        found = rows >= 0
        at = every.gather(1, rows.clamp(min=0))[found]
        torch.testing.assert_close(scores[found], at, atol=1e-5, rtol=0)
        shares.append((rows[:, :, None] == expected[:, None, :]).any(dim=2).float().mean().item())
    assert shares == sorted(shares)
    assert shares[-1] > 0.95


def candidates_by_loops(index, query, probes, most):
    """The first stage, token by token."""
    centroids = index.codec.centroids
    belongs = nearest(DOCUMENTS.vectors, centroids)
    tokens = [
        belongs[a:b].tolist()
        for a, b in zip(DOCUMENTS.offsets.tolist(), DOCUMENTS.offsets[1:].tolist())
    ]
    probed = {c for token in query for c in (centroids @ token).topk(probes).indices.tolist()}
    rough = {
        row: sum(max(float(centroids[c] @ token) for c in mine) for token in query)
        for row, mine in enumerate(tokens)
        if probed & set(mine)
    }
    return sorted(sorted(rough, key=lambda row: (-rough[row], row))[:most])


@pytest.mark.parametrize(("probes", "most"), [(1, 12), (3, 40), (2, 302)])
@pytest.mark.parametrize("tokens", [50, 1 << 16])
def test_candidates_are_those_of_the_probed_lists_that_centroids_rank_best(
    index, probes, most, tokens, monkeypatch
):
    monkeypatch.setattr(late_index, "_TOKENS", tokens)
    found = index.candidates(*QUERIES, probes, most)
    for row, query, real in zip(found[:8], *QUERIES):
        expected = candidates_by_loops(index, query[real], probes, most)
        assert [r for r in row.tolist() if r >= 0] == expected


def test_a_query_that_finds_too_few_is_filled_up(tmp_path):
    documents = TokenVectors.from_list([torch.eye(DIM)[i : i + 1] for i in range(4)])
    index = LateIndex.build(tmp_path, documents, bits=1, centroids=documents.vectors)
    scores, rows = index.search(torch.eye(DIM)[None, 2:3], torch.ones(1, 1), 3, probes=1)
    assert rows.tolist() == [[2, -1, -1]]
    assert scores[0, 1:].tolist() == [-torch.inf] * 2
    nothing = index.search(torch.eye(DIM)[None, 2:3], torch.zeros(1, 1), 3)
    assert nothing[1].tolist() == [[-1, -1, -1]]
    assert index.search(*(x[:0] for x in QUERIES), 3)[1].shape == (0, 3)


def test_bytes_are_counted_by_the_file_system_and_shrink_as_the_paper_says(tmp_path):
    documents = made(5, lengths_of(6, 2_000, 20, 60))
    tokens = len(documents.vectors)
    flat = VectorIndex.build(tmp_path / "flat", documents)
    assert flat.bytes_on_disk()["vectors"] == 128 + tokens * DIM * 2
    for bits in (1, 2, 4):
        folder = tmp_path / str(bits)
        sizes = LateIndex.build(folder, documents, bits, documents.vectors[:32]).bytes_on_disk()
        assert sum(sizes.values()) == sum(path.stat().st_size for path in folder.iterdir())
        assert sizes["nearest"] + sizes["residuals"] == 256 + tokens * (4 + DIM * bits // 8)


def test_vectors_as_they_are_give_exact_scores_to_16_bits(tmp_path):
    flat = VectorIndex.build(tmp_path, DOCUMENTS)
    assert len(flat) == 302
    halved = DOCUMENTS.to(torch.float16).to(torch.float32)
    scores, rows = flat.exact(*QUERIES, 400)
    expected, where = by_sorting(QUERIES, halved, 400)
    torch.testing.assert_close(scores, expected, atol=1e-5, rtol=0)
    assert torch.equal(rows[:, :-1], where[:, :-1])
    assert (rows[:, -1] == 300).all(), "the passage without a token comes last"


def test_an_index_is_opened_as_it_was_built(index):
    again = LateIndex(index.folder)
    for found, expected in zip(again.search(*QUERIES, 6), index.search(*QUERIES, 6)):
        assert torch.equal(found, expected)
    assert (again.codec.bits, len(again)) == (2, 302)
    with pytest.raises(ValueError, match="has an index of coded token vectors"):
        VectorIndex(index.folder)


def test_every_passage_is_once_in_the_list_of_each_of_its_centroids(index):
    belongs = nearest(DOCUMENTS.vectors, index.codec.centroids)
    passage = torch.arange(len(DOCUMENTS)).repeat_interleave(DOCUMENTS.lengths)
    lists = index._lists.split(index._list_offsets.diff().tolist())
    for centroid, found in enumerate(lists):
        assert found.tolist() == sorted(set(passage[belongs == centroid].tolist()))


def test_the_number_of_centroids_grows_with_the_root_of_the_tokens(tmp_path):
    for tokens, expected in ((16, 16), (256, 64), (4_096, 256)):
        index = LateIndex.build(tmp_path / str(tokens), made(7, [8] * (tokens // 8)))
        assert len(index.codec.centroids) == expected


def test_search_says_what_does_not_fit(index):
    with pytest.raises(ValueError, match="k is 0"):
        index.search(*QUERIES, 0)
    with pytest.raises(ValueError, match="k is 0"):
        index.exact(*QUERIES, 0)
    with pytest.raises(ValueError, match="probes=0"):
        index.search(*QUERIES, 5, probes=0)
    with pytest.raises(ValueError, match="candidates=4, k=5"):
        index.search(*QUERIES, 5, candidates=4)
    for queries, mask in ((QUERIES[0][0], QUERIES[1][0]), (QUERIES[0][..., :4], QUERIES[1])):
        with pytest.raises(ValueError, match=r"query\[None\]"):
            index.search(queries, mask, 5)
        with pytest.raises(ValueError, match=r"query\[None\]"):
            index.candidates(queries, mask)
    with pytest.raises(FileNotFoundError, match="build one there first"):
        LateIndex(index.folder / "nowhere")
