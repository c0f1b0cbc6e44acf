"""Lesson 05, searching with less: a shortlist by short vectors, and by single bits."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from lib.checks.exercise import Case, Exercise, Mistake
from lib.checks.values import EXACT

_SAME, _DEFAULT = "the smaller of two, whichever is named first", "dim 1 is the default"
_AFFINE = "any two values for a bit add the same to all scores of a query and scale them"


def _unit(x: Tensor) -> Tensor:
    return x / x.norm(dim=1, keepdim=True).clamp(min=1e-12)


def _signs(x: Tensor) -> Tensor:
    return torch.where(x > 0, 1.0, -1.0).to(x)


def _vectors(rng: np.random.Generator, rows: int, long: int) -> Tensor:
    # The first numbers tell most, as after Matryoshka training, but not all.
    values = rng.normal(size=(rows, long)) * np.linspace(1.5, 0.7, long)
    return _unit(torch.from_numpy(values))


def _no_ties(*tables: np.ndarray) -> bool:
    """Whether all scores of a row differ clearly: the order among equals is nobody's business."""
    gaps = [np.diff(np.sort(table, axis=1), axis=1) for table in tables]
    return all(gap.size == 0 or gap.min() > 1e-7 for gap in gaps)


def _short_cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    queries = torch.tensor([[0.6, 0.0, 0.8]])
    corpus = torch.tensor([[0.8, 0.6, 0.0], [0.28, 0.0, 0.96], [0.0, 1.0, 0.0], [0.6, -0.64, 0.48]])
    corpus = _unit(corpus.double()).float()
    yield Case((queries, corpus, 2, 2, 1), "a shortlist of two, one wanted")
    yield Case((queries, corpus, 3, 4, 2), "all numbers, all passages: exact search")
    yield Case((queries, corpus, 2, 3, 3), "as many wanted as are on the shortlist")
    yield Case((queries, corpus, 2, 9, 2), "a shortlist longer than the corpus")
    yield Case((queries, corpus, 2, 2, 4), "more wanted than are on the shortlist")
    made = 0
    while made < (9 if hidden else 5):
        count, n, long = (int(x) for x in rng.integers([1, 6, 5], [5, 16, 10]))
        a, b = _vectors(rng, count, long), _vectors(rng, n, long)
        dim, size = int(rng.integers(2, long)), int(rng.integers(3, 6))
        if not _no_ties((a @ b.T).numpy(), (_unit(a[:, :dim]) @ _unit(b[:, :dim]).T).numpy()):
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


def _pick(first: Tensor, second: Tensor, size: int, k: int) -> Tensor:
    """Shortlist by the first scores, order by the second."""
    places = first.topk(min(size, first.shape[1]), dim=1).indices
    best = second.gather(1, places).topk(min(k, places.shape[1]), dim=1).indices
    return places.gather(1, best)


def _short_scores(queries: Tensor, corpus: Tensor, dim: int) -> Tensor:
    return _unit(queries[:, :dim]) @ _unit(corpus[:, :dim]).T


def _masked(queries, corpus, dim, size, k):
    """An alternative: everything off the shortlist gets minus infinity."""
    short, size = _short_scores(queries, corpus, dim), min(size, len(corpus))
    limit = short.sort(dim=1, descending=True).values[:, size - 1 : size]
    scores = (queries @ corpus.T).masked_fill(short < limit, -torch.inf)
    return scores.argsort(dim=1, descending=True)[:, : min(k, size)]


def _row_by_row(queries, corpus, dim, size, k):
    """An alternative: one query after the other, candidates taken out of the corpus."""
    found = []
    for query in queries:
        near = (_unit(corpus[:, :dim]) @ query[:dim]).argsort(descending=True)[:size]
        found.append(near[(corpus[near] @ query).argsort(descending=True)[:k]])
    return torch.stack(found)


def _places_in_shortlist(queries, corpus, dim, size, k):
    short, full = _short_scores(queries, corpus, dim), queries @ corpus.T
    places = short.topk(min(size, len(corpus)), dim=1).indices
    return full.gather(1, places).topk(min(k, places.shape[1]), dim=1).indices


