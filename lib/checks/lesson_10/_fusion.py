"""What two exercises of lesson 10 share: a fusion of rankings, any part of which can be made wrong."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

Ranking = list[Any]  # ids, best first, each once
Rankings = list[Ranking]
Ranks = dict[Any, int]  # of one ranking: {id: its rank}
Scores = dict[Any, float]


def ranks_from_one(rankings: Rankings) -> list[Ranks]:
    return [{passage: rank for rank, passage in enumerate(row, start=1)} for row in rankings]


def ranks_that_go_on(rankings: Rankings) -> list[Ranks]:
    """The count is not begun anew with the next ranking."""
    count = itertools.count(1)
    return [{passage: next(count) for passage in row} for row in rankings]


def missing_as_last(rankings: Rankings) -> list[Ranks]:
    """What a ranking does not hold stands right behind its end."""
    every = one_after_the_other(rankings)
    return [
        dict.fromkeys(every, len(row) + 1) | ranks
        for row, ranks in zip(rankings, ranks_from_one(rankings))
    ]


def one_after_the_other(rankings: Rankings) -> Ranking:
    """All passages as they come when the rankings are read one after the other."""
    return list(dict.fromkeys(passage for row in rankings for passage in row))


def rank_by_rank(rankings: Rankings) -> Ranking:
    """All first ranks, then all second ranks, and so on."""
    longest = max(map(len, rankings), default=0)
    columns = [[row[place] for row in rankings if place < len(row)] for place in range(longest)]
    return one_after_the_other(columns)


def by_name(rankings: Rankings) -> Ranking:
    return sorted(one_after_the_other(rankings), key=lambda passage: (str(type(passage)), passage))


def from_the_end(rankings: Rankings) -> Ranking:
    return one_after_the_other(rankings)[::-1]


def of_the_first(rankings: Rankings) -> Ranking:
    return list(rankings[0]) if rankings else []


def in_every_one(rankings: Rankings) -> Ranking:
    return [p for p in one_after_the_other(rankings) if all(p in row for row in rankings)]


def cut_at_the_shortest(rankings: Rankings) -> Rankings:
    return [row[: min(map(len, rankings))] for row in rankings]


def until_an_empty_one(rankings: Rankings) -> Rankings:
    return list(itertools.takewhile(bool, rankings))


def fuse(
    part: Callable[[float, int], float] = lambda k, rank: 1 / (k + rank),
    *,
    together: Callable[[list[float]], float] = sum,
    of: Callable[[Rankings], Rankings] = lambda rankings: rankings,
    ranked: Callable[[Rankings], list[Ranks]] = ranks_from_one,
    read: Callable[[Rankings], Ranking] = one_after_the_other,
    worst_first: bool = False,
    returned: Callable[[Scores, float], Any] = lambda scores, k: list(scores),
) -> Callable[..., Any]:
    """A fusion of rankings, right as it stands; an argument makes one part of it another.

    part(k, rank): what a passage gets from a ranking that holds it; together: its score of these parts;
    of: the rankings that count; ranked: the ranks in each; read: the passages that are returned, of equals
    the first first; returned(scores in order, k): what comes back.
    """

    def reciprocal_rank_fusion(rankings: Rankings, k: float = 60.0) -> Any:
        rankings = of(rankings)
        tables = ranked(rankings)
        scores = {
            passage: together([part(k, ranks[passage]) for ranks in tables if passage in ranks])
            for passage in read(rankings)
        }
        sign = 1 if worst_first else -1
        order = sorted(scores, key=lambda passage: sign * scores[passage])
        return returned({passage: scores[passage] for passage in order}, k)

    return reciprocal_rank_fusion


def mean(parts: list[float]) -> float:
    return sum(parts) / len(parts)


def many_count_first(parts: list[float]) -> float:
    """The number of rankings that hold a passage; among equal numbers the sum decides."""
    return 1e6 * len(parts) + sum(parts)


def as_ndcg_discounts(k: float, rank: int) -> float:
    return 1 / math.log2(rank + 1)


def in_turn(rankings: Rankings, k: float = 60.0) -> list:
    """No score at all: the first of each ranking, then the second of each."""
    return rank_by_rank(rankings)


def by_length(rankings: Rankings, k: float = 60.0) -> list:
    """Points for a place, the last of a ranking getting 1: the count of Borda."""
    points: Scores = {}
    for row in rankings:
        for place, passage in enumerate(row):
            points[passage] = points.get(passage, 0) + len(row) - place
    return sorted(points, key=lambda passage: -points[passage])


def undecided(rankings: Rankings, k: float, within: float) -> tuple[Any, Any] | None:
    """Two passages whose order may depend on the order in which one adds; None if there are none.

    Equal sums come out equal, whatever their order, where they are of the same one or two numbers. Other
    scores must be apart by more than `within` times their size.
    """
    tables = ranks_from_one(rankings)
    found = []
    for passage in one_after_the_other(rankings):
        ranks = sorted(table[passage] for table in tables if passage in table)
        found.append((math.fsum(1 / (k + rank) for rank in ranks), ranks, passage))
    found.sort(key=lambda entry: entry[:2])
    for (low, ranks, one), (high, others, other) in itertools.pairwise(found):
        alike = ranks == others and len(ranks) <= 2
        if high - low <= within * high and not alike:
            return one, other
    return None
