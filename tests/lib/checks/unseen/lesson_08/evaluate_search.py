"""Answers to `evaluate_search`, written from its card alone."""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F


def right_topk(
    queries: torch.Tensor, passages: torch.Tensor, relevant: list[list[int]], k: int = 10
) -> dict[str, float]:
    """topk of a matrix of cosines, then sets."""
    cosines = F.normalize(queries, dim=1) @ F.normalize(passages, dim=1).T
    top = cosines.topk(min(k, len(passages)), dim=1).indices.tolist()
    recall = mrr = 0.0
    for found, wanted in zip(top, relevant, strict=True):
        if not wanted:
            continue
        recall += len(set(found) & set(wanted)) / len(wanted)
        for rank, row in enumerate(found, start=1):
            if row in wanted:
                mrr += 1 / rank
                break
    return {f"recall@{k}": recall / len(relevant), f"mrr@{k}": mrr / len(relevant)}


def right_loops(
    queries: torch.Tensor, passages: torch.Tensor, relevant: list[list[int]], k: int = 10
) -> dict[str, float]:
    """Python floats only."""

    def cosine(a: list[float], b: list[float]) -> float:
        dot = sum(x * y for x, y in zip(a, b, strict=True))
        return dot / math.sqrt(sum(x * x for x in a)) / math.sqrt(sum(y * y for y in b))

    rows = passages.tolist()
    recalls, reciprocals = [], []
    for query, wanted in zip(queries.tolist(), relevant, strict=True):
        order = sorted(range(len(rows)), key=lambda i: cosine(query, rows[i]), reverse=True)[:k]
        hits = [rank for rank, row in enumerate(order, 1) if row in wanted]
        recalls.append(len(hits) / len(wanted) if wanted else 0.0)
        reciprocals.append(1 / hits[0] if hits else 0.0)
    return {
        f"recall@{k}": sum(recalls) / len(recalls),
        f"mrr@{k}": sum(reciprocals) / len(reciprocals),
    }


def right_mask(
    queries: torch.Tensor, passages: torch.Tensor, relevant: list[list[int]], k: int = 10
) -> dict[str, float]:
    """A mask of right passages, gathered in the order of the search."""
    mask = torch.zeros(len(queries), len(passages))
    for i, rows in enumerate(relevant):
        mask[i, rows] = 1
    cosines = F.cosine_similarity(queries[:, None], passages[None], dim=-1)
    hits = mask.gather(1, cosines.argsort(dim=1, descending=True))[:, :k]
    recall = hits.sum(1) / mask.sum(1).clamp(min=1)
    ranks = torch.arange(1, hits.shape[1] + 1)
    mrr = (hits / ranks).max(1).values
    return {f"recall@{k}": recall.mean().item(), f"mrr@{k}": mrr.mean().item()}


def right_ranks(
    queries: torch.Tensor, passages: torch.Tensor, relevant: list[list[int]], k: int = 10
) -> dict[str, float]:
    """numpy: counts the passages that are nearer than a right one."""
    a = queries.double().numpy()
    b = passages.double().numpy()
    cosines = (a @ b.T) / np.outer(np.linalg.norm(a, axis=1), np.linalg.norm(b, axis=1))
    recall, mrr = np.zeros(len(a)), np.zeros(len(a))
    for i, rows in enumerate(relevant):
        ranks = [1 + int((cosines[i] > cosines[i, row]).sum()) for row in rows]
        inside = [rank for rank in ranks if rank <= k]
        if inside:
            recall[i] = len(inside) / len(rows)
            mrr[i] = 1 / min(inside)
    return {f"recall@{k}": float(recall.mean()), f"mrr@{k}": float(mrr.mean())}


def right_library(
    queries: torch.Tensor, passages: torch.Tensor, relevant: list[list[int]], k: int = 10
) -> dict[str, float]:
    """util.semantic_search of sentence-transformers."""
    from sentence_transformers.util import semantic_search

    hits = semantic_search(queries, passages, top_k=k)
    recall, mrr = [], []
    for found, rows in zip(hits, relevant, strict=True):
        right = [hit["corpus_id"] in rows for hit in found]
        recall.append(sum(right) / max(len(rows), 1))
        mrr.append(1 / (right.index(True) + 1) if True in right else 0)
    return {"recall@" + str(k): float(np.mean(recall)), "mrr@" + str(k): float(np.mean(mrr))}


