"""Lesson 04, a better judge: `make_tuples`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from lib.checks.exercise import Case, Exercise, Mistake
from lib.checks.values import EXACT


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


EXERCISE = Exercise(
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
            hint=1,
        ),
        Mistake(
            "first-positive-only",
            "Only the first positive of each query makes a tuple. Each one makes one.",
            _counted(lambda own, neg: _tuples(own, neg, all_positives=False)),
            hint=3,
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
            hint=1,
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
            hint=1,
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
            hint=2,
        ),
        Mistake(
            "never-refused",
            "Another number of rows than queries is taken without a word, or ends in an IndexError. "
            "Raise a ValueError.",
            lambda own, neg: _tuples(own[: len(neg)], neg),
        ),
    ],
)
