"""What the alternatives of several exercises share."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def _first_by_cumsum(tokens: Tensor, mask: Tensor) -> Tensor:
    """An alternative: the first token is the one at which the running count becomes one."""
    real = mask.bool()
    first = real & (real.cumsum(dim=1) == 1)
    return (tokens * first.unsqueeze(-1)).sum(dim=1).to(tokens.dtype)


def _by_nonzero(end: int) -> Callable[[Tensor, Tensor], Tensor]:
    """An alternative with a loop over texts."""

    def pick(tokens: Tensor, mask: Tensor) -> Tensor:
        pooled = torch.zeros_like(tokens[:, 0])
        for row in range(len(tokens)):
            real = mask[row].nonzero().flatten()
            if len(real) > 0:
                pooled[row] = tokens[row, real[end]]
        return pooled

    return pick
