"""Lesson 07, how good one ranking is: `reciprocal_rank_at_k`."""

from __future__ import annotations

import math
from collections.abc import Callable

from lib.checks.exercise import Exercise, Mistake
from lib.checks.lesson_07._rankings import (
    BELOW_ONE,
    MINUS_ZERO,
    Grades,
    cases,
    hits,
    judged,
    wanted,
    without_signs,
)


def _by_the_best_rank(ranked: list[str], relevant: Grades, k: int) -> float:
    right = wanted(relevant)
    ranks = [ranked.index(passage) + 1 for passage in right if passage in ranked]
    return max((1 / rank for rank in ranks if rank <= k), default=0.0)


def _of_ranks(value: Callable[[list[int], int], float], nothing: float = 0.0) -> Callable:
    """Something of the ranks of the relevant passages among the first k."""

    def score(ranked: list[str], relevant: Grades, k: int) -> float:
        found = hits(ranked[:k], relevant)
        ranks = [rank for rank, hit in enumerate(found, start=1) if hit]
        return value(ranks, k) if ranks else nothing

    return score


def _least_grade(least: int) -> Callable:
    """Relevant is what has this grade or more."""

    def score(ranked: list[str], relevant: Grades, k: int) -> float:
        found = hits(ranked[:k], relevant, least)
        return 1 / (found.index(True) + 1) if any(found) else 0.0

    return score


def _any_judged(ranked: list[str], relevant: Grades, k: int) -> float:
    found = [passage in relevant for passage in ranked[:k]]
    return 1 / (found.index(True) + 1) if any(found) else 0.0


def _first_of_the_grades(ranked: list[str], relevant: Grades, k: int) -> float:
    """Looks for the passage that the grades name first."""
    right = [passage for passage in wanted(relevant) if passage in ranked[:k]]
    return 1 / (ranked.index(right[0]) + 1) if right else 0.0


def _best_grade(ranked: list[str], relevant: Grades, k: int) -> float:
    there = [passage for passage in ranked[:k] if relevant.get(passage, 0) >= 1]
    best = max(there, key=lambda passage: relevant[passage], default=None)
    return 1 / (ranked.index(best) + 1) if best is not None else 0.0


def _first_of_the_highest_grade(ranked: list[str], relevant: Grades, k: int) -> float:
    highest = max(1, *relevant.values(), 1)
    return next((1 / (i + 1) for i, p in enumerate(ranked[:k]) if relevant.get(p) == highest), 0.0)


def _of_the_best_judged(ranked: list[str], relevant: Grades, k: int) -> float:
    """Where the passage stands that is the best in `relevant`, the first one named of several."""
    best = max(wanted(relevant), key=lambda passage: relevant[passage], default=None)
    return 1 / (ranked.index(best) + 1) if best in ranked[:k] else 0.0


def _graded(ranked: list[str], relevant: Grades, k: int) -> float:
    first = next((p for p in ranked[:k] if relevant.get(p, 0) >= 1), None)
    return relevant[first] / (ranked.index(first) + 1) if first is not None else 0.0


def _looked_up(ranked: list[str], relevant: Grades, k: int) -> float:
    return next((1 / (i + 1) for i, p in enumerate(ranked[:k]) if relevant[p] >= 1), 0.0)


def _by_places(ranked: list[str], relevant: Grades, k: int) -> float:
    return next((1 / (i + 1) for i in range(k) if relevant.get(ranked[i], 0) >= 1), 0.0)


def _first_place_alone(ranked: list[str], relevant: Grades, k: int) -> float:
    """A `return 0.0` inside the loop: it ends at the first passage."""
    return float(any(hits(ranked[:1], relevant)))


