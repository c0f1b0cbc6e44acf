"""How large a tensor a learner's function makes, where the card asks to work block by block.

A result says nothing of the memory that it took. So one call is watched: every floating-point tensor
that torch makes during it is measured by the numbers that its storage holds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from lib.checks import _state, values


class _Watched(TorchDispatchMode):
    """Sees every operation of torch, and keeps the size of the largest tensor."""

    most = 0

    def __torch_dispatch__(
        self, function: Callable, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        made = function(*args, **(kwargs or {}))
        for value in tree_leaves(made):
            if isinstance(value, torch.Tensor) and value.is_floating_point():
                held = value.untyped_storage().nbytes() // value.element_size()
                self.most = max(self.most, held)
        return made


def largest_here(function: Callable, args: Sequence[Any]) -> int:
    """The numbers of the largest floating-point tensor that a call of the function makes."""
    given = [values.copy_value(arg) for arg in args]
    with _state.known(), _Watched() as watched:
        function(*given)
    return watched.most


def of(function: Callable) -> Callable[[Sequence[Any]], int]:
    """How to measure a function; one in another process is measured there."""
    elsewhere = getattr(function, "largest", None)
    return elsewhere if callable(elsewhere) else lambda args: largest_here(function, args)
