"""Lesson 04, the break-it exercise: a test that tells a right miner of negatives from wrong ones."""

from __future__ import annotations

import operator
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from lib.checks.breakit import BreakIt, Suspect

MOST = 1000  # negatives that a case may ask for


def _number(value: Any) -> Fraction:
    """The decimal as it is written, so that 0.6 lies exactly at 0.8 less a quarter of it."""
    return Fraction(str(float(value)))


def _read(scores, positives, itself, margin, k) -> tuple:
    """The case in exact numbers; ValueError where it does not fit together."""
    try:
        table = [[_number(score) for score in row] for row in scores]
        own = [[operator.index(row) for row in rows] for rows in positives]
        text = [operator.index(row) for row in itself]
        margin, k = _number(margin), operator.index(k)
    except (TypeError, OverflowError) as error:
        raise ValueError(f"a case holds something else than numbers: {error}") from error
    if not table or not len(table) == len(own) == len(text):
        raise ValueError(f"scores of {len(table)} queries, positives of {len(own)}, {len(text)}")
    width = len(table[0])
    if any(len(row) != width for row in table):
        raise ValueError("not as many scores for every query")
    if not all(rows and 0 <= min(rows) <= max(rows) < width for rows in own):
        raise ValueError("a query has no positive, or one beyond the passages")
    if not all(-1 <= row < width for row in text):
        raise ValueError("a query stands beyond the passages")
    if not 0 <= margin <= 1 or not 1 <= k <= MOST:
        raise ValueError(f"margin {margin}, k {k}")
    return table, own, text, margin, k


def _right(scores, positives, itself, margin, k) -> list:
    table, own, text, margin, k = _read(scores, positives, itself, margin, k)
    found = []
    for row, right, query in zip(table, own, text):
        lowest = min(row[p] for p in right)
        limit = lowest - margin * abs(lowest)
        ranked = sorted((-score, r) for r, score in enumerate(row) if score <= limit)
        kept = [r for _, r in ranked if r not in right and r != query]
        found.append((kept + [-1] * k)[:k])
    return found


def _right_one_by_one(scores, positives, itself, margin, k) -> list:
    """Right, written otherwise: what may not be taken is struck off, then the best is taken k times."""
    table, own, text, margin, k = _read(scores, positives, itself, margin, k)
    found = []
    for query, row in enumerate(table):
        lowest = sorted(row[p] for p in own[query])[0]
        free = set(range(len(row))) - {text[query], *own[query]}
        free -= {r for r in free if lowest - row[r] < margin * abs(lowest)}
        taken: list[int] = []
        while len(taken) < k:
            taken.append(_best(free, row))
            free.discard(taken[-1])
        found.append(taken)
    return found


def _best(free: set[int], row: list[Fraction]) -> int:
    """The row of the highest score, of equals the lowest; -1 if none is left."""
    return max(free, key=lambda r: (row[r], -r), default=-1)


def _lowest(own: list[Fraction], margin: Fraction) -> Fraction:
    return min(own) - margin * abs(min(own))


def _positives_and_itself(query: int, own: list, text: list, last: int) -> set[int]:
    return {text[query], *own[query]}


def _miner(
    out: Callable[[int, list, list, int], set[int]] = _positives_and_itself,
    limit: Callable[[list[Fraction], Fraction], Fraction] = _lowest,
    above: Callable[[Fraction, Fraction], bool] = operator.gt,
    order: Callable[[Fraction, int], tuple] = lambda score, row: (-score, row),
    cut_first: bool = False,
    filled: bool = True,
) -> Callable:
    """A miner with one part written otherwise."""

    def mine(scores, positives, itself, margin, k) -> list:
        table, own, text, margin, k = _read(scores, positives, itself, margin, k)
        found = []
        for query, row in enumerate(table):
            gone = out(query, own, text, len(row) - 1)
            bound = limit([row[p] for p in own[query]], margin)
            ranked = [r for _, r in sorted((order(s, r), r) for r, s in enumerate(row))]
            ranked = ranked[:k] if cut_first else ranked
            kept = [r for r in ranked if r not in gone and not above(row[r], bound)][:k]
            found.append(kept + [-1] * (k - len(kept)) if filled else kept)
        return found

    return mine


