"""The map of a corpus: every passage as a point of the plane, near where its neighbours are.

Two numbers cannot keep what 384 say. The two directions in which the vectors differ most keep more of
it than any two others, and `share` says how much that is: usually so little that passages far apart on
the map are far apart in truth, while passages side by side on the map may not be near at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from lib._arguments import as_texts
from lib._finite import require_finite
from lib.metrics import _where_float64_is

__all__ = ["CorpusMap", "Region", "corpus_map", "principal_components"]

_BLOCK = 8_192  # rows that are held in float64 at a time


class Region(NamedTuple):
    """Where the passages of one label are on the map. passages: how many they are."""

    label: str
    x: float
    y: float
    passages: int


@dataclass(frozen=True)
class CorpusMap:
    """places: (n, 2), the mean at 0. share: (2,), how much of the variance each of the two keeps.

    regions: of the labels with most passages, most first.
    """

    places: Tensor
    share: Tensor
    regions: tuple[Region, ...] = ()

    def __len__(self) -> int:
        return len(self.places)


def corpus_map(
    vectors: Tensor, labels: Iterable[str] | None = None, most_regions: int = 8
) -> CorpusMap:
    """Return the places of vectors (n, dim) on the plane of their two principal components.

    labels: one a vector, such as `CourseSet.branches` or `TextFolder.branches`; the `most_regions`
    with most vectors are regions, at the median of their places. An empty label is none.
    The same vectors give the same map each time. Raises ValueError for labels that do not fit, and
    what `principal_components` raises.
    """
    places, share = principal_components(vectors, 2)
    names = [] if labels is None else as_texts("corpus_map", labels, "labels")
    if labels is not None and len(names) != len(vectors):
        raise ValueError(
            f"corpus_map: {len(names)} labels for {len(vectors)} vectors; expected one label a vector"
        )
    counted = Counter(name for name in names if name.strip())
    # of equally many, the first by the alphabet, so that the order of the rows does not matter
    largest = sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:most_regions]
    regions = []
    for label, count in largest:
        rows = [row for row, name in enumerate(names) if name == label]
        x, y = places[rows].median(dim=0).values.tolist()
        regions.append(Region(label, x, y, count))
    return CorpusMap(places, share, tuple(regions))


def principal_components(
    vectors: Tensor, dim: int = 2, block: int = _BLOCK
) -> tuple[Tensor, Tensor]:
    """Return places (n, dim) on the principal components, and each one's share of the variance (dim,).

    vectors: (n, long). The components are the directions of most variance about the mean, exact (by the
    eigenvectors of the covariance, computed in float64, `block` rows at a time), first the one with
    most. A component may point either way: the number in it that is largest in size is made positive.
    Both results are on the vectors' device and in their type; of 16 bits, in float32. Equal vectors
    have all places and shares 0.
    Raises ValueError for anything but (n, long) floats with at least one row, a dim outside 1 to long,
    and nan or infinity. Source: Jolliffe 2002, Principal Component Analysis, chapter 2.
    """
    if vectors.ndim != 2 or not len(vectors) or not vectors.is_floating_point():
        raise ValueError(
            f"principal_components: the vectors are {tuple(vectors.shape)} {vectors.dtype}; expected "
            "(n, long) floats with at least one row"
        )
    if not 1 <= dim <= vectors.shape[1] or block < 1:
        raise ValueError(
            f"principal_components: dim is {dim} and block is {block}; expected a dim of 1 to "
            f"{vectors.shape[1]}, the length of the vectors, and a block of at least 1"
        )
    require_finite("principal_components", "vectors", vectors)
    vectors = vectors.detach()
    if vectors.dtype not in (torch.float32, torch.float64):
        vectors = vectors.float()
    count = len(vectors)
    sums = [_wide(part).sum(dim=0) for part in vectors.split(block)]
    mean = torch.stack(sums).sum(dim=0) / count
    # float32 would round away what tells the second direction from the third.
    squares = mean.new_zeros(vectors.shape[1], vectors.shape[1])
    for part in vectors.split(block):
        moved = _wide(part) - mean
        squares += moved.T @ moved
    lengths, directions = torch.linalg.eigh(squares)  # smallest first
    directions = directions.flip(1)[:, :dim]  # (long, dim)
    largest = directions.abs().argmax(dim=0, keepdim=True)
    directions = directions * directions.gather(0, largest).sign()
    # Rounding leaves a trifle of variance, of either sign, where there is none.
    lengths = lengths.flip(0).clamp(min=0)
    total = lengths.sum()
    some = total > 1e-20 * count * (mean.square().sum() + 1e-30)
    share = torch.where(some, lengths[:dim] / total.clamp(min=1e-300), 0.0)
    places = (vectors - mean.to(vectors)) @ directions.to(vectors)
    return places * some.to(vectors), share.to(vectors)


def _wide(part: Tensor) -> Tensor:
    """In float64, on the CPU where the device has none."""
    return _where_float64_is(part).double()
