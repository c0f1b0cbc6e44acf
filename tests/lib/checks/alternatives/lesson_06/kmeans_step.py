"""Other right answers to `kmeans_step`."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def _centroid_by_centroid(tokens: Tensor, centroids: Tensor) -> Tensor:
    """An alternative: the tokens of one centroid after the other."""
    nearest = torch.einsum("nd,cd->nc", tokens, centroids).max(dim=1).indices
    moved = centroids.clone()
    for j in range(len(centroids)):
        own = tokens[nearest == j]
        if len(own):
            moved[j] = own.mean(dim=0) / own.mean(dim=0).norm()
    return moved


def _by_one_hot(tokens: Tensor, centroids: Tensor) -> Tensor:
    """An alternative: nearest by distance, sums as a matrix product."""
    nearest = torch.cdist(tokens, centroids).argmin(dim=1)
    chosen = F.one_hot(nearest, num_classes=centroids.shape[0]).to(tokens.dtype)
    means = (chosen.T @ tokens) / chosen.sum(dim=0).clamp(min=1)[:, None]
    lengths = means.norm(dim=1, keepdim=True)
    return torch.where(lengths > 0, means / lengths.clamp(min=1e-12), centroids)


def _by_scattered_means(tokens: Tensor, centroids: Tensor) -> Tensor:
    """An alternative: scatter_reduce, which leaves a row as it is where nothing arrives."""
    nearest = (centroids @ tokens.T).argmax(0)
    places = nearest[:, None].expand_as(tokens)
    means = centroids.scatter_reduce(0, places, tokens, "mean", include_self=False)
    return means / means.norm(dim=-1, keepdim=True)


ALTERNATIVES = [_centroid_by_centroid, _by_one_hot, _by_scattered_means]
