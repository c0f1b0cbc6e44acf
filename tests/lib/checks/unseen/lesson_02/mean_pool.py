"""Answers to `mean_pool`, written from its card alone."""

from __future__ import annotations

import numpy as np
import torch


def right_mask_multiply(
    token_embeddings: torch.Tensor, attention_mask: torch.Tensor
) -> torch.Tensor:
    """Mask times tokens, sum by count, the count clamped to one."""
    mask = attention_mask.unsqueeze(-1).to(token_embeddings.dtype)
    return (token_embeddings * mask).sum(dim=1) / mask.sum(dim=1).clamp(min=1)


def right_bmm(token_embeddings: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
    """A batched product of normalised weights and tokens."""
    mask = attention_mask.float()
    weights = mask / mask.sum(dim=1, keepdim=True).clamp(min=1.0)
    return torch.bmm(weights[:, None, :], token_embeddings)[:, 0]


def right_einsum_where(
    token_embeddings: torch.Tensor, attention_mask: torch.Tensor
) -> torch.Tensor:
    """einsum over the tokens, then torch.where for the empty rows."""
    mask = attention_mask.type_as(token_embeddings)
    total = torch.einsum("btd,bt->bd", token_embeddings, mask)
    count = mask.sum(1)[:, None]
    return torch.where(count > 0, total / count, torch.zeros_like(total))


def right_filled_nan_to_num(
    token_embeddings: torch.Tensor, attention_mask: torch.Tensor
) -> torch.Tensor:
    """masked_fill with NaN, nanmean, and NaN of empty rows to 0."""
    padded = attention_mask.unsqueeze(2) == 0
    return token_embeddings.masked_fill(padded, float("nan")).nanmean(dim=1).nan_to_num(0.0)


def right_index_add(token_embeddings: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
    """index_add of the flat real tokens to their rows."""
    real = attention_mask.bool()
    row, _ = real.nonzero(as_tuple=True)
    out = token_embeddings.new_zeros(token_embeddings.shape[0], token_embeddings.shape[2])
    out.index_add_(0, row, token_embeddings[real])
    count = torch.bincount(row, minlength=len(out))
    return out / torch.clamp(count, min=1).unsqueeze(1)


def right_numpy(token_embeddings: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
    """numpy there and back; np.maximum guards the count."""
    tokens = token_embeddings.detach().cpu().numpy()
    mask = attention_mask.cpu().numpy().astype(np.float32)[..., None]
    mean = (tokens * mask).sum(axis=1) / np.maximum(mask.sum(axis=1), 1)
    return torch.from_numpy(mean.astype(np.float32)).to(token_embeddings.device)


def wrong_plain_mean(token_embeddings: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
    """Forgets the mask: wrong for the docstring's example."""
    return token_embeddings.mean(dim=1)


def wrong_padded_length(
    token_embeddings: torch.Tensor, attention_mask: torch.Tensor
) -> torch.Tensor:
    """Zeros the padding but divides by the padded length: wrong for every padded row."""
    return (token_embeddings * attention_mask.unsqueeze(-1)).mean(dim=1)


def wrong_count_only(token_embeddings: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
    """Divides by the right count but sums the padding, too: wrong for padding that is not 0."""
    count = attention_mask.sum(dim=1, keepdim=True).clamp(min=1)
    return token_embeddings.sum(dim=1) / count


def wrong_nan_for_empty(
    token_embeddings: torch.Tensor, attention_mask: torch.Tensor
) -> torch.Tensor:
    """No guard of the count: NaN for a row whose mask is all 0."""
    mask = attention_mask.unsqueeze(-1).float()
    return (token_embeddings * mask).sum(1) / mask.sum(1)


def wrong_plus_one(token_embeddings: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
    """Adds 1 to the count against dividing by zero: wrong for every row but an empty one."""
    mask = attention_mask.unsqueeze(-1).float()
    return (token_embeddings * mask).sum(1) / (mask.sum(1) + 1)


def wrong_count_of_batch(
    token_embeddings: torch.Tensor, attention_mask: torch.Tensor
) -> torch.Tensor:
    """Counts the real tokens of the whole batch: right for a batch of one only."""
    mask = attention_mask.unsqueeze(-1).float()
    return (token_embeddings * mask).sum(dim=1) / mask.sum().clamp(min=1)


def wrong_first_mask_for_all(
    token_embeddings: torch.Tensor, attention_mask: torch.Tensor
) -> torch.Tensor:
    """Takes the mask of row 0 for all rows: wrong for two rows of unlike length."""
    real = attention_mask[0].bool()
    if not real.any():
        return torch.zeros_like(token_embeddings[:, 0])
    return token_embeddings[:, real].mean(dim=1)


def wrong_slices_by_length(
    token_embeddings: torch.Tensor, attention_mask: torch.Tensor
) -> torch.Tensor:
    """Takes the first `count` tokens of a row: wrong for padding on the left, mask [0, 1, 1]."""
    count = attention_mask.sum(dim=1)
    place = torch.arange(token_embeddings.shape[1], device=token_embeddings.device)
    real = (place < count[:, None]).unsqueeze(-1)
    return (token_embeddings * real).sum(1) / count.clamp(min=1)[:, None]


def wrong_axis(token_embeddings: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
    """Sums over the batch: (tokens, dim) comes back."""
    mask = attention_mask.unsqueeze(-1).float()
    return (token_embeddings * mask).sum(dim=0) / mask.sum(dim=0).clamp(min=1)


def wrong_counts_nonzero_values(
    token_embeddings: torch.Tensor, attention_mask: torch.Tensor
) -> torch.Tensor:
    """Counts values that are not 0 after masking: wrong for a real token [0, 5]."""
    kept = token_embeddings * attention_mask.unsqueeze(-1)
    return kept.sum(dim=1) / (kept != 0).sum(dim=1).clamp(min=1)


def wrong_batch_broadcast(
    token_embeddings: torch.Tensor, attention_mask: torch.Tensor
) -> torch.Tensor:
    """A count without [:, None]: fails, or divides columns where batch equals dim."""
    total = torch.einsum("bt,btd->bd", attention_mask.to(token_embeddings.dtype), token_embeddings)
    return total / attention_mask.sum(dim=1).clamp(min=1)


def wrong_in_place(token_embeddings: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
    """Right result, but masked_fill_ zeros the caller's tokens: max_pool(tokens, ...) comes later."""
    token_embeddings.masked_fill_(attention_mask.unsqueeze(-1) == 0, 0.0)
    return token_embeddings.sum(1) / attention_mask.sum(1, keepdim=True).clamp(min=1)


def wrong_drops_empty_rows(
    token_embeddings: torch.Tensor, attention_mask: torch.Tensor
) -> torch.Tensor:
    """Leaves out the rows without a token: 2 rows for a batch of 3 with one empty."""
    means = [
        t[m.bool()].mean(dim=0) for t, m in zip(token_embeddings, attention_mask) if m.sum() > 0
    ]
    return torch.stack(means)


def wrong_list(token_embeddings: torch.Tensor, attention_mask: torch.Tensor) -> list:
    """A list of tensors: the lesson calls .shape on the result."""
    out = []
    for tokens, mask in zip(token_embeddings, attention_mask):
        real = tokens[mask == 1]
        out.append(real.mean(dim=0) if len(real) else torch.zeros(tokens.shape[1]))
    return out


def wrong_left_over_raise(
    token_embeddings: torch.Tensor, attention_mask: torch.Tensor
) -> torch.Tensor:
    """Computes, does not return, and the raise still stands below."""
    mask = attention_mask.unsqueeze(-1).float()
    pooled = (token_embeddings * mask).sum(1) / mask.sum(1).clamp(min=1)  # noqa: F841
    raise NotImplementedError()


RIGHT = [
    right_mask_multiply,
    right_bmm,
    right_einsum_where,
    right_filled_nan_to_num,
    right_index_add,
    right_numpy,
]
WRONG = [
    wrong_plain_mean,
    wrong_padded_length,
    wrong_count_only,
    wrong_nan_for_empty,
    wrong_plus_one,
    wrong_count_of_batch,
    wrong_first_mask_for_all,
    wrong_slices_by_length,
    wrong_axis,
    wrong_counts_nonzero_values,
    wrong_batch_broadcast,
    wrong_in_place,
    wrong_drops_empty_rows,
    wrong_list,
    wrong_left_over_raise,
]
