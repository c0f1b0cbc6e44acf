"""Other right answers to `triplet_cosine`."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def _triplet_by_clamp(
    anchors: Tensor, positives: Tensor, negatives: Tensor, margin: float
) -> Tensor:
    """An alternative: both distances written out, clamped at 0."""
    a, p, n = (F.normalize(x, dim=1) for x in (anchors, positives, negatives))
    near_, far = 1 - torch.einsum("bd,bd->b", a, p), 1 - torch.einsum("bd,bd->b", a, n)
    return (near_ - far + margin).clamp(min=0).mean()


def _triplet_by_half_squares(
    anchors: Tensor, positives: Tensor, negatives: Tensor, margin: float
) -> Tensor:
    """An alternative: half the squared distance of unit vectors is 1 - cosine."""
    a, p, n = (F.normalize(x, dim=1) for x in (anchors, positives, negatives))
    # A row of zeros has no length to which this identity would apply: take dot products there.
    gap = (((a - p) ** 2).sum(1) - ((a - n) ** 2).sum(1)) / 2
    same_length = (p**2).sum(1) - (n**2).sum(1)
    return (gap - same_length / 2 + margin).relu().mean()


ALTERNATIVES = [_triplet_by_clamp, _triplet_by_half_squares]
