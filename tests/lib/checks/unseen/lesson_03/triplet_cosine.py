"""Answers to `triplet_cosine`, written from its card alone."""

from __future__ import annotations

import torch
import torch.nn.functional as F


def right_cosine_similarity(anchors, positives, negatives, margin):
    """Two calls of cosine_similarity and relu."""
    near = 1 - F.cosine_similarity(anchors, positives, dim=1)
    far = 1 - F.cosine_similarity(anchors, negatives, dim=1)
    return F.relu(near - far + margin).mean()


def right_normalise_and_sum(anchors, positives, negatives, margin):
    """Unit vectors, one product with the difference, clamp."""
    a, p, n = (F.normalize(x, dim=-1) for x in (anchors, positives, negatives))
    gap = (a * (n - p)).sum(dim=1) + margin
    return gap.clamp(min=0).mean()


def right_loop(anchors, positives, negatives, margin):
    """A loop over the triplets; torch.maximum with a zero."""
    rows = []
    for a, p, n in zip(anchors, positives, negatives):
        near = 1 - torch.cosine_similarity(a, p, dim=0)
        far = 1 - torch.cosine_similarity(a, n, dim=0)
        rows.append(torch.maximum(near - far + margin, torch.zeros_like(near)))
    return torch.stack(rows).mean()


def right_einsum_where(anchors, positives, negatives, margin):
    """Norms by hand, einsum, where for the cut, sum divided by the batch."""
    a = anchors / anchors.norm(dim=1, keepdim=True).clamp(min=1e-12)
    p = positives / positives.norm(dim=1, keepdim=True).clamp(min=1e-12)
    n = negatives / negatives.norm(dim=1, keepdim=True).clamp(min=1e-12)
    cos_p, cos_n = torch.einsum("bd,bd->b", a, p), torch.einsum("bd,bd->b", a, n)
    gap = (1 - cos_p) - (1 - cos_n) + margin
    return torch.where(gap > 0, gap, torch.zeros_like(gap)).sum() / len(gap)


def right_with_distance(anchors, positives, negatives, margin):
    """torch.nn.CosineSimilarity, both distances in one stack, clamp_min."""
    cosine = torch.nn.CosineSimilarity(dim=1)
    distances = torch.stack([1 - cosine(anchors, positives), 1 - cosine(anchors, negatives)])
    return (distances[0] - distances[1] + margin).clamp_min(0.0).mean()


def right_bmm(anchors, positives, negatives, margin):
    """Batched matrix products of (batch, 2, dim) with the anchor."""
    pair = F.normalize(torch.stack([positives, negatives], dim=1), dim=2)
    cosines = torch.bmm(pair, F.normalize(anchors, dim=1).unsqueeze(2)).squeeze(2)
    return torch.relu(margin - cosines[:, 0] + cosines[:, 1]).mean()


def wrong_cut_after_mean(anchors, positives, negatives, margin):
    """Cuts the mean, not each triplet: wrong where one is closed by far and one is open."""
    near = 1 - F.cosine_similarity(anchors, positives, dim=1)
    far = 1 - F.cosine_similarity(anchors, negatives, dim=1)
    return F.relu((near - far + margin).mean())


def wrong_sign(anchors, positives, negatives, margin):
    """Cosines taken for distances, so that the sign is turned: wrong but for equal cosines."""
    near = F.cosine_similarity(anchors, positives, dim=1)
    far = F.cosine_similarity(anchors, negatives, dim=1)
    return F.relu(near - far + margin).mean()


def wrong_no_cut(anchors, positives, negatives, margin):
    """Never cut at 0: negative for closed triplets."""
    near = 1 - F.cosine_similarity(anchors, positives, dim=1)
    far = 1 - F.cosine_similarity(anchors, negatives, dim=1)
    return (near - far + margin).mean()


def wrong_euclidean(anchors, positives, negatives, margin):
    """torch's triplet_margin_loss on unit vectors: Euclidean distances."""
    a, p, n = (F.normalize(x, dim=1) for x in (anchors, positives, negatives))
    return F.triplet_margin_loss(a, p, n, margin=margin)


def wrong_dot_product(anchors, positives, negatives, margin):
    """Dot products of the vectors as they are: right for unit vectors only."""
    near = 1 - (anchors * positives).sum(dim=1)
    far = 1 - (anchors * negatives).sum(dim=1)
    return F.relu(near - far + margin).mean()


