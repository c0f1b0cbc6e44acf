"""Answers to `shortlist_rescore`, written from its card alone."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from lib import matryoshka, search


def right_topk_gather(
    queries: torch.Tensor, corpus: torch.Tensor, dim: int, size: int, k: int
) -> torch.Tensor:
    """topk of short scores, einsum over the gathered vectors, topk again."""
    size = min(size, len(corpus))
    k = min(k, size)
    short = F.normalize(queries[:, :dim], dim=1) @ F.normalize(corpus[:, :dim], dim=1).T
    candidates = short.topk(size, dim=1).indices
    scores = torch.einsum("qd,qmd->qm", queries, corpus[candidates])
    return candidates.gather(1, scores.topk(k, dim=1).indices)


def right_masked_full_table(
    queries: torch.Tensor, corpus: torch.Tensor, dim: int, size: int, k: int
) -> torch.Tensor:
    """All whole scores, -inf outside the shortlist; stable sorts, lowest row first."""
    size = min(size, corpus.shape[0])
    short = queries[:, :dim] @ F.normalize(corpus[:, :dim]).T  # a query's length changes no order
    listed = short.sort(dim=1, descending=True, stable=True).indices[:, :size]
    outside = torch.ones_like(short, dtype=torch.bool).scatter_(1, listed, False)
    whole = (queries @ corpus.T).masked_fill(outside, -torch.inf)
    return whole.sort(dim=1, descending=True, stable=True).indices[:, : min(k, size)]


def right_loops(
    queries: torch.Tensor, corpus: torch.Tensor, dim: int, size: int, k: int
) -> torch.Tensor:
    """Query after query with sorted, as in the lesson's cell."""
    units = F.normalize(corpus[:, :dim], dim=1)
    out = []
    for query in queries:
        short = (units @ F.normalize(query[:dim], dim=0)).tolist()
        shortlist = sorted(range(len(corpus)), key=lambda row: -short[row])[:size]
        whole = {row: float(query @ corpus[row]) for row in shortlist}
        out.append(sorted(shortlist, key=lambda row: -whole[row])[:k])
    return torch.tensor(out, dtype=torch.long).view(len(queries), min(k, size, len(corpus)))


def right_numpy(
    queries: torch.Tensor, corpus: torch.Tensor, dim: int, size: int, k: int
) -> torch.Tensor:
    """numpy argsort twice; rows without any length divided by 1."""
    q, c = queries.detach().cpu().numpy(), corpus.detach().cpu().numpy()
    length = np.linalg.norm(c[:, :dim], axis=1)
    length[length == 0] = 1
    short = q[:, :dim] @ (c[:, :dim] / length[:, None]).T
    listed = np.argsort(-short, axis=1, kind="stable")[:, :size]
    whole = np.take_along_axis(q @ c.T, listed, axis=1)
    order = np.argsort(-whole, axis=1, kind="stable")[:, :k]
    return torch.from_numpy(np.take_along_axis(listed, order, axis=1))


def right_library(
    queries: torch.Tensor, corpus: torch.Tensor, dim: int, size: int, k: int
) -> torch.Tensor:
    """lib's truncate, top_k and rescore put together."""
    short = [matryoshka.truncate(x, dim).contiguous() for x in (queries, corpus)]
    candidates = search.top_k(*short, size)[1]
    return matryoshka.rescore(queries, corpus, candidates, min(k, candidates.shape[1]))[1]


def right_bmm(
    queries: torch.Tensor, corpus: torch.Tensor, dim: int, size: int, k: int
) -> torch.Tensor:
    """argsort and a batched product."""
    short = F.cosine_similarity(queries[:, None, :dim], corpus[None, :, :dim], dim=2)
    listed = short.argsort(dim=1, descending=True)[:, :size]
    scores = torch.bmm(corpus[listed], queries.unsqueeze(2)).squeeze(2)
    best = scores.argsort(dim=1, descending=True)[:, :k]
    return torch.take_along_dim(listed, best, dim=1)


