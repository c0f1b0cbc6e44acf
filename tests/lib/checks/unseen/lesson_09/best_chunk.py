"""Answers to `best_chunk`, written from its card alone."""

from __future__ import annotations

import numpy as np
import torch


def right_scatter(scores: torch.Tensor, owner: torch.Tensor, documents: int) -> torch.Tensor:
    """scatter_reduce into minus infinity."""
    if ((owner < 0) | (owner >= documents)).any():
        raise ValueError("owner")
    out = scores.new_full((scores.shape[0], documents), -torch.inf)
    return out.scatter_reduce(1, owner.long().expand_as(scores), scores, "amax")


def right_loop(scores: torch.Tensor, owner: torch.Tensor, documents: int) -> torch.Tensor:
    """A loop over chunks, by torch.maximum."""
    out = torch.full((len(scores), documents), float("-inf"), dtype=scores.dtype)
    for chunk, document in enumerate(owner.tolist()):
        if document < 0 or document >= documents:
            raise ValueError(f"chunk {chunk} belongs to {document}")
        out[:, document] = torch.maximum(out[:, document], scores[:, chunk])
    return out


def right_documents(scores: torch.Tensor, owner: torch.Tensor, documents: int) -> torch.Tensor:
    """A loop over documents, a boolean mask."""
    if owner.numel() and (owner.min() < 0 or owner.max() >= documents):
        raise ValueError("owner")
    columns = []
    for document in range(documents):
        mine = scores[:, owner == document]
        if mine.shape[1] == 0:
            columns.append(torch.full((scores.shape[0],), -torch.inf, dtype=scores.dtype))
        else:
            columns.append(mine.max(dim=1).values)
    return torch.stack(columns, dim=1)


def right_lists(scores: torch.Tensor, owner: torch.Tensor, documents: int) -> torch.Tensor:
    """Python lists."""
    owners = owner.tolist()
    if any(document not in range(documents) for document in owners):
        raise ValueError("owner")
    rows = []
    for row in scores.tolist():
        best = [float("-inf")] * documents
        for score, document in zip(row, owners):
            if score > best[document]:
                best[document] = score
        rows.append(best)
    return torch.tensor(rows, dtype=scores.dtype).reshape(len(rows), documents)


def right_where(scores: torch.Tensor, owner: torch.Tensor, documents: int) -> torch.Tensor:
    """Everything at once: (q, chunks, documents), and a column of -inf for no chunk at all."""
    member = owner[:, None] == torch.arange(documents)
    if not member.any(dim=1).all():
        raise ValueError("owner")
    cube = scores[:, :, None].masked_fill(~member, -torch.inf)
    first = scores.new_full((scores.shape[0], 1, documents), -torch.inf)
    return torch.cat([first, cube], dim=1).amax(dim=1)


def right_numpy(scores: torch.Tensor, owner: torch.Tensor, documents: int) -> torch.Tensor:
    """np.maximum.at."""
    owners = owner.numpy().astype(int)
    if np.any(owners < 0) or np.any(owners > documents - 1):
        raise ValueError("owner")
    out = np.full((documents, scores.shape[0]), -np.inf, dtype=scores.numpy().dtype)
    np.maximum.at(out, owners, scores.numpy().T)
    return torch.from_numpy(out.T.copy())


def right_index_reduce(scores: torch.Tensor, owner: torch.Tensor, documents: int) -> torch.Tensor:
    """index_reduce over the columns."""
    for document in owner:
        if not 0 <= int(document) < documents:
            raise ValueError("owner")
    out = torch.full((scores.shape[0], documents), -torch.inf, dtype=scores.dtype)
    return out.index_reduce_(1, owner.to(torch.int64), scores, "amax", include_self=True)


def _check(owner: torch.Tensor, documents: int) -> None:
    if ((owner < 0) | (owner >= documents)).any():
        raise ValueError("owner")


def wrong_from_zero(scores: torch.Tensor, owner: torch.Tensor, documents: int) -> torch.Tensor:
    """Starts from zeros: scores below 0 come out as 0, and so does a document without a chunk."""
    _check(owner, documents)
    out = torch.zeros(scores.shape[0], documents, dtype=scores.dtype)
    return out.scatter_reduce(1, owner.long().expand_as(scores), scores, "amax")


