"""Other right answers to `binary_rescore`."""

from __future__ import annotations

import torch

from lib.checks.lesson_05.binary_rescore import _signs


def _by_xor(queries, corpus, size, k):
    """An alternative: count differing truth values, then add what agrees and take off what does not."""
    differ = ((queries > 0)[:, None] ^ (corpus > 0)[None]).sum(dim=2)
    candidates = differ.argsort(dim=1, stable=True)[:, :size]
    scores = (queries[:, None] * (2.0 * (corpus[candidates] > 0) - 1)).sum(dim=2)
    order = scores.argsort(dim=1, descending=True)[:, :k]
    return candidates.gather(1, order)


def _bits_row_by_row(queries, corpus, size, k):
    """An alternative: one query after the other."""
    found = []
    for query in queries:
        near = ((query > 0) == (corpus > 0)).sum(dim=1).argsort(descending=True, stable=True)[:size]
        found.append(near[(_signs(corpus[near]) @ query).argsort(descending=True)[:k]])
    return torch.stack(found)


def _from_the_far_end(queries, corpus, size, k):
    """An alternative: sorts the nearest last, so that of equal distances it takes the later row."""
    agree = _signs(queries) @ _signs(corpus).T
    candidates = agree.argsort(dim=1, stable=True)[:, -size:]
    scores = (queries @ _signs(corpus).T).gather(1, candidates)
    return candidates.gather(1, scores.topk(min(k, candidates.shape[1]), dim=1).indices)


ALTERNATIVES = [_by_xor, _bits_row_by_row, _from_the_far_end]
