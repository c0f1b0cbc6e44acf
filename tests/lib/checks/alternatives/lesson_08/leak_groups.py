"""Other right answers to `leak_groups`."""

from __future__ import annotations

from itertools import chain

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components


def _by_relabelling(pairs: list[tuple[str, str]]) -> list[int]:
    """Each pair takes over the groups that it meets, of all pairs before it."""
    group_of: dict[str, int] = {}
    for place, pair in enumerate(pairs):
        texts = [text.strip().casefold() for text in pair]
        met = {group_of[text] for text in texts if text in group_of}
        for text, group in group_of.items():
            if group in met:
                group_of[text] = place
        group_of.update(dict.fromkeys(texts, place))
    last = [group_of[query.strip().casefold()] for query, _ in pairs]
    seen = sorted(set(last), key=last.index)
    return [seen.index(group) for group in last]


def _by_scipy(pairs: list[tuple[str, str]]) -> np.ndarray | list:
    """Connected components of the graph of texts, in which a pair is an edge."""
    if not pairs:
        return []
    keys = [[text.strip().casefold() for text in pair] for pair in pairs]
    names = {text: row for row, text in enumerate(dict.fromkeys(chain(*keys)))}
    left, right = np.array([[names[text] for text in pair] for pair in keys]).T
    edges = coo_array((np.ones(len(pairs)), (left, right)), shape=(len(names), len(names)))
    _, component = connected_components(edges, directed=False)
    _, first, group = np.unique(component[left], return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[group]


def _until_nothing_changes(pairs: list[tuple[str, str]]) -> list[int]:
    """Each pair takes the lowest number of those that share a text with it, over and over."""
    texts = [{text.casefold().strip() for text in pair} for pair in pairs]
    numbers, before = list(range(len(pairs))), None
    while numbers != before:
        before = list(numbers)
        for one, mine in enumerate(texts):
            numbers[one] = min(numbers[j] for j, other in enumerate(texts) if mine & other)
    order = {number: place for place, number in enumerate(sorted(set(numbers)))}
    return [order[number] for number in numbers]


ALTERNATIVES = [_by_relabelling, _by_scipy, _until_nothing_changes]
