"""Hard negatives: passages that are wrong for a query and look right.

Where they come from (at random, from BM25, from a model), which of them are left out because they
may be right after all, and how they are put together for a loss.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Unpack

import torch
from torch import Tensor

from lib._choice import Limits, Mined, choose
from lib._finite import require_finite_scores
from lib._positives import own_rows, padded, require_rows
from lib.bm25 import BM25
from lib.duplicates import (
    first_with_same_text,
    first_with_same_vector,
    most_copies,
    without_copies,
)
from lib.search import top_k

__all__ = [
    "Mined",
    "choose",
    "filter_by_scores",
    "mine",
    "mine_bm25",
    "mix",
    "ntuples",
    "overlap",
    "padded",
    "random_negatives",
]

_PAIRS = 512  # queries that are multiplied by their positives at a time, which takes a copy of both


def _firsts(
    name: str, passages: int, texts: Sequence[str] | None, device: torch.device | str = "cpu"
) -> list[Tensor]:
    """What tells copies by their texts, where these are given."""
    if texts is None:
        return []
    if len(texts) != passages:
        raise ValueError(f"{name}: {len(texts)} texts for {passages} passages; expected as many")
    return [first_with_same_text(texts).to(device)]


def _depth(depth: int | None, k: int, skip: int, most: int, limited: bool) -> int:
    """How many candidates to look at, of which up to `most` are positives: by default as many as
    sentence-transformers does."""
    depth = skip + (10 * k if limited else k) + most if depth is None else depth
    if depth < skip + k:
        raise ValueError(f"mine: depth is {depth}; expected at least skip + k, {skip + k}")
    return depth + most


@torch.no_grad()
def mine(
    queries: Tensor,
    passages: Tensor,
    positives: Sequence[Sequence[int]] | Tensor,
    k: int,
    *,
    skip: int = 0,
    depth: int | None = None,
    block: int = 16_384,
    texts: Sequence[str] | None = None,
    **limits: Unpack[Limits],
) -> Mined:
    """Mine the k hardest negatives of each query by dot product, exactly and block by block.

    queries: (q, dim), passages: (n, dim), unit vectors of one model. positives: rows of `passages`,
    see `padded`; all of a query's positives are excluded, and so are copies of them: passages with
    the same vector and, where texts (n) are given, with the same text but for case and white space
    (see `lib.duplicates`). depth: how many candidates are looked at beside positives and copies, by
    default a few more than k, or than 10 k with an upper limit. limits: see `choose`. But for copies
    and equal scores the same negatives as `sentence_transformers.util.mine_hard_negatives`, in less
    memory.
    Raises ValueError for shapes that do not fit, vectors with nan or infinity, positives that are no
    rows of the passages, or a depth below skip + k.
    """
    rows = own_rows("mine", positives, len(queries), len(passages), queries.device)
    limited = any(v is not None for name, v in limits.items() if name != "min_score")
    looked = _depth(depth, k, skip, rows.shape[1], limited)
    firsts = _firsts("mine", len(passages), texts, queries.device)
    if queries.device.type != "meta":
        firsts.append(first_with_same_vector(passages))
    copied = [(first, copies) for first in firsts if (copies := most_copies(rows, first))]
    pairs = zip(rows.clamp(min=0).split(_PAIRS), queries.split(_PAIRS))
    own = torch.cat([(passages[own] * asked[:, None]).sum(dim=2) for own, asked in pairs])
    require_finite_scores("mine", own, queries=queries, passages=passages)
    lowest = own.masked_fill(rows < 0, torch.inf).amin(dim=1)

    def look(asked: Tensor | slice, most: int) -> Mined:
        scores, indices = top_k(queries[asked], passages, most, block=block)
        for first, _ in copied:
            indices = without_copies(indices, rows[asked], first)
        return choose(scores, indices, rows[asked], lowest[asked], k, skip=skip, **limits)

    # Most queries find theirs among the first few: only the others are looked at in full depth.
    first_look = min(looked, skip + 2 * k + rows.shape[1])
    looked += sum(copies for _, copies in copied)
    mined = look(slice(None), first_look)
    if first_look < looked and queries.device.type != "meta":
        again = (mined.indices[:, -1] < 0).nonzero().flatten()
        if len(again):
            deeper = look(again, looked)
            mined.indices[again], mined.scores[again] = deeper.indices, deeper.scores
    return mined


def mine_bm25(
    bm25: BM25,
    queries: Sequence[str],
    positives: Sequence[Sequence[int]] | Tensor,
    k: int,
    *,
    skip: int = 0,
    depth: int | None = None,
    texts: Sequence[str] | None = None,
) -> Mined:
    """Mine the k passages that share most with each query by BM25 and are no positive of it.

    A passage that shares no word is no negative of this kind: the row then ends in -1. texts: the
    passages that `bm25` was made from; copies of a positive are then excluded, too, see `mine`.
    Margins are not offered: a positive often has a score of 0.
    """
    rows = own_rows("mine_bm25", positives, len(queries), bm25.passages)
    looked = _depth(depth, k, skip, rows.shape[1], False)
    firsts = _firsts("mine_bm25", bm25.passages, texts)
    scores, indices = bm25.top_k(queries, looked + sum(most_copies(rows, f) for f in firsts))
    indices = indices.masked_fill(scores <= 0, -1)
    for first in firsts:
        indices = without_copies(indices, rows, first)
    nothing = torch.zeros(len(rows))
    return choose(scores, indices, rows, nothing, k, skip=skip)


def random_negatives(
    passages: int,
    positives: Sequence[Sequence[int]] | Tensor,
    k: int,
    seed: int = 0,
    query_block: int = 512,
    texts: Sequence[str] | None = None,
) -> Tensor:
    """Draw k different passages for each query, none of them a positive of it: (q, k) rows, on the CPU.

    passages: how many there are. texts: of all of them; copies of a positive are then not drawn
    either, see `mine`. Raises ValueError if there are not as many.
    """
    rows = padded(positives)
    rows = own_rows("random_negatives", rows, len(rows), passages)
    firsts = _firsts("random_negatives", passages, texts)
    most = passages - rows.shape[1] - sum(most_copies(rows, first) for first in firsts)
    if not 1 <= k <= most:
        raise ValueError(
            f"random_negatives: k is {k}; expected 1 to {most}, the passages that are surely no "
            "positive"
        )
    generator = torch.Generator().manual_seed(seed)
    drawn = []
    for part in rows.split(query_block):
        lots = torch.rand(len(part), passages + 1, generator=generator, device="cpu")
        lots.scatter_(1, part.where(part >= 0, passages), -1.0)  # the last column is nobody's
        for first in firsts:
            everyone = torch.arange(passages, device="cpu").expand(len(part), -1)
            lots[:, :passages].masked_fill_(without_copies(everyone, part, first) < 0, -1.0)
        drawn.append(lots[:, :passages].topk(k, dim=1).indices)
    return torch.cat(drawn) if drawn else torch.empty(0, k, dtype=torch.long)


def filter_by_scores(
    mined: Mined,
    score: Callable[[Tensor, Tensor], Tensor],
    positives: Tensor,
    *,
    chunk: int = 4_096,
    **limits: Unpack[Limits],
) -> Mined:
    """Score negatives again with a better judge, such as a cross-encoder, and drop what it finds right.

    score: takes query rows (m,) and passage rows (m,) and returns (m,) scores; it is asked for every
    negative and every positive, `chunk` pairs at a time. positives: (q,) or (q, p) rows. limits: see
    `choose`, on these scores. Returns as many columns, hardest by the judge first.
    Raises ValueError if the judge gives nan or not one score a pair.
    """
    rows = padded(positives, mined.indices.device)
    if len(rows) != len(mined.indices):
        raise ValueError(
            f"filter_by_scores: {len(rows)} rows of positives for {len(mined.indices)} queries"
        )
    both = torch.cat([mined.indices, rows], dim=1)
    asked, passage = (both >= 0).nonzero()[:, 0], both[both >= 0]
    found = torch.cat(
        [_judged(score, *pair) for pair in zip(asked.split(chunk), passage.split(chunk))]
    )
    scores = torch.full(both.shape, -torch.inf, dtype=found.dtype, device=both.device)
    scores[both >= 0] = found.to(both.device)
    scores, own = scores.split([mined.indices.shape[1], rows.shape[1]], dim=1)
    lowest = own.masked_fill(rows < 0, torch.inf).amin(dim=1)
    scores, order = scores.sort(dim=1, descending=True, stable=True)
    indices = mined.indices.gather(1, order)
    return choose(scores, indices, rows, lowest, mined.indices.shape[1], **limits)


def _judged(score: Callable[[Tensor, Tensor], Tensor], asked: Tensor, passage: Tensor) -> Tensor:
    found = score(asked, passage)
    if found.shape != asked.shape:
        raise ValueError(
            f"filter_by_scores: the judge gave scores {tuple(found.shape)} for {len(asked)} pairs; "
            f"expected ({len(asked)},), one for each"
        )
    return found if found.is_floating_point() else found.float()


def mix(sources: Sequence[Tensor], k: int) -> Tensor:
    """Take turns among sources of negatives until each query has k different ones: (q, k) rows.

    sources: each (q, m) rows, best first, -1 where there is none; m may differ. The first source is
    asked first. -1 where all sources together have too few.
    Raises ValueError for a k below 1, no source or sources of different queries.
    """
    shapes = [tuple(source.shape) for source in sources]
    if k < 1 or len({shape[:-1] for shape in shapes}) != 1 or len(shapes[0]) != 2:
        raise ValueError(
            f"mix: k={k}, sources {shapes}; expected at least 1, and (q, m) rows of the same q queries"
        )
    for source in sources:
        require_rows("mix: the rows of a source", source)
    widest = max(source.shape[1] for source in sources)
    even = [torch.nn.functional.pad(s.long(), (0, widest - s.shape[1]), value=-1) for s in sources]
    turns = torch.stack(even, dim=2).flatten(1)
    again = turns[:, :, None] == turns[:, None, :]
    again &= torch.ones_like(again[0]).tril(-1)  # an earlier turn has it
    dropped = again.any(dim=2) | (turns < 0)
    order = dropped.to(torch.uint8).sort(dim=1, stable=True).indices[:, :k]
    rows = turns.gather(1, order).masked_fill(dropped.gather(1, order), -1)
    return torch.nn.functional.pad(rows, (0, max(0, k - rows.shape[1])), value=-1)


def ntuples(positives: Tensor, negatives: Tensor) -> Tensor:
    """Return (t, 2 + k) rows: query, positive, k negatives, for queries that have all k.

    positives: (q,) or (q, p), filled with -1: a query with two positives gives two rows.
    negatives: (q, k). Raises ValueError if they are of different queries.
    """
    rows = padded(positives, negatives.device)
    require_rows("ntuples: the negatives", negatives)
    if negatives.ndim != 2 or len(negatives) != len(rows):
        raise ValueError(
            f"ntuples: negatives are {tuple(negatives.shape)} for {len(rows)} rows of positives; "
            "expected (q, k), a row for each query"
        )
    query, column = ((rows >= 0) & (negatives >= 0).all(dim=1, keepdim=True)).nonzero().T
    return torch.cat([query[:, None], rows[query, column, None], negatives[query]], dim=1)


def overlap(first: Tensor, second: Tensor) -> Tensor:
    """Return (q,): which share of the first's rows (q, k) the second (q, m) has, too; -1 is no row.

    Raises ValueError if they are of different queries.
    """
    if first.ndim != 2 or second.ndim != 2 or len(first) != len(second):
        raise ValueError(
            f"overlap: the rows are {tuple(first.shape)} and {tuple(second.shape)}; expected (q, k) "
            "and (q, m) of the same q queries"
        )
    there = first >= 0
    shared = ((first[:, :, None] == second[:, None, :]).any(dim=2) & there).sum(dim=1)
    return shared / there.sum(dim=1).clamp(min=1)
