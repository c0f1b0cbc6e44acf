"""Other right answers to `mine_negatives`."""

from __future__ import annotations

import torch

from lib.checks.lesson_04.mine_negatives import _by_mask


def _search_more(queries, passages, positives, k, block):
    """An alternative: search for more, then drop positives from the lists."""
    order = (queries @ passages.T).argsort(dim=1, descending=True).tolist()
    found = []
    for rows, own in zip(order, positives):
        best = [row for row in rows if row not in set(own)][:k]
        found.append(best + [-1] * (min(k, len(passages)) - len(best)))
    return torch.tensor(found)


ALTERNATIVES = [_by_mask, _search_more]
