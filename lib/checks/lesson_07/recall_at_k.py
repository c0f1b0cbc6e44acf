"""Lesson 07, how good one ranking is: `recall_at_k`."""

from __future__ import annotations

from collections.abc import Callable

from lib.checks.exercise import Exercise, Mistake
from lib.checks.lesson_07._rankings import (
    MINUS_ZERO,
    Grades,
    cases,
    hits,
    judged,
    look_up,
    wanted,
    without_signs,
)


def _by_sets(ranked: list[str], relevant: Grades, k: int) -> float:
    right = set(wanted(relevant))
    return len(right & set(ranked[:k])) / len(right) if right else 0.0


def _over(divisor: Callable[[list[str], Grades, int], float]) -> Callable:
    """The relevant passages among the first k, divided by something else."""

    def share(ranked: list[str], relevant: Grades, k: int) -> float:
        below = divisor(ranked, relevant, k)
        return sum(hits(ranked[:k], relevant)) / below if wanted(relevant) and below else 0.0

    return share


def _counting(count: Callable[[list[str], Grades, int], float]) -> Callable:
    """Something else, divided by the number of relevant passages."""

    def share(ranked: list[str], relevant: Grades, k: int) -> float:
        right = wanted(relevant)
        return count(ranked, relevant, k) / len(right) if right else 0.0

    return share


def _any_grade(ranked: list[str], relevant: Grades, k: int) -> float:
    return len(set(ranked[:k]) & set(relevant)) / len(relevant) if relevant else 0.0


def _highest_grade_alone(ranked: list[str], relevant: Grades, k: int) -> float:
    right = wanted(relevant, 2)
    return sum(hits(ranked[:k], relevant, 2)) / len(right) if right else 0.0


def _by_places(ranked: list[str], relevant: Grades, k: int) -> float:
    right = wanted(relevant)
    return sum(ranked[place] in right for place in range(k)) / len(right) if right else 0.0


def _one_for_nothing(ranked: list[str], relevant: Grades, k: int) -> float:
    return _by_sets(ranked, relevant, k) if wanted(relevant) else 1.0


def _grades_shared(ranked: list[str], relevant: Grades, k: int) -> float:
    every = sum(relevant[passage] for passage in wanted(relevant))
    found = sum(relevant[p] for p in ranked[:k] if p in wanted(relevant))
    return found / every if every else 0.0


