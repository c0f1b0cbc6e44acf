"""Other right answers to `break_ndcg`."""

from __future__ import annotations

import math

_SECOND, _THIRD = 1 / math.log2(3), 1 / 2


def _two_large_cases() -> list:
    """An alternative: nearly everything in two calls."""
    grades = {"a": -1, "b": 1, "c": 3, "d": 0, "e": 2, "f": 2}
    ranked = ["x", "b", "a", "e", "c"]
    best = 3 + 2 * _SECOND + 2 * _THIRD
    return [
        (ranked, grades, 3, _SECOND / best),
        (["b"], {"b": 1, "y": 2}, 9, 1 / (2 + _SECOND)),
        (["d"], {"d": 0, "e": -3}, 4, 0),
        (["a", "b"], {"a": -2, "b": 2}, 2, _SECOND),
    ]


def _one_for_each() -> list:
    """An alternative: small cases, rounded by hand, with numbers as ids."""
    return [
        ([1, 2, 3], {1: 1, 2: 2}, 2, 0.8597),
        ([1, 9], {1: 1, 2: 1}, 2, 0.6131),
        ([9, 1, 2], {1: 1, 2: 1, 3: 1}, 2, 0.3869),
        ([2], {1: 1, 2: 1}, 3, 0.6131),
        ([1], {}, 1, 0.0),
        ([1, 2], {1: -1, 2: 1}, 2, 0.6309),
    ]


def _drawn() -> list:
    """An alternative: many cases, each worked out by a loop."""
    import random

    draw = random.Random(7)
    cases = []
    for _ in range(60):
        names = [f"p{number}" for number in range(8)]
        grades = {name: draw.randint(-1, 3) for name in draw.sample(names, draw.randint(0, 8))}
        ranked, k = draw.sample(names, draw.randint(1, 8)), draw.randint(1, 8)
        gained = most = 0.0
        for place, name in enumerate(ranked[:k]):
            gained += max(grades.get(name, 0), 0) / math.log2(place + 2)
        for place, grade in enumerate(sorted(grades.values(), reverse=True)[:k]):
            most += max(grade, 0) / math.log2(place + 2)
        cases.append((ranked, grades, k, gained / most if most else 0.0))
    return cases


ALTERNATIVES = [_two_large_cases, _one_for_each, _drawn]

