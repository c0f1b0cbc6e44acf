"""Lesson 07, how good one ranking is: `ndcg_at_k`."""

from __future__ import annotations

import math

from lib.checks.exercise import Exercise, Mistake
from lib.checks.lesson_07 import _ndcg
from lib.checks.lesson_07._ndcg import ndcg
from lib.checks.lesson_07._rankings import (
    MINUS_ZERO,
    Grades,
    cases,
    judged,
    wanted,
    with_the_rest,
)

LARGER = "the larger of two, whichever is named first"


def _by_taking_the_best(ranked: list[str], relevant: Grades, k: int) -> float:
    """The oracle: fills the best list by taking the best passage that is left, in natural logarithms.

    The base of the logarithm is a factor of both sums and falls out of their quotient.
    """
    left = {passage: grade for passage, grade in relevant.items() if grade > 0}
    gained = most = 0.0
    for place in range(k):
        weight = 1 / math.log(2 + place)
        if place < len(ranked) and relevant.get(ranked[place], 0) > 0:
            gained += weight * relevant[ranked[place]]
        if left:
            most += weight * left.pop(max(left, key=lambda passage: left[passage]))
    return gained / most if most else 0.0


def _unknown_passage(ranked: list[str], relevant: Grades, k: int) -> float:
    known = {passage: relevant[passage] for passage in ranked[:k]}
    return ndcg()(ranked, known | relevant, k)


def _no_relevant(ranked: list[str], relevant: Grades, k: int) -> float:
    return ndcg()(ranked, relevant, k) if wanted(relevant) else 0.0 / len(wanted(relevant))


def _all_the_rest_at_one_rank(ranked: list[str], relevant: Grades, k: int) -> float:
    """scikit-learn's over the list and the rest: at equal scores each gets the mean of the gains."""
    rest = with_the_rest(ranked, relevant)[len(ranked) :]
    gain = sum(max(relevant[passage], 0) for passage in rest) / max(1, len(rest))
    behind = range(len(ranked), min(k, len(ranked) + len(rest)))
    discounts = [_ndcg.discount(place + 1) for place in range(k)]
    best = sorted((max(grade, 0) for grade in relevant.values()), reverse=True)
    most = sum(grade / below for grade, below in zip(best, discounts))
    more = sum(gain / discounts[place] for place in behind)
    return ndcg()(ranked, relevant, k) + more / most if most else 0.0


def _list_too_short(ranked: list[str], relevant: Grades, k: int) -> float:
    return ndcg()([ranked[place] for place in range(k)], relevant, k)


