"""Answers to `frontier`, written from its card alone."""

from __future__ import annotations

import itertools

import numpy as np
import torch


def right_by_definition(costs: list[float], qualities: list[float]) -> list[int]:
    """A helper that says who dominates whom; sorted by cost in the end."""

    def dominates(a: int, b: int) -> bool:
        no_worse = costs[a] <= costs[b] and qualities[a] >= qualities[b]
        return no_worse and (costs[a] < costs[b] or qualities[a] > qualities[b])

    rows = range(len(costs))
    stay = [b for b in rows if not any(dominates(a, b) for a in rows)]
    return sorted(stay, key=lambda row: costs[row])


def right_sweep(costs: list[float], qualities: list[float]) -> list[int]:
    """Sorted by cost, then falling quality; keeps what is better than all before, and its equals."""
    order = sorted(range(len(costs)), key=lambda i: (costs[i], -qualities[i], i))
    kept = []
    for i in order:
        if not kept or qualities[i] > qualities[kept[-1]]:
            kept.append(i)
        elif costs[i] == costs[kept[-1]] and qualities[i] == qualities[kept[-1]]:
            kept.append(i)
    return kept


def right_groups(costs: list[float], qualities: list[float]) -> list[int]:
    """Groups of equal cost; of each the best, if better than all cheaper ones."""
    order = sorted(range(len(costs)), key=costs.__getitem__)
    best, kept = float("-inf"), []
    for _, group in itertools.groupby(order, key=lambda i: costs[i]):
        rows = list(group)
        top = max(qualities[i] for i in rows)
        if top > best:
            kept.extend(i for i in rows if qualities[i] == top)
            best = top
    return kept


def right_numpy(costs: list[float], qualities: list[float]) -> list[int]:
    """A matrix of who dominates whom, a stable argsort."""
    c, q = np.asarray(costs, dtype=float), np.asarray(qualities, dtype=float)
    no_worse = (c[:, None] <= c[None]) & (q[:, None] >= q[None])
    better = (c[:, None] < c[None]) | (q[:, None] > q[None])
    stay = np.flatnonzero(~(no_worse & better).any(axis=0))
    return stay[np.argsort(c[stay], kind="stable")].tolist()


def right_torch(costs: list[float], qualities: list[float]) -> list[int]:
    """The same in torch, float64."""
    c = torch.tensor(costs, dtype=torch.float64)
    q = torch.tensor(qualities, dtype=torch.float64)
    less = (c[None, :] < c[:, None]) & (q[None, :] >= q[:, None])
    more = (c[None, :] <= c[:, None]) & (q[None, :] > q[:, None])
    beaten = (less | more).any(dim=1)
    order = torch.argsort(c, stable=True)
    return [int(row) for row in order if not beaten[row]]


def right_flags(costs: list[float], qualities: list[float]) -> list[int]:
    """Two loops and a flag; sorted pairs of cost and row."""
    kept = []
    for i in range(len(costs)):
        dominated = False
        for j in range(len(costs)):
            if costs[j] < costs[i] and qualities[j] >= qualities[i]:
                dominated = True
                break
            if costs[j] == costs[i] and qualities[j] > qualities[i]:
                dominated = True
                break
        if not dominated:
            kept.append((costs[i], i))
    kept.sort()
    return [i for _, i in kept]


def right_unequal(costs: list[float], qualities: list[float]) -> list[int]:
    """`no worse in both, and not the same pair`, over zip."""
    systems = list(zip(costs, qualities))
    stay = [
        row
        for row, (c, q) in enumerate(systems)
        if not [1 for c2, q2 in systems if c2 <= c and q2 >= q and (c2, q2) != (c, q)]
    ]
    stay.sort(key=lambda row: (costs[row], row))
    return stay


