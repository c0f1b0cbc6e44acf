"""Other right answers to `ndcg_at_k`."""

from __future__ import annotations

import math

import numpy as np
import torch


def _by_numpy(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    grades = np.array([relevant.get(passage, 0) for passage in ranked[:k]], dtype=float).clip(0)
    best = np.sort(np.array(list(relevant.values()), dtype=float).clip(0))[::-1][:k]
    gained, most = (float((g / np.log2(np.arange(len(g)) + 2)).sum()) for g in (grades, best))
    return gained / most if most else 0.0


def _by_torch(ranked: list[str], relevant: dict[str, int], k: int) -> torch.Tensor:
    """Rows of k grades, filled up with 0; a product with the weights."""
    rows = [[relevant.get(p, 0) for p in ranked[:k]], sorted(relevant.values())[::-1][:k]]
    table = torch.tensor([row + [0] * (k - len(row)) for row in rows]).clamp(min=0).float()
    gained, most = table @ (1 / torch.log2(torch.arange(k) + 2.0))
    return torch.where(most > 0, gained / most.clamp(min=1e-9), 0.0)


def _natural_logarithms(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """Another base is a factor of both sums: it falls out of their quotient."""

    def dcg(grades: list[int]) -> float:
        return sum(max(grade, 0) / math.log(place + 2) for place, grade in enumerate(grades[:k]))

    most = dcg(sorted(relevant.values(), reverse=True))
    if most == 0:
        return 0.0
    return dcg([relevant.get(passage, 0) for passage in ranked]) / most


def _negative_grades_left_out(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    grades = {passage: grade for passage, grade in relevant.items() if grade > 0}
    weights = [1 / math.log2(rank + 1) for rank in range(1, k + 1)]
    gained = sum(weight * grades.get(passage, 0) for weight, passage in zip(weights, ranked))
    most = sum(w * g for w, g in zip(weights, sorted(grades.values(), reverse=True)))
    return gained / max(most, 1e-12)


ALTERNATIVES = [_by_numpy, _by_torch, _natural_logarithms, _negative_grades_left_out]