# Tests of which the one that is named is the first suspect that they let through. Where a gain or a
# discount is wrong and a test does not see it, its numbers are such that the error cancels.
BLIND = {
    "not-normalised": lambda: [
        (["a", "b", "c"], {"a": -1, "b": 1}, 3, 0.63093),
        (["a", "b"], {"a": 1, "b": 1, "c": 1}, 1, 1.0),
        (["a"], {"a": 0}, 1, 0.0),
    ],
    "binary-grades": lambda: [
        (["a"], {"a": 1, "b": 1, "c": 1}, 2, 0.613147),
        (["a", "b", "c"], {"a": -1, "b": 1}, 3, 0.63093),
        (["a"], {"a": 0}, 1, 0.0),
        (["a", "b"], {"b": 1}, 1, 0.0),
    ],
    "exponential-gain": lambda: [
        (["a", "b", "c", "d", "e", "f"], {"d": 1, "e": 3, "f": 2}, 5, 0.334163),
        (["a"], {"a": 1, "b": 1, "c": 1}, 2, 0.613147),
        (["a"], {"a": 0}, 1, 0.0),
        (["a"], {"a": -1, "b": 1}, 1, 0.0),
    ],
    "first-two-alike": lambda: [
        (["a", "b"], {"a": 1, "b": 1, "c": 4, "d": 4, "e": 4}, 5, 0.174594),
        (["x", "a", "b"], {"a": -1, "b": 1}, 2, 0.0),
        (["a"], {"a": 0}, 1, 0.0),
        (["a"], {"a": 1, "b": 1}, 1, 1.0),
    ],
    "one-rank-late": lambda: [
        (["a", "b", "c"], {"a": 4, "b": 1, "c": 4, "d": 2}, 3, 0.881337),
        (["x", "a", "b"], {"a": -1, "b": 1}, 2, 0.0),
        (["a"], {"a": 0}, 1, 0.0),
        (["a", "b", "c"], {"a": 2, "b": 4, "c": 3, "d": 2, "e": 4}, 5, 0.623652),
    ],
    "no-discount": lambda: [
        (["a", "b"], {"a": 1, "b": 4, "c": 2, "d": 2, "e": 3}, 4, 0.454431),
        (["x", "a", "b"], {"a": -1, "b": 1}, 2, 0.0),
        (["a"], {"a": 0}, 1, 0.0),
    ],
    "ideal-of-the-first-k": lambda: [
        (["a", "b", "c"], {"a": 1, "b": 2}, 3, 0.859719),
        (["a", "b"], {"a": -1, "b": 1}, 1, 0.0),
        (["a"], {"a": 0}, 1, 0.0),
        (["a"], {"a": 1, "b": 1}, 1, 1.0),
    ],
    "ideal-of-the-list": lambda: [
        (["c", "b", "a"], {"a": 1, "b": 2}, 2, 0.479625),
        (["a"], {"a": 0}, 1, 0.0),
        (["a"], {"a": 1, "b": 1}, 1, 1.0),
        (["a"], {"a": -1, "b": 1}, 1, 0.0),
    ],
    "ideal-not-cut": lambda: [
        (["c", "b", "a"], {"a": 1, "b": 2}, 2, 0.479625),
        (["a"], {"b": 3, "a": 1, "x": -1}, 3, 0.275412),
        (["a"], {"a": 0}, 1, 0.0),
    ],
    "ideal-as-long-as-the-list": lambda: [
        (["c", "b", "a"], {"a": 1, "b": 2}, 2, 0.479625),
        (["a"], {"a": 1, "b": 2}, 1, 0.5),
        (["a"], {"a": 0}, 1, 0.0),
        (["a"], {"a": -1, "b": 1}, 1, 0.0),
    ],
    "ideal-not-sorted": lambda: [
        (["a"], {"b": 3, "a": 1, "x": -1}, 3, 0.275412),
        (["x", "a", "b"], {"a": 1, "b": 1, "c": 1}, 2, 0.386853),
        (["a"], {"a": 0}, 1, 0.0),
    ],
    "k-of-the-highest": lambda: [
        (["a"], {"a": 1, "b": 1, "c": 1}, 2, 0.613147),
        (["a", "b"], {"a": 1, "b": 2}, 1, 0.5),
        (["a", "c"], {"a": -1, "b": 1}, 2, 0.0),
        (["a"], {"a": 0}, 1, 0.0),
    ],
    "list-not-cut": lambda: [
        (["a", "b"], {"a": 1, "b": 4, "c": 2, "d": 2, "e": 3}, 4, 0.454431),
        (["a", "c"], {"b": 3, "a": 1, "x": -1}, 3, 0.275412),
        (["a"], {"a": 0}, 1, 0.0),
    ],
    "k-ignored": lambda: [
        (["a"], {"a": 1, "b": 2}, 2, 0.380094),
        (["a", "b"], {"a": 1, "b": 1}, 1, 1.0),
        (["a", "c"], {"a": -1, "b": 1}, 2, 0.0),
        (["a"], {"a": 0}, 1, 0.0),
    ],
    "one-for-nothing": lambda: [
        (["c", "b", "a"], {"a": 1, "b": 2}, 2, 0.479625),
        (["a"], {"a": 1, "b": 1, "c": 1}, 2, 0.613147),
        (["a"], {"a": -1, "b": 1}, 1, 0.0),
    ],
    "negative-grades-counted": lambda: [
        (["c", "b", "a"], {"a": 1, "b": 2}, 2, 0.479625),
        (["a"], {"a": 1, "b": 1, "c": 1}, 2, 0.613147),
        (["a"], {"a": 0}, 1, 0.0),
    ],
    "unjudged-as-one": lambda: [
        (["a", "b"], {"a": 1, "b": 4, "c": 2, "d": 2, "e": 3}, 4, 0.454431),
        (["x", "a", "b"], {"b": 3, "a": 1, "x": -1}, 2, 0.173765),
        (["a"], {"a": 0}, 1, 0.0),
    ],
}
