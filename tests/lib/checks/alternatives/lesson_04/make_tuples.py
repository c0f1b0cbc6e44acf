"""Other right answers to `make_tuples`."""

from __future__ import annotations

from lib.checks.lesson_04.make_tuples import _counted


@_counted
def _by_comprehension(positives, negatives):
    """An alternative: one comprehension over complete rows."""
    whole = (negatives >= 0).all(dim=1).tolist()
    return [
        [query, positive, *negatives[query].tolist()]
        for query, own in enumerate(positives)
        for positive in own
        if whole[query]
    ]


@_counted
def _by_blocks(positives, negatives):
    """An alternative: a block of rows for each query."""
    blocks = []
    for query, own in enumerate(positives):
        if (negatives[query] < 0).any():
            continue
        blocks += [[query, p] + negatives[query].tolist() for p in own]
    return blocks


ALTERNATIVES = [_by_comprehension, _by_blocks]
