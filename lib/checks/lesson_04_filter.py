"""Lesson 04, a better judge: the cross-encoder's filter, and tuples for the loss."""

from __future__ import annotations

from collections.abc import Callable, Iterator

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


def _by_stable_sort(candidates, judged, positive_judged, margin, k):
    """An alternative: what is dropped goes to the end, in one stable sort."""
    kept = _kept(candidates, judged, positive_judged, margin)
    order = (~kept).long().sort(dim=1, stable=True).indices[:, :k]
    rows = candidates.gather(1, order).masked_fill(~kept.gather(1, order), -1)
    return torch.nn.functional.pad(rows, (0, k - rows.shape[1]), value=-1)


def _by_lists(candidates, judged, positive_judged, margin, k):
    """An alternative: plain lists."""
    found = []
    for query, rows in enumerate(candidates.tolist()):
        limit = float(positive_judged[query]) - margin
        left = [row for row, s in zip(rows, judged[query].tolist()) if s <= limit and row >= 0]
        found.append(left[:k] + [-1] * (k - len(left[:k])))
    return torch.tensor(found)


def _by_judge(rows, judged, own, margin, k):
    order = judged.argsort(dim=1, descending=True)
    judged, rows = judged.gather(1, order), rows.gather(1, order)
    return _first(_kept(rows, judged, own, margin), rows, k)


def _cut_first(rows, judged, own, margin, k):
    return _first(_kept(rows, judged, own, margin)[:, :k], rows[:, :k], k)


FILTER = Exercise(
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
        ),
        Mistake(
            "cut-before-filtering",
            "You take the first k and filter then, so fewer are left. Filter first.",
            _cut_first,
        ),
        Mistake(
            "judge-s-order",
            "The rows come in the judge's order. Keep the miner's: the candidates are sorted already.",
            _by_judge,
        ),
        Mistake(
            "margin-forgotten",
            "Only what beats the positive is dropped. Something just below it is doubtful, too: "
            "subtract the margin.",
            lambda r, j, own, m, k: _first(_kept(r, j, own, 0.0), r, k),
        ),
        Mistake(
            "margin-added",
            "The margin is added to the positive's score. Subtract it.",
            lambda r, j, own, m, k: _first(_kept(r, j, own, -m), r, k),
        ),
        Mistake(
            "one-limit-for-all",
            "All queries have the limit of the first. Each has its own positive.",
            lambda r, j, own, m, k: _first(_kept(r, j, own[:1].expand(len(r)), m), r, k),
        ),
        Mistake(
            "missing-kept",
            "A candidate of -1 is no passage. Leave it out, so that it takes no place among the k.",
            lambda r, j, own, m, k: _first(j <= (own - m)[:, None], r, k),
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
        ),
    ],
    alternatives=[_by_stable_sort, _by_lists],
)


def _tuple_cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    negatives = torch.tensor([[4, 5], [6, 7], [8, 9]])
    yield Case(([[1], [2], [3]], negatives), "one positive each")
    yield Case(([[1, 0], [2], [3]], negatives), "a query with two positives")
    yield Case(
        ([[1], [2], [3]], torch.tensor([[4, -1], [6, 7], [-1, -1]])), "negatives are missing"
    )
    yield Case(([[1]], negatives[:1]), "one query")
    yield Case(([[1], [], [3]], negatives), "a query without a positive")
    yield Case(([[1, 2], [3]], torch.tensor([[5, -1], [-1, 6]])), "no query has all")
    yield Case(([[0], [2, 1, 0]], torch.tensor([[0], [3]])), "row 0 is a passage like others")
    yield Case(([[1], [2]], negatives), "a query without a row of negatives")
    yield Case(([[1], [2], [3]], negatives[:2]), "a row of negatives too few")
    for turn in range(6 if hidden else 3):
        q, k = (int(n) for n in rng.integers([2, 1], [6, 5]))
        table = rng.integers(0, 30, (q, k))
        table[rng.random((q, k)) < 0.12] = -1
        own = [rng.integers(30, 60, int(rng.integers(0, 4))).tolist() for _ in range(q)]
        yield Case((own, torch.from_numpy(table)), f"random {turn}")


