"""Answers to `best_within`, written from its card alone."""

from __future__ import annotations

import functools

import numpy as np
import torch


def right_loop(costs: list[list[float]], limits: list[float], qualities: list[float]) -> int:
    """One loop, best = -1."""
    best = -1
    for row, cost in enumerate(costs):
        within = all(c <= limit for c, limit in zip(cost, limits))
        if within and (best == -1 or qualities[row] > qualities[best]):
            best = row
    return best


def right_max_key(costs: list[list[float]], limits: list[float], qualities: list[float]) -> int:
    """The rows within, then max with a key and a default."""
    within = [
        i for i in range(len(costs)) if not any(costs[i][j] > limits[j] for j in range(len(limits)))
    ]
    return max(within, key=lambda i: qualities[i], default=-1)


def right_numpy(costs: list[list[float]], limits: list[float], qualities: list[float]) -> int:
    """-inf for what is not within, argmax."""
    if len(costs) == 0:
        return -1
    within = (np.array(costs, dtype=float) <= np.array(limits, dtype=float)).all(axis=1)
    if not within.any():
        return -1
    return int(np.argmax(np.where(within, np.array(qualities, dtype=float), -np.inf)))


def right_torch(costs: list[list[float]], limits: list[float], qualities: list[float]) -> int:
    """float64, reshape for no systems, nonzero and the first of the best."""
    c = torch.tensor(costs, dtype=torch.float64).reshape(-1, len(limits))
    rows = (c <= torch.tensor(limits, dtype=torch.float64)).all(dim=1).nonzero().flatten()
    if rows.numel() == 0:
        return -1
    q = torch.tensor(qualities, dtype=torch.float64)[rows]
    return int(rows[(q == q.max()).nonzero()[0, 0]])


def right_sorted(costs: list[list[float]], limits: list[float], qualities: list[float]) -> int:
    """The best first by a stable sort; the first that is within."""
    for row in sorted(range(len(qualities)), key=lambda r: qualities[r], reverse=True):
        if sum(c > limit for c, limit in zip(costs[row], limits)) == 0:
            return row
    return -1


def right_tuples(costs: list[list[float]], limits: list[float], qualities: list[float]) -> int:
    """min of pairs (-quality, row)."""
    pairs = [
        (-q, row)
        for row, (cost, q) in enumerate(zip(costs, qualities))
        if all(map(float.__le__, map(float, cost), map(float, limits)))
    ]
    return min(pairs)[1] if pairs else -1


def right_reduce(costs: list[list[float]], limits: list[float], qualities: list[float]) -> int:
    """functools.reduce over the rows that are left after each kind of cost."""
    left = list(range(len(costs)))
    for kind, limit in enumerate(limits):
        left = [row for row in left if costs[row][kind] <= limit]
    if not left:
        return -1
    return functools.reduce(lambda a, b: b if qualities[b] > qualities[a] else a, left)


def right_nested(costs: list[list[float]], limits: list[float], qualities: list[float]) -> int:
    """Two loops, a flag and a quality that begins at minus infinity."""
    best_row, best_quality = -1, float("-inf")
    for i in range(len(costs)):
        ok = True
        for j in range(len(limits)):
            if costs[i][j] > limits[j]:
                ok = False
        if ok and qualities[i] > best_quality:
            best_row, best_quality = i, qualities[i]
    return best_row


def _best(rows: list[int], qualities: list[float]) -> int:
    """The first of the best of these rows; used by the wrong ones below."""
    return max(rows, key=lambda row: qualities[row], default=-1)


def wrong_below(costs: list[list[float]], limits: list[float], qualities: list[float]) -> int:
    """< for <=: a cost that is exactly the limit does not count as within."""
    return _best(
        [i for i, c in enumerate(costs) if all(a < b for a, b in zip(c, limits))], qualities
    )


def wrong_any(costs: list[list[float]], limits: list[float], qualities: list[float]) -> int:
    """any for all: one kept limit is enough."""
    return _best(
        [i for i, c in enumerate(costs) if any(a <= b for a, b in zip(c, limits))], qualities
    )


def wrong_first_kind(costs: list[list[float]], limits: list[float], qualities: list[float]) -> int:
    """Looks at the first cost only."""
    return _best([i for i, c in enumerate(costs) if c[0] <= limits[0]], qualities)


def wrong_two_kinds(costs: list[list[float]], limits: list[float], qualities: list[float]) -> int:
    """Written for bytes and milliseconds: IndexError for one kind, a third is ignored."""
    rows = [i for i, c in enumerate(costs) if c[0] <= limits[0] and c[1] <= limits[1]]
    return _best(rows, qualities)


def wrong_last_kind(costs: list[list[float]], limits: list[float], qualities: list[float]) -> int:
    """The flag is set anew for each kind, so that the last one decides."""
    best = -1
    for i in range(len(costs)):
        for j in range(len(limits)):
            ok = costs[i][j] <= limits[j]
        if ok and (best < 0 or qualities[i] > qualities[best]):
            best = i
    return best


