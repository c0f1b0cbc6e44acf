"""Answers to `cls_pool`, written from its card alone."""

from __future__ import annotations

import torch


def right_argmax_take(token_embeddings: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
    """argmax of the mask finds the first 1; the product with `any` makes the zeros."""
    first = attention_mask.int().argmax(dim=1)
    rows = torch.arange(len(token_embeddings), device=token_embeddings.device)
    return token_embeddings[rows, first] * attention_mask.any(dim=1, keepdim=True)


def right_loop(token_embeddings: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
    """Two plain loops and a break; the zeros are there from the start."""
    batch, length, dim = token_embeddings.shape
    out = torch.zeros(batch, dim, dtype=token_embeddings.dtype, device=token_embeddings.device)
    for i in range(batch):
        for j in range(length):
            if attention_mask[i, j]:
                out[i] = token_embeddings[i, j]
                break
    return out


def right_cumsum_weights(
    token_embeddings: torch.Tensor, attention_mask: torch.Tensor
) -> torch.Tensor:
    """A one-hot mask from the running sum, then einsum."""
    first = (attention_mask.cumsum(dim=1) == 1) & (attention_mask == 1)
    return torch.einsum("bt,btd->bd", first.to(token_embeddings.dtype), token_embeddings)


def right_gather(token_embeddings: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
    """Smallest real position by masked_fill and amin, gather, masked_fill."""
    length = attention_mask.shape[1]
    place = torch.arange(length, device=attention_mask.device).expand_as(attention_mask)
    first = place.masked_fill(attention_mask == 0, length).amin(dim=1)
    index = first.clamp(max=length - 1)[:, None, None].expand(-1, 1, token_embeddings.shape[2])
    chosen = torch.gather(token_embeddings, 1, index).squeeze(1)
    return chosen.masked_fill((first == length)[:, None], 0.0)


def right_comprehension(
    token_embeddings: torch.Tensor, attention_mask: torch.Tensor
) -> torch.Tensor:
    """next() over the positions of a row, a comprehension over the rows."""
    zero = torch.zeros_like(token_embeddings[0, 0])
    return torch.stack(
        [
            next((x for x, m in zip(tokens, mask.tolist()) if m == 1), zero)
            for tokens, mask in zip(token_embeddings, attention_mask)
        ]
    )


def wrong_position_zero(
    token_embeddings: torch.Tensor, attention_mask: torch.Tensor
) -> torch.Tensor:
    """Position 0: padding on the left, as in the example; also not zeros for an empty row."""
    return token_embeddings[:, 0]


def wrong_position_zero_cleared(
    token_embeddings: torch.Tensor, attention_mask: torch.Tensor
) -> torch.Tensor:
    """Zeros for empty rows, but position 0: wrong with padding on the left."""
    return token_embeddings[:, 0, :] * attention_mask.any(dim=1, keepdim=True)


def wrong_empty_row(token_embeddings: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
    """argmax of an empty row is 0: its padding comes back, not zeros."""
    first = attention_mask.argmax(dim=1)
    return token_embeddings[torch.arange(len(first), device=first.device), first]


def wrong_same_for_all(
    token_embeddings: torch.Tensor, attention_mask: torch.Tensor
) -> torch.Tensor:
    """The first place of row 0 for every row: wrong for left padding of unlike lengths."""
    first = int(attention_mask[0].argmax())
    return token_embeddings[:, first] * attention_mask.any(dim=1, keepdim=True)


def wrong_counts_padding(
    token_embeddings: torch.Tensor, attention_mask: torch.Tensor
) -> torch.Tensor:
    """Number of zeros as the place: right for left padding, wrong for mask [1, 1, 0]."""
    length = attention_mask.shape[1]
    first = (length - attention_mask.sum(dim=1)).clamp(max=length - 1)
    chosen = token_embeddings[torch.arange(len(first), device=first.device), first]
    return chosen * attention_mask.any(dim=1, keepdim=True)


def wrong_last_one(token_embeddings: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
    """argmax of the running sum is the last 1, not the first: wrong for any two tokens."""
    place = attention_mask.cumsum(dim=1).argmax(dim=1)
    chosen = token_embeddings[torch.arange(len(place), device=place.device), place]
    return chosen.masked_fill(attention_mask.sum(1, keepdim=True) == 0, 0)


def wrong_all_pairs_of_index(
    token_embeddings: torch.Tensor, attention_mask: torch.Tensor
) -> torch.Tensor:
    """`[:, first]` picks every place for every row: (batch, batch, dim) comes back."""
    first = attention_mask.argmax(dim=1)
    return token_embeddings[:, first]


def wrong_first_side_for_all(
    token_embeddings: torch.Tensor, attention_mask: torch.Tensor
) -> torch.Tensor:
    """Left or right by the last column; an empty row among right-padded ones gives its padding."""
    rows = torch.arange(len(token_embeddings), device=token_embeddings.device)
    if bool((attention_mask[:, -1] == 1).all()):
        return token_embeddings[rows, attention_mask.argmax(dim=1)]
    return token_embeddings[:, 0]


def wrong_nonzero_drops(
    token_embeddings: torch.Tensor, attention_mask: torch.Tensor
) -> torch.Tensor:
    """Empty rows are missing from the result: (2, dim) for a batch of 3 with one empty."""
    firsts = [x[m.bool()][0] for x, m in zip(token_embeddings, attention_mask) if m.any()]
    return torch.stack(firsts)


def wrong_one_text(token_embeddings: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
    """Only the first text: (1, dim) for every batch."""
    places = attention_mask[0].nonzero()
    if len(places) == 0:
        return torch.zeros(1, token_embeddings.shape[2])
    return token_embeddings[:1, int(places[0])]


def wrong_fails_on_empty(
    token_embeddings: torch.Tensor, attention_mask: torch.Tensor
) -> torch.Tensor:
    """IndexError for a row without a real token."""
    return torch.stack([x[m == 1][0] for x, m in zip(token_embeddings, attention_mask)])


def wrong_first_nonzero_vector(
    token_embeddings: torch.Tensor, attention_mask: torch.Tensor
) -> torch.Tensor:
    """Masks, then takes the first vector that is not 0: wrong if the first token is [0, 0]."""
    kept = token_embeddings * attention_mask.unsqueeze(-1)
    first = (kept != 0).any(dim=-1).int().argmax(dim=1)
    return kept[torch.arange(len(first), device=first.device), first]


def wrong_keeps_axis(token_embeddings: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
    """No squeeze after gather: (batch, 1, dim), so cosines with the mean get a wrong shape."""
    first = attention_mask.argmax(dim=1)
    index = first[:, None, None].expand(-1, 1, token_embeddings.shape[-1])
    return token_embeddings.gather(1, index) * attention_mask.any(dim=1)[:, None, None]


def wrong_clears_the_input(
    token_embeddings: torch.Tensor, attention_mask: torch.Tensor
) -> torch.Tensor:
    """Right result, but the caller's padding is zeroed in place."""
    token_embeddings *= attention_mask.unsqueeze(-1)
    first = attention_mask.argmax(dim=1)
    return token_embeddings[torch.arange(len(first), device=first.device), first]


def wrong_no_return(token_embeddings: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
    """Prints instead of returning."""
    first = attention_mask.argmax(dim=1)
    rows = torch.arange(len(first), device=first.device)
    print(token_embeddings[rows, first] * attention_mask.any(dim=1, keepdim=True))


RIGHT = [right_argmax_take, right_loop, right_cumsum_weights, right_gather, right_comprehension]
WRONG = [
    wrong_position_zero,
    wrong_position_zero_cleared,
    wrong_empty_row,
    wrong_same_for_all,
    wrong_counts_padding,
    wrong_last_one,
    wrong_all_pairs_of_index,
    wrong_first_side_for_all,
    wrong_nonzero_drops,
    wrong_one_text,
    wrong_fails_on_empty,
    wrong_first_nonzero_vector,
    wrong_keeps_axis,
    wrong_clears_the_input,
    wrong_no_return,
]
