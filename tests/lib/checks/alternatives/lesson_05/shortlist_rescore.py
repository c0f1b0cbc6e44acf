"""Other right answers to `shortlist_rescore`."""

from __future__ import annotations

import torch

from lib.checks.lesson_05.shortlist_rescore import _short_scores, _unit


def _masked(queries, corpus, dim, size, k):
    """An alternative: everything off the shortlist gets minus infinity."""
    short, size = _short_scores(queries, corpus, dim), min(size, len(corpus))
    limit = short.sort(dim=1, descending=True).values[:, size - 1 : size]
    scores = (queries @ corpus.T).masked_fill(short < limit, -torch.inf)
    return scores.argsort(dim=1, descending=True)[:, : min(k, size)]


def _row_by_row(queries, corpus, dim, size, k):
    """An alternative: one query after the other, candidates taken out of the corpus."""
    found = []
    for query in queries:
        near = (_unit(corpus[:, :dim]) @ query[:dim]).argsort(descending=True)[:size]
        found.append(near[(corpus[near] @ query).argsort(descending=True)[:k]])
    return torch.stack(found)


ALTERNATIVES = [_masked, _row_by_row]
