"""Other right answers to `best_chunk`."""

from __future__ import annotations

import torch


def _document_by_document(scores, owner, documents):
    if any(not 0 <= document < documents for document in owner.tolist()):
        raise ValueError("no such document")
    columns = []
    for document in range(documents):
        own = scores[:, owner == document]
        if own.shape[1] == 0:
            columns.append(scores.new_full((len(scores),), float("-inf")))
        else:
            columns.append(own.max(dim=1).values)
    return torch.stack(columns, dim=1)


def _by_masks(scores, owner, documents):
    """All documents at once, a column of minus infinity added so that none is without a chunk."""
    if len(owner) and (owner.min() < 0 or owner.max() >= documents):
        raise ValueError("no such document")
    theirs = owner[None, :] == torch.arange(documents, device=owner.device)[:, None]
    table = torch.where(theirs[None], scores[:, None, :], -torch.inf)
    nothing = scores.new_full((len(scores), documents, 1), -torch.inf)
    return torch.cat([table, nothing], dim=2).amax(dim=2)


def _of_documents_first(scores, owner, documents):
    if not bool(((owner >= 0) & (owner < documents)).all()):
        raise ValueError("no such document")
    best = scores.new_full((documents, len(scores)), -torch.inf)
    where = owner[:, None].expand(-1, len(scores))
    return best.scatter_reduce(0, where, scores.T, reduce="amax", include_self=True).T


def _chunk_by_chunk(scores, owner, documents):
    best = scores.new_full((len(scores), documents), -torch.inf)
    for chunk, document in enumerate(owner.tolist()):
        if document < 0 or document >= documents:
            raise ValueError("no such document")
        best[:, document] = torch.maximum(best[:, document], scores[:, chunk])
    return best


ALTERNATIVES = [_document_by_document, _by_masks, _of_documents_first, _chunk_by_chunk]
