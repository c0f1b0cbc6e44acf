"""Answers to `pair_average_precision`, written from its card alone."""

from __future__ import annotations

import numpy as np
import torch
from sklearn.metrics import average_precision_score


def right_sorted_pairs(scores: torch.Tensor, same: torch.Tensor) -> float:
    """Python: sorted pairs, a running count."""
    pairs = sorted(zip(scores.tolist(), same.tolist()), reverse=True)
    found, total = 0, 0.0
    for rank, (_, truth) in enumerate(pairs, start=1):
        if truth:
            found += 1
            total += found / rank
    return total / found if found > 0 else 0.0


def right_comparisons(scores: torch.Tensor, same: torch.Tensor) -> float:
    """No sorting: the rank of a pair is the number of scores that are at least as high."""
    truth = same.bool()
    if not truth.any():
        return 0.0
    above = scores[None, :] >= scores[truth][:, None]
    precision = (above & truth[None, :]).sum(dim=1) / above.sum(dim=1)
    return precision.mean().item()


def right_sklearn(scores: torch.Tensor, same: torch.Tensor) -> float:
    """scikit-learn's average precision, which agrees without ties."""
    truth = same.bool().numpy()
    if truth.sum() == 0:
        return 0.0
    return float(average_precision_score(truth, scores.numpy()))


def right_numpy(scores: torch.Tensor, same: torch.Tensor) -> float:
    """numpy: argsort of the negative scores, the n-th same pair has precision n / rank."""
    truth = same.numpy().astype(bool)[np.argsort(-scores.numpy())]
    ranks = np.flatnonzero(truth) + 1
    if len(ranks) == 0:
        return 0.0
    return float((np.arange(1, len(ranks) + 1) / ranks).mean())


def right_masked_sum(scores: torch.Tensor, same: torch.Tensor) -> float:
    """A product with the mask in float64, the bound keeps 0 / 0 away."""
    truth = same[scores.sort(descending=True).indices].double()
    precision = truth.cumsum(0) / torch.arange(1, truth.numel() + 1)
    return float((precision * truth).sum() / truth.sum().clamp(min=1))


def right_prefixes(scores: torch.Tensor, same: torch.Tensor) -> float:
    """gather, and each prefix is averaged anew."""
    truth = same.int().gather(0, torch.argsort(scores, descending=True))
    parts = [truth[: i + 1].float().mean() for i in range(len(truth)) if truth[i] == 1]
    if not parts:
        return 0.0
    return sum(parts).item() / len(parts)


def right_topk_flip(scores: torch.Tensor, same: torch.Tensor) -> float:
    """topk for all pairs; True and False by comparison with 0."""
    order = scores.topk(len(scores)).indices
    truth = (same != 0)[order]
    places = torch.nonzero(truth).flatten()
    count = len(places)
    if count == 0:
        return 0.0
    return float((torch.arange(1, count + 1) / (places + 1)).sum() / count)


def wrong_lowest_first(scores: torch.Tensor, same: torch.Tensor) -> float:
    """argsort without descending: the lowest score first."""
    truth = same.bool()[scores.argsort()]
    precision = truth.cumsum(0) / torch.arange(1, len(truth) + 1)
    return float(precision[truth].mean()) if truth.any() else 0.0


def wrong_not_sorted(scores: torch.Tensor, same: torch.Tensor) -> float:
    """Forgets the scores: the order as it came; the example gives 1."""
    truth = same.bool()
    precision = truth.cumsum(0) / torch.arange(1, len(truth) + 1)
    return float(precision[truth].mean()) if truth.any() else 0.0


def wrong_scores_sorted_only(scores: torch.Tensor, same: torch.Tensor) -> float:
    """Sorts the scores and not the truths: the same slip, written otherwise."""
    scores = scores.sort(descending=True).values
    found, total = 0, 0.0
    for rank, (_, truth) in enumerate(zip(scores.tolist(), same.tolist()), start=1):
        if truth:
            found += 1
            total += found / rank
    return total / found if found else 0.0


def wrong_nan(scores: torch.Tensor, same: torch.Tensor) -> float:
    """NaN without a same pair."""
    truth = same.bool()[scores.argsort(descending=True)]
    precision = truth.cumsum(0) / torch.arange(1, len(truth) + 1)
    return float(precision[truth].mean())


def wrong_index_by_numbers(scores: torch.Tensor, same: torch.Tensor) -> float:
    """Without bool(), 1 and 0 pick places: right for True and False only."""
    truth = same[scores.argsort(descending=True)]
    precision = truth.cumsum(0) / torch.arange(1, len(truth) + 1)
    return float(precision[truth].mean()) if truth.any() else 0.0


def wrong_every_rank(scores: torch.Tensor, same: torch.Tensor) -> float:
    """The mean over all ranks."""
    truth = same.bool()[scores.argsort(descending=True)]
    precision = truth.cumsum(0) / torch.arange(1, len(truth) + 1)
    return float(precision.mean()) if truth.any() else 0.0


def wrong_over_pairs(scores: torch.Tensor, same: torch.Tensor) -> float:
    """Divides by all pairs: 5/9 in the example."""
    truth = same.bool()[scores.argsort(descending=True)]
    precision = truth.cumsum(0) / torch.arange(1, len(truth) + 1)
    return float((precision * truth).mean())


