"""Answers to `clean_training_set`, written from its card alone."""

from __future__ import annotations

import re

Pairs = list[tuple[str, str]]
Negatives = list[list[str]]
Relevant = dict[str, set[str]]
Clean = list[tuple[str, str, list[str]]]


def _key(text: str) -> str:
    return text.strip().casefold()


def right_plain(pairs: Pairs, negatives: Negatives, relevant: Relevant) -> Clean:
    """One pass with a set of what came before."""
    seen = set()
    clean = []
    for (query, passage), candidates in zip(pairs, negatives, strict=True):
        pair = (_key(query), _key(passage))
        if pair in seen or pair[0] == pair[1]:
            continue
        seen.add(pair)
        banned = {_key(text) for text in relevant.get(query, set())} | {pair[1]}
        kept = []
        for text in candidates:
            if _key(text) not in banned:
                banned.add(_key(text))
                kept.append(text)
        clean.append((query, passage, kept))
    return clean


def right_two_steps(pairs: Pairs, negatives: Negatives, relevant: Relevant) -> Clean:
    """The rows that stay first, by a dict; then the negatives by a dict each."""
    first: dict[tuple[str, str], int] = {}
    for row, (query, passage) in enumerate(pairs):
        first.setdefault((_key(query), _key(passage)), row)
    rows = sorted(row for (query, passage), row in first.items() if query != passage)
    result = []
    for row in rows:
        query, passage = pairs[row]
        texts: dict[str, str] = {}
        for text in negatives[row]:
            texts.setdefault(_key(text), text)
        for text in [passage, *relevant.get(query, [])]:
            texts.pop(_key(text), None)
        result.append((query, passage, list(texts.values())))
    return result


def right_lists(pairs: Pairs, negatives: Negatives, relevant: Relevant) -> Clean:
    """Lists and quadratic look-ups; a try for the missing query."""
    before: list[list[str]] = []
    out: Clean = []
    for i in range(len(pairs)):
        query, passage = pairs[i]
        lowered = [_key(query), _key(passage)]
        if lowered[0] == lowered[1]:
            continue
        if lowered in before:
            continue
        before.append(lowered)
        try:
            right = [_key(text) for text in relevant[query]]
        except KeyError:
            right = []
        right.append(lowered[1])
        used: list[str] = []
        kept: list[str] = []
        for negative in negatives[i]:
            cleaned = _key(negative)
            if cleaned in right or cleaned in used:
                continue
            used.append(cleaned)
            kept.append(negative)
        out.append((query, passage, kept))
    return out


def right_comprehensions(pairs: Pairs, negatives: Negatives, relevant: Relevant) -> Clean:
    """Each condition looks back over a slice."""
    keys = [(_key(query), _key(passage)) for query, passage in pairs]

    def keep(texts: list[str], banned: list[str]) -> list[str]:
        names = list(map(_key, texts))
        return [
            text
            for j, text in enumerate(texts)
            if names[j] not in names[:j] and names[j] not in banned
        ]

    return [
        (query, passage, keep(negatives[i], [keys[i][1], *map(_key, relevant.get(query, ()))]))
        for i, (query, passage) in enumerate(pairs)
        if keys[i] not in keys[:i] and len(set(keys[i])) == 2
    ]


def right_removes(pairs: Pairs, negatives: Negatives, relevant: Relevant) -> Clean:
    """Copies all, then deletes from the end."""
    clean = [(q, p, list(n)) for (q, p), n in zip(pairs, negatives, strict=True)]
    for i in range(len(clean) - 1, -1, -1):
        query, passage, texts = clean[i]
        twin = any(
            _key(query) == _key(other[0]) and _key(passage) == _key(other[1]) for other in clean[:i]
        )
        if twin or _key(query) == _key(passage):
            del clean[i]
            continue
        banned = [_key(passage)] + [_key(text) for text in relevant.get(query) or []]
        for j in range(len(texts) - 1, -1, -1):
            earlier = [_key(text) for text in texts[:j]]
            if _key(texts[j]) in banned or _key(texts[j]) in earlier:
                del texts[j]
    return clean


