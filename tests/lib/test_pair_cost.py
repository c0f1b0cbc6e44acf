"""Texts one by one and in pairs: how many passes, how long, and what that means for a million."""

from itertools import combinations

import pytest

from lib import pair_cost
from lib.pair_cost import PairCost, measure, pairs_of, run_seconds
from tests.lib import test_bi_encoder

tiny = test_bi_encoder.tiny  # the fixture: two random layers of 32 numbers
TEXTS = ["red eyes", "weak heart", "pain", "no hearing", "thin hair"]


@pytest.mark.parametrize("n", [2, 3, 10, 1000])
def test_pairs_are_counted_once_and_no_text_with_itself(n):
    assert pairs_of(n) == sum(1 for _ in combinations(range(n), 2))


def test_powers_and_what_is_expected_follow_from_the_times():
    cost = PairCost([4, 8, 16], [0.4, 0.8, 1.6], [6.0, 28.0, 120.0])
    single, paired = cost.powers
    assert single == pytest.approx(1)
    assert paired == pytest.approx(2.16, abs=0.01)  # n (n - 1), not yet n^2
    assert cost.expected(32) == pytest.approx((3.2, 496.0))


def test_every_text_and_every_pair_is_run_in_each_round_and_the_least_counts(tiny, monkeypatch):
    runs = []

    def timed(model, firsts, seconds=None):
        runs.append((len(firsts), seconds is not None))
        return float(100 - len(runs))

    monkeypatch.setattr(pair_cost, "run_seconds", timed)
    cost = measure(tiny, TEXTS, [2, 4], rounds=2)
    # Single texts, which take little time, are run five times.
    once = [*[(2, False)] * 5, (1, True), *[(4, False)] * 5, (6, True)]
    assert runs == [(4, False), *once * 2]
    assert cost == PairCost([2, 4], [82.0, 76.0], [81.0, 75.0])


def test_a_run_takes_time_for_texts_and_for_pairs(tiny):
    assert run_seconds(tiny, TEXTS) > 0
    assert run_seconds(tiny, TEXTS[:2], TEXTS[2:4]) > 0


@pytest.mark.parametrize(
    ("sizes", "rounds"), [([4], 1), ([1, 4], 1), ([4, 2], 1), ([2, 9], 1), ([2, 4], 0)]
)
def test_sizes_that_measure_nothing_are_refused(tiny, sizes, rounds):
    with pytest.raises(ValueError, match="expected rising numbers"):
        measure(tiny, TEXTS, sizes, rounds)
