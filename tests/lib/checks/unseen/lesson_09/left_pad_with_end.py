"""Answers to `left_pad_with_end`, written from its card alone."""

from __future__ import annotations

import itertools

import numpy as np
import torch
from torch.nn.utils.rnn import pad_sequence

Batch = tuple[list[list[int]], list[list[int]]]


def right_plain(sequences: list[list[int]], end: int, pad: int, limit: int) -> Batch:
    """Lists."""
    rows = [list(row[: limit - 1]) + [end] for row in sequences]
    longest = max((len(row) for row in rows), default=0)
    ids = [[pad] * (longest - len(row)) + row for row in rows]
    mask = [[0] * (longest - len(row)) + [1] * len(row) for row in rows]
    return ids, mask


def right_loops(sequences: list[list[int]], end: int, pad: int, limit: int) -> Batch:
    """Loops, insert at the front."""
    if not sequences:
        return [], []
    rows = []
    for sequence in sequences:
        row = []
        for token in sequence:
            if len(row) == limit - 1:
                break
            row.append(token)
        row.append(end)
        rows.append(row)
    longest = max(map(len, rows))
    masks = []
    for row in rows:
        mask = [1] * len(row)
        while len(row) < longest:
            row.insert(0, pad)
            mask.insert(0, 0)
        masks.append(mask)
    return rows, masks


def right_numpy(sequences: list[list[int]], end: int, pad: int, limit: int) -> Batch:
    """A full array, written from the right."""
    if len(sequences) == 0:
        return [], []
    lengths = [min(len(row), limit - 1) + 1 for row in sequences]
    ids = np.full((len(sequences), max(lengths)), pad, dtype=np.int64)
    mask = np.zeros_like(ids)
    for i, (row, n) in enumerate(zip(sequences, lengths)):
        ids[i, -n:] = [*row[: n - 1], end]
        mask[i, -n:] = 1
    return ids.tolist(), mask.tolist()


def right_flipped(sequences: list[list[int]], end: int, pad: int, limit: int) -> Batch:
    """zip_longest over the reversed rows, None for padding."""
    rows = [[end, *reversed(row[: limit - 1])] for row in sequences]
    padded = [row[::-1] for row in map(list, zip(*itertools.zip_longest(*rows)))]
    ids = [[pad if token is None else token for token in row] for row in padded]
    return ids, [[int(token is not None) for token in row] for row in padded]


def right_pad_sequence(sequences: list[list[int]], end: int, pad: int, limit: int) -> Batch:
    """torch's pad_sequence on the left, for ids and for ones."""
    if sequences == []:
        return ([], [])
    rows = [torch.tensor([*row[: limit - 1], end]) for row in sequences]
    ids = pad_sequence(rows, batch_first=True, padding_value=pad, padding_side="left")
    ones = [torch.ones_like(row) for row in rows]
    return ids.tolist(), pad_sequence(ones, batch_first=True, padding_side="left").tolist()


def right_negative_slice(sequences: list[list[int]], end: int, pad: int, limit: int) -> Batch:
    """Pads each row by much and takes its end."""
    cut = [row[: limit - 1] for row in sequences]
    width = 1 + max([len(row) for row in cut] + [0])
    ids = [([pad] * width + row + [end])[-width:] for row in cut]
    return ids, [([0] * width + [1] * (len(row) + 1))[-width:] for row in cut]


def _pad(rows: list[list[int]], pad: int) -> Batch:
    longest = max(map(len, rows), default=0)
    ids = [[pad] * (longest - len(row)) + row for row in rows]
    return ids, [[0] * (longest - len(row)) + [1] * len(row) for row in rows]


def wrong_right_padding(sequences: list[list[int]], end: int, pad: int, limit: int) -> Batch:
    """Pads on the right."""
    rows = [[*row[: limit - 1], end] for row in sequences]
    longest = max(map(len, rows), default=0)
    ids = [row + [pad] * (longest - len(row)) for row in rows]
    return ids, [[1] * len(row) + [0] * (longest - len(row)) for row in rows]


def wrong_end_cut_off(sequences: list[list[int]], end: int, pad: int, limit: int) -> Batch:
    """Appends, then cuts: a long row has no end token."""
    return _pad([[*row, end][:limit] for row in sequences], pad)


def wrong_too_long(sequences: list[list[int]], end: int, pad: int, limit: int) -> Batch:
    """Cuts at limit, then appends: limit + 1 tokens."""
    return _pad([[*row[:limit], end] for row in sequences], pad)


def wrong_pads_to_limit(sequences: list[list[int]], end: int, pad: int, limit: int) -> Batch:
    """Pads to limit, though all rows may be shorter."""
    rows = [[*row[: limit - 1], end] for row in sequences]
    ids = [[pad] * (limit - len(row)) + row for row in rows]
    return ids, [[0] * (limit - len(row)) + [1] * len(row) for row in rows]


