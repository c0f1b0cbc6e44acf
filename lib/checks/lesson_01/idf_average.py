"""Lesson 01, one vector a sentence: the idf-weighted average of its words."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from lib.checks.exercise import Case, Exercise, Mistake


def _cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    vectors = torch.tensor([[9.0, 9.0], [2.0, 0.0], [0.0, 4.0]])
    idf = torch.tensor([0.5, 1.0, 3.0])
    one = torch.ones(1, 2, dtype=torch.int64)
    yield _sentences(vectors, idf, [[1, 2]], one, "two words, the rarer counts three times")
    yield _sentences(vectors, idf, [[1, 0, 0]], torch.tensor([[1, 0, 0]]), "one word, padding")
    mixed = torch.tensor([[1, 1, 1], [1, 1, 0]])
    yield _sentences(vectors, idf, [[1, 2, 0], [2, 1, 0]], mixed, "id 0 as a word and as padding")
    yield _sentences(vectors, idf, [[2, 2, 1]], torch.ones(1, 3), "a word that comes twice")
    empty = torch.tensor([[1, 1], [0, 0]])
    yield _sentences(vectors, idf, [[1, 2], [0, 0]], empty, "a sentence without a known word")
    # Small, but so large that a millionth in the divisor makes no difference.
    small = torch.tensor([0.1, 0.2, 0.3])
    yield _sentences(vectors, small, [[1, 2]], one, "small weights")
    for turn in range(6 if hidden else 3):
        words, dim = int(rng.integers(3, 30)), int(rng.integers(1, 9))
        batch, length = int(rng.integers(1, 7)), int(rng.integers(1, 10))
        mask = np.arange(length) < rng.integers(0, length + 1, (batch, 1))
        yield _sentences(
            torch.from_numpy(rng.normal(size=(words, dim))).float(),
            torch.from_numpy(rng.gamma(2.0, 2.0, words)).float(),
            rng.integers(0, words, (batch, length)).tolist(),
            torch.from_numpy(mask).long(),
            f"random {turn}",
        )
    left = torch.tensor([[0, 0, 1, 1], [0, 1, 1, 1]])
    yield _sentences(
        torch.from_numpy(rng.normal(size=(3, 5))).float().T,
        torch.from_numpy(rng.gamma(2.0, 2.0, 5)).float(),
        [[0, 0, 4, 1], [0, 2, 3, 3]],
        left,
        "two sentences, padding on the left",
    )


def _sentences(vectors: Tensor, idf: Tensor, ids: list, mask: Tensor, label: str) -> Case:
    return Case((vectors, idf, torch.tensor(ids), mask.long()), label)


def _by_loops(vectors, idf, ids, mask) -> np.ndarray:
    rows = np.asarray(vectors, dtype=np.float64)
    averages = []
    for words, flags in zip(ids.tolist(), mask.tolist()):
        total, weight = np.zeros(rows.shape[1]), 0.0
        for word, flag in zip(words, flags):
            if flag:
                total += float(idf[word]) * rows[word]
                weight += float(idf[word])
        averages.append(total / weight if weight > 0 else total)
    return np.array(averages)


def _with(weigh=lambda idf, ids, mask: idf[ids] * mask, total=lambda w, mask: w.sum(1)):
    """An average with other weights or another divisor."""

    def average(vectors: Tensor, idf: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
        weights = weigh(idf, ids, mask)
        sums = (weights.unsqueeze(-1) * vectors[ids]).sum(1)
        return sums / total(weights, mask).clamp(min=1e-9).unsqueeze(-1)

    return average


_right = _with()


def _each_word_once(vectors, idf, ids, mask):
    seen = [torch.unique(row[flags == 1]) for row, flags in zip(ids, mask)]
    words = torch.zeros_like(ids)
    flags = torch.zeros_like(mask)
    for row, once in enumerate(seen):
        words[row, : len(once)] = once
        flags[row, : len(once)] = 1
    return _right(vectors, idf, words, flags)


def _without_an_axis(vectors, idf, ids, mask):
    weights = idf[ids] * mask
    return (weights * vectors[ids]).sum(1) / weights.sum(1, keepdim=True).clamp(min=1e-9)


def _divisor_in_a_row(vectors, idf, ids, mask):
    weights = idf[ids] * mask
    return (weights.unsqueeze(-1) * vectors[ids]).sum(1) / weights.sum(1).clamp(min=1e-9)


def _over_the_batch(vectors, idf, ids, mask):
    weights = (idf[ids] * mask).unsqueeze(-1)
    return (weights * vectors[ids]).sum(0) / weights.sum(0).clamp(min=1e-9)


def _not_a_number(vectors, idf, ids, mask):
    weights = idf[ids] * mask
    return (weights.unsqueeze(-1) * vectors[ids]).sum(1) / weights.sum(1, keepdim=True)


EXERCISE = Exercise(
    name="idf_average",
    lesson="01",
    cases=_cases,
    oracle=_by_loops,
    mistakes=[
        Mistake(
            "mean-over-padding",
            "Padding is averaged in: the vector of word 0 leaks into every short sentence. "
            "Multiply the weights by the mask.",
            _with(weigh=lambda idf, ids, mask: idf[ids]),
            hint=1,
        ),
        Mistake(
            "idf-ignored",
            "Every word counts alike. This is the plain mean: weigh each word by its idf.",
            _with(weigh=lambda idf, ids, mask: mask.to(idf.dtype)),
            hint=1,
        ),
        Mistake(
            "divided-by-padded-length",
            "You divide by the length of the padded row. What must be divided by is the sum of "
            "the weights.",
            _with(total=lambda w, mask: torch.full_like(w[:, 0], w.shape[1])),
            hint=3,
        ),
        Mistake(
            "divided-by-count",
            "You divide by the number of words. A weighted mean divides by the sum of the "
            "*weights*; or else a sentence of rare words gets a longer vector.",
            _with(total=lambda w, mask: mask.sum(1)),
            hint=3,
        ),
        Mistake(
            "padding-in-the-divisor",
            "The sum of vectors skips padding, but the sum of weights does not. Mask the weights "
            "once, then use them for both.",
            lambda v, idf, ids, mask: (
                ((idf[ids] * mask).unsqueeze(-1) * v[ids]).sum(1) / idf[ids].sum(1, keepdim=True)
            ),
            hint=1,
        ),
        Mistake(
            "padding-by-id",
            "You take every id 0 for padding. Word 0 is a word, the most frequent one: only the "
            "mask says what is padding.",
            _with(weigh=lambda idf, ids, mask: idf[ids] * (ids != 0)),
            hint=1,
        ),
        Mistake(
            "each-word-once",
            "A word that comes twice counts once in yours. The mean runs over the tokens of the "
            "sentence, repeated words included.",
            _each_word_once,
        ),
        Mistake(
            "not-divided",
            "You return the weighted sum. Divide by the sum of the weights: it is a mean.",
            _with(total=lambda w, mask: torch.ones_like(w[:, 0])),
            hint=3,
        ),
        Mistake(
            "not-a-number",
            "A sentence without a known word gives 0/0 = NaN, which spoils every score it meets. "
            "Clamp the divisor from below, so that it becomes zeros.",
            _not_a_number,
            hint=3,
        ),
        Mistake(
            "clamped-to-one",
            "You clamp the divisor to at least 1. That is for counts; weights may sum to less "
            "than 1, and then your mean is too short. Clamp to a tiny number.",
            lambda v, idf, ids, mask: (
                ((idf[ids] * mask).unsqueeze(-1) * v[ids]).sum(1)
                / (idf[ids] * mask).sum(1, keepdim=True).clamp(min=1)
            ),
            hint=3,
        ),
        Mistake(
            "weights-without-an-axis",
            "Your weights, (batch, length), meet `vectors[ids]`, (batch, length, dim), without an axis of "
            "their own for dim. Where the shapes happen to fit, each number is multiplied by another "
            "word's weight; elsewhere it is an error: `weights[:, :, None]`.",
            _without_an_axis,
            hint=2,
        ),
        Mistake(
            "divisor-in-a-row",
            "The sums of the weights, (batch,), lie along the wrong axis of the vectors, (batch, dim): "
            "where the shapes happen to fit, each *column* is divided. Keep the axis: "
            "`weights.sum(dim=1, keepdim=True)`.",
            _divisor_in_a_row,
            hint=2,
        ),
        Mistake(
            "over-the-batch",
            "You sum over the sentences of the batch, dim 0. The mean of a sentence runs over its words, "
            "dim 1.",
            _over_the_batch,
            hint=2,
        ),
        Mistake(
            "idf-squared",
            "The idf is applied twice. Weigh either the vectors or the sum, once.",
            _with(weigh=lambda idf, ids, mask: idf[ids] ** 2 * mask),
        ),
    ],
    returns="tensor",
)
