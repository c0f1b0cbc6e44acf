"""Lesson 09, from the scores of chunks to those of documents: `best_chunk`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from lib.checks.exercise import Case, Exercise, Mistake


def _chunk_cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    def of(*rows: list[float]) -> Tensor:
        return torch.tensor(rows, dtype=torch.float64)

    yield Case((of([0.2, 0.75, 0.5]), torch.tensor([0, 0, 1]), 2), "two chunks and one")
    yield Case((of([0.9, 0.1, 0.3, 0.4]), torch.tensor([0, 0, 1, 1]), 2), "the mean tells another")
    yield Case((of([-0.5, -0.25, -0.75]), torch.tensor([0, 0, 1]), 2), "all scores are below 0")
    yield Case((of([0.5, 0.25]), torch.tensor([2, 0]), 3), "a document without a chunk")
    yield Case((of([0.5, 0.25], [0.1, 0.7]), torch.tensor([0, 0]), 3), "the last ones without")
    yield Case((of([0.3, 0.9, 0.6, 0.2]), torch.tensor([1, 0, 1, 0]), 2), "owners in no order")
    yield Case((of([0.1, 0.2, 0.3], [0.6, 0.5, 0.4]), torch.tensor([1, 1, 0]), 2), "two queries")
    yield Case((of([0.4, 0.4, 0.4]), torch.tensor([0, 0, 1]), 2), "equal scores")
    yield Case((of([-0.5, 0.0, -0.25]), torch.tensor([0, 0, 1]), 2), "a best score of 0")
    yield Case((of([0.6]), torch.tensor([0]), 1), "one chunk")
    yield Case((of([0.6, 0.8, 0.7]), torch.tensor([0, 1, 2]), 3), "a chunk for each document")
    yield Case((of([0.6, 0.8, 0.7]), torch.tensor([2, 0, 1]), 3), "the same, in another order")
    yield Case((torch.zeros(2, 0), torch.zeros(0, dtype=torch.long), 2), "no chunk at all")
    yield Case((of([7.0, -3.0, 12.0]), torch.tensor([0, 1, 1]), 2), "dot products")
    yield Case((of([0.6, 0.8]), torch.tensor([0, 2]), 2), "an owner that is no document")
    yield Case((of([0.6, 0.8]), torch.tensor([0, -1]), 2), "an owner below 0")
    yield Case((of([0.6, 0.8]), torch.tensor([3, 0]), 3), "an owner just behind the last")
    for turn in range(6 if hidden else 3):
        q, chunks, documents = (int(x) for x in rng.integers([1, 4, 2], [5, 20, 9]))
        scores = torch.from_numpy(rng.uniform(-1, 1, size=(q, chunks)).round(3))
        owner = torch.from_numpy(rng.integers(0, documents, size=chunks))
        yield Case((scores, owner, documents), f"random {turn}")


def _chunk_by_chunk(scores: Tensor, owner: Tensor, documents: int) -> list[list[float]]:
    """The oracle: goes through the chunks and keeps what is higher."""
    best = [[-math.inf] * documents for _ in range(len(scores))]
    for row, numbers in zip(best, scores.tolist()):
        for score, document in zip(numbers, owner.tolist()):
            if document not in range(documents):
                raise ValueError(f"document {document}")
            if score > row[document]:
                row[document] = score
    return best


def _refusing(function: Callable[[Tensor, Tensor, int], Tensor]) -> Callable:
    """The same, with an owner that is no document refused."""

    def checked(scores: Tensor, owner: Tensor, documents: int) -> Tensor:
        if ((owner < 0) | (owner >= documents)).any():
            raise ValueError("no such document")
        return function(scores, owner, documents)

    return checked


def _each(of: Callable[[Tensor], Tensor], missing: float = -math.inf) -> Callable:
    """of(scores of a document's chunks (q, n)) for each document, `missing` where it has none."""

    def best(scores: Tensor, owner: Tensor, documents: int) -> Tensor:
        columns = [scores[:, owner == document] for document in range(documents)]
        empty = scores.new_full((len(scores),), missing)
        return torch.stack([of(x) if x.shape[1] else empty for x in columns], dim=1)

    return _refusing(best)


def _highest(scores: Tensor) -> Tensor:
    return scores.amax(dim=1)


def _of_the_first_two(scores: Tensor) -> Tensor:
    return scores.sort(dim=1, descending=True).values[:, :2].mean(dim=1)


def _right(scores: Tensor, owner: Tensor, documents: int) -> Tensor:
    best = scores.new_full((len(scores), documents), -math.inf)
    return best.scatter_reduce(1, owner.expand_as(scores), scores, "amax")


def _from_zero(scores: Tensor, owner: Tensor, documents: int) -> Tensor:
    return _right(scores, owner, documents).clamp(min=0)


def _in_order(scores: Tensor, owner: Tensor, documents: int) -> Tensor:
    """Takes it that the chunks of a document stand together, and documents one after the other."""
    return _right(scores, owner.sort().values, documents)


def _without_gaps(scores: Tensor, owner: Tensor, documents: int) -> Tensor:
    best = _right(scores, owner, documents)
    return best[:, torch.bincount(owner, minlength=documents) > 0]


def _up_to_the_last(scores: Tensor, owner: Tensor, documents: int) -> Tensor:
    return _right(scores, owner, int(owner.max()) + 1 if len(owner) else 0)


def _summed_over_queries(scores: Tensor, owner: Tensor, documents: int) -> Tensor:
    return _right(scores, owner, documents).amax(dim=0)


def _places(scores: Tensor, owner: Tensor, documents: int) -> Tensor:
    """The chunk of the best score for each document, -1 where it has none."""
    wanted = owner == torch.arange(documents)[:, None]
    table = torch.where(wanted, scores[:, None], -math.inf)
    if not len(owner):
        return torch.full((len(scores), documents), -1)
    return torch.where(wanted.any(1), table.argmax(dim=2), -1)


def _from_the_end(scores: Tensor, owner: Tensor, documents: int) -> Tensor:
    """An owner below 0 counts from the end, as an index does."""
    return _refusing(_right)(scores, torch.where(owner < 0, owner + documents, owner), documents)


def _indexed(scores: Tensor, owner: Tensor, documents: int) -> Tensor:
    """Nothing is checked: Python's own index takes -1 for the last, and raises an IndexError beyond."""
    if (owner >= documents).any():
        raise IndexError("index out of bounds")
    return _right(scores, torch.where(owner < 0, owner + documents, owner), documents)


def _left_out(scores: Tensor, owner: Tensor, documents: int) -> Tensor:
    known = (owner >= 0) & (owner < documents)
    return _right(scores[:, known], owner[known], documents)


def _another_error(scores: Tensor, owner: Tensor, documents: int) -> Tensor:
    if ((owner < 0) | (owner >= documents)).any():
        raise RuntimeError("index out of bounds")
    return _right(scores, owner, documents)


EXERCISE = Exercise(
    "best_chunk",
    "09",
    _chunk_cases,
    _chunk_by_chunk,
    returns="tensor",
    mistakes=[
        Mistake(
            "mean-of-the-chunks",
            "You take the mean of a document's chunks, so that one good chunk drowns among others that are "
            "about something else. Take the best.",
            _each(lambda scores: scores.mean(dim=1)),
            hint=1,
        ),
        Mistake(
            "sum-of-the-chunks",
            "You add up the scores of a document's chunks, so that long documents win. Take the best.",
            _each(lambda scores: scores.sum(dim=1)),
            hint=1,
        ),
        Mistake(
            "last-chunk",
            "Each chunk overwrites the score of the one before, and the last one stays. Keep the higher of "
            "the two.",
            _each(lambda scores: scores[:, -1]),
            hint=1,
        ),
        Mistake(
            "first-chunk",
            "You take the first chunk of a document. Take the one with the highest score.",
            _each(lambda scores: scores[:, 0]),
            hint=1,
        ),
        Mistake(
            "worst-chunk",
            "You take the lowest score of a document's chunks. Take the highest.",
            _each(lambda scores: scores.amin(dim=1)),
            hint=1,
        ),
        Mistake(
            "best-two",
            "You average the two best chunks of a document. Take the best alone.",
            _each(_of_the_first_two),
            hint=1,
        ),
        Mistake(
            "logsumexp",
            "You take the logarithm of the sum of exponentials, which grows with the number of chunks. Take "
            "the highest score.",
            _each(lambda scores: scores.logsumexp(dim=1)),
            hint=1,
        ),
        Mistake(
            "without-sign",
            "You compare scores without their sign, so that -0.9 beats 0.5. Compare them as they are.",
            _each(lambda scores: scores.gather(1, scores.abs().argmax(dim=1, keepdim=True))[:, 0]),
            hint=1,
        ),
        Mistake(
            "chunk-for-score",
            "You return which chunk is the best. Return its score.",
            _refusing(_places),
            hint=1,
        ),
        Mistake(
            "starts-at-zero",
            "Your scores begin at 0, so that a score below 0 is never kept. Begin at minus infinity.",
            _refusing(_from_zero),
            hint=2,
        ),
        Mistake(
            "zero-for-none",
            "A document without a chunk gets 0 and stands before those that score below 0. It gets minus "
            "infinity.",
            _each(_highest, missing=0.0),
            hint=2,
        ),
        Mistake(
            "minus-one-for-none",
            "A document without a chunk gets -1, which a dot product may fall below. It gets minus infinity.",
            _each(_highest, missing=-1.0),
            hint=2,
        ),
        Mistake(
            "nan-for-none",
            "A document without a chunk gets NaN, and nothing can be sorted by that. It gets minus infinity.",
            _each(_highest, missing=math.nan),
            hint=2,
        ),
        Mistake(
            "documents-left-out",
            "Documents without a chunk have no column, so that those behind them stand at wrong places. Give "
            "each a column of minus infinity.",
            _refusing(_without_gaps),
            hint=2,
        ),
        Mistake(
            "up-to-the-last-owner",
            "Your result ends at the last document that has a chunk. It has `documents` columns.",
            _refusing(_up_to_the_last),
            hint=2,
        ),
        Mistake(
            "owners-in-order",
            "You take it that the chunks of the first document come first, then those of the second. `owner` "
            "says of each chunk to which document it belongs, in any order.",
            _refusing(_in_order),
            hint=3,
        ),
        Mistake(
            "best-of-all-queries",
            "You take the best over all queries, too. Each query has a row of its own.",
            _refusing(_summed_over_queries),
            hint=3,
        ),
        Mistake(
            "owner-below-zero",
            "An owner of -1 counts from the end, as an index does: its score goes to the last document, and nobody "
            "notices. Look at the owners first, and raise a ValueError.",
            _from_the_end,
            hint=3,
            also=[_indexed],
        ),
        Mistake(
            "owner-left-out",
            "You leave chunks out whose owner is no document, and nobody notices. Raise a ValueError.",
            _left_out,
            hint=3,
        ),
        Mistake(
            "owner-unchecked",
            "torch raises a RuntimeError where an owner is no document. Look at the owners first, and raise a "
            "ValueError.",
            _another_error,
            hint=3,
        ),
    ],
)
