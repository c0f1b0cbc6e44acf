"""What is worth its cost, and what a budget buys: systems by cost and quality.

A system that another one beats in quality without costing more is never worth having. The others are the
frontier (Pareto 1906, Manuale di economia politica); which of them to take is what a budget decides.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["best_within", "frontier"]


def frontier(costs: Sequence[float], qualities: Sequence[float]) -> list[int]:
    """Return the rows of the systems that no other dominates, by rising cost.

    costs, qualities: (n,), lower and higher is better. One dominates another if it costs no more, is at
    least as good, and is better in one of the two; of two that are equal in both, both stay.
    Raises ValueError when the two differ in number.
    """
    if len(costs) != len(qualities):
        raise ValueError(
            f"frontier: {len(costs)} costs came for {len(qualities)} qualities; expected one of each a "
            "system"
        )
    # Whatever dominates a row costs no more, so it stands before it, or beside it at the same cost.
    order = sorted(range(len(costs)), key=lambda row: (costs[row], -qualities[row], row))
    stay: list[int] = []
    for row in order:
        twin = stay and costs[stay[-1]] == costs[row] and qualities[stay[-1]] == qualities[row]
        if not stay or qualities[row] > qualities[stay[-1]] or twin:
            stay.append(row)
    return stay


def best_within(
    costs: Sequence[Sequence[float]], limits: Sequence[float], qualities: Sequence[float]
) -> int:
    """Return the row of the best system all of whose costs are within their limits, or -1.

    costs: (n, kinds), such as bytes and milliseconds; limits: (kinds,), which are within; qualities:
    (n,). Of equally good ones the first.
    Raises ValueError for other numbers of costs, limits and qualities.
    """
    if len(costs) != len(qualities) or any(len(own) != len(limits) for own in costs):
        raise ValueError(
            f"best_within: {len(costs)} systems with {sorted({len(own) for own in costs})} costs came "
            f"for {len(qualities)} qualities and {len(limits)} limits; expected (n, kinds), (kinds,) "
            "and (n,)"
        )
    within = [
        row
        for row, own in enumerate(costs)
        if all(cost <= limit for cost, limit in zip(own, limits))
    ]
    return max(within, key=lambda row: qualities[row], default=-1)
