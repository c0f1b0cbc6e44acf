"""Texts as weighted means of word vectors, in padded batches: the oldest text embedding.

`lib.word_vectors.average_words` does it without padding. Here sentences of several lengths stand in one
table with a mask, as the tokens of an encoder do, so that any function that averages such a table can
be tried.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from lib.pooling import normalize
from lib.text import pad_tokens, split_words
from lib.word_vectors import WordVectors

__all__ = ["WeightedWords", "weighted_mean"]

# of vectors (words, dim), weights (words,), ids (batch, length) and mask (batch, length)
Average = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]


def weighted_mean(vectors: Tensor, weights: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
    """The weighted mean of the word vectors of each sentence; zeros for one without a word.

    vectors: (words, dim). weights: (words,), above 0. ids, mask: (batch, length). Returns (batch, dim).
    """
    shares = weights[ids] * mask
    shares = shares / shares.sum(dim=1, keepdim=True).clamp(min=1e-9)
    return torch.einsum("bl,bld->bd", shares, vectors[ids])


@dataclass(frozen=True, eq=False)
class WeightedWords:
    """Words that have both a vector and a weight.

    words: V of them; vectors: (V, dim); weights: (V,), on the same device.
    """

    words: list[str]
    vectors: Tensor
    weights: Tensor
    index: dict[str, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "index", {word: row for row, word in enumerate(self.words)})

    @classmethod
    def of(
        cls,
        vectors: WordVectors,
        weights: Mapping[str, float],
        device: torch.device | str | None = None,
    ) -> WeightedWords:
        """The words of `weights` that have a vector, in their order.

        Raises ValueError when there is none.
        """
        words = [word for word in weights if word in vectors]
        if not words:
            raise ValueError(
                f"WeightedWords: none of {len(weights)} weighted words has a vector; expected some"
            )
        rows = vectors.vectors[[vectors.index[word] for word in words]].to(device)
        table = torch.tensor([weights[word] for word in words], dtype=rows.dtype)
        return cls(words, rows, table.to(rows.device))

    def evenly(self) -> WeightedWords:
        """The same words, all of weight 1."""
        return WeightedWords(self.words, self.vectors, torch.ones_like(self.weights))

    def known(self, texts: Sequence[str]) -> float:
        """Return the share of the texts' words that are among these."""
        found = [word in self.index for text in texts for word in split_words(text)]
        return sum(found) / max(len(found), 1)

    def batches(self, texts: Sequence[str], size: int = 500) -> Iterator[tuple[Tensor, Tensor]]:
        """The ids and the mask (batch, length) of `size` texts at a time; unknown words are left out."""
        rows = [[self.index[w] for w in split_words(t) if w in self.index] for t in texts]
        for start in range(0, len(rows), size):
            yield pad_tokens(rows[start : start + size], device=self.vectors.device)

    def embed(self, texts: Sequence[str], average: Average = weighted_mean) -> Tensor:
        """Texts as vectors of length one, (texts, dim); zeros where no word is known."""
        parts = [average(self.vectors, self.weights, *part) for part in self.batches(texts)]
        return normalize(torch.cat(parts))
