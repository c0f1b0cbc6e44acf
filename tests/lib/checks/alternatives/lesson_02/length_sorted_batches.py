"""Other right answers to `length_sorted_batches`."""

from __future__ import annotations

import numpy as np

from lib.checks.lesson_02._batches import require


def _batches_by_argsort(lengths, batch_size):
    """An alternative with NumPy's stable argsort."""
    require(batch_size)
    order = np.argsort(-np.array(lengths, dtype=np.int64), kind="stable")
    return [part.tolist() for part in np.split(order, range(batch_size, len(order), batch_size))][
        : len(lengths)
    ]


def _batches_by_pairs(lengths, batch_size):
    """An alternative: sort (minus length, position) pairs, then take from the front."""
    require(batch_size)
    pairs, batches = sorted((-n, i) for i, n in enumerate(lengths)), []
    while pairs:
        batches.append([i for _, i in pairs[:batch_size]])
        pairs = pairs[batch_size:]
    return batches


ALTERNATIVES = [_batches_by_argsort, _batches_by_pairs]
