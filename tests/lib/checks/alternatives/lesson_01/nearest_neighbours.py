"""Other right answers to `nearest_neighbours`."""

from __future__ import annotations

import numpy as np

from lib.checks.lesson_01.nearest_neighbours import _cosines
from tests.lib.checks.alternatives import as_tensor


def _near_by_sorting(vectors, query, k, exclude):
    """An alternative with NumPy: delete the excluded, keep their ids beside."""
    ids = np.setdiff1d(np.arange(len(vectors)), np.array(exclude, dtype=int))
    rows = vectors.numpy().astype(np.float64)[ids]
    lengths = np.linalg.norm(rows, axis=1)
    cosines = np.divide(rows @ query.numpy(), lengths, out=np.zeros(len(ids)), where=lengths > 0)
    return ids[np.argsort(-np.round(cosines, 12), kind="stable")[:k]]


def _near_by_picking(vectors, query, k, exclude):
    """An alternative: take the best k times."""
    scores = _cosines(vectors.double(), query.double()).round(decimals=12).tolist()
    left, found = [w for w in range(len(scores)) if w not in exclude], []
    while left and len(found) < k:
        best = max(left, key=lambda word: (scores[word], -word))
        found.append(best)
        left.remove(best)
    return found


ALTERNATIVES = [as_tensor(_near_by_sorting), as_tensor(_near_by_picking)]