def _tuples_by_hand(positives: list[list[int]], negatives: Tensor) -> list:
    if len(positives) != negatives.shape[0]:
        raise ValueError("not as many rows as queries")
    found = []
    for query in range(len(positives)):
        row = [int(n) for n in negatives[query]]
        if min(row) == -1:
            continue
        for positive in positives[query]:
            found.append([query, positive, *row])
    return found


def _counted(make: Callable) -> Callable:
    """The same, with other numbers of rows refused."""

    def checked(positives, negatives):
        if len(negatives) - len(positives):
            raise ValueError("not as many rows as queries")
        return make(positives, negatives)

    return checked


def _tuples(positives, negatives, all_positives=True, complete=True, number=True, order=True):
    found = []
    for query, (own, row) in enumerate(zip(positives, negatives.tolist())):
        if complete and -1 in row:
            continue
        for positive in own if all_positives else own[:1]:
            pair = [query, positive] if order else [positive, query]
            found.append((pair if number else pair[1:]) + row)
    return found


@_counted
def _by_comprehension(positives, negatives):
    """An alternative: one comprehension over complete rows."""
    whole = (negatives >= 0).all(dim=1).tolist()
    return [
        [query, positive, *negatives[query].tolist()]
        for query, own in enumerate(positives)
        for positive in own
        if whole[query]
    ]


@_counted
def _by_blocks(positives, negatives):
    """An alternative: a block of rows for each query."""
    blocks = []
    for query, own in enumerate(positives):
        if (negatives[query] < 0).any():
            continue
        blocks += [[query, p] + negatives[query].tolist() for p in own]
    return blocks


TUPLES = Exercise(
    "make_tuples",
    "04",
    _tuple_cases,
    _tuples_by_hand,
    tolerance=EXACT,
    equivalent={
        "negatives.tolist() -> negatives": "a tensor of one number is taken for the number",
        "len(positives) -> positives #2": "only in the text of the error",
        "len(negatives) -> negatives #2": "only in the text of the error",
    },
    mistakes=[
        Mistake(
            "incomplete-kept",
            "Rows with a -1 are kept: indexing would take the last passage for it. Leave such queries "
            "out.",
            _counted(lambda own, neg: _tuples(own, neg, complete=False)),
        ),
        Mistake(
            "first-positive-only",
            "Only the first positive of each query makes a tuple. Each one makes one.",
            _counted(lambda own, neg: _tuples(own, neg, all_positives=False)),
        ),
        Mistake(
            "query-forgotten",
            "The query's number is missing: a tuple is query, positive, negatives.",
            _counted(lambda own, neg: _tuples(own, neg, number=False)),
        ),
        Mistake(
            "positive-first",
            "Query and positive are exchanged: a tuple begins with the query.",
            _counted(lambda own, neg: _tuples(own, neg, order=False)),
        ),
        Mistake(
            "one-negative-a-tuple",
            "Each tuple has one negative: those are triplets. MNRL takes all of a query's negatives in "
            "one tuple.",
            _counted(
                lambda own, neg: [[*row[:2], n] for row in _tuples(own, neg) for n in row[2:]]
            ),
        ),
        Mistake(
            "wholly-missing-dropped",
            "Only queries without any negative are left out. One -1 is enough.",
            _counted(
                lambda own, neg: [
                    row for row in _tuples(own, neg, complete=False) if max(row[2:]) >= 0
                ]
            ),
        ),
        Mistake(
            "missing-cut-out",
            "You cut -1 out of the row, so tuples have different lengths and make no batch. Leave the "
            "query out.",
            _counted(
                lambda own, neg: [
                    [*row[:2], *(n for n in row[2:] if n >= 0)]
                    for row in _tuples(own, neg, complete=False)
                ]
            ),
        ),
        Mistake(
            "numbered-anew",
            "You count only the queries that are kept, so their numbers no longer name them.",
            _counted(
                lambda own, neg: _tuples(
                    [o for o, row in zip(own, neg.tolist()) if -1 not in row],
                    neg[(neg >= 0).all(dim=1)],
                )
            ),
        ),
        Mistake(
            "never-refused",
            "Another number of rows than queries is taken without a word, or ends in an IndexError. "
            "Raise a ValueError.",
            lambda own, neg: _tuples(own[: len(neg)], neg),
        ),
    ],
    alternatives=[_by_comprehension, _by_blocks],
)

EXERCISES = [FILTER, TUPLES]
