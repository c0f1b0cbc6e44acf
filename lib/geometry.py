"""What a cloud of embeddings looks like: near and far, how many directions it fills, who is a hub.

Three ways to say how near two vectors are come from one product, since |a - b|^2 is
|a|^2 + |b|^2 - 2 a.b. On unit vectors all three rank alike; on others they do not.
In many dimensions distances between random points become nearly equal, and a few points turn up among
everybody's neighbours. How bad that is for real embeddings is measured, not assumed.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from lib._finite import require_finite
from lib.pooling import normalize
from lib.search import top_k

__all__ = [
    "Similarities",
    "anisotropy",
    "centre",
    "coefficient_of_variation",
    "intrinsic_dimension",
    "k_occurrence",
    "nearest",
    "neighbours",
    "pair_distances",
    "relative_contrast",
    "similarities",
    "skewness",
]

_SPARE = 8  # more neighbours than asked for, as the product of close points rounds their order


class Similarities(NamedTuple):
    """How near each query is to each passage: (q, n) each; Euclid's is a distance, small if near."""

    dot: Tensor
    cosine: Tensor
    euclid: Tensor


def similarities(queries: Tensor, passages: Tensor) -> Similarities:
    """Return dot product, cosine and Euclidean distance of all pairs, each (q, n), from one product.

    queries: (q, dim); passages: (n, dim); same dtype and device. A vector of zeros has cosine 0 with
    everything. A distance is a difference of squares, so in float32 one of nearly equal vectors is
    right to about a thousandth of their length only. For a large corpus use `nearest`, which works in
    blocks.
    Raises ValueError for shapes that do not fit.
    """
    _require_fit("similarities", queries, passages)
    dot = queries @ passages.T
    long, wide = _lengths(queries), _lengths(passages).T  # (q, 1), (1, n)
    cosine = dot / (long * wide).clamp(min=torch.finfo(dot.dtype).tiny)
    squares = long.square() + wide.square() - 2 * dot
    return Similarities(dot, cosine, squares.clamp(min=0).sqrt())


def nearest(
    queries: Tensor, corpus: Tensor, k: int, measure: str = "cosine", block: int = 16_384
) -> tuple[Tensor, Tensor]:
    """Return what `lib.search.top_k` returns, for three measures: values and rows, (q, min(k, n)).

    queries: (q, dim); corpus: (n, dim), of any length. measure: "dot", "cosine", or "euclid", whose
    values are distances, smallest first.
    Raises ValueError for another measure, and what `top_k` raises.
    """
    _require_fit("nearest", queries, corpus)
    if measure == "dot":
        return top_k(queries, corpus, k, block)
    if measure == "cosine":
        return top_k(normalize(queries), normalize(corpus), k, block)
    if measure != "euclid":
        raise ValueError(f"nearest: measure is {measure!r}; expected 'dot', 'cosine' or 'euclid'")
    # The least |q - p|^2 is the largest q.p - |p|^2 / 2: a dot product with one more number.
    halves = -corpus.square().sum(dim=1, keepdim=True) / 2
    ones = queries.new_ones(len(queries), 1)
    rows = top_k(torch.cat([queries, ones], 1), torch.cat([corpus, halves], 1), k, block)[1]
    # The product has rounded; the distances themselves say the order among those found.
    distances, order = _distances(queries, corpus, rows, block).sort(dim=1, stable=True)
    return distances, rows.gather(1, order)


def neighbours(vectors: Tensor, k: int, block: int = 16_384) -> tuple[Tensor, Tensor]:
    """Return the k nearest other rows of each row by Euclid: distances and rows, both (n, k).

    vectors: (n, dim); a row is not its own neighbour, though one that equals it is, at distance 0.
    Raises ValueError unless 1 <= k < n.
    """
    _require_vectors("neighbours", vectors)
    if not 1 <= k < len(vectors):
        raise ValueError(f"neighbours: k is {k}; expected 1 to {len(vectors) - 1}, fewer than rows")
    distances, rows = nearest(vectors, vectors, min(len(vectors), k + 1 + _SPARE), "euclid", block)
    itself = rows == torch.arange(len(rows), device=rows.device)[:, None]
    distances, order = distances.masked_fill(itself, torch.inf).sort(dim=1, stable=True)
    return distances[:, :k], rows.gather(1, order[:, :k])


