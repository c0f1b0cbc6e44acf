"""Fewer bytes a number: int8 and single bits, and how to search them.

A float32 vector of 384 numbers takes 1,536 bytes. Each number in a byte makes it 384, each in a bit
48. What that loses is mostly won back by scoring a shortlist again with better vectors.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from lib._finite import require_finite
from lib.pooling import HALF_PRECISION
from lib.search import top_k

__all__ = ["BITS", "Int8", "from_binary", "hamming_top_k", "index_bytes", "to_binary"]

BITS = {"float32": 32, "float16": 16, "bfloat16": 16, "int8": 8, "binary": 1}
_LEVELS = 256


@dataclass(frozen=True)
class Int8:
    """Numbers as bytes: 256 steps between the smallest and the largest value of each dimension.

    low, step: (dim,) float32 or float64. Made by `Int8.calibrate` from vectors like those of the
    index: the passages', never the queries', which are few and of another kind. A dimension that is
    the same in all of them has a step of 0 and is decoded to that number.
    Raises ValueError for shapes that differ and for numbers that are not finite.
    """

    low: Tensor
    step: Tensor

    def __post_init__(self) -> None:
        if self.low.ndim != 1 or self.step.shape != self.low.shape or not len(self.low):
            raise ValueError(
                f"Int8: low is {tuple(self.low.shape)} and step is {tuple(self.step.shape)}; expected "
                "(dim,) for both: use Int8.calibrate"
            )
        require_finite("Int8", "low and step", torch.stack([self.low, self.step]))

    @classmethod
    def calibrate(cls, vectors: Tensor) -> Int8:
        """Take the ranges from vectors (n, dim), n of at least 2, all of them finite floats."""
        if vectors.ndim != 2 or len(vectors) < 2 or not vectors.shape[1]:
            raise ValueError(
                f"Int8.calibrate: the vectors are {tuple(vectors.shape)}; expected (n, dim) with n "
                "of at least 2: one vector has no range"
            )
        _require_vectors("Int8.calibrate", vectors)
        # In 16 bits a step would be off by half its size.
        low, high = (_at_least_float32(x) for x in (vectors.amin(dim=0), vectors.amax(dim=0)))
        return cls(low, (high - low) / (_LEVELS - 1))

    def encode(self, vectors: Tensor) -> Tensor:
        """Return (n, dim) int8, -128 to 127, for vectors (n, dim) of finite floats.

        Values outside the ranges take the outermost step. Raises ValueError for another dim and
        for nan or infinity, TypeError for numbers that are codes already.
        """
        self._require_dim("Int8.encode", "the vectors", vectors)
        _require_vectors("Int8.encode", vectors)
        width = self.step.where(self.step > 0, torch.ones_like(self.step))
        steps = ((vectors - self.low) / width).floor().clamp(0, _LEVELS - 1)
        return (steps - _LEVELS // 2).to(torch.int8)

    def decode(self, codes: Tensor) -> Tensor:
        """Return (n, dim) floats for codes (n, dim) int8: the middle of each code's step.

        Raises ValueError for another dim, TypeError for what is not int8.
        """
        self._require_dim("Int8.decode", "the codes", codes)
        if codes.dtype != torch.int8:
            raise TypeError(
                f"Int8.decode: the codes are {codes.dtype}; expected int8, as Int8.encode returns them"
            )
        return self.low + (codes.to(self.step.dtype) + _LEVELS // 2 + 0.5) * self.step

    def _require_dim(self, name: str, what: str, x: Tensor) -> None:
        if x.shape[-1:] != self.low.shape:
            raise ValueError(
                f"{name}: {what} are {tuple(x.shape)}; expected (n, {len(self.low)}), as many numbers "
                "as the coder was calibrated with"
            )

    def top_k(
        self, queries: Tensor, codes: Tensor, k: int, block: int = 16_384
    ) -> tuple[Tensor, Tensor]:
        """Return the k best of (n, dim) codes for float queries (q, dim), as `lib.search.top_k` does;
        the codes are decoded a block at a time. Raises what `decode` and `lib.search.top_k` raise."""
        self._require_dim("Int8.top_k", "the queries", queries)
        self._require_dim("Int8.top_k", "the codes", codes)
        return _blocked(queries, codes, k, block, self.decode)


def to_binary(vectors: Tensor) -> Tensor:
    """Return (n, ceil(dim / 8)) uint8: a bit for each number, 1 where it is above 0.

    The first number is the highest bit of the first byte, as in numpy.packbits and sentence-transformers
    ("ubinary"), while faiss's own fvecs2bitvecs begins at the lowest; what is missing in the last byte is 0.
    Raises TypeError for what is not floating point (codes have no signs), ValueError for nan and
    infinity and for vectors without numbers.
    """
    if not vectors.ndim or not vectors.shape[-1]:
        raise ValueError(
            f"to_binary: the vectors are {tuple(vectors.shape)}; expected (n, dim), dim of at least 1"
        )
    _require_vectors("to_binary", vectors)
    bits = (vectors > 0).to(torch.uint8)
    missing = -vectors.shape[-1] % 8
    bits = torch.nn.functional.pad(bits, (0, missing)).unflatten(-1, (-1, 8))
    return (bits << torch.arange(7, -1, -1, device=bits.device, dtype=torch.uint8)).sum(
        dim=-1, dtype=torch.uint8
    )


def from_binary(codes: Tensor, dim: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """Return (n, dim) of 1 and -1 for codes (n, ceil(dim / 8)) of `to_binary`.

    Raises ValueError if that many numbers are not in codes of this size, or bits are set beyond
    them, TypeError for codes that are not uint8.
    """
    _require_bits("from_binary", codes, dim)
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
    Raises what `from_binary` raises, and ValueError for a k below 1.
    """
    for argument in (queries, codes):
        if argument.ndim != 2:
            raise ValueError(
                f"hamming_top_k: queries are {tuple(queries.shape)} and codes are "
                f"{tuple(codes.shape)}; expected (q, bytes) and (n, bytes) of to_binary"
            )
        _require_bits("hamming_top_k", argument, dim)
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


def _at_least_float32(x: Tensor) -> Tensor:
    return x.float() if x.dtype in HALF_PRECISION else x


def _require_vectors(name: str, vectors: Tensor) -> None:
    if not vectors.is_floating_point():
        raise TypeError(
            f"{name}: the vectors are {vectors.dtype}; expected floating point: not codes, whose zero "
            "is elsewhere"
        )
    require_finite(name, "the vectors", vectors)


def _require_bits(name: str, codes: Tensor, dim: int) -> None:
    """Codes (n, bytes) uint8 that hold `dim` numbers and nothing beyond."""
    if codes.dtype != torch.uint8:
        raise TypeError(
            f"{name}: the codes are {codes.dtype}; expected uint8, as to_binary returns them; "
            'sentence-transformers\' "binary" is int8: use its "ubinary"'
        )
    size = codes.shape[-1] if codes.ndim else 0
    if dim < 1 or -(-dim // 8) != size:
        raise ValueError(
            f"{name}: codes of {size} bytes hold {max(0, 8 * size - 7)} to {8 * size} numbers, not {dim}"
        )
    beyond = 8 * size - dim
    if beyond and codes.device.type != "meta" and bool((codes[..., -1] % 2**beyond).any()):
        raise ValueError(
            f"{name}: bits are set beyond number {dim} of {8 * size}; expected 0 there: the codes are "
            "of longer vectors"
        )


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
