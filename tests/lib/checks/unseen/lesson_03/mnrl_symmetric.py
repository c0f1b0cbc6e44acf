"""Answers to `mnrl_symmetric`, written from its card alone."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

from lib import losses


def right_two_cross_entropies(queries, positives, scale=20.0):
    """Cross-entropy of the scores and of their transpose."""
    scores = scale * F.normalize(queries, dim=1) @ F.normalize(positives, dim=1).T
    labels = torch.arange(len(scores), device=scores.device)
    return (F.cross_entropy(scores, labels) + F.cross_entropy(scores.T, labels)) / 2


def right_two_axes(queries, positives, scale=20.0):
    """logsumexp along both axes of one table, minus the diagonal."""
    scores = scale * torch.cosine_similarity(queries[:, None], positives[None], dim=2)
    both = torch.logsumexp(scores, dim=1) + torch.logsumexp(scores, dim=0)
    return (both / 2 - scores.diagonal()).mean()


def right_library(queries, positives, scale=20.0):
    """The course's own loss, called in both directions."""
    there = losses.mnrl(queries, positives, scale=scale)
    back = losses.mnrl(positives, queries, scale=scale)
    return 0.5 * (there + back)


def right_stacked(queries, positives, scale=20.0):
    """Both tables below each other, (2 * batch, batch), in one cross-entropy."""
    q = queries / queries.norm(dim=1, keepdim=True).clamp(min=1e-12)
    p = positives / positives.norm(dim=1, keepdim=True).clamp(min=1e-12)
    table = torch.einsum("id,jd->ij", q, p) * scale
    labels = torch.arange(len(q), device=q.device).repeat(2)
    return F.cross_entropy(torch.cat([table, table.T]), labels)


def right_loop(queries, positives, scale=20.0):
    """Loops over both directions and over the rows."""
    parts = []
    for own, other in ((queries, positives), (positives, queries)):
        for i in range(len(own)):
            row = scale * torch.cosine_similarity(own[i].expand_as(other), other, dim=1)
            parts.append(-row.log_softmax(dim=0)[i])
    return sum(parts) / len(parts)


def right_shifted(queries, positives, scale=20.0):
    """A numerically safe softmax by hand, the shift taken from the whole table in float64."""
    q, p = F.normalize(queries.double()), F.normalize(positives.double())
    shifted = scale * (q @ p.T - 1)
    rows = shifted - shifted.amax(1, keepdim=True)
    columns = shifted - shifted.amax(0, keepdim=True)
    there = rows.exp().sum(1).log() - rows.diagonal()
    back = columns.exp().sum(0).log() - columns.diagonal()
    return ((there + back).mean() / 2).to(queries.dtype)


def wrong_one_direction(queries, positives, scale=20.0):
    """Only queries choose: wrong for scores that are not symmetric."""
    scores = scale * F.normalize(queries, dim=1) @ F.normalize(positives, dim=1).T
    return F.cross_entropy(scores, torch.arange(len(scores), device=scores.device))


def wrong_same_twice(queries, positives, scale=20.0):
    """Forgets to swap, so that the mean is of twice the same loss."""
    a = losses.mnrl(queries, positives, scale=scale)
    b = losses.mnrl(queries, positives, scale=scale)
    return (a + b) / 2


def wrong_sum_of_both(queries, positives, scale=20.0):
    """The sum of both directions for their mean: two alike pairs cost 2 log(2)."""
    scores = scale * F.normalize(queries, dim=1) @ F.normalize(positives, dim=1).T
    labels = torch.arange(len(scores), device=scores.device)
    return F.cross_entropy(scores, labels) + F.cross_entropy(scores.T, labels)


def wrong_symmetrised_scores(queries, positives, scale=20.0):
    """Averages the scores, not the losses; swapping changes nothing, and yet it is wrong."""
    scores = scale * F.normalize(queries, dim=1) @ F.normalize(positives, dim=1).T
    return F.cross_entropy((scores + scores.T) / 2, torch.arange(len(scores)))


def wrong_joint_softmax(queries, positives, scale=20.0):
    """One softmax over row and column together (axis 1 of a cat): two alike pairs cost log(4)."""
    scores = scale * F.normalize(queries, dim=1) @ F.normalize(positives, dim=1).T
    both = torch.cat([scores, scores.T], dim=1)
    return F.cross_entropy(both, torch.arange(len(scores), device=scores.device))


def wrong_softmax_of_softmax(queries, positives, scale=20.0):
    """The second log_softmax is taken of the first one's result: wrong for uneven rows."""
    scores = scale * F.normalize(queries, dim=1) @ F.normalize(positives, dim=1).T
    rows = scores.log_softmax(dim=1)
    columns = rows.log_softmax(dim=0)
    return -(rows.diagonal() + columns.diagonal()).mean() / 2