EXERCISE = Exercise(
    "recall_at_k",
    "07",
    cases,
    _by_sets,
    equivalent={
        "len(found) / len(right) if len(right) > 0 else 0.0 -> "
        "len(found) / len(right) if len(right) > 0 else -0.0": MINUS_ZERO,
    },
    mistakes=[
        Mistake(
            "precision",
            "You divide by k, which gives the precision: the share of the first k that is relevant. "
            "Recall is the share of the relevant passages that was found: divide by their number.",
            _over(lambda ranked, relevant, k: k),
            hint=1,
        ),
        Mistake(
            "precision-of-the-list",
            "You divide by the number of passages that were returned. Recall is the share of the relevant "
            "passages: divide by how many of them there are.",
            _over(lambda ranked, relevant, k: len(ranked[:k])),
            hint=1,
        ),
        Mistake(
            "k-at-most",
            "You divide by k where there are more relevant passages than k. The divisor is the number of "
            "relevant passages, whatever k is; with a small k the recall cannot reach 1.",
            _over(lambda ranked, relevant, k: min(k, len(wanted(relevant)))),
            hint=1,
        ),
        Mistake(
            "retrieved-alone",
            "You divide by the relevant passages of the list. Those that were not retrieved are missing, "
            "and recall is about them: divide by all relevant passages.",
            _over(lambda ranked, relevant, k: sum(hits(ranked, relevant))),
            hint=1,
        ),
        Mistake(
            "any-judged-passage",
            "You count every judged passage as relevant. A grade of 0 or less says that somebody looked "
            "and found the passage not relevant: ask for a grade of 1 or more.",
            _any_grade,
            hint=2,
        ),
        Mistake(
            "any-judged-passage-found",
            "You count every judged passage in the list, also those of grade 0 or less. Only passages with "
            "a grade of 1 or more are relevant.",
            _counting(lambda ranked, relevant, k: len(set(ranked[:k]) & set(relevant))),
            hint=2,
        ),
        Mistake(
            "judged-for-relevant",
            "You divide by the number of judged passages. Those of grade 0 or less are judged, and not "
            "relevant: count only grades of 1 or more.",
            _over(lambda ranked, relevant, k: len(relevant)),
            hint=2,
        ),
        Mistake(
            "grade-above-one",
            "You count only passages with a grade above 1. A grade of 1 is relevant, too.",
            _highest_grade_alone,
            hint=2,
        ),
        Mistake(
            "grades-shared",
            "You add grades. Recall does not weigh them: each passage of grade 1 or more counts as one.",
            _grades_shared,
            hint=2,
        ),
        Mistake(
            "grades-added",
            "You add the grades of the found passages and divide by the number of relevant ones, so that "
            "the result can exceed 1. Each passage of grade 1 or more counts as one.",
            _counting(
                lambda ranked, relevant, k: sum(max(relevant.get(p, 0), 0) for p in ranked[:k])
            ),
            hint=2,
        ),
        Mistake(
            "negative-grades-relevant",
            "You count every grade that is not 0. A grade below 0 is not relevant either: ask for 1 or more.",
            lambda ranked, relevant, k: _by_sets(ranked, without_signs(relevant), k),
            hint=2,
        ),
        Mistake(
            "unjudged-passage",
            "A passage that nobody judged is not in `relevant`, and looking it up raises an error. It is not "
            "relevant: `relevant.get(passage, 0)`.",
            lambda ranked, relevant, k: _by_sets(look_up(ranked[:k], relevant), relevant, k),
            hint=2,
        ),
        Mistake(
            "unjudged-taken-out",
            "You take unjudged passages out of the list, so that others move up among the first k. They stay "
            "and keep their rank.",
            lambda ranked, relevant, k: _by_sets(judged(ranked, relevant), relevant, k),
            hint=2,
        ),
        Mistake(
            "whole-list",
            "You look at the whole list. Only the first k passages count.",
            lambda ranked, relevant, k: _by_sets(ranked, relevant, len(ranked)),
        ),
        Mistake(
            "one-too-few",
            "You look at the first k - 1 passages. `ranked[:k]` holds k of them.",
            lambda ranked, relevant, k: _by_sets(ranked, relevant, k - 1),
        ),
        Mistake(
            "one-too-many",
            "You look at the first k + 1 passages. `ranked[:k]` holds k of them.",
            lambda ranked, relevant, k: _by_sets(ranked, relevant, k + 1),
        ),
        Mistake(
            "found-or-not",
            "You return 1 as soon as any relevant passage is found, which is the hit rate. Recall asks how "
            "many of them are.",
            _counting(
                lambda ranked, relevant, k: any(hits(ranked[:k], relevant)) * len(wanted(relevant))
            ),
            hint=1,
        ),
        Mistake(
            "count-returned",
            "You return how many relevant passages were found. Divide by how many there are.",
            lambda ranked, relevant, k: sum(hits(ranked[:k], relevant)),
            hint=1,
        ),
        Mistake(
            "nothing-relevant",
            "A query without a relevant passage divides by 0. Its recall is 0.0, as the exercise says: return that "
            "before you divide.",
            lambda ranked, relevant, k: sum(hits(ranked[:k], relevant)) / len(wanted(relevant)),
            hint=3,
        ),
        Mistake(
            "one-for-nothing",
            "A query without a relevant passage gets 1.0 in your result. The exercise says that it scores 0.0.",
            _one_for_nothing,
            hint=3,
        ),
        Mistake(
            "list-too-short",
            "You read k places of the list, and a list may be shorter than k. `ranked[:k]` takes what "
            "there is.",
            _by_places,
            hint=3,
        ),
    ],
)
