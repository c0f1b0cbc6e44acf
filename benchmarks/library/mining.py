"""Hard-negative mining: `lib.negatives.mine` against sentence-transformers' `mine_hard_negatives`.

    python -m benchmarks.library.mining [--rounds 5] [--threads 1] [--bits32] [--json FILE]

Both get vectors that are already there, so that only mining is timed, and must find the same
negatives. Both run once in each round, in turn; peak memory is that of a process of its own, beyond
the vectors (see `measure`). One positive a query, five negatives, at most 95% of the positive's
score. --bits32 switches off the search's first pass in 16 bits.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Sequence
from pathlib import Path

import torch

from benchmarks.library import measure
from benchmarks.library.search import DIM, vectors

K, MARGIN = 5, 0.05
SHAPES = ((1_000, 4_000), (4_000, 16_449), (10_000, 10_000))


def task(shape: tuple[int, int]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Queries, passages, and the row of each query's positive, which is close to it."""
    queries, passages = vectors(*shape)
    positives = torch.randperm(shape[1], generator=torch.Generator().manual_seed(1))[: shape[0]]
    passages[positives] = (queries + 2 * passages[positives]) / 5**0.5
    passages /= passages.norm(dim=1, keepdim=True)
    return queries, passages, positives


def ours(queries, passages, positives) -> list[list[int]]:
    """Rows of the negatives of each query."""
    from lib.negatives import mine

    return mine(queries, passages, positives, K, relative_margin=MARGIN).indices.tolist()


class Vectors:
    """A model that looks vectors up, as the library's miner asks for them."""

    device = torch.device("cpu")

    def __init__(self, queries, passages):
        self.arrays = {"q": queries.numpy(), "p": passages.numpy()}

    def _encode(self, texts, **_):
        return self.arrays[texts[0][0]][[int(text[1:]) for text in texts]]

    encode_query = encode_document = _encode

    def similarity(self, a, b):
        from sentence_transformers.util import cos_sim

        return cos_sim(a, b)

    def similarity_pairwise(self, a, b):
        from sentence_transformers.util import pairwise_cos_sim

        return pairwise_cos_sim(a, b)


def prepared(queries, passages, positives):
    """The library's arguments."""
    from datasets import Dataset

    pairs = {
        "query": [f"q{i}" for i in range(len(queries))],
        "positive": [f"p{row}" for row in positives.tolist()],
    }
    corpus = [f"p{row}" for row in range(len(passages))]
    return Dataset.from_dict(pairs), Vectors(queries, passages), corpus


def library(dataset, model, corpus) -> list[list[int]]:
    """The same by sentence-transformers, without faiss, in its own defaults."""
    from sentence_transformers.util import mine_hard_negatives

    found = mine_hard_negatives(
        dataset,
        model,
        corpus=corpus,
        num_negatives=K,
        relative_margin=MARGIN,
        output_format="n-tuple",
        verbose=False,
    )
    columns = [found[f"negative_{i}"] for i in range(1, K + 1)]
    return [[int(text[1:]) for text in row] for row in zip(*columns)]


def quiet() -> None:
    """Without progress bars, which cost either of them time."""
    from sentence_transformers.util import hard_negatives

    hard_negatives.trange = lambda *a, desc=None, **k: range(*a)


def compare(shape: tuple[int, int], rounds: int) -> dict[str, list[float]]:
    """Seconds of both in each round.

    Raises AssertionError if their negatives differ (but for ties of rounding).
    """
    quiet()
    arguments = task(shape)
    theirs = prepared(*arguments)
    found, expected = ours(*arguments), library(*theirs)
    assert len(found) == len(expected) == shape[0]
    same = statistics.fmean(a == b for a, b in zip(found, expected))
    assert same > 0.999, f"only {same:.4f} of the queries have the same negatives"
    return measure.turns(
        {"ours": lambda: ours(*arguments), "library": lambda: library(*theirs)}, rounds
    )


def peaks(
    name: str, shapes: Sequence[tuple[int, int]], threads: int, bits32: bool = False
) -> list[float]:
    """MiB at most beyond the vectors and arguments for each shape."""
    return measure.in_a_process(
        "from benchmarks.library import measure, mining as m\n"
        f"measure.threads({threads})\nm.quiet()\n"
        f"if {bits32}: measure.only_32_bits()\n"
        f"run, most = m.{name}, []\n"
        f"arguments = lambda shape: {'m.task(shape)' if name == 'ours' else 'm.prepared(*m.task(shape))'}\n"
        "run(*arguments(measure.WARM_UP))\n"
        f"for shape in {list(shapes)}:\n"
        "    given = arguments(shape)\n"
        "    before = measure.high_water(reset=True)\n"
        "    run(*given)\n"
        "    most.append(measure.high_water() - before)\n"
        "print(*most)\n"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--bits32", action="store_true", help="without the first pass in 16 bits")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args(arguments)
    measure.threads(asked.threads)
    most = [peaks(name, SHAPES, asked.threads, asked.bits32) for name in ("ours", "library")]
    if asked.bits32:
        measure.only_32_bits()
    rows = []
    print(f"vectors of {DIM} dimensions, {K} negatives, relative margin {MARGIN}")
    print(
        f"{'queries':>8}{'passages':>10}{'ours ms':>10}{'library ms':>12}{'faster':>24}{'MiB':>14}"
    )
    for shape, *memory in zip(SHAPES, *most):
        took = compare(shape, asked.rounds)
        ratios = measure.ratios(took)["library"]
        row = {"queries": shape[0], "passages": shape[1], "ratio": statistics.median(ratios)}
        row |= {f"{name}_ms": 1000 * statistics.median(took[name]) for name in took}
        row |= {"least": ratios[0], "most": ratios[-1], "peak_mib": memory}
        rows.append(row)
        faster = f"{row['ratio']:.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
        mib = f"{memory[0]:.0f} of {memory[1]:.0f}"
        print(
            f"{shape[0]:>8,}{shape[1]:>10,}{row['ours_ms']:>10.1f}{row['library_ms']:>12.1f}"
            f"{faster:>24}{mib:>14}",
            flush=True,
        )
    if asked.json:
        asked.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
