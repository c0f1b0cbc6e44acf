"""Answers to `break_mnrl`, written from its card alone."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

from lib import losses


def right_hand_worked() -> list:
    """A few cases by hand: uneven lengths, 3 x 2, several scales, far apart, zeros, one pair."""
    log, exp = math.log, math.exp
    # cosines [[1, 0], [r, r]] with r = sqrt(1/2): rows are not columns, no length is 1
    uneven = (log(1 + exp(-3)) + log(2)) / 2
    # cosines [[0, 1, 1], [1, 0, 0], [0, -1, -1]]
    three = (log(1 + 2 * exp(2)) + log(exp(2) + 2) + log(1 + 2 * exp(-2)) + 2) / 3
    return [
        ([[1, 0], [0, 1]], [[1, 0], [0, 1]], 1, log(1 + exp(-1))),
        ([[5, 0], [0.1, 0.1]], [[0.2, 0], [0, 4]], 3, uneven),
        ([[2, 0], [0, 3], [-1, 0]], [[0, 1], [7, 0], [3, 0]], 2, three),
        ([[1, 0], [0, 1]], [[0, 1], [1, 0]], 200, 200.0),
        ([[1, 0]], [[-1, 0]], 20, 0.0),
        ([[0, 0], [0, 2]], [[1, 0], [0, 3]], 20, (log(2) + log(1 + exp(-20))) / 2),
    ]


def right_loop_reference() -> list:
    """The lesson's loop in plain Python, with a shift, works out every expected value."""

    def cosine(a, b):
        lengths = math.sqrt(sum(x * x for x in a)) * math.sqrt(sum(x * x for x in b))
        return sum(x * y for x, y in zip(a, b)) / lengths if lengths else 0.0

    def loss(queries, positives, scale):
        rows = []
        for i, query in enumerate(queries):
            scores = [scale * cosine(query, p) for p in positives]
            top = max(scores)
            rows.append(top + math.log(sum(math.exp(s - top) for s in scores)) - scores[i])
        return sum(rows) / len(rows)

    batches = [
        ([[2.0, 0.0], [0.5, 0.5], [-1.0, 3.0]], [[3.0, 1.0], [0.0, 2.0], [-0.5, -0.5]], 2),
        ([[2.0, 0.0], [0.5, 0.5], [-1.0, 3.0]], [[3.0, 1.0], [0.0, 2.0], [-0.5, -0.5]], 20),
        ([[1, 0, 0], [0, 1, 0]], [[0, 5, 0], [3, 0, 0]], 150),
        ([[0, 0, 0], [1, 2, 2]], [[1, 0, 0], [0.1, 0.2, 0.2]], 5),
        ([[0.01, 0], [0.02, 0.01]], [[0.03, 0.01], [0.0, 0.01]], 1),
        ([[1, 2, 3, 4]], [[-1, 0, 2, 1]], 3),
    ]
    return [(q, p, scale, loss(q, p, scale)) for q, p, scale in batches]


def right_torch_reference() -> list:
    """Random vectors of all lengths in float64, expected values by log_softmax; plus extremes."""
    generator = torch.Generator().manual_seed(1)
    cases = []
    for batch, dim, scale in ((3, 2, 1.0), (4, 5, 2.0), (5, 3, 20.0)):
        q = torch.randn(batch, dim, generator=generator).double() * 3
        p = torch.randn(batch, dim, generator=generator).double() * 0.2
        scores = scale * F.normalize(q, dim=1) @ F.normalize(p, dim=1).T
        expected = -scores.log_softmax(dim=1).diagonal().mean()
        cases.append((q.tolist(), p.tolist(), scale, float(expected)))
    cases.append(([[1, 0], [0, 1]], [[-1, 0], [0, 1]], 200, 100.0))
    cases.append(([[3, 4]], [[-1, 2]], 20, 0.0))
    cases.append(([[0, 0], [1, 0]], [[1, 0], [0, 1]], 1, (math.log(2) + math.log(1 + math.e)) / 2))
    return cases


