"""What `leak_groups` is told apart from: other texts compared, groups that are not joined, other numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from lib.checks.lesson_08._texts import Key, Pair, key

Texts = Callable[[Pair], set]


def texts_by(one: Key) -> Texts:
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


def in_order(names: Sequence) -> list[int]:
    """Names replaced by numbers from 0, in order of first appearance."""
    order = list(dict.fromkeys(names))
    return [order.index(name) for name in names]


def sharing(texts: Texts) -> Callable[[list[Pair]], list[int]]:
    """The groups of pairs that share one of these texts."""
    return lambda pairs: in_order(_roots(pairs, texts))


def numbered(number: Callable[[list[int]], list]) -> Callable[[list[Pair]], list]:
    """Right groups, numbered in another way from the first pair of each group."""
    return lambda pairs: number(_roots(pairs, texts_by(key)))


def by_size(roots: list[int]) -> list[int]:
    order = [root for root, _ in Counter(roots).most_common()]
    return [order.index(root) for root in roots]


def by_last_pair(roots: list[int]) -> list[int]:
    """In the order in which the groups end."""
    return [sorted(set(roots), key=roots[::-1].index, reverse=True).index(root) for root in roots]


def counted(joined: Callable[[set[int]], int]) -> Callable[[list[Pair]], list[int]]:
    """A new number for each pair that shares nothing yet; groups that meet get one of their numbers."""

    def groups(pairs: list[Pair]) -> list[int]:
        known: dict[str, int] = {}
        count = 0
        for pair in pairs:
            met = {known[key(text)] for text in pair if key(text) in known}
            number = joined(met) if met else count
            count += not met
            known = {text: number if n in met else n for text, n in known.items()}
            known |= dict.fromkeys(map(key, pair), number)
        return [known[key(query)] for query, _ in pairs]

    return groups


def as_members(roots: list[int]) -> list[list[int]]:
    return [[i for i, one in enumerate(roots) if one == root] for root in dict.fromkeys(roots)]


def direct(pairs: list[Pair]) -> list[int]:
    """Each pair with the first that shares a text with it, without going on from there."""
    sets = [texts_by(key)(pair) for pair in pairs]
    return in_order([min(j for j, two in enumerate(sets) if one & two) for one in sets])


def remembered(order: Callable[[Pair], Sequence[str]], renew: bool) -> Callable:
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


def first_that_fits(pairs: list[Pair]) -> list[int]:
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


def only_its_own_pairs_renamed(pairs: list[Pair]) -> list[int]:
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
    return in_order(found)
