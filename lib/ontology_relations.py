"""How two passages of the course set are related in the ontology.

A child is a special case of its parent, the more general term; siblings share a parent. Who asks for a
term is served by its child and by its parent, at least in part, so a negative that is one of them is
likely a false one. Nobody marked it as right: the ontology says so.
"""

from __future__ import annotations

import torch
from torch import Tensor

from lib.data import CourseSet

__all__ = ["KINDS", "Relations"]

KINDS = ("child", "parent", "sibling", "none of these")


class Relations:
    """Tells for rows of a course set's passages what one is to the other."""

    def __init__(self, course: CourseSet) -> None:
        self._ids = course.ids
        self._parents = [frozenset(above) for above in course.parents]

    def kind(self, row: int, other: int) -> str:
        """What the passage `other` is to the passage `row`: one of `KINDS`."""
        if self._ids[row] in self._parents[other]:
            return "child"
        if self._ids[other] in self._parents[row]:
            return "parent"
        return "sibling" if self._parents[row] & self._parents[other] else "none of these"

    def kinds(self, rows: Tensor, others: Tensor) -> list[list[str]]:
        """The kind of each passage of others (q, m) to that of rows (q,); "" where there is none (-1).

        Raises ValueError if they are of different queries.
        """
        if rows.ndim != 1 or others.ndim != 2 or len(rows) != len(others):
            raise ValueError(
                f"kinds: rows are {tuple(rows.shape)}, others {tuple(others.shape)}; expected (q,) and "
                "(q, m) of the same q queries"
            )
        pairs = zip(rows.tolist(), others.tolist())
        return [[self.kind(row, j) if j >= 0 else "" for j in found] for row, found in pairs]

    def in_line(self, rows: Tensor, others: Tensor) -> Tensor:
        """Return (q, m) float64, 1 where a passage of others is a child or parent of that of rows."""
        found = self.kinds(rows, others)
        return (
            torch.tensor([[kind in ("child", "parent") for kind in query] for query in found])
            .reshape(others.shape)
            .double()
        )
