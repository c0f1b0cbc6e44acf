"""Vectors that hold nan or infinity are refused, with the rows that do.

A nan is neither above nor below anything, and sorting puts it first: one such passage would be the
best answer to every query. All checks wait for the device once, and look at single rows only where
something is wrong. On the meta device there are no values to look at.
"""

from __future__ import annotations

import torch
from torch import Tensor

_NAMED = 5  # rows that a message names
_BLOCK = 16_384  # rows that are looked at one by one at a time


def rows_not_finite(x: Tensor) -> list[int]:
    """Return the rows of x (..., dim), its first dimensions taken together, with a nan or infinity."""
    rows = x.detach().reshape(-1, x.shape[-1]) if x.ndim else x.detach().reshape(1, 1)
    wrong = [~part.isfinite().all(dim=1) for part in rows.split(_BLOCK)]
    return torch.cat(wrong).nonzero().flatten().tolist()


def named_rows(rows: list[int]) -> str:
    """Return "row 3", or "rows 3, 7 and 5 more"."""
    more = len(rows) - _NAMED
    listed = ", ".join(map(str, rows[:_NAMED])) + (f" and {more} more" if more > 0 else "")
    return f"row{'s' if len(rows) > 1 else ''} {listed}"


def require_finite(name: str, argument: str, vectors: Tensor) -> None:
    """Raise ValueError if vectors (..., dim) hold a nan or an infinity."""
    # A sum is finite only if all are; where finite numbers add up to more than their type holds,
    # they are looked at one by one.
    if vectors.device.type == "meta" or bool(vectors.detach().sum().isfinite()):
        return
    if wrong := rows_not_finite(vectors):
        raise ValueError(
            f"{name}: {named_rows(wrong)} of {argument} {tuple(vectors.shape)} "
            f"hold{'s' if len(wrong) == 1 else ''} nan or infinity; expected finite numbers: find "
            "out where they come from (a division by zero, a training that diverged), and compute "
            "or leave out these rows"
        )


def require_finite_scores(name: str, scores: Tensor, **vectors: Tensor) -> None:
    """Raise ValueError if scores (q, m) of `vectors` are not finite, and name the rows at fault.

    This looks at few numbers where looking at the vectors would cost as much as a search.
    """
    if scores.device.type == "meta" or bool(scores.isfinite().all()):
        return
    for argument, x in vectors.items():
        require_finite(name, argument, x)
    raise ValueError(
        f"{name}: the scores of queries in {named_rows(rows_not_finite(scores))} are beyond what "
        f"{scores.dtype} can hold, though all vectors are finite; expected shorter vectors: "
        "normalise them, or use .float()"
    )
