"""Lesson 03, the gradient in two passes, of a linear encoder: every number can be worked out."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from lib.checks.exercise import Case, Exercise, Mistake
from lib.checks.lesson_03._unit_vectors import draw, near


def _cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    weight = torch.tensor([[1.0, 0.5, 0.0], [0.0, 1.0, -1.0]], dtype=torch.float64)
    queries = torch.tensor(
        [[1.0, 0.0, 0.5], [0.0, 2.0, 1.0], [1.0, 1.0, 1.0], [-1.0, 0.5, 2.0]], dtype=torch.float64
    )
    positives = queries.flip(1) + 0.3
    yield Case((weight, queries[:2], positives[:2], 1, 2.0), "two pairs, one a chunk")
    yield Case((weight, queries, positives, 2, 2.0), "four pairs in two chunks")
    yield Case((weight, queries, positives, 4, 2.0), "one chunk holds the whole batch")
    yield Case((weight, queries, positives, 3, 2.0), "a last chunk that is shorter")
    yield Case((weight, queries[:3], positives[:3], 9, 5.0), "a chunk larger than the batch")
    for turn in range(3 if hidden else 2):
        batch, width, out = (int(rng.integers(*ends)) for ends in ((3, 9), (3, 7), (2, 5)))
        inputs = draw(rng, batch, width)
        args = draw(rng, out, width), inputs, near(rng, inputs), int(rng.integers(1, batch)), 3.0
        yield Case(args, f"random {turn}")


def _upstream(q: np.ndarray, p: np.ndarray, scale: float) -> tuple[np.ndarray, np.ndarray]:
    """The gradient of the ranking loss with respect to each vector, by the chain rule."""
    lengths = [np.sqrt((x**2).sum(1, keepdims=True)) for x in (q, p)]
    unit_q, unit_p = q / lengths[0], p / lengths[1]
    scores = scale * unit_q @ unit_p.T
    softmax = np.exp(scores - scores.max(1, keepdims=True))
    softmax /= softmax.sum(1, keepdims=True)
    errors = scale * (softmax - np.eye(len(q))) / len(q)
    to_q, to_p = errors @ unit_p, errors.T @ unit_q
    # Along the vector itself nothing changes: its length does not matter.
    to_q -= (to_q * unit_q).sum(1, keepdims=True) * unit_q
    to_p -= (to_p * unit_p).sum(1, keepdims=True) * unit_p
    return to_q / lengths[0], to_p / lengths[1]


def _by_chain_rule(
    weight: Tensor, queries: Tensor, positives: Tensor, chunk: int, scale: float
) -> np.ndarray:
    w, x, y = (np.asarray(a, dtype=np.float64) for a in (weight, queries, positives))
    to_q, to_p = _upstream(x @ w.T, y @ w.T, scale)
    total, steps = np.zeros_like(w), []
    for start in range(0, len(x), chunk):
        for i in range(start, min(start + chunk, len(x))):
            total = total + np.outer(to_q[i], x[i]) + np.outer(to_p[i], y[i])
        steps.append(total)
    return np.array(steps)


def _loss(q: Tensor, p: Tensor, scale: float) -> Tensor:
    scores = scale * F.normalize(q, dim=1) @ F.normalize(p, dim=1).T
    return F.cross_entropy(scores, torch.arange(len(scores)))


def _two_passes(
    sides: str = "qp",
    loss: Callable = _loss,
    accumulate: bool = True,
    average: bool = False,
    drop_last: bool = False,
) -> Callable:
    """The two passes with something left out or added."""

    def gradient(
        weight: Tensor, queries: Tensor, positives: Tensor, chunk: int, scale: float
    ) -> Tensor:
        vectors = [(x @ weight.T).requires_grad_() for x in (queries, positives)]
        upstream = torch.autograd.grad(loss(*vectors, scale), vectors, allow_unused=True)
        total, steps = torch.zeros_like(weight), []
        for start in range(0, len(queries), chunk):
            rows = slice(start, start + chunk)
            own = torch.zeros_like(weight)
            if "q" in sides:
                own = own + upstream[0][rows].T @ queries[rows]
            if "p" in sides:
                own = own + upstream[1][rows].T @ positives[rows]
            total = total + own
            steps.append(total if accumulate else own)
        if drop_last and len(queries) % chunk:
            steps = steps[:-1] or [torch.zeros_like(weight)]
        return torch.stack(steps) / (len(steps) if average else 1)

    return gradient


def _one_tensor_for_all(
    weight: Tensor, queries: Tensor, positives: Tensor, chunk: int, scale: float
) -> Tensor:
    """`total += ...; steps.append(total)`: every entry is the last."""
    steps = _two_passes()(weight, queries, positives, chunk, scale)
    return steps[-1:].expand_as(steps).clone()


def _weighed_chunks(
    weight: Tensor, queries: Tensor, positives: Tensor, chunk: int, scale: float
) -> Tensor:
    steps = _two_passes(accumulate=False)(weight, queries, positives, chunk, scale)
    shares = [len(part) / len(queries) for part in queries.split(chunk)]
    return (steps * torch.tensor(shares)[:, None, None]).cumsum(dim=0)


def _scale_ignored(
    weight: Tensor, queries: Tensor, positives: Tensor, chunk: int, scale: float
) -> Tensor:
    return _two_passes()(weight, queries, positives, chunk, 20.0)


def _chunk_alone(
    weight: Tensor, queries: Tensor, positives: Tensor, chunk: int, scale: float, mean: bool = True
) -> Tensor:
    total, steps = torch.zeros_like(weight), []
    parts = list(zip(queries.split(chunk), positives.split(chunk)))
    for x, y in parts:
        w = weight.clone().requires_grad_()
        share = len(x) / len(queries) if mean else 1
        total = total + share * torch.autograd.grad(_loss(x @ w.T, y @ w.T, scale), w)[0]
        steps.append(total)
    return torch.stack(steps)


def _chunks_summed(
    weight: Tensor, queries: Tensor, positives: Tensor, chunk: int, scale: float
) -> Tensor:
    return _chunk_alone(weight, queries, positives, chunk, scale, mean=False)


def _dot_loss(q: Tensor, p: Tensor, scale: float) -> Tensor:
    return F.cross_entropy(scale * q @ p.T, torch.arange(len(q)))


def _summed_loss(q: Tensor, p: Tensor, scale: float) -> Tensor:
    return _loss(q, p, scale) * len(q)


EXERCISE = Exercise(
    "cached_gradient",
    "03",
    _cases,
    _by_chain_rule,
    mistakes=[
        Mistake(
            "chunk-alone",
            "You take the loss of each chunk by itself, so a query meets the negatives of its chunk "
            "only. The loss needs the vectors of the *whole* batch; only the encoder works in chunks.",
            _chunk_alone,
            hint=1,
        ),
        Mistake(
            "chunks-summed",
            "You add up the losses of the chunks: each sees only its own negatives, and the sum "
            "grows with the number of chunks. Take one loss over all vectors first.",
            _chunks_summed,
            hint=1,
        ),
        Mistake(
            "passages-detached",
            "No gradient reaches the weights through the passages. Both sides were encoded with the "
            "same weights: add the passages' share, too.",
            _two_passes("q"),
            hint=3,
        ),
        Mistake(
            "queries-detached",
            "No gradient reaches the weights through the queries. Add their share to that of the "
            "passages.",
            _two_passes("p"),
            hint=3,
        ),
        Mistake(
            "not-accumulated",
            "Each of your steps holds one chunk's share alone. Gradients add up, as .grad does: "
            "after the last chunk the whole gradient stands there.",
            _two_passes(accumulate=False),
        ),
        Mistake(
            "one-tensor-for-all",
            "All your entries are the same tensor: `+=` changes it in place, also where it is in the list "
            "already. Write `total = total + ...`, or append `total.clone()`.",
            _one_tensor_for_all,
        ),
        Mistake(
            "chunks-weighed",
            "You weigh each chunk's part by its share of the batch. The gradient of the loss with respect "
            "to each vector has that in it already: add the parts up as they are.",
            _weighed_chunks,
            hint=1,
        ),
        Mistake(
            "scale-ignored",
            "Your result does not depend on `scale`. Hand it on to the loss.",
            _scale_ignored,
            also=[lambda w, q, p, chunk, scale: _two_passes()(w, q, p, chunk, 1.0)],
        ),
        Mistake(
            "averaged-over-chunks",
            "You divide by the number of chunks. The loss is already a mean over the batch; the "
            "chunks' shares simply add up.",
            _two_passes(average=True),
        ),
        Mistake(
            "not-normalised",
            "Your loss takes dot products. Normalise the vectors inside the loss, so that the "
            "gradient knows that their length does not matter.",
            _two_passes(loss=_dot_loss),
        ),
        Mistake(
            "summed-loss",
            "Your gradient is too large by the batch size: the loss is the mean over the queries.",
            _two_passes(loss=_summed_loss),
        ),
        Mistake(
            "last-chunk-dropped",
            "A last chunk that is shorter is missing. `tensor.split(chunk)` keeps it.",
            _two_passes(drop_last=True),
        ),
    ],
    returns="tensor",
)
