"""What several checks of lesson 07 share: one query's ranked list and the grades of its passages."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lib.checks.exercise import Case

Grades = dict[str, int]

# Why some mutants of the worked answers compute the same.
MINUS_ZERO = "-0.0 equals 0.0"
BELOW_ONE = "a grade of -1 is not relevant either"
ONE_NUMBER = "a tensor with one number is a number, too"

# Ranked list, grades, k, and what is special about it.
_TELLING: list[tuple[list[str], Grades, int, str]] = [
    (list("abcd"), {"b": 1, "d": 1}, 3, "one of two relevant passages among the first three"),
    (list("abc"), {"a": 1}, 1, "the first passage is the relevant one"),
    (list("abcd"), {"c": 1}, 2, "the relevant passage comes after the first k"),
    (list("abcd"), {"d": 1, "b": 1}, 4, "k is the length of the list"),
    (list("cab"), {"c": 1, "b": 1}, 2, "the relevant passages come first and third"),
    (list("bc"), {"b": 1, "x": 1, "y": 1}, 5, "a short list that lacks relevant passages"),
    (list("cda"), {"x": 2, "y": 1}, 3, "no relevant passage is found"),
    (list("ab"), {}, 2, "nothing was judged"),
    (list("ab"), {"a": 0, "b": 0}, 2, "every grade is 0"),
    (list("abc"), {"a": 0, "b": 1, "d": 0}, 2, "a passage of grade 0 comes first"),
    (list("abc"), {"a": -2, "b": 1, "c": 2}, 3, "a grade below 0"),
    ([], {"a": 1}, 3, "an empty list"),
    (list("abcd"), {"x": 3, "a": 1, "b": 3, "d": 2}, 4, "grades of 1, 2 and 3"),
    (list("adbec"), {"a": 1, "b": 2, "c": 1, "d": 1, "e": 3}, 2, "more relevant passages than k"),
    (list("abcdef"), {"e": 1}, 3, "the relevant passage comes far behind the first k"),
    (list("zyx"), {"x": 3}, 9, "k is larger than the list and than the number of grades"),
]


def cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    """Calls (ranked, relevant, k)."""
    for ranked, relevant, k, label in _TELLING:
        yield Case((list(ranked), dict(relevant), k), label)
    for turn in range(10 if hidden else 4):
        ranked, relevant = _drawn(rng)
        yield Case((ranked, relevant, int(rng.integers(1, len(ranked) + 4))), f"random {turn}")


def cases_without_k(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    """Calls (ranked, relevant)."""
    for case in cases(rng, hidden):
        yield Case(case.args[:2], case.label)


def _drawn(rng: np.random.Generator) -> tuple[list[str], Grades]:
    """A ranked list and grades: some passages are judged and not retrieved, some the other way."""
    names = [f"p{number}" for number in rng.permutation(100)[:20]]
    ranked = names[: int(rng.integers(4, 13))]
    judged = [names[place] for place in rng.permutation(20)[: int(rng.integers(5, 12))]]
    grades = rng.choice([-1, 0, 0, 1, 1, 2, 3], size=len(judged))
    return ranked, {name: int(grade) for name, grade in zip(judged, grades)}


def wanted(relevant: Grades, least: int = 1) -> list[str]:
    """The passages whose grade is `least` or more."""
    return [passage for passage, grade in relevant.items() if grade >= least]


def hits(ranked: list[str], relevant: Grades, least: int = 1) -> list[bool]:
    """For each rank whether a passage of grade `least` or more stands there."""
    return [relevant.get(passage, least - 1) >= least for passage in ranked]


def without_signs(relevant: Grades) -> Grades:
    """The grades by their size: what asks whether a grade is other than 0 takes those below 0, too."""
    return {passage: abs(grade) for passage, grade in relevant.items()}


def judged(ranked: list[str], relevant: Grades) -> list[str]:
    """The list without the passages that nobody judged."""
    return [passage for passage in ranked if passage in relevant]


def with_the_rest(ranked: list[str], relevant: Grades) -> list[str]:
    """The list with the judged passages that it does not hold behind it."""
    return ranked + [passage for passage in relevant if passage not in ranked]


def look_up(ranked: list[str], relevant: Grades) -> list[str]:
    """The list as it is, after each passage was looked up: KeyError where nobody judged one."""
    return [passage for passage in ranked if relevant[passage] is not None]
