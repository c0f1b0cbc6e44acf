"""Answers to `kmeans_step`, written from its card alone."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F


def right_one_hot(tokens: torch.Tensor, centroids: torch.Tensor) -> torch.Tensor:
    """One-hot memberships times tokens; empty rows by where."""
    nearest = torch.matmul(tokens, centroids.t()).argmax(dim=-1)
    member = F.one_hot(nearest, num_classes=len(centroids)).to(tokens.dtype)  # (n, c)
    counts = member.sum(dim=0).unsqueeze(1)
    mean = (member.T @ tokens) / counts.clamp(min=1)
    return torch.where(counts > 0, F.normalize(mean, dim=1), centroids)


def right_loop_over_centroids(tokens: torch.Tensor, centroids: torch.Tensor) -> torch.Tensor:
    """A loop over centroids, which the card allows, on a copy."""
    nearest = (tokens @ centroids.T).max(dim=1).indices
    moved = centroids.clone()
    for c in range(centroids.shape[0]):
        mine = tokens[nearest == c]
        if len(mine) > 0:
            mean = mine.mean(dim=0)
            moved[c] = mean / mean.norm()
    return moved


def right_scatter_add(tokens: torch.Tensor, centroids: torch.Tensor) -> torch.Tensor:
    """scatter_add of tokens and of ones; only rows with a count are written."""
    nearest = torch.einsum("nd,cd->nc", tokens, centroids).argmax(1)
    sums = torch.zeros_like(centroids)
    sums.scatter_add_(0, nearest[:, None].expand_as(tokens), tokens)
    counts = centroids.new_zeros(len(centroids)).scatter_add_(
        0, nearest, torch.ones_like(nearest, dtype=centroids.dtype)
    )
    used = counts > 0
    out = centroids.clone()
    means = sums[used] / counts[used, None]
    out[used] = means / means.norm(dim=1, keepdim=True)
    return out


def right_numpy(tokens: torch.Tensor, centroids: torch.Tensor) -> torch.Tensor:
    """np.add.at, and np.unique for the centroids that have tokens."""
    x, c = tokens.detach().cpu().numpy(), centroids.detach().cpu().numpy()
    nearest = np.argmax(x @ c.T, axis=1)
    sums = np.zeros_like(c)
    np.add.at(sums, nearest, x)
    out = c.copy()
    used = np.unique(nearest)
    out[used] = sums[used] / np.linalg.norm(sums[used], axis=1, keepdims=True)
    return torch.from_numpy(out)


def right_boolean_table(tokens: torch.Tensor, centroids: torch.Tensor) -> torch.Tensor:
    """The centroid of the largest product as a table of truth values; empty rows added by a mask."""
    similarity = centroids @ tokens.T  # (c, n)
    member = torch.zeros_like(similarity)
    member.scatter_(0, similarity.argmax(dim=0, keepdim=True), 1.0)
    sums = member @ tokens
    empty = (member.sum(dim=1, keepdim=True) == 0).to(centroids.dtype)
    return F.normalize(sums, dim=1) + empty * centroids


def right_index_reduce(tokens: torch.Tensor, centroids: torch.Tensor) -> torch.Tensor:
    """index_reduce with mean leaves rows that are not named as they are."""
    nearest = (tokens @ centroids.T).argmax(dim=1)
    means = centroids.clone().index_reduce_(0, nearest, tokens, "mean", include_self=False)
    named = torch.isin(torch.arange(len(centroids), device=centroids.device), nearest)
    return torch.where(named[:, None], means / means.norm(dim=1, keepdim=True), centroids)


def right_sorted_groups(tokens: torch.Tensor, centroids: torch.Tensor) -> torch.Tensor:
    """Tokens sorted by centroid, differences of running sums in float64."""
    nearest = (tokens @ centroids.T).argmax(dim=1)
    order = nearest.argsort()
    running = F.pad(tokens[order].double().cumsum(dim=0), (0, 0, 1, 0))  # (n + 1, dim)
    ends = torch.bincount(nearest, minlength=len(centroids)).cumsum(dim=0)
    starts = F.pad(ends[:-1], (1, 0))
    sums = running[ends] - running[starts]
    moved = F.normalize(sums, dim=1).to(centroids.dtype)
    return torch.where((ends > starts)[:, None], moved, centroids)


def wrong_not_normalised(tokens: torch.Tensor, centroids: torch.Tensor) -> torch.Tensor:
    """The mean as it is: shorter than 1 wherever two tokens differ."""
    nearest = (tokens @ centroids.T).argmax(dim=1)
    sums = torch.zeros_like(centroids).index_add(0, nearest, tokens)
    counts = torch.bincount(nearest, minlength=len(centroids))[:, None]
    return torch.where(counts > 0, sums / counts.clamp(min=1), centroids)


def wrong_empty_is_zero(tokens: torch.Tensor, centroids: torch.Tensor) -> torch.Tensor:
    """A centroid without tokens becomes a row of zeros."""
    nearest = (tokens @ centroids.T).argmax(dim=1)
    return F.normalize(torch.zeros_like(centroids).index_add(0, nearest, tokens), dim=1)


def wrong_empty_is_nan(tokens: torch.Tensor, centroids: torch.Tensor) -> torch.Tensor:
    """0/0 for a centroid without tokens."""
    nearest = (tokens @ centroids.T).argmax(dim=1)
    means = torch.stack([tokens[nearest == c].mean(dim=0) for c in range(len(centroids))])
    return means / means.norm(dim=1, keepdim=True)


def wrong_empty_is_left_out(tokens: torch.Tensor, centroids: torch.Tensor) -> torch.Tensor:
    """Only centroids with tokens come back: fewer rows."""
    nearest = (tokens @ centroids.T).argmax(dim=1)
    rows = [tokens[nearest == c].mean(dim=0) for c in nearest.unique()]
    return F.normalize(torch.stack(rows), dim=1)


def wrong_no_minlength(tokens: torch.Tensor, centroids: torch.Tensor) -> torch.Tensor:
    """bincount without minlength: raises where the last centroid has no token."""
    nearest = (tokens @ centroids.T).argmax(dim=1)
    sums = torch.zeros_like(centroids).index_add(0, nearest, tokens)
    counts = torch.bincount(nearest)
    return torch.where(counts[:, None] > 0, F.normalize(sums, dim=1), centroids)


def wrong_old_centroid_counts(tokens: torch.Tensor, centroids: torch.Tensor) -> torch.Tensor:
    """The sums begin with the old centroid, so it counts like a token."""
    nearest = (tokens @ centroids.T).argmax(dim=1)
    return F.normalize(centroids.index_add(0, nearest, tokens), dim=1)


def wrong_last_token_only(tokens: torch.Tensor, centroids: torch.Tensor) -> torch.Tensor:
    """An assignment for a sum: one token of each centroid is left."""
    nearest = (tokens @ centroids.T).argmax(dim=1)
    moved = centroids.clone()
    moved[nearest] = tokens
    return moved


def wrong_plus_equals(tokens: torch.Tensor, centroids: torch.Tensor) -> torch.Tensor:
    """sums[nearest] += tokens counts a centroid that is named twice only once."""
    nearest = (tokens @ centroids.T).argmax(dim=1)
    sums = torch.zeros_like(centroids)
    sums[nearest] += tokens
    used = torch.bincount(nearest, minlength=len(centroids))[:, None] > 0
    return torch.where(used, F.normalize(sums, dim=1), centroids)


def wrong_plus_equals_on_a_copy(tokens: torch.Tensor, centroids: torch.Tensor) -> torch.Tensor:
    """The same on a copy of the centroids, so that the old one is counted, too."""
    nearest = (tokens @ centroids.T).argmax(dim=1)
    new = centroids.clone()
    new[nearest] += tokens
    return F.normalize(new, dim=1)


def wrong_axis(tokens: torch.Tensor, centroids: torch.Tensor) -> torch.Tensor:
    """argmax along the tokens: each centroid jumps to its own nearest token."""
    nearest = (tokens @ centroids.T).argmax(dim=0)  # (c,)
    return tokens[nearest]


def wrong_farthest(tokens: torch.Tensor, centroids: torch.Tensor) -> torch.Tensor:
    """argmin, as for distances: tokens go to the farthest centroid."""
    nearest = (tokens @ centroids.T).argmin(dim=1)
    sums = torch.zeros_like(centroids).index_add(0, nearest, tokens)
    counts = torch.bincount(nearest, minlength=len(centroids))
    return torch.where(counts[:, None] > 0, F.normalize(sums, dim=1), centroids)


def wrong_normalised_columns(tokens: torch.Tensor, centroids: torch.Tensor) -> torch.Tensor:
    """Normalises along dim 0."""
    nearest = (tokens @ centroids.T).argmax(dim=1)
    sums = torch.zeros_like(centroids).index_add(0, nearest, tokens)
    counts = torch.bincount(nearest, minlength=len(centroids))
    return torch.where(counts[:, None] > 0, F.normalize(sums, dim=0), centroids)


def wrong_one_length(tokens: torch.Tensor, centroids: torch.Tensor) -> torch.Tensor:
    """norm() without dim: divides by the length of the whole table."""
    nearest = (tokens @ centroids.T).argmax(dim=1)
    sums = torch.zeros_like(centroids).index_add(0, nearest, tokens)
    counts = torch.bincount(nearest, minlength=len(centroids))
    return torch.where(counts[:, None] > 0, sums / sums.norm(), centroids)


def wrong_in_place(tokens: torch.Tensor, centroids: torch.Tensor) -> torch.Tensor:
    """The right rows, written into the caller's centroids."""
    nearest = (tokens @ centroids.T).argmax(dim=1)
    for c in nearest.unique():
        centroids[c] = F.normalize(tokens[nearest == c].sum(dim=0), dim=0)
    return centroids


