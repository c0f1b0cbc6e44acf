"""What lesson 10's checks take for right is what plain definitions and the library compute."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lib import checks
from lib.checks import call
from lib.checks.lesson_10 import _dominance, _fusion, best_within, reciprocal_rank_fusion
from lib.plots_frontier import on_frontier

SEEDS = (None, 1, 2, 20_417)
RANKINGS = st.lists(st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=6), max_size=4)
CONSTANTS = st.sampled_from([0.0, 0.5, 1.0, 2.0, 10.0, 60.0])
EIGHTHS = st.integers(-4, 8).map(lambda number: number / 8)
SYSTEMS = st.lists(st.tuples(st.integers(0, 5).map(float), EIGHTHS), max_size=9)


def oracle(name: str):
    return checks.find(name).oracle


def cases(name: str):
    return [case for seed in SEEDS for case in checks.find(name).draw(seed)]


def by_a_table(rankings: list, k: float, dtype: type) -> list:
    """Fused by a table of ranks, in this precision; what no ranking holds is infinitely far down."""
    every = list(dict.fromkeys(passage for ranking in rankings for passage in ranking))
    ranks = np.array(
        [[row.index(p) + 1 if p in row else np.inf for row in rankings] for p in every], dtype=dtype
    ).reshape(len(every), len(rankings))
    scores = (1 / (dtype(k) + ranks)).sum(axis=1, dtype=dtype)
    return [every[row] for row in np.argsort(-scores, kind="stable")]


@given(RANKINGS, CONSTANTS)
def test_rankings_are_fused_as_a_table_of_ranks_does_it(rankings, k):
    assume(_fusion.undecided(rankings, k, 1e-9) is None)
    expected = by_a_table(rankings, k, np.float64)
    assert oracle("reciprocal_rank_fusion")(rankings, k) == expected
    for right in checks.find("break_fusion").right:
        assert right(rankings, k) == expected
    assert _fusion.fuse()(rankings, k) == expected


def test_rounding_decides_no_case_of_the_fusion():
    for case in cases("reciprocal_rank_fusion"):
        rankings, k = case.args[0], (*case.args, 60.0)[1]
        assert _fusion.undecided(rankings, k, reciprocal_rank_fusion.NEAR) is None, case.label
        found = by_a_table(rankings, k, np.float32)
        assert found == oracle("reciprocal_rank_fusion")(*case.args), case.label


def test_many_cases_of_the_fusion_have_equal_scores():
    tied = 0
    for case in cases("reciprocal_rank_fusion"):
        other_way = _fusion.fuse(read=_fusion.from_the_end)(*case.args)
        tied += other_way != oracle("reciprocal_rank_fusion")(*case.args)
    assert tied > 30


@given(SYSTEMS)
def test_the_frontier_is_that_of_the_library_s_figure(systems):
    costs, qualities = [s[0] for s in systems], [s[1] for s in systems]
    stay = np.flatnonzero(on_frontier(costs, qualities)).tolist()
    expected = sorted(stay, key=lambda row: (costs[row], row))
    assert oracle("frontier")(costs, qualities) == expected
    assert _dominance.right(costs, qualities) == expected


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), EIGHTHS), max_size=7))
def test_the_best_within_limits_is_the_first_of_the_best_that_fit(systems):
    table = np.array(systems, dtype=float).reshape(-1, 3)
    fits = (table[:, :2] <= [2, 1]).all(axis=1)
    best = table[fits, 2].max(initial=-np.inf)
    rows = np.flatnonzero(fits & (table[:, 2] == best))
    expected = int(rows[0]) if len(rows) else -1
    arguments = table[:, :2].tolist(), [2.0, 1.0], table[:, 2].tolist()
    assert oracle("best_within")(*arguments) == expected
    assert best_within._right(*arguments) == expected


@pytest.mark.parametrize(
    ("case", "about"),
    [
        (([["a", "b", "c"], ["b", "c", "a"], ["c", "a", "b"]], 60, ["a", "b", "c"]), "rounding"),
        (([["a"], ["x", "b"], ["y", "b"]], 0, ["a", "b", "x", "y"]), "rounding"),
        (([["z", "a"], ["x", "y", "c"], ["u", "v", "w", "q", "r", "c"]], 0, ["a"]), "rounding"),
        (([["a", "b", "a"]], 60, ["a", "b"]), "twice"),
        (([["a"]], -1, ["a"]), "0 or more"),
        (([["a"]], True, ["a"]), "0 or more"),
        (([["a"]], float("nan"), ["a"]), "0 or more"),
        ((["ab"], 60, ["a", "b"]), "something else than lists"),
        (([[1.5]], 60, [1.5]), "neither a text nor a whole number"),
        (([["a"]], "60", ["a"]), "no number"),
    ],
)
def test_a_test_of_fusion_that_breaks_its_card_is_told_so(case, about):
    verdict = checks.find("break_fusion").verdict(call(lambda: [case]))
    assert verdict.status == "wrong"
    assert about in verdict.message


def test_a_test_of_fusion_may_hold_ties_by_one_or_two_ranks_and_numbers_as_ids():
    from tests.lib.checks.alternatives.lesson_10.break_fusion import ALTERNATIVES

    small = ALTERNATIVES[0]()
    ties = [([[2, 1], [1, 2]], 60, (2, 1)), (([3], [2], [1]), 0.5, [3, 2, 1])]
    assert checks.find("break_fusion").verdict(call(lambda: [*small, *ties])).passed
