"""Lesson 04, negatives by words: BM25 as Lucene computes it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np

from lib.checks.exercise import Case, Exercise, Mistake

_WORDS = ["heart", "lung", "kidney", "pain", "of", "the", "rare", "loss"]


def _cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    three = [["heart", "pain"], ["lung", "pain"], ["heart", "heart", "of", "the", "kidney"]]
    yield Case((["heart"], three, 1.5, 0.75), "one word, in two of three passages")
    yield Case((["lung"], three, 1.5, 0.75), "a rare word")
    yield Case((["heart", "pain"], three, 1.2, 0.75), "two words")
    yield Case((["heart", "heart"], three, 1.5, 0.75), "a word that is asked for twice")
    yield Case((["nose", "pain"], three, 1.5, 0.75), "a word that no passage has")
    yield Case((["heart"], three, 1.5, 0.0), "b = 0: length does not matter")
    yield Case((["heart"], three, 0.5, 1.0), "b = 1: length matters fully")
    yield Case((["heart"], [["heart"], []], 1.5, 0.75), "an empty passage")
    yield Case(([], three, 1.5, 0.75), "an empty query")
    yield Case(
        (["pain"], [["pain"]] * 3, 1.5, 0.75), "a word in every passage still counts a little"
    )
    yield Case((["heart"], [["heart"], []], 1.5, 1.0), "an empty passage and b = 1")
    inside = [["ear", "pain"], ["heart"], ["earache", "in", "the", "heart"]]
    yield Case((["ear", "art"], inside, 1.5, 0.75), "words that stand inside other words")
    for turn in range(6 if hidden else 3):
        passages = [
            rng.choice(_WORDS, size=int(rng.integers(1, 9))).tolist()
            for _ in range(int(rng.integers(2, 7)))
        ]
        query = rng.choice([*_WORDS, "nose"], size=int(rng.integers(1, 4))).tolist()
        k1, b = round(float(rng.uniform(0.5, 2.0)), 2), round(float(rng.uniform(0.1, 1.0)), 2)
        yield Case((query, passages, k1, b), f"random {turn}")


def _by_table(query: list[str], passages: list[list[str]], k1: float, b: float) -> list[float]:
    """The oracle: counts in a table of passages by words."""
    words = sorted({word for passage in passages for word in passage})
    table = np.array([[passage.count(word) for word in words] for passage in passages], dtype=float)
    table = table.reshape(len(passages), len(words))
    lengths = table.sum(axis=1)
    have = (table > 0).sum(axis=0)
    idf = np.log1p((len(passages) - have + 0.5) / (have + 0.5))
    slow = k1 * (1 - b + b * lengths / lengths.mean())
    there = table > 0  # elsewhere 0 / 0 where b is 1 and the passage is empty
    weights = np.where(there, idf * table / np.where(there, table + slow[:, None], 1.0), 0.0)
    asked = [words.index(word) for word in query if word in words]
    return weights[:, asked].sum(axis=1).tolist()


def _scorer(
    idf: Callable[[int, int], float] = lambda n, df: math.log(1 + (n - df + 0.5) / (df + 0.5)),
    tf: Callable[[int, float], float] = lambda count, slow: count / (count + slow),
    slow: Callable[[float, float, float], float] = lambda k1, b, ratio: k1 * (1 - b + b * ratio),
    once: bool = False,
    total: bool = False,
) -> Callable:
    """BM25 with one part written otherwise."""

    def scores(query: list[str], passages: list[list[str]], k1: float, b: float) -> list[float]:
        n, lengths = len(passages), [len(passage) for passage in passages]
        mean = sum(lengths) / n
        found = []
        for passage, length in zip(passages, lengths):
            counts, score = Counter(passage), 0.0
            for word in dict.fromkeys(query) if once else query:
                df = sum((p.count(word) if total else word in p) for p in passages)
                if counts[word]:
                    score += idf(n, df) * tf(counts[word], slow(k1, b, length / mean))
            found.append(score)
        return found

    return scores


EXERCISE = Exercise(
    "bm25_scores",
    "04",
    _cases,
    _by_table,
    equivalent={
        "score, slow = (0.0, k1 * (1 - b + b * len(passage) / mean_length)) -> score, slow = (-0.0, k1 * (1 - b + b * len(passage) / mean_length))": "0 and -0 are equal",
    },
    mistakes=[
        Mistake(
            "classic-idf",
            "This is the idf without the 1 inside the logarithm: words in more than half of the "
            "passages get a negative weight. Lucene takes log(1 + ...).",
            _scorer(idf=lambda n, df: math.log((n - df + 0.5) / (df + 0.5))),
            hint=1,
        ),
        Mistake(
            "plain-idf",
            "This is log(n / df), the idf of tf-idf. BM25's is "
            "log(1 + (n - df + 0.5) / (df + 0.5)).",
            _scorer(idf=lambda n, df: math.log(n / df)),
            hint=1,
        ),
        Mistake(
            "no-idf",
            "Common words count as much as rare ones. Multiply by the idf.",
            _scorer(idf=lambda n, df: 1.0),
            hint=1,
        ),
        Mistake(
            "df-counts-words",
            "df counts how often the word stands in the corpus. It is the number of *passages* that "
            "have it.",
            _scorer(
                idf=lambda n, df: math.log(1 + max(n - df + 0.5, 0.0) / (df + 0.5)), total=True
            ),
            hint=3,
        ),
        Mistake(
            "no-length",
            "Long passages are not held back: b has no effect. Divide the length by the mean length "
            "inside k1 * (1 - b + b * ...).",
            _scorer(slow=lambda k1, b, ratio: k1),
            hint=2,
        ),
        Mistake(
            "b-swapped",
            "b and 1 - b are exchanged: with b = 0 length should not matter.",
            _scorer(slow=lambda k1, b, ratio: k1 * (b + (1 - b) * ratio)),
            hint=2,
        ),
        Mistake(
            "length-upside-down",
            "You divide the mean length by the passage's: long passages are favoured. It is length / "
            "mean length.",
            _scorer(slow=lambda k1, b, ratio: k1 * (1 - b + b / ratio)),
            hint=2,
        ),
        Mistake(
            "no-saturation",
            "Each repetition counts as much as the first. Divide the count by count + k1 * (...).",
            _scorer(tf=lambda count, slow: count),
            hint=2,
        ),
        Mistake(
            "times-k1-plus-1",
            "You multiply by k1 + 1, as the first papers do. Lucene leaves this factor out: it changes "
            "no order.",
            lambda q, p, k1, b: [(k1 + 1) * s for s in _scorer()(q, p, k1, b)],
        ),
        Mistake(
            "each-word-once",
            "A word that is asked for twice counts once. Sum over the query's words as they come.",
            _scorer(once=True),
            hint=3,
        ),
        Mistake(
            "present-or-not",
            "You look only whether a word is there, not how often. Count it.",
            _scorer(tf=lambda count, slow: 1 / (1 + slow)),
        ),
    ],
)
