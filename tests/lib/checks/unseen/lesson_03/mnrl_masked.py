"""Answers to `mnrl_masked`, written from its card alone."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

from lib import losses


def right_masked_fill(queries, positives, keys, scale=20.0):
    """Equal keys but not the diagonal get -inf, then cross-entropy."""
    scores = scale * F.normalize(queries, dim=1) @ F.normalize(positives, dim=1).T
    twin = keys[:, None] == keys[None, :]
    twin = twin & ~torch.eye(len(keys), dtype=torch.bool, device=keys.device)
    scores = scores.masked_fill(twin, float("-inf"))
    return F.cross_entropy(scores, torch.arange(len(scores), device=scores.device))


def right_where(queries, positives, keys, scale=20.0):
    """torch.where over the allowed candidates, logsumexp minus the diagonal."""
    scores = scale * torch.cosine_similarity(queries[:, None], positives[None], dim=-1)
    place = torch.arange(len(keys), device=keys.device)
    allowed = (keys[:, None] != keys) | (place[:, None] == place)
    kept = torch.where(allowed, scores, torch.full_like(scores, -torch.inf))
    return (kept.logsumexp(dim=1) - scores.diagonal()).mean()


def right_loop(queries, positives, keys, scale=20.0):
    """Loops over the rows and selects each row's candidates by a list of indices."""
    q, p, rows = F.normalize(queries, dim=1), F.normalize(positives, dim=1), []
    names = keys.tolist()
    for i in range(len(names)):
        others = [j for j in range(len(names)) if names[j] != names[i]]
        row = scale * p[[i, *others]] @ q[i]
        rows.append(torch.logsumexp(row, dim=0) - row[0])
    return torch.stack(rows).mean()


def right_weights(queries, positives, keys, scale=20.0):
    """Weights 0 and 1 in a shifted sum of exponentials."""
    q = queries / queries.norm(dim=1, keepdim=True).clamp(min=1e-12)
    p = positives / positives.norm(dim=1, keepdim=True).clamp(min=1e-12)
    scores = q @ p.mT * scale
    weights = (keys[:, None] != keys[None, :]).to(scores)
    weights = weights + torch.eye(len(weights), device=weights.device)
    top = scores.masked_fill(weights == 0, -torch.inf).max(dim=1, keepdim=True).values.detach()
    total = (weights * (scores - top).clamp(max=0).exp()).sum(dim=1)
    return (total.log() - scores.diagonal() + top.squeeze(1)).mean()


def right_library(queries, positives, keys, scale=20.0):
    """The course's own loss with its argument `same`."""
    return losses.mnrl(queries, positives, scale=scale, same=keys)


def right_fill_diagonal(queries, positives, keys, scale=20.0):
    """A mask of its own by unique's inverse, fill_diagonal_ on that, log_softmax by einsum."""
    group = torch.unique(keys, return_inverse=True)[1]
    mask = group.unsqueeze(0).eq(group.unsqueeze(1)).fill_diagonal_(False)
    scores = torch.einsum("bd,cd->bc", F.normalize(queries), F.normalize(positives)) * scale
    scores[mask] = -math.inf
    return -torch.log_softmax(scores, dim=-1).diagonal().sum() / len(keys)


def wrong_own_masked(queries, positives, keys, scale=20.0):
    """The own positive is masked as well: inf for every batch."""
    scores = scale * F.normalize(queries, dim=1) @ F.normalize(positives, dim=1).T
    scores = scores.masked_fill(keys[:, None] == keys[None, :], float("-inf"))
    return F.cross_entropy(scores, torch.arange(len(scores), device=scores.device))


def wrong_score_zero(queries, positives, keys, scale=20.0):
    """Masked scores are 0 and still weigh exp(0) = 1: all keys equal costs more than 0."""
    scores = scale * F.normalize(queries, dim=1) @ F.normalize(positives, dim=1).T
    own = torch.eye(len(keys), dtype=torch.bool, device=keys.device)
    scores = scores * ((keys[:, None] != keys) | own)
    return F.cross_entropy(scores, torch.arange(len(scores), device=scores.device))


