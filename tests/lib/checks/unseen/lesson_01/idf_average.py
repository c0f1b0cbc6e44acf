"""Answers to `idf_average`, written from its card alone."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def right_matmul(vectors: Tensor, idf: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
    """A batched product of weights and rows; clamp as tiny as float32 allows."""
    weights = idf[ids] * mask
    total = (weights[:, None, :] @ vectors[ids])[:, 0]
    return total / weights.sum(1, keepdim=True).clamp(min=1e-30)


def right_python_loop(vectors: Tensor, idf: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
    """The cell's loop, sentence by sentence, into a tensor of zeros."""
    result = torch.zeros(len(ids), vectors.shape[1], device=vectors.device)
    for i, (row, real) in enumerate(zip(ids, mask)):
        words = row[real.bool()]
        if len(words):
            weights = idf[words] / idf[words].sum()
            result[i] = (weights[:, None] * vectors[words]).sum(dim=0)
    return result


def right_einsum_where(vectors: Tensor, idf: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
    """einsum, and where() for the sentences without a word."""
    weights = torch.where(mask.bool(), idf[ids], 0.0)
    total = torch.einsum("bl,bld->bd", weights, vectors[ids])
    weight = weights.sum(dim=1)[:, None]
    return torch.where(weight > 0, total / weight, torch.zeros_like(total))


def right_shares_masked_fill(vectors: Tensor, idf: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
    """Shares first; 0 / 0 becomes 0 by nan_to_num."""
    weights = idf[ids].masked_fill(mask == 0, 0)
    shares = torch.nan_to_num(weights / weights.sum(-1, keepdim=True), nan=0.0)
    return (shares.unsqueeze(-1) * vectors[ids]).sum(-2)


def right_index_add(vectors: Tensor, idf: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
    """Flat list of real words, index_add_ into their sentences."""
    sentence, place = mask.nonzero(as_tuple=True)
    words = ids[sentence, place]
    total = vectors.new_zeros(len(ids), vectors.shape[1])
    total.index_add_(0, sentence, vectors[words] * idf[words].unsqueeze(1))
    weight = vectors.new_zeros(len(ids)).index_add_(0, sentence, idf[words])
    weight[weight == 0] = 1
    return total / weight.unsqueeze(1)


def wrong_padding_is_zero(vectors: Tensor, idf: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
    """Takes id 0 for padding instead of the mask: wrong where word 0 occurs."""
    real = (ids != 0).float()
    weights = idf[ids] * real
    total = (weights[:, :, None] * vectors[ids]).sum(1)
    return total / weights.sum(1, keepdim=True).clamp(min=1e-12)


def wrong_no_mask(vectors: Tensor, idf: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
    """Ignores the mask: the docstring's example gets word 0 in."""
    weights = idf[ids]
    total = (weights[:, :, None] * vectors[ids]).sum(1)
    return total / weights.sum(1, keepdim=True)


def wrong_mask_only_above(vectors: Tensor, idf: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
    """Masks the numerator only; the padding's idf counts in the denominator."""
    weights = idf[ids]
    total = ((weights * mask)[:, :, None] * vectors[ids]).sum(1)
    return total / weights.sum(1, keepdim=True)


def wrong_count_of_words(vectors: Tensor, idf: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
    """Divides by the number of words, not by the sum of the weights."""
    weights = idf[ids] * mask
    total = (weights[:, :, None] * vectors[ids]).sum(1)
    return total / mask.sum(1, keepdim=True).clamp(min=1)


def wrong_weight_at_least_one(vectors: Tensor, idf: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
    """clamp(min=1) of the weights' sum: wrong for one word of idf 0.5."""
    weights = idf[ids] * mask
    total = (weights[:, :, None] * vectors[ids]).sum(1)
    return total / weights.sum(1, keepdim=True).clamp(min=1)


def wrong_nan_for_empty(vectors: Tensor, idf: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
    """0 / 0: NaN where the mask is all 0."""
    weights = idf[ids] * mask
    return torch.einsum("bl,bld->bd", weights, vectors[ids]) / weights.sum(1, keepdim=True)


def wrong_unweighted(vectors: Tensor, idf: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
    """The plain mean: right only where all weights are equal."""
    weights = mask.float()
    total = (weights[:, :, None] * vectors[ids]).sum(1)
    return total / weights.sum(1, keepdim=True).clamp(min=1)


def wrong_softmax(vectors: Tensor, idf: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
    """softmax of the idf as weights, zeros for empty sentences; not proportional to idf."""
    weights = idf[ids].masked_fill(mask == 0, float("-inf")).softmax(dim=1).nan_to_num(0.0)
    return torch.einsum("bl,bld->bd", weights, vectors[ids])


def wrong_sum_over_batch(vectors: Tensor, idf: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
    """Divides by the weights of the whole batch: right for one sentence."""
    weights = idf[ids] * mask
    total = (weights[:, :, None] * vectors[ids]).sum(1)
    return total / weights.sum().clamp(min=1e-12)


def wrong_idf_by_place(vectors: Tensor, idf: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
    """idf of the place instead of the word: idf[:length], not idf[ids]."""
    weights = idf[: ids.shape[1]] * mask
    total = (weights[:, :, None] * vectors[ids]).sum(1)
    return total / weights.sum(1, keepdim=True).clamp(min=1e-12)


def wrong_first_sentence(vectors: Tensor, idf: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
    """Returns inside the loop: (1, dim) for every batch."""
    for row, real in zip(ids, mask):
        words = row[real.bool()]
        weights = idf[words]
        total = (weights[:, None] * vectors[words]).sum(0, keepdim=True)
        return total / weights.sum().clamp(min=1e-12)


def wrong_normalised(vectors: Tensor, idf: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
    """Scales the result to length one, which the lesson does later."""
    weights = idf[ids] * mask
    total = torch.einsum("bl,bld->bd", weights, vectors[ids])
    return F.normalize(total, dim=1)


def wrong_distinct_words(vectors: Tensor, idf: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
    """Counts a repeated word once: wrong for ids [[1, 1, 2]]."""
    result = torch.zeros(len(ids), vectors.shape[1])
    for i in range(len(ids)):
        words = ids[i][mask[i].bool()].unique()
        if len(words) > 0:
            weights = idf[words]
            result[i] = weights @ vectors[words] / weights.sum()
    return result


def wrong_list(vectors: Tensor, idf: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
    """A list of rows: torch.cat in the lesson gets (dim,) rows of single sentences, or fails."""
    rows = []
    for row, real in zip(ids, mask):
        words = row[real.bool()]
        total = idf[words] @ vectors[words]
        rows.append((total / idf[words].sum().clamp(min=1e-12)).tolist())
    return rows


def wrong_stack_skips_empty(vectors: Tensor, idf: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
    """Skips empty sentences, so that rows are missing and the later ones move up."""
    rows = []
    for row, real in zip(ids, mask):
        words = row[real.bool()]
        if len(words) == 0:
            continue
        rows.append(idf[words] @ vectors[words] / idf[words].sum())
    return torch.stack(rows)


def wrong_in_place(vectors: Tensor, idf: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
    """Multiplies the caller's vectors by the idf; right once, wrong at the second batch."""
    vectors.mul_(idf[:, None])
    real = mask.float()
    total = (real[:, :, None] * vectors[ids]).sum(1)
    return total / (real * idf[ids]).sum(1, keepdim=True).clamp(min=1e-12)


def wrong_length_from_mask(vectors: Tensor, idf: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
    """Takes the first n words, n from the mask: wrong for padding on the left."""
    result = torch.zeros(len(ids), vectors.shape[1])
    for i, n in enumerate(mask.sum(1).tolist()):
        words = ids[i, : int(n)]
        if n:
            result[i] = idf[words] @ vectors[words] / idf[words].sum()
    return result


def wrong_rounded_epsilon(vectors: Tensor, idf: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
    """+ 1e-2 below the line against 0 / 0: one percent off for a word of idf 1."""
    weights = idf[ids] * mask
    total = (weights[:, :, None] * vectors[ids]).sum(1)
    return total / (weights.sum(1, keepdim=True) + 1e-2)


RIGHT = [
    right_matmul,
    right_python_loop,
    right_einsum_where,
    right_shares_masked_fill,
    right_index_add,
]
WRONG = [
    wrong_padding_is_zero,
    wrong_no_mask,
    wrong_mask_only_above,
    wrong_count_of_words,
    wrong_weight_at_least_one,
    wrong_nan_for_empty,
    wrong_unweighted,
    wrong_softmax,
    wrong_sum_over_batch,
    wrong_idf_by_place,
    wrong_first_sentence,
    wrong_normalised,
    wrong_distinct_words,
    wrong_list,
    wrong_stack_skips_empty,
    wrong_in_place,
    wrong_length_from_mask,
    wrong_rounded_epsilon,
]
