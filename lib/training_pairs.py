"""Pairs to train on: which belong together, which leak into the test set, which are worth nothing.

Two pairs that share a text must stay on one side of a split, also by way of others: whoever has
learned one of them knows a part of the other. Texts are compared without case and without the white
space around them.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence, Set
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from lib.data import CourseSet, Split

__all__ = ["LeakRows", "clean_training_set", "find_leaks", "leak_groups", "leak_rows", "pairs_of"]

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


def pairs_of(course: CourseSet, *splits: Split) -> list[Pair]:
    """Return (query, passage) of each query of some splits, in order."""
    return [
        (query, course.passages[row])
        for split in splits
        for query, row in zip(split.queries, split.positives)
    ]


class LeakRows(NamedTuple):
    """Rows of a test split, to measure what a leak is worth on the same questions.

    asked: queries whose passage has an earlier query in the split, too: these are to be asked.
    wordings: the earlier queries of the same passages.  relatives: as many queries (fewer, where there
    are fewer) of passages that have one query only and are of a family that is asked, drawn: near to
    what is asked, and no wording of it.
    """

    asked: list[int]
    wordings: list[int]
    relatives: list[int]


def leak_rows(split: Split, families: Sequence[Hashable], seed: int = 0) -> LeakRows:
    """Return which queries of a test split to ask, and which of the others to leak into training.

    families: of each query of the split, see `data.families_of`.
    """
    first: dict[int, int] = {}
    for row, passage in enumerate(split.positives):
        first.setdefault(passage, row)
    asked = [row for row, passage in enumerate(split.positives) if first[passage] != row]
    wordings = list(dict.fromkeys(first[split.positives[row]] for row in asked))
    count = Counter(split.positives)
    near = {families[row] for row in asked}
    single = [
        row
        for row, passage in enumerate(split.positives)
        if count[passage] == 1 and families[row] in near
    ]
    drawn = random.Random(seed).sample(single, min(len(single), len(wordings)))
    return LeakRows(asked, wordings, sorted(drawn))


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
