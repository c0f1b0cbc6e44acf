"""Answers to `mnrl_with_negatives`, written from its card alone."""

from __future__ import annotations

import torch
import torch.nn.functional as F


def right_cat(queries, positives, negatives, scale=20.0):
    """Positives and flattened negatives in one list of candidates, cross-entropy."""
    candidates = torch.cat([positives, negatives.flatten(0, 1)])
    scores = scale * F.normalize(queries, dim=1) @ F.normalize(candidates, dim=1).T
    return F.cross_entropy(scores, torch.arange(len(queries), device=queries.device))


def right_two_tables(queries, positives, negatives, scale=20.0):
    """One table of scores for each kind by einsum, joined before logsumexp."""
    q = F.normalize(queries, dim=-1)
    near = torch.einsum("bd,cd->bc", q, F.normalize(positives, dim=-1))
    far = torch.einsum("bd,cnd->bcn", q, F.normalize(negatives, dim=-1)).flatten(1)
    scores = torch.cat((near, far), dim=1) * scale
    return (torch.logsumexp(scores, 1) - scale * near.diagonal()).mean()


def right_negatives_first(queries, positives, negatives, scale=20.0):
    """The negatives stand first, so that the labels are moved by their number."""
    others = negatives.reshape(-1, negatives.shape[-1])
    pool = torch.vstack([others, positives])
    cosines = torch.cosine_similarity(queries.unsqueeze(1), pool.unsqueeze(0), dim=-1)
    labels = torch.arange(queries.shape[0], device=queries.device) + others.shape[0]
    return F.cross_entropy(cosines * scale, labels)


def right_loop(queries, positives, negatives, scale=20.0):
    """Loops over queries and over all candidates, as on the toy, with logsumexp."""
    candidates = list(positives) + [x for group in negatives for x in group]
    total = 0.0
    for i, query in enumerate(queries):
        row = scale * torch.stack([torch.cosine_similarity(query, c, dim=0) for c in candidates])
        total = total + row.logsumexp(dim=0) - row[i]
    return total / len(queries)


def right_logaddexp(queries, positives, negatives, scale=20.0):
    """logaddexp of the two pools; the negatives one slot at a time."""
    q = queries / queries.norm(dim=1, keepdim=True).clamp_min(1e-12)
    p = positives / positives.norm(dim=1, keepdim=True).clamp_min(1e-12)
    own = scale * (q * p).sum(dim=1)
    total = torch.logsumexp(scale * q @ p.T, dim=1)
    for slot in range(negatives.shape[1]):
        x = negatives[:, slot]
        x = x / x.norm(dim=1, keepdim=True).clamp_min(1e-12)
        total = torch.logaddexp(total, torch.logsumexp(scale * q @ x.T, dim=1))
    return torch.mean(total - own)


def right_transposed(queries, positives, negatives, scale=20.0):
    """The positives as slot 0 of (1 + n, batch, dim); log_softmax and gather."""
    blocks = torch.cat([positives[None], negatives.transpose(0, 1)])
    pool = F.normalize(blocks.reshape(-1, blocks.shape[-1]))
    logp = (scale * F.normalize(queries) @ pool.T).log_softmax(dim=1)
    index = torch.arange(len(queries), device=queries.device)[:, None]
    return -logp.gather(1, index).mean()


def wrong_own_negatives_only(queries, positives, negatives, scale=20.0):
    """Each query sees its own negatives only, not the pool's: wrong for a batch of two."""
    q, p, n = (F.normalize(x, dim=-1) for x in (queries, positives, negatives))
    scores = torch.cat([q @ p.T, (q[:, None] * n).sum(dim=2)], dim=1) * scale
    return F.cross_entropy(scores, torch.arange(len(q), device=q.device))


def wrong_without_batch(queries, positives, negatives, scale=20.0):
    """Own positive against own negatives, no in-batch candidates: wrong for a batch of two."""
    pool = torch.cat([positives[:, None], negatives], dim=1)
    scores = scale * torch.cosine_similarity(queries[:, None], pool, dim=2)
    return F.cross_entropy(scores, torch.zeros(len(scores), dtype=torch.long))


def wrong_normalize_default_dim(queries, positives, negatives, scale=20.0):
    """F.normalize's default dim=1 runs over the n negatives: wrong for n = 2 of length 1."""
    q, p, n = F.normalize(queries), F.normalize(positives), F.normalize(negatives)
    candidates = torch.cat([p, n.flatten(0, 1)])
    return F.cross_entropy(scale * q @ candidates.T, torch.arange(len(q), device=q.device))


def wrong_negatives_not_normalised(queries, positives, negatives, scale=20.0):
    """The negatives keep their length: wrong for negatives of length 3."""
    candidates = torch.cat([F.normalize(positives, dim=1), negatives.flatten(0, 1)])
    scores = scale * F.normalize(queries, dim=1) @ candidates.T
    return F.cross_entropy(scores, torch.arange(len(queries), device=queries.device))


def wrong_first_negative(queries, positives, negatives, scale=20.0):
    """Only the first negative of each query joins: wrong for n = 2."""
    candidates = F.normalize(torch.cat([positives, negatives[:, 0]]), dim=1)
    scores = scale * F.normalize(queries, dim=1) @ candidates.T
    return F.cross_entropy(scores, torch.arange(len(queries), device=queries.device))


