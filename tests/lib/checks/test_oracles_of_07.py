"""What lesson 07's checks take for right is what the field's own libraries compute."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import pytrec_eval
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from scipy.stats import permutation_test
from sklearn.metrics import average_precision_score, v_measure_score

from lib import checks

PASSAGES = [f"p{number}" for number in range(12)]
GRADES = st.dictionaries(st.sampled_from(PASSAGES), st.integers(-1, 3), min_size=1)
RANKED = st.lists(st.sampled_from(PASSAGES), unique=True, min_size=1)
GROUPS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=30)


def oracle(name: str):
    return checks.find(name).oracle


def trec_eval(measure: str, ranked: list[str], relevant: dict[str, int]) -> float:
    run = {"q": {passage: float(-rank) for rank, passage in enumerate(ranked)}}
    found = pytrec_eval.RelevanceEvaluator({"q": relevant}, {measure}).evaluate(run)["q"]
    return next(iter(found.values()))


@pytest.mark.parametrize(
    ("exercise", "measure"), [("recall_at_k", "recall"), ("ndcg_at_k", "ndcg_cut")]
)
@given(RANKED, GRADES, st.integers(1, 15))
def test_metrics_at_k_are_those_of_trec_eval(exercise, measure, ranked, relevant, k):
    expected = trec_eval(f"{measure}.{k}", ranked, relevant)
    assert oracle(exercise)(ranked, relevant, k) == pytest.approx(expected, abs=1e-5)


@given(RANKED, GRADES, st.integers(1, 15))
def test_the_reciprocal_rank_is_that_of_trec_eval_on_the_first_k(ranked, relevant, k):
    expected = trec_eval("recip_rank", ranked[:k], relevant)
    assert oracle("reciprocal_rank_at_k")(ranked, relevant, k) == pytest.approx(expected, abs=1e-5)


@given(RANKED, GRADES)
def test_average_precision_is_the_map_of_trec_eval(ranked, relevant):
    expected = trec_eval("map", ranked, relevant)
    assert oracle("average_precision")(ranked, relevant) == pytest.approx(expected, abs=1e-5)


@given(RANKED, GRADES, st.integers(1, 15))
def test_every_right_ndcg_of_the_break_it_is_the_oracle(ranked, relevant, k):
    expected = oracle("ndcg_at_k")(ranked, relevant, k)
    for right in checks.find("break_ndcg").right:
        assert right(ranked, relevant, k) == pytest.approx(expected, abs=1e-9)


@given(GROUPS)
def test_the_v_measure_is_that_of_scikit_learn(pairs):
    labels, clusters = (list(groups) for groups in zip(*pairs))
    expected = v_measure_score(labels, clusters)
    assert oracle("v_measure")(labels, clusters) == pytest.approx(expected, abs=1e-5)
    tensors = torch.tensor(labels), torch.tensor(clusters)
    assert oracle("v_measure")(*tensors) == pytest.approx(expected, abs=1e-5)


@given(st.lists(st.integers(-50, 50), unique=True, min_size=1), st.data())
def test_the_average_precision_of_pairs_is_that_of_scikit_learn(scores, data):
    same = data.draw(st.lists(st.booleans(), min_size=len(scores), max_size=len(scores)))
    found = oracle("pair_average_precision")(torch.tensor(scores) / 8, torch.tensor(same))
    expected = average_precision_score(same, scores) if any(same) else 0.0
    assert found == pytest.approx(expected, abs=1e-5)


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), min_size=2, max_size=6))
def test_with_all_flips_the_p_value_is_that_of_scipy(pairs):
    a, b = np.array(pairs, dtype=np.float64).T / 8
    every = list(itertools.product([1.0, -1.0], repeat=len(pairs)))
    # The flip that changes nothing is the observed outcome, which the exercise counts by itself.
    p = oracle("randomisation_test")(*map(torch.tensor, (a, b, every[1:])))
    exact = permutation_test(
        (a, b), lambda x, y: abs((x - y).sum()), permutation_type="samples", alternative="greater"
    )
    assert p == pytest.approx(exact.pvalue, abs=1e-9)


def test_the_interval_is_that_of_numpy_s_quantiles_on_any_number_of_draws():
    rng = np.random.default_rng(0)
    for queries, count in ((1, 1), (7, 100), (30, 41), (12, 998)):
        values, draws = rng.random(queries), rng.integers(0, queries, size=(count, queries))
        expected = values.mean(), *np.quantile(values[draws].mean(axis=1), [0.025, 0.975])
        found = oracle("bootstrap_interval")(torch.tensor(values), torch.tensor(draws))
        np.testing.assert_allclose(found, expected, atol=1e-9)


def test_the_distances_are_those_of_scipy_and_cosines_are_one_minus_its_distance():
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(4, 3)), rng.normal(size=(5, 3))
    dots, cosines, distances = oracle("three_similarities")(torch.tensor(a), torch.tensor(b))
    np.testing.assert_allclose(dots, a @ b.T, atol=1e-9)
    np.testing.assert_allclose(cosines, 1 - cdist(a, b, "cosine"), atol=1e-9)
    np.testing.assert_allclose(distances, cdist(a, b), atol=1e-9)


def test_the_cases_of_the_root_hold_a_square_that_rounding_makes_negative():
    near = [case for case in checks.find("three_similarities").draw() if "nearly" in case.label]
    assert near
    for case in near:
        a, b = (x.float() for x in case.args)
        twice = 2 * a @ b.T
        left, right = a.square().sum(1)[:, None], b.square().sum(1)
        for squares in (left + right - twice, left - twice + right, right - twice + left):
            assert squares.item() < 0
