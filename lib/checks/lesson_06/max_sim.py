"""Lesson 06, late interaction: `max_sim`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from lib.checks.exercise import Case, Exercise, Mistake


def _pair_cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    query = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    document = torch.tensor([[0.8, 0.6], [-1.0, 0.0], [0.1, 0.9]])
    yield Case((query, document), "two query tokens, three of the document")
    yield Case((query[:1], document), "one query token")
    yield Case((query * 3, document[1:2]), "a document of one token")
    yield Case((query, document[:1].expand(2, 2)), "a document that says a word twice")
    yield Case((document, query), "more query tokens than the document has")
    yield Case((-query, document.abs()), "no dot product above 0")
    yield Case((query * 2, document * 5), "vectors of any length")
    yield Case((query * 300, document * 700), "large numbers")
    zeros = torch.tensor([[0.0, 0.0], [0.6, -0.8]])
    yield Case((zeros, document), "a query token of zeros")
    yield Case((query - 1.5, zeros), "a document token of zeros")
    wide = torch.from_numpy(rng.normal(size=(3, 4)))
    more = torch.from_numpy(rng.normal(size=(2, 5))).T
    yield Case((wide.T[:, :2], more), "four query tokens, five of the document")
    yield Case((query[:0], document), "a query without tokens")
    yield Case((query, document[:0]), "a document without tokens")
    for turn in range(8 if hidden else 4):
        i, j, dim = (int(x) for x in rng.integers([2, 2, 3], [7, 9, 8]))
        pair = rng.normal(size=(i, dim)), rng.normal(size=(j, dim))
        yield Case(tuple(map(torch.from_numpy, pair)), f"random {turn}")


def _sum_by_loops(query: Tensor, document: Tensor) -> float:
    words = document.double().tolist()
    if not words:
        raise ValueError("no token to compare with")
    total = 0.0
    for token in query.double().tolist():
        total += max(sum(x * y for x, y in zip(token, word)) for word in words)
    return total


def _of(score: Callable[[Tensor], Tensor]) -> Callable:
    """A score of the table of dot products (query_tokens, tokens), with empty documents refused."""

    def wrong(query: Tensor, document: Tensor) -> Tensor:
        if not len(document):
            raise ValueError("no tokens")
        return score(query @ document.T)

    return wrong


def _between(change: Callable[[Tensor], Tensor]) -> Callable:
    """MaxSim of changed vectors."""

    def wrong(query: Tensor, document: Tensor) -> Tensor:
        if not len(document):
            raise ValueError("no tokens")
        return (change(query) @ change(document).T).amax(dim=1).sum()

    return wrong


def _distances(query: Tensor, document: Tensor) -> Tensor:
    if not len(document):
        raise ValueError("no tokens")
    return torch.cdist(query, document).amin(dim=1).sum()


def _nearest(query: Tensor, document: Tensor) -> Tensor:
    if not len(document):
        raise ValueError("no tokens")
    return (query * document[torch.cdist(query, document).argmin(dim=1)]).sum()


def _each_once(table: Tensor) -> Tensor:
    """The best of what the query tokens before have left."""
    left, total = table.clone(), table.new_zeros(())
    for row in range(min(table.shape)):
        best = left[row].argmax()
        total = total + left[row, best]
        left[:, best] = -torch.inf
    return total


def _best_pairs_once(table: Tensor) -> Tensor:
    """The same, the best pair of all first."""
    left, total = table.clone(), table.new_zeros(())
    for _ in range(min(table.shape)):
        row, column = divmod(int(left.argmax()), left.shape[1])
        total = total + left[row, column]
        left[row], left[:, column] = -torch.inf, -torch.inf
    return total


def _of_means(query: Tensor, document: Tensor) -> Tensor:
    if not len(document):
        raise ValueError("no tokens")
    return query.mean(dim=0) @ document.mean(dim=0)


def _never_refused(query: Tensor, document: Tensor) -> Tensor:
    best = (query @ document.T).amax(dim=1) if len(document) else query.new_zeros(1)
    return best.sum()


EXERCISE = Exercise(
    "max_sim",
    "06",
    _pair_cases,
    _sum_by_loops,
    equivalent={
        "document.transpose(0, 1) -> document.transpose(1, 0)": "two axes are exchanged either way",
    },
    mistakes=[
        Mistake(
            "mean-for-sum",
            "You average over the query's tokens. MaxSim adds up: the score of a query is the sum of "
            "what its tokens find.",
            _of(lambda table: table.amax(dim=1).mean()),
            hint=1,
        ),
        Mistake(
            "wrong-axis",
            "You take the largest value over the query's tokens and add up over the document's, so that "
            "long documents win. Each *query* token looks for its best document token: in a table "
            "(query_tokens, tokens) the maximum is along dim 1.",
            _of(lambda table: table.amax(dim=0).sum()),
            hint=2,
        ),
        Mistake(
            "no-maximum",
            "You add up all dot products. Each query token counts only its best document token: take the "
            "maximum over the document's tokens first.",
            _of(lambda table: table.sum()),
            hint=2,
        ),
        Mistake(
            "one-best-pair",
            "You return the largest dot product of all pairs, which one matching word decides. Take the "
            "largest for each query token and add them up.",
            _of(lambda table: table.max()),
            hint=1,
        ),
        Mistake(
            "mean-of-document",
            "You average over the document's tokens where the largest counts: a word that matches is lost "
            "among those that do not. Take the maximum along dim 1.",
            _of(lambda table: table.mean(dim=1).sum()),
            hint=2,
        ),
        Mistake(
            "not-added-up",
            "You return one number for each query token. The score is a single number: add them up.",
            _of(lambda table: table.amax(dim=1)),
            hint=1,
        ),
        Mistake(
            "places-added-up",
            "You add up places of the best tokens, not their dot products. `max(dim=1)` returns both: "
            "take its `.values`, or use `amax`.",
            _of(lambda table: table.argmax(dim=1).sum()),
            hint=2,
        ),
        Mistake(
            "cosines",
            "You make the vectors' lengths 1 first. MaxSim takes the dot products of the vectors as they "
            "come; the encoder has normalised them, where that is wanted.",
            _between(lambda x: F.normalize(x, dim=1)),
        ),
        Mistake(
            "nothing-below-zero",
            "You count a negative maximum as 0. A query token whose best dot product is negative adds that "
            "negative number.",
            _of(lambda table: table.amax(dim=1).clamp(min=0).sum()),
        ),
        Mistake(
            "absolute-values",
            "You take the largest *absolute* value, so that the opposite direction counts as a match. "
            "Keep the sign.",
            _of(lambda table: table.abs().amax(dim=1).sum()),
        ),
        Mistake(
            "smallest",
            "You add up the smallest dot products, those of the tokens that fit worst. Take the largest.",
            _of(lambda table: table.amin(dim=1).sum()),
        ),
        Mistake(
            "distances",
            "You add up the smallest distances. MaxSim adds up the largest dot products, and a larger "
            "score is a better match.",
            _distances,
        ),
        Mistake(
            "nearest-by-distance",
            "You take the dot product with the *nearest* vector. The nearest vector has the largest dot "
            "product only where all vectors are equally long: take the largest dot product itself.",
            _nearest,
        ),
        Mistake(
            "each-token-once",
            "You use each of the document's tokens once only. Several query tokens may have the same best "
            "token.",
            _of(_each_once),
            also=[_of(_best_pairs_once)],
        ),
        Mistake(
            "means-of-tokens",
            "You average the tokens of each side and take one dot product: that is the single vector, "
            "which late interaction replaces. Compare the tokens one by one.",
            _of_means,
        ),
        Mistake(
            "never-refused",
            "A document without tokens gets a score. It has no best token: raise a ValueError.",
            _never_refused,
            hint=3,
        ),
    ],
    returns="tensor",
)
