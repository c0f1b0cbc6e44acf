"""Answers to `max_pool`, written from its card alone."""

from __future__ import annotations

import torch


def right_masked_fill(token_embeddings: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
    """masked_fill with -inf, amax, and -inf of empty rows to 0."""
    filled = token_embeddings.masked_fill(attention_mask.unsqueeze(-1) == 0, float("-inf"))
    empty = attention_mask.sum(dim=1, keepdim=True) == 0
    return filled.amax(dim=1).masked_fill(empty, 0.0)


def right_where_finfo(token_embeddings: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
    """torch.where with the smallest float, max().values, where again."""
    lowest = torch.finfo(token_embeddings.dtype).min
    real = attention_mask[:, :, None] > 0
    top = torch.where(real, token_embeddings, lowest).max(dim=1).values
    return torch.where(real.any(dim=1), top, torch.zeros_like(top))


def right_row_loop(token_embeddings: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
    """A loop over the rows, boolean indexing, an if for empty ones."""
    out = []
    for tokens, mask in zip(token_embeddings, attention_mask):
        real = tokens[mask == 1]
        out.append(real.max(dim=0)[0] if len(real) > 0 else torch.zeros_like(tokens[0]))
    return torch.stack(out)


def right_log_mask(token_embeddings: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
    """Adds log(mask), which is 0 or -inf, as attention does; isinf tells empty rows."""
    shifted = token_embeddings + attention_mask.float().log().unsqueeze(-1)
    top, _ = torch.max(shifted, dim=1)
    top[torch.isneginf(top)] = 0.0
    return top


def right_scatter_reduce(
    token_embeddings: torch.Tensor, attention_mask: torch.Tensor
) -> torch.Tensor:
    """scatter_reduce amax of the flat real tokens; rows without one keep their zeros."""
    row, place = torch.nonzero(attention_mask, as_tuple=True)
    real = token_embeddings[row, place]
    out = torch.zeros_like(token_embeddings[:, 0])
    index = row[:, None].expand_as(real)
    return out.scatter_reduce(0, index, real, reduce="amax", include_self=False)


def right_sorted(token_embeddings: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
    """Clones, fills the padding by index, sorts, takes the first."""
    work = token_embeddings.clone()
    work[attention_mask == 0] = -torch.inf
    top = work.sort(dim=1, descending=True).values[:, 0]
    return top.masked_fill(torch.isinf(top), 0.0)


def wrong_multiplies_mask(
    token_embeddings: torch.Tensor, attention_mask: torch.Tensor
) -> torch.Tensor:
    """A padded 0 wins where all real values are negative, as in the example."""
    return (token_embeddings * attention_mask.unsqueeze(-1)).amax(dim=1)


def wrong_no_mask(token_embeddings: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
    """The maximum over all positions: padding of 9 wins."""
    return token_embeddings.max(dim=1).values


def wrong_empty_minus_inf(
    token_embeddings: torch.Tensor, attention_mask: torch.Tensor
) -> torch.Tensor:
    """Leaves -inf in a row without a real token."""
    return token_embeddings.masked_fill(attention_mask.unsqueeze(-1) == 0, float("-inf")).amax(1)


def wrong_minus_hundred(
    token_embeddings: torch.Tensor, attention_mask: torch.Tensor
) -> torch.Tensor:
    """Fills with -100: wins against a real -250."""
    filled = token_embeddings.masked_fill(attention_mask.unsqueeze(-1) == 0, -100.0).amax(dim=1)
    return filled * (attention_mask.sum(dim=1, keepdim=True) > 0)


def wrong_minus_billion(
    token_embeddings: torch.Tensor, attention_mask: torch.Tensor
) -> torch.Tensor:
    """Fills with -1e9 and never clears it: an empty row comes back as -1e9."""
    filled = torch.where(attention_mask.unsqueeze(-1).bool(), token_embeddings, -1e9)
    return filled.amax(dim=1)


def wrong_added_penalty(
    token_embeddings: torch.Tensor, attention_mask: torch.Tensor
) -> torch.Tensor:
    """Subtracts 10 from padding: a 50 in the padding of [[1], [50]] still wins."""
    penalty = (1 - attention_mask).unsqueeze(-1) * 10.0
    return (
        (token_embeddings - penalty).amax(1).masked_fill(~attention_mask.bool().any(1)[:, None], 0)
    )


def wrong_pair(token_embeddings: torch.Tensor, attention_mask: torch.Tensor):
    """Forgets .values: the lesson asks the pair for its .shape."""
    filled = token_embeddings.masked_fill(attention_mask.unsqueeze(-1) == 0, float("-inf"))
    return filled.max(dim=1)


def wrong_positions(token_embeddings: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
    """Returns argmax, the places of the largest values."""
    filled = token_embeddings.masked_fill(attention_mask.unsqueeze(-1) == 0, float("-inf"))
    return filled.argmax(dim=1)


def wrong_largest_token(
    token_embeddings: torch.Tensor, attention_mask: torch.Tensor
) -> torch.Tensor:
    """The token with the largest sum, not dimension by dimension: wrong for [[-1, 4], [0, 2]]."""
    sums = token_embeddings.sum(-1).masked_fill(attention_mask == 0, float("-inf"))
    chosen = token_embeddings[torch.arange(len(sums), device=sums.device), sums.argmax(dim=1)]
    return chosen * (attention_mask.sum(1, keepdim=True) > 0)


def wrong_zero_means_empty(
    token_embeddings: torch.Tensor, attention_mask: torch.Tensor
) -> torch.Tensor:
    """Clamps at 0 to remove -inf: real negative maxima become 0, as in the example."""
    filled = token_embeddings.masked_fill(attention_mask.unsqueeze(-1) == 0, float("-inf"))
    return filled.amax(dim=1).clamp(min=0)


def wrong_zeros_are_padding(
    token_embeddings: torch.Tensor, attention_mask: torch.Tensor
) -> torch.Tensor:
    """Takes every 0 after masking for padding: a real [[0], [-5]] gives -5."""
    kept = token_embeddings * attention_mask.unsqueeze(-1)
    kept = torch.where(kept == 0, float("-inf"), kept)
    return kept.amax(dim=1).nan_to_num(neginf=0.0)


def wrong_in_place(token_embeddings: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
    """Right result, but -inf now stands in the caller's tokens, which the lesson multiplies next."""
    token_embeddings[attention_mask == 0] = float("-inf")
    top = token_embeddings.amax(dim=1)
    top[attention_mask.sum(dim=1) == 0] = 0
    return top


def wrong_cuts_by_count(
    token_embeddings: torch.Tensor, attention_mask: torch.Tensor
) -> torch.Tensor:
    """Reads the first `count` tokens: wrong for padding on the left."""
    rows = []
    for tokens, length in zip(token_embeddings, attention_mask.sum(dim=1).tolist()):
        rows.append(tokens[:length].amax(dim=0) if length else torch.zeros_like(tokens[0]))
    return torch.stack(rows)


def wrong_empty_nan(token_embeddings: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
    """-inf times 0 for empty rows is NaN, not 0."""
    filled = token_embeddings.masked_fill(attention_mask.unsqueeze(-1) == 0, float("-inf"))
    return filled.amax(dim=1) * (attention_mask.sum(dim=1, keepdim=True) > 0)


def wrong_whole_batch_empty(
    token_embeddings: torch.Tensor, attention_mask: torch.Tensor
) -> torch.Tensor:
    """Zeros only if no row has a token: one empty row among others stays -inf."""
    if attention_mask.sum() == 0:
        return torch.zeros_like(token_embeddings[:, 0])
    return token_embeddings.masked_fill(attention_mask.unsqueeze(-1) == 0, -torch.inf).amax(dim=1)


RIGHT = [
    right_masked_fill,
    right_where_finfo,
    right_row_loop,
    right_log_mask,
    right_scatter_reduce,
    right_sorted,
]
WRONG = [
    wrong_multiplies_mask,
    wrong_no_mask,
    wrong_empty_minus_inf,
    wrong_minus_hundred,
    wrong_minus_billion,
    wrong_added_penalty,
    wrong_pair,
    wrong_positions,
    wrong_largest_token,
    wrong_zero_means_empty,
    wrong_zeros_are_padding,
    wrong_in_place,
    wrong_cuts_by_count,
    wrong_empty_nan,
    wrong_whole_batch_empty,
]
