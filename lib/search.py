"""Exact search, and vectors that are computed once.

Exact search scores every passage; what it costs is one matrix product. `plain_top_k` is all of it. What
follows finds the same without sorting what cannot win, and `top_k` chooses between the two.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

from lib import _coarse, progress_bar
from lib._arguments import as_texts
from lib._finite import require_finite_scores
from lib.cache import EmbeddingCache, cache_folder
from lib.device import autocast, low_precision_dtype
from lib.fingerprint import fingerprint
from lib.text import length_sorted_batches, token_lengths

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

__all__ = [
    "EmbeddingCache",
    "cache_folder",
    "encode_cached",
    "fingerprint",
    "ordered_top_k",
    "plain_top_k",
    "top_k",
]

_GROUP = 32  # neighbouring passages of which only the maximum is looked at first
_GROUPED_QUERIES = 24  # fewer are looked at whole: rows of so few scores are slow to compare
_FEW_QUERIES = 8  # for so few in one block nothing is won over the plain search
_PIECE = 1 << 18  # scores from one product: they and its passages stay in the processor's cache
# MKL's product with one vector takes twice the time of that with two, in these types.
_TWICE = (torch.float32, torch.float64)
_PRECISIONS = ("auto", "float32", "bfloat16", "float16")
_BATCHES_A_WRITE = 16


@torch.no_grad()
def plain_top_k(
    queries: Tensor, corpus: Tensor, k: int, block: int = 16_384
) -> tuple[Tensor, Tensor]:
    """Return what `top_k` returns, in the plainest way: (q, m) scores and indices, m = min(k, n).

    queries: (q, dim), corpus: (n, dim); a block of passages is scored at a time.
    Raises what `top_k` raises.
    """
    _require_fit(queries, corpus, k, block)
    scores = queries.new_empty(len(queries), 0)
    indices = torch.empty(len(queries), 0, dtype=torch.long, device=queries.device)
    for start in range(0, len(corpus), block):
        products = (corpus[start : start + block] @ queries.T).T  # (q, passages of the block)
        best, where = ordered_top_k(products, min(k, products.shape[1]))
        # The best so far stand before the block's, so that among equals the lower index is met first.
        scores = torch.cat([scores, best], dim=1)  # (q, at most 2 k)
        indices = torch.cat([indices, where + start], dim=1)
        scores, order = ordered_top_k(scores, min(k, scores.shape[1]))
        indices = indices.gather(1, order)
    require_finite_scores("top_k", scores, queries=queries, corpus=corpus)
    return scores, indices


def _require_fit(queries: Tensor, corpus: Tensor, k: int, *blocks: int) -> None:
    if queries.ndim != 2 or corpus.ndim != 2 or queries.shape[1] != corpus.shape[1]:
        raise ValueError(
            f"top_k: queries is {tuple(queries.shape)} and corpus is {tuple(corpus.shape)}; "
            "expected (q, dim) and (n, dim) of one model; a single query needs query[None, :]"
        )
    if queries.dtype != corpus.dtype or queries.device != corpus.device:
        raise ValueError(
            f"top_k: queries are {queries.dtype} on {queries.device} and corpus is {corpus.dtype} "
            f"on {corpus.device}; expected one dtype and device: use queries.to(corpus)"
        )
    if not queries.dtype.is_floating_point:
        raise ValueError(f"top_k: the vectors are {queries.dtype}; expected floats: use .float()")
    if min(k, *blocks) < 1:
        raise ValueError(f"top_k: k={k}, blocks of {blocks}; expected each at least 1")


def ordered_top_k(values: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Return the k largest of each row (rows, n), equal ones in order of position, and where.

    A nan counts as larger than any number.
    """
    if values.device.type == "cpu":
        # torch.topk takes any of several equal values, but falling values hold no equal ones.
        best, where = values.topk(min(k + 1, values.shape[1]), dim=1)
        if bool((best[:, 1:] < best[:, :-1]).all()):
            return best[:, :k], where[:, :k]
    if values.dtype == torch.float64 or values.device.type == "mps":
        ordered, where = values.sort(dim=1, descending=True, stable=True)
        return ordered[:, :k], where[:, :k]
    # So position becomes part of the value: the float's bits, made to order like integers, above
    # the position counted backwards.
    positive_zero = values.float() + 0.0  # -0.0 and 0.0 are equal but differ in their bits
    bits = positive_zero.view(torch.int32)
    ordered_bits = torch.where(bits < 0, bits ^ 0x7FFFFFFF, bits).long()
    ordered_bits.masked_fill_(values.isnan(), 0x7FFFFFFF)  # whatever the sign of the nan
    n = values.shape[1]
    backwards = torch.arange(n - 1, -1, -1, device=values.device)
    best = ((ordered_bits << 32) | backwards).topk(k, dim=1).values
    where = (n - 1) - (best & 0xFFFFFFFF)
    return values.gather(1, where), where


