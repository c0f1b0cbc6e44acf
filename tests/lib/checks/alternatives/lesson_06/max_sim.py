"""Other right answers to `max_sim`."""

from __future__ import annotations

import torch
from torch import Tensor


def _by_loops(query: Tensor, document: Tensor) -> Tensor:
    """An alternative: one query token after the other."""
    if not len(document):
        raise ValueError("no token")
    total = torch.zeros((), dtype=query.dtype)
    for token in query:
        total = total + max(token @ word for word in document)
    return total


def _by_broadcasting(query: Tensor, document: Tensor) -> Tensor:
    """An alternative: all products, (query_tokens, tokens, dim), summed."""
    if document.shape[0] < 1:
        raise ValueError("no token")
    return (query[:, None] * document).sum(-1).max(-1).values.sum()


def _by_sorting(query: Tensor, document: Tensor) -> Tensor:
    """An alternative: einsum, and the last of each sorted row."""
    if document.numel() == 0:
        raise ValueError("no token")
    return torch.einsum("jd,id->ij", document, query).sort(dim=1)[0][:, -1].sum(0)


ALTERNATIVES = [_by_loops, _by_broadcasting, _by_sorting]
