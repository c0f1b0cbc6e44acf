"""Approximate search: three indexes of faiss behind one interface.

"flat" compares a query with every vector. "ivf" (inverted file) puts the vectors into lists around
centroids by k-means and looks into the few lists that are nearest to the query. "hnsw" (hierarchical
navigable small world) links each vector to some near ones and walks along the links towards the query.
How far the last two look is their *effort*: more finds more and takes longer.

Everything runs on one thread and from a seed, so that two runs build the same index. faiss works on
NumPy arrays in float32: tensors become arrays here and nowhere else, and come back on their device.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lib._finite import require_finite
from lib.negatives import overlap

__all__ = ["KINDS", "Index", "build_index", "index_recall", "recall_and_speed"]

KINDS = ("flat", "ivf", "hnsw")
_EFFORT = {"flat": 1, "ivf": 8, "hnsw": 64}


@dataclass(frozen=True)
class Index:
    """Vectors that can be searched by dot product; made by `build_index`.

    kind: "flat", "ivf" or "hnsw". passages, dim: how many vectors, and of how many numbers.
    lists: of an inverted file, 0 for the others.
    """

    kind: str
    passages: int
    dim: int
    lists: int
    _faiss: Any = field(repr=False, compare=False)

    def search(self, queries: Tensor, k: int, effort: int | None = None) -> tuple[Tensor, Tensor]:
        """Return scores (q, m) and row numbers (q, m) int64 of the k best found, m = min(k, passages).

        queries: (q, dim), on any device, where the results are, too, the scores in the queries'
        dtype, computed in float32. Best first. Where fewer are found, rows are -1 and scores -inf.
        effort: lists that are looked into ("ivf", 8 by default), or candidates that are kept on the
        walk ("hnsw", 64 by default, at least k in effect); "flat" looks at everything anyway.
        Raises ValueError for another dim, a k or an effort below 1, nan and infinity.
        """
        self._require(queries, k, effort)
        m = min(k, self.passages)
        with _one_thread():
            scores, rows = self._faiss.search(
                _as_array(queries), m, params=self._parameters(effort)
            )
        rows = torch.from_numpy(rows).to(queries.device)
        found = torch.from_numpy(scores).to(queries.device, queries.dtype)
        return found.masked_fill(rows < 0, -torch.inf), rows

    def compared(self, queries: Tensor, k: int, effort: int | None = None) -> float:
        """Return with how many vectors, centroids among them, a query is compared in the mean.

        The same on every machine, unlike a time; an exact search compares with all passages.
        Arguments and errors are those of `search`.
        """
        self._require(queries, k, effort)
        if self.kind == "flat" or not len(queries):
            return float(self.passages)
        counters = _library().cvar
        stats = counters.hnsw_stats if self.kind == "hnsw" else counters.indexIVF_stats
        stats.reset()
        self.search(queries, k, effort)
        return self.lists + stats.ndis / len(queries)

    @property
    def bytes(self) -> int:
        """Bytes of the index as it would be written to disk: vectors, lists and links."""
        return len(_library().serialize_index(self._faiss))

    def _parameters(self, effort: int | None) -> Any:
        effort = _EFFORT[self.kind] if effort is None else effort
        if self.kind == "ivf":
            return _library().SearchParametersIVF(nprobe=effort)
        return _library().SearchParametersHNSW(efSearch=effort) if self.kind == "hnsw" else None

    def _require(self, queries: Tensor, k: int, effort: int | None) -> None:
        if queries.ndim != 2 or queries.shape[1] != self.dim:
            raise ValueError(
                f"Index.search: queries are {tuple(queries.shape)}; expected (q, {self.dim}), vectors "
                "of the model that the index was built with; a single query needs query[None, :]"
            )
        if k < 1 or (effort is not None and effort < 1):
            raise ValueError(f"Index.search: k={k}, effort={effort}; expected each at least 1")
        require_finite("Index.search", "queries", queries)


def build_index(
    vectors: Tensor,
    kind: str = "flat",
    *,
    lists: int | None = None,
    links: int = 32,
    ef_construction: int = 40,
    seed: int = 0,
) -> Index:
    """Return an index of vectors (n, dim) for search by dot product; normalise them for cosine.

    kind: "flat", "ivf" or "hnsw". lists: of "ivf", by default the square root of n. links, of each
    vector, and ef_construction, candidates kept while they are looked for, are of "hnsw": more of
    either finds better links and takes longer. seed: of the first centroids, and of the levels that
    vectors are put on.
    Raises ValueError for another kind, without a vector, for nan and infinity, and for numbers below
    1 or more lists than vectors.
    Source: Jégou, Douze and Schmid 2011, Product Quantization for Nearest Neighbor Search (inverted
    file); Malkov and Yashunin 2018, Efficient and Robust Approximate Nearest Neighbor Search Using
    Hierarchical Navigable Small World Graphs; Douze et al. 2024, The Faiss Library.
    """
    if kind not in KINDS:
        raise ValueError(f"build_index: kind is {kind!r}; expected one of {', '.join(KINDS)}")
    if vectors.ndim != 2 or not vectors.numel() or not vectors.is_floating_point():
        raise ValueError(
            f"build_index: the vectors are {tuple(vectors.shape)} {vectors.dtype}; expected (n, dim) "
            "floats with at least one vector"
        )
    n, dim = vectors.shape
    lists = max(1, round(n**0.5)) if lists is None else lists
    if not 1 <= lists <= n or min(links, ef_construction) < 1:
        raise ValueError(
            f"build_index: lists={lists}, links={links}, ef_construction={ef_construction}; expected "
            f"each at least 1, and no more lists than the {n} vectors"
        )
    require_finite("build_index", "vectors", vectors)
    with _one_thread():
        index = _empty(kind, dim, lists, links, ef_construction, seed)
        rows = _as_array(vectors)
        if kind == "ivf":
            index.train(rows)
        index.add(rows)
    return Index(kind, n, dim, lists if kind == "ivf" else 0, index)


def index_recall(found: Tensor, exact: Tensor, k: int) -> Tensor:
    """Return for each query the share of the exact k nearest that are among the first k found: (q,).

    found, exact: rows (q, at least k), or all that there are, of an index and of an exact search;
    -1 is no row.
    Raises ValueError for a k below 1 or different queries.
    Source: Aumüller, Bernhardsson and Faithfull 2020, ANN-Benchmarks, Information Systems 87.
    """
    if k < 1:
        raise ValueError(f"index_recall: k is {k}; expected at least 1")
    return overlap(exact[:, :k], found[:, :k])


def recall_and_speed(
    index: Index, queries: Tensor, exact: Tensor, efforts: Sequence[int], rounds: int = 3
) -> list[tuple[float, float, float]]:
    """Return (effort, recall@k, queries a second) of an index at each effort, as `recall_speed` draws it.

    queries: (q, dim); exact: (q, k) rows of an exact search, which are k. A time is wall-clock time of
    all queries in one call and one thread, the best of `rounds`: so it varies from run to run.
    Raises what `Index.search` raises, and ValueError for rounds below 1.
    """
    if rounds < 1:
        raise ValueError(f"recall_and_speed: rounds is {rounds}; expected at least 1")
    k, points = exact.shape[1], []
    for effort in efforts:
        seconds = []
        for _ in range(rounds):
            began = time.perf_counter()
            found = index.search(queries, k, effort)[1]
            seconds.append(time.perf_counter() - began)
        share = float(index_recall(found, exact, k).mean())
        points.append((float(effort), share, len(queries) / min(seconds)))
    return points


def _empty(kind: str, dim: int, lists: int, links: int, ef_construction: int, seed: int) -> Any:
    faiss = _library()
    if kind == "hnsw":
        index = faiss.IndexHNSWFlat(dim, links, faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction = ef_construction
        index.hnsw.rng = faiss.RandomGenerator(seed)
        return index
    flat = faiss.IndexFlatIP(dim)
    if kind == "flat":
        return flat
    index = faiss.IndexIVFFlat(flat, dim, lists, faiss.METRIC_INNER_PRODUCT)
    index.cp.seed = seed
    index.cp.min_points_per_centroid = 1  # fewer than 39 are a warning on stderr, not an error
    return index


@contextmanager
def _one_thread() -> Iterator[None]:
    """With more threads vectors are linked in another order in each run."""
    faiss = _library()
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)


def _as_array(x: Tensor) -> np.ndarray:
    return np.ascontiguousarray(x.detach().float().cpu().numpy())


def _library() -> Any:
    """faiss, imported when it is needed; its type stubs know only half of it."""
    import faiss

    return faiss
