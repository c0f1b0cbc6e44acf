"""Mining, against sentence-transformers' miner and brute force."""

import pytest
import torch
from datasets import Dataset
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.bm25 import BM25
from lib.negatives import (
    Mined,
    choose,
    filter_by_scores,
    mine,
    mine_bm25,
    mix,
    ntuples,
    overlap,
    padded,
    random_negatives,
)
from lib.pooling import normalize


def _unit(count, dim, seed=0):
    return normalize(torch.randn(count, dim, generator=torch.Generator().manual_seed(seed)))


class _Model:
    """As much of a SentenceTransformer as the library's miner asks for: it looks vectors up."""

    device = torch.device("cpu")

    def __init__(self, queries, passages):
        self.vectors = {"q": queries, "p": passages}

    def _encode(self, texts, **_):
        return torch.stack([self.vectors[text[0]][int(text[1:])] for text in texts]).numpy()

    encode_query = encode_document = _encode

    def similarity(self, a, b):
        return torch.as_tensor(a) @ torch.as_tensor(b).T

    def similarity_pairwise(self, a, b):
        return (torch.as_tensor(a) * torch.as_tensor(b)).sum(dim=1)


def library(queries, passages, positives, k, **options):
    """The library's negatives: {query: rows}; queries with too few are not in it."""
    from sentence_transformers.util import mine_hard_negatives

    pairs = [(f"q{q}", f"p{p}") for q, rows in enumerate(positives) for p in rows]
    found = mine_hard_negatives(
        Dataset.from_dict({"query": [q for q, _ in pairs], "positive": [p for _, p in pairs]}),
        _Model(queries, passages),
        corpus=[f"p{row}" for row in range(len(passages))],
        num_negatives=k,
        output_format="n-tuple",
        verbose=False,
        **options,
    )
    names = [f"negative_{i}" for i in range(1, k + 1)]
    return {
        int(row["query"][1:]): [int(row[name][1:]) for name in names] for row in found.to_list()
    }


LIMITS = [
    {},
    {"absolute_margin": 0.1},
    {"relative_margin": 0.05},
    {"relative_margin": 0.3, "max_score": 0.4},
    {"max_score": 0.3, "min_score": 0.05},
]


@pytest.mark.parametrize("limits", LIMITS)
@pytest.mark.parametrize("skip", [0, 3])
def test_the_negatives_are_the_library_s(limits, skip):
    queries, passages = _unit(30, 12, 1), _unit(200, 12, 2)
    generator = torch.Generator().manual_seed(3)
    near = (queries @ passages.T).topk(6).indices
    positives = [
        row[torch.randperm(6, generator=generator)[: 1 + i % 3]].tolist()
        for i, row in enumerate(near)
    ]
    expected = library(queries, passages, positives, 4, range_min=skip, **limits)
    mined = mine(queries, passages, positives, 4, skip=skip, block=50, **limits)
    whole = (mined.indices >= 0).all(dim=1)
    assert {q: mined.indices[q].tolist() for q in whole.nonzero().flatten().tolist()} == expected
    assert len(expected) > 5
    scores = queries @ passages.T
    torch.testing.assert_close(
        scores.gather(1, mined.indices.clamp(min=0))[whole], mined.scores[whole]
    )


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 8), st.integers(2, 30), st.integers(1, 5), st.integers(0, 999))
def test_no_positive_is_ever_mined_and_what_lacks_is_marked(queries, passages, k, seed):
    generator = torch.Generator().manual_seed(seed)
    asked, corpus = _unit(queries, 6, seed), _unit(passages, 6, seed + 1)
    positives = [
        torch.randperm(passages, generator=generator)[: 1 + i % 3].tolist() for i in range(queries)
    ]
    mined = mine(asked, corpus, positives, k)
    for rows, scores, own in zip(mined.indices.tolist(), mined.scores.tolist(), positives):
        assert not set(rows) & set(own)
        there = [row for row in rows if row >= 0]
        assert len(there) == min(k, passages - len(own)) == len(set(there))
        assert all((row < 0) == (score == -torch.inf) for row, score in zip(rows, scores))


