"""Token vectors of many texts, one text behind the other, and maxima over the tokens of each.

Texts differ in length: a table that is as wide as the longest is mostly padding. Here nothing is
padded; where each text begins is in a list of offsets.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["TokenVectors", "require_mask", "segment_max", "slices"]


@dataclass(frozen=True, eq=False)
class TokenVectors:
    """The token vectors of many texts, one text behind the other, without padding.

    vectors: (tokens, dim), floating point.  offsets: (texts + 1,) int64 on the CPU, since it steers
    loops: text i has the rows offsets[i] to offsets[i + 1]. A text may have no token.
    Raises ValueError for offsets that do not rise from 0 to the number of vectors.
    """

    vectors: Tensor
    offsets: Tensor

    def __post_init__(self) -> None:
        at = self.offsets
        if self.vectors.ndim != 2 or at.ndim != 1 or at.dtype != torch.long or not len(at):
            raise ValueError(
                f"TokenVectors: vectors is {tuple(self.vectors.shape)} and offsets is "
                f"{tuple(at.shape)} {at.dtype}; expected (tokens, dim) and (texts + 1,) int64: use "
                "TokenVectors.from_list"
            )
        if at.device.type != "cpu":
            raise ValueError(
                f"TokenVectors: offsets is on {at.device}; expected the CPU, wherever the vectors are"
            )
        if int(at[0]) != 0 or int(at[-1]) != len(self.vectors) or bool((at.diff() < 0).any()):
            raise ValueError(
                f"TokenVectors: offsets run from {int(at[0])} to {int(at[-1])} for "
                f"{len(self.vectors)} vectors; expected to rise from 0 to that number"
            )

    @classmethod
    def from_list(cls, texts: Sequence[Tensor], dim: int | None = None) -> TokenVectors:
        """Take a list of (tokens_i, dim) tensors of one dtype and device.

        dim: needed only for an empty list. Raises ValueError if they differ in dim or are no tensors
        of two dimensions.
        """
        texts = list(texts)
        if not texts:
            return cls(torch.empty(0, dim or 0), torch.zeros(1, dtype=torch.long))
        if any(x.ndim != 2 or x.shape[1] != texts[0].shape[-1] for x in texts):
            shapes = sorted({tuple(x.shape[1:]) for x in texts})
            raise ValueError(
                f"TokenVectors.from_list: behind the tokens the shapes are {shapes}; expected one "
                "(tokens_i, dim) for each text, all of one dim"
            )
        return cls(torch.cat(texts), _offsets(torch.tensor([len(x) for x in texts])))

    @classmethod
    def from_padded(cls, tokens: Tensor, mask: Tensor) -> TokenVectors:
        """Take tokens (n, tokens, dim) and their mask (n, tokens), 1 or True for a real token."""
        require_mask("TokenVectors.from_padded", "tokens", tokens, mask)
        real = mask.bool()
        return cls(tokens[real], _offsets(torch.tensor(real.sum(dim=1).tolist()).long()))

    def __len__(self) -> int:
        """The number of texts."""
        return len(self.offsets) - 1

    def __getitem__(self, row: int) -> Tensor:
        """The token vectors of one text, (tokens_i, dim), without a copy."""
        if not -len(self) <= row < len(self):
            raise IndexError(f"TokenVectors: there is no text {row} of {len(self)}")
        row %= len(self)
        return self.vectors[int(self.offsets[row]) : int(self.offsets[row + 1])]

    def __iter__(self) -> Iterator[Tensor]:
        return iter(self.vectors.split(self.lengths.tolist()))

    @property
    def lengths(self) -> Tensor:
        """The number of tokens of each text, (texts,) int64 on the CPU."""
        return self.offsets.diff()

    def to(self, *where: torch.device | torch.dtype | str) -> TokenVectors:
        """The same with its vectors in another dtype or on another device."""
        vectors = self.vectors
        for one in where:
            vectors = vectors.to(one)
        return TokenVectors(vectors, self.offsets)

    def select(self, rows: Tensor | Sequence[int]) -> TokenVectors:
        """Return the texts of these rows, in their order; a row may come twice."""
        lengths = self.lengths[self._rows(rows)]
        row = self._rows(rows).repeat_interleave(lengths)
        offsets = _offsets(lengths)
        within = torch.arange(len(row)) - offsets[:-1].repeat_interleave(lengths)
        return TokenVectors(self.take(self.offsets[row] + within), offsets)

    def pad(self, rows: Tensor | Sequence[int] | None = None) -> tuple[Tensor, Tensor]:
        """Return tokens (r, longest, dim), zeros behind the last, and their mask (r, longest) bool.

        rows: of which texts, by default of all. Raises IndexError for rows that are not there.
        """
        starts, lengths = self.offsets[:-1], self.lengths
        if rows is not None:
            starts, lengths = starts[self._rows(rows)], lengths[self._rows(rows)]
        place = torch.arange(int(lengths.max()) if len(lengths) else 0)
        real = place < lengths[:, None]
        if not real.any():
            empty = self.vectors.new_zeros(*real.shape, self.vectors.shape[1])
            return empty, real.to(self.vectors.device)
        where = (starts[:, None] + place).where(real, torch.zeros(1, dtype=torch.long))
        tokens = self.take(where.flatten()).view(*real.shape, -1)
        real = real.to(self.vectors.device)
        return tokens.masked_fill(~real[:, :, None], 0.0), real

    def _rows(self, rows: Tensor | Sequence[int]) -> Tensor:
        """Rows as numbers from 0 on the CPU."""
        listed = rows.tolist() if isinstance(rows, Tensor) else list(rows)
        asked = torch.tensor(listed, dtype=torch.long)
        if len(asked) and not -len(self) <= int(asked.min()) <= int(asked.max()) < len(self):
            raise IndexError(
                f"TokenVectors: rows run from {int(asked.min())} to {int(asked.max())}; there are "
                f"{len(self)} texts"
            )
        return asked % len(self) if len(self) else asked

    def take(self, places: Tensor) -> Tensor:
        """Return the vectors at these places, (n, dim); places: (n,) int64 on any device."""
        return self.vectors.index_select(0, places.to(self.vectors.device))


def _offsets(lengths: Tensor) -> Tensor:
    """(n,) lengths to (n + 1,): where each begins, and the end."""
    return torch.cat([torch.zeros(1, dtype=torch.long), lengths.cumsum(0)])


def segment_max(values: Tensor, lengths: Tensor) -> Tensor:
    """Return the maxima of neighbouring rows, (segments, columns), minus infinity of none.

    values: (rows, columns); lengths: (segments,) int64 that add up to the rows, on any device.
    """
    return torch.segment_reduce(
        values, "max", lengths=lengths.to(values.device), axis=0, unsafe=True, initial=-torch.inf
    )


def slices(lengths: Tensor, most: int) -> Iterator[slice]:
    """Yield slices of rows whose lengths add up to at most `most`, or of one row that is longer.

    lengths: (rows,) int64 on the CPU, none below 0.
    """
    ends = lengths.cumsum(0)
    first = 0
    while first < len(lengths):
        before = int(ends[first - 1]) if first else 0
        last = int(torch.searchsorted(ends, before + most, right=True))
        last = max(last, first + 1)
        yield slice(first, last)
        first = last


def require_mask(name: str, what: str, tokens: Tensor, mask: Tensor) -> None:
    """Raise ValueError unless tokens (texts, tokens, dim) and mask (texts, tokens) go together."""
    if tokens.ndim != 3 or mask.shape != tokens.shape[:2]:
        raise ValueError(
            f"{name}: {what} is {tuple(tokens.shape)} and its mask is {tuple(mask.shape)}; expected "
            "(texts, tokens, dim) and (texts, tokens): a single text needs text[None]"
        )
    if tokens.device != mask.device:
        raise ValueError(
            f"{name}: {what} is on {tokens.device} and its mask on {mask.device}; expected one device"
        )