def wrong_from_zero(scores: torch.Tensor, same: torch.Tensor) -> float:
    """Ranks from 0: infinite for a same pair in the first place."""
    truth = same.bool()[scores.argsort(descending=True)]
    precision = truth.cumsum(0) / torch.arange(len(truth))
    return float(precision[truth].mean()) if truth.any() else 0.0


def wrong_reciprocal(scores: torch.Tensor, same: torch.Tensor) -> float:
    """1 / rank for the share: the second same pair counts 1/3 and not 2/3."""
    truth = same.bool()[scores.argsort(descending=True)]
    ranks = torch.arange(1, len(truth) + 1)
    return float((1 / ranks)[truth].mean()) if truth.any() else 0.0


def wrong_places_for_order(scores: torch.Tensor, same: torch.Tensor) -> float:
    """argsort twice gives ranks, which do not put `same` in order; right for up to 2 pairs."""
    ranks = scores.argsort(descending=True).argsort()
    truth = same.bool()[ranks]
    precision = truth.cumsum(0) / torch.arange(1, len(truth) + 1)
    return float(precision[truth].mean()) if truth.any() else 0.0


def wrong_trapezoids(scores: torch.Tensor, same: torch.Tensor) -> float:
    """The area under the precision-recall curve by trapezoids."""
    truth = same.bool()[scores.argsort(descending=True)]
    if not truth.any():
        return 0.0
    found = truth.cumsum(0)
    precision = torch.cat([torch.ones(1), found / torch.arange(1, len(truth) + 1)])
    recall = torch.cat([torch.zeros(1), found / found[-1]])
    return float(torch.trapezoid(precision, recall))


def wrong_threshold(scores: torch.Tensor, same: torch.Tensor) -> float:
    """Only pairs above 0.5 are ranked: one of a lower score counts 0, as in the example."""
    truth = same.bool()
    if not truth.any():
        return 0.0
    order = scores.argsort(descending=True)
    ordered, high = truth[order], scores[order] > 0.5
    precision = ordered.cumsum(0) / torch.arange(1, len(truth) + 1)
    return float(precision[ordered & high].sum() / truth.sum())


def wrong_by_size(scores: torch.Tensor, same: torch.Tensor) -> float:
    """Ranks by the absolute score: -0.9 before 0.5."""
    truth = same.bool()[scores.abs().argsort(descending=True)]
    precision = truth.cumsum(0) / torch.arange(1, len(truth) + 1)
    return float(precision[truth].mean()) if truth.any() else 0.0


def wrong_r_precision(scores: torch.Tensor, same: torch.Tensor) -> float:
    """The precision at as many pairs as there are same ones."""
    truth = same.bool()[scores.argsort(descending=True)]
    count = int(truth.sum())
    return float(truth[:count].float().mean()) if count else 0.0


def wrong_nothing_is_one(scores: torch.Tensor, same: torch.Tensor) -> float:
    """1.0 without a same pair."""
    truth = same.bool()[scores.argsort(descending=True)]
    precision = truth.cumsum(0) / torch.arange(1, len(truth) + 1)
    return float(precision[truth].mean()) if truth.any() else 1.0


def wrong_up_to_before(scores: torch.Tensor, same: torch.Tensor) -> float:
    """The share above the pair, without the pair itself."""
    truth = same.bool()[scores.argsort(descending=True)]
    before = truth.cumsum(0) - truth.long()
    precision = before / torch.arange(1, len(truth) + 1)
    return float(precision[truth].mean()) if truth.any() else 0.0


def wrong_shape(scores: torch.Tensor, same: torch.Tensor) -> float:
    """A tensor of shape (1,) for a number."""
    truth = same.bool()[scores.argsort(descending=True)]
    if not truth.any():
        return torch.zeros(1)
    precision = truth.cumsum(0) / torch.arange(1, len(truth) + 1)
    return precision[truth].mean(dim=0, keepdim=True)


def wrong_sorts_in_place(scores: torch.Tensor, same: torch.Tensor) -> float:
    """The right number, but the caller's scores come back sorted."""
    ordered, order = scores.sort(descending=True)
    scores.copy_(ordered)
    truth = same.bool()[order]
    precision = truth.cumsum(0) / torch.arange(1, len(truth) + 1)
    return float(precision[truth].mean()) if truth.any() else 0.0


RIGHT = [
    right_sorted_pairs,
    right_comparisons,
    right_sklearn,
    right_numpy,
    right_masked_sum,
    right_prefixes,
    right_topk_flip,
]
WRONG = [
    wrong_lowest_first,
    wrong_not_sorted,
    wrong_scores_sorted_only,
    wrong_nan,
    wrong_index_by_numbers,
    wrong_every_rank,
    wrong_over_pairs,
    wrong_from_zero,
    wrong_reciprocal,
    wrong_places_for_order,
    wrong_trapezoids,
    wrong_threshold,
    wrong_by_size,
    wrong_r_precision,
    wrong_nothing_is_one,
    wrong_up_to_before,
    wrong_shape,
    wrong_sorts_in_place,
]
