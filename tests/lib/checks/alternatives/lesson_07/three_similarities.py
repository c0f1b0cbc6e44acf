"""Other right answers to `three_similarities`."""

from __future__ import annotations

import torch
from torch import Tensor

Three = tuple[Tensor, Tensor, Tensor]


def _by_library(a: Tensor, b: Tensor) -> Three:
    cosines = torch.nn.functional.cosine_similarity(a[:, None], b[None], dim=-1)
    return a @ b.T, cosines, torch.cdist(a, b)


def _unit_vectors_first(a: Tensor, b: Tensor) -> Three:
    """The cosines from normalised rows; the difference of each pair, without the formula."""
    left, right = (torch.nn.functional.normalize(x, dim=1) for x in (a, b))
    return a @ b.T, left @ right.T, (a[:, None] - b).square().sum(dim=2).sqrt()


def _from_the_cosines(a: Tensor, b: Tensor) -> Three:
    """The law of cosines, with a mask for rows of zeros."""
    dots = torch.einsum("id,jd->ij", a, b)
    lengths = torch.outer(a.square().sum(1).sqrt(), b.square().sum(1).sqrt())
    cosines = torch.where(lengths > 0, dots / lengths, torch.zeros_like(dots))
    squares = (a**2).sum(1, keepdim=True) + (b**2).sum(1) - 2 * lengths * cosines
    return dots, cosines, torch.sqrt(torch.relu(squares))


def _fused(a: Tensor, b: Tensor) -> list[Tensor]:
    """One call adds the squares and the product; a list for the tuple."""
    squares = a.pow(2).sum(1)[:, None] + b.pow(2).sum(1)[None, :]
    far = torch.addmm(squares, a, b.T, alpha=-2).clamp_min(0).pow(0.5)
    eps = torch.finfo(a.dtype).tiny
    return [a @ b.T, (a / (a.norm(dim=1, keepdim=True) + eps)) @ _rows(b).T, far]


def _rows(x: Tensor) -> Tensor:
    return x / x.norm(dim=1, keepdim=True).clamp_min(1e-9)


ALTERNATIVES = [_by_library, _unit_vectors_first, _from_the_cosines, _fused]
