"""Answers to `filter_by_judge`, written from its card alone."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F


def right_stable_sort(
    candidates: torch.Tensor,
    judged: torch.Tensor,
    positive_judged: torch.Tensor,
    margin: float,
    k: int,
) -> torch.Tensor:
    """Kept first by a stable sort of the mask, then padded to k columns."""
    kept = (judged <= (positive_judged - margin)[:, None]) & (candidates >= 0)
    order = (~kept).to(torch.uint8).sort(dim=1, stable=True).indices[:, :k]
    rows = candidates.gather(1, order).masked_fill(~kept.gather(1, order), -1)
    return F.pad(rows, (0, k - rows.shape[1]), value=-1)


def right_lists(
    candidates: torch.Tensor,
    judged: torch.Tensor,
    positive_judged: torch.Tensor,
    margin: float,
    k: int,
) -> torch.Tensor:
    """The lesson's comprehension for each query, its limit from the tensor."""
    limits = (positive_judged - margin).tolist()
    out = []
    for rows, scores, limit in zip(candidates.tolist(), judged.tolist(), limits):
        left = [row for row, score in zip(rows, scores) if row != -1 and score <= limit]
        out.append((left + [-1] * k)[:k])
    return torch.tensor(out, dtype=candidates.dtype).view(len(candidates), k)


def right_boolean_index(
    candidates: torch.Tensor,
    judged: torch.Tensor,
    positive_judged: torch.Tensor,
    margin: float,
    k: int,
) -> torch.Tensor:
    """A result full of -1 that each query's kept rows are written into."""
    result = torch.full((candidates.shape[0], k), -1, dtype=torch.long)
    for i in range(len(candidates)):
        fine = (candidates[i] != -1) & ~(judged[i] > positive_judged[i] - margin)
        rows = candidates[i][fine][:k]
        result[i, : len(rows)] = rows
    return result


def right_cumsum_scatter(
    candidates: torch.Tensor,
    judged: torch.Tensor,
    positive_judged: torch.Tensor,
    margin: float,
    k: int,
) -> torch.Tensor:
    """The place of each kept row by cumsum; what has none goes to a column that is cut off."""
    dropped = (judged > positive_judged.unsqueeze(1) - margin) | candidates.eq(-1)
    place = (~dropped).long().cumsum(dim=1) - 1
    place = torch.where(dropped | (place >= k), k, place)
    out = candidates.new_full((len(candidates), k + 1), -1)
    out.scatter_(1, place, torch.where(place == k, -1, candidates))
    return out[:, :k]


def right_numpy(
    candidates: torch.Tensor,
    judged: torch.Tensor,
    positive_judged: torch.Tensor,
    margin: float,
    k: int,
) -> torch.Tensor:
    """numpy, stable argsort of the dropped."""
    rows = candidates.cpu().numpy()
    limit = positive_judged.cpu().numpy()[:, None] - np.float32(margin)
    gone = (judged.cpu().numpy() > limit) | (rows < 0)
    order = np.argsort(gone, axis=1, kind="stable")
    rows = np.take_along_axis(np.where(gone, -1, rows), order, axis=1)
    rows = np.concatenate([rows, np.full((len(rows), k), -1, dtype=rows.dtype)], axis=1)
    return torch.from_numpy(rows[:, :k].copy())


def right_topk_of_places(
    candidates: torch.Tensor,
    judged: torch.Tensor,
    positive_judged: torch.Tensor,
    margin: float,
    k: int,
) -> torch.Tensor:
    """topk of counted-down places, which have no ties."""
    q, m = candidates.shape
    wide = torch.cat([candidates, candidates.new_full((q, k), -1)], dim=1)
    kept = (judged <= positive_judged[:, None] - margin) & (candidates > -1)
    kept = torch.cat([kept, kept.new_zeros(q, k)], dim=1)
    countdown = torch.arange(m + k, 0, -1, device=kept.device) + kept * (m + k)
    at = countdown.topk(k, dim=1).indices
    return torch.where(kept.gather(1, at), wide.gather(1, at), -1)


