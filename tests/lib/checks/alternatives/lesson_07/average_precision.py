"""Other right answers to `average_precision`."""

from __future__ import annotations

import numpy as np
import torch


def _by_numpy(ranked: list[str], relevant: dict[str, int]) -> float:
    hits = np.array([relevant.get(passage, 0) >= 1 for passage in ranked], dtype=float)
    count = sum(grade >= 1 for grade in relevant.values())
    precision = hits.cumsum() / np.arange(1, len(hits) + 1)
    return float((precision * hits).sum() / max(count, 1))


def _by_torch(ranked: list[str], relevant: dict[str, int]) -> torch.Tensor:
    """The ranks of the hits alone: the n-th of them has precision n / rank."""
    hits = torch.tensor([relevant.get(passage, 0) > 0 for passage in ranked], dtype=torch.bool)
    ranks = hits.nonzero().flatten() + 1
    count = max(1, sum(grade > 0 for grade in relevant.values()))
    return (torch.arange(1, len(ranks) + 1) / ranks).sum() / count


def _from_the_relevant(ranked: list[str], relevant: dict[str, int]) -> float:
    """A precision for each relevant passage, 0 for one that is missing."""
    right = [passage for passage, grade in relevant.items() if grade >= 1]
    precisions = [0.0]
    for passage in right:
        if passage in ranked:
            rank = ranked.index(passage) + 1
            precisions.append(sum(p in right for p in ranked[:rank]) / rank)
    return sum(precisions) / len(right) if right else 0.0


ALTERNATIVES = [_by_numpy, _by_torch, _from_the_relevant]
