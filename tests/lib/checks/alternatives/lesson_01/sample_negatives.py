"""Other right answers to `sample_negatives`."""

from __future__ import annotations

import numpy as np

from tests.lib.checks.alternatives import as_tensor


def _negatives_by_counting(counts, draws):
    """An alternative: the id is how many words lie wholly below the draw."""
    share = counts.double() / counts.sum()
    weights = share**0.75
    cdf = weights.cumsum(0)
    return (cdf / cdf[-1] <= draws.double().unsqueeze(-1)).sum(-1)


def _negatives_by_numpy(counts, draws):
    """An alternative with NumPy."""
    weights = counts.numpy().astype(np.float64) ** 0.75
    cdf = np.cumsum(weights)
    return np.searchsorted(cdf, draws.numpy().astype(np.float64) * cdf[-1], side="right")


ALTERNATIVES = [_negatives_by_counting, as_tensor(_negatives_by_numpy)]