def wrong_ids(tokens: torch.Tensor, centroids: torch.Tensor) -> torch.Tensor:
    """Returns each token's centroid, not the moved centroids."""
    return (tokens @ centroids.T).argmax(dim=1)


def wrong_pair(tokens: torch.Tensor, centroids: torch.Tensor) -> torch.Tensor:
    """Returns centroids and assignments, as k-means libraries do."""
    nearest = (tokens @ centroids.T).argmax(dim=1)
    sums = torch.zeros_like(centroids).index_add(0, nearest, tokens)
    counts = torch.bincount(nearest, minlength=len(centroids))
    return torch.where(counts[:, None] > 0, F.normalize(sums, dim=1), centroids), nearest


def wrong_soft(tokens: torch.Tensor, centroids: torch.Tensor) -> torch.Tensor:
    """Every token pulls at all centroids, by softmax."""
    weights = (tokens @ centroids.T).softmax(dim=1)
    return F.normalize(weights.T @ tokens, dim=1)


def wrong_moved_one_by_one(tokens: torch.Tensor, centroids: torch.Tensor) -> torch.Tensor:
    """Assigns again after each centroid has moved: tokens may belong to two, or to another one."""
    moved = centroids.clone()
    for c in range(len(moved)):
        mine = tokens[(tokens @ moved.T).argmax(dim=1) == c]
        if len(mine):
            moved[c] = F.normalize(mine.mean(dim=0), dim=0)
    return moved