def _clean(
    pairs: Pairs,
    negatives: Negatives,
    relevant: Relevant,
    key=_key,
    look_up=lambda relevant, query: relevant.get(query, set()),
) -> Clean:
    """Right with the defaults."""
    seen = set()
    clean = []
    for (query, passage), candidates in zip(pairs, negatives, strict=True):
        pair = (key(query), key(passage))
        if pair in seen or pair[0] == pair[1]:
            continue
        seen.add(pair)
        banned = {key(text) for text in look_up(relevant, query)} | {pair[1]}
        kept = []
        for text in candidates:
            if key(text) not in banned:
                banned.add(key(text))
                kept.append(text)
        clean.append((query, passage, kept))
    return clean


def wrong_as_it_stands(pairs: Pairs, negatives: Negatives, relevant: Relevant) -> Clean:
    """Compares texts as they are: the example."""
    return _clean(pairs, negatives, relevant, key=lambda text: text)


def wrong_lower(pairs: Pairs, negatives: Negatives, relevant: Relevant) -> Clean:
    """lower() for casefold(): "Fuß" and "FUSS"."""
    return _clean(pairs, negatives, relevant, key=lambda text: text.strip().lower())


def wrong_lower_for_negatives(pairs: Pairs, negatives: Negatives, relevant: Relevant) -> Clean:
    """Pairs by casefold, negatives by lower(): "GROSS" beside "groß" stays."""
    rows = []
    for query, passage, _ in _clean(pairs, negatives, {}):
        known = {text.strip().lower() for text in (passage, *relevant.get(query, set()))}
        kept = []
        for text in next(n for p, n in zip(pairs, negatives) if p == (query, passage)):
            if text.strip().lower() not in known:
                known.add(text.strip().lower())
                kept.append(text)
        rows.append((query, passage, kept))
    return rows


def wrong_no_strip(pairs: Pairs, negatives: Negatives, relevant: Relevant) -> Clean:
    """No strip: "p " in the example."""
    return _clean(pairs, negatives, relevant, key=str.casefold)


def wrong_inner_space(pairs: Pairs, negatives: Negatives, relevant: Relevant) -> Clean:
    """White space within a text is made one blank: "a  b" and "a b"."""
    return _clean(
        pairs, negatives, relevant, key=lambda text: re.sub(r"\s+", " ", text.strip().casefold())
    )


def wrong_look_up_folded(pairs: Pairs, negatives: Negatives, relevant: Relevant) -> Clean:
    """Looks the query up cleaned: "Flu" finds the passages of "flu", or misses its own."""
    return _clean(
        pairs, negatives, relevant, look_up=lambda relevant, query: relevant.get(_key(query), set())
    )


def wrong_look_up_any_case(pairs: Pairs, negatives: Negatives, relevant: Relevant) -> Clean:
    """Looks up over all spellings of the query: "Flu" gets the passages of "flu", too."""
    return _clean(
        pairs,
        negatives,
        relevant,
        look_up=lambda relevant, query: {
            text for other in relevant if _key(other) == _key(query) for text in relevant[other]
        },
    )


def wrong_key_error(pairs: Pairs, negatives: Negatives, relevant: Relevant) -> Clean:
    """relevant[query]: KeyError if it is missing."""
    return _clean(pairs, negatives, relevant, look_up=lambda relevant, query: relevant[query])


def wrong_no_relevant(pairs: Pairs, negatives: Negatives, relevant: Relevant) -> Clean:
    """Drops the own passage only."""
    return _clean(pairs, negatives, {})


def wrong_relevant_as_it_stands(pairs: Pairs, negatives: Negatives, relevant: Relevant) -> Clean:
    """`text in relevant[query]`, without cleaning: "r" with "R" in relevant stays."""
    return [
        (query, passage, [text for text in texts if text not in relevant.get(query, set())])
        for query, passage, texts in _clean(pairs, negatives, {})
    ]


