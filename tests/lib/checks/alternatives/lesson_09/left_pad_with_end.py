"""Other right answers to `left_pad_with_end`."""

from __future__ import annotations

import torch


def _row_by_row(sequences, end, pad, limit):
    rows = []
    for sequence in sequences:
        row = list(sequence)
        while len(row) > limit - 1:
            row.pop()
        row.append(end)
        rows.append(row)
    ids, mask = [], []
    for row in rows:
        padding = max(len(other) for other in rows) - len(row)
        ids.append([pad] * padding + row)
        mask.append([0] * padding + [1] * len(row))
    return ids, mask


def _by_turning_round(sequences, end, pad, limit):
    """Right padding of the reversed rows, reversed; tensors."""
    if not sequences:
        return [], []
    rows = [torch.tensor([end, *sequence[: limit - 1][::-1]]) for sequence in sequences]
    ones = [torch.ones_like(row) for row in rows]
    ids, mask = (
        torch.nn.utils.rnn.pad_sequence(x, batch_first=True, padding_value=fill).flip(1)
        for x, fill in ((rows, pad), (ones, 0))
    )
    return ids, mask


def _in_a_table(sequences, end, pad, limit):
    """The lengths first, then a table that is filled from the right; a list of two."""
    lengths = [min(len(sequence), limit - 1) + 1 for sequence in sequences]
    width = max(lengths, default=0)
    ids = torch.full((len(lengths), width), pad)
    mask = (torch.arange(width) >= width - torch.tensor(lengths, dtype=torch.long)[:, None]).long()
    for row, (sequence, length) in enumerate(zip(sequences, lengths)):
        ids[row, width - length :] = torch.tensor([*sequence[: length - 1], end])
    return [ids.tolist(), mask.tolist()]


ALTERNATIVES = [_row_by_row, _by_turning_round, _in_a_table]
