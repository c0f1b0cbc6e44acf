"""Lesson 05, one vector and many lengths: cutting vectors short, and the loss that bears it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from lib.checks.exercise import Case, Exercise, Mistake


def _cut_cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    three = torch.tensor([[3.0, 4.0, 12.0, -5.0], [1.0, -1.0, 0.5, 7.0]])
    yield Case((three, 2), "two of four numbers")
    yield Case((three, 4), "all numbers")
    yield Case((three, 1), "one number")
    yield Case((torch.tensor([[0.0, 0.0, 1.0], [0.6, 0.8, 0.0]]), 2), "nothing is left of a row")
    yield Case((three[:1] * 1e-4, 3), "a very short vector")
    yield Case((three[:, :2], 2), "as many rows as numbers")
    yield Case((three, 5), "more numbers than there are")
    yield Case((three, 0), "no number")
    yield Case((three[:1], -1), "a negative length")
    unit = torch.nn.functional.normalize(three)
    yield Case((unit, 3), "unit vectors")
    yield Case((torch.from_numpy(rng.normal(size=(5, 4))).T, 3), "not contiguous")
    for turn in range(5 if hidden else 2):
        rows, long = int(rng.integers(1, 6)), int(rng.integers(3, 12))
        vectors = torch.from_numpy(rng.normal(size=(rows, long)) * rng.lognormal(0, 1, (rows, 1)))
        yield Case((vectors, int(rng.integers(1, long + 1))), f"random {turn}")
        yield Case((vectors.float(), int(rng.integers(1, long))), f"float32 {turn}")


def _cut_by_loops(vectors: Tensor, dim: int) -> np.ndarray:
    if dim not in range(1, vectors.shape[1] + 1):
        raise ValueError(f"dim is {dim}")
    found = []
    for row in vectors.double().tolist():
        short = row[:dim]
        length = sum(x * x for x in short) ** 0.5
        found.append([x / length if length > 0 else 0.0 for x in short])
    return np.array(found)


def _unit(x: Tensor) -> Tensor:
    return x / x.norm(dim=-1, keepdim=True).clamp(min=1e-12)


def _refusing(cut: Callable) -> Callable:
    """The same, with the lengths refused that cannot be."""

    def checked(vectors: Tensor, dim: int) -> Tensor:
        if dim < 1 or dim > vectors.shape[1]:
            raise ValueError("no such length")
        return cut(vectors, dim)

    return checked


@_refusing
def _by_library(vectors: Tensor, dim: int) -> Tensor:
    """An alternative: torch's own normalisation."""
    return torch.nn.functional.normalize(vectors.narrow(1, 0, dim), dim=1)


@_refusing
def _by_einsum(vectors: Tensor, dim: int) -> Tensor:
    """An alternative: squares summed by einsum, zeros kept apart."""
    short = torch.stack(vectors.unbind(1)[:dim], dim=1)
    lengths = torch.einsum("ij,ij->i", short, short).sqrt()
    return torch.where(lengths[:, None] > 0, short / lengths[:, None], torch.zeros_like(short))


def _cut(v: Tensor, dim: int) -> Tensor:
    return _unit(v[:, :dim])


