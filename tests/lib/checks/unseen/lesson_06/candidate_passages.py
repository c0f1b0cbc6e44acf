"""Answers to `candidate_passages`, written from its card alone."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F


def right_loop_over_candidates(
    query: torch.Tensor,
    centroids: torch.Tensor,
    centroid_ids: torch.Tensor,
    passage_of: torch.Tensor,
    probes: int,
    size: int,
) -> torch.Tensor:
    """A score for each candidate in a loop; sort by it."""
    similarity = query @ centroids.T
    probed = similarity.topk(min(probes, similarity.shape[1]), dim=1).indices.unique()
    candidates = torch.unique(passage_of[torch.isin(centroid_ids, probed)])
    scores = similarity.new_empty(len(candidates))
    for place, candidate in enumerate(candidates):
        columns = centroid_ids[passage_of == candidate]
        scores[place] = similarity[:, columns].amax(dim=1).sum()
    return candidates[scores.argsort(descending=True)[:size]]


def right_python(
    query: torch.Tensor,
    centroids: torch.Tensor,
    centroid_ids: torch.Tensor,
    passage_of: torch.Tensor,
    probes: int,
    size: int,
) -> torch.Tensor:
    """Sets and a dictionary; sorted by a key."""
    table = (query @ centroids.T).tolist()
    probed = set()
    for row in table:
        probed.update(sorted(range(len(row)), key=lambda c: -row[c])[:probes])
    held = {}
    for centroid, passage in zip(centroid_ids.tolist(), passage_of.tolist()):
        held.setdefault(passage, set()).add(centroid)
    score = {
        passage: sum(max(row[c] for c in mine) for row in table)
        for passage, mine in held.items()
        if mine & probed
    }
    ranking = sorted(score, key=score.get, reverse=True)
    return torch.tensor(ranking[:size], dtype=torch.long, device=query.device)


def right_membership_table(
    query: torch.Tensor,
    centroids: torch.Tensor,
    centroid_ids: torch.Tensor,
    passage_of: torch.Tensor,
    probes: int,
    size: int,
) -> torch.Tensor:
    """A table of truth values, passages by centroids."""
    similarity = query @ centroids.T
    names, rows = passage_of.unique(return_inverse=True)
    holds = torch.zeros(len(names), len(centroids), dtype=torch.bool, device=query.device)
    holds[rows, centroid_ids] = True
    order = similarity.argsort(dim=1, descending=True)
    found = holds[:, order[:, :probes].flatten()].any(dim=1)
    best = torch.where(holds[None], similarity[:, None, :], -torch.inf).amax(dim=2)
    scores = best.sum(dim=0)
    ranking = scores.masked_fill(~found, -torch.inf).argsort(descending=True)
    return names[ranking[: min(size, int(found.sum()))]]


def right_numpy(
    query: torch.Tensor,
    centroids: torch.Tensor,
    centroid_ids: torch.Tensor,
    passage_of: torch.Tensor,
    probes: int,
    size: int,
) -> torch.Tensor:
    """numpy: argsort, isin, maximum.at."""
    table = query.detach().numpy() @ centroids.detach().numpy().T
    ids, owner = centroid_ids.numpy(), passage_of.numpy()
    probed = np.argsort(-table, axis=1)[:, :probes]
    candidates = np.unique(owner[np.isin(ids, probed)])
    kept = np.isin(owner, candidates)
    rows = np.searchsorted(candidates, owner[kept])
    best = np.full((len(candidates), len(table)), -np.inf, dtype=table.dtype)
    np.maximum.at(best, rows, table.T[ids[kept]])
    ranking = np.argsort(-best.sum(axis=1), kind="stable")[:size]
    return torch.from_numpy(candidates[ranking])


def right_scatter_on_candidates(
    query: torch.Tensor,
    centroids: torch.Tensor,
    centroid_ids: torch.Tensor,
    passage_of: torch.Tensor,
    probes: int,
    size: int,
) -> torch.Tensor:
    """Only the tokens of candidates, reduced by amax with the candidates' places."""
    similarity = torch.einsum("qd,cd->qc", query, centroids)
    chosen = torch.zeros(len(centroids), dtype=torch.bool, device=query.device)
    chosen[similarity.topk(min(probes, len(centroids))).indices.reshape(-1)] = True
    candidates = passage_of[chosen[centroid_ids]].unique()
    kept = torch.isin(passage_of, candidates)
    places = torch.searchsorted(candidates, passage_of[kept].contiguous())
    tokens = similarity.T[centroid_ids[kept]]  # (kept tokens, query_tokens)
    best = tokens.new_zeros(len(candidates), len(query))
    best = best.scatter_reduce(
        0, places[:, None].expand_as(tokens), tokens, "amax", include_self=False
    )
    scores = best.sum(dim=1)
    return candidates[scores.topk(min(size, len(scores))).indices]