EXERCISE = Exercise(
    "reciprocal_rank_at_k",
    "07",
    cases,
    _by_the_best_rank,
    equivalent={
        "relevant.get(passage, 0) -> relevant.get(passage, -1)": BELOW_ONE,
        "return 0.0 -> return -0.0": MINUS_ZERO,
    },
    mistakes=[
        Mistake(
            "rank-from-zero",
            "You count ranks from 0, so that a relevant passage in the first place divides by 0. The first "
            "rank is 1: `enumerate(ranked, start=1)`.",
            _of_ranks(lambda ranks, k: 1 / (ranks[0] - 1)),
            hint=1,
        ),
        Mistake(
            "rank-one-too-large",
            "Your ranks are one too large: a relevant passage in the first place gets 1/2. The first rank "
            "is 1.",
            _of_ranks(lambda ranks, k: 1 / (ranks[0] + 1)),
            hint=1,
        ),
        Mistake(
            "rank-for-its-reciprocal",
            "You return the rank of the first relevant passage. Return 1 divided by it, so that more is "
            "better.",
            _of_ranks(lambda ranks, k: ranks[0]),
            hint=1,
        ),
        Mistake(
            "k-ignored",
            "You look at the whole list. Only the first k passages count; past them the score is 0.",
            lambda ranked, relevant, k: _by_the_best_rank(ranked, relevant, len(ranked)),
        ),
        Mistake(
            "one-too-few",
            "You look at the first k - 1 passages, so that a relevant one at rank k scores 0. "
            "`ranked[:k]` holds k of them.",
            lambda ranked, relevant, k: _by_the_best_rank(ranked, relevant, k - 1),
            hint=1,
        ),
        Mistake(
            "one-too-many",
            "You look at the first k + 1 passages. `ranked[:k]` holds k of them.",
            lambda ranked, relevant, k: _by_the_best_rank(ranked, relevant, k + 1),
            hint=1,
        ),
        Mistake(
            "any-judged-passage",
            "You take the first judged passage. One of grade 0 or less was judged and is not relevant: ask "
            "for a grade of 1 or more.",
            _any_judged,
            hint=2,
        ),
        Mistake(
            "negative-grades-relevant",
            "You take the first passage whose grade is not 0. A grade below 0 is not relevant either: ask for "
            "1 or more.",
            lambda ranked, relevant, k: _by_the_best_rank(ranked, without_signs(relevant), k),
            hint=2,
        ),
        Mistake(
            "unjudged-passage",
            "A passage that nobody judged is not in `relevant`, and looking it up raises an error. It is not "
            "relevant: `relevant.get(passage, 0)`.",
            _looked_up,
            hint=2,
        ),
        Mistake(
            "grade-above-one",
            "You look for a grade above 1. A grade of 1 is relevant, too.",
            _least_grade(2),
            hint=2,
        ),
        Mistake(
            "grade-for-one",
            "You divide the grade by the rank. The reciprocal rank does not weigh grades: it is 1 / rank.",
            _graded,
            hint=2,
        ),
        Mistake(
            "best-grade",
            "You look for the passage of the highest grade. The first one of grade 1 or more counts, however "
            "high others are.",
            _best_grade,
            hint=2,
            also=[_first_of_the_highest_grade, _of_the_best_judged],
        ),
        Mistake(
            "judged-ranks",
            "You count ranks among judged passages only. An unjudged one takes up a rank, too.",
            lambda ranked, relevant, k: _by_the_best_rank(judged(ranked, relevant), relevant, k),
            hint=2,
            also=[
                lambda ranked, relevant, k: _by_the_best_rank(
                    judged(ranked[:k], relevant), relevant, k
                ),
            ],
        ),
        Mistake(
            "first-of-the-grades",
            "You take the relevant passage that `relevant` names first. Its order says nothing: go through "
            "the ranked list, best first.",
            _first_of_the_grades,
            hint=2,
        ),
        Mistake(
            "last-relevant",
            "You take the last relevant passage among the first k. Stop at the first one.",
            _of_ranks(lambda ranks, k: 1 / ranks[-1]),
            hint=3,
        ),
        Mistake(
            "all-added",
            "You add the reciprocal ranks of all relevant passages. Only the first one counts.",
            _of_ranks(lambda ranks, k: sum(1 / rank for rank in ranks)),
            hint=3,
        ),
        Mistake(
            "all-averaged",
            "You average the reciprocal ranks of all relevant passages. Only the first one counts; the mean "
            "of MRR is over queries.",
            _of_ranks(lambda ranks, k: sum(1 / rank for rank in ranks) / len(ranks)),
            hint=3,
        ),
        Mistake(
            "first-place-alone",
            "Your function gives up after the first passage: a `return 0.0` stands inside the loop. It "
            "belongs behind the loop, where all k have been looked at.",
            _first_place_alone,
            hint=3,
        ),
        Mistake(
            "infinite-for-nothing",
            "Where no relevant passage is found you return infinity. The score is 0.0 then.",
            _of_ranks(lambda ranks, k: 1 / ranks[0], nothing=math.inf),
        ),
        Mistake(
            "list-too-short",
            "You read k places of the list, and a list may be shorter than k. `ranked[:k]` takes what "
            "there is.",
            _by_places,
        ),
    ],
)
