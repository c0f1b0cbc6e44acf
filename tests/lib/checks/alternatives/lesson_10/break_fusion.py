"""Other right answers to `break_fusion`."""

from __future__ import annotations

import functools
import random

from lib import checks
from lib.checks.lesson_10._fusion import undecided


def _expected(rankings: list, k: float) -> list:
    """Worked out by comparing all with all."""
    every = list(dict.fromkeys(passage for ranking in rankings for passage in ranking))

    def score(passage) -> float:
        return sum(1 / (k + row.index(passage) + 1) for row in rankings if passage in row)

    return sorted(every, key=score, reverse=True)


def _small() -> list:
    """An alternative: small cases, worked out by hand, with numbers as ids in some."""
    return [
        ([["a"], ["b", "a"]], 60, ["a", "b"]),
        ([[1, 2], [3, 2]], 1, [2, 1, 3]),
        ([[1, 2], [3, 2]], 0.5, [2, 1, 3]),
        ([["x", "y", "b"], ["z", "w", "b"], ["a"]], 0, ["x", "z", "a", "b", "y", "w"]),
        ([[1, 4, 2], [3, 5, 2]], 60, [2, 1, 3, 4, 5]),
        ([["b", "a"], ["a", "b"]], 60, ["b", "a"]),
        ([["x", "y", "a"], ["b"], ["a", "z", "b"]], 3, ["a", "b", "x", "y", "z"]),
        ([["p", "q"], [], ["r", "q"]], 60, ["q", "p", "r"]),
        ([["p", "q"], ["r", "s"]], 60, ["p", "r", "q", "s"]),
        ([], 1, []),
    ]


def _one_large_case() -> list:
    """An alternative: two large cases and no ranking; tuples for the lists."""
    rankings = (
        ("q", "b", "m", "d", "e", "h"),
        ("g", "d", "h", "a"),
        (),
        ("m", "k", "q", "c", "z"),
        ("c", "t"),
    )
    return [
        (rankings, 0.5, tuple(_expected(list(rankings), 0.5))),
        (rankings, 30, tuple(_expected(list(rankings), 30))),
        *_small()[3:4],
        *_small()[6:7],
        ((), 60.0, ()),
    ]


@functools.cache
def _drawn(count: int = 160) -> list:
    """An alternative: besides the small cases many drawn at random, without those that rounding decides.

    In a third of them no passage is in two rankings, in another third all rankings hold the same ones.
    """
    draw = random.Random(0)
    cases = _small()
    while len(cases) < count:
        names = draw.sample("abcdefgh", 6)
        several = range(draw.randint(1, 4))
        rankings = [draw.sample(names, draw.randint(0, 5)) for _ in several]
        if len(cases) % 3 == 1:
            rankings = [[f"{p}{number}" for p in row] for number, row in enumerate(rankings)]
        if len(cases) % 3 == 2:
            rankings = [draw.sample(names[:3], 3) for _ in several]
        k = draw.choice([0, 0, 0.5, 0.5, 1, 60])
        if undecided(rankings, k, 1e-9) is None:
            cases.append((rankings, k, _expected(rankings, k)))
    return cases


ALTERNATIVES = [_small, _one_large_case, _drawn]


def _blind_to(suspect) -> list:
    """The drawn cases that this suspect passes: what is left catches the others."""
    exercise = checks.find("break_fusion")
    return [case for case in _drawn() if exercise._passes(suspect.implementation, [case])]


# Tests of which the one that is named is the first suspect that they let through.
BLIND = {
    suspect.name: functools.partial(_blind_to, suspect)
    for suspect in checks.find("break_fusion").suspects
}