def wrong_empty_zero(scores: torch.Tensor, owner: torch.Tensor, documents: int) -> torch.Tensor:
    """include_self=False on zeros: a document without a chunk gets 0."""
    _check(owner, documents)
    out = torch.zeros(scores.shape[0], documents, dtype=scores.dtype)
    where = owner.long().expand_as(scores)
    return out.scatter_reduce(1, where, scores, "amax", include_self=False)


def wrong_zero_is_empty(scores: torch.Tensor, owner: torch.Tensor, documents: int) -> torch.Tensor:
    """Takes a best score of 0 for a document without a chunk."""
    out = wrong_empty_zero(scores, owner, documents)
    return out.masked_fill(out == 0, -torch.inf)


def wrong_minus_one(scores: torch.Tensor, owner: torch.Tensor, documents: int) -> torch.Tensor:
    """Starts from -1, as cosines do: -3 comes out as -1."""
    return right_scatter(scores, owner, documents).clamp(min=-1)


def wrong_large_negative(scores: torch.Tensor, owner: torch.Tensor, documents: int) -> torch.Tensor:
    """-1e9 for a document without a chunk."""
    return right_scatter(scores, owner, documents).clamp(min=-1e9)


def wrong_last_wins(scores: torch.Tensor, owner: torch.Tensor, documents: int) -> torch.Tensor:
    """Assigns by index: the last chunk of a document wins."""
    _check(owner, documents)
    out = torch.full((scores.shape[0], documents), -torch.inf, dtype=scores.dtype)
    for chunk in range(len(owner)):
        out[:, owner[chunk]] = scores[:, chunk]
    return out


def wrong_first_wins(scores: torch.Tensor, owner: torch.Tensor, documents: int) -> torch.Tensor:
    """The first chunk of each document."""
    return wrong_last_wins(scores.flip(1), owner.flip(0), documents)


def wrong_mean(scores: torch.Tensor, owner: torch.Tensor, documents: int) -> torch.Tensor:
    """The mean of the chunks."""
    _check(owner, documents)
    out = torch.zeros(scores.shape[0], documents, dtype=scores.dtype)
    out = out.index_add(1, owner.long(), scores)
    count = torch.bincount(owner.long(), minlength=documents)
    return (out / count.clamp(min=1)).masked_fill(count == 0, -torch.inf)


def wrong_sum(scores: torch.Tensor, owner: torch.Tensor, documents: int) -> torch.Tensor:
    """The sum: long documents win."""
    _check(owner, documents)
    out = torch.zeros(scores.shape[0], documents, dtype=scores.dtype)
    count = torch.bincount(owner.long(), minlength=documents)
    return out.index_add(1, owner.long(), scores).masked_fill(count == 0, -torch.inf)


def wrong_min(scores: torch.Tensor, owner: torch.Tensor, documents: int) -> torch.Tensor:
    """The worst chunk."""
    out = -right_scatter(-scores, owner, documents)
    return out.masked_fill(out == torch.inf, -torch.inf)


def wrong_largest_owner(scores: torch.Tensor, owner: torch.Tensor, documents: int) -> torch.Tensor:
    """owner.max() + 1 columns: documents without a chunk at the end are missing."""
    _check(owner, documents)
    return right_scatter(scores, owner, int(owner.max()) + 1)


def wrong_unique(scores: torch.Tensor, owner: torch.Tensor, documents: int) -> torch.Tensor:
    """A column for each owner that occurs, -inf after them: the places shift."""
    _check(owner, documents)
    return right_scatter(scores, owner.unique(return_inverse=True)[1], documents)


def wrong_grouped(scores: torch.Tensor, owner: torch.Tensor, documents: int) -> torch.Tensor:
    """Takes the chunks to stand in the order of documents."""
    _check(owner, documents)
    counts = torch.bincount(owner.long(), minlength=documents).tolist()
    parts = scores.split(counts, dim=1)
    none = torch.full((scores.shape[0],), -torch.inf, dtype=scores.dtype)
    return torch.stack([p.amax(1) if p.shape[1] else none for p in parts], dim=1)


