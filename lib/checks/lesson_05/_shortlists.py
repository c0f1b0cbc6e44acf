"""What several checks of lesson 05 share: searching with less."""

from __future__ import annotations

import numpy as np
from torch import Tensor

SAME, DEFAULT = "the smaller of two, whichever is named first", "dim 1 is the default"


def no_ties(*tables: np.ndarray) -> bool:
    """Whether all scores of a row differ clearly: the order among equals is nobody's business."""
    gaps = [np.diff(np.sort(table, axis=1), axis=1) for table in tables]
    return all(gap.size == 0 or gap.min() > 1e-4 for gap in gaps)


def pick(first: Tensor, second: Tensor, size: int, k: int) -> Tensor:
    """Shortlist by the first scores, order by the second."""
    places = first.topk(min(size, first.shape[1]), dim=1).indices
    best = second.gather(1, places).topk(min(k, places.shape[1]), dim=1).indices
    return places.gather(1, best)