def right_decoded_by_max_sim(
    query: torch.Tensor,
    centroids: torch.Tensor,
    centroid_ids: torch.Tensor,
    passage_of: torch.Tensor,
    probes: int,
    size: int,
) -> torch.Tensor:
    """Centroids in place of the tokens' vectors, and MaxSim of a passage as a helper."""
    probes = min(probes, centroids.size(0))
    probed = torch.topk(query @ centroids.T, probes, dim=1).indices.flatten().tolist()
    vectors = centroids[centroid_ids]

    def score(passage: int) -> float:
        return (query @ vectors[passage_of == passage].T).max(dim=1).values.sum().item()

    candidates = {p for c, p in zip(centroid_ids.tolist(), passage_of.tolist()) if c in probed}
    best = sorted(candidates, key=score, reverse=True)
    return torch.tensor(best[:size], dtype=passage_of.dtype, device=passage_of.device)


def right_threshold(
    query: torch.Tensor,
    centroids: torch.Tensor,
    centroid_ids: torch.Tensor,
    passage_of: torch.Tensor,
    probes: int,
    size: int,
) -> torch.Tensor:
    """Ranks of centroids for each query token; those of rank below probes are probed."""
    similarity = query @ centroids.T
    ranks = similarity.argsort(dim=1, descending=True).argsort(dim=1)
    probed = (ranks < probes).any(dim=0)  # (c,)
    passages = int(passage_of.max()) + 1
    per_token = similarity[:, centroid_ids]
    best = torch.full((len(query), passages), -torch.inf, dtype=query.dtype, device=query.device)
    best.index_reduce_(1, passage_of.long(), per_token, "amax")
    hits = torch.zeros(passages, dtype=torch.long, device=query.device)
    hits.index_add_(0, passage_of.long(), probed[centroid_ids].long())
    candidates = hits.nonzero().squeeze(1)
    order = best.sum(dim=0)[candidates].sort(descending=True).indices
    return candidates[order][:size]


def wrong_probed_tokens_only(
    query: torch.Tensor,
    centroids: torch.Tensor,
    centroid_ids: torch.Tensor,
    passage_of: torch.Tensor,
    probes: int,
    size: int,
) -> torch.Tensor:
    """Scores a candidate by its tokens in probed centroids only: another order with few probes."""
    similarity = query @ centroids.T
    probed = similarity.topk(min(probes, len(centroids)), dim=1).indices
    # a token in an unprobed centroid counts 0, as in the real engine's first stage
    own = torch.zeros_like(similarity).scatter(1, probed, similarity.gather(1, probed))
    candidates = passage_of[torch.isin(centroid_ids, probed)].unique()
    scores = [own[:, centroid_ids[passage_of == p]].amax(dim=1).sum() for p in candidates]
    order = torch.tensor(scores).argsort(descending=True)
    return candidates[order[:size]]


def wrong_places(
    query: torch.Tensor,
    centroids: torch.Tensor,
    centroid_ids: torch.Tensor,
    passage_of: torch.Tensor,
    probes: int,
    size: int,
) -> torch.Tensor:
    """Places among the candidates, not passages: [0] in the example."""
    similarity = query @ centroids.T
    probed = similarity.topk(min(probes, len(centroids)), dim=1).indices
    candidates = passage_of[torch.isin(centroid_ids, probed)].unique()
    best = [similarity[:, centroid_ids[passage_of == p]].amax(dim=1).sum() for p in candidates]
    return torch.tensor(best).topk(min(size, len(candidates))).indices


