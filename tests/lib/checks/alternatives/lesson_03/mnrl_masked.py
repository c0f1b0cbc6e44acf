"""Other right answers to `mnrl_masked`."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from lib.checks.lesson_03._candidates import cosine_matrix
from lib.checks.lesson_03.mnrl_masked import _twins


def _masked_then_weighted(queries: Tensor, positives: Tensor, keys: Tensor, scale: float) -> Tensor:
    """An alternative: the duplicates get weight 0 in the sum of exponentials."""
    cosines = scale * cosine_matrix(queries, positives)
    ahead = cosines - cosines.diagonal()[:, None]
    top = ahead.amax(dim=1, keepdim=True)
    weights = (~_twins(keys)).to(ahead.dtype)
    total = (weights * (ahead - top).exp()).sum(dim=1)
    return (top.squeeze(1) + total.log()).mean()


def _masked_row_by_row(queries: Tensor, positives: Tensor, keys: Tensor, scale: float) -> Tensor:
    """An alternative: a list of candidates of its own for each query."""
    losses = []
    for i in range(len(queries)):
        candidates = torch.cat([positives[i : i + 1], positives[keys != keys[i]]])
        scores = scale * cosine_matrix(queries[i : i + 1], candidates)
        losses.append(F.cross_entropy(scores, torch.tensor([0])))
    return torch.stack(losses).mean()


ALTERNATIVES = [_masked_then_weighted, _masked_row_by_row]
