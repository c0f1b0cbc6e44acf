"""Other right answers to `reciprocal_rank_at_k`."""

from __future__ import annotations

import numpy as np


def _by_next(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    right = {passage for passage, grade in relevant.items() if grade > 0}
    return next((1 / (i + 1) for i, passage in enumerate(ranked[:k]) if passage in right), 0.0)


def _by_the_largest(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """1/rank falls with the rank, so the first relevant passage has the largest."""
    hits = np.array([relevant.get(passage, 0) >= 1 for passage in ranked[:k]], dtype=float)
    return float((hits / np.arange(1, len(hits) + 1)).max(initial=0.0))


def _while_looking(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    place = 0
    while place < min(k, len(ranked)):
        if ranked[place] in relevant and relevant[ranked[place]] > 0:
            return 1.0 / (place + 1)
        place += 1
    return 0


ALTERNATIVES = [_by_next, _by_the_largest, _while_looking]