def wrong_minus_ten(queries, positives, keys, scale=20.0):
    """-10 for minus infinity: wrong where the own cosine is below -0.5 at scale 20."""
    scores = scale * F.normalize(queries, dim=1) @ F.normalize(positives, dim=1).T
    own = torch.eye(len(keys), dtype=torch.bool, device=keys.device)
    scores = scores.masked_fill((keys[:, None] == keys) & ~own, -10)
    return F.cross_entropy(scores, torch.arange(len(scores), device=scores.device))


def wrong_cosine_minus_one(queries, positives, keys, scale=20.0):
    """Cosine -1 for a duplicate: at scale 1 it still weighs exp(-1)."""
    cosines = F.normalize(queries, dim=1) @ F.normalize(positives, dim=1).T
    own = torch.eye(len(keys), dtype=torch.bool, device=keys.device)
    cosines = torch.where((keys[:, None] == keys) & ~own, -torch.ones_like(cosines), cosines)
    labels = torch.arange(len(cosines), device=cosines.device)
    return F.cross_entropy(cosines * scale, labels)


def wrong_nan(queries, positives, keys, scale=20.0):
    """mask * -inf is nan where the mask is 0: nan for every batch of two with different keys."""
    scores = scale * F.normalize(queries, dim=1) @ F.normalize(positives, dim=1).T
    own = torch.eye(len(keys), device=scores.device)
    mask = (keys[:, None] == keys).float() - own
    scores = scores + mask * float("-inf")
    return F.cross_entropy(scores, torch.arange(len(scores), device=scores.device))


def wrong_upper_half(queries, positives, keys, scale=20.0):
    """Only later duplicates are masked (triu): wrong for the second of two equal keys."""
    scores = scale * F.normalize(queries, dim=1) @ F.normalize(positives, dim=1).T
    twin = (keys[:, None] == keys[None, :]).triu(diagonal=1)
    scores = scores.masked_fill(twin, float("-inf"))
    return F.cross_entropy(scores, torch.arange(len(scores), device=scores.device))


def wrong_drops_rows(queries, positives, keys, scale=20.0):
    """Keeps the first row of each key and drops the others' losses: wrong for keys 7, 7, 4."""
    seen, keep = set(), []
    for i, key in enumerate(keys.tolist()):
        if key not in seen:
            seen.add(key)
            keep.append(i)
    scores = scale * F.normalize(queries[keep], dim=1) @ F.normalize(positives[keep], dim=1).T
    return F.cross_entropy(scores, torch.arange(len(keep), device=scores.device))


def wrong_neighbours(queries, positives, keys, scale=20.0):
    """Compares each key with the next one only: wrong for keys 7, 4, 7."""
    scores = scale * F.normalize(queries, dim=1) @ F.normalize(positives, dim=1).T
    mask = torch.zeros_like(scores, dtype=torch.bool)
    for i in range(len(keys) - 1):
        if keys[i] == keys[i + 1]:
            mask[i, i + 1] = mask[i + 1, i] = True
    scores = scores.masked_fill(mask, float("-inf"))
    return F.cross_entropy(scores, torch.arange(len(scores), device=scores.device))


def wrong_mask_after_softmax(queries, positives, keys, scale=20.0):
    """Masks the probabilities after the softmax, which changes nothing on the diagonal."""
    scores = scale * F.normalize(queries, dim=1) @ F.normalize(positives, dim=1).T
    own = torch.eye(len(keys), dtype=torch.bool, device=keys.device)
    logp = scores.log_softmax(dim=1).masked_fill((keys[:, None] == keys) & ~own, 0)
    return -logp.diagonal().mean()


def wrong_keys_as_floats(queries, positives, keys, scale=20.0):
    """Keys as float32: 16777216 and 16777217 become equal."""
    scores = scale * F.normalize(queries, dim=1) @ F.normalize(positives, dim=1).T
    k = keys.float()
    twin = (torch.cdist(k[:, None], k[:, None]) == 0).fill_diagonal_(False)
    scores = scores.masked_fill(twin, float("-inf"))
    return F.cross_entropy(scores, torch.arange(len(scores), device=scores.device))