def wrong_probes_of_the_sum(
    query: torch.Tensor,
    centroids: torch.Tensor,
    centroid_ids: torch.Tensor,
    passage_of: torch.Tensor,
    probes: int,
    size: int,
) -> torch.Tensor:
    """The centroids that are best for the whole query: right for one query token."""
    similarity = query @ centroids.T
    probed = similarity.sum(dim=0).topk(min(probes, len(centroids))).indices
    candidates = passage_of[torch.isin(centroid_ids, probed)].unique()
    scores = similarity.new_zeros(len(candidates))
    for i, p in enumerate(candidates):
        scores[i] = similarity[:, centroid_ids[passage_of == p]].amax(dim=1).sum()
    return candidates[scores.argsort(descending=True)[:size]]


def wrong_probes_of_all(
    query: torch.Tensor,
    centroids: torch.Tensor,
    centroid_ids: torch.Tensor,
    passage_of: torch.Tensor,
    probes: int,
    size: int,
) -> torch.Tensor:
    """The largest of the whole table: all probes may be one query token's."""
    similarity = query @ centroids.T
    flat = similarity.flatten().topk(min(probes, similarity.numel())).indices
    probed = flat % len(centroids)
    candidates = passage_of[torch.isin(centroid_ids, probed)].unique()
    scores = similarity.new_zeros(len(candidates))
    for i, p in enumerate(candidates):
        scores[i] = similarity[:, centroid_ids[passage_of == p]].amax(dim=1).sum()
    return candidates[scores.argsort(descending=True)[:size]]


def wrong_first_query_token(
    query: torch.Tensor,
    centroids: torch.Tensor,
    centroid_ids: torch.Tensor,
    passage_of: torch.Tensor,
    probes: int,
    size: int,
) -> torch.Tensor:
    """Only the first query token probes."""
    similarity = query @ centroids.T
    probed = similarity[0].topk(min(probes, len(centroids))).indices
    candidates = passage_of[torch.isin(centroid_ids, probed)].unique()
    scores = similarity.new_zeros(len(candidates))
    for i, p in enumerate(candidates):
        scores[i] = similarity[:, centroid_ids[passage_of == p]].amax(dim=1).sum()
    return candidates[scores.argsort(descending=True)[:size]]


def wrong_no_probing(
    query: torch.Tensor,
    centroids: torch.Tensor,
    centroid_ids: torch.Tensor,
    passage_of: torch.Tensor,
    probes: int,
    size: int,
) -> torch.Tensor:
    """Ranks all passages: more of them than are candidates."""
    similarity = query @ centroids.T
    candidates = passage_of.unique()
    scores = similarity.new_zeros(len(candidates))
    for i, p in enumerate(candidates):
        scores[i] = similarity[:, centroid_ids[passage_of == p]].amax(dim=1).sum()
    return candidates[scores.argsort(descending=True)[:size]]


def wrong_probes_not_cut(
    query: torch.Tensor,
    centroids: torch.Tensor,
    centroid_ids: torch.Tensor,
    passage_of: torch.Tensor,
    probes: int,
    size: int,
) -> torch.Tensor:
    """topk raises for more probes than centroids."""
    similarity = query @ centroids.T
    probed = similarity.topk(probes, dim=1).indices
    candidates = passage_of[torch.isin(centroid_ids, probed)].unique()
    scores = similarity.new_zeros(len(candidates))
    for i, p in enumerate(candidates):
        scores[i] = similarity[:, centroid_ids[passage_of == p]].amax(dim=1).sum()
    return candidates[scores.topk(min(size, len(candidates))).indices]


def wrong_size_not_cut(
    query: torch.Tensor,
    centroids: torch.Tensor,
    centroid_ids: torch.Tensor,
    passage_of: torch.Tensor,
    probes: int,
    size: int,
) -> torch.Tensor:
    """topk raises for a size above the number of candidates."""
    similarity = query @ centroids.T
    probed = similarity.topk(min(probes, len(centroids)), dim=1).indices
    candidates = passage_of[torch.isin(centroid_ids, probed)].unique()
    scores = similarity.new_zeros(len(candidates))
    for i, p in enumerate(candidates):
        scores[i] = similarity[:, centroid_ids[passage_of == p]].amax(dim=1).sum()
    return candidates[scores.topk(size).indices]