def right_built_up() -> list:
    """Builds a list case by case, with comments; four decimals only."""
    cases = []
    # all alike: log(batch)
    cases.append(([[1, 1], [1, 1], [1, 1]], [[2, 2], [2, 2], [2, 2]], 20, 1.0986))
    # cosines [[1, 1], [0, 0.6]] with lengths that are not 1: rows are not columns
    cosines = [[1.0, 0.8], [0.0, 0.6]]
    for scale in (1, 4):
        rows = [
            math.log(sum(math.exp(scale * c) for c in row)) - scale * row[i]
            for i, row in enumerate(cosines)
        ]
        case = ([[3, 0], [0, 0.5]], [[0.2, 0], [8, 6]], scale, round(sum(rows) / 2, 4))
        cases.append(case)
    # far apart: 300 a query, exp(150) has no place in float32
    cases.append(([[1, 0], [-1, 0]], [[-3, 0], [3, 0]], 150, 300.0))
    # one pair alone, and two that are close: 0
    cases.append(([[1, 0]], [[0, 1]], 20, 0))
    cases.append(([[1, 0], [-1, 0]], [[3, 0], [-3, 0]], 150, 0.0))
    # a query of zeros has cosine 0 with everything
    cases.append(([[0, 0], [0, 0]], [[1, 0], [0, 1]], 10, 0.6931))
    return cases


