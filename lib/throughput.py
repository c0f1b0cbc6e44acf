"""How many texts a second: ways of encoding timed side by side, and what padding costs.

A machine that does other things now and then slows whatever runs at that moment. So the ways take
turns, the median of several rounds counts, and two ways are compared by their ratio in the same round.
What can be counted is counted: a batch is as wide as its longest text, and the rest of it is padding,
on which the same work is done.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import torch
from torch import Tensor

from lib._arguments import as_texts
from lib.device import low_precision_dtype
from lib.text import length_sorted_batches, restore_order

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

__all__ = [
    "Timings",
    "encode",
    "fastest_precision",
    "padded_tokens",
    "pick_batch_size",
    "speed_up",
    "time_ways",
    "token_counts",
    "ways",
]

Name = TypeVar("Name", bound=Hashable)  # of a way
PRECISIONS = ("float32", "bfloat16")


@dataclass(frozen=True)
class Timings:
    """What one way took: seconds of each round, for `texts` texts and `tokens` tokens."""

    seconds: list[float]
    texts: int
    tokens: int

    @property
    def texts_per_second(self) -> float:
        """Texts over the median of the seconds."""
        return self.texts / statistics.median(self.seconds)

    @property
    def tokens_per_second(self) -> float:
        """Real tokens, without padding, over the median of the seconds."""
        return self.tokens / statistics.median(self.seconds)


def time_ways(
    ways: Mapping[Name, Callable[[], object]],
    *,
    texts: int,
    tokens: int = 0,
    rounds: int = 3,
    warm_up: bool = True,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[Name, Timings]:
    """Run each way once a round, in turns, and return its timings by name.

    ways: name -> what is timed, called without arguments.  texts, tokens: how many each encodes.
    warm_up: run each once before, untimed: the first call allocates memory. Every other round goes
    through the ways backwards, so that what gets slower during a round hurts none of them more.
    Raises ValueError without a way or a round.
    """
    if not ways or rounds < 1:
        raise ValueError(f"time_ways: {len(ways)} ways, {rounds} rounds; expected at least 1 each")
    if warm_up:
        for run in ways.values():
            run()
    seconds: dict[Name, list[float]] = {name: [] for name in ways}
    for number in range(rounds):
        names = list(ways) if number % 2 == 0 else list(ways)[::-1]
        for name in names:
            began = clock()
            ways[name]()
            seconds[name].append(clock() - began)
    return {name: Timings(taken, texts, tokens) for name, taken in seconds.items()}


def speed_up(fast: Timings, slow: Timings) -> float:
    """Return how many times as fast the first was: the median of the ratios of the same rounds."""
    return statistics.median(b / a for a, b in zip(fast.seconds, slow.seconds, strict=True))


def token_counts(model: SentenceTransformer, texts: Iterable[str]) -> list[int]:
    """Return how many tokens the model reads of each text: special ones in, cut at its limit."""
    texts = as_texts("token_counts", texts)
    if not texts:
        return []
    read = model.tokenizer(
        texts, truncation=True, max_length=model.max_seq_length, return_attention_mask=False
    )
    return [len(ids) for ids in read["input_ids"]]


def pick_batch_size(
    seconds: Mapping[int, Sequence[float]], texts: int, within: float = 0.05
) -> int:
    """Return the smallest batch size whose throughput is within a share of the best one.

    seconds: batch size -> seconds of each run; texts: how many a run encodes. A size's throughput is
    texts over the median of its seconds. Raises ValueError without a size or for within outside 0 to 1.
    """
    if not seconds or not 0 <= within <= 1:
        raise ValueError(
            f"pick_batch_size: {len(seconds)} sizes, within {within}; expected at least one size, and 0 to 1"
        )
    throughput = {size: texts / statistics.median(runs) for size, runs in seconds.items()}
    least = (1 - within) * max(throughput.values())
    return min(size for size, reached in throughput.items() if reached >= least)


def padded_tokens(counts: Sequence[int], batch_size: int, *, by_length: bool) -> int:
    """Return how many tokens a model computes with, padding included.

    counts: tokens of each text in its order; by_length: whether texts of like length share a batch.
    Raises ValueError for a batch size below 1.
    """
    batches = _batches(counts, batch_size, by_length)
    return sum(len(batch) * max(counts[place] for place in batch) for batch in batches)


def _batches(lengths: Sequence[int], batch_size: int, by_length: bool) -> list[list[int]]:
    if by_length:
        return length_sorted_batches(lengths, batch_size)
    if batch_size < 1:
        raise ValueError(f"batch_size is {batch_size}; expected at least 1")
    places = range(len(lengths))
    return [[*places[start : start + batch_size]] for start in range(0, len(lengths), batch_size)]


def fastest_precision(device: torch.device | str) -> str:
    """Return the precision of `encode` that a device multiplies fastest: "bfloat16" or "float32"."""
    return "bfloat16" if low_precision_dtype(device) == torch.bfloat16 else "float32"


@torch.inference_mode()
def encode(
    model: SentenceTransformer,
    texts: Iterable[str],
    batch_size: int = 32,
    *,
    by_length: bool = True,
    precision: str = "float32",
) -> Tensor:
    """Return the vectors of texts, (n, dim) float32 on the model's device, in the plainest way.

    by_length: whether texts of like length share a batch (`model.encode` always does so); otherwise
    batches are filled in the texts' order. precision: "float32", or "bfloat16" for products in 16
    bits (autocast) on whatever device: where it has none they are emulated, which gives the quality of
    16 bits and none of their speed (see `fastest_precision`). Nothing is cached.
    Raises what `as_texts` raises, ValueError without a text, for another precision or batch size.
    """
    texts = as_texts("encode", texts)
    if not texts or precision not in PRECISIONS:
        raise ValueError(
            f"encode: {len(texts)} texts, precision {precision!r}; expected at least one text and one "
            f"of {', '.join(PRECISIONS)}"
        )
    batches = _batches([len(text) for text in texts], batch_size, by_length)
    rows = []
    low = precision == "bfloat16"
    with torch.autocast(model.device.type, dtype=torch.bfloat16) if low else nullcontext():
        for batch in batches:
            features: Any = model.preprocess([texts[place] for place in batch])
            features = {k: x.to(model.device) for k, x in features.items() if isinstance(x, Tensor)}
            rows.append(model(features)["sentence_embedding"].float())
    if model.device.type == "cuda":
        torch.cuda.synchronize(model.device)  # the clock must not stop before the work is done
    return restore_order(batches, torch.cat(rows))


def ways(
    model: SentenceTransformer, texts: Sequence[str], batch_sizes: Iterable[int], **options: Any
) -> dict[int, Callable[[], object]]:
    """Return for each batch size a way to encode `texts`; options: those of `encode`."""
    return {size: partial(encode, model, texts, size, **options) for size in batch_sizes}
