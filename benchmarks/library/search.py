"""Exact search: `lib.search.top_k` against sentence-transformers' `semantic_search` and faiss Flat.

    python -m benchmarks.library.search [--rounds 7] [--threads 1] [--json FILE]

Unit vectors of 384 dimensions, the ten best of each query. All three run once in each round, in turn;
the ratio of a round is between neighbours in time, and what is printed are medians over rounds. Peak
memory is what a fresh process that holds the vectors takes beyond them.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch

DIM, K = 384, 10
# (queries, passages): a lesson, the whole course set, a large batch job, one user's query at a time
SHAPES = ((1_000, 4_000), (1_000, 16_449), (10_000, 10_000), (1, 16_449), (256, 100_000))


def vectors(queries: int, passages: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Random unit vectors, (queries, DIM) and (passages, DIM)."""
    generator = torch.Generator().manual_seed(seed)
    rows = torch.randn(queries + passages, DIM, generator=generator)
    rows /= rows.norm(dim=1, keepdim=True)
    return rows[:queries].clone(), rows[queries:].clone()


def ours(queries: torch.Tensor, passages: torch.Tensor) -> torch.Tensor:
    from lib.search import top_k

    return top_k(queries, passages, K)[1]


def semantic_search(queries: torch.Tensor, passages: torch.Tensor) -> torch.Tensor:
    from sentence_transformers.util import dot_score
    from sentence_transformers.util import semantic_search as search

    found = search(queries, passages, top_k=K, score_function=dot_score)
    return torch.tensor([[hit["corpus_id"] for hit in row] for row in found])


def faiss_flat(queries: torch.Tensor, passages: torch.Tensor) -> torch.Tensor:
    import faiss

    index = faiss.IndexFlatIP(DIM)
    index.add(passages.numpy())
    return torch.from_numpy(index.search(queries.numpy(), K)[1])


SYSTEMS: dict[str, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]] = {
    "ours": ours,
    "semantic_search": semantic_search,
    "faiss Flat": faiss_flat,
}


def threads(count: int) -> None:
    """Give all three this many threads."""
    import faiss

    torch.set_num_threads(count)
    faiss.omp_set_num_threads(count)


def times(shape: tuple[int, int], rounds: int) -> dict[str, list[float]]:
    """Seconds of each system in each round.

    Raises AssertionError if one finds other passages than ours (but for ties of rounding).
    """
    queries, passages = vectors(*shape)
    found = {name: system(queries, passages) for name, system in SYSTEMS.items()}
    for name, rows in found.items():
        same = (rows == found["ours"]).float().mean()
        assert same > 0.999, f"{name} finds other passages: {same:.4f} the same"
    repeat = max(1, 1_000 // shape[0])  # a single query is over too soon for the clock
    took: dict[str, list[float]] = {name: [] for name in SYSTEMS}
    for _ in range(rounds):
        for name, system in SYSTEMS.items():
            began = time.perf_counter()
            for _ in range(min(repeat, 50)):
                system(queries, passages)
            took[name].append((time.perf_counter() - began) / min(repeat, 50))
    return took


def peak(name: str, shape: tuple[int, int], count: int) -> float:
    """MiB that a search takes at most beyond the vectors, in a process of its own."""
    code = (
        "import sys\nfrom benchmarks.library import search as s\n"
        f"s.threads({count})\nq, p = s.vectors(*{shape})\n"
        f"s.SYSTEMS[{name!r}](q[:1], p[:64])\n"
        "before = s.high_water(reset=True)\n"
        f"s.SYSTEMS[{name!r}](q, p)\n"
        "print(s.high_water() - before)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout)


def high_water(*, reset: bool = False) -> float:
    """The most MiB that this process has held since the last reset (Linux; else since its start)."""
    if not Path("/proc/self/clear_refs").exists():
        unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    threads(asked.threads)
    rows = []
    print(
        f"{'queries':>8}{'passages':>10}  {'system':<16}{'ms':>9}{'ours is faster':>22}{'MiB':>8}"
    )
    for shape in SHAPES:
        took = times(shape, asked.rounds)
        for name, values in took.items():
            ratios = sorted(them / us for them, us in zip(values, took["ours"]))
            row = {
                "queries": shape[0],
                "passages": shape[1],
                "system": name,
                "ms": 1000 * statistics.median(values),
                "ratio": statistics.median(ratios),
                "least": ratios[0],
                "most": ratios[-1],
                "peak_mib": peak(name, shape, asked.threads),
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
    _ = resource  # what the measured process asks
    main()
