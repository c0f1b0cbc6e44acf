"""Answers to `keep_by_margin`, written from its card alone."""

from __future__ import annotations

import numpy as np
import torch


def right_broadcast(
    scores: torch.Tensor, positive_scores: torch.Tensor, margin: float, relative: bool
) -> torch.Tensor:
    """The lesson's two lines with [:, None]."""
    if margin < 0 or (relative and margin > 1):
        raise ValueError(f"margin is {margin}")
    if relative:
        limit = positive_scores - margin * positive_scores.abs()
    else:
        limit = positive_scores - margin
    return scores <= limit[:, None]


def right_conditional(
    scores: torch.Tensor, positive_scores: torch.Tensor, margin: float, relative: bool
) -> torch.Tensor:
    """One gap for both kinds, unsqueeze and torch.le."""
    if margin < 0:
        raise ValueError("a margin cannot be negative")
    if relative and margin > 1:
        raise ValueError("a relative margin is at most 1")
    size = torch.abs(positive_scores) if relative else torch.ones_like(positive_scores)
    return torch.le(scores, (positive_scores - margin * size).unsqueeze(1))


def right_loops(
    scores: torch.Tensor, positive_scores: torch.Tensor, margin: float, relative: bool
) -> torch.Tensor:
    """Row after row into a tensor of bools."""
    if not margin >= 0 or (relative and not margin <= 1):
        raise ValueError("margin")
    kept = torch.zeros(scores.shape, dtype=torch.bool, device=scores.device)
    for i in range(scores.shape[0]):
        limit = positive_scores[i]
        limit = limit - (margin * limit.abs() if relative else margin)
        kept[i] = scores[i] <= limit
    return kept


def right_not_above(
    scores: torch.Tensor, positive_scores: torch.Tensor, margin: float, relative: bool
) -> torch.Tensor:
    """What is dropped first, then inverted; the positives as a column by view."""
    if margin < 0 or margin > (1 if relative else float("inf")):
        raise ValueError("margin out of range")
    positive = positive_scores.view(-1, 1)
    limit = positive - (margin * positive.abs() if relative else margin)
    dropped = scores > limit
    return ~dropped


def right_numpy(
    scores: torch.Tensor, positive_scores: torch.Tensor, margin: float, relative: bool
) -> torch.Tensor:
    """numpy in float32 and back."""
    if margin < 0 or (relative and margin > 1):
        raise ValueError(margin)
    s, p = scores.detach().cpu().numpy(), positive_scores.detach().cpu().numpy()
    m = s.dtype.type(margin)
    limit = p - m * np.abs(p) if relative else p - m
    return torch.from_numpy(s <= limit[:, np.newaxis])


def right_where_sign(
    scores: torch.Tensor, positive_scores: torch.Tensor, margin: float, relative: bool
) -> torch.Tensor:
    """torch.where for the sign of the positive instead of abs."""
    if margin < 0 or (relative and margin > 1):
        raise ValueError("margin")
    p = positive_scores
    if not relative:
        limit = p - margin
    else:
        limit = torch.where(p >= 0, p - margin * p, p + margin * p)
    return (limit >= scores.T).T


def wrong_no_abs(
    scores: torch.Tensor, positive_scores: torch.Tensor, margin: float, relative: bool
) -> torch.Tensor:
    """positive * (1 - margin): a limit above the positive where that is below 0."""
    if margin < 0 or (relative and margin > 1):
        raise ValueError("margin")
    limit = positive_scores * (1 - margin) if relative else positive_scores - margin
    return scores <= limit[:, None]


def wrong_strict(
    scores: torch.Tensor, positive_scores: torch.Tensor, margin: float, relative: bool
) -> torch.Tensor:
    """< for <=: drops what lies at the limit, 0.5 with positive 0.75 and margin 0.25."""
    if margin < 0 or (relative and margin > 1):
        raise ValueError("margin")
    gap = margin * positive_scores.abs() if relative else margin
    return scores < (positive_scores - gap)[:, None]


def wrong_no_column(
    scores: torch.Tensor, positive_scores: torch.Tensor, margin: float, relative: bool
) -> torch.Tensor:
    """No [:, None]: raises for (2, 3), compares columns for (3, 3)."""
    if margin < 0 or (relative and margin > 1):
        raise ValueError("margin")
    gap = margin * positive_scores.abs() if relative else margin
    return scores <= positive_scores - gap