def wrong_not_renormalised(
    queries: torch.Tensor, corpus: torch.Tensor, dim: int, size: int, k: int
) -> torch.Tensor:
    """Cut vectors as they are: prefers passages that kept much of their length."""
    size = min(size, len(corpus))
    listed = (queries[:, :dim] @ corpus[:, :dim].T).topk(size, dim=1).indices
    scores = torch.einsum("qd,qmd->qm", queries, corpus[listed])
    return listed.gather(1, scores.topk(min(k, size), dim=1).indices)


def wrong_places_in_shortlist(
    queries: torch.Tensor, corpus: torch.Tensor, dim: int, size: int, k: int
) -> torch.Tensor:
    """Returns places in the shortlist, not rows of the corpus: 1 for row 1 only by luck."""
    size = min(size, len(corpus))
    short = F.normalize(queries[:, :dim], dim=1) @ F.normalize(corpus[:, :dim], dim=1).T
    listed = short.topk(size, dim=1).indices
    scores = torch.einsum("qd,qmd->qm", queries, corpus[listed])
    return scores.topk(min(k, size), dim=1).indices


def wrong_never_rescored(
    queries: torch.Tensor, corpus: torch.Tensor, dim: int, size: int, k: int
) -> torch.Tensor:
    """The first k of the shortlist, in its own order."""
    size = min(size, len(corpus))
    short = F.normalize(queries[:, :dim], dim=1) @ F.normalize(corpus[:, :dim], dim=1).T
    return short.topk(size, dim=1).indices[:, : min(k, size)]


def wrong_exact_search(
    queries: torch.Tensor, corpus: torch.Tensor, dim: int, size: int, k: int
) -> torch.Tensor:
    """Ignores the shortlist: right only where nothing is missed."""
    k = min(k, size, len(corpus))
    return (queries @ corpus.T).topk(k, dim=1).indices


def wrong_k_not_cut(
    queries: torch.Tensor, corpus: torch.Tensor, dim: int, size: int, k: int
) -> torch.Tensor:
    """Raises for a k longer than the shortlist."""
    size = min(size, len(corpus))
    short = F.normalize(queries[:, :dim], dim=1) @ F.normalize(corpus[:, :dim], dim=1).T
    listed = short.topk(size, dim=1).indices
    scores = torch.einsum("qd,qmd->qm", queries, corpus[listed])
    return listed.gather(1, scores.topk(k, dim=1).indices)


def wrong_size_not_cut(
    queries: torch.Tensor, corpus: torch.Tensor, dim: int, size: int, k: int
) -> torch.Tensor:
    """Raises for a shortlist of 50 among 10 passages."""
    short = F.normalize(queries[:, :dim], dim=1) @ F.normalize(corpus[:, :dim], dim=1).T
    listed = short.topk(size, dim=1).indices
    scores = torch.einsum("qd,qmd->qm", queries, corpus[listed])
    return listed.gather(1, scores.topk(min(k, size), dim=1).indices)


def wrong_size_raised_to_k(
    queries: torch.Tensor, corpus: torch.Tensor, dim: int, size: int, k: int
) -> torch.Tensor:
    """A shortlist shorter than k is made k long: more columns than min(k, size, n)."""
    size = min(max(size, k), len(corpus))
    short = F.normalize(queries[:, :dim], dim=1) @ F.normalize(corpus[:, :dim], dim=1).T
    listed = short.topk(size, dim=1).indices
    scores = torch.einsum("qd,qmd->qm", queries, corpus[listed])
    return listed.gather(1, scores.topk(min(k, size), dim=1).indices)


def wrong_one_shortlist(
    queries: torch.Tensor, corpus: torch.Tensor, dim: int, size: int, k: int
) -> torch.Tensor:
    """The first query's shortlist for all: right for one query."""
    size = min(size, len(corpus))
    short = F.normalize(queries[:, :dim], dim=1) @ F.normalize(corpus[:, :dim], dim=1).T
    listed = short[0].topk(size).indices
    return listed[(queries @ corpus[listed].T).topk(min(k, size), dim=1).indices]


