"""Other right answers to `clean_training_set`."""

from __future__ import annotations

import pandas as pd


def _key(text: str) -> str:
    return text.casefold().strip()


def _by_dictionaries(pairs: list, negatives: list, relevant: dict) -> list[tuple]:
    """The first of equals stays in a dictionary that is filled with `setdefault`."""
    kept: dict = {}
    for place, (query, passage) in enumerate(pairs):
        if _key(query) != _key(passage):
            kept.setdefault((_key(query), _key(passage)), place)
    rows = []
    for place in kept.values():
        query, passage = pairs[place]
        wrong: dict = {}
        for text in negatives[place]:
            wrong.setdefault(_key(text), text)
        for text in {passage} | relevant.get(query, set()):
            wrong.pop(_key(text), None)
        rows.append((query, passage, list(wrong.values())))
    return rows


def _by_pandas(pairs: list, negatives: list, relevant: dict) -> list[list]:
    """Lists in place of tuples."""
    table = pd.DataFrame(pairs, columns=["query", "passage"], dtype=object)
    keys = table.map(_key)
    stay = ~keys.duplicated() & (keys["query"] != keys["passage"])
    rows = []
    for place in table.index[stay]:
        query, passage = pairs[place]
        right = [_key(text) for text in (passage, *relevant.get(query, []))]
        texts = pd.Series(negatives[place], dtype=object)
        forms = texts.map(_key)
        rows.append([query, passage, list(texts[~forms.isin(right) & ~forms.duplicated()])])
    return rows


def _one_by_one(pairs: list, negatives: list, relevant: dict) -> list[tuple]:
    rows: list[tuple] = []
    for pair, texts in zip(pairs, negatives, strict=True):
        query, passage = map(_key, pair)
        if query == passage or any((_key(q), _key(p)) == (query, passage) for q, p, _ in rows):
            continue
        right = relevant.get(pair[0], ())
        dropped, kept = [passage, *(_key(text) for text in right)], []
        for text in texts:
            if _key(text) not in dropped:
                kept.append(text)
            dropped.append(_key(text))
        rows.append((pair[0], pair[1], kept))
    return rows


ALTERNATIVES = [_by_dictionaries, _by_pandas, _one_by_one]