SHORTLIST = Exercise(
    "shortlist_rescore",
    "05",
    _short_cases,
    _short_by_sorting,
    tolerance=EXACT,
    equivalent={
        "min(size, len(corpus)) -> min(len(corpus), size)": _SAME,
        "min(k, size) -> min(size, k)": _SAME,
        "F.normalize(queries[:, :dim], dim=1) -> F.normalize(queries[:, :dim])": _DEFAULT,
        "F.normalize(corpus[:, :dim], dim=1) -> F.normalize(corpus[:, :dim])": _DEFAULT,
        "(short_queries @ short_corpus.T).topk(size, dim=1) -> (short_queries @ short_corpus.T).topk(size)": _DEFAULT,
        "scores.topk(min(k, size), dim=1) -> scores.topk(min(k, size))": _DEFAULT,
        "F.normalize(queries[:, :dim], dim=1) -> queries[:, :dim]": "a query's length does not change its order",
    },
    mistakes=[
        Mistake(
            "not-rescored",
            "The order is that of the short vectors. Score the shortlist again with all numbers.",
            lambda q, c, d, s, k: _pick(_short_scores(q, c, d), _short_scores(q, c, d), s, k),
        ),
        Mistake(
            "no-shortlist",
            "This is exact search with the whole vectors: right, and as slow as before. Only the "
            "passages on the shortlist may be scored in full.",
            lambda q, c, d, s, k: _pick(q @ c.T, q @ c.T, s, k),
        ),
        Mistake(
            "places-in-the-shortlist",
            "You return places in the shortlist, not rows of the corpus. Look the rows up: "
            "`candidates.gather(1, best)`.",
            _places_in_shortlist,
        ),
        Mistake(
            "not-renormalised",
            "The cut vectors have other lengths, so the shortlist prefers passages that kept much of "
            "theirs. Renormalise after the cut.",
            lambda q, c, d, s, k: _pick(q[:, :d] @ c[:, :d].T, q @ c.T, s, k),
        ),
        Mistake(
            "trailing",
            "The shortlist is made with the last numbers. Take the first.",
            lambda q, c, d, s, k: _pick(_unit(q[:, -d:]) @ _unit(c[:, -d:]).T, q @ c.T, s, k),
        ),
        Mistake(
            "shortlist-of-k",
            "Your shortlist has k passages, so the second look changes their order only. It must have "
            "`size`.",
            lambda q, c, d, s, k: _pick(_short_scores(q, c, d), q @ c.T, min(k, s), k),
        ),
        Mistake(
            "whole-shortlist",
            "You return the whole shortlist. Keep the k best.",
            lambda q, c, d, s, k: _pick(_short_scores(q, c, d), q @ c.T, s, s),
        ),
        Mistake(
            "worst-first",
            "The k worst of the shortlist come back: the order is the wrong way round.",
            lambda q, c, d, s, k: _pick(_short_scores(q, c, d), -(q @ c.T), s, k),
        ),
        Mistake(
            "rest-rescored",
            "You rescore with the numbers behind the prefix only. The first ones count, too.",
            lambda q, c, d, s, k: _pick(_short_scores(q, c, d), q[:, d:] @ c[:, d:].T, s, k),
        ),
        Mistake(
            "size-beyond-the-corpus",
            "`topk` fails where the shortlist is longer than the corpus or k longer than the "
            "shortlist. Bound both.",
            lambda q, c, d, s, k: (
                _pick(_short_scores(q, c, d), q @ c.T, s, k) if k <= s <= len(c) else [][0]
            ),
        ),
    ],
    alternatives=[_masked, _row_by_row],
)


def _bit_cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    queries = torch.tensor([[0.8, -0.4, 0.2]])
    corpus = torch.tensor([[0.1, -0.9, -0.5], [-0.7, -0.3, 0.6], [0.5, -0.1, 0.2]])
    yield Case((queries, corpus, 2, 1), "two on the shortlist, one wanted")
    yield Case((queries, corpus, 3, 2), "everything on the shortlist")
    yield Case((queries, corpus, 9, 2), "a shortlist longer than the corpus")
    yield Case((queries, corpus, 2, 9), "more wanted than are on the shortlist")
    half = torch.tensor([[0.5, 0.0, -0.4], [0.2, -0.6, 0.0], [0.0, 0.0, 0.9]])
    yield Case((torch.tensor([[0.9, -0.2, 0.1]]), half, 1, 1), "zeros are not above 0")
    zeros = torch.tensor([[0.9, 0.0, -0.2, 0.4, 0.3]])
    near = torch.tensor([[0.3, 0.2, -0.5, 0.1, -0.6], [0.1, -0.1, -0.3, 0.7, -0.2]])
    yield Case((zeros, near, 1, 1), "a query with a zero")
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
        if not _no_ties(scores, (queries @ corpus.T).numpy()):
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


