"""Passages that say the same: copies by their text, and copies by their vector.

A copy of a right passage is right, too. Mined as a negative it teaches that one text is right and
wrong at once, and it scores highest of all, so a miner finds it first. Two passages with one vector
the model cannot tell apart, whatever their texts, so it cannot learn from one against the other.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from lib.pooling import HALF_PRECISION

__all__ = ["first_with_same_text", "first_with_same_vector", "most_copies", "without_copies"]

_LOOKED_AT = 8  # numbers of each vector by which those are found that may be equal
_ODD = 0x9E3779B97F4A7C15 - (1 << 64)  # 2^64 over the golden ratio: its powers spread well


def first_with_same_text(texts: Sequence[str]) -> Tensor:
    """Return for each text the lowest row that has the same text: (n,) int64, on the CPU.

    Case, white space (how much, and around the text) and the way in which an accent is written do
    not count: "Bone  pain " is "bone pain". Punctuation does.
    Raises TypeError for one text instead of a list.
    """
    if isinstance(texts, str) or not all(isinstance(text, str) for text in texts):
        raise TypeError("first_with_same_text: expected a list of texts, such as [text] for one")
    first: dict[str, int] = {}
    rows = [first.setdefault(_plain(text), row) for row, text in enumerate(texts)]
    return torch.tensor(rows, dtype=torch.long, device="cpu")


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFC", text).casefold()
    return " ".join(unicodedata.normalize("NFC", folded).split())


@torch.no_grad()
def first_with_same_vector(vectors: Tensor) -> Tensor:
    """Return for each of vectors (n, dim) the lowest row with exactly the same numbers: (n,) int64.

    On the device of the vectors. Few numbers of each decide which are compared whole.
    """
    if vectors.ndim != 2 or not vectors.shape[1]:
        raise ValueError(
            f"first_with_same_vector: the vectors are {tuple(vectors.shape)}; expected (n, dim)"
        )
    first = torch.arange(len(vectors), device=vectors.device)
    if len(vectors) < 2:
        return first
    few = vectors[:, :: -(-vectors.shape[1] // _LOOKED_AT)].float() + 0.0  # -0.0 is 0.0
    key = torch.zeros_like(first)
    for column in few.contiguous().view(torch.int32).unbind(dim=1):
        key = key * _ODD + column  # beyond 64 bits it wraps around
    key, order = key.sort()
    equal = key[1:] == key[:-1]
    rows = order[F.pad(equal, (1, 0)) | F.pad(equal, (0, 1))]
    if len(rows):
        # Not every device finds equal rows.
        alike = vectors[rows].cpu()
        alike = alike.float() if alike.dtype in HALF_PRECISION else alike
        group = alike.unique(dim=0, return_inverse=True)[1].to(rows.device)
        lowest = torch.full_like(rows, len(vectors)).scatter_reduce_(0, group, rows, "amin")
        first[rows] = lowest[group]
    return first


def without_copies(candidates: Tensor, positives: Tensor, first: Tensor) -> Tensor:
    """Return candidates (q, m), with -1 for what is a positive of its query or a copy of one.

    candidates, positives: (q, m) and (q, p) rows of passages, -1 where there is none. first: (n,),
    for each passage the lowest row that says the same.
    """
    own = first[positives.clamp(min=0)].masked_fill(positives < 0, -1)
    copies = (first[candidates.clamp(min=0)][:, :, None] == own[:, None, :]).any(dim=2)
    return candidates.masked_fill(copies, -1)


def most_copies(positives: Tensor, first: Tensor) -> int:
    """Return how many other rows at most are copies of a query's positives.

    positives: (q, p), -1 where there is none. first: as for `without_copies`.
    """
    if not positives.numel():
        return 0
    others = first.bincount(minlength=len(first)) - 1
    copies = others[first[positives.clamp(min=0)]].masked_fill(positives < 0, 0)
    return int(copies.sum(dim=1).max())
