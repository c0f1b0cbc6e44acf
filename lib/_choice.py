"""Which candidates become negatives: the hardest that are not positives and do not look like them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypedDict

import torch
from torch import Tensor

from lib._finite import named_rows
from lib._positives import require_rows


class Limits(TypedDict, total=False):
    """Which candidates look like positives, see `choose`."""

    absolute_margin: float | None
    relative_margin: float | None
    max_score: float | None
    min_score: float | None


@dataclass(frozen=True)
class Mined:
    """Negatives of each query, hardest first.

    indices: (q, k) rows of passages, -1 where there were too few. scores: (q, k), -inf there.
    positive_scores: (q,), the lowest score of the query's positives.
    """

    indices: Tensor
    scores: Tensor
    positive_scores: Tensor


def choose(
    scores: Tensor,
    indices: Tensor,
    positives: Tensor,
    positive_scores: Tensor,
    k: int,
    *,
    skip: int = 0,
    absolute_margin: float | None = None,
    relative_margin: float | None = None,
    max_score: float | None = None,
    min_score: float | None = None,
) -> Mined:
    """Choose the k hardest of each query's candidates that are not, and do not look like, positives.

    scores, indices: (q, m) candidates, best first, -1 where there is none. positives: (q, p) rows,
    filled with -1. positive_scores: (q,) the score of the query's positive, the lowest of several.
    absolute_margin: a candidate is dropped if it scores above positive - margin. relative_margin: if
    above positive - margin * |positive| (0.05 keeps what scores below 95% of the positive). max_score,
    min_score: if above or below. skip: of those left, the first so many are passed over as well.
    Returns k columns. Raises ValueError for a k below 1, a negative skip, shapes that do not fit and
    scores or limits that are nan, TypeError for rows that are no whole numbers.
    Source: Moreira et al. 2024, NV-Retriever, section 3 (positive-aware mining).
    """
    if k < 1 or skip < 0:
        raise ValueError(f"choose: k={k}, skip={skip}; expected at least 1 and at least 0")
    if (
        scores.ndim != 2
        or scores.shape != indices.shape
        or positives.ndim != 2
        or len(positives) != len(scores)
        or positive_scores.shape != scores.shape[:1]
    ):
        raise ValueError(
            f"choose: scores {tuple(scores.shape)}, indices {tuple(indices.shape)}, positives "
            f"{tuple(positives.shape)}, positive_scores {tuple(positive_scores.shape)}; expected "
            "(q, m), (q, m), (q, p) and (q,)"
        )
    require_rows("choose: indices", indices)
    require_rows("choose: positives", positives)
    limits = [absolute_margin, relative_margin, max_score, min_score]
    if any(limit is not None and math.isnan(limit) for limit in limits):
        raise ValueError(f"choose: a limit is nan among {limits}; expected numbers or None")
    _require_scores("choose", scores, positive_scores)
    indices = indices.long()  # -1 has to be among its numbers
    dropped = (indices[:, :, None] == positives[:, None, :]).any(dim=2) | (indices < 0)
    if absolute_margin is not None:
        dropped |= scores + absolute_margin > positive_scores[:, None]
    if relative_margin is not None:
        limit = positive_scores - positive_scores.abs() * relative_margin
        dropped |= scores > limit[:, None]
    if max_score is not None:
        dropped |= scores > max_score
    if min_score is not None:
        dropped |= scores < min_score
    order = dropped.to(torch.uint8).sort(dim=1, stable=True).indices[:, skip : skip + k]
    gone = dropped.gather(1, order)
    rows = indices.gather(1, order).masked_fill(gone, -1)
    values = scores.gather(1, order).masked_fill(gone, -torch.inf)
    short = k - rows.shape[1]
    if short > 0:
        rows = torch.nn.functional.pad(rows, (0, short), value=-1)
        values = torch.nn.functional.pad(values, (0, short), value=-torch.inf)
    return Mined(rows, values, positive_scores)


def _require_scores(name: str, scores: Tensor, positive_scores: Tensor) -> None:
    """A nan lies neither above nor below a limit: it would pass all and be the hardest."""
    if scores.device.type == "meta":
        return
    wrong = scores.isnan().any(dim=1) | positive_scores.isnan()
    if bool(wrong.any()):
        rows = named_rows(wrong.nonzero().flatten().tolist())
        raise ValueError(f"{name}: the scores of queries in {rows} hold nan; expected numbers")