def wrong_neighbours(scores: torch.Tensor, owner: torch.Tensor, documents: int) -> torch.Tensor:
    """Runs of equal owners, the last run of a document wins."""
    _check(owner, documents)
    out = torch.full((scores.shape[0], documents), -torch.inf, dtype=scores.dtype)
    values, counts = owner.unique_consecutive(return_counts=True)
    for value, part in zip(values.tolist(), scores.split(counts.tolist(), dim=1)):
        out[:, value] = part.amax(1)
    return out


def wrong_negative_wraps(scores: torch.Tensor, owner: torch.Tensor, documents: int) -> torch.Tensor:
    """An owner of -1 counts as the last document."""
    if (owner >= documents).any():
        raise ValueError("owner")
    return right_scatter(scores, owner % documents, documents)


def wrong_too_large_left_out(
    scores: torch.Tensor, owner: torch.Tensor, documents: int
) -> torch.Tensor:
    """An owner of documents or more is skipped."""
    if (owner < 0).any():
        raise ValueError("owner")
    known = owner < documents
    return right_scatter(scores[:, known], owner[known], documents)


def wrong_off_by_one(scores: torch.Tensor, owner: torch.Tensor, documents: int) -> torch.Tensor:
    """> documents: an owner equal to it gives torch's own error."""
    if ((owner < 0) | (owner > documents)).any():
        raise ValueError("owner")
    out = torch.full((scores.shape[0], documents), -torch.inf, dtype=scores.dtype)
    for chunk, document in enumerate(owner.tolist()):
        out[:, document] = torch.maximum(out[:, document], scores[:, chunk])
    return out


def wrong_zero_raises(scores: torch.Tensor, owner: torch.Tensor, documents: int) -> torch.Tensor:
    """Document 0 raises."""
    if ((owner <= 0) | (owner >= documents)).any():
        raise ValueError("owner")
    return right_scatter(scores, owner, documents)


def wrong_places(scores: torch.Tensor, owner: torch.Tensor, documents: int) -> torch.Tensor:
    """The document of each query's best chunk, no scores."""
    _check(owner, documents)
    return owner[scores.argmax(dim=1)]


def wrong_all_queries(scores: torch.Tensor, owner: torch.Tensor, documents: int) -> torch.Tensor:
    """The best over all queries, the same in each row."""
    out = right_scatter(scores, owner, documents)
    return out.amax(0, keepdim=True).expand_as(out)


def wrong_first_query(scores: torch.Tensor, owner: torch.Tensor, documents: int) -> torch.Tensor:
    """Takes the chunk that is best for the first query for all of them."""
    _check(owner, documents)
    out = torch.full((scores.shape[0], documents), -torch.inf, dtype=scores.dtype)
    for document in range(documents):
        mine = scores[:, owner == document]
        if mine.shape[1]:
            out[:, document] = mine[:, mine[0].argmax()]
    return out


def wrong_transposed(scores: torch.Tensor, owner: torch.Tensor, documents: int) -> torch.Tensor:
    """(documents, q)."""
    return right_scatter(scores, owner, documents).T


def wrong_absolute(scores: torch.Tensor, owner: torch.Tensor, documents: int) -> torch.Tensor:
    """The largest absolute value: -0.9 counts more than 0.5."""
    return right_scatter(scores.abs(), owner, documents)


RIGHT = [
    right_scatter,
    right_loop,
    right_documents,
    right_lists,
    right_where,
    right_numpy,
    right_index_reduce,
]
WRONG = [
    wrong_from_zero,
    wrong_empty_zero,
    wrong_zero_is_empty,
    wrong_minus_one,
    wrong_large_negative,
    wrong_last_wins,
    wrong_first_wins,
    wrong_mean,
    wrong_sum,
    wrong_min,
    wrong_largest_owner,
    wrong_unique,
    wrong_grouped,
    wrong_neighbours,
    wrong_negative_wraps,
    wrong_too_large_left_out,
    wrong_off_by_one,
    wrong_zero_raises,
    wrong_places,
    wrong_all_queries,
    wrong_first_query,
    wrong_transposed,
    wrong_absolute,
]
