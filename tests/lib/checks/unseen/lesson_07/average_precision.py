"""Answers to `average_precision`, written from its card alone."""

from __future__ import annotations

from itertools import accumulate

import numpy as np
import torch


def right_prefixes(ranked: list[str], relevant: dict[str, int]) -> float:
    """Counts each prefix anew."""
    wanted = [name for name in relevant if relevant[name] > 0]
    if len(wanted) == 0:
        return 0.0
    precisions = []
    for i in range(len(ranked)):
        if ranked[i] in wanted:
            prefix = ranked[: i + 1]
            precisions.append(len([name for name in prefix if name in wanted]) / len(prefix))
    return sum(precisions) / len(wanted)


def right_ranks(ranked: list[str], relevant: dict[str, int]) -> float:
    """The ranks of relevant passages in order: the n-th has precision n / rank."""
    ranks = [rank for rank, name in enumerate(ranked, 1) if relevant.get(name, 0) >= 1]
    total = sum(grade >= 1 for grade in relevant.values())
    return sum(n / rank for n, rank in enumerate(ranks, 1)) / max(total, 1)


def right_numpy(ranked: list[str], relevant: dict[str, int]) -> float:
    """cumsum, then a product with the mask."""
    total = int(sum(grade >= 1 for grade in relevant.values()))
    if total == 0:
        return 0.0
    hits = np.array([relevant.get(name, 0) >= 1 for name in ranked], dtype=float)
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return float((precision * hits).sum() / total)


def right_torch(ranked: list[str], relevant: dict[str, int]) -> float:
    """A bool mask of a torch tensor picks the ranks."""
    total = len([grade for grade in relevant.values() if grade >= 1])
    if not total:
        return 0.0
    hits = torch.tensor([relevant.get(name, 0) >= 1 for name in ranked], dtype=torch.bool)
    precision = hits.cumsum(0).double() / torch.arange(1, len(ranked) + 1)
    return precision[hits].sum().item() / total


def right_accumulate(ranked: list[str], relevant: dict[str, int]) -> float:
    """itertools.accumulate for the running count."""
    hits = [int(relevant.get(name, -1) > 0) for name in ranked]
    total = sum(1 for grade in relevant.values() if grade > 0)
    above = sum(hit * seen / (i + 1) for i, (hit, seen) in enumerate(zip(hits, accumulate(hits))))
    return above / total if total else 0.0


def right_over_relevant(ranked: list[str], relevant: dict[str, int]) -> float:
    """Asks each relevant passage: its rank, and how many of the others stand above; a mean."""
    place = {name: i + 1 for i, name in enumerate(ranked)}
    right = {name for name, grade in relevant.items() if grade >= 1}
    found = []
    for name in right:
        if name not in place:
            found.append(0.0)
            continue
        above = sum(1 for other in right if place.get(other, float("inf")) <= place[name])
        found.append(above / place[name])
    return sum(found) / len(found) if found else 0.0


def wrong_over_found(ranked: list[str], relevant: dict[str, int]) -> float:
    """Averages over the relevant ones found: 5/6 in the example."""
    found, total = 0, 0.0
    for rank, name in enumerate(ranked, start=1):
        if relevant.get(name, 0) >= 1:
            found += 1
            total += found / rank
    return total / found if found else 0.0


def wrong_over_list(ranked: list[str], relevant: dict[str, int]) -> float:
    """Averages over the list: ["b"] with two relevant passages gives 1 and not 0.5."""
    found, total = 0, 0.0
    for rank, name in enumerate(ranked, start=1):
        if relevant.get(name, 0) >= 1:
            found += 1
            total += found / rank
    return total / len(ranked) if ranked else 0.0


def wrong_over_judged(ranked: list[str], relevant: dict[str, int]) -> float:
    """Averages over all judged passages, grade 0 too."""
    found, total = 0, 0.0
    for rank, name in enumerate(ranked, start=1):
        if relevant.get(name, 0) >= 1:
            found += 1
            total += found / rank
    return total / len(relevant) if relevant else 0.0


def wrong_over_smaller(ranked: list[str], relevant: dict[str, int]) -> float:
    """Divides by min(relevant, length of the list): a short list is not punished."""
    right = {name for name, grade in relevant.items() if grade >= 1}
    found, total = 0, 0.0
    for rank, name in enumerate(ranked, start=1):
        if name in right:
            found += 1
            total += found / rank
    return total / min(len(right), len(ranked)) if right and ranked else 0.0


def wrong_every_rank(ranked: list[str], relevant: dict[str, int]) -> float:
    """Adds the precision at every rank, relevant or not."""
    right = sum(grade >= 1 for grade in relevant.values())
    found, total = 0, 0.0
    for rank, name in enumerate(ranked, start=1):
        found += relevant.get(name, 0) >= 1
        total += found / rank
    return total / right if right else 0.0


def wrong_from_zero(ranked: list[str], relevant: dict[str, int]) -> float:
    """Ranks from 0: ZeroDivisionError for a relevant first passage, else too large."""
    right = sum(grade >= 1 for grade in relevant.values())
    found, total = 0, 0.0
    for rank, name in enumerate(ranked):
        if relevant.get(name, 0) >= 1:
            found += 1
            total += found / rank
    return total / right if right else 0.0


def wrong_counts_late(ranked: list[str], relevant: dict[str, int]) -> float:
    """Adds before it counts: the passage itself is missing from its precision."""
    right = sum(grade >= 1 for grade in relevant.values())
    found, total = 0, 0.0
    for rank, name in enumerate(ranked, start=1):
        if relevant.get(name, 0) >= 1:
            total += found / rank
            found += 1
    return total / right if right else 0.0


