"""Other right answers to `recall_at_k`."""

from __future__ import annotations

import numpy as np
import torch


def _by_sets(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    right = {passage for passage in relevant if relevant[passage] > 0}
    return len(right.intersection(ranked[:k])) / max(len(right), 1)


def _by_loop(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """From the grades to the list; an early return."""
    found = count = 0
    for passage, grade in relevant.items():
        if grade < 1:
            continue
        count += 1
        if passage in ranked and ranked.index(passage) < k:
            found += 1
    if count == 0:
        return 0.0
    return found / count


def _by_numpy(ranked: list[str], relevant: dict[str, int], k: int) -> np.floating:
    right = [passage for passage, grade in relevant.items() if grade >= 1]
    return np.isin(right, ranked[:k]).mean() if right else np.float64(0)


def _by_torch(ranked: list[str], relevant: dict[str, int], k: int) -> torch.Tensor:
    """A tensor with one number."""
    found = sum(relevant.get(passage, 0) >= 1 for passage in ranked[:k])
    return torch.tensor(found / max(1, sum(grade >= 1 for grade in relevant.values())))


ALTERNATIVES = [_by_sets, _by_loop, _by_numpy, _by_torch]
