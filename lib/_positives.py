"""Which passages are right for each query: lists, arrays or tensors of rows as one tensor of rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor


def padded(
    positives: Sequence[Sequence[int]] | Sequence[int] | Tensor, device: torch.device | str = "cpu"
) -> Tensor:
    """Return (q, p) int64 rows of positives, -1 where a query has fewer than p.

    positives: (q,) one for each query, (q, p), or a list of lists.
    Raises ValueError if a query of a list has none, TypeError for what is no whole number.
    """
    if not isinstance(positives, Tensor) and hasattr(positives, "dtype"):
        positives = torch.as_tensor(positives)
    if isinstance(positives, Tensor):
        if positives.ndim not in (1, 2):
            raise ValueError(
                f"the positives are {tuple(positives.shape)}; expected (q,) or (q, p) rows"
            )
        require_rows("the positives", positives)
        rows = positives if positives.ndim == 2 else positives[:, None]
        return rows.to(device=device, dtype=torch.long)
    lists = [_row_numbers(row) for row in positives]
    if not all(lists):
        raise ValueError("a query has no positive; expected at least one row for each")
    most = max(map(len, lists), default=1)
    filled = [[*row, *([-1] * (most - len(row)))] for row in lists]
    return torch.tensor(filled, dtype=torch.long, device=device).view(len(lists), most)


def _row_numbers(rows: Any) -> list[int]:
    many = rows.tolist() if hasattr(rows, "tolist") else rows
    many = list(many) if isinstance(many, Iterable) and not isinstance(many, str) else [many]
    found = [x.item() if hasattr(x, "item") else x for x in many]
    if not all(isinstance(x, int) and not isinstance(x, bool) for x in found):
        raise TypeError(
            f"the positives of a query are {rows!r}; expected whole numbers, their rows"
        )
    return found


def require_rows(what: str, rows: Tensor) -> None:
    """Raise TypeError unless rows of passages are whole numbers."""
    if rows.is_floating_point() or rows.is_complex() or rows.dtype == torch.bool:
        raise TypeError(
            f"{what} are {rows.dtype}; expected whole numbers, the rows of passages: use "
            ".nonzero() for a mask"
        )


def own_rows(
    name: str,
    positives: Sequence[Sequence[int]] | Sequence[int] | Tensor,
    queries: int,
    passages: int,
    device: torch.device | str = "cpu",
) -> Tensor:
    """Return positives as (q, p), see `padded`.

    Raises ValueError for another number of queries, a query without a positive, and rows that are
    not among the passages.
    """
    rows = padded(positives, device)
    if len(rows) != queries:
        raise ValueError(f"{name}: {len(rows)} rows of positives for {queries} queries")
    if rows.device.type == "meta":
        return rows
    strange = ((rows < -1) | (rows >= passages)).any(dim=1) | (rows < 0).all(dim=1)
    if bool(strange.any()):
        query = int(strange.nonzero()[0])
        raise ValueError(
            f"{name}: the positives of query {query} are rows {rows[query].tolist()}; expected at "
            f"least one, each from 0 to {passages - 1}, filled up with -1"
        )
    return rows
