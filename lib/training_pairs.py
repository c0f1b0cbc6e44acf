"""Pairs to train on: which belong together, which leak into the test set, which are worth nothing.

Two pairs that share a text must stay on one side of a split, also by way of others: whoever has
learned one of them knows a part of the other. Texts are compared without case and without the white
space around them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

__all__ = ["clean_training_set", "find_leaks", "leak_groups"]

Pair = tuple[str, str]  # query, passage


def _key(text: str) -> str:
    return text.strip().casefold()


def leak_groups(pairs: Sequence[Pair]) -> list[int]:
    """Return for each pair the number of its group, from 0 in order of first appearance.

    Pairs that share a text, be it query or passage, are one group, and so is what is connected by way
    of other pairs: the connected components of a graph whose nodes are texts and whose edges are pairs.
    """
    leader: dict[str, str] = {}

    def find(text: str) -> str:
        root = text
        while leader.setdefault(root, root) != root:
            root = leader[root]
        while leader[text] != root:
            leader[text], text = root, leader[text]
        return root

    for query, passage in pairs:
        leader[find(_key(query))] = find(_key(passage))
    number: dict[str, int] = {}
    return [number.setdefault(find(_key(query)), len(number)) for query, _ in pairs]


def find_leaks(train: Sequence[Pair], test: Sequence[Pair]) -> list[int]:
    """Return the rows of test whose query or passage is one of training, rising.

    Queries are compared with queries and passages with passages.
    """
    asked, offered = ({_key(pair[side]) for pair in train} for side in (0, 1))
    return [
        row
        for row, (query, passage) in enumerate(test)
        if _key(query) in asked or _key(passage) in offered
    ]


def clean_training_set(
    pairs: Sequence[Pair],
    negatives: Sequence[Sequence[str]],
    relevant: Mapping[str, Set[str]],
) -> list[tuple[str, str, list[str]]]:
    """Return (query, passage, negatives) of each pair worth training on, texts as they came.

    negatives: texts of each pair; relevant: {query: its right passages}, by the query as it stands.
    A pair that came before is dropped, and one whose query is its own passage; of the negatives those
    that are right for the query, its own passage, and repeats. A pair without a negative stays.
    Raises ValueError for negatives of another number.
    """
    if len(pairs) != len(negatives):
        raise ValueError(
            f"clean_training_set: {len(negatives)} lists of negatives came for {len(pairs)} pairs; "
            "expected one a pair, [] where there is none"
        )
    seen: set[Pair] = set()
    cleaned = []
    for (query, passage), others in zip(pairs, negatives):
        pair = _key(query), _key(passage)
        if pair in seen or pair[0] == pair[1]:
            continue
        seen.add(pair)
        known = {_key(text) for text in (passage, *relevant.get(query, ()))}
        kept = []
        for text in others:
            if _key(text) not in known:
                known.add(_key(text))
                kept.append(text)
        cleaned.append((query, passage, kept))
    return cleaned