def right_highest_affordable(costs: list[float], qualities: list[float]) -> list[int]:
    """A system stays if it is the best for its money, and nothing cheaper is as good."""
    stay = []
    for row in sorted(range(len(costs)), key=lambda r: costs[r]):
        affordable = max(q for c, q in zip(costs, qualities) if c <= costs[row])
        cheaper = [q for c, q in zip(costs, qualities) if c < costs[row]]
        if qualities[row] == affordable and (not cheaper or max(cheaper) < qualities[row]):
            stay.append(row)
    return stay


def right_by_quality(costs: list[float], qualities: list[float]) -> list[int]:
    """From the best down, keeps what is cheaper than all before; equal pairs are put together."""
    rows: dict[tuple, list[int]] = {}
    for row, pair in enumerate(zip(costs, qualities)):
        rows.setdefault(pair, []).append(row)
    kept, lowest = [], float("inf")
    for cost, quality in sorted(rows, key=lambda pair: (-pair[1], pair[0])):
        if cost < lowest:
            kept.append((cost, quality))
            lowest = cost
    return [row for pair in reversed(kept) for row in rows[pair]]


def wrong_strict_in_both(costs: list[float], qualities: list[float]) -> list[int]:
    """Dominated only if worse in both: the example keeps row 0."""
    rows = range(len(costs))
    stay = [
        b
        for b in rows
        if not any(costs[a] < costs[b] and qualities[a] > qualities[b] for a in rows)
    ]
    return sorted(stay, key=lambda row: costs[row])


def wrong_equals_remove_each_other(costs: list[float], qualities: list[float]) -> list[int]:
    """No better in one of the two is asked for: of two equal systems none stays."""
    rows = range(len(costs))
    stay = [
        b
        for b in rows
        if not any(a != b and costs[a] <= costs[b] and qualities[a] >= qualities[b] for a in rows)
    ]
    return sorted(stay, key=lambda row: costs[row])


def wrong_dominates_itself(costs: list[float], qualities: list[float]) -> list[int]:
    """<= and >= against all, itself too: nothing ever stays."""
    rows = range(len(costs))
    stay = [
        b
        for b in rows
        if not any(costs[a] <= costs[b] and qualities[a] >= qualities[b] for a in rows)
    ]
    return sorted(stay, key=lambda row: costs[row])


def wrong_one_of_equals(costs: list[float], qualities: list[float]) -> list[int]:
    """A sweep with > keeps the first of equal systems only."""
    best, kept = float("-inf"), []
    for i in sorted(range(len(costs)), key=lambda i: (costs[i], -qualities[i])):
        if qualities[i] > best:
            kept.append(i)
            best = qualities[i]
    return kept


def wrong_sweep_not_less(costs: list[float], qualities: list[float]) -> list[int]:
    """A sweep with >= keeps a dearer system that is only as good."""
    best, kept = float("-inf"), []
    for i in sorted(range(len(costs)), key=lambda i: (costs[i], -qualities[i])):
        if qualities[i] >= best:
            kept.append(i)
            best = qualities[i]
    return kept


def wrong_sweep_by_cost_alone(costs: list[float], qualities: list[float]) -> list[int]:
    """Equal cost in the order of rows: costs [1, 1], qualities [0.2, 0.5] keep row 0 too."""
    best, kept = float("-inf"), []
    for i in sorted(range(len(costs)), key=lambda i: costs[i]):
        if qualities[i] > best:
            kept.append(i)
            best = qualities[i]
    return kept


def wrong_sorted_pairs(costs: list[float], qualities: list[float]) -> list[int]:
    """sorted(zip(...)): at equal cost the worse quality comes first and stays."""
    best, kept = float("-inf"), []
    for _, q, i in sorted(zip(costs, qualities, range(len(costs)))):
        if q > best:
            kept.append(i)
            best = q
    return kept


