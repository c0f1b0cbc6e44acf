"""Answers to `max_sim`, written from its card alone."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F


def right_matmul(query: torch.Tensor, document: torch.Tensor) -> torch.Tensor:
    """The table of dot products, the largest of each row, their sum."""
    if document.shape[0] == 0:
        raise ValueError("the document is empty")
    return (query @ document.T).max(dim=1).values.sum()


def right_query_first(query: torch.Tensor, document: torch.Tensor) -> torch.Tensor:
    """The empty query returns early, before the document is looked at."""
    if query.size(0) == 0:
        return torch.zeros((), dtype=query.dtype, device=query.device)
    if document.size(0) == 0:
        raise ValueError("document has no tokens")
    best = torch.einsum("qd,td->qt", query, document).amax(-1)
    return torch.sum(best)


def right_loops(query: torch.Tensor, document: torch.Tensor) -> torch.Tensor:
    """Two loops, as the lesson's cell; the running best begins at minus infinity."""
    if len(document) < 1:
        raise ValueError(f"expected at least one token, got {tuple(document.shape)}")
    total = query.new_zeros(())
    for word in query:
        best = query.new_tensor(-torch.inf)
        for token in document:
            best = torch.maximum(best, torch.dot(word, token))
        total = total + best
    return total


def right_python_numbers(query: torch.Tensor, document: torch.Tensor) -> torch.Tensor:
    """Lists of numbers and a generator; a new tensor at the end."""
    words, tokens = query.tolist(), document.tolist()
    if not tokens:
        raise ValueError("no tokens in the document")
    score = sum(max(sum(a * b for a, b in zip(word, token)) for token in tokens) for word in words)
    return torch.tensor(score, dtype=query.dtype, device=query.device)


def right_numpy(query: torch.Tensor, document: torch.Tensor) -> torch.Tensor:
    """numpy's matmul, max and sum."""
    if document.numel() == 0:
        raise ValueError("empty document")
    table = query.detach().cpu().numpy() @ document.detach().cpu().numpy().T
    return torch.as_tensor(table.max(axis=1).sum(), dtype=query.dtype)


def right_sorted(query: torch.Tensor, document: torch.Tensor) -> torch.Tensor:
    """Documents as rows, sorted down the columns; the last row is the best."""
    if not len(document):
        raise ValueError("a document needs a token")
    ascending = torch.sort(document @ query.T, dim=0).values
    return ascending[-1].sum()


def right_broadcast(query: torch.Tensor, document: torch.Tensor) -> torch.Tensor:
    """Products of all pairs, then gather at the argmax."""
    if document.shape[0] == 0:
        raise ValueError("a document without tokens")
    similarity = (query[:, None, :] * document[None, :, :]).sum(dim=-1)
    where = similarity.argmax(dim=1, keepdim=True)
    return similarity.gather(1, where).sum()


def right_max_of_python(query: torch.Tensor, document: torch.Tensor) -> torch.Tensor:
    """A list of the best; stack needs one, so the sum starts with a zero."""
    if document.size(0) == 0:
        raise ValueError("document: expected (tokens, dim) with tokens of at least 1")
    parts = [query.new_zeros(())]
    parts += [(document @ word).max() for word in query]
    return torch.stack(parts).sum()


def wrong_mean(query: torch.Tensor, document: torch.Tensor) -> torch.Tensor:
    """The mean of the best: 0.85 in the example; NaN for an empty query."""
    if len(document) == 0:
        raise ValueError("empty")
    return (query @ document.T).amax(dim=1).mean()


def wrong_axis(query: torch.Tensor, document: torch.Tensor) -> torch.Tensor:
    """The best query token of each document token: 0.8 + 0 + 0.9 in the example is right by luck."""
    if len(document) == 0:
        raise ValueError("empty")
    if len(query) == 0:
        return query.new_zeros(())
    return (query @ document.T).amax(dim=0).sum()


def wrong_exchanged(query: torch.Tensor, document: torch.Tensor) -> torch.Tensor:
    """document @ query.T with dim=1: right only by luck where they have as many tokens."""
    if len(document) == 0:
        raise ValueError("empty")
    if len(query) == 0:
        return torch.tensor(0.0)
    return (document @ query.T).max(dim=1).values.sum()


def wrong_largest_of_all(query: torch.Tensor, document: torch.Tensor) -> torch.Tensor:
    """One maximum over the whole table: 0.9 in the example."""
    if len(document) == 0:
        raise ValueError("empty")
    if len(query) == 0:
        return query.new_zeros(())
    return (query @ document.T).max()


def wrong_sum_of_all(query: torch.Tensor, document: torch.Tensor) -> torch.Tensor:
    """Adds all dot products up: no maximum."""
    if len(document) == 0:
        raise ValueError("empty")
    return (query @ document.T).sum()


def wrong_cosine(query: torch.Tensor, document: torch.Tensor) -> torch.Tensor:
    """Normalises first: other scores for [0.1, 0.9] of the example, which is not of length 1."""
    if len(document) == 0:
        raise ValueError("empty")
    return (F.normalize(query, dim=1) @ F.normalize(document, dim=1).T).amax(dim=1).sum()


def wrong_index_error(query: torch.Tensor, document: torch.Tensor) -> torch.Tensor:
    """No rule for the empty document: torch raises an IndexError."""
    return (query @ document.T).amax(dim=1).sum()


def wrong_zero_for_empty_document(query: torch.Tensor, document: torch.Tensor) -> torch.Tensor:
    """An empty document scores 0 and raises nothing."""
    if len(document) == 0 or len(query) == 0:
        return query.new_zeros(())
    return (query @ document.T).amax(dim=1).sum()


