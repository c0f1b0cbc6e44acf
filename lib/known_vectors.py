"""A stand-in for a sentence encoder that hands out vectors which have been computed before.

`sentence_transformers.util.mine_hard_negatives` encodes queries and corpus anew with the model that it
gets. Given this one, it mines with vectors that are there already: a frozen encoder's from the cache,
or those of a head trained on top of it, for which no encoder of its own exists.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

__all__ = ["KnownVectors", "rows_of"]


class KnownVectors:
    """What `mine_hard_negatives` asks of a model, from known vectors.

    queries, passages: texts with their unit vectors (n, dim); the two sides may hold the same text
    with different vectors. Raises ValueError if texts and vectors are not as many.
    """

    def __init__(
        self,
        queries: tuple[Sequence[str], Tensor],
        passages: tuple[Sequence[str], Tensor],
    ) -> None:
        self._queries, self._passages = (
            _by_text(name, *side) for name, side in (("queries", queries), ("passages", passages))
        )
        self._dim = passages[1].shape[1]
        self.device = torch.device("cpu")

    def encode_query(self, texts: Iterable[str], **settings: Any) -> np.ndarray:
        """Return the vectors of queries, (n, dim) float32. settings of an encoder change nothing."""
        return _looked_up("encode_query", self._queries, texts)

    def encode_document(self, texts: Iterable[str], **settings: Any) -> np.ndarray:
        """Return the vectors of passages, (n, dim) float32. settings of an encoder change nothing."""
        return _looked_up("encode_document", self._passages, texts)

    def similarity(self, queries: Any, passages: Any) -> Tensor:
        """Return every dot product, (q, n)."""
        return torch.as_tensor(queries) @ torch.as_tensor(passages).T

    def similarity_pairwise(self, queries: Any, passages: Any) -> Tensor:
        """Return the dot product of query i with passage i, (n,)."""
        return (torch.as_tensor(queries) * torch.as_tensor(passages)).sum(dim=-1)

    def get_embedding_dimension(self) -> int:
        return self._dim


def rows_of(
    tuples: Iterable[Mapping[str, str]], queries: Sequence[str], passages: Sequence[str], n: int
) -> Tensor:
    """Return the negatives that n-tuples of texts hold, as rows of passages: (queries, n).

    tuples: of `mine_hard_negatives(..., output_format="n-tuple")`: the query in the first column, the
    positive in the second, then the negatives. A query without a tuple has -1.
    """
    query, passage = ({text: row for row, text in enumerate(t)} for t in (queries, passages))
    found = torch.full((len(queries), n), -1, device="cpu")
    for one in tuples:
        asked, _, *negatives = one.values()
        found[query[asked]] = torch.tensor([passage[text] for text in negatives], device="cpu")
    return found


def _by_text(name: str, texts: Sequence[str], vectors: Tensor) -> dict[str, np.ndarray]:
    if vectors.ndim != 2 or len(texts) != len(vectors):
        raise ValueError(
            f"KnownVectors: {len(texts)} {name} with vectors {tuple(vectors.shape)}; expected (n, dim), "
            "a row for each text"
        )
    return dict(zip(texts, vectors.detach().cpu().float().numpy()))


def _looked_up(name: str, known: dict[str, np.ndarray], texts: Iterable[str]) -> np.ndarray:
    found = list(texts)
    for text in found:
        if text not in known:
            raise KeyError(f"{name}: no vector is known of {text!r}; give it when this is made")
    return np.stack([known[text] for text in found])