EXERCISE = Exercise(
    "ndcg_at_k",
    "07",
    cases,
    _by_taking_the_best,
    equivalent={
        "max(relevant.get(passage, 0), 0) -> max(0, relevant.get(passage, 0))": LARGER,
        "max(grade, 0) -> max(0, grade)": LARGER,
        "relevant.get(passage, 0) -> relevant.get(passage, -1)": "a grade below 0 counts as 0",
        "gained / most if most > 0 else 0.0 -> gained / most if most > 0 else -0.0": MINUS_ZERO,
    },
    mistakes=[
        Mistake(
            "exponential-gain",
            "Your gain is 2^grade - 1. Here, as in trec_eval, the gain is the grade itself: with the other "
            "formula a grade of 3 is worth seven passages of grade 1.",
            ndcg(gain=_ndcg.exponential),
            hint=1,
        ),
        Mistake(
            "binary-grades",
            "You count every relevant passage as 1. nDCG is graded: a passage of grade 2 gains twice as "
            "much as one of grade 1.",
            ndcg(gain=_ndcg.binary),
            hint=1,
        ),
        Mistake(
            "rank-from-zero",
            "You divide by log2(rank), which is log2(1) = 0 at the first rank. The discount is "
            "log2(rank + 1) with ranks from 1.",
            ndcg(discount=math.log2),
            hint=3,
        ),
        Mistake(
            "rank-one-too-large",
            "Your discount is log2(rank + 2), one rank too late. Count ranks from 1 and take "
            "log2(rank + 1), or from 0 and take log2(rank + 2).",
            ndcg(discount=lambda rank: math.log2(rank + 2)),
            hint=3,
        ),
        Mistake(
            "first-two-alike",
            "You do not discount the second rank: log2(2) is 1. Divide by log2(rank + 1), so that the "
            "second passage counts 1 / log2(3) = 0.63.",
            ndcg(discount=_ndcg.first_two_alike),
            hint=3,
        ),
        Mistake(
            "divided-by-the-rank",
            "You divide each gain by its rank. The discount is milder: log2(rank + 1).",
            ndcg(discount=float),
            hint=3,
        ),
        Mistake(
            "no-discount",
            "You add the gains without a discount, so that the order within the first k makes no "
            "difference. Divide each by log2(rank + 1), in the ideal list, too.",
            ndcg(discount=lambda rank: 1.0),
            hint=3,
        ),
        Mistake(
            "ideal-of-the-first-k",
            "Your ideal list is the first k of the ranked list in their best order. A list that misses "
            "every good passage would be perfect: take the grades of all judged passages.",
            ndcg(ideal=_ndcg.from_the_first_k),
            hint=2,
        ),
        Mistake(
            "ideal-of-the-list",
            "Your ideal list holds only passages that were retrieved. What the ranked list misses must "
            "cost: take the grades of all judged passages.",
            ndcg(ideal=_ndcg.from_the_list),
            hint=2,
        ),
        Mistake(
            "ideal-not-cut",
            "Your ideal list is not cut at k, so that with more relevant passages than k even the best "
            "list stays below 1. Take the k highest grades.",
            ndcg(ideal=_ndcg.not_cut),
            hint=2,
        ),
        Mistake(
            "ideal-as-long-as-the-list",
            "You cut the ideal list at the length of the ranked one. A list that is too short misses "
            "passages, and that must cost: cut the ideal list at k.",
            ndcg(ideal=_ndcg.as_long_as_the_list),
            hint=2,
        ),
        Mistake(
            "ideal-not-sorted",
            "You take the grades in the order in which `relevant` holds them. The best list has the highest "
            "grade first: sort them.",
            ndcg(ideal=_ndcg.as_the_grades_come),
            hint=2,
        ),
        Mistake(
            "ideal-lowest-first",
            "You sort the ideal grades upwards. The best list has the highest grade first.",
            ndcg(ideal=_ndcg.lowest_first),
            hint=2,
        ),
        Mistake(
            "not-normalised",
            "You return the DCG. Divide it by the DCG of the best possible list, so that 1 is the most.",
            ndcg(divided=False),
            hint=2,
        ),
        Mistake(
            "list-not-cut",
            "You add the gains of the whole list. Only the first k passages count.",
            ndcg(cut=False),
        ),
        Mistake(
            "k-ignored",
            "Neither list is cut at k: what stands behind the first k still counts. Cut both.",
            ndcg(cut=False, ideal=_ndcg.not_cut),
        ),
        Mistake(
            "negative-grades-counted",
            "A grade below 0 takes something away in your sum. It counts as 0: `max(grade, 0)`.",
            ndcg(least=-math.inf),
            hint=1,
        ),
        Mistake(
            "negative-grades-in-the-ideal",
            "A grade below 0 lowers your ideal list. Set it to 0 there, too.",
            ndcg(least_of_ideal=-math.inf),
            hint=1,
        ),
        Mistake(
            "negative-grades-in-the-list",
            "A grade below 0 takes something away from your ranked list. Set it to 0 there, too.",
            ndcg(least=-math.inf, least_of_ideal=0),
            hint=1,
        ),
        Mistake(
            "unjudged-taken-out",
            "You take unjudged passages out of the list. They stay, with gain 0, and keep their rank.",
            lambda ranked, relevant, k: ndcg()(judged(ranked, relevant), relevant, k),
            hint=1,
            also=[
                lambda ranked, relevant, k: ndcg()(judged(ranked[:k], relevant), relevant, k),
            ],
        ),
        Mistake(
            "credited-behind-the-list",
            "You credit passages that the list does not hold. Only the first k of `ranked` gain.",
            lambda ranked, relevant, k: ndcg()(with_the_rest(ranked, relevant), relevant, k),
            hint=2,
            also=[_all_the_rest_at_one_rank],
        ),
        Mistake(
            "negative-grades-gain",
            "You count a grade below 0 by its size. It counts as 0: `max(grade, 0)`.",
            ndcg(gain=abs, least=-math.inf),
            hint=1,
        ),
        Mistake(
            "unjudged-passage",
            "A passage that nobody judged is not in `relevant`, and looking it up raises an error. Its "
            "grade is 0: `relevant.get(passage, 0)`.",
            _unknown_passage,
            hint=1,
        ),
        Mistake(
            "no-relevant-passage",
            "A query without a relevant passage divides by 0. Its nDCG is 0.0, as the exercise says: ask whether the "
            "ideal DCG is above 0 before you divide.",
            _no_relevant,
        ),
        Mistake(
            "one-for-nothing",
            "A query without a relevant passage gets 1.0 in your result. The exercise says that it scores 0.0.",
            ndcg(nothing=1.0),
        ),
        Mistake(
            "list-too-short",
            "You read k places of the list, and a list may be shorter than k. `ranked[:k]` takes what "
            "there is.",
            _list_too_short,
        ),
    ],
)
