"""ColBERTv2's codec: a token vector as the nearest centroid and a few bits for what is left.

The tokens of a corpus crowd around few meanings, so a centroid, four bytes, says most of where a
vector lies. The rest, its residual, is small: of each of its numbers one keeps only in which of
2^bits buckets it falls, all buckets holding equally many numbers. A vector of 128 numbers in 16 bits
takes 256 bytes; so it takes 36 with two bits a number, and 20 with one.
Source: Santhanam et al. 2022, ColBERTv2, section 3.3.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from lib._finite import require_finite
from lib.pooling import HALF_PRECISION, normalize

__all__ = [
    "BITS",
    "Codes",
    "ResidualCodec",
    "buckets",
    "decode",
    "index_bytes",
    "kmeans_step",
    "nearest",
    "pack",
    "spherical_kmeans",
]

BITS = (1, 2, 4, 8)
_BLOCK = 1 << 21  # similarities with centroids that are held at a time
_SAMPLED = 1 << 21  # residual numbers that the buckets are fitted to


def nearest(vectors: Tensor, centroids: Tensor, block: int = _BLOCK) -> Tensor:
    """Return for each vector the centroid with the largest dot product, (n,) int64.

    vectors: (n, dim), centroids: (c, dim), of one dtype and device; at most `block` products are held
    at a time, or those of one vector. Raises ValueError for shapes or dtypes that do not fit.
    """
    _require_alike("nearest", vectors, centroids)
    rows = max(1, block // len(centroids))
    # torch finds the places by `max` in half the time of `argmax`.
    found = [(part @ centroids.T).max(dim=1).indices for part in vectors.split(rows)]
    return torch.cat(found)


def spherical_kmeans(
    vectors: Tensor,
    count: int,
    iterations: int = 10,
    seed: int = 0,
    most: int = 64,
    block: int = _BLOCK,
) -> Tensor:
    """Return `count` unit vectors around which the vectors crowd, (count, dim).

    vectors: (n, dim) unit vectors, n of at least `count`. Begins with `count` of them drawn by `seed`;
    in each iteration every vector joins its nearest centroid, and a centroid becomes the mean of its
    vectors, scaled to length one. A centroid that nobody joined moves to one of the vectors that are
    worst served. most: vectors for each centroid that are looked at, drawn at random where there are
    more: the means of so many hardly move with the rest. Memory as for `nearest`.
    The same seed draws the same vectors on every device. 16-bit vectors are averaged in float32.
    Raises ValueError for fewer vectors than centroids, for nan or infinity, and numbers below 1.
    Source: Dhillon and Modha 2001, Concept Decompositions for Large Sparse Text Data Using Clustering.
    """
    if vectors.ndim != 2 or not 1 <= count <= len(vectors) or min(iterations, most, block) < 1:
        raise ValueError(
            f"spherical_kmeans: vectors is {tuple(vectors.shape)}, count={count}, "
            f"iterations={iterations}, most={most}; expected (n, dim) with n of at least count, and "
            "numbers of at least 1"
        )
    require_finite("spherical_kmeans", "vectors", vectors)
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randperm(len(vectors), generator=generator, device="cpu")[: count * most]
    # What is drawn first is the start, so it must not be in the order of the texts.
    sample = _wide(vectors[drawn.to(vectors.device)])
    centroids = normalize(sample[:count])
    for _ in range(iterations):
        joined, sums, size = _joined(sample, centroids, block)
        closeness = (sample * centroids[joined]).sum(dim=1)
        worst = closeness.argsort(stable=True)[:count]  # rows of the sample, the worst served first
        # The place of each empty centroid among them says which of the worst served it takes.
        empty = size == 0
        turn = (empty.long().cumsum(0) - 1).clamp(min=0)
        centroids = normalize(torch.where(empty[:, None], sample[worst[turn]], sums))
    return centroids.to(vectors.dtype)


def kmeans_step(vectors: Tensor, centroids: Tensor, block: int = _BLOCK) -> Tensor:
    """Return the centroids (c, dim) after one round of spherical k-means on vectors (n, dim).

    Every vector joins its nearest centroid, and a centroid becomes the mean of its vectors, scaled to
    length one; one that nobody joined stays. Raises ValueError for shapes or dtypes that do not fit.
    Source: Dhillon and Modha 2001, see `spherical_kmeans`.
    """
    _, sums, size = _joined(vectors, centroids, block)
    return torch.where(size[:, None] > 0, normalize(sums), centroids)


def _joined(vectors: Tensor, centroids: Tensor, block: int) -> tuple[Tensor, Tensor, Tensor]:
    """The nearest centroid of each vector (n,), and of each centroid the sum (c, dim) and number (c,)."""
    joined = nearest(vectors, centroids, block)
    sums = torch.zeros_like(centroids).index_add_(0, joined, vectors)
    size = torch.zeros_like(centroids[:, 0]).index_add_(0, joined, torch.ones_like(vectors[:, 0]))
    return joined, sums, size


def buckets(residuals: Tensor, bits: int) -> tuple[Tensor, Tensor]:
    """Return where buckets end, (2^bits - 1,), and what their numbers are read back as, (2^bits,).

    residuals: of any shape, all numbers of which share the buckets; each bucket holds equally many.
    The ends are the quantiles k / 2^bits, the values those at (k + 1/2) / 2^bits.
    Raises ValueError without a number.
    """
    numbers = residuals.flatten()
    if not len(numbers):
        raise ValueError("buckets: there is no number; expected at least one")
    parts = torch.arange(2**bits, device=numbers.device, dtype=numbers.dtype) / 2**bits
    return numbers.quantile(parts[1:]), numbers.quantile(parts + 0.5 / 2**bits)


def pack(codes: Tensor, bits: int) -> Tensor:
    """Return codes (n, dim), whole numbers below 2^bits, as bytes (n, dim x bits / 8) uint8.

    The first code stands in the highest bits of the first byte, and a vector fills bytes of its own.
    Raises ValueError where dim x bits does not fill whole bytes.
    """
    _require_whole_bytes(codes.shape[-1], bits)
    small = codes.to(torch.uint8)
    together = small.unflatten(-1, (-1, 8 // bits))
    return (together << _shifts(bits, small)).sum(dim=-1, dtype=torch.uint8)


def decode(centroid_ids: Tensor, packed: Tensor, centroids: Tensor, values: Tensor) -> Tensor:
    """Return unit vectors (n, dim) from centroid_ids (n,) and packed codes (n, dim x bits / 8).

    centroids: (c, dim); values: (2^bits,). The steps of `ResidualCodec.decode`, which checks shapes and
    is quicker.
    """
    bits = len(values).bit_length() - 1
    residuals = values[_unpacked(packed, bits).long()]
    return normalize(centroids[centroid_ids.long()] + residuals)


def index_bytes(passages: int, tokens: int, dim: int, bits: int, centroids: int) -> int:
    """Return the bytes of coded tokens, centroids and values in float32, and an offset a passage.

    A token takes 4 bytes for its centroid and dim x bits / 8, rounded up; offsets take 8 bytes each.
    Raises ValueError for sizes that cannot be.
    """
    if min(passages, tokens) < 0 or min(dim, bits, centroids) < 1:
        raise ValueError(
            f"index_bytes: passages={passages}, tokens={tokens}, dim={dim}, bits={bits}, "
            f"centroids={centroids}; expected at least 0 passages and tokens, and 1 of the others"
        )
    once = 4 * centroids * dim + 4 * 2**bits + 8 * (passages + 1)
    return tokens * (4 + -(-dim * bits // 8)) + once


@dataclass(frozen=True, eq=False)
class Codes:
    """What is left of n vectors: 4 bytes for the centroid and dim x bits / 8 for the residual.

    centroids: (n,) int32, the number of the centroid.  residuals: (n, dim x bits / 8) uint8.
    """

    centroids: Tensor
    residuals: Tensor

    def __post_init__(self) -> None:
        if self.centroids.shape != self.residuals.shape[:1] or self.residuals.ndim != 2:
            raise ValueError(
                f"Codes: centroids is {tuple(self.centroids.shape)} and residuals is "
                f"{tuple(self.residuals.shape)}; expected (n,) and (n, bytes)"
            )
        if self.centroids.dtype != torch.int32 or self.residuals.dtype != torch.uint8:
            raise ValueError(
                f"Codes: centroids are {self.centroids.dtype} and residuals {self.residuals.dtype}; "
                "expected int32 and uint8, as ResidualCodec.encode returns them"
            )

    def __len__(self) -> int:
        return len(self.centroids)

    def __getitem__(self, rows: slice | Tensor) -> Codes:
        """The codes of some vectors."""
        return Codes(self.centroids[rows], self.residuals[rows])

    @property
    def bytes(self) -> int:
        """What they take, without the centroids themselves."""
        return sum(x.numel() * x.element_size() for x in (self.centroids, self.residuals))


@dataclass(frozen=True, eq=False)
class ResidualCodec:
    """Turns unit vectors (n, dim) into `Codes` and back, with a loss.

    centroids: (c, dim).  cutoffs: (2^bits - 1,), rising, where a bucket ends and the next begins.
    values: (2^bits,), what a number of each bucket is decoded to. All in one dtype on one device.
    Made by `ResidualCodec.fit`. Raises ValueError for shapes that do not fit, for bits other than
    1, 2, 4 or 8, and where dim x bits does not fill whole bytes.
    """

    centroids: Tensor
    cutoffs: Tensor
    values: Tensor

    def __post_init__(self) -> None:
        sizes = [2**bits for bits in BITS]
        if (
            self.centroids.ndim != 2
            or not len(self.centroids)
            or self.values.ndim != 1
            or len(self.values) not in sizes
            or self.cutoffs.shape != (len(self.values) - 1,)
        ):
            raise ValueError(
                f"ResidualCodec: centroids is {tuple(self.centroids.shape)}, cutoffs "
                f"{tuple(self.cutoffs.shape)}, values {tuple(self.values.shape)}; expected (c, dim), "
                f"(m - 1,) and (m,) with m one of {sizes}: use ResidualCodec.fit"
            )
        _require_whole_bytes(self.dim, self.bits)

    @classmethod
    def fit(cls, vectors: Tensor, centroids: Tensor, bits: int = 2) -> ResidualCodec:
        """Fit the buckets to the residuals of vectors (n, dim) around centroids (c, dim).

        A bucket ends where k of 2^bits parts of all numbers lie below, and is decoded to its own
        median, at (k + 1/2) of 2^bits: quantiles, since most residual numbers are near 0, where
        buckets of equal width would be too wide. Where there are many vectors, evenly spaced ones are
        looked at, two million numbers in all. One set of buckets serves all dimensions.
        Raises ValueError for shapes that do not fit, no vector, nan or infinity, and other bits.
        """
        _require_alike("ResidualCodec.fit", vectors, centroids)
        _require_whole_bytes(vectors.shape[1], bits)
        if not len(vectors):
            raise ValueError("ResidualCodec.fit: there is no vector; expected at least one")
        require_finite("ResidualCodec.fit", "vectors", vectors)
        sample = vectors[:: 1 + vectors.numel() // _SAMPLED]
        cutoffs, values = buckets(_wide(sample - centroids[nearest(sample, centroids)]), bits)
        return cls(centroids, cutoffs.to(centroids.dtype), values.to(centroids.dtype))

    @property
    def bits(self) -> int:
        """Bits for each number of a residual."""
        return len(self.values).bit_length() - 1

    @property
    def dim(self) -> int:
        return self.centroids.shape[1]

    @property
    def bytes_per_vector(self) -> int:
        """4 for the centroid and dim x bits / 8 for the residual."""
        return 4 + self.dim * self.bits // 8

    def encode(self, vectors: Tensor, block: int = _BLOCK) -> Codes:
        """Return the codes of vectors (n, dim); memory as for `nearest`.

        The bits of a vector fill bytes of its own, its first number in the highest bits of the first
        byte, so that any vector can be decoded alone.
        Raises ValueError for another dim, dtype or device and for nan or infinity.
        """
        _require_alike("ResidualCodec.encode", vectors, self.centroids)
        require_finite("ResidualCodec.encode", "vectors", vectors)
        joined, packed = [], []
        for part in vectors.split(max(1, block // max(self.dim, len(self.centroids)))):
            centroid = nearest(part, self.centroids, block)
            # Which bucket: as many cutoffs as lie below the number.
            bucket = torch.bucketize(part - self.centroids[centroid], self.cutoffs)
            joined.append(centroid.int())
            packed.append(pack(bucket.to(torch.uint8), self.bits))
        return Codes(torch.cat(joined), torch.cat(packed))

    def decode(self, codes: Codes) -> Tensor:
        """Return unit vectors (n, dim): the centroid plus each bucket's value, scaled to length one.

        Raises ValueError for codes of another dim or number of bits.
        """
        expected = self.dim * self.bits // 8
        if codes.residuals.shape[1] != expected:
            raise ValueError(
                f"ResidualCodec.decode: a residual takes {codes.residuals.shape[1]} bytes; expected "
                f"{expected}, for {self.dim} numbers of {self.bits} bits: decode with the codec that "
                "encoded"
            )
        # What a byte stands for is looked up whole: (256, numbers in a byte).
        every = torch.arange(256, device=self.values.device, dtype=torch.uint8)
        table = self.values[_unpacked(every[:, None], self.bits).long()]
        residuals = table.index_select(0, codes.residuals.flatten().int())
        centroids = self.centroids.index_select(0, codes.centroids)
        return normalize(centroids + residuals.view_as(centroids))


def _unpacked(packed: Tensor, bits: int) -> Tensor:
    """(n, bytes) uint8 to (n, bytes x 8 / bits) uint8 below 2^bits."""
    return ((packed[..., None] >> _shifts(bits, packed)) & (2**bits - 1)).flatten(-2)


def _shifts(bits: int, like: Tensor) -> Tensor:
    """How far each number of a byte is moved up: the first one furthest."""
    return torch.arange(8 - bits, -1, -bits, device=like.device, dtype=torch.uint8)


def _wide(x: Tensor) -> Tensor:
    return x.float() if x.dtype in HALF_PRECISION else x


def _require_whole_bytes(dim: int, bits: int) -> None:
    if bits not in BITS or dim * bits % 8:
        raise ValueError(
            f"ResidualCodec: {dim} numbers of {bits} bits; expected 1, 2, 4 or 8 bits, and together "
            "whole bytes: every vector begins at a byte of its own"
        )


def _require_alike(name: str, vectors: Tensor, centroids: Tensor) -> None:
    if vectors.ndim != 2 or centroids.ndim != 2 or vectors.shape[1] != centroids.shape[1]:
        raise ValueError(
            f"{name}: vectors is {tuple(vectors.shape)} and centroids is {tuple(centroids.shape)}; "
            "expected (n, dim) and (c, dim) of one dim"
        )
    if not len(centroids):
        raise ValueError(f"{name}: there is no centroid; expected at least one")
    if vectors.dtype != centroids.dtype or vectors.device != centroids.device:
        raise ValueError(
            f"{name}: vectors are {vectors.dtype} on {vectors.device} and centroids "
            f"{centroids.dtype} on {centroids.device}; expected one dtype and device: use "
            "vectors.to(centroids)"
        )
    if not vectors.dtype.is_floating_point:
        raise ValueError(f"{name}: the vectors are {vectors.dtype}; expected floats: use .float()")