def wrong_empty_takes_a_token(tokens: torch.Tensor, centroids: torch.Tensor) -> torch.Tensor:
    """A centroid without tokens is set on the first token, as some libraries do."""
    nearest = (tokens @ centroids.T).argmax(dim=1)
    sums = torch.zeros_like(centroids).index_add(0, nearest, tokens)
    counts = torch.bincount(nearest, minlength=len(centroids))
    return torch.where(counts[:, None] > 0, F.normalize(sums, dim=1), tokens[0])


def wrong_last_centroid_forgotten(tokens: torch.Tensor, centroids: torch.Tensor) -> torch.Tensor:
    """range(c - 1): the last centroid never moves."""
    nearest = (tokens @ centroids.T).argmax(dim=1)
    moved = centroids.clone()
    for c in range(len(centroids) - 1):
        if (nearest == c).any():
            moved[c] = F.normalize(tokens[nearest == c].sum(dim=0), dim=0)
    return moved


def wrong_two_mistakes(tokens: torch.Tensor, centroids: torch.Tensor) -> torch.Tensor:
    """Not normalised, and NaN for a centroid without tokens."""
    nearest = (tokens @ centroids.T).argmax(dim=1)
    return torch.stack([tokens[nearest == c].mean(dim=0) for c in range(len(centroids))])


RIGHT = [
    right_one_hot,
    right_loop_over_centroids,
    right_scatter_add,
    right_numpy,
    right_boolean_table,
    right_index_reduce,
    right_sorted_groups,
]
WRONG = [
    wrong_not_normalised,
    wrong_empty_is_zero,
    wrong_empty_is_nan,
    wrong_empty_is_left_out,
    wrong_no_minlength,
    wrong_old_centroid_counts,
    wrong_last_token_only,
    wrong_plus_equals,
    wrong_plus_equals_on_a_copy,
    wrong_axis,
    wrong_farthest,
    wrong_normalised_columns,
    wrong_one_length,
    wrong_in_place,
    wrong_ids,
    wrong_pair,
    wrong_soft,
    wrong_moved_one_by_one,
    wrong_empty_takes_a_token,
    wrong_last_centroid_forgotten,
    wrong_two_mistakes,
]
