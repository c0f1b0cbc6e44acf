"""Answers to `skipgram_pairs`, written from its card alone."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def right_all_places(tokens: Tensor, window_draws: Tensor, keep: Tensor) -> Tensor:
    """All places against all places, with nonzero."""
    tokens, reach = tokens[keep], window_draws[keep]
    place = torch.arange(len(tokens), device=tokens.device)
    gap = (place[:, None] - place[None, :]).abs()
    centre, context = ((gap > 0) & (gap <= reach[:, None])).nonzero(as_tuple=True)
    return torch.stack([tokens[centre], tokens[context]], dim=1)


def right_loop_like_the_cell(tokens: Tensor, window_draws: Tensor, keep: Tensor) -> Tensor:
    """The cell's loop over lists; reshape(-1, 2) makes the empty case (0, 2)."""
    kept = [(t, r) for t, r, k in zip(tokens.tolist(), window_draws.tolist(), keep.tolist()) if k]
    pairs = []
    for i, (centre, reach) in enumerate(kept):
        for j, (context, _) in enumerate(kept):
            if i != j and abs(i - j) <= reach:
                pairs.append((centre, context))
    return torch.tensor(pairs, dtype=torch.int64).reshape(-1, 2)


def right_shifts(tokens: Tensor, window_draws: Tensor, keep: Tensor) -> Tensor:
    """One shift at a time, both directions, as the counts of section 1."""
    t, r = torch.masked_select(tokens, keep), torch.masked_select(window_draws, keep)
    parts = [torch.empty(0, 2, dtype=tokens.dtype)]
    for step in range(1, len(t)):
        left, right = t[:-step], t[step:]
        forwards = r[:-step] >= step
        backwards = r[step:] >= step
        parts.append(torch.stack([left[forwards], right[forwards]], dim=1))
        parts.append(torch.stack([right[backwards], left[backwards]], dim=1))
    return torch.cat(parts)


def right_meshgrid(tokens: Tensor, window_draws: Tensor, keep: Tensor) -> Tensor:
    """cartesian_prod of places, filtered; order by context first."""
    where = keep.nonzero().flatten()
    words, reach = tokens[where], window_draws[where]
    n = len(words)
    j, i = torch.meshgrid(torch.arange(n), torch.arange(n), indexing="ij")
    i, j = i.reshape(-1), j.reshape(-1)
    seen = torch.logical_and(i.ne(j), (i - j).abs().le(reach[i]))
    return torch.hstack([words[i[seen]].unsqueeze(1), words[j[seen]].unsqueeze(1)])


def right_slices(tokens: Tensor, window_draws: Tensor, keep: Tensor) -> Tensor:
    """Python slices around each centre; an early return for nothing."""
    words = [int(t) for t, k in zip(tokens, keep) if k]
    draws = [int(d) for d, k in zip(window_draws, keep) if k]
    out = []
    for i, (word, draw) in enumerate(zip(words, draws)):
        out += [[word, other] for other in words[max(0, i - draw) : i]]
        out += [[word, other] for other in words[i + 1 : i + 1 + draw]]
    if not out:
        return torch.zeros((0, 2), dtype=torch.long)
    return torch.tensor(out)


def wrong_windows_before_drop(tokens: Tensor, window_draws: Tensor, keep: Tensor) -> Tensor:
    """Distances are those before the drop: [1, 2, 3], draws 1, keep [T, F, T] has pairs."""
    place = torch.arange(len(tokens))
    gap = (place[:, None] - place).abs()
    seen = (gap > 0) & (gap <= window_draws[:, None]) & keep[:, None] & keep
    i, j = seen.nonzero(as_tuple=True)
    return torch.stack([tokens[i], tokens[j]], dim=1)


