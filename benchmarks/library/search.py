"""Exact search: `lib.search.top_k` against sentence-transformers' `semantic_search` and faiss Flat.

    python -m benchmarks.library.search [--rounds 7] [--threads 1] [--bits32] [--json FILE]

Unit vectors of 384 dimensions, the ten best of each query. All run once in each round, in turn; the
ratio of a round is between neighbours in time, and what is printed are medians over rounds. Peak
memory is what a process that holds the vectors takes beyond them (see `measure`).

Two rows are no rivals but tell what can be reached: "product alone" is the bare matrix product in 32
bits, without looking for the best; "faiss, kept" has built its index, a copy of the passages, before.
--bits32 switches off the first pass in 16 bits, as on a processor without fast bfloat16 products.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from benchmarks.library import measure

DIM, K = 384, 10
# (queries, passages): one user's query, a few users', a lesson, the whole course set, large batch jobs
SHAPES = (
    (1, 16_449),
    (8, 16_449),
    (32, 16_449),
    (1_000, 4_000),
    (1_000, 16_449),
    (10_000, 10_000),
    (256, 100_000),
)

Search = Callable[[], torch.Tensor]


def vectors(queries: int, passages: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Random unit vectors, (queries, DIM) and (passages, DIM)."""
    generator = torch.Generator().manual_seed(seed)
    rows = torch.randn(queries + passages, DIM, generator=generator)
    rows /= rows.norm(dim=1, keepdim=True)
    return rows[:queries].clone(), rows[queries:].clone()


def ours(queries: torch.Tensor, passages: torch.Tensor) -> Search:
    from lib.search import top_k

    return lambda: top_k(queries, passages, K)[1]


def semantic_search(queries: torch.Tensor, passages: torch.Tensor) -> Search:
    from sentence_transformers.util import dot_score
    from sentence_transformers.util import semantic_search as search

    def run() -> torch.Tensor:
        found = search(queries, passages, top_k=K, score_function=dot_score)
        return torch.tensor([[hit["corpus_id"] for hit in row] for row in found])

    return run


def faiss_kept(queries: torch.Tensor, passages: torch.Tensor) -> Search:
    import faiss

    index = faiss.IndexFlatIP(DIM)
    index.add(passages.numpy())
    return lambda: torch.from_numpy(index.search(queries.numpy(), K)[1])


def faiss_flat(queries: torch.Tensor, passages: torch.Tensor) -> Search:
    return lambda: faiss_kept(queries, passages)()


def product(queries: torch.Tensor, passages: torch.Tensor) -> Search:
    """The scores alone; MKL is faster with one query twice than once."""
    asked = queries if len(queries) > 1 else queries.repeat(2, 1)
    return lambda: torch.mm(passages, asked.T)


SYSTEMS: dict[str, Callable[[torch.Tensor, torch.Tensor], Search]] = {
    "ours": ours,
    "semantic_search": semantic_search,
    "faiss Flat": faiss_flat,
    "faiss, kept": faiss_kept,
    "product alone": product,
}


def times(shape: tuple[int, int], rounds: int) -> dict[str, list[float]]:
    """Seconds of each system in each round.

    Raises AssertionError if one finds other passages than ours (but for ties of rounding).
    """
    arguments = vectors(*shape)
    systems = {name: prepare(*arguments) for name, prepare in SYSTEMS.items()}
    found = {name: run() for name, run in systems.items() if name != "product alone"}
    for name, rows in found.items():
        same = (rows == found["ours"]).float().mean()
        assert same > 0.999, f"{name} finds other passages: {same:.4f} the same"
    return measure.turns(systems, rounds, min(50, max(1, 1_000 // shape[0])))


def peaks(
    name: str, shapes: Sequence[tuple[int, int]], threads: int, bits32: bool = False
) -> list[float]:
    """MiB that a search of each shape takes at most beyond the vectors, what is prepared included."""
    return measure.in_a_process(
        "from benchmarks.library import measure, search as s\n"
        f"measure.threads({threads})\n"
        f"if {bits32}: measure.only_32_bits()\n"
        f"prepare, most = s.SYSTEMS[{name!r}], []\n"
        "prepare(*s.vectors(*measure.WARM_UP))()\n"
        f"for shape in {list(shapes)}:\n"
        "    q, p = s.vectors(*shape)\n"
        "    before = measure.high_water(reset=True)\n"
        "    prepare(q, p)()\n"
        "    most.append(measure.high_water() - before)\n"
        "print(*most)\n"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--bits32", action="store_true", help="without the first pass in 16 bits")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args(arguments)
    measure.threads(asked.threads)
    memory = {name: peaks(name, SHAPES, asked.threads, asked.bits32) for name in SYSTEMS}
    if asked.bits32:
        measure.only_32_bits()
    rows = []
    print(
        f"{'queries':>8}{'passages':>10}  {'system':<16}{'ms':>9}{'ours is faster':>22}{'MiB':>8}"
    )
    for number, shape in enumerate(SHAPES):
        took = times(shape, asked.rounds)
        for name, ratios in measure.ratios(took).items():
            row = {
                "queries": shape[0],
                "passages": shape[1],
                "system": name,
                "ms": 1000 * statistics.median(took[name]),
                "ratio": statistics.median(ratios),
                "least": ratios[0],
                "most": ratios[-1],
                "peak_mib": memory[name][number],
            }
            rows.append(row)
            ratio = f"{row['ratio']:.2f} ({row['least']:.2f} to {row['most']:.2f})"
            print(
                f"{shape[0]:>8,}{shape[1]:>10,}  {name:<16}{row['ms']:>9.1f}{ratio:>22}"
                f"{row['peak_mib']:>8.0f}",
                flush=True,
            )
    if asked.json:
        asked.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
