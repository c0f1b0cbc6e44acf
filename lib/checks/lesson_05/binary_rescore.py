"""Lesson 05, searching with less: `binary_rescore`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from lib.checks.exercise import Case, Exercise, Mistake
from lib.checks.lesson_05._shortlists import DEFAULT, SAME, no_ties, pick
from lib.checks.values import EXACT

_AFFINE = "any two values for a bit add the same to all scores of a query and scale them"


def _signs(x: Tensor) -> Tensor:
    return torch.where(x > 0, 1.0, -1.0).to(x)


def _bit_cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    queries = torch.tensor([[0.8, -0.4, 0.2]])
    corpus = torch.tensor([[0.1, -0.9, -0.5], [-0.7, -0.3, 0.6], [0.5, -0.1, 0.2]])
    yield Case((queries, corpus, 2, 1), "two on the shortlist, one wanted")
    yield Case((queries, corpus, 3, 2), "everything on the shortlist")
    yield Case((queries, corpus, 9, 2), "a shortlist longer than the corpus")
    # Of two passages equally far from a query either may be on the shortlist: no case has such a tie.
    apart = torch.tensor([[0.1, -0.9, -0.5], [-0.7, 0.3, 0.6], [0.5, -0.1, 0.2]])
    yield Case((queries, apart, 2, 9), "more wanted than are on the shortlist")
    half = torch.tensor([[0.5, 0.0, 0.0, 0.4], [0.2, -0.6, -0.3, 0.0], [-0.3, 0.2, -0.1, 0.9]])
    yield Case((torch.tensor([[0.9, -0.2, -0.3, 0.1]]), half, 1, 1), "zeros are not above 0")
    zeros = torch.tensor([[0.9, 0.0, -0.2, 0.4, 0.3]])
    near = torch.tensor([[0.3, 0.2, -0.5, 0.1, -0.6], [0.1, -0.1, -0.3, 0.7, -0.2]])
    yield Case((zeros, near, 1, 1), "a query with a zero")
    many = torch.ones(1, 300)
    signs_of = [torch.where(torch.arange(300) < apart, -1.0, 1.0) for apart in (260, 100)]
    yield Case((many, torch.stack(signs_of), 1, 1), "300 numbers, of which 260 differ or 100")
    made = 0
    while made < (24 if hidden else 16):
        # Distances tie easily, so that bits are made which do not.
        long = 15
        signs = np.where(rng.random((1, long)) < 0.5, -1.0, 1.0)
        flips = rng.permutation(9)[: int(rng.integers(6, 9))] + 3
        rows = np.repeat(signs, len(flips), axis=0)
        for row, count in enumerate(flips):
            rows[row, rng.permutation(long)[:count]] *= -1
        corpus = torch.from_numpy(rows * rng.lognormal(0, 1.3, rows.shape))
        queries = torch.from_numpy(signs * rng.lognormal(0, 1.3, signs.shape))
        scores = (queries @ _signs(corpus).T).numpy()
        if not no_ties(scores, (queries @ corpus.T).numpy()):
            continue
        made += 1
        size = int(rng.integers(3, 5))
        yield Case((queries, corpus, size, int(rng.integers(1, size))), f"random {made}")


def _bits_by_counting(queries: Tensor, corpus: Tensor, size: int, k: int) -> list:
    found = []
    passages = corpus.double().tolist()
    for query in queries.double().tolist():
        differ = [sum((x > 0) != (y > 0) for x, y in zip(query, p)) for p in passages]
        short = sorted(range(len(passages)), key=lambda row: differ[row])[:size]

        def score(row: int, query=query) -> float:
            return sum(x if y > 0 else -x for x, y in zip(query, passages[row]))

        found.append(sorted(short, key=lambda row: -score(row))[:k])
    return found


def _bits(pick: Callable) -> Callable:
    def wrong(queries, corpus, size, k):
        return pick(queries, corpus, _signs(queries) @ _signs(corpus).T, size, k)

    return wrong


def _bit_places(q, c, near, s, k):
    places = near.topk(min(s, len(c)), dim=1).indices
    scores = (q @ _signs(c).T).gather(1, places)
    return scores.topk(min(k, places.shape[1]), dim=1).indices


EXERCISE = Exercise(
    "binary_rescore",
    "05",
    _bit_cases,
    _bits_by_counting,
    tolerance=EXACT,
    equivalent={
        "min(size, len(corpus)) -> min(len(corpus), size)": SAME,
        "min(k, size) -> min(size, k)": SAME,
        "torch.where(corpus > 0, 1.0, -1.0) -> corpus > 0": _AFFINE,
        "torch.where(corpus > 0, 1.0, -1.0) -> torch.where(corpus > 0, 3.0, -1.0)": _AFFINE,
        "torch.where(corpus > 0, 1.0, -1.0) -> torch.where(corpus > 0, 1.0, -3.0)": _AFFINE,
        "(query_signs @ corpus_signs.T).topk(size, dim=1) -> (query_signs @ corpus_signs.T).topk(size)": DEFAULT,
        "scores.topk(min(k, size), dim=1) -> scores.topk(min(k, size))": DEFAULT,
    },
    mistakes=[
        Mistake(
            "not-rescored",
            "The order is that of the differing bits. Score the shortlist again with the queries' "
            "own numbers.",
            _bits(lambda q, c, near, s, k: pick(near, near, s, k)),
            hint=2,
        ),
        Mistake(
            "whole-vectors-kept",
            "You rescore with the passages' own numbers, which a binary index no longer has. Use the "
            "queries' numbers and the passages' signs.",
            _bits(lambda q, c, near, s, k: pick(near, q @ c.T, s, k)),
            hint=2,
        ),
        Mistake(
            "farthest-first",
            "The shortlist holds the passages that differ most. Few differing bits are a small "
            "distance: take those.",
            _bits(lambda q, c, near, s, k: pick(-near, q @ _signs(c).T, s, k)),
            hint=1,
        ),
        Mistake(
            "only-ones-counted",
            "You count bits that are 1 on both sides. Two zeros agree as well: use signs 1 and -1, "
            "or count what differs.",
            lambda q, c, s, k: pick((q > 0).double() @ (c > 0).double().T, q @ _signs(c).T, s, k),
            hint=1,
        ),
        Mistake(
            "no-shortlist",
            "Every passage is scored with the queries' numbers. Only those on the shortlist may be.",
            lambda q, c, s, k: pick(q @ _signs(c).T, q @ _signs(c).T, s, k),
            hint=2,
        ),
        Mistake(
            "places-in-the-shortlist",
            "You return places in the shortlist, not rows of the corpus. Look the rows up: "
            "`candidates.gather(1, best)`.",
            _bits(_bit_places),
        ),
        Mistake(
            "whole-shortlist",
            "You return the whole shortlist. Keep the k best.",
            _bits(lambda q, c, near, s, k: pick(near, q @ _signs(c).T, s, s)),
        ),
        Mistake(
            "shortlist-of-k",
            "Your shortlist has k passages, so rescoring changes their order only. It must have "
            "`size`.",
            _bits(lambda q, c, near, s, k: pick(near, q @ _signs(c).T, min(k, s), k)),
        ),
        Mistake(
            "zero-counts-as-one",
            "A number of 0 is not taken for what it is: bits are 1 only above 0, so that the sign of 0 is "
            "-1, as in the library.",
            lambda q, c, s, k: pick(
                torch.where(q >= 0, 1.0, -1.0).to(q) @ torch.where(c >= 0, 1.0, -1.0).to(c).T,
                q @ torch.where(c >= 0, 1.0, -1.0).to(c).T,
                s,
                k,
            ),
            hint=3,
        ),
    ],
    returns="tensor",
)
