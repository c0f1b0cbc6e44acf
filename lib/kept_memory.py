"""How much memory a backward pass needs: the bytes of what PyTorch keeps for it.

In the forward pass each operation keeps what its gradient will need, the *activations*. A hook sees every
tensor that is kept, and its end.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["backward_bytes"]


def backward_bytes(model: nn.Module, backward: Callable[[], Any]) -> tuple[int, Tensor]:
    """Return the most bytes kept at a time while `backward()` runs, and the gradient that it leaves.

    The parameters of `model`, which are there anyway, are not counted. The gradient is that of all
    parameters in one row, (numbers,); what gradient there was is lost.
    """
    model.zero_grad()
    count = _Count({p.data_ptr() for p in model.parameters()})
    with torch.autograd.graph.saved_tensors_hooks(count.keep, count.give_back):
        backward()
    grads = [p.grad.flatten() for p in model.parameters() if p.grad is not None]
    return count.most, torch.cat(grads)


class _Count:
    """Bytes kept now, and at most so far."""

    def __init__(self, known: set[int]) -> None:
        self.now = self.most = 0
        self._known = known

    def keep(self, tensor: Tensor) -> Tensor | _Kept:
        return tensor if tensor.data_ptr() in self._known else _Kept(tensor, self)

    @staticmethod
    def give_back(kept: Tensor | _Kept) -> Tensor:
        return kept.tensor if isinstance(kept, _Kept) else kept


class _Kept:
    """A tensor kept for the backward pass, counted until it is let go."""

    def __init__(self, tensor: Tensor, count: _Count) -> None:
        self.tensor, self._count = tensor, count
        self._size = tensor.numel() * tensor.element_size()
        count.now += self._size
        count.most = max(count.most, count.now)

    def __del__(self) -> None:
        self._count.now -= self._size
