"""Other right answers to `index_recall`."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


def _by_sets(found: Tensor, exact: Tensor) -> float:
    shares = []
    for had, wanted in zip(found.tolist(), exact.tolist()):
        there = {row for row in wanted if row != -1}
        shares.append(len(there.intersection(had)) / len(there))
    return float(np.mean(shares))


def _row_by_row(found: Tensor, exact: Tensor) -> Tensor:
    """-1 of the index is made a row that no query can have."""
    kept = [row[row >= 0] for row in exact]
    return torch.stack(
        [torch.isin(row, had).double().mean() for row, had in zip(kept, found)]
    ).mean()


def _by_flags(found: Tensor, exact: Tensor) -> float:
    """A truth value for each row of the corpus and one more, where -1 falls."""
    size = int(max(found.max(), exact.max())) + 2
    flags = [torch.zeros(len(x), size, dtype=torch.bool) for x in (found, exact)]
    for flag, rows in zip(flags, (found, exact)):
        flag.scatter_(1, rows % size, True)  # -1 becomes the last column
        flag[:, -1] = False
    both = (flags[0] & flags[1]).sum(1) / flags[1].sum(1)
    return both.mean().item()


ALTERNATIVES = [_by_sets, _row_by_row, _by_flags]
