"""Reciprocal rank fusion against fractions, and the batched form against the plain one."""

from fractions import Fraction

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.bm25 import BM25
from lib.hybrid import (
    fuse_tables,
    fused_ids,
    plain_reciprocal_rank_fusion,
    reciprocal_rank_fusion,
    weighted_sum,
)
from lib.search import top_k

ROWS = st.lists(st.integers(-1, 7), max_size=8)
TABLES = st.integers(1, 4).flatmap(
    lambda q: st.lists(
        st.integers(0, 6).flatmap(
            lambda m: st.lists(
                st.lists(st.integers(-1, 7), min_size=m, max_size=m), min_size=q, max_size=q
            )
        ),
        min_size=1,
        max_size=4,
    )
)


def by_fractions(rankings, constant=60, weights=None):
    scores = {}
    for ranking, weight in zip(rankings, weights or [1] * len(rankings)):
        for row in set(ranking) - {-1}:
            part = Fraction(weight) / (constant + ranking.index(row) + 1)
            scores[row] = scores.get(row, 0) + part
    return sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))


def as_tensor(table):
    return torch.tensor(table, dtype=torch.long).reshape(len(table), -1)


@settings(max_examples=100, deadline=None)
@given(st.lists(ROWS, min_size=1, max_size=4), st.sampled_from([0, 1, 60]))
def test_the_plain_form_is_the_formula_s(rankings, constant):
    expected = by_fractions(rankings, constant)
    found = plain_reciprocal_rank_fusion(rankings, constant)
    assert dict(found) == pytest.approx({row: float(score) for row, score in expected}, abs=1e-12)
    # Sums of three parts that are equal as fractions may differ in the last digit.
    rounded = sorted(found, key=lambda pair: (-round(pair[1], 12), pair[0]))
    assert [row for row, _ in rounded] == [row for row, _ in expected]
    assert found == sorted(found, key=lambda pair: (-pair[1], pair[0]))


@settings(max_examples=150, deadline=None)
@given(TABLES, st.integers(1, 12), st.sampled_from([1.0, 60.0]), st.booleans())
def test_the_batched_form_is_the_plain_one(tables, k, constant, weighted):
    weights = [2.0, 0.5, 3.0, 1.0][: len(tables)] if weighted else None
    scores, rows = reciprocal_rank_fusion(list(map(as_tensor, tables)), k, constant, weights)
    width = min(k, sum(len(table[0]) for table in tables))
    assert scores.shape == rows.shape == (len(tables[0]), width)
    for query in range(len(tables[0])):
        plain = plain_reciprocal_rank_fusion([t[query] for t in tables], constant, weights)[:k]
        there = len(plain)
        assert rows[query].tolist() == [row for row, _ in plain] + [-1] * (width - there)
        assert scores[query, :there].tolist() == pytest.approx([s for _, s in plain], abs=1e-6)
        assert (scores[query, there:] == -torch.inf).all()


@settings(max_examples=60, deadline=None)
@given(TABLES)
def test_the_order_of_the_rankings_makes_no_difference(tables):
    given_so = list(map(as_tensor, tables))
    once, turned = (reciprocal_rank_fusion(t, 20) for t in (given_so, given_so[::-1]))
    assert torch.equal(once[1], turned[1])
    assert torch.equal(once[0], turned[0])


def test_a_passage_that_two_rankings_hold_comes_before_the_first_of_one():
    scores, rows = reciprocal_rank_fusion([as_tensor([[4, 7, 2]]), as_tensor([[7, 5]])], k=3)
    assert rows.tolist() == [[7, 4, 5]]
    assert scores[0].tolist() == pytest.approx([1 / 62 + 1 / 61, 1 / 61, 1 / 62])


def test_equal_scores_come_lowest_row_first():
    _, rows = reciprocal_rank_fusion([as_tensor([[9, 3]]), as_tensor([[3, 9]])])
    assert rows.tolist() == [[3, 9, -1, -1]]


def test_passages_without_a_word_in_common_get_nothing_from_bm25():
    passages = ["heart pain", "kidney stone", "heart failure", "lung"]
    words = BM25(passages).top_k(["kidney"], 4)
    vectors = torch.nn.functional.normalize(
        torch.tensor([[1.0, 0], [0, 1], [1, 1], [1, 0.1]]), dim=1
    )
    meaning = top_k(torch.tensor([[1.0, 0.0]]), vectors, 4)
    assert words[1].tolist() == [[1, 0, 2, 3]]
    _, careless = fuse_tables([words, meaning])
    _, rows = fuse_tables([words, meaning], above=(0.0, None))
    assert careless[0, :4].tolist() == [0, 1, 3, 2]
    assert rows[0, :4].tolist() == [1, 0, 3, 2]


