"""Lesson 10, the break-it exercise: a test that tells a right fusion of rankings from wrong ones."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from lib.checks.breakit import BreakIt, Suspect
from lib.checks.lesson_10 import _fusion
from lib.checks.lesson_10._fusion import Rankings, fuse
from lib.checks.values import EXACT

# Scores that are nearer than this, relative to their size, may come out equal or exchanged.
NEAR = 1e-12


def _read(rankings: Any, k: Any) -> tuple[Rankings, float]:
    """The rankings and k of a case; ValueError where they are none."""
    if not isinstance(rankings, list | tuple):
        raise ValueError("rankings is no list")
    for ranking in rankings:
        if not isinstance(ranking, list | tuple):
            raise ValueError("rankings holds something else than lists of ids")
        if not all(isinstance(p, str | int) and not isinstance(p, bool) for p in ranking):
            raise ValueError("an id is neither a text nor a whole number")
    if not isinstance(k, int | float):
        raise ValueError("k is no number")
    return [list(ranking) for ranking in rankings], k


def _fusing(function: Callable) -> Callable[[Any, Any], list]:
    return lambda rankings, k: function(*_read(rankings, k))


def _with(*args, **kwargs) -> Callable[[Any, Any], list]:
    return _fusing(fuse(*args, **kwargs))


def _right_by_fractions(rankings: Rankings, k: float) -> list:
    """Right, written otherwise: exact sums; the best that is left is taken out again and again."""
    scores: dict[Any, Fraction] = {}
    for ranking in rankings:
        for place, passage in enumerate(ranking):
            part = 1 / (Fraction(k) + place + 1)
            scores[passage] = scores.get(passage, Fraction()) + part
    order = []
    while scores:
        best = max(scores, key=lambda passage: scores[passage])
        order.append(best)
        del scores[best]
    return order


def _unfair(rankings, k) -> str | None:
    """What of the card a case breaks: on such a case right implementations may differ."""
    rankings, k = _read(rankings, k)
    if isinstance(k, bool) or not 0 <= k < math.inf:
        return f"k is {k!r}; it is a number of 0 or more."
    if any(len(set(ranking)) < len(ranking) for ranking in rankings):
        return "a ranking names a passage twice; each stands in it once at most."
    pair = _fusion.undecided(rankings, k, NEAR)
    if pair is not None:
        return (
            f"the scores of {pair[0]!r} and {pair[1]!r} are so near that rounding may decide which comes first. "
            "Equal scores are fair if the two have the same rank in one ranking each, or the same two ranks."
        )
    return None


EXERCISE = BreakIt(
    "break_fusion",
    "10",
    right=[_with(), _fusing(_right_by_fractions)],
    suspects=[
        Suspect(
            "worst-first",
            "A suspect that returns the lowest score first passes your test. Let two passages have different "
            "scores.",
            _with(worst_first=True),
            hint=2,
        ),
        Suspect(
            "in-every-ranking",
            "A suspect that returns only what every ranking holds passes your test. Let a passage be in one "
            "ranking alone.",
            _with(read=_fusion.in_every_one),
            hint=3,
        ),
        Suspect(
            "of-the-first-ranking",
            "A suspect that returns only what the first ranking holds passes your test. Let a passage be in a "
            "later ranking alone.",
            _with(read=_fusion.of_the_first),
            hint=3,
        ),
        Suspect(
            "cut-at-the-shortest",
            "A suspect that reads each ranking only as far as the shortest one goes passes your test. Let the "
            "rankings differ in length.",
            _with(of=_fusion.cut_at_the_shortest),
            hint=3,
        ),
        Suspect(
            "two-rankings-only",
            "A suspect that takes the first two rankings passes your test. Add a case of three.",
            _with(of=lambda rankings: rankings[:2]),
            hint=3,
        ),
        Suspect(
            "last-left-out",
            "A suspect that leaves out the last passage of each ranking passes your test. Let the last of a "
            "ranking be in no other.",
            _with(of=lambda rankings: [ranking[:-1] for ranking in rankings]),
            hint=3,
        ),
        Suspect(
            "stops-at-an-empty-one",
            "A suspect that stops at an empty ranking passes your test. Let one stand before another that is "
            "not empty.",
            _with(of=_fusion.until_an_empty_one),
            hint=3,
        ),
        Suspect(
            "no-ranking",
            "A suspect that fails without any ranking passes your test. Add the case of no ranking: the result "
            "is an empty list.",
            _with(of=lambda rankings: [rankings[0], *rankings[1:]]),
            hint=3,
        ),
        Suspect(
            "one-after-the-other",
            "A suspect that joins the rankings one after the other, without any score, passes your test. Let a "
            "passage of the second ranking come before one of the first.",
            _with(lambda k, rank: 0),
            hint=2,
        ),
        Suspect(
            "in-turn",
            "A suspect that takes the first of each ranking, then the second of each, passes your test. Let a "
            "passage that stands second in two rankings come first in the result.",
            _fusing(_fusion.in_turn),
            hint=2,
        ),
        Suspect(
            "first-ranking-counts",
            "A suspect that keeps only what the first ranking gave to a passage passes your test. Let a passage "
            "stand low in the first ranking and high in the last.",
            _with(together=lambda parts: parts[0]),
            hint=2,
        ),
        Suspect(
            "last-ranking-counts",
            "A suspect that keeps only what the last ranking gave to a passage passes your test. Let a passage "
            "stand high in the first ranking and low in the last.",
            _with(together=lambda parts: parts[-1]),
            hint=2,
        ),
        Suspect(
            "best-rank-only",
            "A suspect that counts only the best rank of a passage passes your test. Let two passages have the "
            "same best rank, and the one that is read later have a second rank as well.",
            _with(together=max),
            hint=2,
        ),
        Suspect(
            "mean-for-sum",
            "A suspect that takes the mean over the rankings that hold a passage passes your test. Let a passage "
            "in two rankings come before one that stands higher in a single one.",
            _with(together=_fusion.mean),
            hint=2,
        ),
        Suspect(
            "points-for-a-place",
            "A suspect that counts points from the end of each ranking passes your test. Let a passage at the top "
            "of a short ranking come before one in the middle of a long one.",
            _fusing(_fusion.by_length),
            hint=2,
        ),
        Suspect(
            "missing-as-last",
            "A suspect that gives something for a ranking that does not hold a passage passes your test. Let a "
            "passage miss in a short ranking, and another be in two.",
            _with(ranked=_fusion.missing_as_last),
            hint=2,
        ),
        Suspect(
            "ranks-go-on",
            "A suspect that goes on counting ranks from one ranking to the next passes your test. Let a later "
            "ranking have a passage at its top that comes first in the result, behind a long first ranking.",
            _with(ranked=_fusion.ranks_that_go_on),
            hint=1,
        ),
        Suspect(
            "rank-from-zero",
            "A suspect that counts ranks from 0 passes your test. With k = 1, let one passage stand first in "
            "one ranking, and another second in two.",
            _with(lambda k, rank: 1 / (k + rank - 1)),
            hint=1,
        ),
        Suspect(
            "k-forgotten",
            "A suspect that adds 1 / rank passes your test. With a large k, a passage that stands third in two "
            "rankings comes before one that stands first in one.",
            _with(lambda k, rank: 1 / rank),
            hint=1,
        ),
        Suspect(
            "always-sixty",
            "A suspect that takes 60 for every k passes your test. With a small k, a first rank in one ranking "
            "is worth more than two low ranks.",
            _with(lambda k, rank: 1 / (60 + rank)),
            hint=1,
        ),
        Suspect(
            "many-count-first",
            "A suspect that puts what more rankings hold first passes your test. With a small k, let a first rank "
            "in one ranking be worth more than two low ranks.",
            _with(together=_fusion.many_count_first),
            hint=2,
        ),
        Suspect(
            "rank-one-too-large",
            "A suspect that adds 1 / (k + rank + 1) passes your test. With k = 0, let one passage stand first "
            "in one ranking, and another third in two.",
            _with(lambda k, rank: 1 / (k + rank + 1)),
            hint=1,
        ),
        Suspect(
            "discount-of-ndcg",
            "A suspect that adds 1 / log2(k + rank + 1) passes your test. It falls much more slowly: with k = 1, "
            "let one passage stand first in one ranking, and another fifth in two.",
            _with(lambda k, rank: 1 / math.log2(k + rank + 1)),
            hint=1,
        ),
        Suspect(
            "whole-k",
            "A suspect that cuts the decimals off k passes your test. Take a k with decimals, such as 0.5, with "
            "which the order is another than with the whole number below.",
            _with(lambda k, rank: 1 / (int(k) + rank)),
            hint=1,
        ),
        Suspect(
            "ties-turned-round",
            "A suspect that puts the last of equal scores first passes your test. Let two passages have the same "
            "two ranks, exchanged between two rankings.",
            _with(read=_fusion.from_the_end),
            hint=3,
        ),
        Suspect(
            "ties-by-name",
            "A suspect that orders equal scores by the ids passes your test. Let two passages have equal scores, "
            "and the one that is read first the later id.",
            _with(read=_fusion.by_name),
            hint=3,
        ),
        Suspect(
            "ties-rank-by-rank",
            "A suspect that settles ties by reading all first ranks, then all second ranks, passes your test. Let "
            "one passage stand third in the first ranking and first in the third, another first in the second "
            "and third in the third.",
            _with(read=_fusion.rank_by_rank),
            hint=3,
        ),
    ],
    arguments=["rankings", "k"],
    tolerance=EXACT,
    unfair=_unfair,
    texts=True,
)
