"""Differences of two systems on the same queries, against scipy."""

import itertools

import pytest
import scipy.stats
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.metrics import bootstrap_interval
from lib.significance import (
    Difference,
    flipped_means,
    interval_by_groups,
    paired_interval,
    randomisation_test,
)


def _two_systems(queries, gain=0.0, seed=0):
    draw = torch.Generator().manual_seed(seed)
    base = torch.rand(queries, generator=draw, dtype=torch.float64)
    noise = torch.randn(2, queries, generator=draw, dtype=torch.float64) / 10
    return base + noise[0] + gain, base + noise[1]


def _by_scipy(a, b, draws):
    return scipy.stats.permutation_test(
        (a.numpy() if hasattr(a, "numpy") else a, b.numpy() if hasattr(b, "numpy") else b),
        lambda x, y, axis: (x - y).mean(axis=axis), permutation_type="samples", vectorized=True,
        n_resamples=draws, rng=0,
    )  # fmt: skip


@pytest.mark.parametrize("gain", [0.0, 0.01, 0.02, 0.1])
def test_p_is_scipy_s_up_to_the_draws(gain):
    a, b = _two_systems(200, gain)
    found, expected = randomisation_test(a, b, 10_000, seed=1), _by_scipy(a, b, 9_999)
    assert found.difference == pytest.approx(float((a - b).mean()), abs=1e-12)
    assert found.difference == pytest.approx(float(expected.statistic), abs=1e-12)
    spread = (2 * expected.pvalue * (1 - expected.pvalue) / 10_000) ** 0.5
    assert found.p == pytest.approx(expected.pvalue, abs=4 * spread + 2e-4)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(-4, 4), min_size=1, max_size=9), st.integers(0, 99))
def test_p_is_that_of_all_choices_of_signs_where_many_are_equal(differences, seed):
    signs = list(itertools.product((-1, 1), repeat=len(differences)))
    sums = [abs(sum(s * d for s, d in zip(choice, differences))) for choice in signs]
    exact = sum(x >= abs(sum(differences)) for x in sums) / len(sums)  # in whole numbers
    a = [0.3 + d / 10 for d in differences]
    found = randomisation_test(a, [0.3] * len(a), 2_000, seed)
    assert found.p == pytest.approx(exact, abs=5 * (exact * (1 - exact) / 2_000) ** 0.5 + 1e-3)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
def test_draws_as_far_as_the_measured_mean_count_in_every_precision(dtype):
    # Tenths, an odd number of whose differences are odd: no draw is nearer than the measured 1/120.
    a = torch.tensor([2, 1, 3, 0, 2, 1, 3, 3, 2, 4, 4, 3]) / 10
    b = torch.tensor([2, 0, 1, 2, 2, 4, 1, 2, 4, 4, 4, 1]) / 10
    assert randomisation_test(a.to(dtype), b.to(dtype)).p == 1.0
    assert randomisation_test(a.to(dtype), b).p == 1.0
    assert randomisation_test(a.tolist(), b.tolist(), seed=1).p == 1.0
    assert randomisation_test(a.to(dtype), b.to(dtype), groups=range(12)).p == 1.0


def test_the_precision_of_the_values_makes_nothing_equal_that_differs():
    a, b = _two_systems(200, 0.02)
    exact = randomisation_test(a, b).p
    assert randomisation_test(a.float(), b.float()).p == exact
    assert randomisation_test(a.half(), b.half()).p == pytest.approx(exact, abs=5e-3)
    whole = torch.tensor([3, 1, 2, 5]), torch.tensor([1, 1, 4, 2])
    assert randomisation_test(*whole) == randomisation_test(*(x.double() for x in whole))


def test_a_test_at_five_percent_is_wrong_about_as_often_as_it_says():
    found = [randomisation_test(*_two_systems(40, 0.0, seed), 400, seed).p for seed in range(300)]
    assert 0.02 <= sum(p <= 0.05 for p in found) / 300 <= 0.09


def test_a_clear_difference_has_the_least_p_that_there_is():
    a, b = _two_systems(300, 0.2)
    assert randomisation_test(a, b, 999).p == 1 / 1000
    assert randomisation_test(b, a, 999).difference == pytest.approx(-float((a - b).mean()))


def test_equal_systems_cannot_be_told_apart():
    a, _ = _two_systems(50)
    assert randomisation_test(a, a) == Difference(0.0, 1.0)
    assert (
        randomisation_test([0.1, 0.2, 0.0], [0.0, 0.0, 0.3]).p == 1.0
    )  # their sum is 5e-17, not 0
    assert str(Difference(0.0123, 0.0456)) == "+0.012, p = 0.0456"


def test_draws_are_seeded_and_blocks_are_the_same_draws():
    a, b = _two_systems(60, 0.01)
    assert randomisation_test(a, b, 500, 3) == randomisation_test(a, b, 500, 3)
    assert randomisation_test(a, b, 500, 3) != randomisation_test(a, b, 500, 4)
    torch.testing.assert_close(
        flipped_means(a - b, 500, 3, block=130), flipped_means(a - b, 500, 3), atol=1e-12, rtol=0
    )