def wrong_reciprocal_ranks(ranked: list[str], relevant: dict[str, int]) -> float:
    """1 / rank for found / rank: the second relevant passage counts too little."""
    right = sum(grade >= 1 for grade in relevant.values())
    total = sum(1 / i for i, name in enumerate(ranked, 1) if relevant.get(name, 0) >= 1)
    return total / right if right else 0.0


def wrong_any_judged(ranked: list[str], relevant: dict[str, int]) -> float:
    """`in relevant`: grade 0 counts as relevant."""
    found, total = 0, 0.0
    for rank, name in enumerate(ranked, start=1):
        if name in relevant:
            found += 1
            total += found / rank
    return total / len(relevant) if relevant else 0.0


def wrong_truthy(ranked: list[str], relevant: dict[str, int]) -> float:
    """A grade of -1 counts as relevant."""
    right = {name for name, grade in relevant.items() if grade}
    found, total = 0, 0.0
    for rank, name in enumerate(ranked, start=1):
        if name in right:
            found += 1
            total += found / rank
    return total / len(right) if right else 0.0


def wrong_grades(ranked: list[str], relevant: dict[str, int]) -> float:
    """Sums grades above the line: "d" of grade 2 counts twice."""
    right = sum(grade >= 1 for grade in relevant.values())
    found, total = 0, 0.0
    for rank, name in enumerate(ranked, start=1):
        grade = relevant.get(name, 0)
        if grade >= 1:
            found += grade
            total += found / rank
    return total / right if right else 0.0


def wrong_above_one(ranked: list[str], relevant: dict[str, int]) -> float:
    """> 1: a grade of 1 is not relevant."""
    right = {name for name, grade in relevant.items() if grade > 1}
    found, total = 0, 0.0
    for rank, name in enumerate(ranked, start=1):
        if name in right:
            found += 1
            total += found / rank
    return total / len(right) if right else 0.0


def wrong_no_guard(ranked: list[str], relevant: dict[str, int]) -> float:
    """ZeroDivisionError without a relevant passage."""
    right = {name for name, grade in relevant.items() if grade >= 1}
    found, total = 0, 0.0
    for rank, name in enumerate(ranked, start=1):
        if name in right:
            found += 1
            total += found / rank
    return total / len(right)


def wrong_nan(ranked: list[str], relevant: dict[str, int]) -> float:
    """A mean of nothing: NaN without a relevant passage."""
    right = {name for name, grade in relevant.items() if grade >= 1}
    ranks = [rank for rank, name in enumerate(ranked, 1) if name in right]
    found = [n / rank for n, rank in enumerate(ranks, 1)]
    with np.errstate(all="ignore"):
        return float(np.sum(found) / np.float64(len(right)))


def wrong_return_in_loop(ranked: list[str], relevant: dict[str, int]) -> float:
    """The return is indented once too far: only the first rank counts."""
    right = sum(grade >= 1 for grade in relevant.values())
    found, total = 0, 0.0
    for rank, name in enumerate(ranked, start=1):
        if relevant.get(name, 0) >= 1:
            found += 1
            total += found / rank
        return total / right if right else 0.0
    return 0.0


def wrong_judged_only(ranked: list[str], relevant: dict[str, int]) -> float:
    """Drops unjudged passages first: ["x", "a"], {"a": 1} gives 1 and not 0.5."""
    judged = [name for name in ranked if name in relevant]
    right = sum(grade >= 1 for grade in relevant.values())
    ranks = [rank for rank, name in enumerate(judged, 1) if relevant[name] >= 1]
    return sum(n / rank for n, rank in enumerate(ranks, 1)) / right if right else 0.0


def wrong_key_error(ranked: list[str], relevant: dict[str, int]) -> float:
    """KeyError for a passage that nobody judged, such as "a" of the example."""
    right = sum(grade >= 1 for grade in relevant.values())
    ranks = [rank for rank, name in enumerate(ranked, 1) if relevant[name] >= 1]
    return sum(n / rank for n, rank in enumerate(ranks, 1)) / right if right else 0.0


def wrong_final_precision(ranked: list[str], relevant: dict[str, int]) -> float:
    """The precision of the whole list."""
    return sum(relevant.get(name, 0) >= 1 for name in ranked) / len(ranked) if ranked else 0.0


def wrong_recall_steps(ranked: list[str], relevant: dict[str, int]) -> float:
    """The recall at each relevant rank for the precision."""
    right = sum(grade >= 1 for grade in relevant.values())
    if not right:
        return 0.0
    found, total = 0, 0.0
    for name in ranked:
        if relevant.get(name, 0) >= 1:
            found += 1
            total += found / right
    return total / right


RIGHT = [
    right_prefixes,
    right_ranks,
    right_numpy,
    right_torch,
    right_accumulate,
    right_over_relevant,
]
WRONG = [
    wrong_over_found,
    wrong_over_list,
    wrong_over_judged,
    wrong_over_smaller,
    wrong_every_rank,
    wrong_from_zero,
    wrong_counts_late,
    wrong_reciprocal_ranks,
    wrong_any_judged,
    wrong_truthy,
    wrong_grades,
    wrong_above_one,
    wrong_no_guard,
    wrong_nan,
    wrong_return_in_loop,
    wrong_judged_only,
    wrong_key_error,
    wrong_final_precision,
    wrong_recall_steps,
]