def _score(queries: Tensor, corpus: Tensor, room: Tensor) -> Tensor:
    """Return (rows, q) scores in `room`, which has memory for at least 2 x rows and q x rows.

    A fresh allocation of this size for every block would cost a third of the time of the product
    itself, in page faults.
    """
    if len(queries) == 1 and queries.device.type == "cpu" and queries.dtype in _TWICE:
        queries = queries.repeat(2, 1)
    scores = room[: len(corpus) * len(queries)].view(len(corpus), len(queries))
    size = max(1_024, _PIECE // len(queries))
    for piece, out in zip(corpus.split(size), scores.split(size)):
        torch.mm(piece, queries.T, out=out)
    return scores


def _block_top_k(queries: Tensor, corpus: Tensor, k: int, room: Tensor) -> tuple[Tensor, Tensor]:
    """Return the k best of one block, (q, k) scores and row numbers, k at most the block's rows."""
    rows, grouped = len(corpus), len(corpus) // _GROUP * _GROUP
    scores = _score(queries, corpus, room)
    if len(queries) < _GROUPED_QUERIES or grouped // _GROUP <= 2 * k:
        return ordered_top_k(scores[:, : len(queries)].T, k)
    # Passages run along the first dimension, so that a group's maximum is a few whole-row
    # operations. The k groups with the largest maxima hold the k largest scores, and among equal
    # maxima the earlier group holds the lower row numbers: nothing outside them can win.
    maxima = scores[:grouped].view(-1, _GROUP, len(queries)).amax(dim=1)
    least, groups = ordered_top_k(maxima.T.contiguous(), k)
    inside = torch.arange(_GROUP, device=corpus.device)
    candidates = (groups.sort(dim=1).values[:, :, None] * _GROUP + inside).flatten(1)
    rest = torch.arange(grouped, rows, device=corpus.device).expand(len(queries), -1)
    candidates = torch.cat([candidates, rest], dim=1)
    values = scores.T.gather(1, candidates)
    if values.device.type == "cpu":
        # Each of the k groups holds a score of at least the least maximum: what is below cannot win.
        row, column = (~(values < least[:, -1:])).nonzero(as_tuple=True)
        column = _coarse.lists(row, column, len(queries), values.shape[1])
        candidates = F.pad(candidates, (0, 1)).gather(1, column)
        values = F.pad(values, (0, 1), value=-torch.inf).gather(1, column)
    best, where = ordered_top_k(values, k)
    return best, candidates.gather(1, where)


class _Finder:
    """Finds the k best of one block of passages for some queries, (q, k) scores and places.

    Where bfloat16 is fast it looks there first. It keeps the memory for scores from block to block.
    """

    def __init__(self, queries: Tensor, k: int, often: bool) -> None:
        self.queries, self.k, self.often = queries, k, often
        self.rooms: dict[torch.dtype, Tensor] = {}

    def look_at(self, corpus: Tensor) -> None:
        """Take the next block."""
        self.corpus, self.passages = corpus, None
        if _coarse.pays(self.queries, corpus, min(self.k, len(corpus))):
            self.passages = _coarse.Passages(corpus, self.often)

    def __call__(self, queries: Tensor) -> tuple[Tensor, Tensor]:
        k = min(self.k, len(self.corpus))
        if self.passages is None:
            return self._whole(queries, k)
        room = self._room(torch.bfloat16, len(queries) * (len(self.corpus) + _coarse.GROUP))
        places, sure = _coarse.candidates(queries, self.passages, k, room)
        best, at = ordered_top_k(_coarse.rescore(queries, self.corpus, places), k)
        where = places.gather(1, at)
        if not bool(sure.all()):
            unsure = ~sure
            best[unsure], where[unsure] = self._whole(queries[unsure], k)
        return best, where

    def _whole(self, queries: Tensor, k: int) -> tuple[Tensor, Tensor]:
        room = self._room(queries.dtype, max(2, len(queries)) * len(self.corpus))
        return _block_top_k(queries, self.corpus, k, room)

    def _room(self, dtype: torch.dtype, size: int) -> Tensor:
        if dtype not in self.rooms or len(self.rooms[dtype]) < size:
            self.rooms[dtype] = self.queries.new_empty(size, dtype=dtype)
        return self.rooms[dtype]


@torch.no_grad()
def top_k(
    queries: Tensor, corpus: Tensor, k: int, block: int = 16_384, query_block: int = 256
) -> tuple[Tensor, Tensor]:
    """Return the k passages with the largest dot product for each query, best first, exactly.

    queries: (q, dim), corpus: (n, dim), same dtype and device; normalise both for cosine.
    Returns scores (q, m) in their dtype and indices (q, m) int64, with m = min(k, n): a corpus
    smaller than k is returned whole, in order. Equal scores come lowest index first. No more
    than query_block x block scores are held at a time, whatever q and n are (fewer queries look at
    longer blocks); where the processor has fast bfloat16 products, so is a copy of one block in it
    (see lib._coarse). No gradient flows.
    Raises ValueError for shapes, dtypes or devices that do not fit, for k or a block below 1, and
    where a score that is found is nan or infinite: the message names the rows that are.
    """
    _require_fit(queries, corpus, k, block, query_block)
    m = min(k, len(corpus))
    if m == 0 or len(queries) == 0:
        indices = torch.empty(len(queries), m, dtype=torch.long, device=queries.device)
        return queries.new_empty(len(queries), m), indices
    # A nan ranks first, so it is among the scores found; minus infinity is last, where it belongs.
    # To look for them in the vectors would cost one user's query as much as the search itself.
    few = 1 < len(queries) <= min(_FEW_QUERIES, query_block) and len(corpus) <= block
    search = plain_top_k if few else partial(_fast_top_k, query_block=query_block)
    scores, indices = search(queries, corpus, m, block)
    require_finite_scores("top_k", scores, queries=queries, corpus=corpus)
    return scores, indices


def _fast_top_k(
    queries: Tensor, corpus: Tensor, m: int, block: int, query_block: int
) -> tuple[Tensor, Tensor]:
    """`plain_top_k` by blocks of queries and of passages, m at most n and neither empty."""
    # A small corpus leaves room for more queries at a time, of which products are faster.
    asked = queries.split(query_block * min(2, max(1, block // len(corpus))))
    found: list[tuple[Tensor, Tensor]] = []
    find = _Finder(queries, m, len(asked) > 1)
    rows = block * max(1, query_block // len(queries))
    for start in range(0, len(corpus), rows):
        find.look_at(corpus[start : start + rows])
        for number, part in enumerate(asked):
            best, where = find(part)
            if start == 0:
                found.append((best, where))
                continue
            # Earlier blocks stand first, so that among equals the lower index is met first.
            best = torch.cat([found[number][0], best], 1)
            where = torch.cat([found[number][1], where + start], 1)
            best, order = ordered_top_k(best, min(m, best.shape[1]))
            found[number] = best, where.gather(1, order)
    scores, indices = (torch.cat(parts) for parts in zip(*found))
    return scores, indices


def _resolve_precision(precision: str, device: torch.device) -> str:
    if precision not in _PRECISIONS:
        raise ValueError(
            f"encode_cached: precision is {precision!r}; expected one of {', '.join(_PRECISIONS)}"
        )
    if precision != "auto":
        return precision
    return str(low_precision_dtype(device) or torch.float32).removeprefix("torch.")


def encode_cached(
    model: SentenceTransformer,
    texts: Iterable[str],
    batch_size: int = 32,
    precision: str = "auto",
    progress: bool = True,
    cache: EmbeddingCache | None = None,
) -> Tensor:
    """Return the model's vectors of `texts`, (n, dim) float32 on the model's device.

    Only texts that the cache does not hold are encoded, each once, in batches of like length,
    and kept as they come: an interrupted run goes on where it stopped. precision: "auto"
    (16-bit products where the hardware has them), "float32", "bfloat16" or "float16"; vectors of
    different precisions are kept apart. progress: draw a bar on stdout if it takes over 2 s.
    Raises TypeError if `texts` is one text or holds something else, ValueError for half a character
    in a text and for a precision or batch size that cannot be.
    """
    texts = as_texts("encode_cached", texts)
    if batch_size < 1:
        raise ValueError(f"encode_cached: batch_size is {batch_size}; expected at least 1")
    device = torch.device(model.device)
    precision = _resolve_precision(precision, device)
    if not texts:
        return torch.empty(0, model.get_embedding_dimension() or 0, device=device)
    key, cache = fingerprint(model, precision), cache or EmbeddingCache()
    distinct = list(dict.fromkeys(texts))
    known = dict(zip(distinct, cache.get(key, distinct)))
    missing = [text for text, vector in known.items() if vector is None]
    vectors = {text: vector for text, vector in known.items() if vector is not None}
    if missing:
        _encode_missing(model, missing, batch_size, precision, progress, cache, key, vectors)
    return torch.stack([vectors[text] for text in texts]).to(device)


def _encode_missing(
    model: SentenceTransformer,
    missing: list[str],
    batch_size: int,
    precision: str,
    progress: bool,
    cache: EmbeddingCache,
    key: str,
    vectors: dict[str, Tensor],
) -> None:
    device = torch.device(model.device)
    dtype = getattr(torch, precision)
    lower = precision != "float32"
    batches = length_sorted_batches(token_lengths(model, missing), batch_size)
    with progress_bar.bar(len(missing), "Encoding", "text", shown=progress) as bar:
        for start in range(0, len(batches), _BATCHES_A_WRITE):
            group = batches[start : start + _BATCHES_A_WRITE]
            rows = []
            for batch in group:
                context: AbstractContextManager
                if not lower:
                    context = nullcontext()
                elif dtype == low_precision_dtype(device):
                    context = autocast(device)
                else:
                    context = torch.autocast(device.type, dtype=dtype)
                with context:
                    rows.append(
                        model.encode(
                            [missing[i] for i in batch],
                            batch_size=batch_size,
                            convert_to_tensor=True,
                            show_progress_bar=False,
                        ).float()
                    )
                bar.update(len(batch))
            found = torch.cat(rows).cpu()
            names = [missing[i] for batch in group for i in batch]
            cache.put(key, names, found)
            vectors.update(zip(names, found))