def wrong_mean_probability(queries, positives, scale=20.0):
    """Minus the log of the mean probability: wrong where both directions differ."""
    scores = scale * F.normalize(queries, dim=1) @ F.normalize(positives, dim=1).T
    p = (scores.softmax(dim=1).diagonal() + scores.softmax(dim=0).diagonal()) / 2
    return -torch.log(p).mean()


def wrong_both_sides_as_candidates(queries, positives, scale=20.0):
    """SimCLR: 2 * batch vectors that all choose among all others; two alike pairs cost log(3)."""
    x = F.normalize(torch.cat([queries, positives]), dim=1)
    scores = scale * x @ x.T
    scores = scores.masked_fill(torch.eye(len(x), dtype=torch.bool, device=x.device), -math.inf)
    n = len(queries)
    return F.cross_entropy(scores, torch.arange(2 * n, device=x.device).roll(n))


def wrong_second_without_scale(queries, positives, scale=20.0):
    """The second table is computed anew, without the scale: wrong at any scale but 1."""
    q, p = F.normalize(queries, dim=1), F.normalize(positives, dim=1)
    labels = torch.arange(len(q), device=q.device)
    return (F.cross_entropy(scale * q @ p.T, labels) + F.cross_entropy(p @ q.T, labels)) / 2


def wrong_default_scale(queries, positives, scale=20.0):
    """Calls the loss without handing the scale on: wrong at scale=2."""
    return (losses.mnrl(queries, positives) + losses.mnrl(positives, queries)) / 2


def wrong_unnormalised(queries, positives, scale=20.0):
    """Dot products: right only for unit vectors."""
    scores = scale * queries @ positives.T
    labels = torch.arange(len(scores), device=scores.device)
    return (F.cross_entropy(scores, labels) + F.cross_entropy(scores.T, labels)) / 2


def wrong_log_softmax_underflow(queries, positives, scale=20.0):
    """log(softmax) in both directions: inf at scale 200 for a pair that is far apart."""
    scores = scale * F.normalize(queries, dim=1) @ F.normalize(positives, dim=1).T
    there = -torch.log(F.softmax(scores, dim=1).diagonal()).mean()
    back = -torch.log(F.softmax(scores, dim=0).diagonal()).mean()
    return (there + back) / 2


def wrong_tuple(queries, positives, scale=20.0):
    """Returns both losses as a pair, no scalar."""
    scores = scale * F.normalize(queries, dim=1) @ F.normalize(positives, dim=1).T
    labels = torch.arange(len(scores), device=scores.device)
    return F.cross_entropy(scores, labels), F.cross_entropy(scores.T, labels)


def wrong_leftover_raise(queries, positives, scale=20.0):
    """The loss is computed, then the stub's raise is still there."""
    scores = scale * F.normalize(queries, dim=1) @ F.normalize(positives, dim=1).T
    labels = torch.arange(len(scores), device=scores.device)
    loss = (F.cross_entropy(scores, labels) + F.cross_entropy(scores.T, labels)) / 2
    raise NotImplementedError()
    return loss


def wrong_float(queries, positives, scale=20.0):
    """float() of each direction: no gradient flows when the lesson trains with it."""
    there = float(losses.mnrl(queries, positives, scale=scale))
    back = float(losses.mnrl(positives, queries, scale=scale))
    return torch.tensor((there + back) / 2)


def wrong_numpy_round(queries, positives, scale=20.0):
    """Rounds to two decimals (and so has no useful gradient): wrong for 0.6931."""
    scores = scale * F.normalize(queries, dim=1) @ F.normalize(positives, dim=1).T
    labels = torch.arange(len(scores), device=scores.device)
    loss = (F.cross_entropy(scores, labels) + F.cross_entropy(scores.T, labels)) / 2
    return torch.round(loss, decimals=2)


RIGHT = [
    right_two_cross_entropies,
    right_two_axes,
    right_library,
    right_stacked,
    right_loop,
    right_shifted,
]
WRONG = [
    wrong_one_direction,
    wrong_same_twice,
    wrong_sum_of_both,
    wrong_symmetrised_scores,
    wrong_joint_softmax,
    wrong_softmax_of_softmax,
    wrong_mean_probability,
    wrong_both_sides_as_candidates,
    wrong_second_without_scale,
    wrong_default_scale,
    wrong_unnormalised,
    wrong_log_softmax_underflow,
    wrong_tuple,
    wrong_leftover_raise,
    wrong_float,
    wrong_numpy_round,
]
