"""Lesson 05, one vector and many lengths: `matryoshka_mnrl`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from lib.checks.exercise import Case, Exercise, Mistake
from lib.checks.lesson_05._prefixes import cut_by_loops, unit


def _loss_cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    queries = torch.tensor([[1.0, 0.0, 2.0, 1.0], [0.0, 1.0, -1.0, 3.0]])
    positives = torch.tensor([[0.8, 0.3, 1.0, -1.0], [-0.2, 1.0, 0.5, 2.0]])
    yield Case((queries, positives, [4], [1.0], 1.0), "one prefix, the whole vector")
    yield Case((queries, positives, [2], [1.0], 2.0), "one prefix, half of the vector")
    yield Case((queries, positives, [4, 2], [1.0, 1.0], 2.0), "two prefixes")
    yield Case(
        (queries, positives, [4, 2, 1], [1.0, 0.5, 0.0], 3.0), "three weights, one of them 0"
    )
    yield Case((queries, positives, [1, 3], [3.0, 2.0], 0.5), "weights above 1, short prefix first")
    yield Case((queries * 5, positives * 0.1, [3, 2], [0.5, 0.5], 4.0), "lengths do not matter")
    yield Case((queries, positives, [4, 3], None, 2.0), "no weights: 1 each")
    yield Case((queries, positives, [4, 3], [1.0], 2.0), "a weight is missing")
    yield Case((queries, positives, [4, 3], [], 2.0), "no weights, in an empty list")
    yield Case((queries, positives, [4], [1.0, 0.5], 2.0), "a weight too many")
    for turn in range(4 if hidden else 2):
        batch, long = int(rng.integers(2, 6)), int(rng.integers(4, 9))
        a, b = (torch.from_numpy(rng.normal(size=(batch, long))).float() for _ in range(2))
        dims = sorted({int(n) for n in rng.integers(1, long + 1, size=3)}, reverse=True)
        weights = rng.uniform(0.2, 2, size=len(dims)).round(2).tolist()
        yield Case((a, b, dims, weights, round(float(rng.uniform(1, 12)), 1)), f"random {turn}")


def _loss_by_loops(
    queries: Tensor, positives: Tensor, dims: list[int], weights: list[float], scale: float
) -> float:
    total = 0.0
    weights = [1] * len(dims) if weights is None else weights
    if len(weights) != len(dims):
        raise ValueError("not as many weights as dims")
    for dim, weight in zip(dims, weights):
        a, b = cut_by_loops(queries, dim), cut_by_loops(positives, dim)
        rows = 0.0
        for i, u in enumerate(a):
            scores = [scale * float(u @ v) for v in b]
            most = max(scores)
            rows += most + np.log(sum(np.exp(s - most) for s in scores)) - scores[i]
        total += weight * rows / len(a)
    return total


def _weighted(loss: Callable) -> Callable:
    """The same, with weights filled in and counted."""

    def counted(queries, positives, dims, weights, scale):
        weights = [1.0 for _ in dims] if weights is None else weights
        if len(dims) != len(weights):
            raise ValueError("weights and dims differ in number")
        return loss(queries, positives, dims, weights, scale)

    return counted


def _mnrl(a: Tensor, b: Tensor, scale: float) -> Tensor:
    scores = scale * unit(a) @ unit(b).T
    return torch.nn.functional.cross_entropy(scores, torch.arange(len(a)))


def _parts(queries, positives, dims, scale) -> Tensor:
    return torch.stack([_mnrl(queries[:, :d], positives[:, :d], scale) for d in dims])


@_weighted
def _dot_with_weights(queries, positives, dims, weights, scale):
    """All losses first, then a dot product with the weights."""
    parts = _parts(queries, positives, dims, scale)
    return parts @ torch.tensor(weights, dtype=parts.dtype)


@_weighted
def _unnormalised(queries, positives, dims, weights, scale):
    total = torch.zeros(())
    for dim, weight in zip(dims, weights):
        scores = scale * unit(queries)[:, :dim] @ unit(positives)[:, :dim].T
        total = total + weight * torch.nn.functional.cross_entropy(
            scores, torch.arange(len(scores))
        )
    return total


EXERCISE = Exercise(
    "matryoshka_mnrl",
    "05",
    _loss_cases,
    _loss_by_loops,
    equivalent={
        "len(dims) -> dims #3": "only in the text of the error",
        "len(weights) -> weights #2": "only in the text of the error",
    },
    mistakes=[
        Mistake(
            "averaged",
            "You divide by the number of prefixes. The loss is their weighted sum: with more "
            "prefixes it grows, and so does the gradient.",
            _weighted(lambda q, p, d, w, s: _dot_with_weights(q, p, d, w, s) / len(d)),
            hint=2,
        ),
        Mistake(
            "weights-ignored",
            "All prefixes count the same in your sum. Multiply each loss by its weight.",
            _weighted(lambda q, p, d, w, s: _parts(q, p, d, s).sum()),
        ),
        Mistake(
            "weighted-mean",
            "You divide by the sum of the weights. The weights are used as they are.",
            _weighted(lambda q, p, d, w, s: _dot_with_weights(q, p, d, w, s) / sum(w)),
            hint=2,
        ),
        Mistake(
            "first-only",
            "Only the first prefix is in your loss: does the function return inside its loop? Go "
            "through all of them.",
            _weighted(lambda q, p, d, w, s: w[0] * _parts(q, p, d, s)[0]),
            hint=1,
        ),
        Mistake(
            "last-only",
            "Only the last prefix is in your loss: each round overwrites the sum. Add to it.",
            _weighted(lambda q, p, d, w, s: w[-1] * _parts(q, p, d, s)[-1]),
            hint=1,
        ),
        Mistake(
            "whole-vectors",
            "Every round takes the whole vectors. Cut both sides to the first `dim` numbers.",
            _weighted(lambda q, p, d, w, s: sum(w) * _mnrl(q, p, s)),
        ),
        Mistake(
            "trailing",
            "You keep the last numbers. A prefix is the first `dim` numbers.",
            _weighted(
                lambda q, p, d, w, s: sum(v * _mnrl(q[:, -n:], p[:, -n:], s) for n, v in zip(d, w))
            ),
        ),
        Mistake(
            "one-side-cut",
            "The queries are cut, the positives' other numbers count on. Cut both sides.",
            _weighted(
                lambda q, p, d, w, s: sum(
                    v
                    * torch.nn.functional.cross_entropy(
                        s * unit(q[:, :n]) @ unit(p)[:, :n].T, torch.arange(len(q))
                    )
                    for n, v in zip(d, w)
                )
            ),
        ),
        Mistake(
            "not-renormalised",
            "You normalise the whole vectors and cut then, so short prefixes get small scores. "
            "Normalise after the cut.",
            _unnormalised,
        ),
        Mistake(
            "weights-too-few",
            "Prefixes without a weight are dropped without a word: `zip` stops at the shorter list. "
            "Raise a ValueError if there are not as many weights as dims.",
            lambda q, p, d, w, s: (
                _dot_with_weights(q, p, d[: len(w)], w, s)
                if w
                else _dot_with_weights(q, p, d, w, s)
            ),
            hint=3,
        ),
    ],
    returns="tensor",
    gradients=(0, 1),
)