def wrong_all_returned(
    query: torch.Tensor,
    centroids: torch.Tensor,
    centroid_ids: torch.Tensor,
    passage_of: torch.Tensor,
    probes: int,
    size: int,
) -> torch.Tensor:
    """The ranking is not cut at size."""
    similarity = query @ centroids.T
    probed = similarity.topk(min(probes, len(centroids)), dim=1).indices
    candidates = passage_of[torch.isin(centroid_ids, probed)].unique()
    scores = similarity.new_zeros(len(candidates))
    for i, p in enumerate(candidates):
        scores[i] = similarity[:, centroid_ids[passage_of == p]].amax(dim=1).sum()
    return candidates[scores.argsort(descending=True)]


def wrong_worst_first(
    query: torch.Tensor,
    centroids: torch.Tensor,
    centroid_ids: torch.Tensor,
    passage_of: torch.Tensor,
    probes: int,
    size: int,
) -> torch.Tensor:
    """argsort without descending."""
    similarity = query @ centroids.T
    probed = similarity.topk(min(probes, len(centroids)), dim=1).indices
    candidates = passage_of[torch.isin(centroid_ids, probed)].unique()
    scores = similarity.new_zeros(len(candidates))
    for i, p in enumerate(candidates):
        scores[i] = similarity[:, centroid_ids[passage_of == p]].amax(dim=1).sum()
    return candidates[scores.argsort()[:size]]


def wrong_unordered(
    query: torch.Tensor,
    centroids: torch.Tensor,
    centroid_ids: torch.Tensor,
    passage_of: torch.Tensor,
    probes: int,
    size: int,
) -> torch.Tensor:
    """The candidates as unique sorts them, cut at size: no score at all."""
    probed = (query @ centroids.T).topk(min(probes, len(centroids)), dim=1).indices
    return passage_of[torch.isin(centroid_ids, probed)].unique()[:size]


def wrong_twice(
    query: torch.Tensor,
    centroids: torch.Tensor,
    centroid_ids: torch.Tensor,
    passage_of: torch.Tensor,
    probes: int,
    size: int,
) -> torch.Tensor:
    """No unique: a passage comes once for each token in a probed centroid."""
    similarity = query @ centroids.T
    probed = similarity.topk(min(probes, len(centroids)), dim=1).indices
    candidates = passage_of[torch.isin(centroid_ids, probed)]
    scores = similarity.new_zeros(len(candidates))
    for i, p in enumerate(candidates):
        scores[i] = similarity[:, centroid_ids[passage_of == p]].amax(dim=1).sum()
    return candidates[scores.argsort(descending=True)[:size]]


def wrong_unique_consecutive(
    query: torch.Tensor,
    centroids: torch.Tensor,
    centroid_ids: torch.Tensor,
    passage_of: torch.Tensor,
    probes: int,
    size: int,
) -> torch.Tensor:
    """unique_consecutive: twice where a passage's tokens do not stand together."""
    similarity = query @ centroids.T
    probed = similarity.topk(min(probes, len(centroids)), dim=1).indices
    candidates = passage_of[torch.isin(centroid_ids, probed)].unique_consecutive()
    scores = similarity.new_zeros(len(candidates))
    for i, p in enumerate(candidates):
        scores[i] = similarity[:, centroid_ids[passage_of == p]].amax(dim=1).sum()
    return candidates[scores.argsort(descending=True)[:size]]


def wrong_all_tokens_summed(
    query: torch.Tensor,
    centroids: torch.Tensor,
    centroid_ids: torch.Tensor,
    passage_of: torch.Tensor,
    probes: int,
    size: int,
) -> torch.Tensor:
    """The sum over a passage's tokens for their maximum: long passages win."""
    similarity = query @ centroids.T
    probed = similarity.topk(min(probes, len(centroids)), dim=1).indices
    candidates = passage_of[torch.isin(centroid_ids, probed)].unique()
    scores = similarity.new_zeros(len(candidates))
    for i, p in enumerate(candidates):
        scores[i] = similarity[:, centroid_ids[passage_of == p]].sum()
    return candidates[scores.argsort(descending=True)[:size]]


