"""Other right answers to `evaluate_search`."""

from __future__ import annotations

import numpy as np
import torch
from sklearn.metrics.pairwise import cosine_similarity
from torch import Tensor


def _by_sorting(queries: Tensor, passages: Tensor, relevant: list, k: int = 10) -> dict:
    """scikit-learn's cosines, and sets of rows."""
    order = np.argsort(-cosine_similarity(queries.numpy(), passages.numpy()), axis=1)[:, :k]
    recall, mrr = [], []
    for rows, right in zip(order.tolist(), relevant):
        recall.append(len(set(rows) & set(right)) / max(len(right), 1))
        mrr.append(max((1 / (1 + rows.index(row)) for row in right if row in rows), default=0))
    return {f"recall@{k}": np.mean(recall), f"mrr@{k}": np.mean(mrr)}


def _by_a_table(queries: Tensor, passages: Tensor, relevant: list, k: int = 10) -> dict:
    """A table of what is right, put into the order of the ranking; tensors as numbers."""
    right = torch.zeros(len(queries), len(passages), device=queries.device)
    for row, passage in enumerate(relevant):
        right[row, passage] = 1.0
    scores = torch.nn.functional.normalize(queries) @ torch.nn.functional.normalize(passages).T
    hits = right.gather(1, scores.argsort(dim=1, descending=True))[:, :k]
    ranks = torch.arange(1, hits.shape[1] + 1, device=queries.device)
    return {
        "mrr@" + str(k): (hits / ranks).amax(dim=1).mean(),
        "recall@" + str(k): (hits.sum(dim=1) / right.sum(dim=1).clamp(min=1)).mean(),
    }


def _by_loops(queries: Tensor, passages: Tensor, relevant: list, k: int = 10) -> dict:
    total = {f"recall@{k}": 0.0, f"mrr@{k}": 0.0}
    for query, right in zip(queries, relevant):
        scores = torch.cosine_similarity(query[None], passages).tolist()
        ranking = sorted(range(len(scores)), key=scores.__getitem__, reverse=True)
        found = False
        for place, row in enumerate(ranking):
            if place >= k or row not in right:
                continue
            total[f"recall@{k}"] += 1 / len(right) / len(queries)
            if not found:
                total[f"mrr@{k}"] += 1 / (place + 1) / len(queries)
            found = True
    return total


ALTERNATIVES = [_by_sorting, _by_a_table, _by_loops]
