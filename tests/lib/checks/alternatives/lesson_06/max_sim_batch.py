"""Other right answers to `max_sim_batch`."""

from __future__ import annotations

import torch
from torch import Tensor


def _by_broadcasting(q: Tensor, m: Tensor, d: Tensor, w: Tensor) -> Tensor:
    """An alternative: a batched product, and torch.where for both masks."""
    table = q.unsqueeze(1) @ d.unsqueeze(0).transpose(-1, -2)
    table = torch.where(w.bool()[None, :, None], table, torch.finfo(table.dtype).min)
    best = table.max(dim=-1).values
    return torch.where(m.bool()[:, None], best, 0.0).sum(-1)


def _one_table(q: Tensor, m: Tensor, d: Tensor, w: Tensor) -> Tensor:
    """An alternative: one matrix product of all tokens with all tokens, cut up afterwards."""
    table = q.flatten(0, 1) @ d.flatten(0, 1).T
    table = table.masked_fill(~w.bool().flatten(), -torch.inf)
    best = table.unflatten(1, (len(d), -1)).amax(dim=2).unflatten(0, (len(q), -1))
    return best.masked_fill(~m.bool().unsqueeze(-1), 0).sum(dim=1)


def _by_minus_infinity_added(q: Tensor, m: Tensor, d: Tensor, w: Tensor) -> Tensor:
    """An alternative: a table of 0 and minus infinity is added, whatever the masks' kind."""
    shut = torch.zeros(w.shape, dtype=q.dtype).masked_fill(w == 0, -torch.inf)
    best = (torch.einsum("qid,njd->qnij", q, d) + shut[:, None]).amax(-1)
    return (best * m.to(best)[:, None]).sum(-1)


ALTERNATIVES = [_by_broadcasting, _one_table, _by_minus_infinity_added]
