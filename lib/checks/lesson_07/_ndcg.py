"""What the checks of lesson 07 share about nDCG: one implementation whose every part can be exchanged."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

Grades = dict[str, int]


def discount(rank: int) -> float:
    return math.log2(rank + 1)


def best_of_all(ranked: list[str], relevant: Grades, k: int) -> list[int]:
    """The grades of the best possible list: from all judged passages, cut at k."""
    return sorted(relevant.values(), reverse=True)[:k]


def from_the_first_k(ranked: list[str], relevant: Grades, k: int) -> list[int]:
    return sorted((relevant.get(passage, 0) for passage in ranked[:k]), reverse=True)


def from_the_list(ranked: list[str], relevant: Grades, k: int) -> list[int]:
    return sorted((relevant.get(passage, 0) for passage in ranked), reverse=True)[:k]


def not_cut(ranked: list[str], relevant: Grades, k: int) -> list[int]:
    return sorted(relevant.values(), reverse=True)


def as_the_grades_come(ranked: list[str], relevant: Grades, k: int) -> list[int]:
    return list(relevant.values())[:k]


def as_long_as_the_list(ranked: list[str], relevant: Grades, k: int) -> list[int]:
    return sorted(relevant.values(), reverse=True)[: len(ranked[:k])]


def k_of_the_highest(ranked: list[str], relevant: Grades, k: int) -> list[int]:
    return [max(relevant.values(), default=0)] * k


def lowest_first(ranked: list[str], relevant: Grades, k: int) -> list[int]:
    return sorted(grade for grade in relevant.values() if grade > 0)[:k]


def ndcg(
    gain: Callable[[float], float] = float,
    discount: Callable[[int], float] = discount,
    ideal: Callable[[list[str], Grades, int], list[int]] = best_of_all,
    *,
    cut: bool = True,
    nothing: Any = 0.0,
    unjudged: float = 0,
    least: float = 0,
    least_of_ideal: float | None = None,
    divided: bool = True,
) -> Callable[[list[str], Grades, int], float]:
    """An nDCG, right as it stands; an argument makes one part of it another.

    gain: of a grade; discount: of a rank; ideal: the grades of the best list; cut: the ranked list at k;
    nothing: the value without a relevant passage; unjudged: the grade of such a passage; least: a grade
    below this counts as this; least_of_ideal: the same in the ideal list, where that differs; divided: by
    the ideal.
    """

    def dcg(grades: Iterable[float], least: float = least) -> float:
        raised = (gain(max(grade, least)) for grade in grades)
        return sum(one / discount(rank) for rank, one in enumerate(raised, start=1))

    def score(ranked: list[str], relevant: Grades, k: int) -> float:
        first = ranked[:k] if cut else ranked
        gained = dcg(relevant.get(passage, unjudged) for passage in first)
        most = dcg(ideal(ranked, relevant, k), least if least_of_ideal is None else least_of_ideal)
        if not divided:
            return gained
        return gained / most if most > 0 else nothing

    return score


def exponential(grade: float) -> float:
    return 2.0**grade - 1


def binary(grade: float) -> float:
    return float(grade >= 1)


def first_two_alike(rank: int) -> float:
    """The discount of the first paper: none at ranks 1 and 2, log2(rank) from there."""
    return max(1.0, math.log2(rank))
