"""Other right answers to `embedding_costs`."""

from __future__ import annotations

import numpy as np
import torch


def _text_by_text(tokens, limit, dollars_per_million, tokens_per_second, dollars_per_hour):
    if limit < 1:
        raise ValueError("limit")
    if not tokens_per_second > 0:
        raise ValueError("speed")
    api = own = 0.0
    for count in tokens:
        if count > limit:
            count = limit
        api += count * dollars_per_million / 1_000_000
        own += count / tokens_per_second * (dollars_per_hour / 3600)
    return api, own


def _in_numpy(tokens, limit, dollars_per_million, tokens_per_second, dollars_per_hour):
    if min(limit, 1) < 1 or tokens_per_second <= 0:
        raise ValueError("no such limit or speed")
    total = np.minimum(np.array(tokens, dtype=int), limit).sum()
    seconds = total / tokens_per_second
    return [total * 1e-6 * dollars_per_million, seconds / 60 / 60 * dollars_per_hour]


def _in_torch(tokens, limit, dollars_per_million, tokens_per_second, dollars_per_hour):
    """In float32, both costs as one tensor."""
    if limit <= 0 or tokens_per_second <= 0:
        raise ValueError("no such limit or speed")
    read = torch.tensor(tokens, dtype=torch.float32).clamp(max=limit).sum()
    of_a_token = dollars_per_million / 1e6, dollars_per_hour / 3600 / tokens_per_second
    return read * torch.tensor(of_a_token)


ALTERNATIVES = [_text_by_text, _in_numpy, _in_torch]
