"""How hard an item is and how well it tells students apart: the two figures of classical item analysis.

Difficulty is the share of its points that students earn (the "p-value" of an item: 1 is easy).
Discrimination is the corrected item-total correlation: Pearson's r of the item's points with the points
of all other items; for an item that is right or wrong that is the point-biserial correlation. About .2
and more is usual for an item that does its work; near 0 it tells nothing, below 0 the better students
fail it. (L. Crocker, J. Algina, Introduction to Classical and Modern Test Theory, chapter 14.)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

FEW = 10  # below so many students both figures say little
_FEWEST = 3  # two points are always on a line


@dataclass(frozen=True)
class ItemFigures:
    """An item's figures.

    Args:
        count: of the students who have points for it.
        full: how many earned all its points.
        difficulty: the mean share of its points, from 0 to 1; None without students or points.
        discrimination: from -1 to 1; None where it cannot be reckoned: fewer than three students, or all
            have the same.
    """

    count: int
    full: int
    difficulty: float | None
    discrimination: float | None

    @property
    def few(self) -> bool:
        """Whether there are too few students for the figures to say much."""
        return self.count < FEW


def figures(points: Sequence[float], rest: Sequence[float], maximum: float) -> ItemFigures:
    """The figures of one item.

    Args:
        points: (students,) of the item.
        rest: (students,) of all other items.
        maximum: what the item is worth.
    """
    count = len(points)
    if not count or maximum <= 0:
        return ItemFigures(count, 0, None, None)
    full = sum(one >= maximum for one in points)
    share = math.fsum(points) / count / maximum
    return ItemFigures(count, full, share, correlation(points, rest))


def correlation(a: Sequence[float], b: Sequence[float]) -> float | None:
    """Pearson's r; None for fewer than three pairs, or if one of both does not vary."""
    if len(a) < _FEWEST:
        return None
    means = math.fsum(a) / len(a), math.fsum(b) / len(b)
    da, db = [x - means[0] for x in a], [x - means[1] for x in b]
    spread = math.fsum(x * x for x in da) * math.fsum(x * x for x in db)
    if spread <= 1e-18:
        return None
    return math.fsum(x * y for x, y in zip(da, db)) / math.sqrt(spread)
