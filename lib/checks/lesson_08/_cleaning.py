"""What `clean_training_set` is told apart from: one cleaning whose every part can be exchanged."""

from __future__ import annotations

from collections.abc import Callable

from lib.checks.lesson_08 import _texts
from lib.checks.lesson_08._texts import Key, Pair, key

Relevant = dict[str, set[str]]
Cleaned = list[tuple[str, str, list[str]]]


def _kept_in_order(texts: list[str], known: set[str], one: Key, repeats: bool) -> list[str]:
    kept: dict[object, str] = {}
    for place, text in enumerate(texts):
        if one(text) not in known:
            kept.setdefault(place if repeats else one(text), text)
    return list(kept.values())


def cleaned(
    pair: Callable[[str, str], object] = lambda query, passage: (key(query), key(passage)),
    negative: Key = key,
    looked_up: Key = _texts.as_it_stands,
    right: Key | None = None,
    *,
    same: Key | None = key,
    own: Key | None = key,
    others: bool = True,
    repeats: bool = False,
    emptied: bool = True,
    all_relevant: bool = False,
    finish: Callable[[list[str]], list[str]] = list,
) -> Callable[[list[Pair], list[list[str]], Relevant], Cleaned]:
    """A cleaning, right as it stands; an argument makes one part of it another.

    pair: two pairs with the same value of it are one; negative: how a negative is compared; looked_up: how
    a query is looked up; right: how the relevant passages are compared, by default as negatives; same: how
    a query is compared with its passage, and own: how a negative is with it, None for not at all; others:
    whether the relevant passages are dropped; repeats, emptied: whether a repeated negative and a pair
    without any stay; all_relevant: what is relevant for any query is dropped; finish: done to the kept
    negatives.
    """

    def one(pairs: list[Pair], negatives: list[list[str]], relevant: Relevant) -> Cleaned:
        every = {negative(text) for texts in relevant.values() for text in texts}
        seen, found = set(), []
        for (query, passage), texts in zip(pairs, negatives):
            if pair(query, passage) in seen or (same and same(query) == same(passage)):
                continue
            seen.add(pair(query, passage))
            known = {(right or negative)(t) for t in relevant.get(looked_up(query), ()) if others}
            known |= {own(passage)} if own else set()
            known |= every if all_relevant else set()
            kept = finish(_kept_in_order(texts, known, negative, repeats))
            if kept or emptied:
                found.append((query, passage, kept))
        return found

    return one


clean = cleaned()


def out_of_step(pairs: list[Pair], negatives: list[list[str]], relevant: Relevant) -> Cleaned:
    """Pairs are dropped first, and the others get the negatives of the first rows."""
    left = [(query, passage) for query, passage, _ in clean(pairs, negatives, relevant)]
    return clean(left, negatives, relevant)


def last_kept(pairs: list[Pair], negatives: list[list[str]], relevant: Relevant) -> Cleaned:
    """A dictionary over the pairs, in which a later pair takes the place of an earlier one."""
    left: dict[tuple[str, str], tuple] = {}
    for (query, passage), texts in zip(pairs, negatives):
        left[key(query), key(passage)] = (query, passage), texts
    rows = list(left.values())
    return clean([pair for pair, _ in rows], [texts for _, texts in rows], relevant)


def merged(pairs: list[Pair], negatives: list[list[str]], relevant: Relevant) -> Cleaned:
    """The negatives of a pair that came before are added to those of the first."""
    texts: dict[tuple[str, str], list[str]] = {}
    for (query, passage), row in zip(pairs, negatives):
        texts.setdefault((key(query), key(passage)), []).extend(row)
    return clean(pairs, [texts[key(query), key(passage)] for query, passage in pairs], relevant)


def once_in_the_set(pairs: list[Pair], negatives: list[list[str]], relevant: Relevant) -> Cleaned:
    """A negative that an earlier pair kept is a repeat, too."""
    known: set[str] = set()
    found = []
    for query, passage, texts in clean(pairs, negatives, relevant):
        found.append((query, passage, [text for text in texts if key(text) not in known]))
        known |= {key(text) for text in texts}
    return found


def added_to_relevant(missing: bool) -> Callable:
    """Each passage is added to the set of its query in `relevant`, where it stays for later pairs.

    missing: a query that `relevant` does not name gets a set there, too.
    """

    def one(pairs: list[Pair], negatives: list[list[str]], relevant: Relevant) -> Cleaned:
        grown = {query: set(texts) for query, texts in relevant.items()}
        seen, found = set(), []
        for (query, passage), texts in zip(pairs, negatives):
            pair = key(query), key(passage)
            if pair not in seen and pair[0] != pair[1]:
                seen.add(pair)
                (grown.setdefault(query, set()) if missing else grown.get(query, set())).add(
                    passage
                )
                found += clean([(query, passage)], [texts], grown)
        return found

    return one


def _looked_for_in_relevant(
    pairs: list[Pair], negatives: list[list[str]], relevant: Relevant
) -> Cleaned:
    """`text in relevant[query]`, without a key on either side."""
    return [
        (query, passage, [text for text in texts if text not in relevant.get(query, ())])
        for query, passage, texts in clean(pairs, negatives, {})
    ]


# Other forms of comparing negatives with relevant passages that are not made alike.
relevant_as_it_stands = (
    cleaned(right=_texts.as_it_stands, own=_texts.as_it_stands),
    _looked_for_in_relevant,
)


def not_looked_up(pairs: list[Pair], negatives: list[list[str]], relevant: Relevant) -> Cleaned:
    return [row for row in clean(pairs, negatives, relevant) if relevant[row[0]] is not None]


def texts_as_compared(pairs: list[Pair], negatives: list[list[str]], relevant: Relevant) -> Cleaned:
    return [
        (key(query), key(passage), [key(text) for text in texts])
        for query, passage, texts in clean(pairs, negatives, relevant)
    ]


def pairs_by(one: Key, negative: Key = key) -> Callable:
    """A cleaning that compares pairs by this key, and a query with its passage."""
    return cleaned(lambda q, p: (one(q), one(p)), negative, same=one, own=negative)


def negatives_by(one: Key) -> Callable:
    """A cleaning that compares negatives, relevant passages and a pair's own by this key."""
    return cleaned(negative=one, own=one)


def everywhere(one: Key) -> Callable:
    """A cleaning that compares all texts by this key."""
    return pairs_by(one, negative=one)
