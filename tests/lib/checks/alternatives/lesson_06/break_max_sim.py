"""Other right answers to `break_max_sim`."""

from __future__ import annotations

import numpy as np

_LOUD = ([[[1]]], [[1]], [[[9], [2], [1]]], [[0, 1, 1]], [[2]])

_NEGATIVE = ([[[1]]], [[1]], [[[-3], [-1]], [[-2], [0]]], [[1, 1], [1, 0]], [[-1, -2]])

_TWO_QUERIES = ([[[2], [3]], [[1], [5]]], [[1, 1], [1, 0]], [[[4]]], [[1]], [[20], [4]])

_TWO_WORDS = ([[[1, 0], [0, 2]]], [[1, 1]], [[[3, 1], [-5, 0], [1, 0]]], [[1, 1, 1]], [[5]])

_NO_QUERY = ([[[4]]], [[0]], [[[2]]], [[1]], [[0]])

_BELOW = ([[[3]]], [[1]], [[[0]], [[-2]]], [[1], [1]], [[0, -6]])

_SHORT = (
    [[[2], [3]], [[-2], [3]]],
    [[1, 1], [0, 0]],
    [[[1], [3], [-2]]],
    [[1, 0, 1]],
    [[5], [0]],
)

_PADDED_TWICE = (
    [[[4], [1]], [[1], [-2]]],
    [[0, 1], [0, 1]],
    [[[1], [0], [-3]], [[-1], [4], [0]]],
    [[0, 0, 1], [0, 1, 1]],
    [[-3, 4], [6, 0]],
)


def _one_case() -> list:
    """An alternative: everything in one call."""
    queries = [[[3], [-2]], [[3], [-2]], [[5], [-5]]]
    documents = [[[-2], [4], [0]], [[1], [-2], [4]]]
    masks = [[0, 1], [1, 1], [0, 0]], [[1, 0, 1], [0, 0, 1]]
    return [(queries, masks[0], documents, masks[1], [[4, -8], [4, 4], [0, 0]])]


def _with_an_empty_query() -> list:
    """An alternative: small cases, and a query of padding only."""
    return [_LOUD, _NEGATIVE, _TWO_QUERIES, _TWO_WORDS, _NO_QUERY]


def _drawn() -> list:
    """An alternative: arrays drawn at random, with expected values by loops."""
    rng = np.random.default_rng(7)
    found = []
    for _ in range(12):
        queries, documents = rng.normal(size=(2, 3, 2)), rng.normal(size=(3, 4, 2)) * 2
        real, words = rng.random((2, 3)) < 0.7, rng.random((3, 4)) < 0.5
        words[:, 1] = True
        real[1] &= len(found) > 0
        expected = [
            [sum((d[w] @ token).max() for token in q[r]) for d, w in zip(documents, words)]
            for q, r in zip(queries, real)
        ]
        found.append((queries, real, documents, words, expected))
    return found


ALTERNATIVES = [_one_case, _with_an_empty_query, _drawn]

