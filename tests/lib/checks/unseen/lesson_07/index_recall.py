"""Answers to `index_recall`, written from its card alone."""

from __future__ import annotations

import numpy as np
import torch


def right_sets(found: torch.Tensor, exact: torch.Tensor) -> float:
    """Two sets a query."""
    total = 0.0
    for mine, true in zip(found.tolist(), exact.tolist()):
        wanted = set(true) - {-1}
        total += len(wanted & set(mine)) / len(wanted)
    return total / len(exact)


def right_broadcast(found: torch.Tensor, exact: torch.Tensor) -> float:
    """All pairs of a query; an exact -1 is made another number than a found one."""
    wanted = torch.where(exact == -1, -2, exact)
    hits = (found.unsqueeze(2) == wanted.unsqueeze(1)).sum(dim=(1, 2))
    return (hits / (exact != -1).sum(dim=1)).mean().item()


def right_isin(found: torch.Tensor, exact: torch.Tensor) -> float:
    """torch.isin row by row on the neighbours that there are."""
    shares = []
    for mine, true in zip(found, exact):
        true = true[true >= 0]
        shares.append(torch.isin(true, mine).float().mean())
    return float(torch.stack(shares).mean())


def right_numpy(found: torch.Tensor, exact: torch.Tensor) -> float:
    """np.intersect1d."""
    shares = []
    for mine, true in zip(found.numpy(), exact.numpy()):
        common = np.intersect1d(mine[mine != -1], true)
        shares.append(common.size / np.count_nonzero(true != -1))
    return float(np.mean(shares))


def right_offsets(found: torch.Tensor, exact: torch.Tensor) -> float:
    """Makes the rows of each query unique by an offset, so that one isin does."""
    width = int(torch.maximum(found.max(), exact.max())) + 2
    offset = torch.arange(len(exact)).unsqueeze(1) * width
    there = exact >= 0
    hit = torch.isin(exact + 1 + offset, (found + 1 + offset)[found >= 0]) & there
    return (hit.sum(1).double() / there.sum(1)).mean().item()


def right_three_loops(found: torch.Tensor, exact: torch.Tensor) -> float:
    """Counters and loops over positions."""
    shares = []
    for i in range(exact.shape[0]):
        right, total = 0, 0
        for j in range(exact.shape[1]):
            if exact[i, j] == -1:
                continue
            total += 1
            for c in range(found.shape[1]):
                if found[i, c] == exact[i, j]:
                    right += 1
                    break
        shares.append(right / total)
    return sum(shares) / len(shares)


def right_sorted(found: torch.Tensor, exact: torch.Tensor) -> float:
    """Sorts both lists together: a row that stands twice side by side was found."""
    both = torch.cat([found, exact], dim=1).sort(dim=1).values
    twice = (both[:, 1:] == both[:, :-1]) & (both[:, 1:] >= 0)
    return float((twice.sum(dim=1) / (exact >= 0).sum(dim=1)).mean())


def wrong_missing_matches(found: torch.Tensor, exact: torch.Tensor) -> float:
    """-1 equals -1: where both lists have one, nothing counts as found."""
    hit = (exact[:, :, None] == found[:, None, :]).any(dim=2)
    return float((hit.sum(dim=1) / (exact >= 0).sum(dim=1)).mean())


def wrong_over_k(found: torch.Tensor, exact: torch.Tensor) -> float:
    """Divides by k where a query has fewer exact neighbours."""
    hit = (exact[:, :, None] == found[:, None, :]).any(dim=2) & (exact >= 0)
    return float(hit.float().mean(dim=1).mean())


def wrong_mean_of_matches(found: torch.Tensor, exact: torch.Tensor) -> float:
    """Two mistakes: -1 matches -1, and k below the line."""
    return float((exact[:, :, None] == found[:, None, :]).any(dim=2).float().mean())


def wrong_precision(found: torch.Tensor, exact: torch.Tensor) -> float:
    """Divides by the number found: 1.0 for [5, -1] in the example; NaN for an empty list."""
    hit = (exact[:, :, None] == found[:, None, :]).any(dim=2) & (exact >= 0)
    return float((hit.sum(dim=1) / (found >= 0).sum(dim=1)).mean())


def wrong_same_place(found: torch.Tensor, exact: torch.Tensor) -> float:
    """Compares place by place: [7, 3] and [3, 7] share nothing."""
    hit = (found == exact) & (exact >= 0)
    return float((hit.sum(dim=1) / (exact >= 0).sum(dim=1)).mean())


def wrong_pooled(found: torch.Tensor, exact: torch.Tensor) -> float:
    """All found over all exact, not the mean of shares: queries with more neighbours weigh more."""
    there = exact >= 0
    hit = (exact[:, :, None] == found[:, None, :]).any(dim=2) & there
    return float(hit.sum() / there.sum())


def wrong_other_queries(found: torch.Tensor, exact: torch.Tensor) -> float:
    """isin over the whole matrix: rows found by another query count."""
    there = exact >= 0
    hit = torch.isin(exact, found) & there
    return float((hit.sum(dim=1) / there.sum(dim=1)).mean())


