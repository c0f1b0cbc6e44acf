"""The frontier against every pair of systems, and the best within limits against a plain loop."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.budget import best_within, frontier
from lib.plots_frontier import on_frontier

SYSTEMS = st.lists(st.tuples(st.integers(1, 5), st.integers(-2, 3)), max_size=8)


@given(SYSTEMS)
def test_the_frontier_is_what_no_other_dominates(systems):
    def dominates(a, b):
        return a[0] <= b[0] and a[1] >= b[1] and a != b

    costs, qualities = [c for c, _ in systems], [q for _, q in systems]
    stay = [i for i, b in enumerate(systems) if not any(dominates(a, b) for a in systems)]
    found = frontier(costs, qualities)
    assert found == sorted(stay, key=lambda row: costs[row])
    if systems:
        assert [row in found for row in range(len(systems))] == on_frontier(costs, qualities)


@given(SYSTEMS, st.integers(0, 5), st.integers(0, 8))
def test_the_best_within_limits_is_found(systems, bytes_, time):
    costs, qualities = [[c, c + i] for i, (c, _) in enumerate(systems)], [q for _, q in systems]
    best = -1
    for row, (size, spent) in enumerate(costs):
        if size <= bytes_ and spent <= time and (best < 0 or qualities[row] > qualities[best]):
            best = row
    assert best_within(costs, [bytes_, time], qualities) == best


def test_numbers_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="1 costs came for 2 qualities"):
        frontier([1], [1, 2])
    with pytest.raises(ValueError, match=r"expected \(n, kinds\)"):
        best_within([[1, 2]], [1], [0.5])
