"""Late interaction: a vector for each token, and the sum of the best matches, MaxSim.

A query and a passage are encoded apart, as by a bi-encoder, but every token keeps its own vector. Each
query token looks for the passage token that it is most similar to, and the score is the sum of these
largest similarities (Khattab and Zaharia 2020, ColBERT, section 3.3). `plain_max_sim` is all of it;
what follows finds the same in less time and memory.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from lib._finite import require_finite_scores
from lib.pooling import HALF_PRECISION
from lib.token_vectors import TokenVectors, require_mask, segment_max, slices

__all__ = [
    "TokenVectors",
    "max_sim",
    "max_sim_map",
    "max_sim_scores",
    "plain_max_sim",
    "segment_max",
]

_BLOCK = 1 << 20  # similarities that are held at a time: they stay near the processor
_TOKENS = 8_192  # of passages that are gathered at a time
_FEW = 32  # query tokens that are not worth putting documents of like length together
_QUERY_TOKENS = 2_048  # of one product; more would leave few passage tokens in a block


def plain_max_sim(
    queries: Tensor, query_mask: Tensor, documents: Tensor, document_mask: Tensor
) -> Tensor:
    """Return what `max_sim` returns, in the plainest way, holding all similarities at once."""
    _require_fit("plain_max_sim", queries, query_mask, documents, document_mask)
    similarities = torch.einsum("qid,njd->qnij", queries, documents)
    similarities = similarities.masked_fill(~document_mask.bool()[:, None], -torch.inf)
    best = _wide(similarities.amax(dim=3))  # (q, n, query tokens)
    best = best.masked_fill(~query_mask.bool()[:, None], 0.0)
    return best.sum(dim=2).masked_fill(~document_mask.bool().any(dim=1), -torch.inf)


def max_sim(
    queries: Tensor,
    query_mask: Tensor,
    documents: Tensor,
    document_mask: Tensor,
    block: int = _BLOCK,
) -> Tensor:
    """Return the MaxSim of every query with every document, (q, n).

    queries: (q, query tokens, dim), documents: (n, tokens, dim), in one dtype on one device; unit
    vectors for cosine. query_mask: (q, query tokens), document_mask: (n, tokens), 1 or True where a
    token is real. A padded query token adds nothing, a padded document token never wins. A document
    without a real token scores minus infinity, the largest of no numbers, and is last in any ranking;
    a query without one scores 0. 16-bit vectors are summed up, and their scores returned, in float32:
    sums of thirty similarities lie further apart in 16 bits than documents do.

    At most `block` similarities are held at a time, or those of one document with 2,048 query tokens,
    also while the gradient is computed, which flows to both sides (of equal best tokens, to one).
    Raises ValueError for shapes, dtypes or devices that do not fit, and for a block below 1.
    Source: Khattab and Zaharia 2020, ColBERT, equation 3.
    """
    _require_fit("max_sim", queries, query_mask, documents, document_mask, block)
    tokens, padded = documents.shape[1], ~document_mask.bool()
    if not documents.shape[0] or not tokens:
        return _wide(queries.new_full((len(queries), len(documents)), -torch.inf))
    columns = queries.flatten(0, 1).T  # (dim, q x query tokens), a view
    rows = max(1, block // (tokens * max(1, min(columns.shape[1], _QUERY_TOKENS))))
    scores = []
    for part, nothing in zip(documents.split(rows), padded.split(rows)):
        # Passage tokens run along an outer dimension: their maximum is a few whole-row operations.
        best = [
            _largest((part @ some).masked_fill(nothing[:, :, None], -torch.inf))
            for some in columns.split(_QUERY_TOKENS, dim=1)
        ]
        scores.append(_summed(torch.cat(best, dim=1), query_mask))
    return torch.cat(scores).T.masked_fill(padded.all(dim=1), -torch.inf)


def _largest(similarities: Tensor) -> Tensor:
    """(n, tokens, columns) to (n, columns); for the gradient only the places are kept."""
    if similarities.requires_grad:
        return similarities.max(dim=1).values
    return similarities.amax(dim=1)


def _summed(best: Tensor, query_mask: Tensor) -> Tensor:
    """(n, q x query tokens) to (n, q): the sum over the real tokens of each query."""
    best = _wide(best).unflatten(1, query_mask.shape)
    return best.masked_fill(~query_mask.bool(), 0.0).sum(dim=2)


def _wide(x: Tensor) -> Tensor:
    return x.float() if x.dtype in HALF_PRECISION else x


def max_sim_scores(
    queries: Tensor, query_mask: Tensor, documents: TokenVectors, block: int = _BLOCK
) -> Tensor:
    """Return the MaxSim of every query with every stored document, (q, n).

    queries: (q, query tokens, dim), query_mask: (q, query tokens), see `max_sim`; documents: n texts.
    The same scores as `max_sim` of the padded documents, without the padding. Where a gradient is
    wanted it flows to both sides, and all similarities are held. Else documents of like length share a
    product, at most `block` similarities are held at a time, or those of one document with 2,048 query
    tokens, and as many vectors as belong to them.
    Raises what `max_sim` raises, and, without a gradient, ValueError where vectors that are scored hold
    nan or infinity: the message names the rows.
    """
    vectors = documents.vectors
    require_mask("max_sim_scores", "queries", queries, query_mask)
    _require_alike("max_sim_scores", queries, vectors, block)
    columns = queries[query_mask.bool()].T.contiguous()  # (dim, real query tokens)
    with_gradient = torch.is_grad_enabled() and (queries.requires_grad or vectors.requires_grad)
    walk = _in_order if with_gradient or columns.shape[1] <= _FEW else _by_length
    rows, sums = [], []
    for some, best in walk(columns, documents, block):
        rows.append(some)
        sums.append(_sums(best, query_mask))
    if not rows:
        return _wide(queries.new_empty(len(queries), 0))
    back = torch.cat(rows).argsort().to(vectors.device)
    scores = torch.cat(sums, dim=1).index_select(1, back)
    there = (documents.lengths > 0).to(scores.device)
    if not with_gradient:
        require_finite_scores(
            "max_sim_scores", scores[:, there], queries=queries, documents=vectors
        )
    return scores.masked_fill(~there, -torch.inf)


def _in_order(
    columns: Tensor, documents: TokenVectors, block: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield rows of documents (r,) and the largest similarity of each column (dim, c) there, (r, c).

    Each document's tokens are read where they lie: for few columns, reading is what takes the time.
    """
    lengths = documents.lengths
    for part in slices(lengths, max(1, min(block // max(1, columns.shape[1]), _TOKENS))):
        first, last = documents.offsets[part.start], documents.offsets[part.stop]
        similarities = documents.vectors[int(first) : int(last)] @ columns
        yield torch.arange(part.start, part.stop), segment_max(similarities, lengths[part])


def _by_length(
    columns: Tensor, documents: TokenVectors, block: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield what `_in_order` yields, documents of like length together.

    What is left to pad is filled up by tokens that the document has: a maximum over some of them twice
    is the same maximum, so that nothing is masked.
    """
    parts, lengths = columns.split(_QUERY_TOKENS, dim=1), documents.lengths
    widest = parts[0].shape[1]
    order = lengths.argsort(descending=True, stable=True)
    order, without = order.split([int((lengths > 0).sum()), int((lengths == 0).sum())])
    yield without, columns.new_full((len(without), columns.shape[1]), -torch.inf)
    room = columns.new_empty(0)
    while len(order):
        longest = int(lengths[order[0]])
        rows = order[: max(1, min(block // widest, _TOKENS) // longest)]
        order = order[len(rows) :]
        last = documents.offsets[rows + 1, None] - 1
        places = documents.offsets[rows, None] + torch.arange(longest)
        tokens = documents.take(torch.minimum(places, last).flatten())
        if room.numel() < len(tokens) * widest:
            room = columns.new_empty(len(tokens) * widest)
        best = []
        for part in parts:
            # The same memory for each block: new pages would cost a third of the product's time.
            width = part.shape[1]
            found = room[: len(tokens) * width].view(len(tokens), width)
            torch.mm(tokens, part, out=found)
            best.append(found.view(len(rows), longest, width).amax(dim=1))
        yield rows, torch.cat(best, dim=1)


def _sums(best: Tensor, query_mask: Tensor) -> Tensor:
    """(n, real query tokens) to (q, n): the sum over the tokens of each query, 0 of none."""
    counts = query_mask.bool().sum(dim=1)
    # By segments, not by `index_add`, whose order, and so rounding, differs from run to run on a GPU.
    return torch.segment_reduce(
        _wide(best).T.contiguous(), "sum", lengths=counts, axis=0, unsafe=True, initial=0.0
    )


def max_sim_map(query_tokens: Tensor, document_tokens: Tensor) -> tuple[Tensor, Tensor]:
    """Return the similarities (query tokens, tokens) of one query and one document, and for each query
    token the place of the document token that wins, (query tokens,) int64; of equals, the first.

    query_tokens: (query tokens, dim), document_tokens: (tokens, dim), without padding. The sum of the
    winners' similarities is the score. Raises ValueError for shapes, dtypes or devices that do not
    fit and for a document without a token, where nothing wins.
    """
    if query_tokens.ndim != 2 or document_tokens.ndim != 2 or not len(document_tokens):
        raise ValueError(
            f"max_sim_map: query_tokens is {tuple(query_tokens.shape)} and document_tokens is "
            f"{tuple(document_tokens.shape)}; expected (query tokens, dim) and (tokens, dim) of one "
            "query and one document with at least one token"
        )
    _require_alike("max_sim_map", query_tokens, document_tokens)
    similarities = query_tokens @ document_tokens.T
    return similarities, similarities.argmax(dim=1)


def _require_fit(
    name: str,
    queries: Tensor,
    query_mask: Tensor,
    documents: Tensor,
    document_mask: Tensor,
    block: int = 1,
) -> None:
    require_mask(name, "queries", queries, query_mask)
    require_mask(name, "documents", documents, document_mask)
    _require_alike(name, queries, documents, block)


def _require_alike(name: str, queries: Tensor, documents: Tensor, block: int = 1) -> None:
    if queries.shape[-1] != documents.shape[-1]:
        raise ValueError(
            f"{name}: queries have {queries.shape[-1]} dimensions and documents "
            f"{documents.shape[-1]}; expected vectors of one model"
        )
    if queries.dtype != documents.dtype or queries.device != documents.device:
        raise ValueError(
            f"{name}: queries are {queries.dtype} on {queries.device} and documents "
            f"{documents.dtype} on {documents.device}; expected one dtype and device: use "
            "queries.to(documents)"
        )
    if not queries.dtype.is_floating_point:
        raise ValueError(f"{name}: the vectors are {queries.dtype}; expected floats: use .float()")
    if block < 1:
        raise ValueError(f"{name}: block is {block}; expected at least 1")
