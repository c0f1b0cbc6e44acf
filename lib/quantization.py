"""Fewer bytes a number: int8 and single bits, and how to search them.

A float32 vector of 384 numbers takes 1,536 bytes. Each number in a byte makes it 384, each in a bit
48. What that loses is mostly won back by scoring a shortlist again with better vectors.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from lib.search import top_k

__all__ = ["BITS", "Int8", "from_binary", "hamming_top_k", "index_bytes", "to_binary"]

BITS = {"float32": 32, "float16": 16, "bfloat16": 16, "int8": 8, "binary": 1}
_LEVELS = 256


@dataclass(frozen=True)
class Int8:
    """Numbers as bytes: 256 steps between the smallest and the largest value of each dimension.

    low, step: (dim,). Made by `Int8.calibrate` from vectors like those of the index: the passages',
    never the queries', which are few and of another kind.
    """

    low: Tensor
    step: Tensor

    @classmethod
    def calibrate(cls, vectors: Tensor) -> Int8:
        """Take the ranges from vectors (n, dim), n of at least 2."""
        if vectors.ndim != 2 or len(vectors) < 2:
            raise ValueError(
                f"Int8.calibrate: the vectors are {tuple(vectors.shape)}; expected (n, dim) with n "
                "of at least 2: one vector has no range"
            )
        low, high = vectors.amin(dim=0), vectors.amax(dim=0)
        step = (high - low) / (_LEVELS - 1)
        return cls(low, torch.where(step == 0, torch.ones_like(step), step))

    def encode(self, vectors: Tensor) -> Tensor:
        """Return (n, dim) int8, -128 to 127; values outside the ranges take the outermost step."""
        steps = ((vectors - self.low) / self.step).floor().clamp(0, _LEVELS - 1)
        return (steps - _LEVELS // 2).to(torch.int8)

    def decode(self, codes: Tensor) -> Tensor:
        """Return (n, dim) floats: the middle of each code's step."""
        return self.low + (codes.to(self.step.dtype) + _LEVELS // 2 + 0.5) * self.step

    def top_k(
        self, queries: Tensor, codes: Tensor, k: int, block: int = 16_384
    ) -> tuple[Tensor, Tensor]:
        """Return the k best of (n, dim) codes for float queries (q, dim), as `lib.search.top_k` does;
        the codes are decoded a block at a time."""
        return _blocked(queries, codes, k, block, self.decode)


def to_binary(vectors: Tensor) -> Tensor:
    """Return (n, ceil(dim / 8)) uint8: a bit for each number, 1 where it is above 0.

    The first number is the highest bit of the first byte, as in numpy.packbits, sentence-transformers
    ("ubinary") and faiss; what is missing in the last byte is 0.
    """
    bits = (vectors > 0).to(torch.uint8)
    missing = -vectors.shape[-1] % 8
    bits = torch.nn.functional.pad(bits, (0, missing)).unflatten(-1, (-1, 8))
    return (bits << torch.arange(7, -1, -1, device=bits.device, dtype=torch.uint8)).sum(
        dim=-1, dtype=torch.uint8
    )


def from_binary(codes: Tensor, dim: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """Return (n, dim) of 1 and -1 for codes (n, ceil(dim / 8)) of `to_binary`.

    Raises ValueError if that many numbers are not in codes of this size.
    """
    if -(-dim // 8) != codes.shape[-1]:
        raise ValueError(
            f"from_binary: codes of {codes.shape[-1]} bytes hold {8 * codes.shape[-1] - 7} to "
            f"{8 * codes.shape[-1]} numbers, not {dim}"
        )
    places = torch.arange(7, -1, -1, device=codes.device, dtype=torch.uint8)
    bits = ((codes.unsqueeze(-1) >> places) & 1).flatten(-2)[..., :dim]
    return 2 * bits.to(dtype) - 1


def hamming_top_k(
    queries: Tensor, codes: Tensor, k: int, dim: int, block: int = 16_384
) -> tuple[Tensor, Tensor]:
    """Return the k passages with the fewest differing bits: distances (q, m) int64 and rows (q, m).

    queries: (q, bytes) and codes: (n, bytes) of `to_binary`, of vectors with `dim` numbers. Equal
    distances come lowest row first; m = min(k, n). The dot product of signs is dim minus twice the
    distance, and exact in float32, so this is a matrix product, too; a block is unpacked at a time.
    """
    signs = from_binary(queries, dim)
    scores, rows = _blocked(signs, codes, k, block, lambda part: from_binary(part, dim))
    return ((dim - scores) / 2).long(), rows


def index_bytes(passages: int, dim: int, kind: str = "float32") -> int:
    """Return the bytes that the vectors of an index take; kind: a key of `BITS`.

    A vector of bits fills whole bytes. Ids, texts and the graph of an approximate index come on top.
    """
    if kind not in BITS or passages < 0 or dim < 1:
        raise ValueError(
            f"index_bytes: passages={passages}, dim={dim}, kind={kind!r}; expected at least 0, at "
            f"least 1 and one of {', '.join(BITS)}"
        )
    return passages * math.ceil(dim * BITS[kind] / 8)


def _blocked(queries, codes, k, block, decode) -> tuple[Tensor, Tensor]:
    """Exact search over codes that are decoded block by block."""
    if k < 1 or block < 1:
        raise ValueError(f"top_k: k={k}, block={block}; expected each at least 1")
    best = queries.new_empty(len(queries), 0)
    rows = torch.empty(len(queries), 0, dtype=torch.long, device=queries.device)
    for start in range(0, len(codes), block):
        found, at = top_k(queries, decode(codes[start : start + block]).to(queries), k)
        # Earlier blocks stand first, so that a stable sort meets the lower row first.
        best, rows = torch.cat([best, found], 1), torch.cat([rows, at + start], 1)
        best, order = best.sort(dim=1, descending=True, stable=True)
        best, rows = best[:, :k], rows.gather(1, order)[:, :k]
    return best, rows
