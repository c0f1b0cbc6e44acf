"""Answers to `recall_at_k`, written from its card alone."""

from __future__ import annotations

import numpy as np


def right_intersection(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """The size of an intersection of sets; an early return."""
    wanted = {name for name in relevant if relevant[name] > 0}
    if not wanted:
        return 0.0
    return len(wanted & set(ranked[:k])) / len(wanted)


def right_counters(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """Two counters and an index that is stopped at the end of the list."""
    total = 0
    for grade in relevant.values():
        if grade >= 1:
            total += 1
    found = 0
    for i in range(min(k, len(ranked))):
        if ranked[i] in relevant and relevant[ranked[i]] >= 1:
            found += 1
    if total == 0:
        return 0.0
    return found / total


def right_numpy(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """np.isin and a mean over the relevant ids."""
    wanted = np.array([name for name, grade in relevant.items() if grade >= 1], dtype=object)
    if wanted.size == 0:
        return 0.0
    top = set(ranked[:k])
    return float(np.mean([name in top for name in wanted]))


def right_places(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """Asks each relevant passage for its place in the list."""
    place = {name: i for i, name in enumerate(ranked)}
    hits = [place.get(name, k) < k for name, grade in relevant.items() if grade >= 1]
    return sum(hits) / max(len(hits), 1)


def right_try(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """Takes the grade, 0 if missing; catches the division by zero."""
    grades = [relevant.get(name, 0) for name in ranked]
    found = sum(1 for grade in grades[:k] if grade >= 1)
    try:
        return found / sum(grade >= 1 for grade in relevant.values())
    except ZeroDivisionError:
        return 0.0


def right_takes_off_copies(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """Takes what is found off a list of its own and counts what is left."""
    left = [name for name in relevant if relevant[name] >= 1]
    total = len(left)
    for name in list(ranked)[:k]:
        if name in left:
            left.remove(name)
    return 0.0 if total == 0 else 1 - len(left) / total


def wrong_over_k(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """Precision: divides by k."""
    return sum(relevant.get(name, 0) >= 1 for name in ranked[:k]) / k


def wrong_over_smaller(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """Divides by min(k, relevant): 2 relevant, k = 1, first one right gives 1 and not 0.5."""
    right = [name for name, grade in relevant.items() if grade >= 1]
    if not right:
        return 0.0
    return len([name for name in ranked[:k] if name in right]) / min(k, len(right))


def wrong_over_judged(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """Divides by all judged passages, those of grade 0 too: 1/3 in the example."""
    if not relevant:
        return 0.0
    return sum(relevant.get(name, 0) >= 1 for name in ranked[:k]) / len(relevant)


def wrong_over_found(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """Divides by the relevant ones in the list: one that was not retrieved is forgotten."""
    right = [name for name in ranked if relevant.get(name, 0) >= 1]
    return len([name for name in ranked[:k] if name in right]) / len(right) if right else 0.0


def wrong_any_judged(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """`in relevant`: a judged passage of grade 0 counts as relevant."""
    if len(relevant) == 0:
        return 0.0
    return len([name for name in ranked[:k] if name in relevant]) / len(relevant)


def wrong_numerator_judged(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """The right number below the line; above it also grades of 0, so that 2/1 may come out."""
    right = sum(grade >= 1 for grade in relevant.values())
    return sum(name in relevant for name in ranked[:k]) / right if right else 0.0


def wrong_above_one(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """> 1 for >= 1: a grade of 1 is not relevant."""
    right = {name for name, grade in relevant.items() if grade > 1}
    return len(right.intersection(ranked[:k])) / len(right) if right else 0.0


def wrong_truthy(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """`if grade`: a grade of -1 counts as relevant."""
    right = {name for name, grade in relevant.items() if grade}
    return len(right.intersection(ranked[:k])) / len(right) if right else 0.0


def wrong_whole_list(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """Forgets k."""
    right = {name for name, grade in relevant.items() if grade >= 1}
    return len(right.intersection(ranked)) / len(right) if right else 0.0


def wrong_one_less(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """ranked[: k - 1]."""
    right = {name for name, grade in relevant.items() if grade >= 1}
    return len(right.intersection(ranked[: k - 1])) / len(right) if right else 0.0


def wrong_one_more(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """Ranks from 0 and <= k: one passage too many."""
    right = {name for name, grade in relevant.items() if grade >= 1}
    found = sum(1 for i, name in enumerate(ranked) if i <= k and name in right)
    return found / len(right) if right else 0.0


def wrong_no_guard(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """ZeroDivisionError without a relevant passage."""
    right = {name for name, grade in relevant.items() if grade >= 1}
    return len(right.intersection(ranked[:k])) / len(right)


def wrong_nothing_is_all(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """1.0 without a relevant passage."""
    right = {name for name, grade in relevant.items() if grade >= 1}
    return len(right.intersection(ranked[:k])) / len(right) if right else 1.0


def wrong_grades_summed(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """The share of the grades, not of the passages: 1/3 in the example."""
    total = sum(max(grade, 0) for grade in relevant.values())
    return sum(max(relevant.get(name, 0), 0) for name in ranked[:k]) / total if total else 0.0


def wrong_short_list(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """IndexError for a list shorter than k."""
    right = [name for name, grade in relevant.items() if grade >= 1]
    found = 0
    for i in range(k):
        if ranked[i] in right:
            found += 1
    return found / len(right) if right else 0.0


def wrong_key_error(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """KeyError for a passage that nobody judged."""
    right = sum(grade >= 1 for grade in relevant.values())
    return sum(relevant[name] >= 1 for name in ranked[:k]) / right if right else 0.0


def wrong_hit_rate(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """1.0 as soon as one relevant passage is found."""
    return float(any(relevant.get(name, 0) >= 1 for name in ranked[:k]))


def wrong_whole_division(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """// for /: 0 unless all are found."""
    right = {name for name, grade in relevant.items() if grade >= 1}
    return len(right.intersection(ranked[:k])) // len(right) if right else 0.0


def wrong_cleans_the_judgements(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """The right share, but the caller's dict loses its grades below 1."""
    for name in list(relevant):
        if relevant[name] < 1:
            del relevant[name]
    return sum(name in relevant for name in ranked[:k]) / len(relevant) if relevant else 0.0


RIGHT = [
    right_intersection,
    right_counters,
    right_numpy,
    right_places,
    right_try,
    right_takes_off_copies,
]
WRONG = [
    wrong_over_k,
    wrong_over_smaller,
    wrong_over_judged,
    wrong_over_found,
    wrong_any_judged,
    wrong_numerator_judged,
    wrong_above_one,
    wrong_truthy,
    wrong_whole_list,
    wrong_one_less,
    wrong_one_more,
    wrong_no_guard,
    wrong_nothing_is_all,
    wrong_grades_summed,
    wrong_short_list,
    wrong_key_error,
    wrong_hit_rate,
    wrong_whole_division,
    wrong_cleans_the_judgements,
]