# Tests of which the one that is named is the first suspect that they let through.
BLIND = {
    "document-mask-ignored": lambda: [
        ([[[4], [4]]], [[1, 1]], [[[4], [3]], [[-3], [-1]]], [[1, 1], [0, 1]], [[32, -8]]),
        ([[[1]], [[2]]], [[0], [1]], [[[2]]], [[1]], [[0], [4]]),
    ],
    "absolute-values": lambda: [
        (
            [[[0, 4], [2, 4]], [[-1, 0], [0, 4]]],
            [[1, 1], [0, 1]],
            [[[-3, 2], [-3, 1], [1, 0]], [[1, 3], [0, 3], [0, 4]]],
            [[1, 1, 0], [1, 1, 0]],
            [[10, 26], [8, 12]],
        ),
        ([[[3]]], [[1]], [[[0], [3]]], [[0, 1]], [[9]]),
    ],
    "nothing-below-zero": lambda: [_SHORT, ([[[3]]], [[1]], [[[1]], [[3]]], [[1], [1]], [[3, 9]])],
    "zeros-for-padding": lambda: [_SHORT, _BELOW],
    "query-mask-ignored": lambda: [
        (
            [[[0], [4]], [[-1], [0]]],
            [[1, 1], [1, 1]],
            [[[3], [-2]], [[0], [-2]]],
            [[0, 1], [1, 1]],
            [[-8, 0], [2, 2]],
        )
    ],
    "padding-at-the-end": lambda: [
        (
            [[[0, -1], [0, 4]], [[2, 2], [2, -1]]],
            [[1, 0], [1, 1]],
            [[[2, -3], [-1, 3], [1, -1]], [[-3, -2], [1, 2], [-3, 3]]],
            [[1, 1, 1], [1, 0, 0]],
            [[3, 2], [11, -14]],
        )
    ],
    "mean-for-sum": lambda: [_PADDED_TWICE, ([[[2], [-2]]], [[1, 1]], [[[1]]], [[1]], [[0]])],
    "wrong-axis": lambda: [
        (
            [[[2, 1], [1, -3]], [[2, 4], [-2, 0]]],
            [[1, 1], [1, 1]],
            [[[-2, 3], [3, 3], [-2, -1]], [[3, 1], [-2, -1], [1, -2]]],
            [[1, 0, 1], [1, 1, 0]],
            [[0, 8], [12, 14]],
        ),
        ([[[0], [-3]], [[1], [2]]], [[1, 1], [0, 1]], [[[-1], [2]]], [[1, 0]], [[3], [-2]]),
    ],
    "no-maximum": lambda: [
        (
            [[[0, 1], [3, -3]], [[-2, 0], [3, 2]]],
            [[1, 0], [1, 1]],
            [[[-1, 4], [-3, 2]], [[3, -2], [-2, 4]]],
            [[0, 1], [0, 1]],
            [[2, 4], [1, 6]],
        ),
        ([[[4]]], [[1]], [[[2], [0]]], [[1, 1]], [[8]]),
    ],
    "one-best-pair": lambda: [_PADDED_TWICE, ([[[0], [3]]], [[1, 1]], [[[1]]], [[1]], [[3]])],
    "last-token-only": lambda: [
        (
            [[[4], [2]], [[4], [4]]],
            [[1, 1], [1, 1]],
            [[[2], [4], [1]], [[3], [3], [-1]]],
            [[1, 1, 0], [0, 0, 1]],
            [[24, -6], [32, -8]],
        ),
        _NO_QUERY,
    ],
    "each-token-once": lambda: [
        (
            [[[4], [-3]], [[1], [-1]]],
            [[1, 1], [1, 1]],
            [[[4], [2], [3]], [[-1], [-3], [-1]]],
            [[0, 1, 1], [1, 1, 1]],
            [[6, 5], [1, 2]],
        ),
        _NO_QUERY,
    ],
    "cosines": lambda: [
        (
            [[[-1], [-1]], [[0], [-1]]],
            [[1, 1], [1, 1]],
            [[[-2], [1], [2]]],
            [[0, 1, 1]],
            [[-2], [-1]],
        ),
        ([[[3], [1]]], [[0, 1]], [[[1]], [[-1]]], [[1], [1]], [[1, -1]]),
    ],
    "first-query-for-all": lambda: [
        (
            [[[-3], [2]]],
            [[1, 1]],
            [[[0], [3], [4]], [[3], [0], [4]]],
            [[0, 0, 1], [1, 1, 0]],
            [[-4, 6]],
        ),
        _NO_QUERY,
    ],
    "best-of-all-documents": lambda: [
        (
            [[[4, 1], [2, -3]], [[-3, 2], [-3, -2]]],
            [[1, 1], [1, 1]],
            [[[4, 0], [0, -1], [1, -1]]],
            [[0, 1, 1]],
            [[8], [0]],
        ),
        _NO_QUERY,
    ],
    "transposed": lambda: [
        ([[[2, -2], [3, -1]]], [[1, 1]], [[[-1, 0], [3, 1], [-3, 1]]], [[1, 0, 1]], [[-5]]),
        ([[[3]], [[2]]], [[0], [1]], [[[0]], [[1]]], [[1], [1]], [[0, 0], [0, 2]]),
    ],
    "empty-query": lambda: [_LOUD, _NEGATIVE, _TWO_QUERIES, _TWO_WORDS],
}