def wrong_lists(costs: list[list[float]], limits: list[float], qualities: list[float]) -> int:
    """cost <= limits on lists: the first kind that differs decides, [1, 9] is within [4, 5]."""
    return _best([i for i, c in enumerate(costs) if c <= limits], qualities)


def wrong_sums(costs: list[list[float]], limits: list[float], qualities: list[float]) -> int:
    """The sum of the costs against that of the limits."""
    return _best([i for i, c in enumerate(costs) if sum(c) <= sum(limits)], qualities)


def wrong_largest(costs: list[list[float]], limits: list[float], qualities: list[float]) -> int:
    """The largest cost against the largest limit."""
    return _best([i for i, c in enumerate(costs) if max(c) <= max(limits)], qualities)


def wrong_smallest_limit(
    costs: list[list[float]], limits: list[float], qualities: list[float]
) -> int:
    """All costs against the smallest limit."""
    return _best([i for i, c in enumerate(costs) if max(c) <= min(limits)], qualities)


def wrong_at_least(costs: list[list[float]], limits: list[float], qualities: list[float]) -> int:
    """>= for <=: systems at or above the limits."""
    return _best(
        [i for i, c in enumerate(costs) if all(a >= b for a, b in zip(c, limits))], qualities
    )


def wrong_best_from_0(costs: list[list[float]], limits: list[float], qualities: list[float]) -> int:
    """Begins at quality 0: -1 where all qualities are 0 or less."""
    best, top = -1, 0
    for i, c in enumerate(costs):
        if all(a <= b for a, b in zip(c, limits)) and qualities[i] > top:
            best, top = i, qualities[i]
    return best


def wrong_best_from_minus_1(
    costs: list[list[float]], limits: list[float], qualities: list[float]
) -> int:
    """Begins at quality -1: a best quality of -3 is not found."""
    best, top = -1, -1
    for i, c in enumerate(costs):
        if all(a <= b for a, b in zip(c, limits)) and qualities[i] > top:
            best, top = i, qualities[i]
    return best


def wrong_qualities_of_best(
    costs: list[list[float]], limits: list[float], qualities: list[float]
) -> int:
    """best = -1 is read as the last row: a first one worse than the last is never taken."""
    best = -1
    for i, c in enumerate(costs):
        if all(a <= b for a, b in zip(c, limits)) and qualities[i] > qualities[best]:
            best = i
    return best


def wrong_begins_with_row_0(
    costs: list[list[float]], limits: list[float], qualities: list[float]
) -> int:
    """best = 0: row 0 wins though it is not within, and where none is."""
    best = 0
    for i, c in enumerate(costs):
        if all(a <= b for a, b in zip(c, limits)) and qualities[i] > qualities[best]:
            best = i
    return best


def wrong_last_of_equals(
    costs: list[list[float]], limits: list[float], qualities: list[float]
) -> int:
    """>= for >: the last of equally good ones."""
    best = -1
    for i, c in enumerate(costs):
        within = all(a <= b for a, b in zip(c, limits))
        if within and (best == -1 or qualities[i] >= qualities[best]):
            best = i
    return best


def wrong_sorted_pairs(
    costs: list[list[float]], limits: list[float], qualities: list[float]
) -> int:
    """max of pairs (quality, row): the last of equally good ones."""
    pairs = [
        (q, i)
        for i, (c, q) in enumerate(zip(costs, qualities))
        if all(a <= b for a, b in zip(c, limits))
    ]
    return max(pairs)[1] if pairs else -1


def wrong_cheaper_of_equals(
    costs: list[list[float]], limits: list[float], qualities: list[float]
) -> int:
    """Of equally good ones the cheapest, not the first."""
    rows = [i for i, c in enumerate(costs) if all(a <= b for a, b in zip(c, limits))]
    return min(rows, key=lambda i: (-qualities[i], sum(costs[i])), default=-1)


def wrong_place_among_those_within(
    costs: list[list[float]], limits: list[float], qualities: list[float]
) -> int:
    """The place in the list of those within, not the row."""
    left = [q for c, q in zip(costs, qualities) if all(a <= b for a, b in zip(c, limits))]
    return left.index(max(left)) if left else -1


def wrong_index_of_quality(
    costs: list[list[float]], limits: list[float], qualities: list[float]
) -> int:
    """qualities.index: the first row as good, which may exceed a limit."""
    left = [q for c, q in zip(costs, qualities) if all(a <= b for a, b in zip(c, limits))]
    return qualities.index(max(left)) if left else -1


def wrong_best_of_all(costs: list[list[float]], limits: list[float], qualities: list[float]) -> int:
    """Only the best of all is tried: -1 if it exceeds a limit."""
    if not costs:
        return -1
    best = _best(list(range(len(costs))), qualities)
    return best if all(a <= b for a, b in zip(costs[best], limits)) else -1


def wrong_no_limits(costs: list[list[float]], limits: list[float], qualities: list[float]) -> int:
    """The best of all, whatever it costs."""
    return _best(list(range(len(costs))), qualities)


