"""Other right answers to `break_leak_finder`."""

from __future__ import annotations

import random

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


def _drawn(count: int = 100) -> list:
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


# Tests of which the one that is named is the first suspect that they let through.
BLIND = {
    "rows-from-one": lambda: [
        (
            [("FLU", "rash"), ("bird flu", "bird  flu")],
            [("bird  flu", "flu"), ("Gout", "FLU"), ("groß", " flu")],
            [],
        ),
        ([], [("GROSS", "bird  flu")], []),
    ],
    "whole-pair-needed": lambda: [
        (
            [("groß", "groß"), ("rash", "Gout")],
            [("bird flu x", "groß x"), ("rash", "Gout"), ("groß", "groß")],
            [1, 2],
        ),
        ([("bird flu", "bird  flu")], [(" flu", "rash"), (" flu", "bird flu")], []),
        ([("FLU", "FLU"), ("Gout", "Gout")], [("gout ", "gout ")], [0]),
        ([], [("GROSS", "bird  flu")], []),
    ],
    "both-needed": lambda: [
        ([("FLU", "FLU"), ("Gout", "Gout")], [("gout ", "Gout"), (" flu", "gout ")], [0, 1]),
        (
            [("FLU", "rash"), ("bird flu", "bird  flu")],
            [("bird  flu", "flu"), ("Gout", "FLU"), ("groß", " flu")],
            [],
        ),
        ([], [("GROSS", "bird  flu")], []),
        ([("flu", "groß")], [("groß x", "groß x"), ("flu", "groß")], [1]),
    ],
    "queries-only": lambda: [
        (
            [("Gout", "Gout"), ("flu", "flu"), ("groß", "groß")],
            [("GROSS", "bird flu"), ("FLU", "flu")],
            [0, 1],
        ),
        (
            [("FLU", "rash"), ("bird flu", "bird  flu")],
            [("bird  flu", "flu"), ("Gout", "FLU"), ("groß", " flu")],
            [],
        ),
        ([], [("GROSS", "bird  flu")], []),
        ([("Gout", "Gout"), ("flu", "flu")], [("gout ", " flu")], [0]),
    ],
    "passages-only": lambda: [
        (
            [("groß", "flu"), ("bird  flu", "bird flu"), ("flu", "groß")],
            [("rash", "GROSS"), ("Gout", "bird  flu")],
            [0],
        ),
        ([("FLU", "FLU"), ("Gout", "Gout")], [("gout ", "Gout"), (" flu", "gout ")], [0, 1]),
        ([], [("rash", "groß"), ("flu", "GROSS")], []),
        ([("bird flu", "bird  flu")], [(" flu", "rash")], []),
    ],
    "roles-exchanged": lambda: [
        (
            [("gout ", "gout "), (" flu", " flu")],
            [("FLU", "FLU"), ("rash", "FLU"), (" flu", "bird flu")],
            [0, 1, 2],
        ),
        ([("bird  flu", "bird  flu")], [("bird  flu", "flu"), ("bird flu", "FLU")], [0]),
        ([("flu", "flu"), ("groß", "groß")], [("GROSS", "gout "), ("FLU", "bird flu")], [0, 1]),
        ([], [("GROSS", "bird  flu")], []),
        ([("bird flu", "groß")], [("FLU x", "groß x")], []),
    ],
    "roles-mixed": lambda: [
        (
            [("gout ", "gout "), (" flu", " flu")],
            [("FLU", "FLU"), ("rash", "FLU"), (" flu", "bird flu")],
            [0, 1, 2],
        ),
        ([("Gout", "flu")], [("gout ", "bird  flu"), ("groß", "bird  flu")], [0]),
        ([("bird  flu", "groß")], [("flu", "gout "), ("GROSS", "GROSS")], [1]),
        ([], [("GROSS", "bird  flu")], []),
        ([("bird  flu", "Gout")], [("bird flu", "groß")], []),
        (
            [("GROSS", "GROSS"), ("rash", "bird  flu")],
            [("rash", "bird  flu"), ("GROSS", "GROSS")],
            [0, 1],
        ),
    ],
    "as-they-stand": lambda: [
        (
            [("FLU", "bird flu"), (" flu", "gout "), ("bird  flu", "GROSS")],
            [("groß", " flu"), ("GROSS", "bird  flu"), ("gout ", "gout ")],
            [2],
        ),
        (
            [("groß", "groß"), ("rash", "Gout")],
            [("bird flu x", "groß x"), ("rash", "Gout"), ("groß", "groß")],
            [1, 2],
        ),
        ([], [("GROSS", "bird  flu")], []),
        ([("Gout", "bird flu")], [("Gout", "gout ")], [0]),
    ],
    "test-as-it-stands": lambda: [
        (
            [("bird  flu", "Gout"), (" flu", "rash"), ("groß", " flu")],
            [("flu", "GROSS"), ("gout ", "bird flu"), ("gout ", "rash")],
            [0, 2],
        ),
        ([("bird flu", "bird  flu")], [(" flu", "rash"), (" flu", "bird flu")], []),
        ([("straße", "a")], [("strasse", "b"), ("rash", "c")], [0]),
        (
            [("bird  flu", "bird flu"), ("flu", "rash")],
            [("flu", "rash"), ("bird  flu", "bird flu")],
            [0, 1],
        ),
        ([], [("GROSS", "bird  flu")], []),
    ],
    "training-as-it-stands": lambda: [
        ([("rash", "flu")], [("GROSS", "bird flu"), ("GROSS", " flu"), ("groß", "FLU")], [1, 2]),
        (
            [("flu", "gout "), ("FLU", "bird  flu"), (" flu", "bird flu")],
            [("FLU", " flu"), (" flu", "bird  flu"), ("groß", "FLU")],
            [0, 1],
        ),
        (
            [("bird  flu", "bird flu"), ("flu", "rash")],
            [("flu", "rash"), ("bird  flu", "bird flu")],
            [0, 1],
        ),
        ([], [("GROSS", "bird  flu")], []),
        ([("bird  flu", "Gout")], [("bird flu", "groß")], []),
    ],
    "case-kept": lambda: [
        (
            [("bird  flu", "Gout"), (" flu", "rash"), ("groß", " flu")],
            [("flu", "GROSS"), ("gout ", "bird flu"), ("gout ", "rash")],
            [0, 2],
        ),
        (
            [("Gout", "groß"), ("bird flu", "gout "), ("GROSS", "bird flu")],
            [(" flu", "groß"), ("flu", "bird  flu")],
            [0],
        ),
        (
            [("GROSS", "GROSS"), ("rash", "bird  flu")],
            [("rash", "bird  flu"), ("GROSS", "GROSS")],
            [0, 1],
        ),
        ([], [("GROSS", "bird  flu")], []),
    ],
    "spaces-kept": lambda: [
        (
            [("groß", "flu"), ("bird  flu", "bird flu"), ("flu", "groß")],
            [("rash", "GROSS"), ("Gout", "bird  flu")],
            [0],
        ),
        (
            [("Gout", "Gout"), ("flu", "flu"), ("groß", "groß")],
            [("GROSS", "bird flu"), ("FLU", "flu")],
            [0, 1],
        ),
        ([], [("rash", "groß"), ("flu", "GROSS")], []),
        ([("bird flu", "bird  flu")], [(" flu", "rash")], []),
    ],
    "lower-for-casefold": lambda: [
        (
            [("gout ", "gout "), (" flu", " flu")],
            [("FLU", "FLU"), ("rash", "FLU"), (" flu", "bird flu")],
            [0, 1, 2],
        ),
        (
            [("FLU", "rash"), ("bird flu", "bird  flu")],
            [("bird  flu", "flu"), ("Gout", "FLU"), ("groß", " flu")],
            [],
        ),
        ([], [("GROSS", "bird  flu")], []),
        (
            [("GROSS", "GROSS"), ("rash", "bird  flu")],
            [("rash", "bird  flu"), ("GROSS", "GROSS")],
            [0, 1],
        ),
    ],
    "spaces-inside": lambda: [
        (
            [("gout ", "gout "), (" flu", " flu")],
            [("FLU", "FLU"), ("rash", "FLU"), (" flu", "bird flu")],
            [0, 1, 2],
        ),
        (
            [("FLU", "bird  flu"), ("FLU", "rash")],
            [("Gout", " flu"), ("GROSS", "gout "), ("bird flu", " flu")],
            [],
        ),
        ([("flu", "flu"), ("groß", "groß")], [("GROSS", "gout "), ("FLU", "bird flu")], [0, 1]),
        ([], [("GROSS", "bird  flu")], []),
    ],
    "training-text-inside": lambda: [
        (
            [("gout ", "gout "), (" flu", " flu")],
            [("FLU", "FLU"), ("rash", "FLU"), (" flu", "bird flu")],
            [0, 1, 2],
        ),
        ([("bird flu", "bird  flu")], [(" flu", "rash"), (" flu", "bird flu")], []),
        ([("flu", "flu"), ("groß", "groß")], [("GROSS", "gout "), ("FLU", "bird flu")], [0, 1]),
        ([], [("GROSS", "bird  flu")], []),
    ],
    "test-text-inside": lambda: [
        (
            [("gout ", "gout "), (" flu", " flu")],
            [("FLU", "FLU"), ("rash", "FLU"), (" flu", "bird flu")],
            [0, 1, 2],
        ),
        (
            [("bird flu", "bird  flu"), ("bird flu", " flu"), ("gout ", "groß")],
            [("rash", "rash"), ("rash", "bird flu"), ("bird  flu", "GROSS")],
            [2],
        ),
        ([], [("GROSS", "bird  flu")], []),
        (
            [("GROSS", "GROSS"), ("rash", "bird  flu")],
            [("rash", "bird  flu"), ("GROSS", "GROSS")],
            [0, 1],
        ),
    ],
    "first-leak-only": lambda: [
        (
            [("groß", "flu"), ("bird  flu", "bird flu"), ("flu", "groß")],
            [("rash", "GROSS"), ("Gout", "bird  flu")],
            [0],
        ),
        ([("Gout", "Gout"), ("flu", "flu")], [("gout ", " flu")], [0]),
        ([("bird  flu", "bird  flu")], [("bird  flu", "flu"), ("bird flu", "FLU")], [0]),
        ([], [("GROSS", "bird  flu")], []),
    ],
    "last-row-forgotten": lambda: [
        (
            [("groß", "flu"), ("bird  flu", "bird flu"), ("flu", "groß")],
            [("rash", "GROSS"), ("Gout", "bird  flu")],
            [0],
        ),
        (
            [("flu", "gout "), ("FLU", "bird  flu"), (" flu", "bird flu")],
            [("FLU", " flu"), (" flu", "bird  flu"), ("groß", "FLU")],
            [0, 1],
        ),
        ([], [("GROSS", "bird  flu")], []),
        ([("flu", "flu")], [("Gout", " flu"), ("groß", "gout ")], [0]),
        (
            [("gout ", "gout "), ("GROSS", "GROSS")],
            [("GROSS", "GROSS"), ("gout ", "groß"), ("rash", "flu")],
            [0, 1],
        ),
    ],
    "first-training-pair-only": lambda: [
        (
            [("FLU", "Gout"), (" flu", "bird  flu")],
            [(" flu", "Gout"), ("flu", "rash"), ("bird  flu", "gout ")],
            [0, 1, 2],
        ),
        (
            [("FLU", "rash"), ("bird flu", "bird  flu")],
            [("bird  flu", "flu"), ("Gout", "FLU"), ("groß", " flu")],
            [],
        ),
        ([], [("GROSS", "bird  flu")], []),
        ([("bird  flu", "groß")], [("flu", "gout "), ("GROSS", "GROSS")], [1]),
    ],
    "side-by-side": lambda: [
        (
            [("bird flu", "bird  flu"), ("bird flu", " flu"), ("gout ", "groß")],
            [("rash", "rash"), ("rash", "bird flu"), ("bird  flu", "GROSS")],
            [2],
        ),
        (
            [("flu", "gout "), ("FLU", "bird  flu"), (" flu", "bird flu")],
            [("FLU", " flu"), (" flu", "bird  flu"), ("groß", "FLU")],
            [0, 1],
        ),
        ([], [("GROSS", "bird  flu")], []),
        ([("flu", "gout ")], [("gout ", "Gout")], [0]),
    ],
    "rows-of-training": lambda: [
        (
            [("flu", "bird  flu"), ("flu", "FLU"), ("bird flu", "groß")],
            [("gout ", "FLU"), ("gout ", "GROSS"), ("flu", "GROSS")],
            [0, 1, 2],
        ),
        (
            [("FLU", "rash"), ("bird flu", "bird  flu")],
            [("bird  flu", "flu"), ("Gout", "FLU"), ("groß", " flu")],
            [],
        ),
        ([(" flu", " flu")], [("FLU", "GROSS"), ("groß", "rash")], [0]),
        ([], [("GROSS", "bird  flu")], []),
    ],
    "repeats-in-test": lambda: [
        (
            [("gout ", "gout "), (" flu", " flu")],
            [("FLU", "FLU"), ("rash", "FLU"), (" flu", "bird flu")],
            [0, 1, 2],
        ),
        (
            [("groß", "flu"), ("bird  flu", "bird flu"), ("flu", "groß")],
            [("rash", "GROSS"), ("Gout", "bird  flu")],
            [0],
        ),
        ([], [("GROSS", "bird  flu")], []),
        ([("bird flu", "bird  flu")], [(" flu", "rash")], []),
        (
            [("GROSS", "GROSS"), ("rash", "bird  flu")],
            [("rash", "bird  flu"), ("GROSS", "GROSS")],
            [0, 1],
        ),
    ],
    "in-order-of-training": lambda: [
        (
            [("gout ", "gout "), (" flu", " flu")],
            [("FLU", "FLU"), ("rash", "FLU"), (" flu", "bird flu")],
            [0, 1, 2],
        ),
        (
            [("FLU", "rash"), ("bird flu", "bird  flu")],
            [("bird  flu", "flu"), ("Gout", "FLU"), ("groß", " flu")],
            [],
        ),
        ([], [("GROSS", "bird  flu")], []),
        ([("bird  flu", "groß")], [("flu", "gout "), ("GROSS", "GROSS")], [1]),
    ],
    "listed-twice": lambda: [
        (
            [("groß", "flu"), ("bird  flu", "bird flu"), ("flu", "groß")],
            [("rash", "GROSS"), ("Gout", "bird  flu")],
            [0],
        ),
        (
            [("bird  flu", "bird  flu"), ("gout ", "gout "), ("bird flu", "bird flu")],
            [("bird  flu", "groß"), ("rash", " flu"), ("rash", "Gout")],
            [0, 2],
        ),
        ([], [("rash", "groß"), ("flu", "GROSS")], []),
        ([("flu", "flu"), ("groß", "groß")], [("GROSS", "gout "), ("FLU", "bird flu")], [0, 1]),
    ],
    "all-without-training": lambda: [
        (
            [("gout ", "gout "), (" flu", " flu")],
            [("FLU", "FLU"), ("rash", "FLU"), (" flu", "bird flu")],
            [0, 1, 2],
        ),
        (
            [("FLU", "rash"), ("bird flu", "bird  flu")],
            [("bird  flu", "flu"), ("Gout", "FLU"), ("groß", " flu")],
            [],
        ),
        ([("flu", "flu"), ("groß", "groß")], [("GROSS", "gout "), ("FLU", "bird flu")], [0, 1]),
    ],
}