def wrong_largest_only(
    query: torch.Tensor,
    centroids: torch.Tensor,
    centroid_ids: torch.Tensor,
    passage_of: torch.Tensor,
    probes: int,
    size: int,
) -> torch.Tensor:
    """The best of all query tokens, not their sum: right for one query token."""
    similarity = query @ centroids.T
    probed = similarity.topk(min(probes, len(centroids)), dim=1).indices
    candidates = passage_of[torch.isin(centroid_ids, probed)].unique()
    scores = similarity.new_zeros(len(candidates))
    for i, p in enumerate(candidates):
        scores[i] = similarity[:, centroid_ids[passage_of == p]].max()
    return candidates[scores.argsort(descending=True)[:size]]


def wrong_starts_at_zero(
    query: torch.Tensor,
    centroids: torch.Tensor,
    centroid_ids: torch.Tensor,
    passage_of: torch.Tensor,
    probes: int,
    size: int,
) -> torch.Tensor:
    """amax over zeros: negative dot products become 0, so passages that differ seem equal."""
    similarity = query @ centroids.T
    probed = similarity.topk(min(probes, len(centroids)), dim=1).indices
    candidates = passage_of[torch.isin(centroid_ids, probed)].unique()
    best = similarity.new_zeros(len(query), int(passage_of.max()) + 1)
    places = passage_of.expand(len(query), -1)
    best = best.scatter_reduce(1, places, similarity[:, centroid_ids], "amax")
    scores = best.sum(dim=0)[candidates]
    return candidates[scores.topk(min(size, len(candidates))).indices]


def wrong_cosine(
    query: torch.Tensor,
    centroids: torch.Tensor,
    centroid_ids: torch.Tensor,
    passage_of: torch.Tensor,
    probes: int,
    size: int,
) -> torch.Tensor:
    """Normalises the centroids: [0.9, 0.1] and others in the example have another length than 1."""
    similarity = query @ F.normalize(centroids, dim=1).T
    probed = similarity.topk(min(probes, len(centroids)), dim=1).indices
    candidates = passage_of[torch.isin(centroid_ids, probed)].unique()
    scores = similarity.new_zeros(len(candidates))
    for i, p in enumerate(candidates):
        scores[i] = similarity[:, centroid_ids[passage_of == p]].amax(dim=1).sum()
    return candidates[scores.argsort(descending=True)[:size]]


def wrong_centroids_for_tokens(
    query: torch.Tensor,
    centroids: torch.Tensor,
    centroid_ids: torch.Tensor,
    passage_of: torch.Tensor,
    probes: int,
    size: int,
) -> torch.Tensor:
    """Takes the probed centroids' numbers for token numbers."""
    similarity = query @ centroids.T
    probed = similarity.topk(min(probes, len(centroids)), dim=1).indices.unique()
    candidates = passage_of[probed[probed < len(passage_of)]].unique()
    scores = similarity.new_zeros(len(candidates))
    for i, p in enumerate(candidates):
        scores[i] = similarity[:, centroid_ids[passage_of == p]].amax(dim=1).sum()
    return candidates[scores.argsort(descending=True)[:size]]


def wrong_padded(
    query: torch.Tensor,
    centroids: torch.Tensor,
    centroid_ids: torch.Tensor,
    passage_of: torch.Tensor,
    probes: int,
    size: int,
) -> torch.Tensor:
    """Filled up to size with -1 where there are fewer candidates."""
    similarity = query @ centroids.T
    probed = similarity.topk(min(probes, len(centroids)), dim=1).indices
    candidates = passage_of[torch.isin(centroid_ids, probed)].unique()
    scores = similarity.new_zeros(len(candidates))
    for i, p in enumerate(candidates):
        scores[i] = similarity[:, centroid_ids[passage_of == p]].amax(dim=1).sum()
    ranking = candidates[scores.argsort(descending=True)[:size]]
    return F.pad(ranking, (0, size - len(ranking)), value=-1)


def wrong_floats(
    query: torch.Tensor,
    centroids: torch.Tensor,
    centroid_ids: torch.Tensor,
    passage_of: torch.Tensor,
    probes: int,
    size: int,
) -> torch.Tensor:
    """Passages as floats, since they were written into a table beside the scores."""
    similarity = query @ centroids.T
    probed = similarity.topk(min(probes, len(centroids)), dim=1).indices
    rows = []
    for p in passage_of[torch.isin(centroid_ids, probed)].unique():
        score = similarity[:, centroid_ids[passage_of == p]].amax(dim=1).sum()
        rows.append(torch.stack([score, p.to(score.dtype)]))
    table = torch.stack(rows) if rows else similarity.new_zeros(0, 2)
    return table[table[:, 0].argsort(descending=True)][:size, 1]


