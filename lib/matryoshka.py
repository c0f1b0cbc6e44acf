"""One vector, many lengths: cutting embeddings short, and training them to bear it.

A Matryoshka model is trained so that the first 64 numbers of a vector are an embedding, too. A
shortlist found with short vectors is then put in order with the long ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from lib._finite import require_finite, require_finite_scores
from lib.pooling import normalize
from lib.search import top_k

__all__ = [
    "matryoshka_loss",
    "principal_directions",
    "random_dimensions",
    "rescore",
    "shortlist_and_rescore",
    "truncate",
]


def truncate(vectors: Tensor, dim: int, renormalize: bool = True) -> Tensor:
    """Return the first `dim` numbers of each vector: (..., dim) for vectors (..., long).

    renormalize: scale what is left to length 1; without that a cut vector is shorter than 1, by
    another factor for each text, and dot products are no cosines any more.
    Raises ValueError if `dim` is below 1 or above the vectors' length.
    Source: Kusupati et al. 2022, Matryoshka Representation Learning, section 3.
    """
    if not 1 <= dim <= vectors.shape[-1]:
        raise ValueError(f"truncate: dim is {dim}; expected 1 to {vectors.shape[-1]}")
    short = vectors[..., :dim]
    return normalize(short) if renormalize else short


def matryoshka_loss(
    loss: Callable[..., Tensor],
    *embeddings: Tensor,
    dims: Sequence[int],
    weights: Sequence[float] | None = None,
    **options: Any,
) -> Tensor:
    """Return the weighted sum of a loss over prefixes of its embeddings, each renormalised.

    loss: takes the cut embeddings, each (..., dim), and `options`; returns a scalar. embeddings:
    what it takes, each (..., long). dims: lengths of the prefixes. weights: one each, by default 1.
    Returns a scalar. A sum and not a mean: with more prefixes the gradient grows.
    Raises ValueError if there are no dims, one does not fit, there are not as many weights, or the
    loss is not one number.
    Source: Kusupati et al. 2022, Matryoshka Representation Learning, equation 1.
    """
    weights = [1.0] * len(dims) if weights is None else weights
    if not dims or len(weights) != len(dims):
        raise ValueError(
            f"matryoshka_loss: {len(dims)} dims and {len(weights)} weights; expected at least one "
            "dim and one weight each"
        )
    parts = [
        weight * loss(*(truncate(x, dim) for x in embeddings), **options)
        for dim, weight in zip(dims, weights)
    ]
    if parts[0].ndim:
        raise ValueError(
            f"matryoshka_loss: the loss is {tuple(parts[0].shape)}; expected one number, the mean over "
            "the batch: their sum would grow with the batch"
        )
    return torch.stack(parts).sum()


@torch.no_grad()
def rescore(
    queries: Tensor, corpus: Tensor, candidates: Tensor, k: int, query_block: int = 256
) -> tuple[Tensor, Tensor]:
    """Put candidates of each query in the order of their dot products and keep the k best.

    queries: (q, dim), corpus: (n, dim), same dtype and device. candidates: (q, m) row numbers in the
    corpus, -1 where there is none. Returns scores (q, min(k, m)) and row numbers; equal scores come
    lowest row first, missing ones last with a score of -inf and a row of -1.
    Raises ValueError when shapes do not fit, k is below 1, candidates are no rows of the corpus or
    name one twice, or a score is nan or infinite; TypeError for candidates that are no whole numbers.
    """
    if queries.ndim != 2 or corpus.ndim != 2 or queries.shape[1] != corpus.shape[1]:
        raise ValueError(
            f"rescore: queries is {tuple(queries.shape)} and corpus is {tuple(corpus.shape)}; "
            "expected (q, dim) and (n, dim) of one model"
        )
    if candidates.ndim != 2 or len(candidates) != len(queries) or k < 1:
        raise ValueError(
            f"rescore: candidates is {tuple(candidates.shape)} for {len(queries)} queries, k={k}; "
            "expected one row of candidates a query and k of at least 1"
        )
    candidates = _whole_rows(candidates, len(corpus))
    k = min(k, candidates.shape[1])
    scores = queries.new_empty(len(queries), k)
    rows = candidates.new_empty(len(queries), k)
    for start in range(0, len(queries), query_block):
        part = slice(start, start + query_block)
        places = candidates[part].sort(dim=1).values  # so that a stable sort keeps the lowest first
        found = (corpus[places.clamp(min=0)] * queries[part, None]).sum(dim=2)
        found = found.masked_fill(places < 0, -torch.inf)
        best, order = found.sort(dim=1, descending=True, stable=True)
        scores[part], rows[part] = best[:, :k], places.gather(1, order[:, :k])
    require_finite_scores(
        "rescore", scores.masked_fill(rows < 0, 0), queries=queries, corpus=corpus
    )
    return scores, rows


def _whole_rows(candidates: Tensor, passages: int) -> Tensor:
    """Return rows of the corpus as int64, none twice for one query; -1 where there is none."""
    if candidates.is_floating_point() or candidates.dtype == torch.bool:
        raise TypeError(
            f"rescore: candidates are {candidates.dtype}; expected whole numbers, rows of the corpus"
        )
    candidates = candidates.long()  # in uint8, -1 is 255, and an index is a mask
    if candidates.device.type == "meta":
        return candidates
    places = candidates.sort(dim=1).values
    twice = (places[:, 1:] == places[:, :-1]) & (places[:, 1:] >= 0)
    wrong = ((candidates < -1) | (candidates >= passages)).any(dim=1) | twice.any(dim=1)
    if bool(wrong.any()):
        query = int(wrong.nonzero()[0])
        raise ValueError(
            f"rescore: the candidates of query {query} are {candidates[query].tolist()[:10]} (the "
            f"first ten); expected rows from 0 to {passages - 1}, each once, or -1"
        )
    return candidates


def shortlist_and_rescore(
    queries: Tensor, corpus: Tensor, k: int, *, dim: int, size: int
) -> tuple[Tensor, Tensor]:
    """Find `size` passages by the first `dim` numbers, and of these the k best by all numbers.

    queries: (q, long), corpus: (n, long), unit vectors. Returns scores (q, m) by all numbers and row
    numbers (q, m), m = min(k, size, n).
    Raises ValueError if the shortlist is smaller than k, or shapes do not fit.
    Source: Kusupati et al. 2022, section 4.3.1 (adaptive retrieval).
    """
    if size < k:
        raise ValueError(f"shortlist_and_rescore: size is {size}; expected at least k, {k}")
    _, candidates = top_k(truncate(queries, dim), truncate(corpus, dim), size)
    return rescore(queries, corpus, candidates, k)


def principal_directions(vectors: Tensor, dim: int) -> Tensor:
    """Return (long, dim): the directions in which vectors (n, long) have most of their length.

    `vectors @ directions` keeps dot products best of all linear maps to `dim` numbers (Eckart and
    Young 1936), for these vectors. Nothing is centred: dot products do not survive that.
    Raises ValueError if `dim` is below 1 or above the vectors' length, or there is no vector, or one
    with nan or infinity.
    """
    if vectors.ndim != 2 or not len(vectors):
        raise ValueError(
            f"principal_directions: the vectors are {tuple(vectors.shape)}; expected (n, long) with "
            "at least one vector"
        )
    if not 1 <= dim <= vectors.shape[1]:
        raise ValueError(f"principal_directions: dim is {dim}; expected 1 to {vectors.shape[1]}")
    require_finite("principal_directions", "the vectors", vectors)
    _, directions = torch.linalg.eigh(vectors.T @ vectors)  # smallest first
    return directions.flip(1)[:, :dim]


def random_dimensions(long: int, dim: int, seed: int = 0) -> Tensor:
    """Return (dim,) numbers of different dimensions out of `long`, in rising order."""
    if not 1 <= dim <= long:
        raise ValueError(f"random_dimensions: dim is {dim}; expected 1 to {long}")
    generator = torch.Generator().manual_seed(seed)
    return torch.randperm(long, generator=generator, device="cpu")[:dim].sort().values
