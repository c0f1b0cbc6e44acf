"""Late interaction: a vector for each token, and the sum of the best matches, MaxSim.

A query and a passage are encoded apart, as by a bi-encoder, but every token keeps its own vector. Each
query token looks for the passage token that it is most similar to, and the score is the sum of these
largest similarities (Khattab and Zaharia 2020, ColBERT, section 3.3). `plain_max_sim` is all of it;
what follows finds the same in less time and memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from lib._finite import require_finite_scores
from lib.pooling import HALF_PRECISION

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


@dataclass(frozen=True, eq=False)
class TokenVectors:
    """The token vectors of many texts, one text behind the other, without padding.

    vectors: (tokens, dim), floating point.  offsets: (texts + 1,) int64 on the CPU, since it steers
    loops: text i has the rows offsets[i] to offsets[i + 1]. A text may have no token.
    Raises ValueError for offsets that do not rise from 0 to the number of vectors.
    """

    vectors: Tensor
    offsets: Tensor

    def __post_init__(self) -> None:
        at = self.offsets
        if self.vectors.ndim != 2 or at.ndim != 1 or at.dtype != torch.long or not len(at):
            raise ValueError(
                f"TokenVectors: vectors is {tuple(self.vectors.shape)} and offsets is "
                f"{tuple(at.shape)} {at.dtype}; expected (tokens, dim) and (texts + 1,) int64: use "
                "TokenVectors.from_list"
            )
        if at.device.type != "cpu":
            raise ValueError(
                f"TokenVectors: offsets is on {at.device}; expected the CPU, wherever the vectors are"
            )
        if int(at[0]) != 0 or int(at[-1]) != len(self.vectors) or bool((at.diff() < 0).any()):
            raise ValueError(
                f"TokenVectors: offsets run from {int(at[0])} to {int(at[-1])} for "
                f"{len(self.vectors)} vectors; expected to rise from 0 to that number"
            )

    @classmethod
    def from_list(cls, texts: Sequence[Tensor], dim: int | None = None) -> TokenVectors:
        """Take a list of (tokens_i, dim) tensors of one dtype and device.

        dim: needed only for an empty list. Raises ValueError if they differ in dim or are no tensors
        of two dimensions.
        """
        texts = list(texts)
        if not texts:
            return cls(torch.empty(0, dim or 0), torch.zeros(1, dtype=torch.long))
        if any(x.ndim != 2 or x.shape[1] != texts[0].shape[-1] for x in texts):
            shapes = sorted({tuple(x.shape[1:]) for x in texts})
            raise ValueError(
                f"TokenVectors.from_list: behind the tokens the shapes are {shapes}; expected one "
                "(tokens_i, dim) for each text, all of one dim"
            )
        return cls(torch.cat(texts), _offsets(torch.tensor([len(x) for x in texts])))

    @classmethod
    def from_padded(cls, tokens: Tensor, mask: Tensor) -> TokenVectors:
        """Take tokens (n, tokens, dim) and their mask (n, tokens), 1 or True for a real token."""
        _require_mask("TokenVectors.from_padded", "tokens", tokens, mask)
        real = mask.bool()
        return cls(tokens[real], _offsets(torch.tensor(real.sum(dim=1).tolist()).long()))

    def __len__(self) -> int:
        """The number of texts."""
        return len(self.offsets) - 1

    def __getitem__(self, row: int) -> Tensor:
        """The token vectors of one text, (tokens_i, dim), without a copy."""
        if not -len(self) <= row < len(self):
            raise IndexError(f"TokenVectors: there is no text {row} of {len(self)}")
        row %= len(self)
        return self.vectors[int(self.offsets[row]) : int(self.offsets[row + 1])]

    def __iter__(self) -> Iterator[Tensor]:
        return iter(self.vectors.split(self.lengths.tolist()))

    @property
    def lengths(self) -> Tensor:
        """The number of tokens of each text, (texts,) int64 on the CPU."""
        return self.offsets.diff()

    def to(self, *where: torch.device | torch.dtype | str) -> TokenVectors:
        """The same with its vectors in another dtype or on another device."""
        vectors = self.vectors
        for one in where:
            vectors = vectors.to(one)
        return TokenVectors(vectors, self.offsets)

    def select(self, rows: Tensor | Sequence[int]) -> TokenVectors:
        """Return the texts of these rows, in their order; a row may come twice."""
        lengths = self.lengths[self._rows(rows)]
        row = self._rows(rows).repeat_interleave(lengths)
        offsets = _offsets(lengths)
        within = torch.arange(len(row)) - offsets[:-1].repeat_interleave(lengths)
        return TokenVectors(self._take(self.offsets[row] + within), offsets)

    def pad(self, rows: Tensor | Sequence[int] | None = None) -> tuple[Tensor, Tensor]:
        """Return tokens (r, longest, dim), zeros behind the last, and their mask (r, longest) bool.

        rows: of which texts, by default of all. Raises IndexError for rows that are not there.
        """
        starts, lengths = self.offsets[:-1], self.lengths
        if rows is not None:
            starts, lengths = starts[self._rows(rows)], lengths[self._rows(rows)]
        place = torch.arange(int(lengths.max()) if len(lengths) else 0)
        real = place < lengths[:, None]
        if not real.any():
            empty = self.vectors.new_zeros(*real.shape, self.vectors.shape[1])
            return empty, real.to(self.vectors.device)
        where = (starts[:, None] + place).where(real, torch.zeros(1, dtype=torch.long))
        tokens = self._take(where.flatten()).view(*real.shape, -1)
        real = real.to(self.vectors.device)
        return tokens.masked_fill(~real[:, :, None], 0.0), real

    def _rows(self, rows: Tensor | Sequence[int]) -> Tensor:
        """Rows as numbers from 0 on the CPU."""
        listed = rows.tolist() if isinstance(rows, Tensor) else list(rows)
        asked = torch.tensor(listed, dtype=torch.long)
        if len(asked) and not -len(self) <= int(asked.min()) <= int(asked.max()) < len(self):
            raise IndexError(
                f"TokenVectors: rows run from {int(asked.min())} to {int(asked.max())}; there are "
                f"{len(self)} texts"
            )
        return asked % len(self) if len(self) else asked

    def _take(self, places: Tensor) -> Tensor:
        return self.vectors.index_select(0, places.to(self.vectors.device))


def _offsets(lengths: Tensor) -> Tensor:
    """(n,) lengths to (n + 1,): where each begins, and the end."""
    return torch.cat([torch.zeros(1, dtype=torch.long), lengths.cumsum(0)])


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
    _require_mask("max_sim_scores", "queries", queries, query_mask)
    _require_alike("max_sim_scores", queries, vectors, block)
    if torch.is_grad_enabled() and (queries.requires_grad or vectors.requires_grad):
        similarities = vectors @ queries[query_mask.bool()].T  # (tokens, real query tokens)
        best = segment_max(similarities, documents.lengths)
        scores = _sums(best, query_mask)
        return scores.masked_fill((documents.lengths == 0).to(scores.device), -torch.inf)
    with torch.no_grad():
        return _by_length(queries, query_mask, documents, block)


def segment_max(values: Tensor, lengths: Tensor) -> Tensor:
    """Return the maxima of neighbouring rows, (segments, columns), minus infinity of none.

    values: (rows, columns); lengths: (segments,) int64 that add up to the rows, on any device.
    """
    return torch.segment_reduce(
        values, "max", lengths=lengths.to(values.device), axis=0, unsafe=True, initial=-torch.inf
    )


def _by_length(queries: Tensor, query_mask: Tensor, documents: TokenVectors, block: int) -> Tensor:
    """`max_sim_scores` without a gradient, documents of like length together.

    What is left to pad is filled up by tokens that the document has: a maximum over some of them twice
    is the same maximum, so that nothing is masked.
    """
    columns = queries[query_mask.bool()].T.contiguous()  # (dim, real query tokens)
    parts = columns.split(_QUERY_TOKENS, dim=1)
    widest = max((part.shape[1] for part in parts), default=0)
    scores = _wide(queries.new_full((len(queries), len(documents)), -torch.inf))
    lengths = documents.lengths
    order = lengths.argsort(descending=True, stable=True)[: int((lengths > 0).sum())]
    room = queries.new_empty(0)
    while len(order) and len(queries):
        longest = int(lengths[order[0]])
        most = min(block // max(1, widest), _TOKENS)
        rows = order[: max(1, most // longest)]
        order = order[len(rows) :]
        last = documents.offsets[rows + 1, None] - 1
        places = documents.offsets[rows, None] + torch.arange(longest)
        tokens = documents._take(torch.minimum(places, last).flatten())
        if room.numel() < len(tokens) * widest:
            room = queries.new_empty(len(tokens) * widest)
        best = []
        for part in parts:
            # The same memory for each block: new pages would cost a third of the product's time.
            width = part.shape[1]
            found = room[: len(tokens) * width].view(len(tokens), width)
            torch.mm(tokens, part, out=found)
            best.append(found.view(len(rows), longest, width).amax(dim=1))
        scores[:, rows.to(scores.device)] = _sums(torch.cat(best, dim=1), query_mask)
    found = scores[:, (lengths > 0).to(scores.device)]
    require_finite_scores("max_sim_scores", found, queries=queries, documents=documents.vectors)
    return scores


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
    _require_mask(name, "queries", queries, query_mask)
    _require_mask(name, "documents", documents, document_mask)
    _require_alike(name, queries, documents, block)


def _require_mask(name: str, what: str, tokens: Tensor, mask: Tensor) -> None:
    if tokens.ndim != 3 or mask.shape != tokens.shape[:2]:
        raise ValueError(
            f"{name}: {what} is {tuple(tokens.shape)} and its mask is {tuple(mask.shape)}; expected "
            "(texts, tokens, dim) and (texts, tokens): a single text needs text[None]"
        )
    if tokens.device != mask.device:
        raise ValueError(
            f"{name}: {what} is on {tokens.device} and its mask on {mask.device}; expected one device"
        )


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
