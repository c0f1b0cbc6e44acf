"""Answers to `ndcg_at_k`, written from its card alone."""

from __future__ import annotations

import heapq
import math

import numpy as np
import torch


def right_one_loop(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """One loop over k ranks, which looks whether there is a passage at each."""
    ideal = sorted(relevant.values())[::-1]
    gained, most = 0.0, 0.0
    for i in range(k):
        discount = math.log2(i + 2)
        if i < len(ranked) and relevant.get(ranked[i], 0) > 0:
            gained += relevant[ranked[i]] / discount
        if i < len(ideal) and ideal[i] > 0:
            most += ideal[i] / discount
    if most == 0:
        return 0.0
    return gained / most


def right_helper(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """A function for the discounted sum, used twice."""

    def dcg(grades: list[int]) -> float:
        return sum(g / math.log2(i + 2) for i, g in enumerate(grades[:k]) if g > 0)

    best = dcg(sorted(relevant.values(), reverse=True))
    return dcg([relevant.get(name, 0) for name in ranked]) / best if best else 0.0


def right_numpy(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """numpy: clip, a product with the discounts."""
    got = np.clip([relevant.get(name, 0) for name in ranked[:k]], 0, None)
    best = np.sort(np.clip(list(relevant.values()), 0, None))[::-1][:k]
    if best.sum() == 0:
        return 0.0
    longest = max(len(got), len(best))
    weights = 1 / np.log2(np.arange(2, longest + 2))
    return float(np.dot(got, weights[: len(got)]) / np.dot(best, weights[: len(best)]))


def right_natural_log(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """The base cancels in the quotient: natural logarithms; heapq for the best k."""
    kept = {name: grade for name, grade in relevant.items() if grade >= 1}
    if not kept:
        return 0.0
    best = heapq.nlargest(k, kept.values())
    most = sum(grade / math.log(rank + 1) for rank, grade in enumerate(best, 1))
    got = sum(kept.get(name, 0) / math.log(rank + 1) for rank, name in enumerate(ranked[:k], 1))
    return got / most


def right_torch(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """Two padded rows of a torch tensor in float64."""
    rows = torch.zeros(2, k, dtype=torch.float64)
    got = [max(relevant.get(name, 0), 0) for name in ranked][:k]
    best = sorted((max(grade, 0) for grade in relevant.values()), key=lambda grade: -grade)[:k]
    rows[0, : len(got)] = torch.tensor(got, dtype=torch.float64)
    rows[1, : len(best)] = torch.tensor(best, dtype=torch.float64)
    sums = (rows / torch.arange(2, k + 2).double().log2()).sum(dim=1)
    return float(sums[0] / sums[1]) if float(sums[1]) > 0 else 0.0


def right_ideal_ranking(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """Makes the best list of ids and scores it in the same way as the ranked one."""
    grade = {name: max(0, relevant[name]) for name in relevant}
    perfect = sorted(grade, key=lambda name: grade[name], reverse=True)
    sums = []
    for names in (ranked, perfect):
        total = 0.0
        for rank, name in enumerate(names[:k], start=1):
            total += grade.get(name, 0) * (1 / math.log(rank + 1, 2))
        sums.append(total)
    return sums[0] / sums[1] if sums[1] > 0.0 else 0.0


def _dcg(grades: list[int]) -> float:
    """The discounted sum by the card; the wrong answers below differ elsewhere."""
    return sum(grade / math.log2(rank + 1) for rank, grade in enumerate(grades, start=1))


def wrong_exponential_gain(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """2 ** grade - 1: the example gives 0.7098."""
    got = [2 ** max(relevant.get(name, 0), 0) - 1 for name in ranked[:k]]
    best = sorted((2 ** max(grade, 0) - 1 for grade in relevant.values()), reverse=True)[:k]
    return _dcg(got) / _dcg(best) if _dcg(best) > 0 else 0.0


def wrong_binary(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """Grades of 1 or more count 1: the example gives 1."""
    got = [int(relevant.get(name, 0) >= 1) for name in ranked[:k]]
    best = sorted((int(grade >= 1) for grade in relevant.values()), reverse=True)[:k]
    return _dcg(got) / _dcg(best) if _dcg(best) > 0 else 0.0


def wrong_ideal_of_retrieved(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """The best order of the retrieved ones only: a list that misses the best scores 1."""
    got = [max(relevant.get(name, 0), 0) for name in ranked[:k]]
    best = sorted(got, reverse=True)
    return _dcg(got) / _dcg(best) if _dcg(best) > 0 else 0.0


def wrong_ideal_of_whole_list(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """The best k of the whole list, also behind k, but not of those that are not retrieved."""
    got = [max(relevant.get(name, 0), 0) for name in ranked]
    best = sorted(got, reverse=True)[:k]
    return _dcg(got[:k]) / _dcg(best) if _dcg(best) > 0 else 0.0


def wrong_ideal_uncut(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """The best list is not cut at k: below 1 for a perfect list with more relevant ones than k."""
    got = [max(relevant.get(name, 0), 0) for name in ranked[:k]]
    best = sorted((max(grade, 0) for grade in relevant.values()), reverse=True)
    return _dcg(got) / _dcg(best) if _dcg(best) > 0 else 0.0


def wrong_ideal_unsorted(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """The grades in the order of the dict: above 1 in the example."""
    got = [max(relevant.get(name, 0), 0) for name in ranked[:k]]
    best = [max(grade, 0) for grade in relevant.values()][:k]
    return _dcg(got) / _dcg(best) if _dcg(best) > 0 else 0.0


def wrong_ideal_lowest_first(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """sorted() without reverse: the lowest grades first."""
    got = [max(relevant.get(name, 0), 0) for name in ranked[:k]]
    best = sorted(max(grade, 0) for grade in relevant.values())[:k]
    return _dcg(got) / _dcg(best) if _dcg(best) > 0 else 0.0


def wrong_ideal_as_long(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """The best list is as long as the ranked one: a short list is not punished."""
    got = [max(relevant.get(name, 0), 0) for name in ranked[:k]]
    best = sorted((max(grade, 0) for grade in relevant.values()), reverse=True)[: len(got)]
    return _dcg(got) / _dcg(best) if _dcg(best) > 0 else 0.0


def wrong_discount_rank(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """Divides by the rank, without a logarithm."""
    got = [max(relevant.get(name, 0), 0) / (i + 1) for i, name in enumerate(ranked[:k])]
    best = sorted((max(grade, 0) for grade in relevant.values()), reverse=True)[:k]
    most = sum(grade / (i + 1) for i, grade in enumerate(best))
    return sum(got) / most if most > 0 else 0.0


def wrong_discount_from_rank_two(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """log2(rank), and 1 at rank 1: rank 2 costs nothing."""

    def dcg(grades: list[int]) -> float:
        return sum(g / max(math.log2(rank), 1) for rank, g in enumerate(grades, start=1))

    best = dcg(sorted((max(grade, 0) for grade in relevant.values()), reverse=True)[:k])
    return dcg([max(relevant.get(name, 0), 0) for name in ranked[:k]]) / best if best else 0.0


def wrong_log_of_rank(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """enumerate from 0 with log2(i + 1): ZeroDivisionError at the first rank."""

    def dcg(grades: list[int]) -> float:
        return sum(g / math.log2(i + 1) for i, g in enumerate(grades))

    best = dcg(sorted((max(grade, 0) for grade in relevant.values()), reverse=True)[:k])
    return dcg([max(relevant.get(name, 0), 0) for name in ranked[:k]]) / best if best else 0.0


def wrong_ranks_shifted(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """enumerate from 1 with log2(rank + 2): the discounts of one rank further down."""

    def dcg(grades: list[int]) -> float:
        return sum(g / math.log2(rank + 2) for rank, g in enumerate(grades, start=1))

    best = dcg(sorted((max(grade, 0) for grade in relevant.values()), reverse=True)[:k])
    return dcg([max(relevant.get(name, 0), 0) for name in ranked[:k]]) / best if best else 0.0


def wrong_brackets(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """log2(rank) + 1 for log2(rank + 1): the same at rank 1 only."""

    def dcg(grades: list[int]) -> float:
        return sum(g / (math.log2(rank) + 1) for rank, g in enumerate(grades, start=1))

    best = dcg(sorted((max(grade, 0) for grade in relevant.values()), reverse=True)[:k])
    return dcg([max(relevant.get(name, 0), 0) for name in ranked[:k]]) / best if best else 0.0


def wrong_negative_gain(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """A retrieved passage of grade -1 costs points."""
    got = [relevant.get(name, 0) for name in ranked[:k]]
    best = sorted((max(grade, 0) for grade in relevant.values()), reverse=True)[:k]
    return _dcg(got) / _dcg(best) if _dcg(best) > 0 else 0.0


def wrong_negative_in_ideal(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """Grades below 0 make the best list worse, so that a perfect one scores above 1."""
    got = [max(relevant.get(name, 0), 0) for name in ranked[:k]]
    best = sorted(relevant.values(), reverse=True)[:k]
    return _dcg(got) / _dcg(best) if _dcg(best) > 0 else 0.0


def wrong_key_error(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """KeyError for a passage that nobody judged."""
    got = [max(relevant[name], 0) for name in ranked[:k]]
    best = sorted((max(grade, 0) for grade in relevant.values()), reverse=True)[:k]
    return _dcg(got) / _dcg(best) if _dcg(best) > 0 else 0.0


def wrong_unjudged_dropped(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """Passages that nobody judged are left out, so that those behind them move up."""
    got = [max(relevant[name], 0) for name in ranked if name in relevant][:k]
    best = sorted((max(grade, 0) for grade in relevant.values()), reverse=True)[:k]
    return _dcg(got) / _dcg(best) if _dcg(best) > 0 else 0.0


def wrong_no_cut(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """Gains behind k count too."""
    got = [max(relevant.get(name, 0), 0) for name in ranked]
    best = sorted((max(grade, 0) for grade in relevant.values()), reverse=True)[:k]
    return _dcg(got) / _dcg(best) if _dcg(best) > 0 else 0.0


def wrong_no_guard(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """ZeroDivisionError without a relevant passage."""
    got = [max(relevant.get(name, 0), 0) for name in ranked[:k]]
    best = sorted((max(grade, 0) for grade in relevant.values()), reverse=True)[:k]
    return _dcg(got) / _dcg(best)


def wrong_not_divided(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """DCG: not divided by the best."""
    return _dcg([max(relevant.get(name, 0), 0) for name in ranked[:k]]) + 0.0


def wrong_short_list(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """IndexError for a list shorter than k."""
    got = [max(relevant.get(ranked[i], 0), 0) for i in range(k)]
    best = sorted((max(grade, 0) for grade in relevant.values()), reverse=True)[:k]
    return _dcg(got) / _dcg(best) if _dcg(best) > 0 else 0.0


def wrong_sorts_the_list(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """Two mistakes: sorts the caller's list by grade, and so scores the best order."""
    ranked.sort(key=lambda name: -relevant.get(name, 0))
    got = [max(relevant.get(name, 0), 0) for name in ranked[:k]]
    best = sorted((max(grade, 0) for grade in relevant.values()), reverse=True)[:k]
    return _dcg(got) / _dcg(best) if _dcg(best) > 0 else 0.0


RIGHT = [
    right_one_loop,
    right_helper,
    right_numpy,
    right_natural_log,
    right_torch,
    right_ideal_ranking,
]
WRONG = [
    wrong_exponential_gain,
    wrong_binary,
    wrong_ideal_of_retrieved,
    wrong_ideal_of_whole_list,
    wrong_ideal_uncut,
    wrong_ideal_unsorted,
    wrong_ideal_lowest_first,
    wrong_ideal_as_long,
    wrong_discount_rank,
    wrong_discount_from_rank_two,
    wrong_log_of_rank,
    wrong_ranks_shifted,
    wrong_brackets,
    wrong_negative_gain,
    wrong_negative_in_ideal,
    wrong_key_error,
    wrong_unjudged_dropped,
    wrong_no_cut,
    wrong_no_guard,
    wrong_not_divided,
    wrong_short_list,
    wrong_sorts_the_list,
]
