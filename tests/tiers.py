"""What `make test` shows for some and `make thorough` for all, where each one of a kind takes long."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest


def some(
    values: Iterable[Any],
    keep: Callable[[Any], bool],
    of: Callable[[Any], Any] = lambda value: value,
) -> list[Any]:
    """The values as parameters; those that are not kept are marked `thorough`.

    values: or parameters of pytest's, whose marks stay.  keep: asked of `of(value)`.
    """
    return [value if keep(of(value)) else _thorough(value) for value in values]


def _thorough(value: Any) -> Any:
    already = isinstance(value, type(pytest.param()))
    given = {"id": value.id, "marks": [*value.marks]} if already else {"marks": []}
    values = value.values if already else (value,)
    given["marks"].append(pytest.mark.thorough)
    return pytest.param(*values, **given)