def wrong_only_relevant(pairs: Pairs, negatives: Negatives, relevant: Relevant) -> Clean:
    """Forgets the own passage where relevant does not name it."""
    clean = []
    for query, passage, _ in _clean(pairs, negatives, relevant):
        texts = negatives[pairs.index((query, passage))]
        banned = {_key(text) for text in relevant.get(query, set())}
        kept = {}
        for text in texts:
            if _key(text) not in banned:
                kept.setdefault(_key(text), text)
        clean.append((query, passage, list(kept.values())))
    return clean


def wrong_keeps_own_passage_query(pairs: Pairs, negatives: Negatives, relevant: Relevant) -> Clean:
    """A pair whose query is its passage stays."""
    seen = set()
    clean = []
    for (query, passage), texts in zip(pairs, negatives, strict=True):
        if (_key(query), _key(passage)) in seen:
            continue
        seen.add((_key(query), _key(passage)))
        banned = {_key(passage)} | {_key(text) for text in relevant.get(query, set())}
        kept = {}
        for text in texts:
            if _key(text) not in banned:
                kept.setdefault(_key(text), text)
        clean.append((query, passage, list(kept.values())))
    return clean


def wrong_keeps_repeated_pairs(pairs: Pairs, negatives: Negatives, relevant: Relevant) -> Clean:
    """A pair that came before stays."""
    clean = []
    for pair, texts in zip(pairs, negatives, strict=True):
        clean += _clean([pair], [texts], relevant)
    return clean


def wrong_repeated_query(pairs: Pairs, negatives: Negatives, relevant: Relevant) -> Clean:
    """Drops a pair if its query came before, with another passage too."""
    seen = set()
    clean = []
    for query, passage, texts in _clean(pairs, negatives, relevant):
        if _key(query) not in seen:
            clean.append((query, passage, texts))
        seen.add(_key(query))
    return clean


def wrong_neighbours_only(pairs: Pairs, negatives: Negatives, relevant: Relevant) -> Clean:
    """Compares with the pair just before only: A, B, A."""
    clean = []
    last = None
    for pair, texts in zip(pairs, negatives, strict=True):
        key = (_key(pair[0]), _key(pair[1]))
        if key != last:
            clean += _clean([pair], [texts], relevant)
        last = key
    return clean


def wrong_reversed_pair(pairs: Pairs, negatives: Negatives, relevant: Relevant) -> Clean:
    """A frozenset for the pair: ("a", "b") and ("b", "a") are one."""
    seen = set()
    clean = []
    for query, passage, texts in _clean(pairs, negatives, relevant):
        both = frozenset([_key(query), _key(passage)])
        if both not in seen:
            clean.append((query, passage, texts))
        seen.add(both)
    return clean


def wrong_keeps_repeats(pairs: Pairs, negatives: Negatives, relevant: Relevant) -> Clean:
    """Negatives may repeat: "q", "r", "q" without R in relevant."""
    clean = []
    for query, passage, kept in _clean(pairs, negatives, relevant):
        names = {_key(text) for text in kept}
        texts = negatives[pairs.index((query, passage))]
        clean.append((query, passage, [text for text in texts if _key(text) in names]))
    return clean


def wrong_repeats_over_all(pairs: Pairs, negatives: Negatives, relevant: Relevant) -> Clean:
    """A negative of another pair counts as a repeat."""
    used: set[str] = set()
    clean = []
    for query, passage, texts in _clean(pairs, negatives, relevant):
        clean.append((query, passage, [text for text in texts if _key(text) not in used]))
        used.update(map(_key, texts))
    return clean


def wrong_last_of_equals(pairs: Pairs, negatives: Negatives, relevant: Relevant) -> Clean:
    """A dict keeps the last spelling: "q", "Q" gives ["Q"]."""
    clean = []
    for query, passage, kept in _clean(pairs, negatives, relevant):
        texts = {_key(text): text for text in negatives[pairs.index((query, passage))]}
        clean.append((query, passage, [texts[_key(text)] for text in kept]))
    return clean