def test_no_queries_and_no_columns_are_borne():
    scores, rows = reciprocal_rank_fusion([torch.empty(0, 3, dtype=torch.long)], 2)
    assert scores.shape == rows.shape == (0, 2)
    scores, rows = reciprocal_rank_fusion([torch.empty(2, 0, dtype=torch.long)] * 2, 5)
    assert scores.shape == rows.shape == (2, 0)


@pytest.mark.parametrize(
    ("call", "kind", "says"),
    [
        (lambda: reciprocal_rank_fusion([]), ValueError, "there is no ranking"),
        (lambda: plain_reciprocal_rank_fusion([]), ValueError, "there is no ranking"),
        (lambda: reciprocal_rank_fusion([torch.ones(2, 3)]), TypeError, "expected whole numbers"),
        (lambda: reciprocal_rank_fusion([torch.arange(3)]), ValueError, r"rows\[None, :\]"),
        (
            lambda: reciprocal_rank_fusion([as_tensor([[1]]), as_tensor([[1], [2]])]),
            ValueError,
            r"\(1, 1\), \(2, 1\); expected",
        ),
        (lambda: reciprocal_rank_fusion([as_tensor([[1]])], 0), ValueError, "k is 0"),
        (lambda: plain_reciprocal_rank_fusion([[1]], -1), ValueError, "constant is -1"),
        (
            lambda: reciprocal_rank_fusion([as_tensor([[1]])], weights=[1, 2]),
            ValueError,
            "one for each",
        ),
        (lambda: fuse_tables([(torch.ones(1, 2), as_tensor([[1]]))]), ValueError, "table 0 has"),
        (
            lambda: fuse_tables([(torch.ones(1, 1), as_tensor([[1]]))], above=(0, 0)),
            ValueError,
            "above has 2",
        ),
    ],
)
def test_what_does_not_fit_is_refused(call, kind, says):
    with pytest.raises(kind, match=says):
        call()


def test_a_weighted_sum_is_the_formula_s():
    words = torch.tensor([[4.0, 0.0, 1.0], [0.0, 0.0, 0.0]])
    cosines = torch.tensor([[0.6, 0.2, -1.0], [0.5, 1.0, 0.0]])
    found = weighted_sum([words, cosines], [1, 3], [0, -1])
    expected = [
        [0.25 * w / 4 + 0.75 * (c + 1) / 1.6 for w, c in zip((4, 0, 1), (0.6, 0.2, -1.0))],
        [0.75 * (c + 1) / 2 for c in (0.5, 1.0, 0.0)],  # a query that shares no word with anything
    ]
    assert torch.allclose(found, torch.tensor(expected), atol=1e-6)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 4), st.integers(1, 5), st.floats(0.1, 10), st.integers(0, 999))
def test_a_weighted_sum_forgets_the_scale_and_keeps_the_order_of_one(q, n, scale, seed):
    table = torch.rand(q, n, generator=torch.Generator().manual_seed(seed))
    alone = weighted_sum([table], [scale], [0.0])
    assert torch.equal(alone.argsort(dim=1, stable=True), table.argsort(dim=1, stable=True))
    assert torch.allclose(alone, weighted_sum([scale * table], [1.0], [0.0]), atol=1e-6)
    assert torch.allclose(alone.amax(dim=1), torch.ones(q), atol=1e-6)


@pytest.mark.parametrize(
    ("scores", "weights", "least", "said"),
    [
        ([], [], [], "no ranking"),
        ([torch.rand(2, 3), torch.rand(3, 2)], [1, 1], [0, 0], "expected .q, n. each"),
        ([torch.rand(2, 3)], [1, 1], [0], "expected one for each"),
        ([torch.rand(2, 3)], [1], [0, 0], "2 least values for 1 tables"),
        ([torch.full((1, 2), -0.5)], [1], [0], "table 0 has a score below 0"),
        ([torch.tensor([[float("nan")]])], [1], [0], "no number"),
    ],
)
def test_what_a_weighted_sum_refuses(scores, weights, least, said):
    with pytest.raises(ValueError, match=said):
        weighted_sum(scores, weights, least)


def test_ids_are_fused_as_rows_are_and_equals_keep_the_order_of_reading():
    assert fused_ids([["a", "b"], ["b", "c"]]) == ["b", "a", "c"]
    assert fused_ids([["z", "y"], ["y", "z"], []]) == ["z", "y"]
    assert fused_ids([]) == fused_ids([[], []]) == []
