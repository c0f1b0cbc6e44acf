"""Answers to `reciprocal_rank_at_k`, written from its card alone."""

from __future__ import annotations

import numpy as np


def right_while(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """A while loop over places."""
    place = 0
    while place < k and place < len(ranked):
        if ranked[place] in relevant and relevant[ranked[place]] > 0:
            return 1.0 / (place + 1)
        place += 1
    return 0.0


def right_next(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """next() with a default."""
    right = {name for name, grade in relevant.items() if grade >= 1}
    return next((1 / (i + 1) for i, name in enumerate(ranked[:k]) if name in right), 0.0)


def right_best_of_ranks(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """The smallest rank of all relevant passages by list.index."""
    top = ranked[:k]
    ranks = [top.index(name) + 1 for name, grade in relevant.items() if grade >= 1 and name in top]
    return 1 / min(ranks) if ranks else 0.0


def right_numpy(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """numpy: flatnonzero of the grades."""
    grades = np.array([relevant.get(name, 0) for name in ranked[:k]])
    hits = np.flatnonzero(grades >= 1)
    return float(1 / (hits[0] + 1)) if hits.size else 0.0


def right_largest(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """The largest of all reciprocal ranks; max with a default."""
    hits = [relevant.get(name, 0) >= 1 for name in ranked]
    return max([hit / rank for rank, hit in enumerate(hits[:k], 1)], default=0.0)


def right_recursion(ranked: list[str], relevant: dict[str, int], k: int, rank: int = 1) -> float:
    """Calls itself with the rest of the list."""
    if rank > k or not ranked:
        return 0.0
    if relevant.get(ranked[0], 0) >= 1:
        return 1 / rank
    return right_recursion(ranked[1:], relevant, k, rank + 1)


def right_break(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """A break, and a result that is there from the start."""
    result = 0.0
    for rank, name in zip(range(1, k + 1), ranked):
        grade = relevant.get(name)
        if grade is None or grade < 1:
            continue
        result = 1 / rank
        break
    return result


def wrong_from_zero(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """Ranks from 0: ZeroDivisionError for a relevant first passage, too large behind it."""
    for rank, name in enumerate(ranked[:k]):
        if relevant.get(name, 0) >= 1:
            return 1 / rank
    return 0.0


def wrong_from_two(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """Adds 1 twice."""
    for rank, name in enumerate(ranked[:k], start=1):
        if relevant.get(name, 0) >= 1:
            return 1 / (rank + 1)
    return 0.0


def wrong_first_judged(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """`in relevant`: stops at a passage of grade 0, at rank 1 in the example."""
    for rank, name in enumerate(ranked[:k], start=1):
        if name in relevant:
            return 1 / rank
    return 0.0


def wrong_truthy(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """`if relevant.get(name)`: stops at a grade of -1."""
    for rank, name in enumerate(ranked[:k], start=1):
        if relevant.get(name):
            return 1 / rank
    return 0.0


def wrong_above_one(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """> 1: the example gives 1/3."""
    for rank, name in enumerate(ranked[:k], start=1):
        if relevant.get(name, 0) > 1:
            return 1 / rank
    return 0.0


def wrong_highest_grade(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """The rank of the passage with the highest grade, not of the first: 1/3 in the example."""
    best = max(relevant, key=lambda name: relevant[name], default=None)
    if best is None or relevant[best] < 1 or best not in ranked[:k]:
        return 0.0
    return 1 / (ranked.index(best) + 1)


def wrong_order_of_judgements(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """The first of `relevant` that is in the list: 1/3 in the example."""
    for name, grade in relevant.items():
        if grade >= 1 and name in ranked[:k]:
            return 1 / (ranked.index(name) + 1)
    return 0.0


def wrong_last(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """No break: the last relevant passage."""
    result = 0.0
    for rank, name in enumerate(ranked[:k], start=1):
        if relevant.get(name, 0) >= 1:
            result = 1 / rank
    return result


def wrong_sum(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """The sum over all relevant passages: above 1."""
    hits = [relevant.get(name, 0) >= 1 for name in ranked[:k]]
    return sum(1 / rank for rank, hit in enumerate(hits, start=1) if hit) + 0.0


def wrong_mean(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """The mean over all relevant passages found."""
    hits = [relevant.get(name, 0) >= 1 for name in ranked[:k]]
    found = [1 / rank for rank, hit in enumerate(hits, start=1) if hit]
    return sum(found) / len(found) if found else 0.0


def wrong_return_in_loop(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """return 0.0 in an else: only the first passage is looked at (and None for an empty list)."""
    for rank, name in enumerate(ranked[:k], start=1):
        if relevant.get(name, 0) >= 1:
            return 1 / rank
        else:
            return 0.0


def wrong_no_cut(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """Forgets k."""
    for rank, name in enumerate(ranked, start=1):
        if relevant.get(name, 0) >= 1:
            return 1 / rank
    return 0.0


def wrong_before_k(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """range(1, k): rank k itself is left out."""
    for rank in range(1, min(k, len(ranked))):
        if relevant.get(ranked[rank - 1], 0) >= 1:
            return 1 / rank
    return 0.0


def wrong_short_list(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """IndexError for a list shorter than k without a relevant passage."""
    for i in range(k):
        if relevant.get(ranked[i], 0) >= 1:
            return 1 / (i + 1)
    return 0.0


def wrong_key_error(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """KeyError for a passage that nobody judged."""
    for rank, name in enumerate(ranked[:k], start=1):
        if relevant[name] >= 1:
            return 1 / rank
    return 0.0


def wrong_rank(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """The rank, not 1 divided by it."""
    for rank, name in enumerate(ranked[:k], start=1):
        if relevant.get(name, 0) >= 1:
            return float(rank)
    return 0.0


def wrong_none(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """None where no relevant passage is found."""
    for rank, name in enumerate(ranked[:k], start=1):
        if relevant.get(name, 0) >= 1:
            return 1 / rank


def wrong_judged_only(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """Drops passages that nobody judged, so that ranks shift: ["x", "a"], {"a": 1} gives 1."""
    judged = [name for name in ranked[:k] if name in relevant]
    for rank, name in enumerate(judged, start=1):
        if relevant[name] >= 1:
            return 1 / rank
    return 0.0


def wrong_graded(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """The grade divided by the rank."""
    for rank, name in enumerate(ranked[:k], start=1):
        if relevant.get(name, 0) >= 1:
            return relevant[name] / rank
    return 0.0


RIGHT = [
    right_while,
    right_next,
    right_best_of_ranks,
    right_numpy,
    right_largest,
    right_recursion,
    right_break,
]
WRONG = [
    wrong_from_zero,
    wrong_from_two,
    wrong_first_judged,
    wrong_truthy,
    wrong_above_one,
    wrong_highest_grade,
    wrong_order_of_judgements,
    wrong_last,
    wrong_sum,
    wrong_mean,
    wrong_return_in_loop,
    wrong_no_cut,
    wrong_before_k,
    wrong_short_list,
    wrong_key_error,
    wrong_rank,
    wrong_none,
    wrong_judged_only,
    wrong_graded,
]