def wrong_raises_too_much(
    scores: torch.Tensor, positive_scores: torch.Tensor, margin: float, relative: bool
) -> torch.Tensor:
    """Raises for an absolute margin of 1.5, too."""
    if not 0 <= margin <= 1:
        raise ValueError("margin")
    gap = margin * positive_scores.abs() if relative else margin
    return scores <= (positive_scores - gap)[:, None]


def wrong_excludes_bounds(
    scores: torch.Tensor, positive_scores: torch.Tensor, margin: float, relative: bool
) -> torch.Tensor:
    """Raises for a margin of 0, which the lesson uses."""
    if margin <= 0 or (relative and margin >= 1):
        raise ValueError("margin")
    gap = margin * positive_scores.abs() if relative else margin
    return scores <= (positive_scores - gap)[:, None]


def wrong_never_raises(
    scores: torch.Tensor, positive_scores: torch.Tensor, margin: float, relative: bool
) -> torch.Tensor:
    """A margin of -0.1 or a relative one of 2 passes."""
    gap = margin * positive_scores.abs() if relative else margin
    return scores <= (positive_scores - gap)[:, None]


def wrong_dropped_for_kept(
    scores: torch.Tensor, positive_scores: torch.Tensor, margin: float, relative: bool
) -> torch.Tensor:
    """True for what is dropped instead of what stays."""
    if margin < 0 or (relative and margin > 1):
        raise ValueError("margin")
    gap = margin * positive_scores.abs() if relative else margin
    return scores > (positive_scores - gap)[:, None]


def wrong_abs_of_score(
    scores: torch.Tensor, positive_scores: torch.Tensor, margin: float, relative: bool
) -> torch.Tensor:
    """The share is of the candidate's score: keeps 0.761 of a positive of 0.8 at 5%."""
    if margin < 0 or (relative and margin > 1):
        raise ValueError("margin")
    gap = margin * scores.abs() if relative else torch.full_like(scores, margin)
    return scores + gap <= positive_scores[:, None]


def wrong_strongest_positive(
    scores: torch.Tensor, positive_scores: torch.Tensor, margin: float, relative: bool
) -> torch.Tensor:
    """One limit for all queries, from the highest positive: right for one query only."""
    if margin < 0 or (relative and margin > 1):
        raise ValueError("margin")
    positive = positive_scores.max()
    return scores <= positive - (margin * positive.abs() if relative else margin)


def wrong_list_of_rows(
    scores: torch.Tensor, positive_scores: torch.Tensor, margin: float, relative: bool
) -> torch.Tensor:
    """A list of lists of bools: the lesson writes ~kept and kept.gather."""
    if margin < 0 or (relative and margin > 1):
        raise ValueError("margin")
    rows = []
    for row, p in zip(scores.tolist(), positive_scores.tolist()):
        limit = p - margin * abs(p) if relative else p - margin
        rows.append([s <= limit for s in row])
    return rows


def wrong_floats(
    scores: torch.Tensor, positive_scores: torch.Tensor, margin: float, relative: bool
) -> torch.Tensor:
    """1.0 and 0.0 for True and False: ~ does not take floats."""
    if margin < 0 or (relative and margin > 1):
        raise ValueError("margin")
    gap = margin * positive_scores.abs() if relative else margin
    return (scores <= (positive_scores - gap)[:, None]).float()


def wrong_in_place(
    scores: torch.Tensor, positive_scores: torch.Tensor, margin: float, relative: bool
) -> torch.Tensor:
    """sub_ moves the caller's positive scores: the second call in the lesson's loop is off."""
    if margin < 0 or (relative and margin > 1):
        raise ValueError("margin")
    limit = positive_scores.sub_(margin * positive_scores.abs() if relative else margin)
    return scores <= limit[:, None]


def wrong_swapped_flag_and_strict(
    scores: torch.Tensor, positive_scores: torch.Tensor, margin: float, relative: bool
) -> torch.Tensor:
    """Two mistakes: relative and absolute swapped, and < at the limit."""
    if margin < 0 or (relative and margin > 1):
        raise ValueError("margin")
    gap = margin if relative else margin * positive_scores.abs()
    return scores < (positive_scores - gap)[:, None]


RIGHT = [
    right_broadcast,
    right_conditional,
    right_loops,
    right_not_above,
    right_numpy,
    right_where_sign,
]
WRONG = [
    wrong_no_abs,
    wrong_strict,
    wrong_no_column,
    wrong_raises_too_much,
    wrong_excludes_bounds,
    wrong_never_raises,
    wrong_dropped_for_kept,
    wrong_abs_of_score,
    wrong_strongest_positive,
    wrong_list_of_rows,
    wrong_floats,
    wrong_in_place,
    wrong_swapped_flag_and_strict,
]
