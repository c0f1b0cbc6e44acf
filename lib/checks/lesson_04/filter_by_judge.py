"""Lesson 04, a better judge: `filter_by_judge`."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from lib.checks.exercise import Case, Exercise, Mistake
from lib.checks.values import EXACT


def _filter_cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    rows = torch.tensor([[7, 3, 9, 4], [2, 8, 6, 1]])
    judged = torch.tensor([[0.9, 0.3, 0.7, 0.2], [0.1, 0.95, 0.4, 0.3]], dtype=torch.float64)
    own = torch.tensor([0.8, 0.5], dtype=torch.float64)
    yield Case((rows, judged, own, 0.05, 2), "two of four")
    yield Case((rows, judged, own, 0.0, 4), "no margin, four wanted")
    yield Case((rows, judged, own, 0.45, 2), "a wide margin leaves too few")
    yield Case((rows, judged, own - 1, 0.1, 2), "nothing is left")
    yield Case((rows, judged, own, 0.05, 9), "more wanted than there are")
    gaps = torch.tensor([[7, 3, -1, 4], [-1, -1, 6, -1]])
    yield Case((gaps, judged, own, 0.05, 3), "missing candidates")
    exact = torch.tensor([[0.25, 0.5, 0.75]], dtype=torch.float64)
    half = torch.tensor([0.75], dtype=torch.float64)
    yield Case((torch.tensor([[5, 6, 7]]), exact, half, 0.25, 2), "exactly at the limit")
    for turn in range(6 if hidden else 3):
        q, m = (int(n) for n in rng.integers([2, 3], [5, 8]))
        table = torch.from_numpy(rng.uniform(0, 1, (q, m)))
        chosen = torch.from_numpy(np.stack([rng.permutation(20)[:m] for _ in range(q)]))
        chosen[torch.from_numpy(rng.random((q, m)) < 0.15)] = -1
        positive = torch.from_numpy(rng.uniform(0.4, 1, q))
        yield Case(
            (
                chosen,
                table,
                positive,
                round(float(rng.uniform(0, 0.3)), 2),
                int(rng.integers(1, 5)),
            ),
            f"random {turn}",
        )


def _filter_by_loops(candidates, judged, positive_judged, margin, k) -> list:
    found = []
    for rows, scores, positive in zip(
        candidates.tolist(), judged.tolist(), positive_judged.tolist()
    ):
        kept = [r for r, s in zip(rows, scores) if r != -1 and not s > positive - margin]
        found.append((kept + [-1] * k)[:k])
    return found


def _first(kept: Tensor, rows: Tensor, k: int) -> Tensor:
    """The first k kept rows of each query, -1 where there are fewer."""
    found = torch.full((len(rows), k), -1)
    for query, (flags, one) in enumerate(zip(kept, rows)):
        left = one[flags][:k]
        found[query, : len(left)] = left
    return found


def _kept(rows: Tensor, judged: Tensor, own: Tensor, margin: float) -> Tensor:
    return (judged <= (own - margin)[:, None]) & (rows >= 0)


def _by_judge(rows, judged, own, margin, k):
    order = judged.argsort(dim=1, descending=True)
    judged, rows = judged.gather(1, order), rows.gather(1, order)
    return _first(_kept(rows, judged, own, margin), rows, k)


def _cut_first(rows, judged, own, margin, k):
    return _first(_kept(rows, judged, own, margin)[:, :k], rows[:, :k], k)


EXERCISE = Exercise(
    "filter_by_judge",
    "04",
    _filter_cases,
    _filter_by_loops,
    tolerance=EXACT,
    mistakes=[
        Mistake(
            "right-ones-kept",
            "You keep what the judge finds right and drop the rest. Those are the false negatives: drop "
            "them.",
            lambda r, j, own, m, k: _first((j > (own - m)[:, None]) & (r >= 0), r, k),
            hint=1,
        ),
        Mistake(
            "cut-before-filtering",
            "You take the first k and filter then, so fewer are left. Filter first.",
            _cut_first,
            hint=2,
        ),
        Mistake(
            "judge-s-order",
            "The rows come in the judge's order. Keep the miner's: the candidates are sorted already.",
            _by_judge,
            hint=1,
        ),
        Mistake(
            "margin-forgotten",
            "Only what beats the positive is dropped. Something just below it is doubtful, too: "
            "subtract the margin.",
            lambda r, j, own, m, k: _first(_kept(r, j, own, 0.0), r, k),
            hint=1,
        ),
        Mistake(
            "margin-added",
            "The margin is added to the positive's score. Subtract it.",
            lambda r, j, own, m, k: _first(_kept(r, j, own, -m), r, k),
            hint=1,
        ),
        Mistake(
            "one-limit-for-all",
            "All queries have the limit of the first. Each has its own positive.",
            lambda r, j, own, m, k: _first(_kept(r, j, own[:1].expand(len(r)), m), r, k),
            hint=1,
        ),
        Mistake(
            "missing-kept",
            "A candidate of -1 is no passage. Leave it out, so that it takes no place among the k.",
            lambda r, j, own, m, k: _first(j <= (own - m)[:, None], r, k),
            hint=3,
        ),
        Mistake(
            "places-not-rows",
            "You return places among the candidates, not rows of the corpus.",
            lambda r, j, own, m, k: _first(
                _kept(r, j, own, m), torch.arange(r.shape[1]).expand(r.shape), k
            ),
        ),
        Mistake(
            "limit-dropped",
            "A candidate exactly at the limit is dropped. Only those above it are.",
            lambda r, j, own, m, k: _first((j < (own - m)[:, None]) & (r >= 0), r, k),
            hint=1,
        ),
    ],
    returns="tensor",
)