def wrong_draws_not_dropped(tokens: Tensor, window_draws: Tensor, keep: Tensor) -> Tensor:
    """Draws stay with the place, not the word: wrong for draws [1, 3, 1, 1], first dropped."""
    tokens = tokens[keep]
    reach = window_draws[: len(tokens)]
    place = torch.arange(len(tokens))
    gap = (place[:, None] - place).abs()
    i, j = ((gap > 0) & (gap <= reach[:, None])).nonzero(as_tuple=True)
    return torch.stack([tokens[i], tokens[j]], dim=1)


def wrong_reach_of_context(tokens: Tensor, window_draws: Tensor, keep: Tensor) -> Tensor:
    """Forgets [:, None], so the context's reach decides: wrong for draws [1, 1, 2]."""
    tokens, reach = tokens[keep], window_draws[keep]
    place = torch.arange(len(tokens))
    gap = (place[:, None] - place).abs()
    i, j = ((gap > 0) & (gap <= reach)).nonzero(as_tuple=True)
    return torch.stack([tokens[i], tokens[j]], dim=1)


def wrong_strictly_less(tokens: Tensor, window_draws: Tensor, keep: Tensor) -> Tensor:
    """range(i - r, i + r) leaves out the last word on the right: [7, 3] with draws 1."""
    t, r = tokens[keep].tolist(), window_draws[keep].tolist()
    pairs = []
    for i in range(len(t)):
        for j in range(max(0, i - r[i]), min(len(t), i + r[i])):
            if i != j:
                pairs.append([t[i], t[j]])
    return torch.tensor(pairs, dtype=torch.long).view(-1, 2)


def wrong_compares_words(tokens: Tensor, window_draws: Tensor, keep: Tensor) -> Tensor:
    """Skips equal words instead of the same place: [5, 5] with draws 1 has two pairs."""
    tokens, reach = tokens[keep], window_draws[keep]
    place = torch.arange(len(tokens))
    near = (place[:, None] - place).abs() <= reach[:, None]
    i, j = (near & (tokens[:, None] != tokens)).nonzero(as_tuple=True)
    return torch.stack([tokens[i], tokens[j]], dim=1)


def wrong_with_itself(tokens: Tensor, window_draws: Tensor, keep: Tensor) -> Tensor:
    """Forgets gap > 0: every word is its own context, wrong for any sentence."""
    tokens, reach = tokens[keep], window_draws[keep]
    place = torch.arange(len(tokens))
    near = (place[:, None] - place).abs() <= reach[:, None]
    return tokens[near.nonzero()]


def wrong_empty_shape(tokens: Tensor, window_draws: Tensor, keep: Tensor) -> Tensor:
    """torch.tensor([]) is (0,) and float: wrong when no pair is left (keep all False)."""
    t, r = tokens[keep].tolist(), window_draws[keep].tolist()
    return torch.tensor(
        [
            [t[i], t[j]]
            for i in range(len(t))
            for j in range(len(t))
            if i != j and abs(i - j) <= r[i]
        ]
    )


def wrong_list(tokens: Tensor, window_draws: Tensor, keep: Tensor) -> Tensor:
    """A list of tuples: torch.cat(pairs) in the next cell fails."""
    t, r = tokens[keep].tolist(), window_draws[keep].tolist()
    pairs = []
    for i, c in enumerate(t):
        for j, o in enumerate(t):
            if i != j and abs(i - j) <= r[i]:
                pairs.append((c, o))
    return pairs


def wrong_only_forwards(tokens: Tensor, window_draws: Tensor, keep: Tensor) -> Tensor:
    """Looks to the right only: [7, 3] with draws 1 lacks [3, 7]."""
    tokens, reach = tokens[keep], window_draws[keep]
    place = torch.arange(len(tokens))
    gap = place - place[:, None]
    i, j = ((gap > 0) & (gap <= reach[:, None])).nonzero(as_tuple=True)
    return torch.stack([tokens[i], tokens[j]], dim=1)