def wrong_mask_by_id(sequences: list[list[int]], end: int, pad: int, limit: int) -> Batch:
    """The mask from `!= pad`: a real token with the id of padding gets 0."""
    ids, _ = right_plain(sequences, end, pad, limit)
    return ids, [[int(token != pad) for token in row] for row in ids]


def wrong_mask_by_id_but_end(sequences: list[list[int]], end: int, pad: int, limit: int) -> Batch:
    """The same, the last place set to 1: still wrong for a token with the id of padding."""
    ids, _ = right_plain(sequences, end, pad, limit)
    return ids, [[*(int(token != pad) for token in row[:-1]), 1] for row in ids]


def wrong_mask_leading_pads(sequences: list[list[int]], end: int, pad: int, limit: int) -> Batch:
    """0 until the first id that is no padding: wrong for a row that starts with that id."""
    ids, _ = right_plain(sequences, end, pad, limit)
    masks = []
    for row in ids:
        first = next((i for i, token in enumerate(row[:-1]) if token != pad), len(row) - 1)
        masks.append([int(i >= first) for i in range(len(row))])
    return ids, masks


def wrong_end_not_real(sequences: list[list[int]], end: int, pad: int, limit: int) -> Batch:
    """The end token gets 0 in the mask."""
    ids, mask = right_plain(sequences, end, pad, limit)
    return ids, [[*row[:-1], 0] for row in mask]


def wrong_last_tokens(sequences: list[list[int]], end: int, pad: int, limit: int) -> Batch:
    """Keeps the last limit - 1 tokens."""
    return _pad([[*row[max(len(row) - limit + 1, 0) :], end] for row in sequences], pad)


def wrong_end_only_if_missing(sequences: list[list[int]], end: int, pad: int, limit: int) -> Batch:
    """No further end token after a row that ends in it already; the card says always."""
    rows = [row[: limit - 1] for row in sequences]
    return _pad([row if row and row[-1] == end else [*row, end] for row in rows], pad)


def wrong_end_only_if_cut(sequences: list[list[int]], end: int, pad: int, limit: int) -> Batch:
    """Rows that are short enough get no end token."""
    rows = [[*row[: limit - 1], end] if len(row) >= limit else list(row) for row in sequences]
    return _pad(rows, pad)


def wrong_fills_to_limit(sequences: list[list[int]], end: int, pad: int, limit: int) -> Batch:
    """A row of exactly limit tokens stays whole, without its end token."""
    rows = [list(row) if len(row) == limit else [*row[: limit - 1], end] for row in sequences]
    return _pad(rows, pad)


def wrong_longest_before_cut(sequences: list[list[int]], end: int, pad: int, limit: int) -> Batch:
    """As long as the longest row was before the cut."""
    rows = [[*row[: limit - 1], end] for row in sequences]
    longest = max((len(row) + 1 for row in sequences), default=0)
    ids = [[pad] * (longest - len(row)) + row for row in rows]
    return ids, [[0] * (longest - len(row)) + [1] * len(row) for row in rows]


def wrong_empty_batch(sequences: list[list[int]], end: int, pad: int, limit: int) -> Batch:
    """max() of nothing: an empty batch raises."""
    longest = max(min(len(row) + 1, limit) for row in sequences)
    ids, mask = right_plain(sequences, end, pad, limit)
    return [row[-longest:] for row in ids], [row[-longest:] for row in mask]


def wrong_limit_of_one(sequences: list[list[int]], end: int, pad: int, limit: int) -> Batch:
    """`limit - 1 or None`, so that limit 1 cuts nothing."""
    return _pad([[*row[: (limit - 1) or None], end] for row in sequences], pad)


def wrong_in_place(sequences: list[list[int]], end: int, pad: int, limit: int) -> Batch:
    """Right ids, but the caller's sequences are cut and get the end token."""
    for row in sequences:
        del row[limit - 1 :]
        row.append(end)
    return _pad([list(row) for row in sequences], pad)


def wrong_empty_row_dropped(sequences: list[list[int]], end: int, pad: int, limit: int) -> Batch:
    """An empty sequence gets no row."""
    return right_plain([row for row in sequences if row], end, pad, limit)


def wrong_end_before_padding(sequences: list[list[int]], end: int, pad: int, limit: int) -> Batch:
    """Pads between the tokens and the start with end tokens: pad is not used."""
    return right_plain(sequences, end, end, limit)


RIGHT = [
    right_plain,
    right_loops,
    right_numpy,
    right_flipped,
    right_pad_sequence,
    right_negative_slice,
]
WRONG = [
    wrong_right_padding,
    wrong_end_cut_off,
    wrong_too_long,
    wrong_pads_to_limit,
    wrong_mask_by_id,
    wrong_mask_by_id_but_end,
    wrong_mask_leading_pads,
    wrong_end_not_real,
    wrong_last_tokens,
    wrong_end_only_if_missing,
    wrong_end_only_if_cut,
    wrong_fills_to_limit,
    wrong_longest_before_cut,
    wrong_empty_batch,
    wrong_limit_of_one,
    wrong_in_place,
    wrong_empty_row_dropped,
    wrong_end_before_padding,
]
