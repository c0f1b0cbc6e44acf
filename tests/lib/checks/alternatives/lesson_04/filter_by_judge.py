"""Other right answers to `filter_by_judge`."""

from __future__ import annotations

import torch

from lib.checks.lesson_04.filter_by_judge import _kept


def _by_stable_sort(candidates, judged, positive_judged, margin, k):
    """An alternative: what is dropped goes to the end, in one stable sort."""
    kept = _kept(candidates, judged, positive_judged, margin)
    order = (~kept).long().sort(dim=1, stable=True).indices[:, :k]
    rows = candidates.gather(1, order).masked_fill(~kept.gather(1, order), -1)
    return torch.nn.functional.pad(rows, (0, k - rows.shape[1]), value=-1)


def _by_lists(candidates, judged, positive_judged, margin, k):
    """An alternative: plain lists."""
    found = []
    for query, rows in enumerate(candidates.tolist()):
        limit = float(positive_judged[query]) - margin
        left = [row for row, s in zip(rows, judged[query].tolist()) if s <= limit and row >= 0]
        found.append(left[:k] + [-1] * (k - len(left[:k])))
    return torch.tensor(found)


ALTERNATIVES = [_by_stable_sort, _by_lists]