def wrong_all_or_nothing(found: torch.Tensor, exact: torch.Tensor) -> float:
    """The share of queries whose neighbours were all found."""
    there = exact >= 0
    hit = (exact[:, :, None] == found[:, None, :]).any(dim=2)
    return float((hit | ~there).all(dim=1).float().mean())


def wrong_any(found: torch.Tensor, exact: torch.Tensor) -> float:
    """The share of queries with at least one neighbour found."""
    hit = (exact[:, :, None] == found[:, None, :]).any(dim=2) & (exact >= 0)
    return float(hit.any(dim=1).float().mean())


def wrong_first_neighbour(found: torch.Tensor, exact: torch.Tensor) -> float:
    """Looks for the nearest neighbour only."""
    return float((exact[:, :1] == found).any(dim=1).float().mean())


def wrong_row_zero(found: torch.Tensor, exact: torch.Tensor) -> float:
    """> 0 for >= 0: row 0 of the corpus is taken for nothing."""
    there = exact > 0
    hit = (exact[:, :, None] == found[:, None, :]).any(dim=2) & there
    return float((hit.sum(dim=1) / there.sum(dim=1).clamp(min=1)).mean())


def wrong_per_query(found: torch.Tensor, exact: torch.Tensor) -> float:
    """Forgets the mean: a share a query."""
    there = exact >= 0
    hit = (exact[:, :, None] == found[:, None, :]).any(dim=2) & there
    return hit.sum(dim=1) / there.sum(dim=1)


def wrong_sum(found: torch.Tensor, exact: torch.Tensor) -> float:
    """The sum over queries: 1.5 in the example."""
    there = exact >= 0
    hit = (exact[:, :, None] == found[:, None, :]).any(dim=2) & there
    return float((hit.sum(dim=1) / there.sum(dim=1)).sum())


def wrong_set_with_missing(found: torch.Tensor, exact: torch.Tensor) -> float:
    """Sets that keep -1: it counts as one more neighbour, and may be found."""
    shares = []
    for mine, true in zip(found.tolist(), exact.tolist()):
        shares.append(len(set(mine) & set(true)) / len(set(true)))
    return sum(shares) / len(shares)


def wrong_drops_found_less(found: torch.Tensor, exact: torch.Tensor) -> float:
    """Leaves out queries for which nothing was found: they have a share of 0."""
    shares = []
    for mine, true in zip(found.tolist(), exact.tolist()):
        wanted, mine = set(true) - {-1}, set(mine) - {-1}
        if mine:
            shares.append(len(wanted & mine) / len(wanted))
    return sum(shares) / max(len(shares), 1)


def wrong_stops_at_missing(found: torch.Tensor, exact: torch.Tensor) -> float:
    """Stops at the first -1 of the found list, behind which more may stand."""
    shares = []
    for mine, true in zip(found.tolist(), exact.tolist()):
        if -1 in mine:
            mine = mine[: mine.index(-1)]
        wanted = {row for row in true if row != -1}
        shares.append(len(wanted.intersection(mine)) / len(wanted))
    return sum(shares) / len(shares)


def wrong_marks_in_place(found: torch.Tensor, exact: torch.Tensor) -> float:
    """The right recall, but the -1 of the caller's `found` become -2."""
    found[found == -1] = -2
    hit = (exact[:, :, None] == found[:, None, :]).any(dim=2)
    return float((hit.sum(dim=1) / (exact >= 0).sum(dim=1)).mean())


def wrong_axis_of_any(found: torch.Tensor, exact: torch.Tensor) -> float:
    """any(dim=1) tells which found rows are exact; masked by where exact has neighbours, not found."""
    there = exact >= 0
    hit = (exact[:, :, None] == found[:, None, :]).any(dim=1) & there
    return float((hit.sum(dim=1) / there.sum(dim=1)).mean())


def wrong_whole_division(found: torch.Tensor, exact: torch.Tensor) -> float:
    """// for /: a share of 1/2 becomes 0."""
    there = exact >= 0
    hit = (exact[:, :, None] == found[:, None, :]).any(dim=2) & there
    return float((hit.sum(dim=1) // there.sum(dim=1)).float().mean())


RIGHT = [
    right_sets,
    right_broadcast,
    right_isin,
    right_numpy,
    right_offsets,
    right_three_loops,
    right_sorted,
]
WRONG = [
    wrong_missing_matches,
    wrong_over_k,
    wrong_mean_of_matches,
    wrong_precision,
    wrong_same_place,
    wrong_pooled,
    wrong_other_queries,
    wrong_all_or_nothing,
    wrong_any,
    wrong_first_neighbour,
    wrong_row_zero,
    wrong_per_query,
    wrong_sum,
    wrong_set_with_missing,
    wrong_drops_found_less,
    wrong_stops_at_missing,
    wrong_marks_in_place,
    wrong_axis_of_any,
    wrong_whole_division,
]