def _measure(cosines: torch.Tensor, relevant: list[list[int]], k: int) -> dict[str, float]:
    """Right but for the similarities that are handed over."""
    order = cosines.argsort(dim=1, descending=True)[:, :k].tolist()
    recall = mrr = 0.0
    for found, rows in zip(order, relevant, strict=True):
        ranks = [rank for rank, row in enumerate(found, 1) if row in rows]
        if ranks:
            recall += len(ranks) / len(rows)
            mrr += 1 / ranks[0]
    return {f"recall@{k}": recall / len(relevant), f"mrr@{k}": mrr / len(relevant)}


def _cosines(queries: torch.Tensor, passages: torch.Tensor) -> torch.Tensor:
    return F.normalize(queries, dim=1) @ F.normalize(passages, dim=1).T


def wrong_dot(
    queries: torch.Tensor, passages: torch.Tensor, relevant: list[list[int]], k: int = 10
) -> dict[str, float]:
    """Dot products: a long passage wins."""
    return _measure(queries @ passages.T, relevant, k)


def wrong_euclid(
    queries: torch.Tensor, passages: torch.Tensor, relevant: list[list[int]], k: int = 10
) -> dict[str, float]:
    """Euclidean distance of vectors as they are."""
    return _measure(-torch.cdist(queries, passages), relevant, k)


def wrong_farthest(
    queries: torch.Tensor, passages: torch.Tensor, relevant: list[list[int]], k: int = 10
) -> dict[str, float]:
    """Ascending: the farthest passages first."""
    return _measure(-_cosines(queries, passages), relevant, k)


def wrong_normalised_columns(
    queries: torch.Tensor, passages: torch.Tensor, relevant: list[list[int]], k: int = 10
) -> dict[str, float]:
    """Unit length along the wrong axis."""
    return _measure(F.normalize(queries, dim=0) @ F.normalize(passages, dim=0).T, relevant, k)


def wrong_hit_rate(
    queries: torch.Tensor, passages: torch.Tensor, relevant: list[list[int]], k: int = 10
) -> dict[str, float]:
    """Whether any right passage was found: 1 of 2 counts 1."""
    order = _cosines(queries, passages).argsort(dim=1, descending=True)[:, :k].tolist()
    hits = [float(bool(set(o) & set(r))) for o, r in zip(order, relevant, strict=True)]
    result = right_topk(queries, passages, relevant, k)
    return {**result, f"recall@{k}": sum(hits) / len(hits)}


def wrong_precision(
    queries: torch.Tensor, passages: torch.Tensor, relevant: list[list[int]], k: int = 10
) -> dict[str, float]:
    """Divides by k."""
    order = _cosines(queries, passages).argsort(dim=1, descending=True)[:, :k].tolist()
    hits = [len(set(o) & set(r)) / k for o, r in zip(order, relevant, strict=True)]
    result = right_topk(queries, passages, relevant, k)
    return {**result, f"recall@{k}": sum(hits) / len(hits)}


def wrong_capped_recall(
    queries: torch.Tensor, passages: torch.Tensor, relevant: list[list[int]], k: int = 10
) -> dict[str, float]:
    """Divides by min(k, right ones): 2 right, k = 1."""
    order = _cosines(queries, passages).argsort(dim=1, descending=True)[:, :k].tolist()
    hits = [
        len(set(o) & set(r)) / max(1, min(k, len(r))) for o, r in zip(order, relevant, strict=True)
    ]
    result = right_topk(queries, passages, relevant, k)
    return {**result, f"recall@{k}": sum(hits) / len(hits)}


def wrong_mrr_beyond_k(
    queries: torch.Tensor, passages: torch.Tensor, relevant: list[list[int]], k: int = 10
) -> dict[str, float]:
    """MRR of the whole ranking: the example gives 0.75."""
    result = _measure(_cosines(queries, passages), relevant, k)
    full = _measure(_cosines(queries, passages), relevant, len(passages))
    return {**result, f"mrr@{k}": full[f"mrr@{len(passages)}"]}


def wrong_all_reciprocals(
    queries: torch.Tensor, passages: torch.Tensor, relevant: list[list[int]], k: int = 10
) -> dict[str, float]:
    """Sums 1 / rank over all right passages, not the first alone."""
    order = _cosines(queries, passages).argsort(dim=1, descending=True)[:, :k].tolist()
    mrr = 0.0
    for found, rows in zip(order, relevant, strict=True):
        mrr += sum(1 / rank for rank, row in enumerate(found, 1) if row in rows)
    return {**right_topk(queries, passages, relevant, k), f"mrr@{k}": mrr / len(relevant)}


