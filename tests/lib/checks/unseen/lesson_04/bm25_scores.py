"""Answers to `bm25_scores`, written from its card alone."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import torch


def right_loops(
    query: list[str], passages: list[list[str]], k1: float = 1.5, b: float = 0.75
) -> list[float]:
    """The lesson's cell in two loops; passages without the word are skipped."""
    n = len(passages)
    mean_length = sum(len(p) for p in passages) / n
    scores = [0.0] * n
    for word in query:
        df = sum(word in p for p in passages)
        idf = math.log(1 + (n - df + 0.5) / (df + 0.5))
        for i, p in enumerate(passages):
            tf = p.count(word)
            if tf == 0:
                continue
            scores[i] += idf * tf / (tf + k1 * (1 - b + b * len(p) / mean_length))
    return scores


def right_counters(
    query: list[str], passages: list[list[str]], k1: float = 1.5, b: float = 0.75
) -> list[float]:
    """A Counter for each passage and one for document frequencies."""
    counts = [Counter(p) for p in passages]
    df = Counter(word for c in counts for word in c)
    n, total = len(passages), sum(c.total() for c in counts)
    out = []
    for c in counts:
        length = c.total()
        score = 0.0
        for word in query:
            if word in c:
                idf = math.log(1 + (n - df[word] + 0.5) / (df[word] + 0.5))
                score += idf * c[word] / (c[word] + k1 * (1 - b + b * length * n / total))
        out.append(score)
    return out


def right_numpy(
    query: list[str], passages: list[list[str]], k1: float = 1.5, b: float = 0.75
) -> list[float]:
    """A numpy table of counts, divided only where a count is above 0."""
    tf = np.array([[p.count(w) for w in query] for p in passages], dtype=float)
    tf = tf.reshape(len(passages), len(query))
    lengths = np.array([len(p) for p in passages], dtype=float)
    df = (tf > 0).sum(axis=0)
    idf = np.log(1 + (len(passages) - df + 0.5) / (df + 0.5))
    slow = k1 * (1 - b + b * lengths / lengths.mean())
    part = np.divide(tf, tf + slow[:, None], out=np.zeros_like(tf), where=tf > 0)
    return list((idf * part).sum(axis=1))


def right_torch_where(
    query: list[str], passages: list[list[str]], k1: float = 1.5, b: float = 0.75
) -> list[float]:
    """Torch in float32, one product of counts and idf; 0/0 becomes 0."""
    n = len(passages)
    lengths = torch.tensor([float(len(p)) for p in passages])
    slow = k1 * (1 - b + b * lengths / lengths.mean())
    scores = torch.zeros(n)
    for word in query:
        tf = torch.tensor([float(p.count(word)) for p in passages])
        df = int((tf > 0).sum())
        idf = math.log(1 + (n - df + 0.5) / (df + 0.5))
        scores = scores + torch.where(tf > 0, idf * tf / (tf + slow), 0.0)
    return scores.tolist()


def right_comprehension(
    query: list[str], passages: list[list[str]], k1: float = 1.5, b: float = 0.75
) -> list[float]:
    """An inner function for one word and one passage, then one comprehension."""
    n = len(passages)
    mean = sum(map(len, passages)) / n
    known = {w: sum(1 for p in passages if w in p) for w in set(query)}

    def one(word: str, passage: list[str]) -> float:
        tf = passage.count(word)
        if not tf:
            return 0.0
        idf = math.log(1 + (n - known[word] + 0.5) / (known[word] + 0.5))
        return idf * tf / (tf + k1 * (1 - b + b * len(passage) / mean))

    return [math.fsum(one(w, p) for w in query) for p in passages]


def right_inverted_index(
    query: list[str], passages: list[list[str]], k1: float = 1.5, b: float = 0.75
) -> list[float]:
    """Postings first, then each distinct query word times how often it stands in the query."""
    postings: dict[str, dict[int, int]] = {}
    for i, passage in enumerate(passages):
        for word in passage:
            row = postings.setdefault(word, {})
            row[i] = row.get(i, 0) + 1
    n = len(passages)
    average = sum(len(p) for p in passages) / n
    scores = [0.0 for _ in passages]
    for word, times in Counter(query).items():
        posting = postings.get(word, {})
        idf = math.log1p((n - len(posting) + 0.5) / (len(posting) + 0.5))
        for i, tf in posting.items():
            norm = (1 - b) + b * (len(passages[i]) / average)
            scores[i] += times * idf * tf / (tf + k1 * norm)
    return scores


