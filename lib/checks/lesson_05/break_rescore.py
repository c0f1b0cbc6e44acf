"""Lesson 05, the break-it exercise: a test that tells right rescoring from wrong."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np

from lib.checks.breakit import BreakIt, Suspect


def _read(queries, corpus, candidates, k) -> tuple[np.ndarray, np.ndarray, list[list[int]], int]:
    a, b = np.array(queries, dtype=np.float64), np.array(corpus, dtype=np.float64)
    rows = [[int(row) for row in one] for one in candidates]
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1] or len(rows) != len(a):
        raise ValueError(f"queries {a.shape}, corpus {b.shape}, candidates of {len(rows)} queries")
    return a, b, rows, int(k)


def _dots(corpus: np.ndarray, query: np.ndarray) -> np.ndarray:
    """The dot products (n,), of equal passages the same to the last bit, as a matrix product need not give."""
    return (corpus * query).sum(axis=1)


def _by_hand(passage: np.ndarray, query: np.ndarray) -> Fraction:
    """The dot product of the decimals as they are written, without rounding."""
    return sum(
        (Fraction(repr(x)) * Fraction(repr(y)) for x, y in zip(passage.tolist(), query.tolist())),
        Fraction(),
    )


def _unfair(queries, corpus, candidates, k) -> str | None:
    """What of the card a case breaks: on such a case right implementations may differ."""
    a, b, rows, _ = _read(queries, corpus, candidates, k)
    for q, one in zip(a, rows):
        there = [row for row in one if row >= 0]
        if len(set(there)) < len(there):
            return "a candidate stands twice in a row; only -1 may."
        scores = _dots(b, q)
        order = sorted(there, key=lambda row: float(scores[row]))
        for low, high in itertools.pairwise(order):
            gap = float(scores[high] - scores[low])
            if gap <= 1e-9 * max(1, abs(float(scores[high]))):
                by_hand = _by_hand(b[high], q) - _by_hand(b[low], q)
                if (gap > 0) != (by_hand > 0):
                    return (
                        "two passages score so nearly alike that rounding decides which comes first: make "
                        "them equal, or take whole numbers and halves."
                    )
    return None


def _ranked(candidates: list[int], scores: np.ndarray, ties: int) -> list[int]:
    """The candidates, best first; of equals the lower row first (`ties` 1) or the higher (-1)."""
    there = [row for row in candidates if row >= 0]
    return sorted(there, key=lambda row: (-float(scores[row]), ties * row))


def _right(queries, corpus, candidates, k) -> list:
    a, b, rows, k = _read(queries, corpus, candidates, k)
    return [_ranked(one, _dots(b, q), 1)[:k] for q, one in zip(a, rows)]


def _right_by_table(queries, corpus, candidates, k) -> list:
    """Right, written otherwise: the whole table, everything else at minus infinity."""
    a, b, rows, k = _read(queries, corpus, candidates, k)
    found = []
    for scores, one in zip((a[:, None] * b[None]).sum(axis=2), rows):
        there = np.zeros(len(b), dtype=bool)
        there[[r for r in one if r >= 0]] = True
        order = np.argsort(np.where(there, -scores, np.inf), kind="stable")
        found.append([int(r) for r in order if there[r]][:k])
    return found


def _kept_order(queries, corpus, candidates, k) -> list:
    _, _, rows, k = _read(queries, corpus, candidates, k)
    return [[r for r in one if r >= 0][:k] for one in rows]


def _everything(queries, corpus, candidates, k) -> list:
    a, b, _, k = _read(queries, corpus, candidates, k)
    return [[int(r) for r in np.argsort(-_dots(b, q), kind="stable")[:k]] for q in a]


def _places(queries, corpus, candidates, k) -> list:
    a, b, rows, k = _read(queries, corpus, candidates, k)
    found = []
    for q, one in zip(a, rows):
        there = [r for r in one if r >= 0]
        order = sorted(range(len(there)), key=lambda i: (-float(_dots(b, q)[there[i]]), there[i]))
        found.append(order[:k])
    return found


def _last_for_missing(queries, corpus, candidates, k) -> list:
    """A row of -1 is read as the last passage, as indexing does."""
    a, b, rows, k = _read(queries, corpus, candidates, k)
    filled = [sorted({r % len(b) for r in one}) for one in rows]
    return _right(a, b, filled, k)


def _first_query(queries, corpus, candidates, k) -> list:
    a, b, rows, k = _read(queries, corpus, candidates, k)
    return _right(np.repeat(a[:1], len(a), axis=0), b, rows, k)


def _cosines(queries, corpus, candidates, k) -> list:
    a, b, rows, k = _read(queries, corpus, candidates, k)
    lengths = np.linalg.norm(b, axis=1, keepdims=True)
    return _right(a, b / np.where(lengths > 0, lengths, 1), rows, k)


def _ties_late(queries, corpus, candidates, k) -> list:
    a, b, rows, k = _read(queries, corpus, candidates, k)
    return [_ranked(one, _dots(b, q), -1)[:k] for q, one in zip(a, rows)]


def _ties_as_they_come(queries, corpus, candidates, k) -> list:
    a, b, rows, k = _read(queries, corpus, candidates, k)
    found = []
    for q, one in zip(a, rows):
        scores = _dots(b, q)
        there = np.array([row for row in one if row >= 0], dtype=int)
        found.append(there[np.argsort(-scores[there], kind="stable")][:k].tolist())
    return found


def _ends_at_the_first_missing(queries, corpus, candidates, k) -> list:
    _, _, rows, _ = _read(queries, corpus, candidates, k)
    cut = [one[: one.index(-1)] if -1 in one else one for one in rows]
    return _right(queries, corpus, cut, k)


def _zero_for_missing(queries, corpus, candidates, k) -> list:
    """A missing candidate gets the score 0 and takes a place among the k, from which it is removed."""
    a, b, rows, k = _read(queries, corpus, candidates, k)
    found = []
    for q, one in zip(a, rows):
        scored = [(float(_dots(b, q)[r]) if r >= 0 else 0.0, r) for r in one]
        best = sorted(scored, key=lambda pair: (-pair[0], pair[1]))[:k]
        found.append([r for _, r in best if r >= 0])
    return found


def _all_candidates(queries, corpus, candidates, k) -> list:
    return _right(queries, corpus, candidates, 10**6)


EXERCISE = BreakIt(
    "break_rescore",
    "05",
    right=[_right, _right_by_table],
    suspects=[
        Suspect(
            "order-kept",
            "A suspect that only cuts the shortlist off after k passes your test. Give candidates in an "
            "order that is not that of their scores.",
            _kept_order,
            hint=1,
        ),
        Suspect(
            "everything-scored",
            "A suspect that searches the whole corpus passes your test. Leave the best passage off the "
            "shortlist.",
            _everything,
            hint=1,
        ),
        Suspect(
            "places-in-the-shortlist",
            "A suspect that returns places in the shortlist passes your test. Let the candidates' rows be "
            "others than 0, 1, 2.",
            _places,
            hint=1,
        ),
        Suspect(
            "minus-one-is-the-last",
            "A suspect that takes a missing candidate (-1) for the last passage passes your test. Add a "
            "shortlist with a -1 and a last passage that scores well.",
            _last_for_missing,
            hint=3,
        ),
        Suspect(
            "first-query-for-all",
            "A suspect that scores every shortlist with the first query passes your test. Give two "
            "queries that order passages differently.",
            _first_query,
            hint=2,
        ),
        Suspect(
            "cosines",
            "A suspect that normalises the passages passes your test. Rescoring is by dot product: let a "
            "long passage beat one with a better direction.",
            _cosines,
            hint=3,
        ),
        Suspect(
            "later-ties-first",
            "A suspect that puts the higher row first among equal scores passes your test. Add two equal "
            "passages.",
            _ties_late,
            hint=3,
        ),
        Suspect(
            "ties-as-they-come",
            "A suspect that leaves equal scores in the order of the shortlist passes your test. Put the "
            "higher row of two equal passages first in the shortlist.",
            _ties_as_they_come,
            hint=3,
        ),
        Suspect(
            "ends-at-the-first-missing",
            "A suspect that stops at the first missing candidate (-1) passes your test. Put a -1 before a "
            "candidate that belongs among the best.",
            _ends_at_the_first_missing,
            hint=3,
        ),
        Suspect(
            "zero-for-missing",
            "A suspect that gives a missing candidate (-1) the score 0 passes your test. Let a candidate "
            "with a score below 0 be among the best beside a -1.",
            _zero_for_missing,
            hint=3,
        ),
        Suspect(
            "k-ignored",
            "A suspect that returns the whole shortlist passes your test. Ask for fewer than there are.",
            _all_candidates,
            hint=2,
        ),
    ],
    arguments=["queries", "corpus", "candidates", "k"],
    unfair=_unfair,
)