def wrong_labels(queries, positives, negatives, scale=20.0):
    """The negatives come first, but the labels still start at 0: a negative is the right answer."""
    candidates = F.normalize(torch.cat([negatives.flatten(0, 1), positives]), dim=1)
    scores = scale * F.normalize(queries, dim=1) @ candidates.T
    return F.cross_entropy(scores, torch.arange(len(queries), device=queries.device))


def wrong_interleaved_labels(queries, positives, negatives, scale=20.0):
    """Positive i stands in column i * (1 + n), the labels say i: wrong for a batch of two."""
    groups = torch.cat([positives[:, None], negatives], dim=1)
    candidates = F.normalize(groups.flatten(0, 1), dim=1)
    scores = scale * F.normalize(queries, dim=1) @ candidates.T
    return F.cross_entropy(scores, torch.arange(len(queries), device=queries.device))


def wrong_squeeze(queries, positives, negatives, scale=20.0):
    """squeeze(1) for flatten: fits n = 1 only, raises for n = 2."""
    candidates = F.normalize(torch.cat([positives, negatives.squeeze(1)]), dim=1)
    scores = scale * F.normalize(queries, dim=1) @ candidates.T
    return F.cross_entropy(scores, torch.arange(len(queries), device=queries.device))


def wrong_mean_negative(queries, positives, negatives, scale=20.0):
    """One averaged negative a query: wrong for n = 2."""
    candidates = F.normalize(torch.cat([positives, negatives.mean(dim=1)]), dim=1)
    scores = scale * F.normalize(queries, dim=1) @ candidates.T
    return F.cross_entropy(scores, torch.arange(len(queries), device=queries.device))


def wrong_overflow(queries, positives, negatives, scale=20.0):
    """exp and log by hand without a shift: inf or nan at scale 150."""
    candidates = torch.cat([positives, negatives.flatten(0, 1)])
    cosines = F.normalize(queries, dim=1) @ F.normalize(candidates, dim=1).T
    powers = torch.exp(scale * cosines)
    return (powers.sum(dim=1).log() - scale * cosines.diagonal()).mean()


def wrong_two_losses(queries, positives, negatives, scale=20.0):
    """Adds up two losses with a softmax each: wrong, and twice 0 only when both are closed."""
    q, p = F.normalize(queries, dim=1), F.normalize(positives, dim=1)
    n = F.normalize(negatives.flatten(0, 1), dim=1)
    labels = torch.arange(len(q), device=q.device)
    in_batch = F.cross_entropy(scale * q @ p.T, labels)
    own = scale * (q * p).sum(dim=1, keepdim=True)
    hard = torch.cat([own, scale * q @ n.T], dim=1)
    return in_batch + F.cross_entropy(hard, torch.zeros_like(labels))


def wrong_item(queries, positives, negatives, scale=20.0):
    """item() of the loss: a float without a gradient, so that the lesson's backward fails."""
    candidates = torch.cat([positives, negatives.flatten(0, 1)])
    scores = scale * F.normalize(queries, dim=1) @ F.normalize(candidates, dim=1).T
    return F.cross_entropy(scores, torch.arange(len(queries), device=queries.device)).item()


def wrong_in_place(queries, positives, negatives, scale=20.0):
    """div_ leaves the caller's negatives normalised."""
    negatives.div_(negatives.norm(dim=-1, keepdim=True).clamp(min=1e-12))
    candidates = torch.cat([F.normalize(positives, dim=1), negatives.flatten(0, 1)])
    scores = scale * F.normalize(queries, dim=1) @ candidates.T
    return F.cross_entropy(scores, torch.arange(len(queries), device=queries.device))


def wrong_scale_on_positives(queries, positives, negatives, scale=20.0):
    """The negatives' cosines are not scaled, precedence of *: wrong at any scale but 1."""
    q, p = F.normalize(queries, dim=1), F.normalize(positives, dim=1)
    n = F.normalize(negatives, dim=2).flatten(0, 1)
    scores = torch.cat([scale * q @ p.T, q @ n.T], dim=1)
    return F.cross_entropy(scores, torch.arange(len(q), device=q.device))


def wrong_sum_and_dots(queries, positives, negatives, scale=20.0):
    """Dot products and a sum over queries: two mistakes, right for one pair of unit vectors."""
    candidates = torch.cat([positives, negatives.flatten(0, 1)])
    scores = scale * queries @ candidates.T
    return (scores.logsumexp(dim=1) - scores.diagonal()).sum()


RIGHT = [
    right_cat,
    right_two_tables,
    right_negatives_first,
    right_loop,
    right_logaddexp,
    right_transposed,
]
WRONG = [
    wrong_own_negatives_only,
    wrong_without_batch,
    wrong_normalize_default_dim,
    wrong_negatives_not_normalised,
    wrong_first_negative,
    wrong_labels,
    wrong_interleaved_labels,
    wrong_squeeze,
    wrong_mean_negative,
    wrong_overflow,
    wrong_two_losses,
    wrong_item,
    wrong_in_place,
    wrong_scale_on_positives,
    wrong_sum_and_dots,
]
