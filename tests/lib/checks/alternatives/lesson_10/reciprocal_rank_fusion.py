"""Other right answers to `reciprocal_rank_fusion`."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import torch


def _by_index(rankings: list[list[str]], k: float = 60.0) -> list[str]:
    """Every passage looked up in every ranking."""
    every = []
    for ranking in rankings:
        every += [passage for passage in ranking if passage not in every]

    def score(passage: str) -> float:
        return sum(1 / (k + 1 + row.index(passage)) for row in rankings if passage in row)

    return sorted(every, key=score, reverse=True)


def _by_a_table(rankings: list[list[str]], k: float = 60.0) -> list[str]:
    """A table of parts, 0 where a ranking lacks a passage; the last ranking is added first."""
    every = list(dict.fromkeys(passage for ranking in rankings for passage in ranking))
    parts = np.zeros((len(rankings), len(every)))
    for number, ranking in enumerate(rankings):
        for place, passage in enumerate(ranking):
            parts[number, every.index(passage)] = 1 / (k + place + 1)
    order = np.argsort(-parts[::-1].sum(axis=0), kind="stable")
    return [every[row] for row in order]


def _in_float32(rankings: list[list[str]], k: float = 60.0) -> list[str]:
    every = list(dict.fromkeys(passage for ranking in rankings for passage in ranking))
    scores = torch.zeros(len(every))
    for ranking in rankings:
        rows = torch.tensor([every.index(passage) for passage in ranking], dtype=torch.long)
        scores.index_add_(0, rows, 1 / (k + torch.arange(1, len(ranking) + 1).float()))
    return [every[row] for row in scores.argsort(descending=True, stable=True).tolist()]


def _by_the_best_left(rankings: list[list[str]], k: float = 60.0) -> tuple[str, ...]:
    """The best is taken out again and again; a tuple for the list."""
    scores: dict[str, float] = defaultdict(float)
    for ranking in rankings:
        for rank in range(1, len(ranking) + 1):
            scores[ranking[rank - 1]] += (k + rank) ** -1
    order = []
    while scores:
        order.append(max(scores, key=scores.__getitem__))
        del scores[order[-1]]
    return tuple(order)


def _by_places(rankings: list[list[str]], k: float = 60.0) -> list[str]:
    """Ties are settled by a place of its own for each passage."""
    places: dict[str, int] = {}
    scores: dict[str, float] = {}
    for ranking in rankings:
        for rank, passage in enumerate(ranking, 1):
            places.setdefault(passage, len(places))
            scores[passage] = scores.get(passage, 0) + 1 / (rank + k)
    return sorted(scores, key=lambda passage: (-scores[passage], places[passage]))


ALTERNATIVES = [_by_index, _by_a_table, _in_float32, _by_the_best_left, _by_places]