def wrong_first_within(
    costs: list[list[float]], limits: list[float], qualities: list[float]
) -> int:
    """The first within, not the best."""
    for i, c in enumerate(costs):
        if all(a <= b for a, b in zip(c, limits)):
            return i
    return -1


def wrong_lowest_quality(
    costs: list[list[float]], limits: list[float], qualities: list[float]
) -> int:
    """min for max."""
    rows = [i for i, c in enumerate(costs) if all(a <= b for a, b in zip(c, limits))]
    return min(rows, key=lambda i: qualities[i], default=-1)


def wrong_cheapest(costs: list[list[float]], limits: list[float], qualities: list[float]) -> int:
    """The cheapest of those within."""
    rows = [i for i, c in enumerate(costs) if all(a <= b for a, b in zip(c, limits))]
    return min(rows, key=lambda i: sum(costs[i]), default=-1)


def wrong_masked_by_product(
    costs: list[list[float]], limits: list[float], qualities: list[float]
) -> int:
    """mask * quality: 0 for what is not within is more than a quality below 0."""
    if not costs:
        return -1
    within = (np.array(costs) <= np.array(limits)).all(axis=1)
    return int(np.argmax(within * np.array(qualities))) if within.any() else -1


def wrong_argmax_of_nothing(
    costs: list[list[float]], limits: list[float], qualities: list[float]
) -> int:
    """0 where none is within: argmax of all -inf."""
    if not costs:
        return -1
    within = (np.array(costs) <= np.array(limits)).all(axis=1)
    return int(np.argmax(np.where(within, np.array(qualities), -np.inf)))


def wrong_no_systems(costs: list[list[float]], limits: list[float], qualities: list[float]) -> int:
    """Raises without a system: the empty array has no second axis."""
    within = (np.array(costs) <= np.array(limits)[None, :].repeat(len(costs), 0)).all(axis=1)
    if not within.any():
        return -1
    return int(np.argmax(np.where(within, np.array(qualities), -np.inf)))


def wrong_max_of_nothing(
    costs: list[list[float]], limits: list[float], qualities: list[float]
) -> int:
    """ValueError where none is within."""
    rows = [i for i, c in enumerate(costs) if all(a <= b for a, b in zip(c, limits))]
    return max(rows, key=lambda i: qualities[i])


def wrong_none(costs: list[list[float]], limits: list[float], qualities: list[float]) -> int:
    """None where none is within."""
    rows = [i for i, c in enumerate(costs) if all(a <= b for a, b in zip(c, limits))]
    return max(rows, key=lambda i: qualities[i], default=None)


def wrong_quality(costs: list[list[float]], limits: list[float], qualities: list[float]) -> int:
    """Returns the quality."""
    left = [q for c, q in zip(costs, qualities) if all(a <= b for a, b in zip(c, limits))]
    return max(left, default=-1)


def wrong_stops_at_dear(
    costs: list[list[float]], limits: list[float], qualities: list[float]
) -> int:
    """break for continue: what comes behind a system that is too dear is not seen."""
    best = -1
    for i, c in enumerate(costs):
        if any(a > b for a, b in zip(c, limits)):
            break
        if best == -1 or qualities[i] > qualities[best]:
            best = i
    return best


def wrong_if_best(costs: list[list[float]], limits: list[float], qualities: list[float]) -> int:
    """`if rows` asked of the row: a best row of 0 becomes -1."""
    rows = [i for i, c in enumerate(costs) if all(a <= b for a, b in zip(c, limits))]
    best = max(rows, key=lambda i: qualities[i], default=None)
    return best or -1


def wrong_in_place(costs: list[list[float]], limits: list[float], qualities: list[float]) -> int:
    """The right row, but the caller's qualities are set to -inf where not within."""
    for i, c in enumerate(costs):
        if any(a > b for a, b in zip(c, limits)):
            qualities[i] = float("-inf")
    best = max(qualities, default=float("-inf"))
    return -1 if best == float("-inf") else qualities.index(best)


RIGHT = [
    right_loop,
    right_max_key,
    right_numpy,
    right_torch,
    right_sorted,
    right_tuples,
    right_reduce,
    right_nested,
]
WRONG = [
    wrong_below,
    wrong_any,
    wrong_first_kind,
    wrong_two_kinds,
    wrong_last_kind,
    wrong_lists,
    wrong_sums,
    wrong_largest,
    wrong_smallest_limit,
    wrong_at_least,
    wrong_best_from_0,
    wrong_best_from_minus_1,
    wrong_qualities_of_best,
    wrong_begins_with_row_0,
    wrong_last_of_equals,
    wrong_sorted_pairs,
    wrong_cheaper_of_equals,
    wrong_place_among_those_within,
    wrong_index_of_quality,
    wrong_best_of_all,
    wrong_no_limits,
    wrong_first_within,
    wrong_lowest_quality,
    wrong_cheapest,
    wrong_masked_by_product,
    wrong_argmax_of_nothing,
    wrong_no_systems,
    wrong_max_of_nothing,
    wrong_none,
    wrong_quality,
    wrong_stops_at_dear,
    wrong_if_best,
    wrong_in_place,
]