def test_margins_are_absolute_or_relative_also_below_zero():
    scores, rows = torch.tensor([[0.9, 0.76, 0.5], [-0.1, -0.22, -0.5]]), torch.arange(6).view(2, 3)
    positives, own = torch.tensor([[9], [9]]), torch.tensor([0.8, -0.2])
    relative = choose(scores, rows, positives, own, 3, relative_margin=0.05)
    assert relative.indices.tolist() == [[1, 2, -1], [4, 5, -1]]
    absolute = choose(scores, rows, positives, own, 3, absolute_margin=0.05)
    assert absolute.indices.tolist() == [[2, -1, -1], [5, -1, -1]]


def test_bm25_mines_only_what_shares_a_word():
    bm25 = BM25(["heart pain", "heart failure", "lung pain", "skin"])
    mined = mine_bm25(bm25, ["heart pain", "skin"], torch.tensor([0, 3]), 3)
    assert sorted(mined.indices[0].tolist()) == [-1, 1, 2]
    assert mined.indices[1].tolist() == [-1, -1, -1]


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 20), st.integers(5, 30), st.integers(1, 3), st.integers(0, 99))
def test_random_negatives_are_different_seeded_and_no_positives(queries, passages, k, seed):
    positives = torch.randint(passages, (queries, 2), generator=torch.Generator().manual_seed(seed))
    positives[::2, 1] = -1
    drawn = random_negatives(passages, positives, k, seed, query_block=7)
    assert torch.equal(drawn, random_negatives(passages, positives, k, seed, query_block=7))
    for rows, own in zip(drawn.tolist(), positives.tolist()):
        assert len(set(rows)) == k
        assert not set(rows) & set(own)
        assert 0 <= min(rows) <= max(rows) < passages


def test_random_negatives_draw_every_passage_as_often():
    positives = torch.full((6_000,), 3)
    counts = random_negatives(10, positives, 1).flatten().bincount(minlength=10)
    assert counts[3] == 0
    assert (counts[counts > 0] - 6_000 / 9).abs().max() < 120
    with pytest.raises(ValueError, match="expected 1 to 9"):
        random_negatives(10, positives, 10)


def test_a_better_judge_drops_what_it_finds_right():
    mined = Mined(torch.tensor([[5, 6, 7], [8, -1, -1]]), torch.ones(2, 3), torch.ones(2))
    judged = {(0, 5): 0.2, (0, 6): 0.95, (0, 7): 0.6, (0, 1): 0.9, (1, 8): 0.1, (1, 2): 0.5}

    def score(queries, passages):
        return torch.tensor([judged[pair] for pair in zip(queries.tolist(), passages.tolist())])

    kept = filter_by_scores(mined, score, torch.tensor([1, 2]), chunk=2, absolute_margin=0.1)
    assert kept.indices.tolist() == [[7, 5, -1], [8, -1, -1]]
    torch.testing.assert_close(kept.positive_scores, torch.tensor([0.9, 0.5]))


def test_sources_take_turns_without_saying_anything_twice():
    first, second = torch.tensor([[1, 2, 3], [1, 2, 3]]), torch.tensor([[2, 9], [-1, -1]])
    assert mix([first, second], 4).tolist() == [[1, 2, 9, 3], [1, 2, 3, -1]]
    assert mix([second, first], 2).tolist() == [[2, 1], [1, 2]]


def test_tuples_have_a_positive_and_all_negatives():
    negatives = torch.tensor([[4, 5], [6, -1], [7, 8]])
    assert ntuples(torch.tensor([1, 2, 3]), negatives).tolist() == [[0, 1, 4, 5], [2, 3, 7, 8]]
    two = torch.tensor([[1, -1], [2, 3], [3, 9]])
    assert ntuples(two, negatives).tolist() == [[0, 1, 4, 5], [2, 3, 7, 8], [2, 9, 7, 8]]


def test_overlap_is_the_share_of_the_first():
    first = torch.tensor([[1, 2, 3, 4], [1, 2, -1, -1], [-1, -1, -1, -1]])
    second = torch.tensor([[2, 9], [2, 1], [-1, 3]])
    assert overlap(first, second).tolist() == [0.25, 1.0, 0.0]


def test_what_does_not_fit_is_refused():
    queries, passages = _unit(2, 4), _unit(5, 4)
    with pytest.raises(ValueError, match="no positive"):
        padded([[1], []])
    with pytest.raises(ValueError, match="for 2 queries"):
        mine(queries, passages, [[1]], 1)
    with pytest.raises(ValueError, match="skip \\+ k"):
        mine(queries, passages, [[1], [2]], 3, depth=2)
    with pytest.raises(ValueError, match="k=0"):
        mine(queries, passages, [[1], [2]], 0, depth=3)