def wrong_sum(anchors, positives, negatives, margin):
    """Sums the triplets: wrong for two that are open."""
    near = 1 - F.cosine_similarity(anchors, positives, dim=1)
    far = 1 - F.cosine_similarity(anchors, negatives, dim=1)
    return F.relu(near - far + margin).sum()


def wrong_mean_of_open(anchors, positives, negatives, margin):
    """The mean over open triplets only: nan when all are closed."""
    near = 1 - F.cosine_similarity(anchors, positives, dim=1)
    far = 1 - F.cosine_similarity(anchors, negatives, dim=1)
    loss = near - far + margin
    return loss[loss > 0].mean()


def wrong_axis(anchors, positives, negatives, margin):
    """dim=0 takes the cosine of columns: wrong for nearly any batch of two."""
    near = 1 - F.cosine_similarity(anchors, positives, dim=0)
    far = 1 - F.cosine_similarity(anchors, negatives, dim=0)
    return F.relu(near - far + margin).mean()


def wrong_margin_outside(anchors, positives, negatives, margin):
    """Adds the margin after the cut: a closed triplet costs the margin, not 0."""
    near = 1 - F.cosine_similarity(anchors, positives, dim=1)
    far = 1 - F.cosine_similarity(anchors, negatives, dim=1)
    return (F.relu(near - far) + margin).mean()


def wrong_positive_to_negative(anchors, positives, negatives, margin):
    """The second distance is from positive to negative: wrong where it differs from the anchor's."""
    near = 1 - F.cosine_similarity(anchors, positives, dim=1)
    far = 1 - F.cosine_similarity(positives, negatives, dim=1)
    return F.relu(near - far + margin).mean()


def wrong_fixed_margin(anchors, positives, negatives, margin):
    """0.3 from the loop above for the argument: wrong at margin 0.5."""
    near = 1 - F.cosine_similarity(anchors, positives, dim=1)
    far = 1 - F.cosine_similarity(anchors, negatives, dim=1)
    return torch.clamp(near - far + 0.3, min=0).mean()


def wrong_python_max(anchors, positives, negatives, margin):
    """Python's max over a tensor: raises for a batch of two, right for one triplet."""
    near = 1 - F.cosine_similarity(anchors, positives, dim=1)
    far = 1 - F.cosine_similarity(anchors, negatives, dim=1)
    return max(torch.zeros(1), near - far + margin).mean()


def wrong_all_against_all(anchors, positives, negatives, margin):
    """A matrix of all anchors with all others: wrong for a batch of two."""
    a, p, n = (F.normalize(x, dim=1) for x in (anchors, positives, negatives))
    return F.relu((1 - a @ p.T) - (1 - a @ n.T) + margin).mean()


def wrong_clamped_distance(anchors, positives, negatives, margin):
    """Cuts the distances to 0 .. 1, so that opposite vectors count as orthogonal."""
    near = (1 - F.cosine_similarity(anchors, positives, dim=1)).clamp(0, 1)
    far = (1 - F.cosine_similarity(anchors, negatives, dim=1)).clamp(0, 1)
    return F.relu(near - far + margin).mean()


def wrong_floats(anchors, positives, negatives, margin):
    """The lesson's loop with floats: no tensor, so the lesson's backward fails."""
    total = 0.0
    for a, p, n in zip(anchors, positives, negatives):
        near = 1 - float(torch.cosine_similarity(a, p, dim=0))
        far = 1 - float(torch.cosine_similarity(a, n, dim=0))
        total += max(0.0, near - far + margin)
    return total / len(anchors)


def wrong_in_place(anchors, positives, negatives, margin):
    """Normalises the caller's tensors in place."""
    for x in (anchors, positives, negatives):
        x /= x.norm(dim=1, keepdim=True).clamp(min=1e-12)
    return F.relu((anchors * (negatives - positives)).sum(dim=1) + margin).mean()


RIGHT = [
    right_cosine_similarity,
    right_normalise_and_sum,
    right_loop,
    right_einsum_where,
    right_with_distance,
    right_bmm,
]
WRONG = [
    wrong_cut_after_mean,
    wrong_sign,
    wrong_no_cut,
    wrong_euclidean,
    wrong_dot_product,
    wrong_sum,
    wrong_mean_of_open,
    wrong_axis,
    wrong_margin_outside,
    wrong_positive_to_negative,
    wrong_fixed_margin,
    wrong_python_max,
    wrong_all_against_all,
    wrong_clamped_distance,
    wrong_floats,
    wrong_in_place,
]