def wrong_set_of_query(
    query: list[str], passages: list[list[str]], k1: float = 1.5, b: float = 0.75
) -> list[float]:
    """Counts each query word once: wrong for the query ["heart", "heart"]."""
    n = len(passages)
    mean_length = sum(len(p) for p in passages) / n
    scores = [0.0] * n
    for word in set(query):
        df = sum(word in p for p in passages)
        idf = math.log(1 + (n - df + 0.5) / (df + 0.5))
        for i, p in enumerate(passages):
            tf = p.count(word)
            if tf:
                scores[i] += idf * tf / (tf + k1 * (1 - b + b * len(p) / mean_length))
    return scores


def wrong_no_guard(
    query: list[str], passages: list[list[str]], k1: float = 1.5, b: float = 0.75
) -> list[float]:
    """ZeroDivisionError for b = 1 and an empty passage, which is allowed."""
    n = len(passages)
    mean_length = sum(map(len, passages)) / n
    scores = []
    for p in passages:
        s = 0.0
        for word in query:
            df = sum(word in q for q in passages)
            idf = math.log(1 + (n - df + 0.5) / (df + 0.5))
            tf = p.count(word)
            s += idf * tf / (tf + k1 * (1 - b + b * len(p) / mean_length))
        scores.append(s)
    return scores


def wrong_occurrences_for_df(
    query: list[str], passages: list[list[str]], k1: float = 1.5, b: float = 0.75
) -> list[float]:
    """df counts occurrences, not passages: wrong where a passage has "heart" twice."""
    n = len(passages)
    mean_length = sum(map(len, passages)) / n
    everything = Counter(w for p in passages for w in p)
    scores = [0.0] * n
    for word in query:
        df = everything[word]
        if df == 0:
            continue
        idf = math.log(1 + max(0.0, n - df + 0.5) / (df + 0.5))
        for i, p in enumerate(passages):
            tf = p.count(word)
            if tf:
                scores[i] += idf * tf / (tf + k1 * (1 - b + b * len(p) / mean_length))
    return scores


def wrong_substrings(
    query: list[str], passages: list[list[str]], k1: float = 1.5, b: float = 0.75
) -> list[float]:
    """Searches in the joined text: finds "ear" in "heart"."""
    texts = [" ".join(p) for p in passages]
    n = len(passages)
    mean_length = sum(map(len, passages)) / n
    scores = [0.0] * n
    for word in query:
        df = sum(word in t for t in texts)
        idf = math.log(1 + (n - df + 0.5) / (df + 0.5))
        for i, t in enumerate(texts):
            tf = t.count(word)
            if tf:
                slow = k1 * (1 - b + b * len(passages[i]) / mean_length)
                scores[i] += idf * tf / (tf + slow)
    return scores


def wrong_classic_idf(
    query: list[str], passages: list[list[str]], k1: float = 1.5, b: float = 0.75
) -> list[float]:
    """Forgets the 1 inside the logarithm: below 0 for a word that most passages have."""
    n = len(passages)
    mean_length = sum(map(len, passages)) / n
    scores = [0.0] * n
    for word in query:
        df = sum(word in p for p in passages)
        idf = math.log((n - df + 0.5) / (df + 0.5))
        for i, p in enumerate(passages):
            tf = p.count(word)
            if tf:
                scores[i] += idf * tf / (tf + k1 * (1 - b + b * len(p) / mean_length))
    return scores


def wrong_k1_plus_one(
    query: list[str], passages: list[list[str]], k1: float = 1.5, b: float = 0.75
) -> list[float]:
    """The textbook's factor (k1 + 1), which Lucene's form does not have: 2.5 times too much."""
    n = len(passages)
    mean_length = sum(map(len, passages)) / n
    scores = [0.0] * n
    for word in query:
        df = sum(word in p for p in passages)
        idf = math.log(1 + (n - df + 0.5) / (df + 0.5))
        for i, p in enumerate(passages):
            tf = p.count(word)
            if tf:
                slow = k1 * (1 - b + b * len(p) / mean_length)
                scores[i] += idf * tf * (k1 + 1) / (tf + slow)
    return scores


def wrong_ignores_k1_and_b(
    query: list[str], passages: list[list[str]], k1: float = 1.5, b: float = 0.75
) -> list[float]:
    """1.5 and 0.75 typed in: wrong for k1 = 1.2 or b = 0."""
    n = len(passages)
    mean_length = sum(map(len, passages)) / n
    scores = [0.0] * n
    for word in query:
        df = sum(word in p for p in passages)
        idf = math.log(1 + (n - df + 0.5) / (df + 0.5))
        for i, p in enumerate(passages):
            tf = p.count(word)
            if tf:
                scores[i] += idf * tf / (tf + 1.5 * (1 - 0.75 + 0.75 * len(p) / mean_length))
    return scores


