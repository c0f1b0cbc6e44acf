"""What the cards of lessons 05 to 07 leave open does not come in the cases of their checks."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from lib import checks
from lib.checks import _gradient, call, values
from lib.checks.exercise import MOST_FOR_GRADIENTS
from lib.checks.lesson_05 import break_rescore
from lib.checks.lesson_06 import break_max_sim
from lib.checks.lesson_06.candidate_passages import _approximate
from lib.checks.lesson_07 import break_ndcg

SEEDS = (None, 1, 2, 20_417)
OF_NUMBERS = (
    "recall_at_k",
    "reciprocal_rank_at_k",
    "average_precision",
    "ndcg_at_k",
    "randomisation_test",
    "index_recall",
    "pair_average_precision",
    "v_measure",
)


def cases(name: str):
    return [case for seed in SEEDS for case in checks.find(name).draw(seed)]


def apart(scores: np.ndarray) -> bool:
    return bool((np.abs(np.diff(np.sort(scores))) > 1e-4).all())


def test_no_gradient_is_compared_where_two_tokens_are_equally_good():
    for case in cases("max_sim_batch"):
        if values.size(case.args) > MOST_FOR_GRADIENTS:
            continue
        queries, query_mask, documents, document_mask = (np.asarray(x.double()) for x in case.args)
        for words, real in zip(documents, document_mask):
            table = queries[query_mask != 0] @ words[real != 0].T
            best = np.sort(table, axis=1)
            assert best.shape[1] < 2 or (best[:, -1] - best[:, -2] > 2 * _gradient.STEP).all()


def test_no_two_centroids_are_equally_near_and_no_two_candidates_score_alike():
    for case in cases("candidate_passages"):
        query, centroids, ids, owner, _, size = case.args
        for token in np.asarray(query.double() @ centroids.double().T):
            assert apart(token), case.label
        scores = _approximate(query, centroids, ids, owner)
        assert apart(np.array(list(scores.values()))), case.label
        found = checks.find("candidate_passages").oracle(*case.args)
        assert 0 < len(found) <= size, case.label


def test_passages_and_missing_rows_come_in_any_order():
    owners = [case.args[3] for case in cases("candidate_passages")]
    assert any(len(x.unique_consecutive()) > len(x.unique()) for x in owners)
    for place in (0, 1):
        rows = [case.args[place] for case in cases("index_recall")]
        assert any(((x[:, :-1] == -1) & (x[:, 1:] >= 0)).any() for x in rows)


@pytest.mark.parametrize("name", ["pack_codes", "decode_tokens"])
def test_codes_and_bytes_lie_in_memory_as_the_lesson_makes_them(name):
    for case in cases(name):
        assert all(x.is_contiguous() for x in case.args if isinstance(x, torch.Tensor))


def test_an_index_has_no_tokens_without_passages_and_no_more_centroids_than_tokens():
    for case in cases("token_index_bytes"):
        passages, tokens, _, _, centroids = case.args
        if "cannot" not in case.label and tokens > 0:
            assert passages > 0, case.args
            assert centroids <= tokens, case.args


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_rounding_decides_no_draw_of_the_randomisation_test(dtype):
    rng = np.random.default_rng(0)
    for case in cases("randomisation_test"):
        a, b, signs = (x.to(torch.float32).to(dtype) for x in case.args)
        counts = set()
        for _ in range(5):
            order = torch.from_numpy(rng.permutation(len(a)))
            left, right, flips = a[order], b[order], signs[:, order]
            sums = (flips * (left - right)).cumsum(dim=1)[:, -1].abs()
            least = (left - right).cumsum(0)[-1].abs() - 1e-6 * len(order)  # as the card says
            counts.add(int((sums >= least).sum()))
            means = (flips * left).mean(dim=1) - (flips * right).mean(dim=1)
            counts.add(int((means.abs() >= (left.mean() - right.mean()).abs() - 1e-6).sum()))
        assert len(counts) == 1, case.label


def test_rows_are_zero_or_longer_than_any_bound_that_keeps_from_dividing_by_zero():
    for case in cases("three_similarities"):
        for rows in case.args:
            lengths = rows.norm(dim=1)
            assert ((lengths == 0) | (lengths > 0.05)).all(), case.label


def test_distances_are_as_exact_as_their_formula_can_be():
    def in_one_precision(a, b):
        squares = a.square().sum(1)[:, None] - 2 * a @ b.T + b.square().sum(1)
        cosines = torch.nn.functional.cosine_similarity(a[:, None], b[None], dim=-1)
        return a @ b.T, cosines, squares.clamp(min=0).sqrt()

    exercise = checks.find("three_similarities")
    rng = np.random.default_rng(0)
    for size in (1, 30, 1000):
        a = torch.from_numpy(size * rng.normal(size=(4, 5))).float()
        b = a + torch.from_numpy(1e-3 * size * rng.normal(size=(4, 5))).float()
        expected = exercise.oracle(a, b)
        assert exercise._same(expected, in_one_precision(a, b)), size
        far = torch.from_numpy(expected[2])
        assert not exercise._same(expected, (*in_one_precision(a, b)[:2], far + 0.02 * size))


@pytest.mark.parametrize("name", OF_NUMBERS)
@pytest.mark.parametrize("kind", [float, torch.tensor, np.float64, np.float32])
def test_a_number_may_come_as_one_of_python_numpy_or_torch(name, kind):
    exercise = checks.find(name)
    verdict = exercise.verdict(call(lambda *args: kind(float(exercise.oracle(*args)))))
    assert verdict.passed, verdict


@pytest.mark.parametrize("kind", [float, torch.tensor, np.float32])
def test_an_interval_may_be_any_three_numbers(kind):
    exercise = checks.find("bootstrap_interval")
    answer = lambda *args: tuple(kind(float(x)) for x in exercise.oracle(*args))  # noqa: E731
    assert exercise.verdict(call(answer)).passed


def test_a_test_of_ndcg_may_name_numbers_cut_decimals_off_and_give_an_empty_list():
    from tests.lib.checks.alternatives.lesson_07.break_ndcg import ALTERNATIVES

    def cut() -> list:
        tests = [test for answer in ALTERNATIVES for test in answer()]
        found = [(*test[:3], int(test[3] * 10_000) / 10_000) for test in tests]
        return [*found, ([], {7: 1}, 2, 0.0)]

    verdict = checks.find("break_ndcg").verdict(call(cut))
    assert verdict.passed, verdict


@pytest.mark.parametrize(
    ("exercise", "case", "said"),
    [
        # Rounding makes 0.1 + 0.2 larger than 0.3; by the card the two are equal.
        (
            break_rescore,
            ([[1, 1]], [[0.3, 0], [0.1, 0.2]], [[0, 1]], 2, [[0, 1]]),
            "rounding decides",
        ),
        (break_rescore, ([[1, 1]], [[0.2, 0], [0, 0.2]], [[1, 0]], 2, [[0, 1]]), None),
        (break_rescore, ([[1, 2]], [[3, 1], [1, 2]], [[0, 1, 1]], 2, [[0, 1]]), "stands twice"),
        # A query's padding adds nothing, however large it is.
        (break_max_sim, ([[[1], [math.inf]]], [[1, 0]], [[[2]]], [[1]], [[2]]), None),
        (break_ndcg, (["a"], {"a": 1.0}, 1, 1.0), None),
        (break_ndcg, (["a"], {"a": 0.5}, 1, 1.0), "no whole number"),
    ],
)
def test_a_right_case_is_taken_and_an_unfair_one_is_called_that(exercise, case, said):
    verdict = exercise.EXERCISE.verdict(call(lambda: [case]))
    if said is None:
        assert verdict.mistake not in ("rejects-right", "not-by-the-card", "cannot-be-run"), verdict
    else:
        assert verdict.mistake == "not-by-the-card"
        assert said in verdict.message
