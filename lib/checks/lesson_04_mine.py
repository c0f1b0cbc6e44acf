"""Lesson 04, negatives by vectors: mining that leaves positives out, and the margin."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain

import numpy as np
import torch
from torch import Tensor

from lib.checks.exercise import Case, Exercise, Mistake
from lib.checks.values import EXACT


def _clear(scores: np.ndarray) -> bool:
    """Whether the scores of each query differ clearly: the order among equals is nobody's business."""
    gaps = np.diff(np.sort(scores, axis=1), axis=1)
    return gaps.size == 0 or bool(gaps.min() > 1e-6)


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
    """An alternative: a mask of all positives, the whole table at once."""
    own = torch.zeros(len(queries), len(passages), dtype=torch.bool)
    for row, rows in enumerate(positives):
        own[row, rows] = True
    return _taken((queries @ passages.T).masked_fill(own, -torch.inf), k)


def _search_more(queries, passages, positives, k, block):
    """An alternative: search for more, then drop positives from the lists."""
    order = (queries @ passages.T).argsort(dim=1, descending=True).tolist()
    found = []
    for rows, own in zip(order, positives):
        best = [row for row in rows if row not in set(own)][:k]
        found.append(best + [-1] * (min(k, len(passages)) - len(best)))
    return torch.tensor(found)


def _wrong_rows(queries, passages, positives, k, block):
    parts = []
    for start in range(0, len(queries), block):
        scores = queries[start : start + block] @ passages.T
        parts.append(_taken(_without(scores, positives[: len(scores)]), k))
    return torch.cat(parts)


def _last_block_lost(queries, passages, positives, k, block):
    whole = len(queries) // block * block
    return _by_mask(queries[:whole], passages, positives[:whole], k, block)


MINE = Exercise(
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
        ),
        Mistake(
            "first-positive-only",
            "Only the first positive of each query is left out. A query may have several: leave out "
            "all of them.",
            lambda q, p, own, k, b: _taken(_without(q @ p.T, [rows[:1] for rows in own]), k),
        ),
        Mistake(
            "positives-of-the-first-block",
            "Every block leaves out the positives of the first one. Take the positives of the same "
            "queries: `positives[start : start + block]`.",
            _wrong_rows,
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
        ),
    ],
    alternatives=[_by_mask, _search_more],
)


def _margin_cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    scores = torch.tensor([[0.95, 0.78, 0.5], [0.41, 0.37, -0.2]], dtype=torch.float64)
    own = torch.tensor([0.8, 0.4], dtype=torch.float64)
    yield Case((scores, own, 0.05, True), "relative, 5%")
    yield Case((scores, own, 0.05, False), "absolute, 0.05")
    yield Case((scores, own, 0.0, True), "no margin")
    below = torch.tensor([[-0.2, -0.3, -0.45]], dtype=torch.float64)
    yield Case((below, torch.tensor([-0.3], dtype=torch.float64), 0.2, True), "a positive below 0")
    yield Case((below, torch.tensor([-0.3], dtype=torch.float64), 0.2, False), "absolute, below 0")
    equal = torch.tensor([[0.5, 0.25, 0.75]], dtype=torch.float64)
    yield Case(
        (equal, torch.tensor([0.5], dtype=torch.float64), 0.0, False), "exactly at the limit"
    )
    yield Case((equal, torch.tensor([0.5], dtype=torch.float64), 0.5, True), "exactly at half")
    lost = torch.tensor([[0.1, -torch.inf, 0.7]], dtype=torch.float64)
    yield Case(
        (lost, torch.tensor([0.6], dtype=torch.float64), 0.1, True), "a score of minus infinity"
    )
    for margin, relative in ((-0.1, True), (-0.1, False), (1.5, True)):
        yield Case((scores, own, margin, relative), "a margin that cannot be")
    yield Case((scores, own, 1.5, False), "an absolute margin above 1")
    yield Case((scores, own, 1.0, True), "a relative margin of 1")
    for turn in range(6 if hidden else 3):
        shape = tuple(int(n) for n in rng.integers(2, 6, size=2))
        table = torch.from_numpy(rng.uniform(-1, 1, shape))
        positive = torch.from_numpy(rng.uniform(-1, 1, shape[0]))
        yield Case((table, positive, float(rng.uniform(0, 0.6)), bool(turn % 2)), f"random {turn}")


