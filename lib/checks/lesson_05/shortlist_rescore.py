"""Lesson 05, searching with less: `shortlist_rescore`."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from lib.checks.exercise import Case, Exercise, Mistake
from lib.checks.lesson_05._shortlists import DEFAULT, SAME, no_ties, pick
from lib.checks.values import EXACT


def _unit(x: Tensor) -> Tensor:
    return x / x.norm(dim=1, keepdim=True).clamp(min=1e-12)


def _vectors(rng: np.random.Generator, rows: int, long: int) -> Tensor:
    # The first numbers tell most, as after Matryoshka training, but not all.
    values = rng.normal(size=(rows, long)) * np.linspace(1.5, 0.7, long)
    return _unit(torch.from_numpy(values))


def _short_cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    queries = torch.tensor([[0.6, 0.0, 0.8]])
    corpus = torch.tensor([[0.8, 0.6, 0.0], [0.28, 0.0, 0.96], [0.0, 1.0, 0.0], [0.6, -0.64, 0.48]])
    corpus = _unit(corpus.double()).float()
    yield Case((queries, corpus, 2, 2, 1), "a shortlist of two, one wanted")
    yield Case((queries, corpus, 3, 4, 2), "all numbers, all passages: exact search")
    yield Case((queries, corpus, 2, 3, 3), "as many wanted as are on the shortlist")
    yield Case((queries, corpus, 2, 9, 2), "a shortlist longer than the corpus")
    yield Case((queries, corpus, 2, 2, 4), "more wanted than are on the shortlist")
    lost = torch.tensor([[0.0, 0.0, 1.0], [0.6, 0.8, 0.0], [0.8, -0.6, 0.0]])
    yield Case((queries, lost, 2, 2, 1), "a passage whose first numbers are 0")
    made = 0
    while made < (9 if hidden else 5):
        count, n, long = (int(x) for x in rng.integers([1, 6, 5], [5, 16, 10]))
        a, b = _vectors(rng, count, long), _vectors(rng, n, long)
        dim, size = int(rng.integers(2, long)), int(rng.integers(3, 6))
        if not no_ties((a @ b.T).numpy(), (_unit(a[:, :dim]) @ _unit(b[:, :dim]).T).numpy()):
            continue
        made += 1
        yield Case((a, b, dim, size, int(rng.integers(1, 4))), f"random {made}")


def _short_by_sorting(queries: Tensor, corpus: Tensor, dim: int, size: int, k: int) -> list:
    found = []
    passages = corpus.double().tolist()
    for query in queries.double().tolist():

        def score(row: int, most: int, query=query) -> float:
            u, v = query[:most], passages[row][:most]
            length = (sum(x * x for x in u) * sum(x * x for x in v)) ** 0.5
            return sum(x * y for x, y in zip(u, v)) / length if length else 0.0

        def full(row: int, query=query) -> float:
            return sum(x * y for x, y in zip(query, passages[row]))

        short = sorted(range(len(passages)), key=lambda row: -score(row, dim))[:size]
        found.append(sorted(short, key=lambda row: -full(row))[:k])
    return found


def _short_scores(queries: Tensor, corpus: Tensor, dim: int) -> Tensor:
    return _unit(queries[:, :dim]) @ _unit(corpus[:, :dim]).T


def _places_in_shortlist(queries, corpus, dim, size, k):
    short, full = _short_scores(queries, corpus, dim), queries @ corpus.T
    places = short.topk(min(size, len(corpus)), dim=1).indices
    return full.gather(1, places).topk(min(k, places.shape[1]), dim=1).indices


EXERCISE = Exercise(
    "shortlist_rescore",
    "05",
    _short_cases,
    _short_by_sorting,
    tolerance=EXACT,
    equivalent={
        "min(size, len(corpus)) -> min(len(corpus), size)": SAME,
        "min(k, size) -> min(size, k)": SAME,
        "F.normalize(queries[:, :dim], dim=1) -> F.normalize(queries[:, :dim])": DEFAULT,
        "F.normalize(corpus[:, :dim], dim=1) -> F.normalize(corpus[:, :dim])": DEFAULT,
        "(short_queries @ short_corpus.T).topk(size, dim=1) -> (short_queries @ short_corpus.T).topk(size)": DEFAULT,
        "scores.topk(min(k, size), dim=1) -> scores.topk(min(k, size))": DEFAULT,
        "F.normalize(queries[:, :dim], dim=1) -> queries[:, :dim]": "a query's length does not change its order",
    },
    mistakes=[
        Mistake(
            "not-rescored",
            "The order is that of the short vectors. Score the shortlist again with all numbers.",
            lambda q, c, d, s, k: pick(_short_scores(q, c, d), _short_scores(q, c, d), s, k),
            hint=1,
        ),
        Mistake(
            "no-shortlist",
            "This is exact search with the whole vectors: right, and as slow as before. Only the "
            "passages on the shortlist may be scored in full.",
            lambda q, c, d, s, k: pick(q @ c.T, q @ c.T, s, k),
            hint=1,
        ),
        Mistake(
            "places-in-the-shortlist",
            "You return places in the shortlist, not rows of the corpus. Look the rows up: "
            "`candidates.gather(1, best)`.",
            _places_in_shortlist,
            hint=2,
        ),
        Mistake(
            "not-renormalised",
            "The cut vectors have other lengths, so the shortlist prefers passages that kept much of "
            "theirs. Renormalise after the cut.",
            lambda q, c, d, s, k: pick(q[:, :d] @ c[:, :d].T, q @ c.T, s, k),
        ),
        Mistake(
            "trailing",
            "The shortlist is made with the last numbers. Take the first.",
            lambda q, c, d, s, k: pick(_unit(q[:, -d:]) @ _unit(c[:, -d:]).T, q @ c.T, s, k),
        ),
        Mistake(
            "shortlist-of-k",
            "Your shortlist has k passages, so the second look changes their order only. It must have "
            "`size`.",
            lambda q, c, d, s, k: pick(_short_scores(q, c, d), q @ c.T, min(k, s), k),
        ),
        Mistake(
            "whole-shortlist",
            "You return the whole shortlist. Keep the k best.",
            lambda q, c, d, s, k: pick(_short_scores(q, c, d), q @ c.T, s, s),
        ),
        Mistake(
            "worst-first",
            "The k worst of the shortlist come back: the order is the wrong way round.",
            lambda q, c, d, s, k: pick(_short_scores(q, c, d), -(q @ c.T), s, k),
        ),
        Mistake(
            "rest-rescored",
            "You rescore with the numbers behind the prefix only. The first ones count, too.",
            lambda q, c, d, s, k: pick(_short_scores(q, c, d), q[:, d:] @ c[:, d:].T, s, k),
            hint=1,
        ),
        Mistake(
            "size-beyond-the-corpus",
            "`topk` fails where the shortlist is longer than the corpus or k longer than the "
            "shortlist. Bound both.",
            lambda q, c, d, s, k: (
                pick(_short_scores(q, c, d), q @ c.T, s, k) if k <= s <= len(c) else [][0]
            ),
            hint=3,
        ),
    ],
    returns="tensor",
)
