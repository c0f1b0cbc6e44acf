"""The canonical forms in which two results are compared, where one order or unit is as good as another.

They stand here and not beside an exercise's oracle, since a bundle for students holds these and no oracle.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor

from lib.checks import values


def sorted_rows(pairs: Any) -> np.ndarray:
    """Pairs (n, 2) sorted by their first and then their second number: the order does not matter.

    Raises ValueError where they are no pairs.
    """
    rows = np.asarray(pairs)
    if rows.ndim != 2 or rows.shape[1] != 2:
        raise ValueError("pairs are (pairs, 2)")
    return rows[np.lexsort((rows[:, 1], rows[:, 0]))]


def with_kind(codes: Tensor | np.ndarray) -> list:
    """The numbers behind the name of their dtype, which is the point of them."""
    return [str(codes.dtype).removeprefix("torch."), codes]


def distances_squared(found: Any) -> Any:
    """Three tables (dots, cosines, distances) with the distances squared, signs kept; what is no three
    tables as it is.

    Where two vectors are nearly equal, rounding leaves 1e-7 of |a|^2 + |b|^2, whose root is 3e-4: the right
    formula is as exact as it can be only before the root. That sum is the square and twice the dot product:
    the tolerance grows with the square by itself, and the quotient makes it grow with the other.
    """
    three = isinstance(found, tuple | list | Tensor | np.ndarray) and len(found) == 3
    tables = [values.as_array(table) for table in found] if three else [None]
    if any(table is None for table in tables):
        return found
    dots, far = (np.asarray(table, dtype=np.float64) for table in (tables[0], tables[2]))
    return [*tables[:2], far * np.abs(far) / (1 + 2 * np.abs(dots))]