def wrong_scores(
    query: torch.Tensor,
    centroids: torch.Tensor,
    centroid_ids: torch.Tensor,
    passage_of: torch.Tensor,
    probes: int,
    size: int,
) -> torch.Tensor:
    """The scores of the best, not the passages."""
    similarity = query @ centroids.T
    probed = similarity.topk(min(probes, len(centroids)), dim=1).indices
    candidates = passage_of[torch.isin(centroid_ids, probed)].unique()
    scores = similarity.new_zeros(len(candidates))
    for i, p in enumerate(candidates):
        scores[i] = similarity[:, centroid_ids[passage_of == p]].amax(dim=1).sum()
    return scores.sort(descending=True).values[:size]


def wrong_one_probe(
    query: torch.Tensor,
    centroids: torch.Tensor,
    centroid_ids: torch.Tensor,
    passage_of: torch.Tensor,
    probes: int,
    size: int,
) -> torch.Tensor:
    """argmax: one probe, whatever was asked for."""
    similarity = query @ centroids.T
    candidates = passage_of[torch.isin(centroid_ids, similarity.argmax(dim=1))].unique()
    scores = similarity.new_zeros(len(candidates))
    for i, p in enumerate(candidates):
        scores[i] = similarity[:, centroid_ids[passage_of == p]].amax(dim=1).sum()
    return candidates[scores.argsort(descending=True)[:size]]


def wrong_every_probe_needed(
    query: torch.Tensor,
    centroids: torch.Tensor,
    centroid_ids: torch.Tensor,
    passage_of: torch.Tensor,
    probes: int,
    size: int,
) -> torch.Tensor:
    """A passage has to be found by every query token, not by one."""
    similarity = query @ centroids.T
    probed = similarity.topk(min(probes, len(centroids)), dim=1).indices
    found = [set(passage_of[torch.isin(centroid_ids, row)].tolist()) for row in probed]
    candidates = torch.tensor(sorted(set.intersection(*found)), dtype=torch.long)
    scores = similarity.new_zeros(len(candidates))
    for i, p in enumerate(candidates):
        scores[i] = similarity[:, centroid_ids[passage_of == p]].amax(dim=1).sum()
    return candidates[scores.argsort(descending=True)[:size]]


def wrong_wide_and_unlooked(
    query: torch.Tensor,
    centroids: torch.Tensor,
    centroid_ids: torch.Tensor,
    passage_of: torch.Tensor,
    probes: int,
    size: int,
) -> torch.Tensor:
    """Two mistakes: (1, m) for (m,), and places for passages."""
    similarity = query @ centroids.T
    probed = similarity.topk(min(probes, len(centroids)), dim=1).indices
    candidates = passage_of[torch.isin(centroid_ids, probed)].unique()
    scores = similarity.new_zeros(1, len(candidates))
    for i, p in enumerate(candidates):
        scores[0, i] = similarity[:, centroid_ids[passage_of == p]].amax(dim=1).sum()
    return scores.topk(min(size, len(candidates)), dim=1).indices


RIGHT = [
    right_loop_over_candidates,
    right_python,
    right_membership_table,
    right_numpy,
    right_scatter_on_candidates,
    right_decoded_by_max_sim,
    right_threshold,
]
WRONG = [
    wrong_probed_tokens_only,
    wrong_places,
    wrong_probes_of_the_sum,
    wrong_probes_of_all,
    wrong_first_query_token,
    wrong_no_probing,
    wrong_probes_not_cut,
    wrong_size_not_cut,
    wrong_all_returned,
    wrong_worst_first,
    wrong_unordered,
    wrong_twice,
    wrong_unique_consecutive,
    wrong_all_tokens_summed,
    wrong_largest_only,
    wrong_starts_at_zero,
    wrong_cosine,
    wrong_centroids_for_tokens,
    wrong_padded,
    wrong_floats,
    wrong_scores,
    wrong_one_probe,
    wrong_every_probe_needed,
    wrong_wide_and_unlooked,
]
