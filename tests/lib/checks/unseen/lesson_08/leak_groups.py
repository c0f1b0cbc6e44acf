"""Answers to `leak_groups`, written from its card alone."""

from __future__ import annotations

import unicodedata

import numpy as np


def _key(text: str) -> str:
    return text.strip().casefold()


def _numbered(labels: list) -> list[int]:
    """Labels of any kind as numbers in order of first appearance."""
    numbers: dict = {}
    return [numbers.setdefault(label, len(numbers)) for label in labels]


def right_union_find(pairs: list[tuple[str, str]]) -> list[int]:
    """Union-find over the texts."""
    parent: dict[str, str] = {}

    def find(text: str) -> str:
        parent.setdefault(text, text)
        while parent[text] != text:
            parent[text] = parent[parent[text]]
            text = parent[text]
        return text

    for query, passage in pairs:
        parent[find(_key(query))] = find(_key(passage))
    return _numbered([find(_key(query)) for query, _ in pairs])


def right_breadth_first(pairs: list[tuple[str, str]]) -> list[int]:
    """A queue from each pair without a group; an index from texts to pairs."""
    texts = [{_key(query), _key(passage)} for query, passage in pairs]
    holders: dict[str, list[int]] = {}
    for row, both in enumerate(texts):
        for text in both:
            holders.setdefault(text, []).append(row)
    groups = [-1] * len(pairs)
    group = 0
    for start in range(len(pairs)):
        if groups[start] >= 0:
            continue
        groups[start] = group
        queue = [start]
        while queue:
            for text in texts[queue.pop(0)]:
                for row in holders[text]:
                    if groups[row] < 0:
                        groups[row] = group
                        queue.append(row)
        group += 1
    return groups


def right_until_nothing_changes(pairs: list[tuple[str, str]]) -> list[int]:
    """Each text takes the smallest label of its neighbours until nothing changes."""
    clean = [(_key(query), _key(passage)) for query, passage in pairs]
    label: dict[str, int] = {}
    for query, passage in clean:
        label.setdefault(query, len(label))
        label.setdefault(passage, len(label))
    changed = True
    while changed:
        changed = False
        for query, passage in clean:
            low = min(label[query], label[passage])
            if label[query] != low or label[passage] != low:
                label[query] = label[passage] = low
                changed = True
    return _numbered([label[query] for query, _ in clean])


def right_merged_sets(pairs: list[tuple[str, str]]) -> list[int]:
    """A list of disjoint sets; each pair melts all that it touches."""
    components: list[set[str]] = []
    for pair in pairs:
        new = {_key(text) for text in pair}
        rest = []
        for component in components:
            if component & new:
                new |= component
            else:
                rest.append(component)
        components = [*rest, new]
    where = {text: i for i, component in enumerate(components) for text in component}
    return _numbered([where[_key(query)] for query, _ in pairs])


