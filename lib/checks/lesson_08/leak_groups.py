"""Lesson 08, the first step to a split without leaks: `leak_groups`."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lib.checks.exercise import Case, Exercise, Mistake
from lib.checks.lesson_08 import _grouping, _texts
from lib.checks.lesson_08._texts import Pair, key
from lib.checks.values import EXACT

# Pairs, and what is special about them.
_TELLING: list[tuple[list[Pair], str]] = [
    ([("chest pain", "angina"), ("tight chest", "angina")], "two queries of one passage"),
    ([("stroke", "infarct"), ("rash", "eczema"), ("stroke", "bleeding")], "a query comes twice"),
    ([("q1", "p1"), ("q2", "p2"), ("q1", "p2")], "the third pair joins the first two"),
    (
        [("q1", "p1"), ("q3", "p1"), ("q2", "p2"), ("q4", "p2"), ("q5", "p5"), ("q3", "p2")],
        "a late pair joins two groups of two",
    ),
    (
        [("q1", "p1"), ("q2", "p2"), ("q3", "p3"), ("q4", "p4"), ("q3", "p4"), ("q2", "p3")]
        + [("q1", "p2"), ("q9", "p9")],
        "a chain that is closed from its end",
    ),
    ([("a", "b"), ("c", "d"), ("e", "f")], "nothing is shared"),
    ([("Flu", "influenza"), ("flu", "grippe")], "the same query in another case"),
    ([("fever", "Sepsis "), ("chills", " Sepsis")], "white space around a passage"),
    ([(" Cough", "croup"), ("cough", "asthma"), ("wheeze", "ASTHMA\n")], "both kinds at once"),
    ([("Fußpilz", "tinea pedis"), ("FUSSPILZ", "mycosis")], "a letter that casefold makes two"),
    ([("heart  failure", "a"), ("heart failure", "b")], "white space inside makes two texts"),
    ([("gout", "arthritis"), ("arthritis", "joint pain")], "the passage is another's query"),
    ([("scabies", "scabies"), ("mite", "scabies"), ("itch", "mite")], "a query is its own passage"),
    ([("q1", "p1"), ("q1", "p1"), ("q2", "p2")], "the same pair twice"),
    (
        [("z", "1"), ("a", "2"), ("b", "2"), ("y", "3"), ("c", "2"), ("x", "3")],
        "the first group is not the largest",
    ),
    ([("only", "one")], "one pair"),
    ([], "no pairs"),
]


def _cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    for pairs, label in _TELLING:
        yield Case((list(pairs),), label)
    yield Case(([("flu?", "a"), ("flu", "b")],), "a question mark is part of the text")
    yield Case(([("e\u0301", "a"), ("\u00e9", "b")],), "one letter, written in two ways")
    for turn in range(10 if hidden else 4):
        yield Case((_drawn(rng, int(rng.integers(8, 25))),), f"random {turn}")


def _drawn(rng: np.random.Generator, pairs: int) -> list[Pair]:
    """Pairs that share a text now and then, written in several ways."""
    ways = (str, str.upper, str.title, lambda text: f" {text}", lambda text: f"{text}\t")

    def text(role: str) -> str:
        name = "both" if rng.random() < 0.1 else role
        return ways[int(rng.integers(len(ways)))](f"{name} {rng.integers(pairs)}")

    return [(text("query"), text("passage")) for _ in range(pairs)]


def _by_walking(pairs: list[Pair]) -> list[int]:
    """The oracle: from each pair without a group walks to all that can be reached over shared texts."""
    texts = [{text.strip().casefold() for text in pair} for pair in pairs]
    groups = [-1] * len(pairs)
    count = 0
    for start in range(len(pairs)):
        if groups[start] >= 0:
            continue
        waiting = [start]
        while waiting:
            here = waiting.pop()
            groups[here] = count
            waiting += [i for i, g in enumerate(groups) if g < 0 and texts[i] & texts[here]]
        count += 1
    return groups


EXERCISE = Exercise(
    "leak_groups",
    "08",
    _cases,
    _by_walking,
    tolerance=EXACT,
    equivalent={
        "max(root(place), other) -> max(other, root(place))": "the larger of two is the same",
        "min(root(place), other) -> min(other, root(place))": "the smaller of two is the same",
    },
    mistakes=[
        Mistake(
            "passages-only",
            "You compare passages alone. Two pairs with the same query belong together, too: with one of "
            "them in training, the other tests what was learnt by heart.",
            _grouping.sharing(lambda pair: {key(pair[1])}),
            hint=1,
        ),
        Mistake(
            "queries-only",
            "You compare queries alone. Two queries of the same passage belong together, too: the answer to "
            "the one was seen when the other was trained.",
            _grouping.sharing(lambda pair: {key(pair[0])}),
            hint=1,
        ),
        Mistake(
            "roles-apart",
            "You compare queries with queries and passages with passages. A text that is the query of one "
            "pair and the passage of another joins the two: put all texts into one dictionary.",
            _grouping.sharing(lambda pair: set(enumerate(map(key, pair)))),
            hint=1,
        ),
        Mistake(
            "both-needed",
            "You join two pairs only where query and passage are both the same. One shared text is enough.",
            _grouping.sharing(lambda pair: {tuple(map(key, pair))}),
            hint=1,
        ),
        Mistake(
            "as-they-stand",
            "You compare the texts as they stand. Compare `text.strip().casefold()`, so that case and white "
            "space around a text make no difference.",
            _grouping.sharing(_grouping.texts_by(_texts.as_it_stands)),
            hint=2,
        ),
        Mistake(
            "case-kept",
            "A text in capitals counts as another text in your groups. Compare `text.strip().casefold()`.",
            _grouping.sharing(_grouping.texts_by(_texts.with_case)),
            hint=2,
        ),
        Mistake(
            "spaces-kept",
            "A text with white space around it counts as another text in your groups. Compare "
            "`text.strip().casefold()`.",
            _grouping.sharing(_grouping.texts_by(_texts.with_spaces)),
            hint=2,
        ),
        Mistake(
            "lower-for-casefold",
            "You compare by `lower()`, which keeps some letters apart, such as ß and SS. `casefold()` is "
            "made for comparing.",
            _grouping.sharing(_grouping.texts_by(_texts.lowered)),
            hint=2,
        ),
        Mistake(
            "spaces-inside",
            "You make the white space inside a text alike, too. Only what surrounds it is taken off: "
            "`text.strip().casefold()`, and nothing more.",
            _grouping.sharing(_grouping.texts_by(_texts.one_space_between)),
            hint=2,
        ),
        Mistake(
            "no-chains",
            "You join a pair with the first one that shares a text with it, and stop there. If the first pair "
            "shares a text with the second and the second with the third, all three are one group.",
            _grouping.direct,
            hint=3,
        ),
        Mistake(
            "first-group-that-fits",
            "You put a pair into the first group that shares a text with it, and look at no other. Where several "
            "groups share one with it, they all become one group.",
            _grouping.first_that_fits,
            hint=3,
        ),
        Mistake(
            "query-s-group-first",
            "A pair whose query and passage are known from two groups gets the group of its query, and the two "
            "groups stay apart. Such a pair makes one group of both.",
            _grouping.remembered(lambda pair: pair, renew=True),
            hint=3,
        ),
        Mistake(
            "query-s-group-first-and-kept",
            "A pair whose query is known gets the group of its query, and what its passage belonged to stays "
            "apart. A pair with texts from two groups makes one group of both.",
            _grouping.remembered(lambda pair: pair, renew=False),
            hint=3,
        ),
        Mistake(
            "passage-s-group-first",
            "A pair whose query and passage are known from two groups gets the group of its passage, and the "
            "two groups stay apart. Such a pair makes one group of both.",
            _grouping.remembered(lambda pair: pair[::-1], renew=True),
            hint=3,
        ),
        Mistake(
            "passage-s-group-first-and-kept",
            "A pair whose passage is known gets the group of its passage, and what its query belonged to stays "
            "apart. A pair with texts from two groups makes one group of both.",
            _grouping.remembered(lambda pair: pair[::-1], renew=False),
            hint=3,
        ),
        Mistake(
            "earlier-pairs-keep-their-number",
            "Where two groups become one, the pairs that came before keep their old numbers. Give each pair "
            "its number at the end, when all groups are joined.",
            _grouping.only_its_own_pairs_renamed,
            hint=3,
        ),
        Mistake(
            "gaps-between-numbers",
            "The groups are right, their numbers have gaps: you number a group by its first pair. Number the "
            "groups themselves 0, 1, 2, ... as they first appear.",
            _grouping.numbered(lambda roots: roots),
        ),
        Mistake(
            "numbered-from-one",
            "The groups are right, and you number them from 1. Number them from 0.",
            _grouping.numbered(lambda roots: [1 + n for n in _grouping.in_order(roots)]),
        ),
        Mistake(
            "numbered-by-size",
            "The groups are right, and the largest has number 0. Number them in order of first appearance.",
            _grouping.numbered(_grouping.by_size),
        ),
        Mistake(
            "numbered-from-the-end",
            "The groups are right, and the last one has number 0. Number them in order of first appearance.",
            _grouping.numbered(
                lambda roots: [len(set(roots)) - 1 - n for n in _grouping.in_order(roots)]
            ),
        ),
        Mistake(
            "numbers-of-another-kind",
            "Your groups are right, their numbers are not: number them in order of first appearance, when all "
            "groups are joined.",
            _grouping.counted(min),
            also=[_grouping.counted(max), _grouping.numbered(_grouping.by_last_pair)],
        ),
        Mistake(
            "members-listed",
            "You return the pairs of each group. Return one number for each pair: the number of its group.",
            _grouping.numbered(_grouping.as_members),
        ),
    ],
)
