"""Other right answers to `forgetting`."""

from __future__ import annotations

import numpy as np
import torch
from scipy.stats import rankdata, spearmanr
from torch import Tensor

from lib import metrics


def _by_scipy(before: Tensor, after: Tensor, human: Tensor, draws: Tensor) -> tuple:
    old, new, people = (x.numpy() for x in (before, after, human))

    def change(rows) -> float:
        return (
            spearmanr(new[rows], people[rows]).statistic
            - spearmanr(old[rows], people[rows]).statistic
        )

    low, high = np.quantile([change(rows) for rows in draws.numpy()], [0.025, 0.975])
    return change(slice(None)), low, high


def _by_the_library(before: Tensor, after: Tensor, human: Tensor, draws: Tensor) -> list:
    """The course's own Spearman correlation; a list of tensors."""
    found = [
        metrics.spearman(after[rows], human[rows]) - metrics.spearman(before[rows], human[rows])
        for rows in (draws, torch.arange(len(human)))
    ]
    return [found[1], *torch.quantile(found[0], torch.tensor([0.025, 0.975]).double())]


def _by_comparing(before: Tensor, after: Tensor, human: Tensor, draws: Tensor) -> Tensor:
    """Signs of all differences in place of ranks; the items themselves are a draw like any other."""

    def places(values: Tensor, rows: Tensor) -> Tensor:
        drawn = values[rows].double()
        ranks = (drawn[:, :, None] - drawn[:, None, :]).sign().sum(dim=2)
        return ranks / ranks.norm(dim=1, keepdim=True)

    def change(rows: Tensor) -> Tensor:
        gained = places(after, rows) - places(before, rows)
        return (gained * places(human, rows)).sum(dim=1)

    observed, drawn = change(torch.arange(len(human))[None])[0], change(draws)
    return torch.stack([observed, drawn.quantile(0.025), drawn.quantile(0.975)])


def _by_rankdata(before: Tensor, after: Tensor, human: Tensor, draws: Tensor) -> tuple:
    changes = []
    for rows in [list(range(len(human))), *draws.tolist()]:
        old, new, people = (
            rankdata([float(x[row]) for row in rows]) for x in (before, after, human)
        )
        changes.append(np.corrcoef(new, people)[0, 1] - np.corrcoef(old, people)[0, 1])
    return changes[0], *np.percentile(changes[1:], [2.5, 97.5])


ALTERNATIVES = [_by_scipy, _by_the_library, _by_comparing, _by_rankdata]
