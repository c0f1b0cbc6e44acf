"""Other right answers to `sgns_loss`."""

from __future__ import annotations

import torch
import torch.nn.functional as F


def _loss_by_softplus(centre, context, negatives):
    """An alternative: -log sigmoid(x) is softplus(-x)."""
    right = torch.linalg.vecdot(centre, context)
    wrong = (negatives @ centre.unsqueeze(-1)).squeeze(-1)
    return (F.softplus(-right) + F.softplus(wrong).sum(dim=1)).sum() / centre.shape[0]


def _loss_by_cross_entropy(centre, context, negatives):
    """An alternative: a logistic regression with label 1 for the context and 0 for the rest."""
    all_ = torch.cat([context.unsqueeze(1), negatives], dim=1)
    scores = torch.einsum("bd,bkd->bk", centre, all_)
    labels = torch.zeros_like(scores)
    labels[:, 0] = 1
    return F.binary_cross_entropy_with_logits(scores, labels, reduction="none").sum(1).mean()


ALTERNATIVES = [_loss_by_softplus, _loss_by_cross_entropy]
