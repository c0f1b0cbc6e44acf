"""Lesson 07, how good one ranking is: `average_precision`."""

from __future__ import annotations

from collections.abc import Callable

from lib.checks.exercise import Exercise, Mistake
from lib.checks.lesson_07._rankings import (
    MINUS_ZERO,
    Grades,
    cases_without_k,
    hits,
    judged,
    look_up,
    wanted,
    with_the_rest,
    without_signs,
)


def _by_definition(ranked: list[str], relevant: Grades) -> float:
    """The precision at the rank of each relevant passage, computed anew for each."""
    right = set(wanted(relevant))
    precisions = []
    for passage in right & set(ranked):
        above = ranked[: ranked.index(passage) + 1]
        precisions.append(len(right & set(above)) / len(above))
    return sum(precisions) / len(right) if right else 0.0


def _precisions(ranked: list[str], relevant: Grades, least: int = 1) -> list[float]:
    """The precision at every rank."""
    found = hits(ranked, relevant, least)
    return [sum(found[:rank]) / rank for rank in range(1, len(found) + 1)]


def _averaged(value: Callable[[list[bool], int], float], over: Callable | None = None) -> Callable:
    """value(hits, rank) at each relevant rank, added and divided by the number of relevant passages.

    over: `over(ranked, relevant)` gives another divisor.
    """

    def score(ranked: list[str], relevant: Grades) -> float:
        found = hits(ranked, relevant)
        total = sum(value(found, rank) for rank, hit in enumerate(found, start=1) if hit)
        below = len(wanted(relevant)) if over is None else over(ranked, relevant)
        return total / below if below else 0.0

    return score


def _precision(found: list[bool], rank: int) -> float:
    return sum(found[:rank]) / rank


def _any_judged(ranked: list[str], relevant: Grades) -> float:
    return _by_definition(ranked, dict.fromkeys(relevant, 1))


def _above_one(ranked: list[str], relevant: Grades) -> float:
    return _by_definition(ranked, {p: grade - 1 for p, grade in relevant.items()})


def _at_every_rank(ranked: list[str], relevant: Grades) -> float:
    found = _precisions(ranked, relevant)
    return sum(found) / len(found) if found else 0.0


def _at_every_rank_over_relevant(ranked: list[str], relevant: Grades) -> float:
    right = wanted(relevant)
    return sum(_precisions(ranked, relevant)) / len(right) if right else 0.0


def _interpolated(ranked: list[str], relevant: Grades) -> float:
    precisions, right = _precisions(ranked, relevant), wanted(relevant)
    at = [place for place, hit in enumerate(hits(ranked, relevant)) if hit]
    return sum(max(precisions[place:]) for place in at) / len(right) if right else 0.0


def _at_the_number_of_relevant(ranked: list[str], relevant: Grades) -> float:
    count = len(wanted(relevant))
    return sum(hits(ranked[:count], relevant)) / count if count else 0.0


def _all_the_rest_at_one_rank(ranked: list[str], relevant: Grades) -> float:
    """scikit-learn's over the list and the rest, which share the lowest score."""
    right, every = wanted(relevant), with_the_rest(ranked, relevant)
    at_ranks = sum(_precisions(ranked, relevant)[ranked.index(p)] for p in right if p in ranked)
    missing = sum(passage not in ranked for passage in right)
    return (at_ranks + missing * len(right) / len(every)) / len(right) if right else 0.0


def _weighed_by_grades(ranked: list[str], relevant: Grades) -> float:
    right, found = wanted(relevant), 0
    total = 0.0
    for rank, passage in enumerate(ranked, start=1):
        if passage in right:
            found += relevant[passage]
            total += found / rank
    return total / len(right) if right else 0.0


