"""Mining, against sentence-transformers' miner and brute force."""

import numpy as np
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


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int16, torch.int32])
def test_what_is_missing_is_minus_one_in_every_whole_type(dtype):
    rows = torch.tensor([[1, 2]]).to(dtype)
    assert mix([rows], 3).tolist() == [[1, 2, -1]]
    chosen = choose(torch.tensor([[0.5, 0.4]]), rows, rows[:, :1], torch.tensor([0.9]), 2)
    assert chosen.indices.tolist() == [[2, -1]]
    assert padded(rows).dtype == torch.long


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


# copies of positives


@pytest.mark.parametrize("limits", LIMITS[:2])
def test_a_copy_of_the_positive_is_never_mined(limits):
    queries, passages = _unit(20, 12, 1), _unit(200, 12, 2)
    right = (queries @ passages.T).argmax(dim=1)
    without = mine(queries, passages, right, 4, **limits)
    for query, row in enumerate(right.tolist()):
        copies = passages[[row] * 60]  # more than are looked at
        mined = mine(
            queries[query, None], torch.cat([passages, copies]), right[query, None], 4, **limits
        )
        assert torch.equal(mined.indices[0], without.indices[query])
        torch.testing.assert_close(mined.scores[0], without.scores[query])


def test_copies_by_text_are_left_out_where_the_texts_are_given():
    texts = ["Bone pain.", "bone  PAIN.", "Joint pain.", "Ear.", "Eye."]
    passages, queries = normalize(torch.tensor([[9.0, 1], [9, 2], [9, 3], [1, 9], [0, 9]])), None
    queries = normalize(torch.tensor([[9.0, 1.0], [0.0, 1.0]]))
    plain = mine(queries, passages, [0, 4], 2)
    assert plain.indices.tolist() == [[1, 2], [3, 2]]
    mined = mine(queries, passages, [0, 4], 2, texts=texts)
    assert mined.indices.tolist() == [[2, 3], [3, 2]]
    assert mine(queries, passages, [0, 4], 4, texts=texts).indices.tolist()[0] == [2, 3, 4, -1]
    bm25 = BM25(texts)
    found = mine_bm25(bm25, ["bone pain", "eye"], [0, 4], 2, texts=texts).indices
    assert found.tolist() == [[2, -1], [-1, -1]]
    for seed in range(20):
        drawn = random_negatives(5, [0, 4], 3, seed, texts=texts)
        assert set(drawn[0].tolist()) == {2, 3, 4}
    with pytest.raises(ValueError, match="expected 1 to 3"):
        random_negatives(5, [0, 4], 4, texts=texts)


def test_texts_and_passages_are_as_many():
    passages = _unit(5, 4)
    for mining in (
        lambda: mine(passages, passages, range(5), 1, texts=["a"]),
        lambda: random_negatives(5, range(5), 1, texts=["a"]),
        lambda: mine_bm25(BM25(["a"] * 5), ["a"] * 5, range(5), 1, texts=["a"]),
    ):
        with pytest.raises(ValueError, match="1 texts for 5 passages"):
            mining()


# what is refused


def test_a_passage_of_nan_is_no_negative_but_an_error():
    queries, passages = _unit(30, 8), _unit(50, 8, 1)
    wrong = passages.clone()
    wrong[7, 2] = torch.nan
    for positives in (torch.arange(30), torch.full((30,), 7)):
        with pytest.raises(ValueError, match=r"row 7 of (corpus|passages)"):
            mine(queries, wrong, positives, 3)
    asked = queries.clone()
    asked[4] = torch.inf
    with pytest.raises(ValueError, match="row 4 of queries"):
        mine(asked, passages, torch.arange(30), 3)


ONE = {
    "scores": torch.tensor([[0.5, 0.4]]),
    "indices": torch.tensor([[1, 2]]),
    "positives": torch.tensor([[0]]),
    "positive_scores": torch.tensor([0.9]),
}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"scores": torch.tensor([[torch.nan, 0.4]])}, "queries in row 0 hold nan"),
        ({"positive_scores": torch.tensor([torch.nan])}, "hold nan"),
        ({"positive_scores": torch.tensor([[0.9]])}, "expected"),
        ({"positive_scores": torch.tensor(0.9)}, "expected"),
        ({"positives": torch.tensor([0])}, "expected"),
        ({"scores": torch.tensor([0.5]), "indices": torch.tensor([1])}, "expected"),
        ({"indices": torch.tensor([[1.0, 2.0]])}, "expected whole numbers"),
        ({"positives": torch.tensor([[True]])}, r"\.nonzero\(\)"),
        ({"absolute_margin": torch.nan}, "a limit is nan"),
        ({"max_score": float("nan")}, "a limit is nan"),
    ],
)
def test_candidates_that_cannot_be_compared_are_refused(change, says):
    assert choose(**ONE, k=1).indices.tolist() == [[1]]
    with pytest.raises((ValueError, TypeError), match=f"choose: .*{says}"):
        choose(**ONE | change, k=1)


