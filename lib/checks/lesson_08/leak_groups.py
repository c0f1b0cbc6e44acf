"""Lesson 08, the first step to a split without leaks: `leak_groups`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from lib.checks.exercise import Case, Exercise, Mistake
from lib.checks.lesson_08 import _texts
from lib.checks.lesson_08._texts import Key, Pair, key
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


Texts = Callable[[Pair], set]


def _texts_by(one: Key) -> Texts:
    return lambda pair: {one(text) for text in pair}


def _roots(pairs: list[Pair], texts: Texts) -> list[int]:
    """For each pair the first pair of its group."""
    roots = list(range(len(pairs)))
    sets = [texts(pair) for pair in pairs]
    for here in range(len(pairs)):
        for other in range(here):
            if sets[here] & sets[other] and roots[here] != roots[other]:
                low, high = sorted((roots[here], roots[other]))
                roots = [low if root == high else root for root in roots]
    return roots


def _in_order(names: Sequence) -> list[int]:
    """Names replaced by numbers from 0, in order of first appearance."""
    order = list(dict.fromkeys(names))
    return [order.index(name) for name in names]


def _sharing(texts: Texts) -> Callable[[list[Pair]], list[int]]:
    """The groups of pairs that share one of these texts."""
    return lambda pairs: _in_order(_roots(pairs, texts))


def _numbered(number: Callable[[list[int]], list]) -> Callable[[list[Pair]], list]:
    """Right groups, numbered in another way from the first pair of each group."""
    return lambda pairs: number(_roots(pairs, _texts_by(key)))


def _by_size(roots: list[int]) -> list[int]:
    order = [root for root, _ in Counter(roots).most_common()]
    return [order.index(root) for root in roots]


def _as_members(roots: list[int]) -> list[list[int]]:
    return [[i for i, one in enumerate(roots) if one == root] for root in dict.fromkeys(roots)]


def _direct(pairs: list[Pair]) -> list[int]:
    """Each pair with the first that shares a text with it, without going on from there."""
    sets = [_texts_by(key)(pair) for pair in pairs]
    return _in_order([min(j for j, two in enumerate(sets) if one & two) for one in sets])


def _remembered(order: Callable[[Pair], Sequence[str]], renew: bool) -> Callable:
    """One pass: a pair gets the group of its first text that is known, and no groups are joined."""

    def groups(pairs: list[Pair]) -> list[int]:
        known: dict[str, int] = {}
        found: list[int] = []
        for pair in pairs:
            texts = [key(text) for text in order(pair)]
            group = next((known[text] for text in texts if text in known), len(set(found)))
            found.append(group)
            for text in texts:
                known[text] = group if renew else known.get(text, group)
        return found

    return groups


def _first_that_fits(pairs: list[Pair]) -> list[int]:
    """A list of groups, each with its texts; a pair goes into the first that has one of its own."""
    groups: list[set[str]] = []
    found: list[int] = []
    for pair in pairs:
        texts = {key(text) for text in pair}
        fits = next((n for n, group in enumerate(groups) if group & texts), len(groups))
        if fits == len(groups):
            groups.append(set())
        groups[fits] |= texts
        found.append(fits)
    return found


def _only_its_own_pairs_renamed(pairs: list[Pair]) -> list[int]:
    """Groups are joined for the texts of later pairs; pairs that have a number keep it."""
    known: dict[str, int] = {}
    found: list[int] = []
    for place, pair in enumerate(pairs):
        texts = [key(text) for text in pair]
        met = {known[text] for text in texts if text in known}
        group = min(met, default=place)
        known = {text: group if g in met else g for text, g in known.items()}
        known |= dict.fromkeys(texts, group)
        found.append(group)
    return _in_order(found)


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
            _sharing(lambda pair: {key(pair[1])}),
            hint=1,
        ),
        Mistake(
            "queries-only",
            "You compare queries alone. Two queries of the same passage belong together, too: the answer to "
            "the one was seen when the other was trained.",
            _sharing(lambda pair: {key(pair[0])}),
            hint=1,
        ),
        Mistake(
            "roles-apart",
            "You compare queries with queries and passages with passages. A text that is the query of one "
            "pair and the passage of another joins the two: put all texts into one dictionary.",
            _sharing(lambda pair: set(enumerate(map(key, pair)))),
            hint=1,
        ),
        Mistake(
            "both-needed",
            "You join two pairs only where query and passage are both the same. One shared text is enough.",
            _sharing(lambda pair: {tuple(map(key, pair))}),
            hint=1,
        ),
        Mistake(
            "as-they-stand",
            "You compare the texts as they stand. Compare `text.strip().casefold()`, so that case and white "
            "space around a text make no difference.",
            _sharing(_texts_by(_texts.as_it_stands)),
            hint=2,
        ),
        Mistake(
            "case-kept",
            "A text in capitals counts as another text in your groups. Compare `text.strip().casefold()`.",
            _sharing(_texts_by(_texts.with_case)),
            hint=2,
        ),
        Mistake(
            "spaces-kept",
            "A text with white space around it counts as another text in your groups. Compare "
            "`text.strip().casefold()`.",
            _sharing(_texts_by(_texts.with_spaces)),
            hint=2,
        ),
        Mistake(
            "lower-for-casefold",
            "You compare by `lower()`, which keeps some letters apart, such as ß and SS. `casefold()` is "
            "made for comparing.",
            _sharing(_texts_by(_texts.lowered)),
            hint=2,
        ),
        Mistake(
            "spaces-inside",
            "You make the white space inside a text alike, too. Only what surrounds it is taken off: "
            "`text.strip().casefold()`, and nothing more.",
            _sharing(_texts_by(_texts.one_space_between)),
            hint=2,
        ),
        Mistake(
            "no-chains",
            "You join a pair with the first one that shares a text with it, and stop there. If the first pair "
            "shares a text with the second and the second with the third, all three are one group.",
            _direct,
            hint=3,
        ),
        Mistake(
            "first-group-that-fits",
            "You put a pair into the first group that shares a text with it, and look at no other. Where several "
            "groups share one with it, they all become one group.",
            _first_that_fits,
            hint=3,
        ),
        Mistake(
            "query-s-group-first",
            "A pair whose query and passage are known from two groups gets the group of its query, and the two "
            "groups stay apart. Such a pair makes one group of both.",
            _remembered(lambda pair: pair, renew=True),
            hint=3,
        ),
        Mistake(
            "query-s-group-first-and-kept",
            "A pair whose query is known gets the group of its query, and what its passage belonged to stays "
            "apart. A pair with texts from two groups makes one group of both.",
            _remembered(lambda pair: pair, renew=False),
            hint=3,
        ),
        Mistake(
            "passage-s-group-first",
            "A pair whose query and passage are known from two groups gets the group of its passage, and the "
            "two groups stay apart. Such a pair makes one group of both.",
            _remembered(lambda pair: pair[::-1], renew=True),
            hint=3,
        ),
        Mistake(
            "passage-s-group-first-and-kept",
            "A pair whose passage is known gets the group of its passage, and what its query belonged to stays "
            "apart. A pair with texts from two groups makes one group of both.",
            _remembered(lambda pair: pair[::-1], renew=False),
            hint=3,
        ),
        Mistake(
            "earlier-pairs-keep-their-number",
            "Where two groups become one, the pairs that came before keep their old numbers. Give each pair "
            "its number at the end, when all groups are joined.",
            _only_its_own_pairs_renamed,
            hint=3,
        ),
        Mistake(
            "gaps-between-numbers",
            "The groups are right, their numbers have gaps: you number a group by its first pair. Number the "
            "groups themselves 0, 1, 2, ... as they first appear.",
            _numbered(lambda roots: roots),
        ),
        Mistake(
            "numbered-from-one",
            "The groups are right, and you number them from 1. Number them from 0.",
            _numbered(lambda roots: [1 + n for n in _in_order(roots)]),
        ),
        Mistake(
            "numbered-by-size",
            "The groups are right, and the largest has number 0. Number them in order of first appearance.",
            _numbered(_by_size),
        ),
        Mistake(
            "numbered-from-the-end",
            "The groups are right, and the last one has number 0. Number them in order of first appearance.",
            _numbered(
                lambda roots: [max(_in_order(roots), default=0) - n for n in _in_order(roots)]
            ),
        ),
        Mistake(
            "members-listed",
            "You return the pairs of each group. Return one number for each pair: the number of its group.",
            _numbered(_as_members),
        ),
    ],
)
