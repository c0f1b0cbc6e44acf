"""Other right answers to `break_leak_finder`."""

from __future__ import annotations

import functools
import random

from lib import checks

_WORDS = ["flu", "FLU", " flu", "bird flu", "bird  flu", "groß", "GROSS", "gout ", "Gout", "rash"]
# Small cases, each with one thing that a finder may get wrong.
_SMALL = [
    ([("flu", "a")], [("flu", "b"), ("rash", "c")], [0]),
    ([("flu", "a")], [("rash", "c"), ("flu", "b")], [1]),
    ([("flu", "a")], [("rash", "a"), ("gout", "d")], [0]),
    ([("x", "y"), ("flu", "a")], [("flu", "b"), ("rash", "c")], [0]),
    ([("x", "y"), ("flu", "a")], [("rash", "a"), ("gout", "d")], [0]),
    ([("flu", "a")], [("flu", "a"), ("rash", "c")], [0]),
    ([("flu", "a"), ("gout", "b")], [("flu", "b"), ("rash", "c")], [0]),
    ([("flu", "a")], [("flu", "c"), ("flu", "d"), ("rash", "e")], [0, 1]),
    ([("flu", "a"), ("gout", "b")], [("gout", "c"), ("flu", "d"), ("rash", "e")], [0, 1]),
    ([("flu", "a")], [("FLU", "b"), ("rash", "c")], [0]),
    ([("FLU", "a")], [("flu", "b"), ("rash", "c")], [0]),
    ([("flu", "a")], [(" flu", "b"), ("rash", "c")], [0]),
    ([("flu ", "a")], [("flu", "b"), ("rash", "c")], [0]),
    ([("straße", "a")], [("strasse", "b"), ("rash", "c")], [0]),
    ([("big toe", "a")], [("big  toe", "b")], []),
    ([("flu", "a")], [("a", "b")], []),
    ([("flu", "a")], [("rash", "flu")], []),
    ([("flu", "a")], [("bird flu", "b")], []),
    ([("bird flu", "a")], [("flu", "b")], []),
    ([("flu", "a")], [("rash", "b"), ("rash", "c")], []),
    ([("flu", "a")], [("rash", "b"), ("gout", "b")], []),
    ([], [("rash", "b")], []),
]


def _small() -> list:
    """An alternative: many small cases."""
    return list(_SMALL)


def _one_large_case() -> list:
    """An alternative: everything in one case, and one without training; tuples and lists."""
    train = [["Straße", "deep"], ["a  b", "One "], ["c", "two"], ["x y z", "three"]]
    test = (
        ("new", "one"),
        ("STRASSE", "new"),
        ("two", "c"),
        ("a b", "y"),
        ("y", "new"),
        ("x y z w", "else"),
        (" C", "two"),
        ("again", "again"),
        ("again", "deeper"),
        ("last", "\tTHREE"),
    )
    return [(train, test, (0, 1, 6, 9)), ([], test, ())]


def _expected(train: list, test: list) -> list[int]:
    """Worked out by comparing all with all."""
    rows = []
    for row, (query, passage) in enumerate(test):
        for other in train:
            same_query = query.strip().casefold() == other[0].strip().casefold()
            if same_query or passage.strip().casefold() == other[1].strip().casefold():
                rows.append(row)
                break
    return rows


def _drawn(count: int = 600) -> list:
    """An alternative: many cases drawn at random.

    In a third of them each training query is its own passage, in another third test pairs are those of
    training or contain other texts.
    """
    draw = random.Random(3)
    cases = []
    for turn in range(count):
        train, test = (
            [(draw.choice(_WORDS), draw.choice(_WORDS)) for _ in range(draw.randint(least, 3))]
            for least in (0, 1)
        )
        if turn % 3 == 1:
            train = [(query, query) for query, _ in train]
        if turn % 3 == 2:
            longer = [(f"{query} x", f"{passage} x") for query, passage in test]
            copied = [bool(train) and draw.random() < 0.6 for _ in test]
            test = [draw.choice(train) if copy else pair for pair, copy in zip(longer, copied)]
        cases.append((train, test, _expected(train, test)))
    return cases


ALTERNATIVES = [_small, _one_large_case, _drawn]


def _blind_to(suspect) -> list:
    """The drawn cases that this suspect passes: what is left catches the others."""
    exercise = checks.find("break_leak_finder")
    return [case for case in _drawn() if exercise._passes(suspect.implementation, [case])]


# Tests of which the one that is named is the first suspect that they let through.
BLIND = {
    suspect.name: functools.partial(_blind_to, suspect)
    for suspect in checks.find("break_leak_finder").suspects
}