EXERCISE = Exercise(
    "average_precision",
    "07",
    cases_without_k,
    _by_definition,
    equivalent={
        "found, total = (0, 0.0) -> found, total = (0, -0.0)": MINUS_ZERO,
        "total / len(right) if len(right) > 0 else 0.0 -> "
        "total / len(right) if len(right) > 0 else -0.0": MINUS_ZERO,
    },
    mistakes=[
        Mistake(
            "retrieved-alone",
            "You divide by the number of relevant passages in the list, so that a list that finds one of "
            "ten can score 1. Relevant passages that were not retrieved add 0 and are counted: divide by "
            "all of them.",
            _averaged(_precision, lambda ranked, relevant: sum(hits(ranked, relevant))),
            hint=1,
        ),
        Mistake(
            "over-the-list",
            "You divide by the length of the list. The mean is over the relevant passages: divide by their "
            "number.",
            _averaged(_precision, lambda ranked, relevant: len(ranked) if wanted(relevant) else 0),
            hint=1,
        ),
        Mistake(
            "over-the-judged",
            "You divide by the number of judged passages. Those of grade 0 or less are not relevant: count "
            "only grades of 1 or more.",
            _averaged(_precision, lambda ranked, relevant: len(relevant)),
            hint=1,
        ),
        Mistake(
            "not-divided",
            "You return the sum of the precisions. Divide it by the number of relevant passages.",
            _averaged(_precision, lambda ranked, relevant: 1),
            hint=1,
        ),
        Mistake(
            "at-every-rank",
            "You average the precision over all ranks. It is taken only at the ranks where a relevant "
            "passage stands.",
            _at_every_rank,
            hint=2,
        ),
        Mistake(
            "added-at-every-rank",
            "You add the precision of every rank. Add it only at the ranks where a relevant passage stands.",
            _at_every_rank_over_relevant,
            hint=2,
        ),
        Mistake(
            "reciprocal-ranks",
            "You add 1 / rank for each relevant passage. The precision at a rank is the number of relevant "
            "passages up to there divided by the rank: the second one adds 2 / rank.",
            _averaged(lambda found, rank: 1 / rank),
            hint=2,
        ),
        Mistake(
            "itself-not-counted",
            "At the rank of a relevant passage you count the relevant ones before it and not the passage "
            "itself. Raise the count first, then divide.",
            _averaged(lambda found, rank: (sum(found[:rank]) - 1) / rank),
            hint=2,
        ),
        Mistake(
            "rank-one-too-large",
            "Your ranks are one too large, so that a perfect list does not reach 1. The first rank is 1.",
            _averaged(lambda found, rank: sum(found[:rank]) / (rank + 1)),
            hint=3,
        ),
        Mistake(
            "rank-from-zero",
            "You count ranks from 0, so that a relevant passage in the first place divides by 0. The first "
            "rank is 1: `enumerate(ranked, start=1)`.",
            _averaged(lambda found, rank: sum(found[:rank]) / (rank - 1)),
            hint=3,
        ),
        Mistake(
            "recall-added",
            "You divide the count at each rank by the number of relevant passages, which is the recall. The "
            "precision divides it by the rank.",
            lambda ranked, relevant: _averaged(
                lambda found, rank: sum(found[:rank]) / len(wanted(relevant))
            )(ranked, relevant),
            hint=2,
        ),
        Mistake(
            "any-judged-passage",
            "You count every judged passage as relevant. One of grade 0 or less was judged and is not "
            "relevant: ask for a grade of 1 or more.",
            _any_judged,
        ),
        Mistake(
            "negative-grades-relevant",
            "You count every grade that is not 0. A grade below 0 is not relevant either: ask for 1 or more.",
            lambda ranked, relevant: _by_definition(ranked, without_signs(relevant)),
        ),
        Mistake(
            "unjudged-passage",
            "A passage that nobody judged is not in `relevant`, and looking it up raises an error. It is not "
            "relevant: `relevant.get(passage, 0)`.",
            lambda ranked, relevant: _by_definition(look_up(ranked, relevant), relevant),
        ),
        Mistake(
            "unjudged-taken-out",
            "You take unjudged passages out of the list. They stay, are not relevant, and keep their rank.",
            lambda ranked, relevant: _by_definition(judged(ranked, relevant), relevant),
            hint=2,
        ),
        Mistake(
            "credited-behind-the-list",
            "You credit passages that the list does not hold, as if they stood behind it. A relevant passage "
            "that was not retrieved adds 0.",
            lambda ranked, relevant: _by_definition(with_the_rest(ranked, relevant), relevant),
            hint=1,
            also=[_all_the_rest_at_one_rank],
        ),
        Mistake(
            "grade-above-one",
            "You count only passages with a grade above 1. A grade of 1 is relevant, too.",
            _above_one,
        ),
        Mistake(
            "weighed-by-grades",
            "You add up grades in place of passages. Average precision does not weigh them: each relevant "
            "passage counts as one.",
            _weighed_by_grades,
        ),
        Mistake(
            "interpolated",
            "You take the best precision from a rank on (interpolated precision). trec_eval's map takes the "
            "precision at the rank itself.",
            _interpolated,
        ),
        Mistake(
            "precision-at-r",
            "You return the precision among the first R passages, R being the number of relevant ones. "
            "Average precision is the mean of a precision for each relevant passage.",
            _at_the_number_of_relevant,
            hint=2,
        ),
        Mistake(
            "nothing-relevant",
            "A query without a relevant passage divides by 0. Its average precision is 0.0, as the exercise says: "
            "return that before you divide.",
            lambda ranked, relevant: (
                sum(
                    sum(hits(ranked[: i + 1], relevant)) / (i + 1)
                    for i, hit in enumerate(hits(ranked, relevant))
                    if hit
                )
                / len(wanted(relevant))
            ),
            hint=1,
        ),
    ],
)