def _by_xor(queries, corpus, size, k):
    """An alternative: count differing truth values, then add what agrees and take off what does not."""
    differ = ((queries > 0)[:, None] ^ (corpus > 0)[None]).sum(dim=2)
    candidates = differ.argsort(dim=1, stable=True)[:, :size]
    scores = (queries[:, None] * (2.0 * (corpus[candidates] > 0) - 1)).sum(dim=2)
    order = scores.argsort(dim=1, descending=True)[:, :k]
    return candidates.gather(1, order)


def _bits_row_by_row(queries, corpus, size, k):
    """An alternative: one query after the other."""
    found = []
    for query in queries:
        near = ((query > 0) == (corpus > 0)).sum(dim=1).argsort(descending=True, stable=True)[:size]
        found.append(near[(_signs(corpus[near]) @ query).argsort(descending=True)[:k]])
    return torch.stack(found)


def _bits(pick: Callable) -> Callable:
    def wrong(queries, corpus, size, k):
        return pick(queries, corpus, _signs(queries) @ _signs(corpus).T, size, k)

    return wrong


def _bit_places(q, c, near, s, k):
    places = near.topk(min(s, len(c)), dim=1).indices
    scores = (q @ _signs(c).T).gather(1, places)
    return scores.topk(min(k, places.shape[1]), dim=1).indices


BINARY = Exercise(
    "binary_rescore",
    "05",
    _bit_cases,
    _bits_by_counting,
    tolerance=EXACT,
    equivalent={
        "min(size, len(corpus)) -> min(len(corpus), size)": _SAME,
        "min(k, size) -> min(size, k)": _SAME,
        "torch.where(corpus > 0, 1.0, -1.0) -> corpus > 0": _AFFINE,
        "torch.where(corpus > 0, 1.0, -1.0) -> torch.where(corpus > 0, 3.0, -1.0)": _AFFINE,
        "torch.where(corpus > 0, 1.0, -1.0) -> torch.where(corpus > 0, 1.0, -3.0)": _AFFINE,
        "(query_signs @ corpus_signs.T).topk(size, dim=1) -> (query_signs @ corpus_signs.T).topk(size)": _DEFAULT,
        "scores.topk(min(k, size), dim=1) -> scores.topk(min(k, size))": _DEFAULT,
    },
    mistakes=[
        Mistake(
            "not-rescored",
            "The order is that of the differing bits. Score the shortlist again with the queries' "
            "own numbers.",
            _bits(lambda q, c, near, s, k: _pick(near, near, s, k)),
        ),
        Mistake(
            "whole-vectors-kept",
            "You rescore with the passages' own numbers, which a binary index no longer has. Use the "
            "queries' numbers and the passages' signs.",
            _bits(lambda q, c, near, s, k: _pick(near, q @ c.T, s, k)),
        ),
        Mistake(
            "farthest-first",
            "The shortlist holds the passages that differ most. Few differing bits are a small "
            "distance: take those.",
            _bits(lambda q, c, near, s, k: _pick(-near, q @ _signs(c).T, s, k)),
        ),
        Mistake(
            "only-ones-counted",
            "You count bits that are 1 on both sides. Two zeros agree as well: use signs 1 and -1, "
            "or count what differs.",
            lambda q, c, s, k: _pick((q > 0).double() @ (c > 0).double().T, q @ _signs(c).T, s, k),
        ),
        Mistake(
            "no-shortlist",
            "Every passage is scored with the queries' numbers. Only those on the shortlist may be.",
            lambda q, c, s, k: _pick(q @ _signs(c).T, q @ _signs(c).T, s, k),
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
            _bits(lambda q, c, near, s, k: _pick(near, q @ _signs(c).T, s, s)),
        ),
        Mistake(
            "shortlist-of-k",
            "Your shortlist has k passages, so rescoring changes their order only. It must have "
            "`size`.",
            _bits(lambda q, c, near, s, k: _pick(near, q @ _signs(c).T, min(k, s), k)),
        ),
        Mistake(
            "zero-counts-as-one",
            "A number of 0 became a 1. Bits are 1 only above 0, as in the library.",
            lambda q, c, s, k: _pick(
                torch.where(q >= 0, 1.0, -1.0).to(q) @ torch.where(c >= 0, 1.0, -1.0).to(c).T,
                q @ torch.where(c >= 0, 1.0, -1.0).to(c).T,
                s,
                k,
            ),
        ),
    ],
    alternatives=[_by_xor, _bits_row_by_row],
)

EXERCISES = [SHORTLIST, BINARY]