@pytest.mark.parametrize("k", [2, 5])
def test_one_query_s_positive_scores_do_not_count_for_all(k):
    with pytest.raises(ValueError, match=r"positive_scores \(1,\); expected"):
        choose(torch.rand(3, 4), torch.arange(12).view(3, 4), torch.zeros(3, 1).long(),
               torch.ones(1), k, max_score=0.5)  # fmt: skip


@pytest.mark.parametrize(
    ("positives", "says"),
    [
        ([0, 5], "query 1 are rows \\[5\\]; expected at least one, each from 0 to 4"),
        ([[0], [-2]], "query 1"),
        (torch.tensor([0, -1]), "query 1 are rows \\[-1\\]"),
        (torch.tensor([[0, -1], [-1, -1]]), "query 1"),
        (torch.empty(2, 0, dtype=torch.long), "query 0"),
        (torch.tensor([0.0, 1.0]), "expected whole numbers"),
        (torch.eye(5)[:2].bool(), "nonzero"),
        ([[0.7], [1]], "expected whole numbers"),
        ([True, False], "expected whole numbers"),
        (["0", "1"], "expected whole numbers"),
        (torch.zeros(2, 1, 1, dtype=torch.long), "expected \\(q,\\) or \\(q, p\\)"),
        ([0], "1 rows of positives for 2 queries"),
    ],
)
def test_positives_that_are_no_rows_of_the_passages_are_refused(positives, says):
    passages, bm25 = _unit(5, 4), BM25(["a b", "a", "b", "a c", "c"])
    for mining in (
        lambda: mine(_unit(2, 4), passages, positives, 1),
        lambda: mine_bm25(bm25, ["a", "b"], positives, 1),
    ):
        with pytest.raises((ValueError, TypeError), match=says):
            mining()
    if len(positives) == 2:
        with pytest.raises((ValueError, TypeError), match=says):
            random_negatives(5, positives, 1)


@pytest.mark.parametrize(
    "positives",
    [
        [3, 1],
        (3, 1),
        [[3], [1]],
        np.array([3, 1]),
        np.array([[3], [1]], dtype=np.int32),
        torch.tensor([3, 1], dtype=torch.uint8),
        list(torch.tensor([3, 1])),
        [torch.tensor([3]), np.array([1])],
    ],
)
def test_positives_come_in_many_forms(positives):
    found = padded(positives)
    assert found.dtype == torch.long
    assert found.tolist() == [[3], [1]]
    assert mine(_unit(2, 4), _unit(5, 4), positives, 2).indices.shape == (2, 2)


@pytest.mark.parametrize(
    ("judge", "says"),
    [
        (lambda q, p: torch.full(q.shape, torch.nan), "hold nan"),
        (lambda q, p: torch.zeros(len(q), 1), r"scores \(3, 1\) for 3 pairs"),
        (lambda q, p: torch.zeros(1), r"scores \(1,\) for 3 pairs"),
        (lambda q, p: torch.tensor(0.5), r"scores \(\) for 3 pairs"),
    ],
)
def test_a_judge_gives_one_number_a_pair(judge, says):
    mined = Mined(torch.tensor([[5, 6]]), torch.ones(1, 2), torch.ones(1))
    with pytest.raises(ValueError, match=says):
        filter_by_scores(mined, judge, torch.tensor([1]), absolute_margin=0.1)
    with pytest.raises(ValueError, match="2 rows of positives for 1 queries"):
        filter_by_scores(mined, judge, torch.tensor([1, 2]))


def test_a_judge_may_give_whole_numbers():
    mined = Mined(torch.tensor([[5, 6]]), torch.ones(1, 2), torch.ones(1))
    kept = filter_by_scores(mined, lambda q, p: p - 4, torch.tensor([6]))
    assert kept.indices.tolist() == [[5, -1]]


def test_rows_of_other_queries_are_not_spread():
    one, three = torch.zeros(1, 2).long(), torch.zeros(3, 2).long()
    for spread in (lambda: ntuples(one, three), lambda: overlap(one, three),
                   lambda: mix([one, three], 2), lambda: mix([three], 0), lambda: mix([], 2),
                   lambda: overlap(three[0], three[0])):  # fmt: skip
        with pytest.raises(ValueError, match="expected"):
            spread()
    for floats in (
        lambda: mix([three.float()], 2),
        lambda: ntuples(three.float(), three),
        lambda: ntuples(three, three.float()),
    ):
        with pytest.raises(TypeError, match="expected whole numbers"):
            floats()
