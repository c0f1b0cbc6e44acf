"""Other right answers to `keep_by_margin`."""

from __future__ import annotations

import torch

from lib.checks.lesson_04.keep_by_margin import _refusing


@_refusing
def _by_difference(scores, positive_scores, margin, relative):
    """An alternative: how far below the positive, and how far it has to be."""
    wanted = (
        positive_scores.abs() * margin if relative else torch.full_like(positive_scores, margin)
    )
    return ~(scores > (positive_scores - wanted).unsqueeze(1))


@_refusing
def _by_where(scores, positive_scores, margin, relative):
    """An alternative: one factor for positives above 0, another for those below."""
    if not relative:
        return torch.le(scores, (positive_scores - margin).reshape(-1, 1))
    factor = torch.where(positive_scores > 0, 1 - margin, 1 + margin)
    limit = torch.where(
        positive_scores > 0, positive_scores - positive_scores * margin, positive_scores * factor
    )
    return torch.le(scores, limit.reshape(-1, 1) + 0.0)


ALTERNATIVES = [_by_difference, _by_where]