def wrong_drops_without_negative(pairs: Pairs, negatives: Negatives, relevant: Relevant) -> Clean:
    """A pair without a negative goes."""
    return [row for row in _clean(pairs, negatives, relevant) if row[2]]


def wrong_clean_texts_out(pairs: Pairs, negatives: Negatives, relevant: Relevant) -> Clean:
    """Texts come out stripped and folded."""
    return [
        (_key(query), _key(passage), [_key(text) for text in texts])
        for query, passage, texts in _clean(pairs, negatives, relevant)
    ]


def wrong_sorted(pairs: Pairs, negatives: Negatives, relevant: Relevant) -> Clean:
    """Negatives through a sorted set: "z", "a" changes its order."""
    return [(q, p, sorted(set(texts))) for q, p, texts in _clean(pairs, negatives, relevant)]


def wrong_drops_query_too(pairs: Pairs, negatives: Negatives, relevant: Relevant) -> Clean:
    """Drops a negative that is the query, of which the card says nothing."""
    return [
        (q, p, [text for text in texts if _key(text) != _key(q)])
        for q, p, texts in _clean(pairs, negatives, relevant)
    ]


def wrong_shifted(pairs: Pairs, negatives: Negatives, relevant: Relevant) -> Clean:
    """Cleans the pairs first and then zips them with all negatives: a dropped pair shifts them."""
    kept = [(query, passage) for query, passage, _ in _clean(pairs, negatives, relevant)]
    return _clean(kept, negatives[: len(kept)], relevant)


def wrong_changes_arguments(pairs: Pairs, negatives: Negatives, relevant: Relevant) -> Clean:
    """Adds the own passage to relevant[query], which changes the argument, and later pairs."""
    for query, passage in pairs:
        relevant.setdefault(query, set()).add(passage)
    return _clean(pairs, negatives, relevant)


def wrong_changes_negatives(pairs: Pairs, negatives: Negatives, relevant: Relevant) -> Clean:
    """Right values, but the lists of the caller are cleaned in place."""
    clean = _clean(pairs, negatives, relevant)
    for query, passage, texts in clean:
        negatives[pairs.index((query, passage))][:] = texts
    return clean


def wrong_removes_while_looping(pairs: Pairs, negatives: Negatives, relevant: Relevant) -> Clean:
    """Removes from the list it loops over: of two neighbours to drop the second stays."""
    clean = []
    for query, passage, _ in _clean(pairs, negatives, relevant):
        texts = list(negatives[pairs.index((query, passage))])
        banned = {_key(text) for text in relevant.get(query, set())} | {_key(passage)}
        for text in texts:
            if _key(text) in banned:
                texts.remove(text)
        kept: dict[str, str] = {}
        for text in texts:
            kept.setdefault(_key(text), text)
        clean.append((query, passage, list(kept.values())))
    return clean


RIGHT = [right_plain, right_two_steps, right_lists, right_comprehensions, right_removes]
WRONG = [
    wrong_as_it_stands,
    wrong_lower,
    wrong_lower_for_negatives,
    wrong_no_strip,
    wrong_inner_space,
    wrong_look_up_folded,
    wrong_look_up_any_case,
    wrong_key_error,
    wrong_no_relevant,
    wrong_relevant_as_it_stands,
    wrong_only_relevant,
    wrong_keeps_own_passage_query,
    wrong_keeps_repeated_pairs,
    wrong_repeated_query,
    wrong_neighbours_only,
    wrong_reversed_pair,
    wrong_keeps_repeats,
    wrong_repeats_over_all,
    wrong_last_of_equals,
    wrong_drops_without_negative,
    wrong_clean_texts_out,
    wrong_sorted,
    wrong_drops_query_too,
    wrong_shifted,
    wrong_changes_arguments,
    wrong_changes_negatives,
    wrong_removes_while_looping,
]
