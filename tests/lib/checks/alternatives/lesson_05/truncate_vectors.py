"""Other right answers to `truncate_vectors`."""

from __future__ import annotations

import torch
from torch import Tensor

from lib.checks.lesson_05.truncate_vectors import _refusing


@_refusing
def _by_library(vectors: Tensor, dim: int) -> Tensor:
    """An alternative: torch's own normalisation."""
    return torch.nn.functional.normalize(vectors.narrow(1, 0, dim), dim=1)


@_refusing
def _by_einsum(vectors: Tensor, dim: int) -> Tensor:
    """An alternative: squares summed by einsum, zeros kept apart."""
    short = torch.stack(vectors.unbind(1)[:dim], dim=1)
    lengths = torch.einsum("ij,ij->i", short, short).sqrt()
    return torch.where(lengths[:, None] > 0, short / lengths[:, None], torch.zeros_like(short))


ALTERNATIVES = [_by_library, _by_einsum]