def _margin_by_loops(scores, positive_scores, margin, relative) -> list:
    if margin < 0 or (relative and margin > 1):
        raise ValueError("no such margin")
    kept = []
    for row, positive in zip(scores.tolist(), positive_scores.tolist()):
        room = margin * (positive if positive > 0 else -positive) if relative else margin
        kept.append([not score > positive - room for score in row])
    return kept


def _refusing(keep: Callable) -> Callable:
    """The same, with margins refused that cannot be."""

    def checked(scores, positive_scores, margin, relative):
        if not 0 <= margin <= (1 if relative else float("inf")):
            raise ValueError("no such margin")
        return keep(scores, positive_scores, margin, relative)

    return checked


def _limit(rule: Callable[[Tensor, float, bool], Tensor]) -> Callable:
    @_refusing
    def keep(scores, positive_scores, margin, relative):
        return scores <= rule(positive_scores, margin, relative)[:, None]

    return keep


def _right_limit(own: Tensor, margin: float, relative: bool) -> Tensor:
    return own - margin * own.abs() if relative else own - margin


@_refusing
def _by_difference(scores, positive_scores, margin, relative):
    """An alternative: how far below the positive, and how far it has to be."""
    wanted = (
        positive_scores.abs() * margin if relative else torch.full_like(positive_scores, margin)
    )
    return ~(scores > (positive_scores - wanted).unsqueeze(1))


@_refusing
def _by_where(scores, positive_scores, margin, relative):
    """An alternative: one factor for positives above 0, another for those below."""
    if not relative:
        return torch.le(scores, (positive_scores - margin).reshape(-1, 1))
    factor = torch.where(positive_scores > 0, 1 - margin, 1 + margin)
    limit = torch.where(
        positive_scores > 0, positive_scores - positive_scores * margin, positive_scores * factor
    )
    return torch.le(scores, limit.reshape(-1, 1) + 0.0)


MARGIN = Exercise(
    "keep_by_margin",
    "04",
    _margin_cases,
    _margin_by_loops,
    tolerance=EXACT,
    mistakes=[
        Mistake(
            "relative-as-absolute",
            "The relative margin is subtracted as it is. It is a share of the positive's score.",
            _limit(lambda own, m, rel: own - m),
        ),
        Mistake(
            "absolute-as-relative",
            "The absolute margin is taken as a share. It is subtracted as it is.",
            _limit(lambda own, m, rel: own - m * own.abs()),
        ),
        Mistake(
            "times-one-minus-margin",
            "positive * (1 - margin) lies *above* a positive that is below 0. Subtract margin * "
            "|positive|.",
            _limit(lambda own, m, rel: own * (1 - m) if rel else own - m),
        ),
        Mistake(
            "margin-added",
            "The margin is added to the positive's score: even candidates that beat the positive stay. "
            "Subtract it.",
            _limit(lambda own, m, rel: own + m * own.abs() if rel else own + m),
        ),
        Mistake(
            "no-margin",
            "Only what scores above the positive is dropped. The margin asks for more.",
            _limit(lambda own, m, rel: own),
        ),
        Mistake(
            "turned-round",
            "You keep what is too close to the positive and drop the rest.",
            _refusing(lambda s, own, m, rel: s > _right_limit(own, m, rel)[:, None]),
        ),
        Mistake(
            "limit-dropped",
            "A candidate exactly at the limit is dropped. Only those above it are.",
            _refusing(lambda s, own, m, rel: s < _right_limit(own, m, rel)[:, None]),
        ),
        Mistake(
            "one-positive-for-all",
            "All queries are compared with the mean of the positives' scores. Each has its own: "
            "`limit[:, None]`.",
            _refusing(lambda s, own, m, rel: s <= _right_limit(own, m, rel).mean()),
        ),
        Mistake(
            "margin-of-one",
            "The margin is taken as what is to be left: 0.05 keeps 5% of the positive's score instead "
            "of 95%.",
            _limit(lambda own, m, rel: own - (1 - m) * own.abs() if rel else own - m),
        ),
        Mistake(
            "never-refused",
            "A margin below 0, or a relative one above 1, is taken without a word. Raise a ValueError.",
            lambda s, own, m, rel: s <= _right_limit(own, m, rel)[:, None],
        ),
    ],
    alternatives=[_by_difference, _by_where],
)

EXERCISES = [MINE, MARGIN]