def wrong_unique(tokens: Tensor, window_draws: Tensor, keep: Tensor) -> Tensor:
    """Removes double pairs: [1, 2, 1, 2] with draws 1 has (1, 2) three times."""
    tokens, reach = tokens[keep], window_draws[keep]
    place = torch.arange(len(tokens))
    gap = (place[:, None] - place).abs()
    i, j = ((gap > 0) & (gap <= reach[:, None])).nonzero(as_tuple=True)
    return torch.stack([tokens[i], tokens[j]], dim=1).unique(dim=0)


def wrong_index_places(tokens: Tensor, window_draws: Tensor, keep: Tensor) -> Tensor:
    """Finds a place by tokens.index: wrong where a word occurs twice ([1, 2, 1], draws 1)."""
    words = tokens[keep].tolist()
    reach = window_draws[keep].tolist()
    pairs = []
    for word in words:
        i = words.index(word)
        for j in range(max(0, i - reach[i]), min(len(words), i + reach[i] + 1)):
            if j != i:
                pairs.append([word, words[j]])
    return torch.tensor(pairs, dtype=torch.long).reshape(-1, 2)


def wrong_swapped_columns(tokens: Tensor, window_draws: Tensor, keep: Tensor) -> Tensor:
    """(context, centre): wrong for the docstring's draws [1, 1, 2]."""
    tokens, reach = tokens[keep], window_draws[keep]
    place = torch.arange(len(tokens))
    gap = (place[:, None] - place).abs()
    i, j = ((gap > 0) & (gap <= reach[:, None])).nonzero(as_tuple=True)
    return torch.stack([tokens[j], tokens[i]], dim=1)


def wrong_changes_draws(tokens: Tensor, window_draws: Tensor, keep: Tensor) -> Tensor:
    """Sets the dropped words' draws to 0 in the caller's tensor; the pairs are right."""
    window_draws[~keep] = 0
    position = keep.cumsum(0)
    gap = (position[:, None] - position).abs()
    off = ~torch.eye(len(tokens), dtype=torch.bool)
    seen = off & (gap <= window_draws[:, None]) & keep[:, None] & keep
    i, j = seen.nonzero(as_tuple=True)
    return torch.stack([tokens[i], tokens[j]], dim=1)


def wrong_two_steps(tokens: Tensor, window_draws: Tensor, keep: Tensor) -> Tensor:
    """Steps end at 2, as in the toy above: wrong for 4 words and a draw of 3."""
    t, r = tokens[keep], window_draws[keep]
    parts = [torch.empty(0, 2, dtype=torch.long)]
    for step in (1, 2):
        left, right = t[:-step], t[step:]
        f, b = r[:-step] >= step, r[step:] >= step
        parts += [torch.stack([left[f], right[f]], 1), torch.stack([right[b], left[b]], 1)]
    return torch.cat(parts)


def wrong_not_transposed(tokens: Tensor, window_draws: Tensor, keep: Tensor) -> Tensor:
    """Stacked in dim 0: (2, pairs) instead of (pairs, 2)."""
    tokens, reach = tokens[keep], window_draws[keep]
    place = torch.arange(len(tokens))
    gap = (place[:, None] - place).abs()
    i, j = ((gap > 0) & (gap <= reach[:, None])).nonzero(as_tuple=True)
    return torch.stack([tokens[i], tokens[j]])


RIGHT = [
    right_all_places,
    right_loop_like_the_cell,
    right_shifts,
    right_meshgrid,
    right_slices,
]
WRONG = [
    wrong_windows_before_drop,
    wrong_draws_not_dropped,
    wrong_reach_of_context,
    wrong_strictly_less,
    wrong_compares_words,
    wrong_with_itself,
    wrong_empty_shape,
    wrong_list,
    wrong_only_forwards,
    wrong_unique,
    wrong_index_places,
    wrong_swapped_columns,
    wrong_changes_draws,
    wrong_two_steps,
    wrong_not_transposed,
]
