"""The replies of language models that `parse_queries` is tried on."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lib.checks.exercise import Case

# Reply, title, count, and what is special about them.
_TELLING: list[tuple[str, str, int, str]] = [
    ("pain in the big toe\nswollen joint at night", "gout", 5, "one query a line"),
    ("1. swollen toe\n2. toe hurts at night\n3) red joint", "gout", 5, "numbered lines"),
    ("- swollen toe\n* red joint\n• toe hurts", "gout", 5, "three kinds of bullets"),
    ('"swollen toe"\n2. "red joint"\n- "toe hurts" ', "gout", 5, "quotes"),
    ("Here are some queries:\n1. swollen toe\n2. red joint", "gout", 5, "a preamble"),
    ("By patients:\nred joint\nBy doctors:\n1. Labels:\nurate", "gout", 5, "more than one heading"),
    ("swollen toe\n\n  \n\tred joint  \n  - sore toe\n", "gout", 5, "blank lines and white space"),
    ("1. swollen toe\r\n2. red joint\r\n", "gout", 5, "lines that end as on Windows"),
    (
        "Gout\n1. gout\nwhat is gout like\nGOUT diet\nred toe",
        "gout",
        5,
        "the title, and what holds it",
    ),
    ("influenza symptoms\nhigh fever", "Flu", 5, "the title as a part of a word"),
    ('Red toe\n- red toe\n2. RED TOE\n"red Toe"\nsore toe', "gout", 5, "the same query again"),
    ("Red Toe\nURATE level", "gout", 5, "capitals stay"),
    ("one\ntwo\nthree\nfour", "gout", 2, "more queries than asked for"),
    (
        "Queries:\n1. gout\n\n2. red\n3. red\n4. toe\n5. sore",
        "gout",
        2,
        "the first two that are left",
    ),
    ("10. swollen toe\n11) red joint\n123. sore", "gout", 5, "numbers of several digits"),
    ("3 days of fever\n24-hour cough", "flu", 5, "a query that begins with a number"),
    ("2.5 mg of warfarin\n-itis of the toe", "gout", 5, "a mark without white space behind it"),
    ("1. - red joint\n- 2. sore toe", "gout", 5, "two marks: one is taken off"),
    ('"1. sore toe"\n"- red joint"', "gout", 5, "a mark inside quotes stays"),
    ("stage 2. treatment\nred - and swollen", "gout", 5, "a mark inside a line"),
    ('what is "podagra"\n"tophi" in the ear', "gout", 5, "quotes at one end"),
    ("patient's toe hurts\n'red joint'", "gout", 5, "other quotes stay"),
    ("causes: food and drink\nred joint", "gout", 5, "a colon inside a line"),
    ("1.   swollen toe\n-\tred joint", "gout", 5, "more white space behind a mark"),
    ('" swollen toe "\n"Queries:"', "gout", 5, "white space and a colon inside quotes"),
    ("STRASSE\nStraße\nFUSSPILZ im Sommer", "Fußpilz", 5, "a letter that casefold makes two"),
    ("Here are some queries:\n", "gout", 5, "a preamble alone"),
    ("", "gout", 3, "an empty reply"),
]


def cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    for reply, title, count, label in _TELLING:
        yield Case((reply, title, count), label)
    for turn in range(8 if hidden else 4):
        lines = [_line(rng) for _ in range(int(rng.integers(5, 14)))]
        yield Case(("\n".join(lines), "Gout", int(rng.integers(1, 8))), f"random {turn}")


def _line(rng: np.random.Generator) -> str:
    """A line such as a language model writes."""
    if rng.random() < 0.15:
        return str(rng.choice(["", "  ", "For patients:", "Gout", "diet in gout"]))
    words = rng.choice(["toe", "joint", "night", "red", "2.5 mg", "urate"], size=2)
    text = " ".join(map(str, words))
    text = text.upper() if rng.random() < 0.2 else text
    text = f'"{text}"' if rng.random() < 0.2 else text
    mark = rng.choice(
        ["", "", f"{rng.integers(1, 20)}. ", f"{rng.integers(1, 9)}) ", "- ", "* ", "• "]
    )
    return f"{mark}{text}"