def relative_contrast(queries: Tensor, corpus: Tensor, block: int = 256) -> Tensor:
    """Return (farthest - nearest) / nearest distance of each query to the corpus: (q,).

    queries: (q, dim); corpus: (n, dim), none of them equal to a query. If it is near 0, all are
    equally far and "nearest" means little. At most block x n distances are held at a time.
    Source: Beyer et al. 1999, When Is "Nearest Neighbor" Meaningful?, ICDT.
    """
    _require_fit("relative_contrast", queries, corpus)
    if not len(corpus):
        raise ValueError("relative_contrast: the corpus is empty; expected at least one vector")
    found = []
    for part in queries.split(block):
        distances = similarities(part, corpus).euclid
        near, far = distances.aminmax(dim=1)
        found.append((far - near) / near)
    return torch.cat(found)


def pair_distances(
    vectors: Tensor, pairs: int = 10_000, seed: int = 0, block: int = 4_096
) -> Tensor:
    """Return the Euclidean distances of `pairs` random pairs of different rows: (pairs,).

    vectors: (n, dim), n of at least 2; the pairs come from a CPU generator, the same on every device.
    """
    _require_vectors("pair_distances", vectors)
    n, generator = len(vectors), torch.Generator().manual_seed(seed)
    first = torch.randint(n, (pairs,), generator=generator, device="cpu")
    further = torch.randint(1, n, (pairs,), generator=generator, device="cpu")
    left, right = first.to(vectors.device), ((first + further) % n).to(vectors.device)
    parts = zip(left.split(block), right.split(block))
    return torch.cat([(vectors[a] - vectors[b]).norm(dim=1) for a, b in parts])


def coefficient_of_variation(values: Tensor) -> Tensor:
    """Return the standard deviation over the mean of values (..., n): (...,).

    Of distances it says how much they are concentrated: for random vectors of independent numbers
    it falls as 1 / sqrt(2 dim). Source: François, Wertz and Verleysen 2007, The Concentration of
    Fractional Distances, IEEE TKDE 19(7), who call it relative variance.
    """
    return values.std(dim=-1, correction=0) / values.mean(dim=-1)


def intrinsic_dimension(vectors: Tensor, discard: float = 0.1, block: int = 16_384) -> Tensor:
    """Return the TwoNN estimate of how many directions the vectors fill where they lie: a scalar.

    vectors: (n, dim). If points are spread evenly over d dimensions, the distance to the second
    neighbour is more than r times that to the first with probability r^-d. So d is the slope of
    -log(that share) over log(r), fitted through the origin without the `discard` largest ratios,
    which scatter most. Rows that equal another one are left out: they have no ratio.
    Raises ValueError with fewer than 3 different rows or a discard outside 0 to below 1.
    Source: Facco et al. 2017, Estimating the intrinsic dimension of datasets by a minimal
    neighborhood information, Scientific Reports 7.
    """
    _require_vectors("intrinsic_dimension", vectors)
    if not 0 <= discard < 1:
        raise ValueError(f"intrinsic_dimension: discard is {discard}; expected 0 to below 1")
    vectors = vectors if vectors.device.type == "meta" else vectors.unique(dim=0)
    if len(vectors) < 3:
        raise ValueError(
            f"intrinsic_dimension: {len(vectors)} different rows; expected at least 3, of which each "
            "has two neighbours"
        )
    near, next_ = neighbours(vectors, 2, block)[0].T
    ratios = (next_ / near).log().sort().values
    n = len(ratios)
    beyond = 1 - torch.arange(n, dtype=ratios.dtype, device=ratios.device) / n
    kept = max(1, int(n * (1 - discard)))
    x, y = ratios[:kept], -beyond[:kept].log()
    return (x @ y) / (x @ x)


def anisotropy(vectors: Tensor) -> Tensor:
    """Return the mean cosine of all pairs of different rows: a scalar, 0 if directions are even.

    vectors: (n, dim), n of at least 2. It needs no table of pairs: the square of the sum of the unit
    vectors holds each pair twice, and each row once with itself.
    Source: Ethayarajh 2019, How Contextual are Contextualized Word Representations?, EMNLP, section 3.
    """
    _require_vectors("anisotropy", vectors)
    units, n = normalize(vectors), len(vectors)
    itself = units.square().sum()
    return (units.sum(dim=0).square().sum() - itself) / (n * (n - 1))