def wrong_distinct_length(
    query: list[str], passages: list[list[str]], k1: float = 1.5, b: float = 0.75
) -> list[float]:
    """The length counts different words only: wrong for ["heart", "heart", "of", ...]."""
    n = len(passages)
    lengths = [len(set(p)) for p in passages]
    mean_length = sum(lengths) / n
    scores = [0.0] * n
    for word in query:
        df = sum(word in p for p in passages)
        idf = math.log(1 + (n - df + 0.5) / (df + 0.5))
        for i, p in enumerate(passages):
            tf = p.count(word)
            if tf:
                scores[i] += idf * tf / (tf + k1 * (1 - b + b * lengths[i] / mean_length))
    return scores


def wrong_mean_length_of_nonempty(
    query: list[str], passages: list[list[str]], k1: float = 1.5, b: float = 0.75
) -> list[float]:
    """The mean length leaves out empty passages: wrong where one is empty."""
    n = len(passages)
    filled = [p for p in passages if p]
    mean_length = sum(map(len, filled)) / len(filled)
    scores = [0.0] * n
    for word in query:
        df = sum(word in p for p in passages)
        idf = math.log(1 + (n - df + 0.5) / (df + 0.5))
        for i, p in enumerate(passages):
            tf = p.count(word)
            if tf:
                scores[i] += idf * tf / (tf + k1 * (1 - b + b * len(p) / mean_length))
    return scores


def wrong_returns_last_word(
    query: list[str], passages: list[list[str]], k1: float = 1.5, b: float = 0.75
) -> list[float]:
    """Overwrites instead of adding: right for one word, wrong for ["heart", "pain"]."""
    n = len(passages)
    mean_length = sum(map(len, passages)) / n
    scores = [0.0] * n
    for word in query:
        df = sum(word in p for p in passages)
        idf = math.log(1 + (n - df + 0.5) / (df + 0.5))
        for i, p in enumerate(passages):
            times = p.count(word)
            if times:
                scores[i] = idf * times / (times + k1 * (1 - b + b * len(p) / mean_length))
    return scores


def wrong_rounded(
    query: list[str], passages: list[list[str]], k1: float = 1.5, b: float = 0.75
) -> list[float]:
    """Rounds each word's part to two digits: 0.21 for 0.2116."""
    n = len(passages)
    mean_length = sum(map(len, passages)) / n
    scores = [0.0] * n
    for word in query:
        df = sum(word in p for p in passages)
        idf = math.log(1 + (n - df + 0.5) / (df + 0.5))
        for i, p in enumerate(passages):
            tf = p.count(word)
            if tf:
                part = idf * tf / (tf + k1 * (1 - b + b * len(p) / mean_length))
                scores[i] += round(part, 2)
    return scores


def wrong_empties_the_query(
    query: list[str], passages: list[list[str]], k1: float = 1.5, b: float = 0.75
) -> list[float]:
    """The right numbers, but the caller's query is empty afterwards (pop)."""
    n = len(passages)
    mean_length = sum(map(len, passages)) / n
    scores = [0.0] * n
    while query:
        word = query.pop()
        df = sum(word in p for p in passages)
        idf = math.log(1 + (n - df + 0.5) / (df + 0.5))
        for i, p in enumerate(passages):
            tf = p.count(word)
            if tf:
                scores[i] += idf * tf / (tf + k1 * (1 - b + b * len(p) / mean_length))
    return scores


def wrong_raise_left(
    query: list[str], passages: list[list[str]], k1: float = 1.5, b: float = 0.75
) -> list[float]:
    """Computes everything, has no return and keeps the card's raise: fails on each input."""
    n = len(passages)
    mean_length = sum(map(len, passages)) / n
    scores = [0.0] * n
    for word in query:
        df = sum(word in p for p in passages)
        idf = math.log(1 + (n - df + 0.5) / (df + 0.5))
        for i, p in enumerate(passages):
            tf = p.count(word)
            if tf:
                scores[i] += idf * tf / (tf + k1 * (1 - b + b * len(p) / mean_length))
    raise NotImplementedError()


RIGHT = [
    right_loops,
    right_counters,
    right_numpy,
    right_torch_where,
    right_comprehension,
    right_inverted_index,
]
WRONG = [
    wrong_set_of_query,
    wrong_no_guard,
    wrong_occurrences_for_df,
    wrong_substrings,
    wrong_classic_idf,
    wrong_k1_plus_one,
    wrong_ignores_k1_and_b,
    wrong_distinct_length,
    wrong_mean_length_of_nonempty,
    wrong_returns_last_word,
    wrong_rounded,
    wrong_empties_the_query,
    wrong_raise_left,
]
