"""Other right answers to `mnrl_with_negatives`."""

from __future__ import annotations

import torch
from torch import Tensor

from lib.checks.lesson_03._candidates import cosine_matrix, diagonal


def _hard_by_cross_entropy(
    queries: Tensor, positives: Tensor, negatives: Tensor, scale: float
) -> Tensor:
    """An alternative: one list of candidates, the framework's cross-entropy."""
    candidates = torch.cat([positives, negatives.reshape(-1, negatives.shape[-1])])
    return diagonal(scale * cosine_matrix(queries, candidates))


def _hard_by_blocks(queries: Tensor, positives: Tensor, negatives: Tensor, scale: float) -> Tensor:
    """An alternative: a score block for each column of negatives, then one logsumexp."""
    blocks = [cosine_matrix(queries, positives)]
    blocks += [cosine_matrix(queries, column) for column in negatives.unbind(dim=1)]
    total = torch.stack([(scale * block).logsumexp(dim=1) for block in blocks]).logsumexp(dim=0)
    return (total - scale * blocks[0].diagonal()).mean()


ALTERNATIVES = [_hard_by_cross_entropy, _hard_by_blocks]
