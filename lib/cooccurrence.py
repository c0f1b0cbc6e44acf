"""Words by the company they keep: how often two words stand near each other, and whether by chance.

Counts alone put first what stands near everything. Pointwise mutual information compares each count
with the one to be expected if words stood where they stand by chance.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

__all__ = ["count_pairs", "ppmi"]


def count_pairs(sentences: Sequence[Sequence[int]], words: int, window: int = 5) -> Tensor:
    """How often each word stands within `window` places of each other one, in one sentence.

    sentences: lists of word ids below `words`. Returns (words, words) counts, float32 and symmetric: a
    pair of places counts once in the row of either word, so a word beside itself counts twice.
    Raises ValueError for a window below 1 and ids that are not 0 to words - 1.
    """
    if window < 1:
        raise ValueError(f"count_pairs: window is {window}; expected at least 1")
    flat = torch.tensor([word for ids in sentences for word in ids], dtype=torch.long)
    if flat.numel() and not 0 <= int(flat.min()) <= int(flat.max()) < words:
        raise ValueError(
            f"count_pairs: ids run from {int(flat.min())} to {int(flat.max())}; expected 0 to "
            f"{words - 1}, as there are {words} words"
        )
    of = torch.repeat_interleave(torch.tensor([len(ids) for ids in sentences], dtype=torch.long))
    counts = torch.zeros(words * words)
    for step in range(1, min(window, max(len(flat) - 1, 0)) + 1):
        same = of[step:] == of[:-step]  # both places lie in one sentence
        cells = flat[:-step][same] * words + flat[step:][same]
        counts += torch.bincount(cells, minlength=words * words)
    table = counts.view(words, words)
    return table + table.T


def ppmi(counts: Tensor) -> Tensor:
    """Positive pointwise mutual information: max(0, ln(seen / expected)) of each cell.

    counts: (words, contexts), 0 or more. Expected is row sum times column sum over the total. A pair
    that was never seen has 0, and so has one that was seen less often than expected.
    Source: Church and Hanks 1990; Levy and Goldberg 2014, section 3.
    """
    expected = counts.sum(dim=1, keepdim=True) * counts.sum(dim=0) / counts.sum()
    return (counts / expected).nan_to_num(nan=0.0).log().clamp(min=0)
