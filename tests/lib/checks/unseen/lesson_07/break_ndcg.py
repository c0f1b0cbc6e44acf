"""Answers to `break_ndcg`, written from its card alone."""

from __future__ import annotations

import itertools
import math
import random

import numpy as np


def _ndcg(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """By the card; the test sets below that draw their cases take expected values from it."""
    got = sum(
        max(relevant.get(name, 0), 0) / math.log2(rank + 1)
        for rank, name in enumerate(ranked[:k], start=1)
    )
    best = sorted(relevant.values(), reverse=True)[:k]
    most = sum(max(grade, 0) / math.log2(rank + 1) for rank, grade in enumerate(best, start=1))
    return got / most if most > 0 else 0.0


def right_by_hand() -> list:
    """A case for each mistake that comes to mind, worked out to four decimals."""
    return [
        (["a", "b"], {"a": 1, "b": 3}, 2, 0.7967),
        (["x", "a"], {"a": 1}, 2, 0.6309),
        (["x", "y", "a"], {"a": 1}, 3, 0.5),
        (["x", "y", "z", "a"], {"a": 2}, 4, 0.4307),
        (["a", "b", "c"], {"a": 1, "b": 1, "c": 1}, 2, 1.0),
        (["x", "y", "a"], {"a": 1}, 2, 0.0),
        (["x", "a"], {"a": 1}, 1, 0.0),
        (["a"], {"a": 1, "b": 1}, 2, 0.6131),
        (["a"], {"a": 1}, 5, 1.0),
        (["a", "b"], {"c": 2, "a": 2, "d": 2}, 2, 0.6131),
        (["a", "x"], {"c": 3, "a": 1}, 2, 0.2754),
        (["a", "b"], {"a": 0, "b": 0}, 2, 0.0),
        (["a", "b"], {}, 2, 0.0),
        (["a", "b"], {"a": -1, "b": 1}, 2, 0.6309),
        (["b", "a"], {"a": -1, "b": 1}, 2, 1.0),
        (["b"], {"a": -2, "b": 1}, 2, 1.0),
        (["a"], {"a": -1}, 1, 0.0),
        (["b", "c"], {"a": 1, "b": 2, "c": 5}, 2, 0.8232),
        (["c", "b"], {"a": 1, "b": 2, "c": 5}, 2, 1.0),
        (["c", "x", "a"], {"a": 3, "b": 0, "c": 5, "d": 1}, 3, 0.8792),
    ]


def right_random_with_oracle() -> list:
    """Random lists and grades, some below 0, some unjudged; expected values by a function."""
    rng = random.Random(7)
    cases = []
    for _ in range(300):
        names = list("abcdefgh")
        rng.shuffle(names)
        judged = rng.sample(names, rng.randint(0, 8))
        relevant = {name: rng.randint(-2, 4) for name in judged}
        ranked = rng.sample(names, rng.randint(1, 8))
        k = rng.randint(1, 9)
        cases.append((ranked, relevant, k, _ndcg(ranked, relevant, k)))
    return cases


def right_all_small_ones() -> list:
    """All orders of up to three of four passages, two sets of grades, k from 1 to 4."""
    cases = []
    for relevant in ({"b": 1, "a": 3, "d": -1}, {"d": 0, "c": 2, "b": 2, "a": 1}, {"a": 0}):
        for length in (1, 2, 3):
            for ranked in itertools.permutations("abcd", length):
                for k in (1, 2, 3, 4):
                    cases.append([list(ranked), relevant, k, _ndcg(list(ranked), relevant, k)])
    return cases


def right_few_dense_cases() -> list:
    """Few cases, each of which is about several mistakes; rounded to five decimals."""
    grades = {"low": 1, "bad": -2, "none": 0, "best": 4, "good": 2, "fine": 1}
    lists = [
        (["low", "new", "best", "bad", "good"], 3),
        (["new", "bad", "good"], 5),
        (["best", "good", "low", "fine"], 2),
        (["bad", "none", "new", "best"], 2),
        (["good", "low", "best", "fine", "none", "bad", "new"], 7),
        (["fine"], 1),
    ]
    cases = [(ranked, grades, k, round(_ndcg(ranked, grades, k), 5)) for ranked, k in lists]
    cases.append((["low", "new"], {"low": 0, "other": -1}, 2, 0))
    cases.append((["b", "a"], {"a": -3, "b": 2}, 4, 1))
    cases.append((["b", "a"], {"b": -3, "a": 2}, 4, round(1 / math.log2(3), 5)))
    return cases


def right_numpy_expected() -> list:
    """Inputs by hand, expected values from numpy, made plain numbers; an empty list too."""

    def expected(ranked: list[str], relevant: dict[str, int], k: int) -> float:
        gains = np.array([relevant.get(name, 0) for name in ranked[:k]], dtype=float).clip(0)
        ideal = np.sort(np.array(list(relevant.values()), dtype=float).clip(0))[::-1][:k]
        if ideal.sum() == 0:
            return 0.0
        weight = 1 / np.log2(np.arange(2, 20))
        return float((gains * weight[: len(gains)]).sum() / (ideal * weight[: len(ideal)]).sum())

    judged = {"q": 1, "r": 3, "s": 0, "t": 2, "u": -1}
    inputs = [
        (["q", "t", "r"], judged, 3),
        (["q", "t", "r"], judged, 2),
        (["q", "t", "r"], judged, 1),
        (["q", "t", "r"], judged, 10),
        (["u", "r", "x", "t"], judged, 4),
        (["u", "x", "s", "r"], judged, 3),
        (["r", "u"], {"r": 2, "u": -1}, 2),
        (["x", "y"], judged, 2),
        (["r", "t", "q", "s", "u"], judged, 5),
        (["r", "t"], judged, 2),
        (["t"], judged, 3),
        ([], judged, 3),
        (["r"], {"x": 0, "r": -1}, 1),
        (["r"], {}, 1),
    ]
    return [(*case, expected(*case)) for case in inputs]


def wrong_only_the_example() -> list:
    """The one case of the stub."""
    return [(["a", "b"], {"a": 1, "b": 2}, 2, 0.8597)]


def wrong_grades_of_one() -> list:
    """Grades of 0 and 1 only: 2 ** grade - 1 for the gain passes."""
    return [
        (["x", "a"], {"a": 1}, 2, 0.6309),
        (["x", "y", "a"], {"a": 1}, 3, 0.5),
        (["a", "b", "c"], {"a": 1, "b": 1, "c": 1}, 2, 1.0),
        (["x", "y", "a"], {"a": 1}, 2, 0.0),
        (["a"], {"a": 1, "b": 1}, 2, 0.6131),
        (["b"], {"a": 0, "b": 1, "c": 1}, 1, 1.0),
        (["a", "b"], {"a": 0, "b": 0}, 2, 0.0),
        (["a", "b"], {"a": -1, "b": 1}, 2, 0.6309),
        (["b"], {"a": -2, "b": 1}, 2, 1.0),
    ]


def wrong_perfect_lists() -> list:
    """All lists are the best possible or worthless: any gain and any discount passes."""
    return [
        (["a", "b", "c"], {"a": 3, "b": 2, "c": 1}, 3, 1.0),
        (["c", "b"], {"a": 1, "b": 2, "c": 5}, 2, 1.0),
        (["a"], {"a": 1}, 5, 1.0),
        (["x", "y", "a"], {"a": 1}, 2, 0.0),
        (["a", "b"], {"a": 0, "b": 0}, 2, 0.0),
        (["b"], {"a": -2, "b": 1}, 2, 1.0),
    ]


def wrong_all_retrieved() -> list:
    """Each list holds all judged passages: an ideal list of the retrieved ones passes."""
    return [
        (["a", "b"], {"a": 1, "b": 3}, 2, 0.7967),
        (["x", "a"], {"a": 1}, 2, 0.6309),
        (["x", "y", "a"], {"a": 1}, 3, 0.5),
        (["a", "b"], {"a": 0, "b": 0}, 2, 0.0),
        (["a", "b"], {"a": -1, "b": 1}, 2, 0.6309),
        (["b", "a"], {"a": -1, "b": 1}, 2, 1.0),
        (["a"], {"a": 1}, 5, 1.0),
    ]


def wrong_k_covers_all() -> list:
    """k is never below the number of passages: one that ignores k passes."""
    return [
        (["a", "b"], {"a": 1, "b": 3}, 2, 0.7967),
        (["x", "a"], {"a": 1}, 2, 0.6309),
        (["x", "y", "a"], {"a": 1}, 3, 0.5),
        (["a"], {"a": 1, "b": 1}, 2, 0.6131),
        (["a", "x"], {"c": 3, "a": 1}, 2, 0.2754),
        (["a", "b"], {"a": 0, "b": 0}, 2, 0.0),
        (["a", "b"], {"a": -1, "b": 1}, 2, 0.6309),
        (["b"], {"a": -2, "b": 1}, 2, 1.0),
    ]


def wrong_no_negative() -> list:
    """No grade below 0: a retrieved one that costs points passes."""
    return [
        (["a", "b"], {"a": 1, "b": 3}, 2, 0.7967),
        (["x", "a"], {"a": 1}, 2, 0.6309),
        (["x", "y", "a"], {"a": 1}, 3, 0.5),
        (["a", "b", "c"], {"a": 1, "b": 1, "c": 1}, 2, 1.0),
        (["x", "y", "a"], {"a": 1}, 2, 0.0),
        (["a"], {"a": 1, "b": 1}, 2, 0.6131),
        (["a", "x"], {"c": 3, "a": 1}, 2, 0.2754),
        (["a", "b"], {"a": 0, "b": 0}, 2, 0.0),
        (["b", "c"], {"a": 1, "b": 2, "c": 5}, 2, 0.8232),
    ]


def wrong_negative_not_retrieved() -> list:
    """The one grade below 0 is not in the ranked list, so that it never costs anything there."""
    return [
        (["a", "b"], {"a": 1, "b": 3}, 2, 0.7967),
        (["x", "a"], {"a": 1}, 2, 0.6309),
        (["x", "y", "a"], {"a": 1}, 3, 0.5),
        (["x", "y", "a"], {"a": 1}, 2, 0.0),
        (["a"], {"a": 1, "b": 1}, 2, 0.6131),
        (["b", "c"], {"a": 1, "b": 2, "c": 5, "d": -1}, 2, 0.8232),
        (["a", "b"], {"a": 0, "b": 0}, 2, 0.0),
    ]


def wrong_all_judged() -> list:
    """Every retrieved passage is judged: relevant[passage], a KeyError elsewhere, passes."""
    return [
        (["a", "b"], {"a": 1, "b": 3}, 2, 0.7967),
        (["z", "a"], {"a": 1, "z": 0}, 2, 0.6309),
        (["y", "z", "a"], {"a": 1, "y": 0, "z": 0}, 3, 0.5),
        (["y", "z", "a"], {"a": 1, "y": 0, "z": 0}, 2, 0.0),
        (["a"], {"a": 1, "b": 1}, 2, 0.6131),
        (["b", "c"], {"a": 1, "b": 2, "c": 5}, 2, 0.8232),
        (["a", "b"], {"a": 0, "b": 0}, 2, 0.0),
        (["a", "b"], {"a": -1, "b": 1}, 2, 0.6309),
        (["b"], {"a": -2, "b": 1}, 2, 1.0),
    ]


def wrong_always_relevant() -> list:
    """Every query has a relevant passage: a division by zero elsewhere passes."""
    return [
        (["a", "b"], {"a": 1, "b": 3}, 2, 0.7967),
        (["x", "a"], {"a": 1}, 2, 0.6309),
        (["x", "y", "a"], {"a": 1}, 3, 0.5),
        (["a", "b", "c"], {"a": 1, "b": 1, "c": 1}, 2, 1.0),
        (["x", "y", "a"], {"a": 1}, 2, 0.0),
        (["a"], {"a": 1, "b": 1}, 2, 0.6131),
        (["b", "c"], {"a": 1, "b": 2, "c": 5}, 2, 0.8232),
        (["a", "b"], {"a": -1, "b": 1}, 2, 0.6309),
        (["b"], {"a": -2, "b": 1}, 2, 1.0),
    ]


def wrong_long_lists() -> list:
    """No list is shorter than k: ranked[k - 1], an IndexError elsewhere, passes."""
    return [
        (["a", "b"], {"a": 1, "b": 3}, 2, 0.7967),
        (["x", "a"], {"a": 1}, 2, 0.6309),
        (["x", "y", "a"], {"a": 1}, 3, 0.5),
        (["x", "y", "a"], {"a": 1}, 2, 0.0),
        (["a", "x", "y"], {"c": 3, "a": 1}, 2, 0.2754),
        (["b", "c"], {"a": 1, "b": 2, "c": 5}, 2, 0.8232),
        (["a", "b"], {"a": 0, "b": 0}, 2, 0.0),
        (["a", "b"], {"a": -1, "b": 1}, 2, 0.6309),
    ]


def wrong_only_first_rank() -> list:
    """k is 1 throughout: nothing is discounted, and any discount passes."""
    return [
        (["a", "b"], {"a": 1, "b": 3}, 1, 1 / 3),
        (["x", "a"], {"a": 1}, 1, 0.0),
        (["c"], {"a": 1, "b": 2, "c": 5}, 1, 1.0),
        (["b"], {"a": 0, "b": 0}, 1, 0.0),
        (["a"], {"a": -1, "b": 1}, 1, 0.0),
    ]


def wrong_expects_exponential_gain() -> list:
    """Worked out with 2 ** grade - 1, as many pages have it: right code gives 0.7967."""
    return [
        (["a", "b"], {"a": 1, "b": 3}, 2, 0.7098),
        (["x", "a"], {"a": 1}, 2, 0.6309),
        (["a", "b"], {"a": 0, "b": 0}, 2, 0.0),
        (["a"], {"a": 1, "b": 1}, 2, 0.6131),
    ]


def wrong_expects_retrieved_ideal() -> list:
    """Worked out with the best order of the retrieved passages: right code gives 0.6131."""
    return [
        (["a", "b"], {"a": 1, "b": 3}, 2, 0.7967),
        (["a"], {"a": 1, "b": 1}, 2, 1.0),
        (["x", "a"], {"a": 1}, 2, 0.6309),
    ]


def wrong_expects_one_for_nothing() -> list:
    """Expects 1.0 without a relevant passage."""
    return [
        (["a", "b"], {"a": 1, "b": 3}, 2, 0.7967),
        (["a", "b"], {"a": 0, "b": 0}, 2, 1.0),
        (["x", "a"], {"a": 1}, 2, 0.6309),
    ]


def wrong_digits_swapped() -> list:
    """A full set with one slip of the pen: 0.8322 for 0.8232."""
    cases = right_by_hand()
    cases[17] = (["b", "c"], {"a": 1, "b": 2, "c": 5}, 2, 0.8322)
    return cases


def wrong_two_decimals() -> list:
    """Expected values of two decimals; the card wants four."""
    return [
        (["a", "b"], {"a": 1, "b": 3}, 2, 0.80),
        (["x", "a"], {"a": 1}, 2, 0.63),
        (["a"], {"a": 1, "b": 1}, 2, 0.61),
        (["a", "b"], {"a": 0, "b": 0}, 2, 0.0),
    ]


def wrong_repeated_ids() -> list:
    """A passage stands twice in a list, which the card rules out."""
    return [*right_by_hand(), (["a", "a"], {"a": 1}, 2, 1.6309)]


def wrong_half_grades() -> list:
    """A grade of 0.5; the card wants whole ones."""
    return [*right_by_hand(), (["a", "b"], {"a": 0.5, "b": 1}, 2, 0.8597)]


def wrong_k_of_zero() -> list:
    """k = 0; the card wants at least 1."""
    return [*right_by_hand(), (["a"], {"a": 1}, 0, 0.0)]


def wrong_order_of_parts() -> list:
    """(relevant, ranked, k, expected)."""
    return [(relevant, ranked, k, value) for ranked, relevant, k, value in right_by_hand()]


def wrong_no_k() -> list:
    """(ranked, relevant, expected)."""
    return [(ranked, relevant, value) for ranked, relevant, _, value in right_by_hand()]


def wrong_grades_as_list() -> list:
    """relevant as a list of grades, one for each ranked passage."""
    return [
        (["a", "b"], [1, 3], 2, 0.7967),
        (["x", "a"], [0, 1], 2, 0.6309),
        (["a", "b"], [0, 0], 2, 0.0),
    ]


def wrong_too_many() -> list:
    """More cases than the card allows."""
    return right_by_hand() * 150


def wrong_one_case() -> list:
    """A case, not a list of cases."""
    return (["a", "b"], {"a": 1, "b": 3}, 2, 0.7967)


def wrong_no_return() -> list:
    """Makes cases and does not return them."""
    cases = []
    cases.append((["a", "b"], {"a": 1, "b": 3}, 2, 0.7967))
    cases.append((["x", "a"], {"a": 1}, 2, 0.6309))


RIGHT = [
    right_by_hand,
    right_random_with_oracle,
    right_all_small_ones,
    right_few_dense_cases,
    right_numpy_expected,
]
WRONG = [
    wrong_only_the_example,
    wrong_grades_of_one,
    wrong_perfect_lists,
    wrong_all_retrieved,
    wrong_k_covers_all,
    wrong_no_negative,
    wrong_negative_not_retrieved,
    wrong_all_judged,
    wrong_always_relevant,
    wrong_long_lists,
    wrong_only_first_rank,
    wrong_expects_exponential_gain,
    wrong_expects_retrieved_ideal,
    wrong_expects_one_for_nothing,
    wrong_digits_swapped,
    wrong_two_decimals,
    wrong_repeated_ids,
    wrong_half_grades,
    wrong_k_of_zero,
    wrong_order_of_parts,
    wrong_no_k,
    wrong_grades_as_list,
    wrong_too_many,
    wrong_one_case,
    wrong_no_return,
]
