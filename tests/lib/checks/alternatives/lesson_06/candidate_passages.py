"""Other right answers to `candidate_passages`."""

from __future__ import annotations

import torch
from torch import Tensor


def _passage_by_passage(
    query: Tensor, centroids: Tensor, ids: Tensor, owner: Tensor, probes: int, size: int
) -> Tensor:
    """An alternative: one candidate after the other."""
    table = query @ centroids.T
    probed = set(table.argsort(dim=1, descending=True)[:, :probes].flatten().tolist())
    found = {p for p, place in zip(owner.tolist(), ids.tolist()) if place in probed}
    scores = {p: float(table[:, ids[owner == p]].amax(dim=1).sum()) for p in found}
    return torch.tensor(sorted(found, key=scores.__getitem__, reverse=True)[:size])


def _by_table(
    query: Tensor, centroids: Tensor, ids: Tensor, owner: Tensor, probes: int, size: int
) -> Tensor:
    """An alternative: which passage holds which centroid, as a table of truth values."""
    holds = torch.zeros(int(owner.max()) + 1, len(centroids), dtype=torch.bool)
    holds[owner, ids] = True
    similar = torch.einsum("id,cd->ic", query, centroids)
    probed = torch.zeros(len(centroids), dtype=torch.bool)
    probed[similar.topk(min(probes, len(centroids)), dim=1).indices.flatten()] = True
    scores = similar.masked_fill(~holds[:, None], -torch.inf).amax(dim=2).sum(dim=1)
    there = (holds & probed).any(dim=1)
    best = scores.masked_fill(~there, -torch.inf).argsort(descending=True)
    return best[: min(size, int(there.sum()))]


def _candidates_alone(
    query: Tensor, centroids: Tensor, ids: Tensor, owner: Tensor, probes: int, size: int
) -> Tensor:
    """An alternative: numbers of candidates, and the maximum within each by index_reduce_'s like."""
    table = query @ centroids.mT
    k = min(probes, centroids.shape[0])
    candidates = torch.unique(owner[(ids[:, None] == table.topk(k).indices.flatten()).any(dim=1)])
    kept = torch.isin(owner, candidates)
    places = torch.searchsorted(candidates, owner[kept])
    best = torch.full((len(query), len(candidates)), -torch.inf, dtype=query.dtype)
    best.scatter_reduce_(1, places.expand(len(query), -1), table[:, ids[kept]], "amax")
    order = best.sum(0).sort(descending=True).indices
    return candidates[order][:size]


ALTERNATIVES = [_passage_by_passage, _by_table, _candidates_alone]