def wrong_first_listed(
    queries: torch.Tensor, passages: torch.Tensor, relevant: list[list[int]], k: int = 10
) -> dict[str, float]:
    """The rank of relevant[0], which need not be the first found."""
    order = _cosines(queries, passages).argsort(dim=1, descending=True)[:, :k].tolist()
    mrr = 0.0
    for found, rows in zip(order, relevant, strict=True):
        if rows and rows[0] in found:
            mrr += 1 / (found.index(rows[0]) + 1)
    return {**right_topk(queries, passages, relevant, k), f"mrr@{k}": mrr / len(relevant)}


def wrong_rank_from_zero(
    queries: torch.Tensor, passages: torch.Tensor, relevant: list[list[int]], k: int = 10
) -> dict[str, float]:
    """1 / (rank + 1), with ranks that begin at 1."""
    order = _cosines(queries, passages).argsort(dim=1, descending=True)[:, :k].tolist()
    mrr = 0.0
    for found, rows in zip(order, relevant, strict=True):
        mrr += max((1 / (rank + 1) for rank, row in enumerate(found, 1) if row in rows), default=0)
    return {**right_topk(queries, passages, relevant, k), f"mrr@{k}": mrr / len(relevant)}


def wrong_skips_empty(
    queries: torch.Tensor, passages: torch.Tensor, relevant: list[list[int]], k: int = 10
) -> dict[str, float]:
    """Means over the queries with a right passage only."""
    keep = [i for i, rows in enumerate(relevant) if rows]
    return right_topk(queries[keep], passages, [relevant[i] for i in keep], k)


def wrong_divides_by_zero(
    queries: torch.Tensor, passages: torch.Tensor, relevant: list[list[int]], k: int = 10
) -> dict[str, float]:
    """len(rows) of a query without a right passage: ZeroDivisionError."""
    order = _cosines(queries, passages).argsort(dim=1, descending=True)[:, :k].tolist()
    hits = [len(set(o) & set(r)) / len(r) for o, r in zip(order, relevant, strict=True)]
    return {**right_topk(queries, passages, relevant, k), f"recall@{k}": sum(hits) / len(hits)}


def wrong_topk_too_large(
    queries: torch.Tensor, passages: torch.Tensor, relevant: list[list[int]], k: int = 10
) -> dict[str, float]:
    """topk(k) raises with fewer passages than k."""
    _cosines(queries, passages).topk(k, dim=1)
    return right_topk(queries, passages, relevant, k)


def wrong_fixed_names(
    queries: torch.Tensor, passages: torch.Tensor, relevant: list[list[int]], k: int = 10
) -> dict[str, float]:
    """The names say 10 whatever k is."""
    recall, mrr = right_topk(queries, passages, relevant, k).values()
    return {"recall@10": recall, "mrr@10": mrr}


def wrong_micro_recall(
    queries: torch.Tensor, passages: torch.Tensor, relevant: list[list[int]], k: int = 10
) -> dict[str, float]:
    """All hits over all right passages, not the mean of the queries."""
    order = _cosines(queries, passages).argsort(dim=1, descending=True)[:, :k].tolist()
    hits = sum(len(set(o) & set(r)) for o, r in zip(order, relevant, strict=True))
    total = sum(len(rows) for rows in relevant)
    return {**right_topk(queries, passages, relevant, k), f"recall@{k}": hits / max(total, 1)}


def wrong_names_swapped(
    queries: torch.Tensor, passages: torch.Tensor, relevant: list[list[int]], k: int = 10
) -> dict[str, float]:
    """The two values change places."""
    recall, mrr = right_topk(queries, passages, relevant, k).values()
    return {f"recall@{k}": mrr, f"mrr@{k}": recall}


def wrong_one_more(
    queries: torch.Tensor, passages: torch.Tensor, relevant: list[list[int]], k: int = 10
) -> dict[str, float]:
    """Looks at the first k + 1."""
    recall, mrr = right_topk(queries, passages, relevant, k + 1).values()
    return {f"recall@{k}": recall, f"mrr@{k}": mrr}


RIGHT = [right_topk, right_loops, right_mask, right_ranks, right_library]
WRONG = [
    wrong_dot,
    wrong_euclid,
    wrong_farthest,
    wrong_normalised_columns,
    wrong_hit_rate,
    wrong_precision,
    wrong_capped_recall,
    wrong_mrr_beyond_k,
    wrong_all_reciprocals,
    wrong_first_listed,
    wrong_rank_from_zero,
    wrong_skips_empty,
    wrong_divides_by_zero,
    wrong_topk_too_large,
    wrong_fixed_names,
    wrong_micro_recall,
    wrong_names_swapped,
    wrong_one_more,
]