def _first_positive_only(scores, positives, itself, margin, k) -> list:
    return _right(scores, [rows[:1] for rows in positives], itself, margin, k)


EXERCISE = BreakIt(
    "break_miner",
    "04",
    right=[_right, _right_one_by_one],
    suspects=[
        Suspect(
            "easiest-first",
            "A suspect that takes the lowest scores first passes your test. Let two passages of "
            "different scores be left for a query.",
            _miner(order=lambda score, row: (score, row)),
            hint=3,
        ),
        Suspect(
            "later-ties-first",
            "A suspect that puts the higher row first among equal scores passes your test. Let two "
            "passages that are left have one score.",
            _miner(order=lambda score, row: (-score, -row)),
            hint=3,
        ),
        Suspect(
            "missing-not-filled",
            "A suspect that returns fewer than k passes your test. Ask for more than are left, and "
            "expect -1 for each that is missing.",
            _miner(filled=False),
            hint=3,
        ),
        Suspect(
            "cut-before-filtering",
            "A suspect that takes the first k and filters then passes your test. Ask for so few that "
            "positives alone would fill the list, with a good negative behind them.",
            _miner(cut_first=True),
            hint=3,
        ),
        Suspect(
            "positives-of-all",
            "A suspect that leaves out the positives of all queries passes your test. Give two "
            "queries, and let the positive of one be a negative of the other.",
            _miner(out=lambda query, own, text, last: {text[query]}.union(*own)),
            hint=3,
        ),
        Suspect(
            "first-positive-only",
            "A suspect that knows only the first positive of each query passes your test. Give a "
            "query two, and put the one that scores much higher first.",
            _first_positive_only,
            hint=2,
        ),
        Suspect(
            "highest-sets-limit",
            "A suspect that takes the limit from the highest positive passes your test. Give a query "
            "two positives, and a passage that is too high only for the lower one.",
            _miner(limit=lambda own, margin: max(own) - margin * abs(max(own))),
            hint=2,
        ),
        Suspect(
            "margin-ignored",
            "A suspect that never subtracts the margin passes your test. Put a passage between the "
            "limit and the positive.",
            _miner(limit=lambda own, margin: min(own)),
            hint=2,
        ),
        Suspect(
            "margin-absolute",
            "A suspect that subtracts the margin as it is passes your test. It is a share of the "
            "positive's score: use a positive that is not 1, and a passage between the two limits.",
            _miner(limit=lambda own, margin: min(own) - margin),
            hint=2,
        ),
        Suspect(
            "times-one-minus-margin",
            "A suspect whose limit is lowest * (1 - margin) passes your test. That is too high below "
            "0: use a positive below 0, and a passage a little above it.",
            _miner(limit=lambda own, margin: min(own) * (1 - margin)),
            hint=2,
        ),
        Suspect(
            "limit-dropped",
            "A suspect that drops a passage exactly at the limit passes your test. Add one: with a "
            "positive of 1 and a margin of 0.5 it scores 0.5.",
            _miner(above=operator.ge),
            hint=2,
        ),
        Suspect(
            "positives-mined",
            "A suspect that never leaves positives out passes your test. A margin hides it, since "
            "positives lie above the limit: add a case with a margin of 0.",
            _miner(out=lambda query, own, text, last: {text[query]}),
            hint=1,
        ),
        Suspect(
            "itself-mined",
            "A suspect that mines the query's own text passes your test. The limit hides it where the "
            "text scores high: give the text a score at the limit or below.",
            _miner(out=lambda query, own, text, last: set(own[query])),
            hint=1,
        ),
        Suspect(
            "minus-one-is-the-last",
            "A suspect that takes -1, a query that is no passage, for the last row passes your test. "
            "Let the last passage be a negative of such a query.",
            _miner(out=lambda query, own, text, last: {text[query] % (last + 1), *own[query]}),
        ),
    ],
    arguments=["scores", "positives", "itself", "margin", "k"],
)