def wrong_cut_first(
    candidates: torch.Tensor,
    judged: torch.Tensor,
    positive_judged: torch.Tensor,
    margin: float,
    k: int,
) -> torch.Tensor:
    """Cuts to k before it filters: the example gives [[3, -1]]."""
    candidates, judged = candidates[:, :k], judged[:, :k]
    kept = (judged <= (positive_judged - margin)[:, None]) & (candidates >= 0)
    order = (~kept).to(torch.uint8).sort(dim=1, stable=True).indices
    rows = candidates.gather(1, order).masked_fill(~kept.gather(1, order), -1)
    return F.pad(rows, (0, k - rows.shape[1]), value=-1)


def wrong_by_judges_order(
    candidates: torch.Tensor,
    judged: torch.Tensor,
    positive_judged: torch.Tensor,
    margin: float,
    k: int,
) -> torch.Tensor:
    """Returns the judge's order: [[9, 3]] is right by luck only where both orders agree."""
    kept = (judged <= (positive_judged - margin)[:, None]) & (candidates >= 0)
    scores = judged.masked_fill(~kept, -torch.inf)
    order = scores.argsort(dim=1, descending=True)[:, :k]
    rows = candidates.gather(1, order).masked_fill(~kept.gather(1, order), -1)
    return F.pad(rows, (0, k - rows.shape[1]), value=-1)


def wrong_strict(
    candidates: torch.Tensor,
    judged: torch.Tensor,
    positive_judged: torch.Tensor,
    margin: float,
    k: int,
) -> torch.Tensor:
    """Drops what is exactly at positive - margin: 0.5 with positive 0.75 and margin 0.25."""
    kept = (judged < (positive_judged - margin)[:, None]) & (candidates >= 0)
    order = (~kept).to(torch.uint8).sort(dim=1, stable=True).indices[:, :k]
    rows = candidates.gather(1, order).masked_fill(~kept.gather(1, order), -1)
    return F.pad(rows, (0, k - rows.shape[1]), value=-1)


def wrong_missing_kept(
    candidates: torch.Tensor,
    judged: torch.Tensor,
    positive_judged: torch.Tensor,
    margin: float,
    k: int,
) -> torch.Tensor:
    """Forgets that -1 is none: a -1 in front takes the place of a row, [[-1, 3]] for k = 2."""
    out = []
    for rows, scores, p in zip(candidates.tolist(), judged.tolist(), positive_judged.tolist()):
        left = [row for row, score in zip(rows, scores) if score <= p - margin]
        out.append((left + [-1] * k)[:k])
    return torch.tensor(out)


def wrong_row_zero_dropped(
    candidates: torch.Tensor,
    judged: torch.Tensor,
    positive_judged: torch.Tensor,
    margin: float,
    k: int,
) -> torch.Tensor:
    """candidates > 0: passage 0 is never a negative."""
    kept = (judged <= (positive_judged - margin)[:, None]) & (candidates > 0)
    order = (~kept).to(torch.uint8).sort(dim=1, stable=True).indices[:, :k]
    rows = candidates.gather(1, order).masked_fill(~kept.gather(1, order), -1)
    return F.pad(rows, (0, k - rows.shape[1]), value=-1)


def wrong_unstable_and_unpadded(
    candidates: torch.Tensor,
    judged: torch.Tensor,
    positive_judged: torch.Tensor,
    margin: float,
    k: int,
) -> torch.Tensor:
    """topk of the mask: any order among the kept, and raises for a k beyond m."""
    kept = (judged <= (positive_judged - margin)[:, None]) & (candidates >= 0)
    found, at = kept.float().topk(k, dim=1)
    return candidates.gather(1, at).masked_fill(found == 0, -1)


def wrong_no_padding(
    candidates: torch.Tensor,
    judged: torch.Tensor,
    positive_judged: torch.Tensor,
    margin: float,
    k: int,
) -> torch.Tensor:
    """Only m columns where k is larger than m."""
    kept = (judged <= (positive_judged - margin)[:, None]) & (candidates >= 0)
    order = (~kept).to(torch.uint8).sort(dim=1, stable=True).indices[:, :k]
    return candidates.gather(1, order).masked_fill(~kept.gather(1, order), -1)


def wrong_holes_left(
    candidates: torch.Tensor,
    judged: torch.Tensor,
    positive_judged: torch.Tensor,
    margin: float,
    k: int,
) -> torch.Tensor:
    """-1 where a row was dropped, in its place: the example gives [[-1, 3]]."""
    kept = judged <= (positive_judged - margin)[:, None]
    return torch.where(kept, candidates, -1)[:, :k]