def right_scipy(pairs: list[tuple[str, str]]) -> list[int]:
    """scipy's connected components of a graph of texts."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if not pairs:
        return []
    number: dict[str, int] = {}
    edges = [
        [number.setdefault(_key(text), len(number)) for text in (query, passage)]
        for query, passage in pairs
    ]
    rows, columns = np.array(edges).T
    graph = coo_array((np.ones(len(rows)), (rows, columns)), shape=(len(number), len(number)))
    _, labels = connected_components(graph, directed=False)
    return _numbered([int(labels[row]) for row in rows])


def right_relabel(pairs: list[tuple[str, str]]) -> list[int]:
    """Compares each pair with those before it and relabels whole groups; quadratic."""
    groups: list[int] = []
    for i, (query, passage) in enumerate(pairs):
        groups.append(i)
        for j in range(i):
            other = (_key(pairs[j][0]), _key(pairs[j][1]))
            if (_key(query) in other or _key(passage) in other) and groups[j] != groups[i]:
                old, new = groups[i], groups[j]
                groups = [new if group == old else group for group in groups]
    return _numbered(groups)


def _groups(pairs: list[tuple[str, str]], key) -> list[int]:
    """Right but for the comparison that is handed over."""
    components: list[set[str]] = []
    for query, passage in pairs:
        new = {key(query), key(passage)}
        touched = [component for component in components if component & new]
        components = [component for component in components if not component & new]
        components.append(new.union(*touched))
    where = {text: i for i, component in enumerate(components) for text in component}
    return _numbered([where[key(query)] for query, _ in pairs])


def wrong_as_it_stands(pairs: list[tuple[str, str]]) -> list[int]:
    """Compares texts as they are: the example."""
    return _groups(pairs, lambda text: text)


def wrong_no_strip(pairs: list[tuple[str, str]]) -> list[int]:
    """No strip: "p" and "p " differ."""
    return _groups(pairs, str.casefold)


def wrong_no_case(pairs: list[tuple[str, str]]) -> list[int]:
    """No casefold: "Fever" and "fever" differ."""
    return _groups(pairs, str.strip)


def wrong_lower(pairs: list[tuple[str, str]]) -> list[int]:
    """lower() for casefold(): "Fuß" and "FUSS" differ."""
    return _groups(pairs, lambda text: text.strip().lower())


def wrong_inner_space(pairs: list[tuple[str, str]]) -> list[int]:
    """Takes "sore  toe" and "sore toe" for one text."""
    return _groups(pairs, lambda text: " ".join(text.casefold().split()))


def wrong_punctuation(pairs: list[tuple[str, str]]) -> list[int]:
    """Takes "flu?" and "flu" for one text."""
    return _groups(pairs, lambda text: text.strip().casefold().strip("?!. "))


def wrong_normal_form(pairs: list[tuple[str, str]]) -> list[int]:
    """NFKC on top: "é" as one character and as two are one text."""
    return _groups(pairs, lambda text: unicodedata.normalize("NFKC", text).strip().casefold())


def wrong_strips_blanks_only(pairs: list[tuple[str, str]]) -> list[int]:
    """strip(" "): a tab or a newline at the end stays."""
    return _groups(pairs, lambda text: text.strip(" ").casefold())


def wrong_queries_only(pairs: list[tuple[str, str]]) -> list[int]:
    """Pairs of one query only: those that share a passage are split."""
    return _numbered([_key(query) for query, _ in pairs])


def wrong_passages_only(pairs: list[tuple[str, str]]) -> list[int]:
    """Pairs of one passage only."""
    return _numbered([_key(passage) for _, passage in pairs])


def wrong_no_crossing(pairs: list[tuple[str, str]]) -> list[int]:
    """Queries and passages apart: ("a", "b"), ("b", "c") are split."""
    marked = [("q" + _key(query), "p" + _key(passage)) for query, passage in pairs]
    return _groups(marked, lambda text: text)


def wrong_first_match(pairs: list[tuple[str, str]]) -> list[int]:
    """Takes the group of the first known text and never joins two: a-b, c-d, a-d."""
    group_of: dict[str, int] = {}
    groups = []
    count = 0
    for query, passage in pairs:
        a, b = _key(query), _key(passage)
        if a in group_of:
            group = group_of[a]
        elif b in group_of:
            group = group_of[b]
        else:
            group, count = count, count + 1
        group_of.setdefault(a, group)
        group_of.setdefault(b, group)
        groups.append(group)
    return groups


def wrong_gaps(pairs: list[tuple[str, str]]) -> list[int]:
    """The row of the group's first pair: [0, 1, 0, 0] is right, a new one after it gets 4."""
    groups = right_union_find(pairs)
    return [groups.index(group) for group in groups]


def wrong_numbers_by_size(pairs: list[tuple[str, str]]) -> list[int]:
    """The largest group is 0, not the first one: ("a", "b"), ("c", "d"), ("c", "e")."""
    groups = right_union_find(pairs)
    order = sorted(set(groups), key=lambda group: -groups.count(group))
    return [order.index(group) for group in groups]


def wrong_from_one(pairs: list[tuple[str, str]]) -> list[int]:
    """Numbers from 1."""
    return [group + 1 for group in right_union_find(pairs)]


def wrong_one_pass(pairs: list[tuple[str, str]]) -> list[int]:
    """One pass of the smallest label: a chain that closes late is split."""
    label: dict[str, int] = {}
    for query, passage in pairs:
        a, b = _key(query), _key(passage)
        label[a] = label[b] = min(label.get(a, len(label)), label.get(b, len(label)))
    return _numbered([label[_key(query)] for query, _ in pairs])


def wrong_lists_of_rows(pairs: list[tuple[str, str]]) -> list[list[int]]:
    """The rows of each group, not a number a pair."""
    groups = right_union_find(pairs)
    return [[i for i, g in enumerate(groups) if g == group] for group in sorted(set(groups))]


def wrong_ends_at_empty(pairs: list[tuple[str, str]]) -> list[int]:
    """max() of no labels: no pairs raise a ValueError."""
    groups = right_union_find(pairs)
    count = max(groups) + 1
    return [group % count for group in groups]


def wrong_joins_last_two(pairs: list[tuple[str, str]]) -> list[int]:
    """Union of the texts and not of their roots: a link that was there is overwritten."""
    parent: dict[str, str] = {}

    def find(text: str) -> str:
        seen = set()
        while parent.get(text, text) != text and text not in seen:
            seen.add(text)
            text = parent[text]
        return text

    for query, passage in pairs:
        parent[_key(query)] = find(_key(passage))
    return _numbered([find(_key(query)) for query, _ in pairs])


RIGHT = [
    right_union_find,
    right_breadth_first,
    right_until_nothing_changes,
    right_merged_sets,
    right_scipy,
    right_relabel,
]
WRONG = [
    wrong_as_it_stands,
    wrong_no_strip,
    wrong_no_case,
    wrong_lower,
    wrong_inner_space,
    wrong_punctuation,
    wrong_normal_form,
    wrong_strips_blanks_only,
    wrong_queries_only,
    wrong_passages_only,
    wrong_no_crossing,
    wrong_first_match,
    wrong_gaps,
    wrong_numbers_by_size,
    wrong_from_one,
    wrong_one_pass,
    wrong_lists_of_rows,
    wrong_ends_at_empty,
    wrong_joins_last_two,
]