CUT = Exercise(
    "truncate_vectors",
    "05",
    _cut_cases,
    _cut_by_loops,
    equivalent={"vectors.shape[1] -> vectors.shape[0] #2": "only in the text of the error"},
    mistakes=[
        Mistake(
            "not-renormalised",
            "The cut vectors are shorter than 1, each by another factor, so their dot products are "
            "no cosines. Divide each row by the length of what is left.",
            _refusing(lambda v, dim: v[:, :dim]),
        ),
        Mistake(
            "normalised-before",
            "You normalise first and cut then: the cut takes length away again. Cut first.",
            _refusing(lambda v, dim: _unit(v)[:, :dim]),
        ),
        Mistake(
            "trailing",
            "You keep the last numbers. Matryoshka training packs what matters into the first ones.",
            _refusing(lambda v, dim: _unit(v[:, -dim:])),
        ),
        Mistake(
            "zeros-kept",
            "You set the rest to zero and keep its place. The vector must become shorter: that is "
            "what saves the memory.",
            _refusing(
                lambda v, dim: torch.cat([_unit(v[:, :dim]), torch.zeros_like(v[:, dim:])], dim=1)
            ),
        ),
        Mistake(
            "rows-cut",
            "You cut rows, not numbers: the result has fewer texts. Cut along dim 1.",
            _refusing(lambda v, dim: _unit(v[:dim])),
        ),
        Mistake(
            "columns-normalised",
            "You divide columns by their length, so a text's vector depends on the others. Each row "
            "gets length 1: norm along dim 1.",
            _refusing(
                lambda v, dim: v[:, :dim] / v[:, :dim].norm(dim=0, keepdim=True).clamp(min=1e-12)
            ),
        ),
        Mistake(
            "one-length-for-all",
            "You divide by the norm of the whole matrix, one number for all rows. Each row has its "
            "own: norm along dim 1, with keepdim.",
            _refusing(lambda v, dim: v[:, :dim] / v[:, :dim].norm().clamp(min=1e-12)),
        ),
        Mistake(
            "no-epsilon",
            "A row of which nothing is left becomes 0 / 0 = NaN. Keep the length above a tiny number.",
            _refusing(lambda v, dim: v[:, :dim] / v[:, :dim].norm(dim=1, keepdim=True)),
        ),
        Mistake(
            "sum-of-sizes",
            "You divide by the sum of absolute values (p=1). The length of a vector is the root of "
            "the sum of squares.",
            _refusing(
                lambda v, dim: v[:, :dim] / v[:, :dim].abs().sum(1, keepdim=True).clamp(min=1e-12)
            ),
        ),
        Mistake(
            "never-refused",
            "A length of 0 or one above the vectors' own is taken without a word. Slicing never fails: "
            "raise a ValueError yourself.",
            lambda v, dim: _unit(v[:, :dim]),
        ),
        Mistake(
            "only-too-long-refused",
            "Lengths below 1 are taken. `v[:, :0]` is empty and `v[:, :-1]` drops only the last number: "
            "refuse them, too.",
            lambda v, dim: _refusing(_cut)(v, max(dim, 1)) if dim > 0 else _cut(v, dim),
        ),
    ],
    alternatives=[_by_library, _by_einsum],
)


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
        a, b = _cut_by_loops(queries, dim), _cut_by_loops(positives, dim)
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
    scores = scale * _unit(a) @ _unit(b).T
    return torch.nn.functional.cross_entropy(scores, torch.arange(len(a)))


def _parts(queries, positives, dims, scale) -> Tensor:
    return torch.stack([_mnrl(queries[:, :d], positives[:, :d], scale) for d in dims])


@_weighted
def _dot_with_weights(queries, positives, dims, weights, scale):
    """An alternative: all losses first, then a dot product with the weights."""
    parts = _parts(queries, positives, dims, scale)
    return parts @ torch.tensor(weights, dtype=parts.dtype)


@_weighted
def _by_cumulative_products(queries, positives, dims, weights, scale):
    """An alternative: dot products of all prefixes at once, by a cumulative sum."""
    products = (queries[:, None, :] * positives[None, :, :]).cumsum(dim=2)
    lengths = queries.square().cumsum(1).sqrt()[:, None] * positives.square().cumsum(1).sqrt()[None]
    total = torch.zeros((), dtype=queries.dtype)
    for dim, weight in zip(dims, weights):
        scores = scale * products[..., dim - 1] / lengths[..., dim - 1].clamp(min=1e-12)
        total = total - weight * scores.log_softmax(dim=1).diagonal().mean()
    return total


@_weighted
def _unnormalised(queries, positives, dims, weights, scale):
    total = torch.zeros(())
    for dim, weight in zip(dims, weights):
        scores = scale * _unit(queries)[:, :dim] @ _unit(positives)[:, :dim].T
        total = total + weight * torch.nn.functional.cross_entropy(
            scores, torch.arange(len(scores))
        )
    return total


LOSS = Exercise(
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
        ),
        Mistake(
            "first-only",
            "Only the first prefix is in your loss: does the function return inside its loop? Go "
            "through all of them.",
            _weighted(lambda q, p, d, w, s: w[0] * _parts(q, p, d, s)[0]),
        ),
        Mistake(
            "last-only",
            "Only the last prefix is in your loss: each round overwrites the sum. Add to it.",
            _weighted(lambda q, p, d, w, s: w[-1] * _parts(q, p, d, s)[-1]),
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
                        s * _unit(q[:, :n]) @ _unit(p)[:, :n].T, torch.arange(len(q))
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
        ),
    ],
    alternatives=[_dot_with_weights, _by_cumulative_products],
)

EXERCISES = [CUT, LOSS]
