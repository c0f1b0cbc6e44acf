"""Lesson 10, one ranking from several: `reciprocal_rank_fusion`."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from fractions import Fraction

import numpy as np

from lib.checks.exercise import Case, Exercise, Mistake
from lib.checks.lesson_10 import _fusion
from lib.checks.lesson_10._fusion import Rankings, fuse

# Scores that are nearer than this, relative to their size, float32 may not tell apart.
NEAR = 1e-5

# Rankings, k (None where it is left out), and what is special about them.
_TELLING: list[tuple[list, float | None, str]] = [
    (["ab", "bc"], None, "one passage is in both rankings"),
    (["ab", "cb"], 1, "two second ranks against one first rank"),
    (["cab"], None, "one ranking"),
    (["ca", "ac"], None, "the same two ranks, exchanged"),
    ([], None, "no ranking"),
    ([""], 2, "an empty ranking"),
    (["", ""], None, "nothing but empty rankings"),
    (["", "ba"], None, "the first ranking is empty"),
    (["ab", "", "cb"], None, "a ranking in the middle is empty"),
    (["dcba", "a"], 1, "a short ranking behind a long one"),
    (["a", "dcba"], 1, "a long ranking behind a short one"),
    (["ba", "dc"], 60, "no passage is in two rankings"),
    (["axb", "cyb"], 0, "k is 0"),
    (["axb", "cyb"], None, "k is left out"),
    (["axb", "cyb"], 60, "k is 60"),
    (["xyb", "zwb", "a"], 0.25, "k is less than 1"),
    (["xya", "b", "azb"], 3, "equal scores in three rankings"),
    (["abcdefg", "gxyz"], None, "the last of one ranking is the first of another"),
    (["badc", "abcd", "dcab"], 5, "all passages are in all rankings"),
    (["zyx", "xyz"], 60, "one ranking is the other, turned round"),
    # So many that a sort which is not stable exchanges equals on any processor.
    (["qwertyuiopasdfghjklz", "QWERTYUIOPASDFGHJKLZ"], 60, "twenty pairs of equal scores"),
]


def _cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    for rankings, k, label in _TELLING:
        lists = [list(ranking) for ranking in rankings]
        yield Case((lists,) if k is None else (lists, k), label)
    for turn in range(16 if hidden else 8):
        rankings, k = _drawn(rng)
        yield Case((rankings, k), f"random {turn}")


def _drawn(rng: np.random.Generator) -> tuple[Rankings, float]:
    """Two to four rankings of the same few passages, in which rounding decides nothing."""
    while True:
        names = np.array([f"p{number}" for number in rng.permutation(100)[:9]])
        rankings = [
            rng.permutation(names)[: int(rng.integers(1, 8))].tolist()
            for _ in range(int(rng.integers(2, 5)))
        ]
        k = float(rng.choice([0.5, 1, 2, 10, 60]))
        if _fusion.undecided(rankings, k, NEAR) is None:
            return rankings, k


def _by_fractions(rankings: Rankings, k: float = 60.0) -> list[str]:
    """The oracle: exact scores, and each pair of passages compared by itself."""
    pool = [passage for ranking in rankings for passage in ranking]

    def compare(one: str, other: str) -> int:
        a, b = (
            sum(1 / (Fraction(k) + 1 + row.index(p)) for row in rankings if p in row)
            for p in (one, other)
        )
        return (a < b) - (a > b) or pool.index(one) - pool.index(other)

    return sorted(set(pool), key=functools.cmp_to_key(compare))


def _not_merged(rankings: Rankings, k: float = 60.0) -> list[str]:
    pairs = [(1 / (k + r), p) for row in rankings for r, p in enumerate(row, start=1)]
    return [passage for _, passage in sorted(pairs, key=lambda pair: -pair[0])]


def _returns_in_the_loop(rankings: Rankings, k: float = 60.0) -> list[str] | None:
    return list(rankings[0]) if rankings else None


def _by_argsort(
    rankings: Rankings, k: float, order: Callable[[np.ndarray], np.ndarray]
) -> list[str]:
    """The right scores, put in order by a sort that may exchange equals."""
    scores = fuse(read=_fusion.one_after_the_other, returned=lambda scores, k: scores)(rankings, k)
    names = _fusion.one_after_the_other(rankings)
    if not names:
        return []
    return [names[place] for place in order(np.array([scores[name] for name in names]))]


EXERCISE = Exercise(
    "reciprocal_rank_fusion",
    "10",
    _cases,
    _by_fractions,
    equivalent={
        "scores[passage] = 0.0 -> scores[passage] = 1.0": "1 more for every passage leaves their order",
        "scores[passage] = 0.0 -> scores[passage] = -0.0": "-0.0 plus a number is that number",
        "1 / (k + rank) -> 2 / (k + rank)": "twice every score leaves the order",
    },
    mistakes=[
        Mistake(
            "rank-from-zero",
            "You count ranks from 0. The first passage of a ranking has rank 1 and gets 1 / (k + 1): "
            "`enumerate(ranking, start=1)`.",
            fuse(lambda k, rank: 1 / (k + rank - 1)),
            hint=1,
        ),
        Mistake(
            "rank-one-too-large",
            "Your ranks are one too large: the first passage of a ranking gets 1 / (k + 2). Either count "
            "from 1, or count from 0 and add 1, not both.",
            fuse(lambda k, rank: 1 / (k + rank + 1)),
            hint=1,
        ),
        Mistake(
            "k-forgotten",
            "You add 1 / rank and leave out k. Add 1 / (k + rank): the larger k is, the less a first rank "
            "alone counts.",
            fuse(lambda k, rank: 1 / rank),
            hint=1,
        ),
        Mistake(
            "always-sixty",
            "You add 1 / (60 + rank) whatever `k` is. 60 is only what `k` is if it is left out: take the "
            "argument.",
            fuse(lambda k, rank: 1 / (60 + rank)),
            hint=1,
        ),
        Mistake(
            "k-as-a-factor",
            "You multiply the rank by k. Add k to it: 1 / (k + rank).",
            fuse(lambda k, rank: 1 / (k * rank)),
            hint=1,
        ),
        Mistake(
            "brackets-missing",
            "You compute 1 / k + rank, which is (1 / k) + rank and grows with the rank. Brackets are "
            "missing: 1 / (k + rank).",
            fuse(lambda k, rank: 1 / k + rank),
            hint=1,
        ),
        Mistake(
            "discount-of-ndcg",
            "You add 1 / log2(rank + 1), the discount of nDCG. Here a ranking gives 1 / (k + rank).",
            fuse(_fusion.as_ndcg_discounts),
            hint=1,
        ),
        Mistake(
            "ranks-go-on",
            "You go on counting where the ranking before stopped. Each ranking begins with rank 1.",
            fuse(ranked=_fusion.ranks_that_go_on),
            hint=1,
        ),
        Mistake(
            "mean-for-sum",
            "You divide the sum by the number of rankings that hold the passage. Take the sum itself, so that "
            "a passage that several rankings hold gets ahead.",
            fuse(together=_fusion.mean),
            hint=2,
        ),
        Mistake(
            "best-rank-only",
            "You take only what a passage gets where it ranks best. Add up what it gets from every ranking "
            "that holds it.",
            fuse(together=max),
            hint=2,
        ),
        Mistake(
            "last-ranking-counts",
            "A later ranking overwrites what a passage got from an earlier one. Add to it: "
            "`scores[passage] += ...`.",
            fuse(together=lambda parts: parts[-1]),
            hint=2,
        ),
        Mistake(
            "first-ranking-counts",
            "A passage keeps what it got from the first ranking that holds it, and later ones add nothing. "
            "Add up what it gets from every ranking.",
            fuse(together=lambda parts: parts[0]),
            hint=2,
        ),
        Mistake(
            "not-merged",
            "A passage that two rankings hold comes back twice. Add up what it gets in one place, a "
            "dictionary from the id to the score, and return each id once.",
            _not_merged,
            hint=2,
        ),
        Mistake(
            "many-count-first",
            "You put what more rankings hold first, however far down it stands. Only the sum decides: one "
            "first rank may be worth more than two low ones.",
            fuse(together=_fusion.many_count_first),
            hint=2,
        ),
        Mistake(
            "missing-as-last",
            "You give a passage something from a ranking that does not hold it, as if it stood right behind "
            "the end. It gets nothing there.",
            fuse(ranked=_fusion.missing_as_last),
            hint=2,
        ),
        Mistake(
            "in-every-ranking",
            "You return only the passages that every ranking holds. A passage that a single ranking holds is "
            "returned, too.",
            fuse(read=_fusion.in_every_one),
            hint=2,
        ),
        Mistake(
            "of-the-first-ranking",
            "You return only passages of the first ranking. What only a later one holds is what fusion adds: "
            "return it, too.",
            fuse(read=_fusion.of_the_first),
            hint=2,
        ),
        Mistake(
            "cut-at-the-shortest",
            "You read all rankings only as far as the shortest one goes, as `zip` does. Rankings may differ "
            "in length: read each to its own end.",
            fuse(of=_fusion.cut_at_the_shortest),
            hint=2,
        ),
        Mistake(
            "returns-in-the-loop",
            "Your result holds the first ranking alone: the `return` stands inside the loop. Put it behind the "
            "loop.",
            _returns_in_the_loop,
            hint=2,
        ),
        Mistake(
            "stops-at-an-empty-one",
            "You stop at an empty ranking and lose those behind it. An empty ranking gives nothing to any "
            "passage, and the next one counts.",
            fuse(of=_fusion.until_an_empty_one),
            hint=2,
        ),
        Mistake(
            "ranks-added",
            "You add up the ranks themselves, the least sum first, so that a passage gains by missing in a "
            "ranking. Add up 1 / (k + rank), the largest sum first.",
            fuse(lambda k, rank: -rank),
            hint=1,
        ),
        Mistake(
            "mean-rank",
            "You order by the mean rank in the rankings that hold a passage. Order by the sum of "
            "1 / (k + rank).",
            fuse(lambda k, rank: -rank, together=_fusion.mean),
            hint=1,
        ),
        Mistake(
            "points-for-a-place",
            "You give points by the distance from the end of a ranking (Borda's count), so that a longer "
            "ranking has more to give. Add up 1 / (k + rank).",
            _fusion.by_length,
            hint=1,
        ),
        Mistake(
            "in-turn",
            "You take the first of each ranking, then the second of each, without a score. Two rankings that "
            "agree on a passage must be able to lift it: add up 1 / (k + rank).",
            _fusion.in_turn,
        ),
        Mistake(
            "one-after-the-other",
            "You return the passages of the first ranking and then those of the next, without a score. This "
            "order decides only between equal scores.",
            fuse(lambda k, rank: 0),
        ),
        Mistake(
            "worst-first",
            "You return the lowest score first. Best first: `sorted(..., reverse=True)`, or sort by the "
            "negative score.",
            fuse(worst_first=True),
            hint=3,
        ),
        Mistake(
            "ties-by-name",
            "You order passages of equal score by their ids. The one that comes first when the rankings are "
            "read one after the other stands first; sorting by the score alone leaves it there.",
            fuse(read=_fusion.by_name),
            hint=3,
        ),
        Mistake(
            "ties-turned-round",
            "Of passages with equal scores the last comes first in your result, as happens if a sorted list "
            "is turned round at the end. Sort with `reverse=True`, which leaves equals as they are.",
            fuse(read=_fusion.from_the_end),
            hint=3,
        ),
        Mistake(
            "ties-by-name-backwards",
            "You sort pairs of (score, id): among equal scores the ids decide, and with `reverse=True` "
            "backwards. Sort the ids by the score alone, `sorted(scores, key=scores.get, reverse=True)`.",
            fuse(read=lambda rankings: _fusion.by_name(rankings)[::-1]),
            hint=3,
        ),
        Mistake(
            "ties-by-an-unstable-sort",
            "Of equal scores a later one comes first in places: `np.argsort` leaves equals in their order "
            "only with `kind='stable'`. Negate the scores, do not turn the result round.",
            lambda rankings, k=60.0: _by_argsort(rankings, k, lambda scores: np.argsort(-scores)),
            hint=3,
            also=[
                lambda rankings, k=60.0: _by_argsort(
                    rankings, k, lambda scores: np.argsort(scores)[::-1]
                )
            ],
        ),
        Mistake(
            "ties-rank-by-rank",
            "Between equal scores you go by all first ranks, then all second ranks. Read the rankings one after "
            "the other: the whole first ranking, then the second.",
            fuse(read=_fusion.rank_by_rank),
            hint=3,
        ),
        Mistake(
            "with-scores",
            "You return pairs of id and score. Return the ids alone, in their order.",
            fuse(returned=lambda scores, k: list(scores.items())),
            hint=3,
        ),
        Mistake(
            "scores-by-id",
            "You return a dictionary from id to score. Return a list of the ids alone, in their order.",
            fuse(returned=lambda scores, k: scores),
            hint=3,
        ),
        Mistake(
            "scores-for-ids",
            "You return the scores. Return the ids of the passages, in the order of their scores.",
            fuse(returned=lambda scores, k: list(scores.values())),
            hint=3,
        ),
        Mistake(
            "k-as-a-limit",
            "You return at most k passages and fuse with 60. Here k is the number in 1 / (k + rank), and all "
            "passages are returned.",
            fuse(
                lambda k, rank: 1 / (60 + rank),
                returned=lambda scores, k: list(scores)[: int(k)],
            ),
            hint=1,
        ),
    ],
)
