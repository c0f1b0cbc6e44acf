"""Lesson 07, how much an approximate index finds: `index_recall`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from lib.checks.exercise import Case, Exercise, Mistake
from lib.checks.lesson_07._rankings import ONE_NUMBER


def _rows(rng: np.random.Generator, queries: int, k: int, missing: int) -> np.ndarray:
    """Different rows for each query, up to `missing` of them -1, anywhere."""
    table = np.array([rng.permutation(2 * k + 1)[:k] for _ in range(queries)])
    for row in table:
        row[rng.permutation(k)[: int(rng.integers(0, missing + 1))]] = -1
    return table


def _cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    def case(found: list, exact: list, label: str) -> Case:
        return Case((torch.tensor(found), torch.tensor(exact)), label)

    yield case([[7, 3], [5, 9]], [[3, 7], [5, 1]], "all of one query, half of the other")
    yield case([[4, 2, 8]], [[4, 2, 8]], "everything is found")
    yield case([[2, 8, 4]], [[4, 2, 8]], "the same rows in another order")
    yield case([[1, 5]], [[0, 3]], "nothing is found")
    yield case([[6, -1, -1], [1, 2, 3]], [[6, 4, 9], [7, 8, 3]], "-1 where nothing was found")
    yield case([[-1, -1], [2, 0]], [[1, 3], [0, 2]], "a query for which nothing was found")
    yield case([[0, 1, -1], [1, 0, 2]], [[1, 0, -1], [0, 2, 1]], "fewer exact neighbours than k")
    yield case([[0, -1, -1], [1, 0, 2]], [[1, 0, -1], [0, 2, 1]], "-1 on both sides")
    yield case([[1], [0], [2]], [[1], [2], [0]], "k = 1; others' neighbours are found")
    yield case([[-1, 4, 0], [2, -1, 5]], [[0, 4, 6], [5, -1, 2]], "-1 before other rows")
    yield case([[3, 0], [0, 3]], [[0, 1], [1, 3]], "row 0 is a row like any other")
    for turn in range(6 if hidden else 3):
        queries, k = (int(n) for n in rng.integers([2, 2], [7, 8]))
        found, exact = _rows(rng, queries, k, k - 1), _rows(rng, queries, k, k // 2)
        yield Case((torch.from_numpy(found), torch.from_numpy(exact)), f"random {turn}")


def _by_sets(found: Tensor, exact: Tensor) -> float:
    shares = []
    for had, wanted in zip(found.tolist(), exact.tolist()):
        there = set(wanted) - {-1}
        shares.append(len(there & set(had)) / len(there))
    return sum(shares) / len(shares)


def _lists(found: Tensor, exact: Tensor) -> list[tuple[list[int], list[int]]]:
    return list(zip(found.tolist(), exact.tolist()))


def _shares(share: Callable[[set, set, int], float]) -> Callable:
    """share(found, exact, k) of each query, averaged; both without -1."""

    def recall(found: Tensor, exact: Tensor) -> float:
        pairs = _lists(found, exact)
        every = [share(set(had) - {-1}, set(there) - {-1}, len(had)) for had, there in pairs]
        return sum(every) / len(every)

    return recall


def _over(above: int, below: int) -> float:
    return above / below if below else 0.0


def _place_by_place(found: Tensor, exact: Tensor) -> Tensor:
    right = (found == exact) & (exact >= 0)
    return (right.sum(dim=1) / (exact >= 0).sum(dim=1)).mean()


def _place_by_place_with_missing(found: Tensor, exact: Tensor) -> Tensor:
    return (found == exact).float().mean()


def _missing_counted(found: Tensor, exact: Tensor) -> float:
    pairs = _lists(found, exact)
    shares = [sum(row in had for row in wanted) / len(wanted) for had, wanted in pairs]
    return sum(shares) / len(shares)


def _missing_as_neighbours(found: Tensor, exact: Tensor) -> float:
    """-1 in one set each, as sets make of several."""
    pairs = [(set(had), set(there)) for had, there in _lists(found, exact)]
    return sum(len(had & there) / len(there) for had, there in pairs) / len(pairs)


def _before_missing(rows: list[int]) -> list[int]:
    return rows[: rows.index(-1)] if -1 in rows else rows


def _found_to_the_first_missing(found: Tensor, exact: Tensor) -> float:
    pairs = [(set(_before_missing(had)), set(there) - {-1}) for had, there in _lists(found, exact)]
    return sum(len(had & there) / len(there) for had, there in pairs) / len(pairs)


def _both_to_the_first_missing(found: Tensor, exact: Tensor) -> float:
    pairs = [[set(_before_missing(rows)) for rows in pair] for pair in _lists(found, exact)]
    return sum(_over(len(had & there), len(there)) for had, there in pairs) / len(pairs)


def _missing_once_over_k(found: Tensor, exact: Tensor) -> float:
    pairs = _lists(found, exact)
    return sum(len(set(had) & set(there)) for had, there in pairs) / exact.numel()


def _of_any_query(found: Tensor, exact: Tensor) -> Tensor:
    there = exact >= 0
    hit = torch.isin(exact, found) & there
    return (hit.sum(dim=1) / there.sum(dim=1)).mean()


def _pooled(found: Tensor, exact: Tensor) -> float:
    hit = (exact[:, :, None] == found[:, None, :]).any(dim=2) & (exact >= 0)
    return float(hit.sum() / (exact >= 0).sum())


def _first_query(found: Tensor, exact: Tensor) -> float:
    return _by_sets(found[:1], exact[:1])


def _by_query(found: Tensor, exact: Tensor) -> Tensor:
    rows = zip(found.split(1), exact.split(1))
    return torch.tensor([_by_sets(*pair) for pair in rows])


EXERCISE = Exercise(
    "index_recall",
    "07",
    _cases,
    _by_sets,
    equivalent={"float(shares.mean()) -> shares.mean()": ONE_NUMBER},
    mistakes=[
        Mistake(
            "place-by-place",
            "You compare place by place, so that a neighbour found at another rank does not count. Compare "
            "each exact neighbour with every found row of its query.",
            _place_by_place,
            hint=1,
        ),
        Mistake(
            "place-by-place-with-missing",
            "You compare place by place, and two -1 in the same place count as found. Compare each exact "
            "neighbour with every found row of its query, and leave out -1.",
            _place_by_place_with_missing,
            hint=1,
        ),
        Mistake(
            "of-any-query",
            "A neighbour counts as found when any query found it. Compare the rows of each query with its "
            "own: `exact[:, :, None] == found[:, None, :]`.",
            _of_any_query,
            hint=1,
        ),
        Mistake(
            "all-rows-together",
            "You look for each found row among the exact ones of all queries, -1 too. Compare the rows of "
            "each query with its own, `exact[:, :, None] == found[:, None, :]`, and leave out -1.",
            lambda found, exact: torch.isin(found, exact).float().mean(),
            hint=1,
        ),
        Mistake(
            "missing-counted",
            "You count -1 as a neighbour: it stands for nothing, on both sides. Leave it out of what is "
            "found and of what there is to find.",
            _missing_counted,
            hint=2,
        ),
        Mistake(
            "missing-in-the-sets",
            "You make sets of the rows, and -1 is in them as a neighbour. It stands for nothing: take it out "
            "of the exact ones.",
            _missing_as_neighbours,
            hint=2,
        ),
        Mistake(
            "sets-over-k",
            "You make sets of the rows, in which -1 counts as a neighbour, and divide by k. Take -1 out, and "
            "divide by the number of exact neighbours that are left.",
            _missing_once_over_k,
            hint=2,
        ),
        Mistake(
            "stops-at-missing",
            "You stop at the first -1 of what was found. It may stand anywhere: the rows behind it were "
            "found, too.",
            _found_to_the_first_missing,
            hint=2,
        ),
        Mistake(
            "both-stop-at-missing",
            "You cut both lists at their first -1. It may stand anywhere: leave it out, and keep the rows "
            "behind it.",
            _both_to_the_first_missing,
            hint=2,
        ),
        Mistake(
            "divided-by-k",
            "You divide by k also where there are fewer exact neighbours. Divide by how many there are "
            "that are not -1.",
            _shares(lambda had, there, k: len(had & there) / k),
            hint=2,
        ),
        Mistake(
            "precision",
            "You divide by the number of rows that were found, which is the precision: an index that finds "
            "one right row of ten would be perfect. Divide by the number of exact neighbours.",
            _shares(lambda had, there, k: _over(len(had & there), len(had))),
            hint=3,
        ),
        Mistake(
            "overlap-over-union",
            "You divide by the number of rows on either side (the Jaccard index). Recall divides by the "
            "number of exact neighbours.",
            _shares(lambda had, there, k: len(had & there) / len(had | there)),
            hint=3,
        ),
        Mistake(
            "all-or-nothing",
            "A query counts only if all of its neighbours are found. Give each query the share that was "
            "found.",
            _shares(lambda had, there, k: float(there <= had)),
            hint=3,
        ),
        Mistake(
            "any-of-them",
            "A query counts in full if any of its neighbours is found. Give each query the share that was "
            "found.",
            _shares(lambda had, there, k: float(bool(there & had))),
            hint=3,
        ),
        Mistake(
            "queries-together",
            "You add up all queries and divide once, so that a query with many exact neighbours weighs more. "
            "Take the share of each query, then the mean.",
            _pooled,
            hint=3,
        ),
        Mistake(
            "first-query-alone",
            "You return the recall of the first query. Take the mean over all of them.",
            _first_query,
            hint=3,
        ),
        Mistake(
            "not-averaged",
            "You return a share for each query. Return their mean, one number.",
            _by_query,
            hint=3,
        ),
        Mistake(
            "missed-for-found",
            "You return the share that was missed. Recall is the share that was found.",
            lambda found, exact: 1 - _by_sets(found, exact),
        ),
        Mistake(
            "count-for-share",
            "You return how many neighbours were found per query. Divide by how many there are.",
            _shares(lambda had, there, k: float(len(had & there))),
            hint=3,
        ),
    ],
)
