"""What it costs to read texts one by one and all their pairs together, measured and extrapolated.

A pair is read by the same layers as a text, so a sentence encoder's transformer on concatenated pairs
takes as long as a cross-encoder of its size.
Source: Reimers and Gurevych 2019, Sentence-BERT, section 1 (65 hours against 5 seconds).
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import torch

from lib._arguments import as_texts

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

__all__ = ["PairCost", "measure", "pairs_of", "run_seconds"]


def pairs_of(n: int) -> int:
    """Return how many unordered pairs of different texts n texts make."""
    return n * (n - 1) // 2


@dataclass(frozen=True)
class PairCost:
    """Seconds to read n texts one by one, and all of their pairs, for several n that rise."""

    sizes: list[int]
    single: list[float]
    pairs: list[float]

    @property
    def powers(self) -> tuple[float, float]:
        """The powers of n by which both grow, from the smallest to the largest n."""
        growth = math.log(self.sizes[-1] / self.sizes[0])
        first, second = (
            math.log(times[-1] / times[0]) / growth for times in (self.single, self.pairs)
        )
        return first, second

    def expected(self, n: int) -> tuple[float, float]:
        """The seconds that n texts would take, from those of a text and a pair at the largest n."""
        most = self.sizes[-1]
        return n * self.single[-1] / most, pairs_of(n) * self.pairs[-1] / pairs_of(most)


@torch.inference_mode()
def run_seconds(
    model: SentenceTransformer, firsts: Sequence[str], seconds: Sequence[str] | None = None
) -> float:
    """Return the seconds of the transformer's forward passes, 6 texts (or pairs) at a time.

    On a processor they are those of this process alone, so that a busy machine changes little.
    """
    transformer: Any = model[0]
    clock = time.process_time if model.device.type == "cpu" else time.perf_counter
    start = clock()
    for i in range(0, len(firsts), 6):
        other = list(seconds[i : i + 6]) if seconds is not None else None
        features = model.tokenizer(
            list(firsts[i : i + 6]), other, padding=True, truncation=True, return_tensors="pt"
        ).to(model.device)
        # Reading a number waits until a GPU has finished.
        float(transformer(dict(features))["token_embeddings"].sum())
    return clock() - start


def measure(
    model: SentenceTransformer, texts: Sequence[str], sizes: Sequence[int], rounds: int = 3
) -> PairCost:
    """Return the seconds of the first n texts one by one and in pairs, the least of some rounds.

    sizes: the numbers n, two or more, rising, the first at least 2.
    Raises ValueError for other sizes, more than there are texts, and no round.
    """
    texts, sizes = as_texts("measure", texts), list(sizes)
    rising = len(sizes) > 1 and sizes == sorted({*sizes}) and sizes[0] > 1
    if not rising or sizes[-1] > len(texts) or rounds < 1:
        raise ValueError(
            f"measure: sizes are {sizes} for {len(texts)} texts in {rounds} rounds; expected rising "
            "numbers from 2, no more than there are texts, and a round"
        )
    run_seconds(model, texts[: sizes[-1]])  # the first pass is slower: memory is laid out
    single: dict[int, list[float]] = {n: [] for n in sizes}
    pairs: dict[int, list[float]] = {n: [] for n in sizes}
    for _ in range(rounds):
        for n in sizes:
            # Single texts are quickly read, so chance would show: the least of five.
            single[n] += [run_seconds(model, texts[:n]) for _ in range(5)]
            left, right = (list(side) for side in zip(*combinations(texts[:n], 2)))
            pairs[n].append(run_seconds(model, left, right))
    return PairCost(sizes, [min(t) for t in single.values()], [min(t) for t in pairs.values()])
