"""Other right answers to `analogy_3cosadd`."""

from __future__ import annotations

import numpy as np
import torch

from tests.lib.checks.alternatives import as_tensor


def _analogy_one_by_one(vectors, a, b, c, k):
    """An alternative: one question at a time, by the sum of three cosines."""
    rows = vectors.numpy().astype(np.float64)
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    cosines, answers = unit @ unit.T, []
    for i, j, m in zip(a.tolist(), b.tolist(), c.tolist()):
        total = cosines[:, j] - cosines[:, i] + cosines[:, m]
        total[[i, j, m]] = -np.inf
        answers.append(np.argsort(-total, kind="stable")[:k].tolist())
    return answers


def _analogy_by_scatter(vectors, a, b, c, k):
    """An alternative: normalise the target too, mask with scatter."""
    unit = torch.nn.functional.normalize(vectors.double(), dim=1)
    target = torch.nn.functional.normalize(unit[b] - unit[a] + unit[c], dim=1)
    inputs = torch.stack([a, b, c], dim=1)
    return (target @ unit.T).scatter(1, inputs, -9.0).argsort(dim=1, descending=True)[:, :k]


ALTERNATIVES = [as_tensor(_analogy_one_by_one), _analogy_by_scatter]