def wrong_best_from_0(costs: list[float], qualities: list[float]) -> list[int]:
    """best = 0: qualities below 0, and 0 itself, are lost."""
    best, kept = 0.0, []
    order = sorted(range(len(costs)), key=lambda i: (costs[i], -qualities[i]))
    for n, i in enumerate(order):
        same = n > 0 and (costs[order[n - 1]], qualities[order[n - 1]]) == (costs[i], qualities[i])
        if qualities[i] > best or (same and kept and kept[-1] == order[n - 1]):
            kept.append(i)
            best = qualities[i]
    return kept


def wrong_row_order(costs: list[float], qualities: list[float]) -> list[int]:
    """Not sorted by cost."""
    pairs = list(zip(costs, qualities))
    return [
        i
        for i, (c, q) in enumerate(pairs)
        if not any(a <= c and b >= q and (a, b) != (c, q) for a, b in pairs)
    ]


def wrong_falling_cost(costs: list[float], qualities: list[float]) -> list[int]:
    """The dearest first."""
    stay = wrong_row_order(costs, qualities)
    return sorted(stay, key=lambda i: costs[i], reverse=True)


def wrong_equals_reversed(costs: list[float], qualities: list[float]) -> list[int]:
    """By falling quality, then turned round: of equals the higher row comes first."""
    stay = wrong_row_order(costs, qualities)
    return sorted(stay, key=lambda i: -qualities[i])[::-1]


def wrong_neighbour_only(costs: list[float], qualities: list[float]) -> list[int]:
    """Compares with the next cheaper system, not with all cheaper ones: 0.9, 0.1, 0.5 keep the last."""
    order = sorted(range(len(costs)), key=lambda i: (costs[i], -qualities[i]))
    kept = []
    for n, i in enumerate(order):
        if n == 0 or qualities[i] > qualities[order[n - 1]]:
            kept.append(i)
        elif (costs[i], qualities[i]) == (costs[order[n - 1]], qualities[order[n - 1]]):
            kept.append(i)
    return kept


def wrong_pairs(costs: list[float], qualities: list[float]) -> list[int]:
    """Returns pairs of cost and quality."""
    return [(costs[i], qualities[i]) for i in right_by_definition(costs, qualities)]


def wrong_costs(costs: list[float], qualities: list[float]) -> list[int]:
    """Returns the costs."""
    return [costs[i] for i in right_by_definition(costs, qualities)]


def wrong_index_of_cost(costs: list[float], qualities: list[float]) -> list[int]:
    """costs.index: the first row of that cost, twice for equals, or one that is dominated."""
    return [costs.index(costs[i]) for i in right_by_definition(costs, qualities)]


def wrong_ranks(costs: list[float], qualities: list[float]) -> list[int]:
    """Places in the sorted order, not rows."""
    order = sorted(range(len(costs)), key=lambda i: (costs[i], -qualities[i], i))
    stay = set(right_by_definition(costs, qualities))
    return [place for place, row in enumerate(order) if row in stay]


def wrong_rows_from_1(costs: list[float], qualities: list[float]) -> list[int]:
    """Rows from 1."""
    return [i + 1 for i in right_by_definition(costs, qualities)]


def wrong_mask(costs: list[float], qualities: list[float]) -> list[int]:
    """True and False for each row."""
    stay = right_by_definition(costs, qualities)
    return [i in stay for i in range(len(costs))]


def wrong_one_per_cost(costs: list[float], qualities: list[float]) -> list[int]:
    """A dictionary by cost: the last row of each cost stands for all."""
    row = {c: i for i, c in enumerate(costs)}
    best, kept = float("-inf"), []
    for c in sorted(row):
        if qualities[row[c]] > best:
            best = qualities[row[c]]
            kept.append(row[c])
    return kept


def wrong_low_is_good(costs: list[float], qualities: list[float]) -> list[int]:
    """Takes a low quality for the better one."""
    return right_by_definition(costs, [-q for q in qualities])


def wrong_dear_is_good(costs: list[float], qualities: list[float]) -> list[int]:
    """Dominated by a dearer system of higher quality: only the best stay."""
    rows = range(len(costs))
    stay = [b for b in rows if all(qualities[a] <= qualities[b] for a in rows)]
    return sorted(stay, key=lambda i: costs[i])


