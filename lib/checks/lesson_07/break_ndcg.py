"""Lesson 07, the break-it exercise: a test that tells right nDCG from wrong."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from lib.checks.breakit import BreakIt, Suspect
from lib.checks.lesson_07 import _ndcg


def _read(ranked, relevant, k) -> tuple[list, dict, int]:
    if not isinstance(ranked, list | tuple) or not isinstance(relevant, Mapping):
        raise ValueError(f"ranked is {type(ranked).__name__}, relevant {type(relevant).__name__}")
    return list(ranked), dict(relevant), int(k)


def _ndcg_with(*args, **kwargs) -> Callable:
    score = _ndcg.ndcg(*args, **kwargs)
    return lambda ranked, relevant, k: score(*_read(ranked, relevant, k))


_right = _ndcg_with()


def _right_by_ranks(ranked, relevant, k) -> float:
    """Right, written otherwise: the ideal rank of each passage, by counting; natural logarithms."""
    ranked, relevant, k = _read(ranked, relevant, k)
    order = sorted(relevant, key=lambda passage: -relevant[passage])
    ideal = gained = 0.0
    for passage, grade in relevant.items():
        if grade <= 0:
            continue
        if order.index(passage) < k:
            ideal += grade / math.log(order.index(passage) + 2)
        if passage in ranked[:k]:
            gained += grade / math.log(ranked.index(passage) + 2)
    return gained / ideal if ideal else 0.0


def _unfair(ranked, relevant, k) -> str | None:
    """What of the card a case breaks: on such a case right implementations may differ."""
    if not isinstance(k, int) or isinstance(k, bool) or not 1 <= k <= 1_000:
        return f"k is {k!r}; it is a whole number from 1 to 1,000."
    if len(set(ranked)) < len(ranked):
        return "the ranked list names a passage twice; each stands in it once at most."
    if any(isinstance(grade, bool) or grade != int(grade) for grade in relevant.values()):
        return "a grade is no whole number."
    return None


EXERCISE = BreakIt(
    "break_ndcg",
    "07",
    right=[_right, _right_by_ranks],
    suspects=[
        Suspect(
            "not-normalised",
            "A suspect that returns the DCG passes your test. Let the best possible list have another DCG "
            "than 1.",
            _ndcg_with(divided=False),
            hint=2,
        ),
        Suspect(
            "binary-grades",
            "A suspect that counts every relevant passage as 1 passes your test. Let a passage of grade 1 "
            "stand before one of grade 2 or 3.",
            _ndcg_with(gain=_ndcg.binary),
            hint=1,
        ),
        Suspect(
            "exponential-gain",
            "A suspect whose gain is 2^grade - 1 passes your test. Let two passages of different grades "
            "be in the wrong order; grades of 0 and 1 alone show no difference.",
            _ndcg_with(gain=_ndcg.exponential),
            hint=1,
        ),
        Suspect(
            "first-two-alike",
            "A suspect that discounts only from rank 3 on, by log2(rank), passes your test. Let the only "
            "relevant passage stand at rank 2.",
            _ndcg_with(discount=_ndcg.first_two_alike),
            hint=1,
        ),
        Suspect(
            "one-rank-late",
            "A suspect whose discount is log2(rank + 2) passes your test. Let the only relevant passage "
            "stand behind the first rank.",
            _ndcg_with(discount=lambda rank: math.log2(rank + 2)),
            hint=1,
        ),
        Suspect(
            "no-discount",
            "A suspect without a discount passes your test. Let a relevant passage stand behind one that is "
            "not.",
            _ndcg_with(discount=lambda rank: 1.0),
            hint=1,
        ),
        Suspect(
            "ideal-of-the-first-k",
            "A suspect whose ideal list is made of the first k passages passes your test. Let a relevant "
            "passage be missing among them.",
            _ndcg_with(ideal=_ndcg.from_the_first_k),
            hint=2,
        ),
        Suspect(
            "ideal-of-the-list",
            "A suspect whose ideal list is made of retrieved passages alone passes your test. Judge a "
            "passage as relevant that the ranked list does not hold at all.",
            _ndcg_with(ideal=_ndcg.from_the_list),
            hint=2,
        ),
        Suspect(
            "ideal-not-cut",
            "A suspect whose ideal list is not cut at k passes your test. Judge more passages as relevant "
            "than k.",
            _ndcg_with(ideal=_ndcg.not_cut),
            hint=2,
        ),
        Suspect(
            "ideal-as-long-as-the-list",
            "A suspect that cuts the ideal list at the length of the ranked one passes your test. Give a "
            "list shorter than k, with more relevant passages than it holds.",
            _ndcg_with(ideal=_ndcg.as_long_as_the_list),
            hint=2,
        ),
        Suspect(
            "ideal-not-sorted",
            "A suspect that takes the ideal grades in the order of the dict passes your test. Write a lower "
            "grade before a higher one in `relevant`.",
            _ndcg_with(ideal=_ndcg.as_the_grades_come),
            hint=2,
        ),
        Suspect(
            "k-of-the-highest",
            "A suspect whose ideal list has the highest grade k times passes your test. Let there be fewer "
            "passages of the highest grade than k.",
            _ndcg_with(ideal=_ndcg.k_of_the_highest),
            hint=2,
        ),
        Suspect(
            "list-not-cut",
            "A suspect that adds the gains of the whole list passes your test. Let a relevant passage stand "
            "behind the first k.",
            _ndcg_with(cut=False),
            hint=2,
        ),
        Suspect(
            "k-ignored",
            "A suspect that cuts neither list at k passes your test. Let relevant passages stand behind the "
            "first k, and the first k not be the best.",
            _ndcg_with(cut=False, ideal=_ndcg.not_cut),
            hint=2,
        ),
        Suspect(
            "one-for-nothing",
            "A suspect that gives 1 to a query without a relevant passage passes your test. Add such a "
            "query; its nDCG is 0.",
            _ndcg_with(nothing=1.0),
            hint=3,
        ),
        Suspect(
            "negative-grades-counted",
            "A suspect that subtracts grades below 0 passes your test. Let the ranked list hold a passage "
            "with the grade -1; it counts as 0.",
            _ndcg_with(least=-math.inf),
            hint=3,
        ),
        Suspect(
            "unjudged-as-one",
            "A suspect that counts a passage that nobody judged as relevant passes your test. Let the "
            "ranked list hold a passage that `relevant` does not name, beside one that it does.",
            _ndcg_with(unjudged=1),
            hint=3,
        ),
    ],
    arguments=["ranked", "relevant", "k"],
    unfair=_unfair,
    texts=True,
)