def centre(vectors: Tensor, mean: Tensor | None = None, renormalize: bool = True) -> Tensor:
    """Return the vectors (n, dim) less a mean (dim,), by default their own, and of length 1.

    mean: for queries and passages the same one, that of the passages. renormalize: scale what is left
    to length 1, as a cosine search needs it.
    Raises ValueError for a mean of another shape.
    Source: Mu and Viswanath 2018, All-but-the-Top, ICLR (its first step); Suzuki et al. 2013, Centering
    Similarity Measures to Reduce Hubs, EMNLP.
    """
    _require_vectors("centre", vectors, least=1)
    mean = vectors.mean(dim=0) if mean is None else mean
    if mean.shape != vectors.shape[1:]:
        raise ValueError(
            f"centre: the mean is {tuple(mean.shape)}; expected ({vectors.shape[1]},), the mean of "
            "vectors of the same model"
        )
    moved = vectors - mean
    return normalize(moved) if renormalize else moved


def k_occurrence(rows: Tensor, passages: int) -> Tensor:
    """Return how often each passage stands among the neighbours found: (passages,) int64.

    rows: (q, k) row numbers as `nearest`, `neighbours` and `lib.search.top_k` find them, -1 where
    there is none. The mean is at most q k / passages; passages far above it are hubs.
    Raises ValueError for rows that no passage has, TypeError for what is no row number.
    Source: Radovanović, Nanopoulos and Ivanović 2010, Hubs in Space, JMLR 11.
    """
    if rows.is_floating_point() or rows.dtype == torch.bool:
        raise TypeError(f"k_occurrence: the rows are {rows.dtype}; expected whole numbers")
    flat = rows.flatten().long()
    if flat.device.type != "meta" and len(flat):
        low, high = (int(x) for x in flat.aminmax())
        if low < -1 or high >= passages:
            raise ValueError(
                f"k_occurrence: the rows run from {low} to {high}; expected 0 to {passages - 1}, the "
                "passages, and -1 for none"
            )
    counts = torch.zeros(passages + 1, dtype=torch.long, device=rows.device)
    counts.scatter_add_(0, flat % (passages + 1), torch.ones_like(flat))  # -1 counts at the end
    return counts[:passages]


def skewness(values: Tensor) -> Tensor:
    """Return the skewness of values (..., n), their third standardised moment: (...,).

    0 if both sides are alike, above 0 for a long tail of large ones, as hubs make it; nan if all are
    equal.
    """
    wide = values if values.dtype == torch.float64 else values.float()
    off = wide - wide.mean(dim=-1, keepdim=True)
    return off.pow(3).mean(dim=-1) / off.square().mean(dim=-1).pow(1.5)


def _lengths(vectors: Tensor) -> Tensor:
    return torch.linalg.vector_norm(vectors, dim=1, keepdim=True)


def _distances(queries: Tensor, corpus: Tensor, rows: Tensor, block: int) -> Tensor:
    """Return the distances of each query to its rows (q, k), from differences, without cancellation."""
    step = max(1, block // max(1, rows.shape[1]))
    parts = [
        (corpus[where] - part[:, None]).norm(dim=2)
        for part, where in zip(queries.split(step), rows.split(step))
    ]
    return torch.cat(parts)


def _require_vectors(name: str, vectors: Tensor, least: int = 2) -> None:
    if vectors.ndim != 2 or len(vectors) < least or not vectors.is_floating_point():
        raise ValueError(
            f"{name}: the vectors are {tuple(vectors.shape)} {vectors.dtype}; expected (n, dim) floats "
            f"with n of at least {least}"
        )
    require_finite(name, "vectors", vectors)


def _require_fit(name: str, queries: Tensor, passages: Tensor) -> None:
    if queries.ndim != 2 or passages.ndim != 2 or queries.shape[1] != passages.shape[1]:
        raise ValueError(
            f"{name}: queries are {tuple(queries.shape)} and passages {tuple(passages.shape)}; "
            "expected (q, dim) and (n, dim) of one model"
        )