def wrong_or_for_and(costs: list[float], qualities: list[float]) -> list[int]:
    """Dominated as soon as another is cheaper or better."""
    rows = range(len(costs))
    stay = [
        b for b in rows if not any(costs[a] < costs[b] or qualities[a] > qualities[b] for a in rows)
    ]
    return sorted(stay, key=lambda i: costs[i])


def wrong_ratio(costs: list[float], qualities: list[float]) -> list[int]:
    """All rows by quality for the money."""
    return sorted(range(len(costs)), key=lambda i: -qualities[i] / costs[i])


def wrong_convex(costs: list[float], qualities: list[float]) -> list[int]:
    """The convex hull: costs 1, 2, 3 and qualities 0, 0.1, 1 lose the one in the middle."""
    hull = []
    for i in right_by_definition(costs, qualities):
        while len(hull) >= 2:
            a, b = hull[-2:]
            up = (qualities[b] - qualities[a]) * (costs[i] - costs[a])
            if up < (qualities[i] - qualities[a]) * (costs[b] - costs[a]):
                hull.pop()
            else:
                break
        hull.append(i)
    return hull


def wrong_only_later_rows(costs: list[float], qualities: list[float]) -> list[int]:
    """Compares with the rows behind it only: one that an earlier row dominates stays."""
    stay = []
    for i in range(len(costs)):
        if not any(
            costs[j] <= costs[i]
            and qualities[j] >= qualities[i]
            and (costs[j] < costs[i] or qualities[j] > qualities[i])
            for j in range(i + 1, len(costs))
        ):
            stay.append(i)
    return sorted(stay, key=lambda i: costs[i])


def wrong_empty(costs: list[float], qualities: list[float]) -> list[int]:
    """Begins with the cheapest: min() of nothing raises."""
    cheapest = min(costs)
    first = [i for i, c in enumerate(costs) if c == cheapest]
    top = max(qualities[i] for i in first)
    kept = [i for i in first if qualities[i] == top]
    return kept + [i for i in right_by_definition(costs, qualities) if i not in kept]


def wrong_tolerance(costs: list[float], qualities: list[float]) -> list[int]:
    """Qualities of two decimals: 0.601 for a little more money is dominated by 0.6."""
    return right_by_definition(costs, [round(q, 2) for q in qualities])


def wrong_whole_costs(costs: list[float], qualities: list[float]) -> list[int]:
    """int(cost): 1.2 and 1.8 become equal."""
    return right_by_definition([int(c) for c in costs], qualities)


def wrong_in_place(costs: list[float], qualities: list[float]) -> list[int]:
    """The right rows, but the caller's costs are sorted afterwards."""
    stay = right_by_definition(costs, qualities)
    costs.sort()
    return stay


RIGHT = [
    right_by_definition,
    right_sweep,
    right_groups,
    right_numpy,
    right_torch,
    right_flags,
    right_unequal,
    right_highest_affordable,
    right_by_quality,
]
WRONG = [
    wrong_strict_in_both,
    wrong_equals_remove_each_other,
    wrong_dominates_itself,
    wrong_one_of_equals,
    wrong_sweep_not_less,
    wrong_sweep_by_cost_alone,
    wrong_sorted_pairs,
    wrong_best_from_0,
    wrong_row_order,
    wrong_falling_cost,
    wrong_equals_reversed,
    wrong_neighbour_only,
    wrong_pairs,
    wrong_costs,
    wrong_index_of_cost,
    wrong_ranks,
    wrong_rows_from_1,
    wrong_mask,
    wrong_one_per_cost,
    wrong_low_is_good,
    wrong_dear_is_good,
    wrong_or_for_and,
    wrong_ratio,
    wrong_convex,
    wrong_only_later_rows,
    wrong_empty,
    wrong_tolerance,
    wrong_whole_costs,
    wrong_in_place,
]