def wrong_relative(
    candidates: torch.Tensor,
    judged: torch.Tensor,
    positive_judged: torch.Tensor,
    margin: float,
    k: int,
) -> torch.Tensor:
    """The margin as a share of the positive: positive 4.0, margin 0.5, judged 3.0 is dropped."""
    limit = positive_judged - margin * positive_judged.abs()
    kept = (judged <= limit[:, None]) & (candidates >= 0)
    order = (~kept).to(torch.uint8).sort(dim=1, stable=True).indices[:, :k]
    rows = candidates.gather(1, order).masked_fill(~kept.gather(1, order), -1)
    return F.pad(rows, (0, k - rows.shape[1]), value=-1)


def wrong_first_query_only(
    candidates: torch.Tensor,
    judged: torch.Tensor,
    positive_judged: torch.Tensor,
    margin: float,
    k: int,
) -> torch.Tensor:
    """positive_judged[0] for all: right for one query."""
    kept = (judged <= positive_judged[0] - margin) & (candidates >= 0)
    order = (~kept).to(torch.uint8).sort(dim=1, stable=True).indices[:, :k]
    rows = candidates.gather(1, order).masked_fill(~kept.gather(1, order), -1)
    return F.pad(rows, (0, k - rows.shape[1]), value=-1)


def wrong_margin_added(
    candidates: torch.Tensor,
    judged: torch.Tensor,
    positive_judged: torch.Tensor,
    margin: float,
    k: int,
) -> torch.Tensor:
    """positive + margin: judged 0.82 stays beside a positive of 0.8."""
    kept = (judged <= (positive_judged + margin)[:, None]) & (candidates >= 0)
    order = (~kept).to(torch.uint8).sort(dim=1, stable=True).indices[:, :k]
    rows = candidates.gather(1, order).masked_fill(~kept.gather(1, order), -1)
    return F.pad(rows, (0, k - rows.shape[1]), value=-1)


def wrong_in_place(
    candidates: torch.Tensor,
    judged: torch.Tensor,
    positive_judged: torch.Tensor,
    margin: float,
    k: int,
) -> torch.Tensor:
    """The right rows, but masked_fill_ on the caller's candidates."""
    candidates.masked_fill_(judged > (positive_judged - margin)[:, None], -1)
    order = (candidates < 0).to(torch.uint8).sort(dim=1, stable=True).indices[:, :k]
    return F.pad(candidates.gather(1, order), (0, max(0, k - order.shape[1])), value=-1)


def wrong_list_result(
    candidates: torch.Tensor,
    judged: torch.Tensor,
    positive_judged: torch.Tensor,
    margin: float,
    k: int,
) -> torch.Tensor:
    """Lists: the lesson writes by_judge[:, None]."""
    out = []
    for rows, scores, p in zip(candidates.tolist(), judged.tolist(), positive_judged.tolist()):
        left = [row for row, score in zip(rows, scores) if row != -1 and score <= p - margin]
        out.append((left + [-1] * k)[:k])
    return out


def wrong_stops_at_first_bad(
    candidates: torch.Tensor,
    judged: torch.Tensor,
    positive_judged: torch.Tensor,
    margin: float,
    k: int,
) -> torch.Tensor:
    """break for continue: nothing is kept behind the first dropped one."""
    out = torch.full((len(candidates), k), -1)
    for i, rows in enumerate(candidates.tolist()):
        place = 0
        for j, row in enumerate(rows):
            if row == -1 or judged[i, j] > positive_judged[i] - margin or place == k:
                break
            out[i, place] = row
            place += 1
    return out


RIGHT = [
    right_stable_sort,
    right_lists,
    right_boolean_index,
    right_cumsum_scatter,
    right_numpy,
    right_topk_of_places,
]
WRONG = [
    wrong_cut_first,
    wrong_by_judges_order,
    wrong_strict,
    wrong_missing_kept,
    wrong_row_zero_dropped,
    wrong_unstable_and_unpadded,
    wrong_no_padding,
    wrong_holes_left,
    wrong_relative,
    wrong_first_query_only,
    wrong_margin_added,
    wrong_in_place,
    wrong_list_result,
    wrong_stops_at_first_bad,
]