def wrong_one_hot(queries, positives, keys, scale=20.0):
    """one_hot of the keys: raises for a negative key."""
    scores = scale * F.normalize(queries, dim=1) @ F.normalize(positives, dim=1).T
    hot = F.one_hot(keys).float()
    twin = (hot @ hot.T > 0) & ~torch.eye(len(keys), dtype=torch.bool, device=keys.device)
    scores = scores.masked_fill(twin, float("-inf"))
    return F.cross_entropy(scores, torch.arange(len(scores), device=scores.device))


def wrong_by_vectors(queries, positives, keys, scale=20.0):
    """Ignores the keys and masks equal vectors: wrong for two keys with the same vector."""
    scores = scale * F.normalize(queries, dim=1) @ F.normalize(positives, dim=1).T
    twin = (positives[:, None] == positives[None]).all(dim=2)
    twin = twin & ~torch.eye(len(keys), dtype=torch.bool, device=keys.device)
    scores = scores.masked_fill(twin, float("-inf"))
    return F.cross_entropy(scores, torch.arange(len(scores), device=scores.device))


def wrong_unsqueeze_in_place(queries, positives, keys, scale=20.0):
    """keys.unsqueeze_ leaves the caller's keys with shape (batch, 1)."""
    scores = scale * F.normalize(queries, dim=1) @ F.normalize(positives, dim=1).T
    twin = keys.unsqueeze_(1) == keys.T
    twin = twin & ~torch.eye(len(keys), dtype=torch.bool, device=keys.device)
    scores = scores.masked_fill(twin, float("-inf"))
    return F.cross_entropy(scores, torch.arange(len(scores), device=scores.device))


def wrong_mean_of_some(queries, positives, keys, scale=20.0):
    """The mean skips queries that cost 0 for want of negatives: nan when all keys are equal."""
    scores = scale * F.normalize(queries, dim=1) @ F.normalize(positives, dim=1).T
    own = torch.eye(len(keys), dtype=torch.bool, device=keys.device)
    other = keys[:, None] != keys
    rows = scores.masked_fill(~(other | own), -torch.inf).logsumexp(1) - scores.diagonal()
    return rows[other.any(dim=1)].mean()


def wrong_duplicates_cost_nothing(queries, positives, keys, scale=20.0):
    """Rows that have a twin are left out altogether: wrong for keys 7, 7, 4."""
    scores = scale * F.normalize(queries, dim=1) @ F.normalize(positives, dim=1).T
    rows = scores.logsumexp(dim=1) - scores.diagonal()
    single = (keys[:, None] == keys).sum(dim=1) == 1
    return (rows * single).mean()


def wrong_exp_and_dots(queries, positives, keys, scale=20.0):
    """No cosine and a bare exp: wrong for long vectors, inf where scores pass 88."""
    powers = torch.exp(scale * queries @ positives.T)
    own = torch.eye(len(keys), dtype=torch.bool, device=keys.device)
    allowed = (keys[:, None] != keys) | own
    return -(powers.diagonal() / (powers * allowed).sum(dim=1)).log().mean()


def wrong_missing_axis(queries, positives, keys, scale=20.0):
    """keys == keys without an axis is True everywhere, so all others are masked: always 0."""
    scores = scale * F.normalize(queries, dim=1) @ F.normalize(positives, dim=1).T
    own = torch.eye(len(keys), dtype=torch.bool, device=keys.device)
    scores = scores.masked_fill((keys == keys) & ~own, float("-inf"))
    return F.cross_entropy(scores, torch.arange(len(scores), device=scores.device))


RIGHT = [
    right_masked_fill,
    right_where,
    right_loop,
    right_weights,
    right_library,
    right_fill_diagonal,
]
WRONG = [
    wrong_own_masked,
    wrong_score_zero,
    wrong_minus_ten,
    wrong_cosine_minus_one,
    wrong_nan,
    wrong_upper_half,
    wrong_drops_rows,
    wrong_neighbours,
    wrong_mask_after_softmax,
    wrong_keys_as_floats,
    wrong_one_hot,
    wrong_by_vectors,
    wrong_unsqueeze_in_place,
    wrong_mean_of_some,
    wrong_duplicates_cost_nothing,
    wrong_exp_and_dots,
    wrong_missing_axis,
]
