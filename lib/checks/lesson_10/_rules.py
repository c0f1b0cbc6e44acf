"""The capstone's rules: the budget of bytes and of time, and the curve from quality to points."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

BYTES = 2_000_000
MILLISECONDS, TIMES = (
    50.0,
    5.0,
)  # a query: the larger of the two, the second in terms of the base encoder
BUILD_S, SEARCH_S = 300.0, 120.0  # that a call may take at all
OWN_S = 600.0  # for the baselines and the passages' vectors, which are kept once they are there
OPENING_S, OPENING_TIMES = 5.0, 400.0  # of the first search, before it counts
# What BM25, the better of base encoder and hybrid, and the trained head earn, in order of quality.
SHARES = (0.3, 0.5, 1.0)


@dataclass(frozen=True)
class Cost:
    """index, text: bytes. seconds: of all scored queries, with what the first search took too long.

    queries: how many. reference: seconds that the base encoder's exact search takes a query.
    """

    index: int
    text: int
    seconds: float
    queries: int
    reference: float

    @property
    def bytes(self) -> int:
        return self.index + self.text

    @property
    def milliseconds(self) -> float:
        """A query's."""
        return 1000 * self.seconds / self.queries

    @property
    def allowed(self) -> float:
        """The milliseconds that a query may take."""
        return max(MILLISECONDS, TIMES * 1000 * self.reference)

    @property
    def kept(self) -> float:
        """What is left of the points: all within the budget, nothing at twice of it, evenly between."""
        return _left(self.bytes / BYTES) * _left(self.milliseconds / self.allowed)


def opening(reference: float) -> float:
    """The seconds that the first search may take, to read the index and to load an encoder.

    Four hundred queries' worth: to encode the passages again takes a dozen times as long.
    """
    return OPENING_S + OPENING_TIMES * reference


def _left(part: float) -> float:
    return min(1.0, max(0.0, 2.0 - part))


def share(quality: float, baselines: Mapping[str, float]) -> float:
    """The share of the points for a quality: straight from 0 through the baselines' to all of them.

    Base encoder and hybrid lie so close together that chance decides which is the better one; so they
    are one step.
    """
    untrained = max(baselines["base encoder"], baselines["hybrid"])
    ends = [
        (0.0, 0.0),
        *zip(sorted([baselines["BM25"], untrained, baselines["trained head"]]), SHARES),
    ]
    for (low, least), (high, most) in itertools.pairwise(ends):
        if quality < high:
            return least + (most - least) * (quality - low) / (high - low)
    return 1.0
