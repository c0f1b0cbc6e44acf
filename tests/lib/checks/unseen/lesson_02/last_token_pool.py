"""Answers to `last_token_pool`, written from its card alone."""

from __future__ import annotations

import torch


def right_flip_argmax(token_embeddings: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
    """The first 1 of the flipped mask, counted from the end; where for empty rows."""
    from_end = attention_mask.flip(1).int().argmax(dim=1)
    last = attention_mask.shape[1] - 1 - from_end
    chosen = token_embeddings[torch.arange(len(last), device=last.device), last]
    return torch.where(attention_mask.any(dim=1)[:, None], chosen, torch.zeros_like(chosen))


def right_positions_times_mask(
    token_embeddings: torch.Tensor, attention_mask: torch.Tensor
) -> torch.Tensor:
    """argmax of (position + 1) * mask; take_along_dim; the product clears empty rows."""
    place = torch.arange(1, attention_mask.shape[1] + 1, device=attention_mask.device)
    last = (place * attention_mask).argmax(dim=1)
    chosen = token_embeddings.take_along_dim(last[:, None, None], dim=1)[:, 0]
    return chosen * (attention_mask.sum(dim=1, keepdim=True) > 0)


def right_loop_backwards(
    token_embeddings: torch.Tensor, attention_mask: torch.Tensor
) -> torch.Tensor:
    """Walks each row from the end to the first 1."""
    rows = []
    for tokens, mask in zip(token_embeddings, attention_mask):
        position = len(mask) - 1
        while position >= 0 and mask[position] == 0:
            position -= 1
        rows.append(tokens[position] if position >= 0 else torch.zeros_like(tokens[0]))
    return torch.stack(rows, dim=0)


def right_boolean_rows(
    token_embeddings: torch.Tensor, attention_mask: torch.Tensor
) -> torch.Tensor:
    """Boolean indexing and [-1] into a tensor of zeros."""
    out = token_embeddings.new_zeros(token_embeddings.size(0), token_embeddings.size(2))
    for i, real in enumerate(attention_mask.bool()):
        if real.any():
            out[i] = token_embeddings[i][real][-1]
    return out


def right_one_hot_bmm(token_embeddings: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
    """cumsum from the right marks the last token; a batched product reads it."""
    behind = attention_mask.flip(1).cumsum(1).flip(1)
    last = ((behind == 1) & (attention_mask == 1)).type_as(token_embeddings)
    return (last.unsqueeze(1) @ token_embeddings).squeeze(1)


def right_overwrite(token_embeddings: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
    """Goes over the positions and overwrites what is real: the last one stays."""
    out = torch.zeros_like(token_embeddings[:, 0, :])
    for t in range(attention_mask.shape[1]):
        out = torch.where(attention_mask[:, t, None] == 1, token_embeddings[:, t], out)
    return out


def wrong_last_position(
    token_embeddings: torch.Tensor, attention_mask: torch.Tensor
) -> torch.Tensor:
    """Position -1: padding for the docstring's example."""
    return token_embeddings[:, -1]


def wrong_count_minus_one(
    token_embeddings: torch.Tensor, attention_mask: torch.Tensor
) -> torch.Tensor:
    """sum - 1 is the last token with padding on the right only; empty rows give position -1."""
    last = attention_mask.sum(dim=1) - 1
    return token_embeddings[torch.arange(len(last), device=last.device), last]


def wrong_count_cleared(
    token_embeddings: torch.Tensor, attention_mask: torch.Tensor
) -> torch.Tensor:
    """Zeros for empty rows, but sum - 1: wrong with padding on the left, mask [0, 1, 1]."""
    count = attention_mask.sum(dim=1)
    chosen = token_embeddings[torch.arange(len(count)), (count - 1).clamp(min=0)]
    return chosen.masked_fill((count == 0)[:, None], 0.0)


def wrong_e5_recipe(token_embeddings: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
    """E5's recipe: an empty row in a left-padded batch makes it take sum - 1."""
    if attention_mask[:, -1].sum() == attention_mask.shape[0]:
        return token_embeddings[:, -1]
    count = attention_mask.sum(dim=1)
    rows = torch.arange(len(count), device=count.device)
    return token_embeddings[rows, count - 1] * (count > 0)[:, None]


def wrong_empty_row(token_embeddings: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
    """Right but for an empty row, which gives a padding vector."""
    place = torch.arange(attention_mask.shape[1], device=attention_mask.device)
    last = (place * attention_mask).argmax(dim=1)
    return token_embeddings[torch.arange(len(last), device=last.device), last]


def wrong_off_by_one(token_embeddings: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
    """Length - argmax of the flipped mask, without -1: an IndexError for a full row."""
    last = attention_mask.shape[1] - attention_mask.flip(1).argmax(dim=1)
    chosen = token_embeddings[torch.arange(len(last), device=last.device), last]
    return chosen * attention_mask.any(dim=1, keepdim=True)


def wrong_clamped_off_by_one(
    token_embeddings: torch.Tensor, attention_mask: torch.Tensor
) -> torch.Tensor:
    """Position = count, clamped: the first padding; right for full rows only."""
    last = attention_mask.sum(dim=1).clamp(max=attention_mask.shape[1] - 1)
    chosen = token_embeddings[torch.arange(len(last), device=last.device), last]
    return chosen * attention_mask.any(dim=1, keepdim=True)


def wrong_argmax_is_first(
    token_embeddings: torch.Tensor, attention_mask: torch.Tensor
) -> torch.Tensor:
    """argmax of the mask is the FIRST 1: wrong for any row of two tokens."""
    place = attention_mask.argmax(dim=1)
    chosen = token_embeddings[torch.arange(len(place), device=place.device), place]
    return chosen * attention_mask.any(dim=1, keepdim=True)


def wrong_longest_for_all(
    token_embeddings: torch.Tensor, attention_mask: torch.Tensor
) -> torch.Tensor:
    """The last place of the longest row for all rows: wrong for unlike lengths."""
    places = torch.nonzero(attention_mask.any(dim=0))
    if len(places) == 0:
        return torch.zeros_like(token_embeddings[:, 0])
    return token_embeddings[:, int(places[-1])] * attention_mask.any(dim=1, keepdim=True)


def wrong_flipped_tokens(
    token_embeddings: torch.Tensor, attention_mask: torch.Tensor
) -> torch.Tensor:
    """Flips the mask but not the tokens: wrong for mask [1, 1, 0]."""
    place = attention_mask.flip(1).argmax(dim=1)
    chosen = token_embeddings[torch.arange(len(place), device=place.device), place]
    return chosen.masked_fill(attention_mask.sum(1, keepdim=True) == 0, 0.0)


def wrong_last_nonzero_vector(
    token_embeddings: torch.Tensor, attention_mask: torch.Tensor
) -> torch.Tensor:
    """Looks for the last vector that is not 0: wrong if the last token is [0, 0]."""
    kept = (token_embeddings * attention_mask.unsqueeze(-1)).flip(1)
    place = (kept.abs().sum(dim=-1) > 0).int().argmax(dim=1)
    return kept[torch.arange(len(place), device=place.device), place]


def wrong_all_empty_only(
    token_embeddings: torch.Tensor, attention_mask: torch.Tensor
) -> torch.Tensor:
    """If any row is empty, all become zeros: wrong for a batch with one empty row."""
    if (attention_mask.sum(dim=1) == 0).any():
        return torch.zeros_like(token_embeddings[:, 0])
    return torch.stack([x[m == 1][-1] for x, m in zip(token_embeddings, attention_mask)])


def wrong_gather_one_dim(
    token_embeddings: torch.Tensor, attention_mask: torch.Tensor
) -> torch.Tensor:
    """gather without expand reads the first dimension only: (batch, 1)."""
    place = torch.arange(attention_mask.shape[1], device=attention_mask.device)
    last = (place * attention_mask).amax(dim=1)
    chosen = token_embeddings.gather(1, last[:, None, None]).squeeze(1)
    return chosen * attention_mask.any(dim=1, keepdim=True)


def wrong_mask_in_place(
    token_embeddings: torch.Tensor, attention_mask: torch.Tensor
) -> torch.Tensor:
    """Right result, but cumsum_ leaves running sums in the caller's mask."""
    real = attention_mask.any(dim=1, keepdim=True)
    # the largest running sum stands first at the last token
    last = attention_mask.cumsum_(dim=1).argmax(dim=1)
    return token_embeddings[torch.arange(len(last), device=last.device), last] * real


def wrong_no_return(token_embeddings: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
    """A forgotten return: None."""
    place = torch.arange(1, attention_mask.shape[1] + 1, device=attention_mask.device)
    last = (place * attention_mask).argmax(dim=1)
    pooled = token_embeddings[torch.arange(len(last), device=last.device), last]
    pooled[attention_mask.sum(dim=1) == 0] = 0


RIGHT = [
    right_flip_argmax,
    right_positions_times_mask,
    right_loop_backwards,
    right_boolean_rows,
    right_one_hot_bmm,
    right_overwrite,
]
WRONG = [
    wrong_last_position,
    wrong_count_minus_one,
    wrong_count_cleared,
    wrong_e5_recipe,
    wrong_empty_row,
    wrong_off_by_one,
    wrong_clamped_off_by_one,
    wrong_argmax_is_first,
    wrong_longest_for_all,
    wrong_flipped_tokens,
    wrong_last_nonzero_vector,
    wrong_all_empty_only,
    wrong_gather_one_dim,
    wrong_mask_in_place,
    wrong_no_return,
]
