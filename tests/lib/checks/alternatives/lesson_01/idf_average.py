"""Other right answers to `idf_average`."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from tests.lib.checks.alternatives import as_tensor


def _by_embedding_bag(vectors, idf, ids, mask):
    """An alternative: torch's own bag of words."""
    weights = idf[ids] * mask
    sums = F.embedding_bag(ids, vectors.contiguous(), per_sample_weights=weights, mode="sum")
    total = weights.sum(dim=1, keepdim=True)
    return torch.where(total > 0, sums / total, torch.zeros_like(sums))


def _by_numpy(vectors, idf, ids, mask):
    """An alternative: shares that sum to one, then one product a sentence."""
    weights = np.where(mask.numpy() == 1, idf.numpy()[ids.numpy()], 0.0)
    shares = weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-12)
    return np.einsum("bt,btd->bd", shares, vectors.numpy()[ids.numpy()])


ALTERNATIVES = [_by_embedding_bag, as_tensor(_by_numpy)]
