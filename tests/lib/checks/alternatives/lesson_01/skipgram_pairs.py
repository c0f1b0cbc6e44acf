"""Other right answers to `skipgram_pairs`."""

from __future__ import annotations

import numpy as np
import torch

from tests.lib.checks.alternatives import as_tensor


def _pairs_by_slices(tokens, window_draws, keep):
    """An alternative: for each centre the slices on its left and right."""
    words, reaches = tokens[keep].tolist(), window_draws[keep].tolist()
    pairs = []
    for i, (word, reach) in enumerate(zip(words, reaches)):
        around = words[max(0, i - reach) : i] + words[i + 1 : i + 1 + reach]
        pairs += [[word, other] for other in around]
    return torch.tensor(pairs, dtype=torch.int64).reshape(-1, 2)


def _pairs_by_shifts(tokens, window_draws, keep):
    """An alternative: for each distance, the sentence against itself shifted."""
    words, reach = tokens.numpy()[keep.numpy()], window_draws.numpy()[keep.numpy()]
    found = [np.empty((0, 2), dtype=np.int64)]
    for step in range(1, len(words)):
        left, right = words[:-step], words[step:]
        found.append(np.stack([left, right], axis=1)[reach[:-step] >= step])
        found.append(np.stack([right, left], axis=1)[reach[step:] >= step])
    return np.concatenate(found)


ALTERNATIVES = [_pairs_by_slices, as_tensor(_pairs_by_shifts)]