def wrong_worst_first(
    queries: torch.Tensor, corpus: torch.Tensor, dim: int, size: int, k: int
) -> torch.Tensor:
    """argsort without descending in the second step: worst first."""
    size = min(size, len(corpus))
    short = F.normalize(queries[:, :dim], dim=1) @ F.normalize(corpus[:, :dim], dim=1).T
    listed = short.topk(size, dim=1).indices
    scores = torch.einsum("qd,qmd->qm", queries, corpus[listed])
    return listed.gather(1, scores.argsort(dim=1)[:, : min(k, size)])


def wrong_nan_for_zero_prefix(
    queries: torch.Tensor, corpus: torch.Tensor, dim: int, size: int, k: int
) -> torch.Tensor:
    """0/0 for a passage [0, 0, 1] with dim 2: NaN goes before all others in topk."""
    size = min(size, len(corpus))
    a, b = queries[:, :dim], corpus[:, :dim]
    short = (a / a.norm(dim=1, keepdim=True)) @ (b / b.norm(dim=1, keepdim=True)).T
    listed = short.topk(size, dim=1).indices
    scores = torch.einsum("qd,qmd->qm", queries, corpus[listed])
    return listed.gather(1, scores.topk(min(k, size), dim=1).indices)


def wrong_in_place(
    queries: torch.Tensor, corpus: torch.Tensor, dim: int, size: int, k: int
) -> torch.Tensor:
    """Renormalises the prefix in the corpus itself: changes it, and the whole scores with it."""
    size = min(size, len(corpus))
    short = corpus[:, :dim]
    short /= short.norm(dim=1, keepdim=True).clamp(min=1e-12)
    listed = (queries[:, :dim] @ short.T).topk(size, dim=1).indices
    scores = torch.einsum("qd,qmd->qm", queries, corpus[listed])
    return listed.gather(1, scores.topk(min(k, size), dim=1).indices)


def wrong_rescored_by_the_rest(
    queries: torch.Tensor, corpus: torch.Tensor, dim: int, size: int, k: int
) -> torch.Tensor:
    """Rescores with the numbers behind dim only, not with the whole vectors."""
    size = min(size, len(corpus))
    short = F.normalize(queries[:, :dim], dim=1) @ F.normalize(corpus[:, :dim], dim=1).T
    listed = short.topk(size, dim=1).indices
    scores = torch.einsum("qd,qmd->qm", queries[:, dim:], corpus[listed][:, :, dim:])
    return listed.gather(1, scores.topk(min(k, size), dim=1).indices)


def wrong_scores_returned(
    queries: torch.Tensor, corpus: torch.Tensor, dim: int, size: int, k: int
) -> torch.Tensor:
    """Returns topk's pair, scores first."""
    size = min(size, len(corpus))
    short = F.normalize(queries[:, :dim], dim=1) @ F.normalize(corpus[:, :dim], dim=1).T
    listed = short.topk(size, dim=1).indices
    scores = torch.einsum("qd,qmd->qm", queries, corpus[listed])
    best, at = scores.topk(min(k, size), dim=1)
    return best, listed.gather(1, at)


RIGHT = [
    right_topk_gather,
    right_masked_full_table,
    right_loops,
    right_numpy,
    right_library,
    right_bmm,
]
WRONG = [
    wrong_not_renormalised,
    wrong_places_in_shortlist,
    wrong_never_rescored,
    wrong_exact_search,
    wrong_k_not_cut,
    wrong_size_not_cut,
    wrong_size_raised_to_k,
    wrong_one_shortlist,
    wrong_worst_first,
    wrong_nan_for_zero_prefix,
    wrong_in_place,
    wrong_rescored_by_the_rest,
    wrong_scores_returned,
]
