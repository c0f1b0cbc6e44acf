"""Lesson 04, negatives by vectors: `mine_negatives`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

import numpy as np
import torch
from torch import Tensor

from lib.checks.exercise import Case, Exercise, Mistake
from lib.checks.values import EXACT


def _clear(scores: np.ndarray) -> bool:
    """Whether the scores of each query differ clearly: the order among equals is nobody's business."""
    gaps = np.diff(np.sort(scores, axis=1), axis=1)
    return gaps.size == 0 or bool(gaps.min() > 1e-5)


def _mine_cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    queries = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]])
    passages = torch.tensor([[0.9, 0.1], [0.8, 0.3], [0.2, 0.7], [-0.5, 0.6], [0.4, -0.9]])
    one = [[0], [2], [1]]
    yield Case((queries, passages, one, 2, 8), "one positive each")
    yield Case((queries, passages, one, 2, 1), "a block of one query")
    yield Case((queries, passages, one, 1, 2), "the last block is not full")
    yield Case((queries, passages, [[1, 0], [2], [2, 1, 0]], 2, 2), "several positives")
    yield Case((queries, passages, [[4], [2], [0]], 3, 8), "a positive that is found late")
    yield Case((-queries, passages.abs(), one, 2, 8), "all scores below 0")
    yield Case((queries, passages, one, 4, 8), "all but the positive")
    yield Case((queries, passages, [[0, 1], [2], [1]], 4, 8), "too few are left: -1")
    yield Case((queries, passages, one, 9, 2), "more wanted than there are")
    while True:
        a, b = (torch.from_numpy(rng.normal(size=(n, 3))) for n in (60, 50))
        if _clear(np.sort((a @ b.T).numpy(), axis=1)[:, -5:]):  # of which four may be looked at
            break
    yield Case((a, b, [[i % 50] for i in range(60)], 3, 4), "many queries, few a block")
    made = 0
    while made < (8 if hidden else 4):
        q, n = (int(x) for x in rng.integers([2, 6], [8, 14]))
        a, b = (torch.from_numpy(rng.normal(size=(count, 4))) for count in (q, n))
        if not _clear((a @ b.T).numpy()):
            continue
        made += 1
        own = [rng.permutation(n)[: int(rng.integers(1, 4))].tolist() for _ in range(q)]
        yield Case(
            (a, b, own, int(rng.integers(1, 5)), int(rng.integers(1, q + 1))), f"random {made}"
        )


def _mine_by_sorting(queries, passages, positives, k, block) -> list:
    """The oracle: score each passage by itself, sort, fill up with -1."""
    found = []
    rows = passages.double().tolist()
    for query, own in zip(queries.double().tolist(), positives):
        scores = {i: sum(x * y for x, y in zip(query, row)) for i, row in enumerate(rows)}
        best = sorted((i for i in scores if i not in own), key=lambda i: -scores[i])[:k]
        found.append(best + [-1] * (min(k, len(rows)) - len(best)))
    return found


def _taken(scores: Tensor, k: int, missing: bool = True) -> Tensor:
    best, rows = scores.topk(min(k, scores.shape[1]), dim=1)
    return rows.masked_fill(best == -torch.inf, -1) if missing else rows


def _without(scores: Tensor, positives: list, value: float = -torch.inf) -> Tensor:
    scores = scores.clone()
    for row, own in enumerate(positives):
        scores[row, own] = value
    return scores


def _by_mask(queries, passages, positives, k, block):
    """A mask of all positives, the whole table at once."""
    own = torch.zeros(len(queries), len(passages), dtype=torch.bool)
    for row, rows in enumerate(positives):
        own[row, rows] = True
    return _taken((queries @ passages.T).masked_fill(own, -torch.inf), k)


def _wrong_rows(queries, passages, positives, k, block):
    parts = []
    for start in range(0, len(queries), block):
        scores = queries[start : start + block] @ passages.T
        parts.append(_taken(_without(scores, positives[: len(scores)]), k))
    return torch.cat(parts)


def _last_block_lost(queries, passages, positives, k, block):
    whole = len(queries) // block * block
    return _by_mask(queries[:whole], passages, positives[:whole], k, block)


EXERCISE = Exercise(
    "mine_negatives",
    "04",
    _mine_cases,
    _mine_by_sorting,
    tolerance=EXACT,
    equivalent={
        "scores.topk(min(k, len(passages)), dim=1) -> scores.topk(min(k, len(passages)))": "dim 1 is the default",
        "min(k, len(passages)) -> min(len(passages), k)": "the smaller of two is the same",
    },
    mistakes=[
        Mistake(
            "positives-mined",
            "The positives are among your negatives: they score highest of all. Set their scores to "
            "minus infinity before you take the best.",
            lambda q, p, own, k, b: _taken(q @ p.T, k),
            hint=1,
        ),
        Mistake(
            "first-positive-only",
            "Only the first positive of each query is left out. A query may have several: leave out "
            "all of them.",
            lambda q, p, own, k, b: _taken(_without(q @ p.T, [rows[:1] for rows in own]), k),
            hint=1,
        ),
        Mistake(
            "positives-of-the-first-block",
            "Every block leaves out the positives of the first one. Take the positives of the same "
            "queries: `positives[start : start + block]`.",
            _wrong_rows,
            hint=2,
        ),
        Mistake(
            "positives-of-all",
            "You leave out the positives of *all* queries. What is right for another query may be a "
            "good negative for this one.",
            lambda q, p, own, k, b: _taken(_without(q @ p.T, [[*chain(*own)]] * len(own)), k),
        ),
        Mistake(
            "zero-for-positives",
            "You set the positives' scores to 0. Where all others score below 0, they win. Use minus "
            "infinity.",
            lambda q, p, own, k, b: _taken(_without(q @ p.T, own, 0.0), k),
            hint=1,
        ),
        Mistake(
            "easiest",
            "You take the passages that score lowest. Hard negatives score highest.",
            lambda q, p, own, k, b: _taken(_without(-(q @ p.T), own), k),
        ),
        Mistake(
            "missing-not-marked",
            "Where too few are left, positives fill the row. Put -1 where the score is minus infinity.",
            lambda q, p, own, k, b: _taken(_without(q @ p.T, own), k, missing=False),
            hint=3,
        ),
        Mistake(
            "last-block-lost",
            "The last block, which may be smaller, is missing: fewer rows come back than there are "
            "queries.",
            _last_block_lost,
        ),
        Mistake(
            "k-beyond-the-corpus",
            "`topk` fails where k is larger than the corpus. Take min(k, number of passages).",
            lambda q, p, own, k, b: _taken(_without(q @ p.T, own), k) if k <= len(p) else [][0],
            hint=3,
        ),
    ],
    returns="tensor",
    # Half of the whole table, where a block is far less.
    largest=lambda q, p, own, k, block: len(q) * len(p) // 2 if len(q) > 8 * block else None,
)