def wrong_empty_query_raises(query: torch.Tensor, document: torch.Tensor) -> torch.Tensor:
    """ValueError for the empty query, too, which scores 0."""
    if len(document) == 0 or len(query) == 0:
        raise ValueError("both need tokens")
    return (query @ document.T).amax(dim=1).sum()


def wrong_best_starts_at_zero(query: torch.Tensor, document: torch.Tensor) -> torch.Tensor:
    """best = 0 before the loop: wrong where all dot products of a word are negative."""
    if len(document) == 0:
        raise ValueError("empty")
    total = query.new_zeros(())
    for word in query:
        best = query.new_zeros(())
        for token in document:
            best = torch.maximum(best, word @ token)
        total = total + best
    return total


def wrong_absolute(query: torch.Tensor, document: torch.Tensor) -> torch.Tensor:
    """abs before the maximum: the first word of the example finds 1, not 0.8."""
    if len(document) == 0:
        raise ValueError("empty")
    return (query @ document.T).abs().amax(dim=1).sum()


def wrong_not_summed(query: torch.Tensor, document: torch.Tensor) -> torch.Tensor:
    """The best of each query token, (query_tokens,): the sum is missing."""
    if len(document) == 0:
        raise ValueError("empty")
    return (query @ document.T).amax(dim=1)


def wrong_shape_one(query: torch.Tensor, document: torch.Tensor) -> torch.Tensor:
    """keepdim leaves (1, 1), not a scalar."""
    if len(document) == 0:
        raise ValueError("empty")
    return (query @ document.T).amax(dim=1, keepdim=True).sum(dim=0, keepdim=True)


def wrong_places(query: torch.Tensor, document: torch.Tensor) -> torch.Tensor:
    """max(dim=1) is a pair, and [1] of it are places: 0 + 2 in the example."""
    if len(document) == 0:
        raise ValueError("empty")
    return (query @ document.T).max(dim=1)[1].sum()


def wrong_pooled(query: torch.Tensor, document: torch.Tensor) -> torch.Tensor:
    """The mean of the document's tokens: a single vector again."""
    if len(document) == 0:
        raise ValueError("empty")
    return (query @ document.mean(dim=0)).sum()


def wrong_max_pooled(query: torch.Tensor, document: torch.Tensor) -> torch.Tensor:
    """The largest of each dimension over the tokens, then the dot product."""
    if len(document) == 0:
        raise ValueError("empty")
    return (query @ document.amax(dim=0)).sum()


def wrong_assert(query: torch.Tensor, document: torch.Tensor) -> torch.Tensor:
    """AssertionError for ValueError."""
    assert len(document) > 0, "empty"
    return (query @ document.T).amax(dim=1).sum()


def wrong_error_returned(query: torch.Tensor, document: torch.Tensor) -> torch.Tensor:
    """return for raise."""
    if len(document) == 0:
        return ValueError("empty")
    return (query @ document.T).amax(dim=1).sum()


def wrong_in_place(query: torch.Tensor, document: torch.Tensor) -> torch.Tensor:
    """The right score, but the used document tokens are crossed out in the caller's document."""
    if len(document) == 0:
        raise ValueError("empty")
    similarity = query @ document.T
    best = similarity.amax(dim=1)
    document[similarity.argmax(dim=1)] = 0
    return best.sum()


def wrong_each_token_once(query: torch.Tensor, document: torch.Tensor) -> torch.Tensor:
    """A document token is used up: two words that have the same best token do not share it."""
    if len(document) == 0:
        raise ValueError("empty")
    similarity = query @ document.T
    total = query.new_zeros(())
    for row in range(min(similarity.shape)):
        best, place = similarity[row].max(dim=0)
        total = total + best
        similarity[:, place] = -torch.inf
    return total


def wrong_mean_and_no_error(query: torch.Tensor, document: torch.Tensor) -> torch.Tensor:
    """Two mistakes: the mean for the sum, and no ValueError."""
    scores = np.array((query @ document.T).tolist())
    return torch.tensor(scores.max(axis=-1).mean(), dtype=query.dtype)


def wrong_unfinished(query: torch.Tensor, document: torch.Tensor) -> torch.Tensor:
    """The stub's last line is still there."""
    if len(document) == 0:
        raise ValueError("empty")
    (query @ document.T).amax(dim=1).sum()
    raise NotImplementedError


def wrong_no_return(query: torch.Tensor, document: torch.Tensor) -> torch.Tensor:
    """The score is computed and not returned."""
    if len(document) == 0:
        raise ValueError("empty")
    score = (query @ document.T).amax(dim=1).sum()
    score + 0


RIGHT = [
    right_matmul,
    right_query_first,
    right_loops,
    right_python_numbers,
    right_numpy,
    right_sorted,
    right_broadcast,
    right_max_of_python,
]
WRONG = [
    wrong_mean,
    wrong_axis,
    wrong_exchanged,
    wrong_largest_of_all,
    wrong_sum_of_all,
    wrong_cosine,
    wrong_index_error,
    wrong_zero_for_empty_document,
    wrong_empty_query_raises,
    wrong_best_starts_at_zero,
    wrong_absolute,
    wrong_not_summed,
    wrong_shape_one,
    wrong_places,
    wrong_pooled,
    wrong_max_pooled,
    wrong_assert,
    wrong_error_returned,
    wrong_in_place,
    wrong_each_token_once,
    wrong_mean_and_no_error,
    wrong_unfinished,
    wrong_no_return,
]