def test_the_interval_is_that_of_the_differences_and_narrower_than_of_two_samples():
    a, b = _two_systems(300, 0.03)
    paired = paired_interval(a, b)
    assert paired == bootstrap_interval(a - b)
    assert paired.low > 0
    assert paired.high - paired.low < 0.7 * (bootstrap_interval(a).high - bootstrap_interval(a).low)
    assert paired_interval(a.tolist(), b, 200, 0.9, 7) == bootstrap_interval(a - b, 200, 0.9, 7)


def _alike(groups, size, seed):
    """Differences that are equal within a group, and the group of each."""
    values = torch.randn(groups, generator=torch.Generator().manual_seed(seed)).double()
    return values.repeat_interleave(size), [f"g{i}" for i in range(groups) for _ in range(size)]


def test_groups_of_one_query_change_nothing():
    a, b = _two_systems(80, 0.02)
    alone = list(range(80))
    assert paired_interval(a, b, groups=alone) == paired_interval(a, b)
    assert randomisation_test(a, b, groups=alone) == randomisation_test(a, b)
    assert interval_by_groups(a, alone, block=300) == bootstrap_interval(a)


def test_copies_of_queries_tell_no_more_than_the_queries():
    values, groups = _alike(60, 5, 0)
    once = values[::5]
    nothing = torch.zeros(60)
    copies = torch.zeros(300)
    assert randomisation_test(values, copies, groups=groups) == pytest.approx(
        randomisation_test(once, nothing)
    )
    found, expected = paired_interval(values, copies, groups=groups), paired_interval(once, nothing)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
    flattered = paired_interval(values, copies)
    assert flattered.high - flattered.low < 0.6 * (found.high - found.low)


def test_only_with_its_groups_is_a_test_wrong_as_often_as_it_says():
    wrong = {"with groups": 0, "without": 0}
    for seed in range(200):
        values, groups = _alike(25, 6, seed)
        nothing = torch.zeros_like(values)
        wrong["with groups"] += randomisation_test(values, nothing, 300, groups=groups).p <= 0.05
        wrong["without"] += randomisation_test(values, nothing, 300).p <= 0.05
    assert wrong["with groups"] / 200 <= 0.1
    assert wrong["without"] / 200 >= 0.3


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(-3, 3)), min_size=1, max_size=9),
    st.integers(0, 99),
)
def test_p_by_groups_is_that_of_all_choices_of_a_sign_a_group(rows, seed):
    sums = {}
    for group, difference in rows:
        sums[group] = sums.get(group, 0) + difference
    choices = list(itertools.product((-1, 1), repeat=len(sums)))
    found = [abs(sum(s * d for s, d in zip(signs, sums.values()))) for signs in choices]
    exact = sum(x >= abs(sum(sums.values())) for x in found) / len(found)
    a, groups = [0.3 + d / 10 for _, d in rows], [g for g, _ in rows]
    p = randomisation_test(a, [0.3] * len(a), 2_000, seed, groups).p
    assert p == pytest.approx(exact, abs=5 * (exact * (1 - exact) / 2_000) ** 0.5 + 1e-3)


@pytest.mark.parametrize("function", [randomisation_test, paired_interval])
def test_groups_of_another_number_are_refused(function):
    with pytest.raises(ValueError, match="1 groups came for 2 queries"):
        function([0.1, 0.2], [0.2, 0.3], groups=["a"])


def test_an_interval_by_groups_refuses_what_has_none():
    for values, options, says in (
        ([], {}, r"\(0,\)"), ([0.1], {"resamples": 1}, "resamples=1"),
        ([0.1], {"level": 1}, "level=1"), ([float("nan")], {}, "nan or infinite"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=says):
            interval_by_groups(values, ["a"] * len(values), **options)


@pytest.mark.parametrize("function", [randomisation_test, paired_interval])
@pytest.mark.parametrize(
    ("a", "b", "says"),
    [
        ([0.1, 0.2], [0.1], r"\(2,\) and \(1,\)"),
        ([], [], r"\(0,\)"),
        ([[0.1]], [[0.1]], r"\(1, 1\)"),
        (0.5, 0.4, "not the means"),
        ([0.1, float("nan")], [0.1, 0.2], "nan or infinite"),
        ([0.1, 0.1], [0.1, float("inf")], "nan or infinite"),
    ],
)
def test_what_is_not_paired_is_refused(function, a, b, says):
    with pytest.raises(ValueError, match=f"{function.__name__}: .*{says}"):
        function(a, b)


def test_a_test_without_draws_is_refused():
    with pytest.raises(ValueError, match="at least one draw"):
        randomisation_test([0.1], [0.2], draws=0)


def test_flipped_means_run_on_meta():
    assert flipped_means(torch.empty(5, device="meta"), 100).device.type == "meta"