def right_library() -> list:
    """The course's own loss gives the expected values of many small batches."""
    queries = [[1.0, 2.0, 0.0], [0.0, -1.0, 0.5], [4.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    positives = [[0.5, 0.5, 0.0], [0.0, 3.0, 1.0], [0.1, 0.0, -0.1], [1.0, 1.0, 1.0]]
    cases = []
    for n in (1, 2, 3, 4):
        for scale in (0.5, 2.0, 30.0):
            q, p = queries[:n], positives[:n]
            value = losses.mnrl(torch.tensor(q), torch.tensor(p), scale=scale)
            cases.append((q, p, scale, value.item()))
    cases.append(([[0.0, 2.0], [1.0, 0.0]], [[5.0, 0.0], [0.0, 1.0]], 180.0, 180.0))
    return cases


def wrong_example_only() -> list:
    """The card's case only: unit vectors, symmetric, scale 1; a softmax down the columns passes."""
    return [([[1, 0], [0, 1]], [[1, 0], [0, 1]], 1, math.log(1 + math.exp(-1)))]


def wrong_all_alike() -> list:
    """Only batches that cost log(n): an implementation that ignores the scale passes."""
    return [([[1, 2]] * n, [[2, 4]] * n, 20, math.log(n)) for n in (1, 2, 3, 8)]


def wrong_one_pair() -> list:
    """Only batches of one pair: `return queries.sum() * 0` passes."""
    return [([[1, 0]], [[0, 1]], 20, 0.0), ([[3, 4]], [[-1, 2]], 1, 0.0)]


def wrong_unit_vectors() -> list:
    """All vectors have length 1 or 0: dot products pass."""
    log, e = math.log, math.exp
    return [
        ([[1, 0], [0.8, 0.6]], [[1, 0], [0, 1]], 2, (log(1 + e(-2)) + log(1 + e(0.4))) / 2),
        ([[1, 0], [0, 1]], [[0, 1], [1, 0]], 200, 200.0),
        ([[0, 0], [0, 1]], [[1, 0], [0, 1]], 5, (log(2) + log(1 + e(-5))) / 2),
    ]


def wrong_symmetric_tables() -> list:
    """Every table of cosines is symmetric: a softmax down the columns or both ways passes."""
    e = math.exp
    return [
        ([[2, 0], [0, 3]], [[4, 0], [0, 0.5]], 3, math.log(1 + e(-3))),
        ([[2, 0], [0, 3]], [[0, 4], [0.5, 0]], 200, 200.0),
        ([[1, 1], [1, 1]], [[1, 1], [3, 3]], 20, math.log(2)),
        ([[1, 0], [0, 0]], [[1, 0], [0, 0]], 2, (math.log(1 + e(-2)) + math.log(2)) / 2),
    ]


def wrong_small_scores() -> list:
    """Scale 1 and 2 only, no zeros: log(softmax), bare exp and nan for zeros pass."""
    e = math.exp
    return [
        ([[3, 0], [0.5, 0.5]], [[0.2, 0], [0, 4]], s, (math.log(1 + e(-s)) + math.log(2)) / 2)
        for s in (1, 2)
    ]


def wrong_one_scale() -> list:
    """Every case has scale 20, the default: an implementation with 20 written out passes."""
    log, e = math.log, math.exp
    return [
        ([[3, 0], [0, 0]], [[0.2, 0], [3, 4]], 20, (log(1 + e(-8)) + log(2)) / 2),
        ([[1, 0], [0, 2]], [[0, 5], [3, 0]], 20, 20.0),
    ]


def wrong_softmax_axis() -> list:
    """The expected value is taken down the columns: right implementations fail."""
    q = [[2.0, 0.0], [0.5, 0.5], [-1.0, 3.0]]
    p = [[3.0, 1.0], [0.0, 2.0], [-0.5, -0.5]]
    scores = 2 * F.normalize(torch.tensor(q), dim=1) @ F.normalize(torch.tensor(p), dim=1).T
    return [(q, p, 2, float(-scores.log_softmax(dim=0).diagonal().mean()))]


def wrong_two_decimals() -> list:
    """Expected values with two decimals: four count, so right implementations fail."""
    return [
        ([[1, 0], [0, 1]], [[1, 0], [0, 1]], 1, 0.31),
        ([[2, 0], [0, 3]], [[4, 0], [9, 0]], 2, 0.69),
        ([[0, 0], [0, 0]], [[1, 0], [0, 1]], 2, 0.69),
    ]


def wrong_summed() -> list:
    """Sums over the queries and calls it the expected loss: right implementations fail."""
    return [
        ([[1, 0], [0, 1]], [[1, 0], [0, 1]], 1, 2 * math.log(1 + math.exp(-1))),
        ([[2, 0], [0, 3]], [[0, 4], [0.5, 0]], 200, 400.0),
    ]


def wrong_log2() -> list:
    """Bits, not nats: right implementations fail on two alike pairs."""
    return [
        ([[1, 1], [1, 1]], [[1, 1], [2, 2]], 5, math.log2(2)),
        ([[1, 0], [0, 1]], [[1, 0], [0, 1]], 1, math.log2(1 + math.exp(-1))),
    ]


def wrong_unnormalised_expected() -> list:
    """Works with dot products of long vectors: right implementations fail."""
    return [
        (
            [[2, 0], [0, 3]],
            [[1, 0], [0, 1]],
            1,
            (math.log(1 + math.exp(-2)) + math.log(1 + math.exp(-3))) / 2,
        )
    ]


def wrong_without_expected() -> list:
    """The expected loss is missing: triples, no test."""
    return [([[1, 0], [0, 1]], [[1, 0], [0, 1]], 1), ([[2, 0], [0, 3]], [[0, 4], [1, 0]], 200)]


def wrong_single_case() -> list:
    """One case, not a list of cases."""
    return ([[1, 0], [0, 1]], [[1, 0], [0, 1]], 1, 0.3133)


def wrong_flat_vectors() -> list:
    """Vectors for batches: (dim,) where (batch, dim) is asked for."""
    return [([1, 0], [1, 0], 1, 0.0), ([1, 0], [0, 1], 20, 0.0)]


def wrong_order() -> list:
    """Expected loss and scale are swapped."""
    return [
        ([[1, 0], [0, 1]], [[1, 0], [0, 1]], 0.3133, 1),
        ([[2, 0], [0, 3]], [[0, 4], [0.5, 0]], 200.0, 200),
        ([[2, 0], [0, 3]], [[0, 4], [0.5, 0]], 150.0, 20),
    ]


def wrong_empty() -> list:
    """No cases at all: everything passes."""
    return []


def wrong_no_return() -> list:
    """Prints the cases and returns None."""
    print([([[1, 0], [0, 1]], [[1, 0], [0, 1]], 1, 0.3133)])


def wrong_asserts() -> list:
    """Tests the library itself with assert and returns nothing of use."""
    q = torch.eye(2)
    assert abs(losses.mnrl(q, q, scale=1.0).item() - 0.3133) < 1e-4
    return [True]


def wrong_ragged() -> list:
    """Two queries and three positives: the shapes do not fit, right implementations fail."""
    return [
        ([[1, 0], [0, 1]], [[1, 0], [0, 1], [1, 1]], 1, 0.5),
        ([[1, 0], [0, 1]], [[1, 0], [0, 1]], 1, 0.3133),
    ]


RIGHT = [
    right_hand_worked,
    right_loop_reference,
    right_torch_reference,
    right_built_up,
    right_library,
]
WRONG = [
    wrong_example_only,
    wrong_all_alike,
    wrong_one_pair,
    wrong_unit_vectors,
    wrong_symmetric_tables,
    wrong_small_scores,
    wrong_one_scale,
    wrong_softmax_axis,
    wrong_two_decimals,
    wrong_summed,
    wrong_log2,
    wrong_unnormalised_expected,
    wrong_without_expected,
    wrong_single_case,
    wrong_flat_vectors,
    wrong_order,
    wrong_empty,
    wrong_no_return,
    wrong_asserts,
    wrong_ragged,
]
