"""Which systems another one beats, for `frontier`: right, and wrong in all the ways that one may write."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

Numbers = list[float]
System = tuple[float, float]  # cost, quality
Beats = Callable[[System, System], bool]


def dominates(one: System, other: System) -> bool:
    no_worse = one[0] <= other[0] and one[1] >= other[1]
    return no_worse and one != other


def rows(
    beats: Beats = dominates,
    order: Callable[[System], float] | None = lambda system: system[0],
    itself: bool = False,
) -> Callable[[Numbers, Numbers], list[int]]:
    """The rows that none beats, by rising `order` (None: as they come); itself: compared with itself, too."""

    def frontier(costs: Numbers, qualities: Numbers) -> list[int]:
        systems = list(zip(costs, qualities))
        stay = [
            row
            for row, system in enumerate(systems)
            if not any(
                beats(other, system)
                for place, other in enumerate(systems)
                if itself or place != row
            )
        ]
        return stay if order is None else sorted(stay, key=lambda row: order(systems[row]))

    return frontier


right = rows()


def scan(
    keeps: Callable[[System, System], bool],
    *,
    order: Callable[[System], tuple] = lambda system: (system[0], -system[1]),
    start: float = -math.inf,
    with_the_last: bool = False,
) -> Callable[[Numbers, Numbers], list[int]]:
    """One way through the systems by rising cost: keeps(system, the best so far, or the one before)."""

    def frontier(costs: Numbers, qualities: Numbers) -> list[int]:
        systems = list(zip(costs, qualities))
        compared: System = (-math.inf, start)
        found = []
        for row in sorted(range(len(systems)), key=lambda row: order(systems[row])):
            stays = keeps(systems[row], compared)
            if stays:
                found.append(row)
            if stays or with_the_last:
                compared = systems[row]
        return found

    return frontier


def better(system: System, best: System) -> bool:
    return system[1] > best[1]


def as_good(system: System, best: System) -> bool:
    return system[1] >= best[1]


def better_or_equal_in_both(system: System, best: System) -> bool:
    return system[1] > best[1] or system == best


def last_of_equals(costs: Numbers, qualities: Numbers) -> list[int]:
    last = {(costs[row], qualities[row]): row for row in range(len(costs))}
    return [row for row in right(costs, qualities) if row in last.values()]


def dominated(costs: Numbers, qualities: Numbers) -> list[int]:
    stay = right(costs, qualities)
    rest = [row for row in range(len(costs)) if row not in stay]
    return sorted(rest, key=lambda row: costs[row])


def then(change: Callable[[Numbers, Numbers, list[int]], list]) -> Callable:
    """Something else made of the right rows: change(costs, qualities, rows)."""
    return lambda costs, qualities: change(costs, qualities, right(costs, qualities))


def hull(costs: Numbers, qualities: Numbers, rows: list[int]) -> list[int]:
    """Without what lies below the straight line between two others of the frontier."""

    def below(row: int) -> bool:
        for a, b in itertools.combinations(rows, 2):
            if costs[a] < costs[row] < costs[b]:
                share = (costs[row] - costs[a]) / (costs[b] - costs[a])
                if qualities[row] < qualities[a] + share * (qualities[b] - qualities[a]):
                    return True
        return False

    return [row for row in rows if not below(row)]
