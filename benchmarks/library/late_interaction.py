"""MaxSim against sentence-transformers' `maxsim`, and what a compressed index of token vectors costs.

    python -m benchmarks.library.late_interaction [--rounds 5] [--threads 1] [--no-index] [--json FILE]

First table: 32 queries of 32 tokens on 2,000 documents of 20 to 146 tokens, 128 dimensions, random unit
vectors. All systems must give the library's scores to 1e-5; they run once in each round, in turn, and
what is printed are medians, ratios in one round, and the peak memory of a process of its own beyond the
vectors (see `measure`).

Second table: a ColBERT of the course's encoder, its projection trained on the training split, searches
the course's passages for its test queries: by exact MaxSim over float32 vectors in memory, over float16
vectors mapped from disk, and over residuals of 4, 2 and 1 bits, exact (all are decoded) and in two
stages (candidates by centroids, then decoded). nDCG@10 has its 95% interval over queries, and stands
beside the share of the ten best of exact search that are found. Milliseconds are those of one query that
comes alone; bytes are the file system's. The encoding of the texts takes half a minute the first time.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from benchmarks.library import measure

QUERIES, QUERY_TOKENS, DOCUMENTS, DIM = 32, 32, 2_000, 128
LENGTHS = (20, 147)
BITS = (4, 2, 1)
CENTROIDS, PROBES, CANDIDATES = 1_024, 4, 128
K = 10
ALONE = 20  # queries that are timed one after another

Scores = Callable[[], torch.Tensor]


def vectors(
    queries: int = QUERIES, documents: int = DOCUMENTS, seed: int = 0
) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """Random unit vectors: (queries, QUERY_TOKENS, DIM), and (tokens, DIM) for each document."""
    generator = torch.Generator().manual_seed(seed)
    lengths = torch.randint(*LENGTHS, (documents,), generator=generator)
    rows = torch.randn(int(lengths.sum()) + queries * QUERY_TOKENS, DIM, generator=generator)
    rows /= rows.norm(dim=1, keepdim=True)
    asked = rows[: queries * QUERY_TOKENS].view(queries, QUERY_TOKENS, DIM)
    return asked.clone(), list(
        rows[len(rows) - int(lengths.sum()) :].clone().split(lengths.tolist())
    )


def ours(queries: torch.Tensor, documents: list[torch.Tensor]) -> Scores:
    from lib.late_interaction import TokenVectors, max_sim_scores

    stored, mask = TokenVectors.from_list(documents), torch.ones(queries.shape[:2])
    return lambda: max_sim_scores(queries, mask, stored)


def ours_padded(queries: torch.Tensor, documents: list[torch.Tensor]) -> Scores:
    from lib.late_interaction import TokenVectors, max_sim

    padded, mask = TokenVectors.from_list(documents).pad(), torch.ones(queries.shape[:2])
    return lambda: max_sim(queries, mask, *padded)


def library(queries: torch.Tensor, documents: list[torch.Tensor]) -> Scores:
    from sentence_transformers.util import maxsim

    return lambda: maxsim(queries, documents)


def library_padded(queries: torch.Tensor, documents: list[torch.Tensor]) -> Scores:
    from sentence_transformers.util import maxsim

    from lib.late_interaction import TokenVectors

    padded, mask = TokenVectors.from_list(documents).pad()
    return lambda: maxsim(queries, padded, b_mask=mask)


def product(queries: torch.Tensor, documents: list[torch.Tensor]) -> Scores:
    """The similarities alone, a few documents' at a time in the same memory."""
    tokens, columns = torch.cat(documents), queries.flatten(0, 1).T.contiguous()
    room = torch.empty(1_024, columns.shape[1])

    def run() -> torch.Tensor:
        for part in tokens.split(len(room)):
            torch.mm(part, columns, out=room[: len(part)])
        return room

    return run


SYSTEMS: dict[str, Callable[[torch.Tensor, list[torch.Tensor]], Scores]] = {
    "ours": ours,
    "ours, padded": ours_padded,
    "maxsim": library,
    "maxsim, padded": library_padded,
    "product alone": product,
}


def times(rounds: int) -> dict[str, list[float]]:
    """Seconds of each system in each round.

    Raises AssertionError if one gives other scores than the library.
    """
    arguments = vectors()
    systems = {name: prepare(*arguments) for name, prepare in SYSTEMS.items()}
    expected = systems["maxsim"]()
    for name, run in systems.items():
        if name == "product alone":
            continue
        off = float((run() - expected).abs().max())
        assert off <= 1e-5, f"{name} gives other scores than maxsim: {off:.1e} off"
    return measure.turns(systems, rounds)


def peak(name: str, threads: int) -> float:
    """MiB that a system takes at most beyond what it is given."""
    return measure.in_a_process(
        "from benchmarks.library import measure, late_interaction as late\n"
        f"measure.threads({threads})\n"
        f"prepare = late.SYSTEMS[{name!r}]\n"
        "prepare(*late.vectors(4, 50))()\n"
        "run = prepare(*late.vectors())\n"
        "before = measure.high_water(reset=True)\n"
        "run()\n"
        "print(measure.high_water() - before)\n"
    )[0]


def max_sim_table(rounds: int, threads: int, memory: bool = True) -> list[dict]:
    """Measure and print the first table."""
    most = {name: peak(name, threads) if memory else None for name in SYSTEMS}
    took = times(rounds)
    print(f"{QUERIES} queries of {QUERY_TOKENS} tokens, {DOCUMENTS:,} documents, {DIM} dimensions")
    print(f"{'system':<16}{'ms':>8}{'ours is faster':>22}{'MiB':>8}")
    rows = []
    for name, ratios in measure.ratios(took).items():
        row = {
            "system": name,
            "ms": 1000 * statistics.median(took[name]),
            "ratio": statistics.median(ratios),
            "least": ratios[0],
            "most": ratios[-1],
            "peak_mib": most[name],
        }
        rows.append(row)
        ratio = f"{row['ratio']:.2f} ({row['least']:.2f} to {row['most']:.2f})"
        mib = f"{row['peak_mib']:>8.0f}" if memory else f"{'-':>8}"
        print(f"{name:<16}{row['ms']:>8.0f}{ratio:>22}{mib}", flush=True)
    return rows


def searches(folder: Path, documents, queries, mask) -> dict[str, tuple[Callable, int]]:
    """For each way to search a function of queries, mask and k that gives rows, and its bytes."""
    from lib.late_index import LateIndex, VectorIndex
    from lib.late_interaction import max_sim_scores
    from lib.residual_codec import spherical_kmeans
    from lib.search import ordered_top_k

    def in_memory(asked, real, k):
        return ordered_top_k(max_sim_scores(asked, real, documents), k)[1]

    flat = VectorIndex.build(folder / "float16", documents)
    found = {
        "float32, memory": (in_memory, documents.vectors.nbytes + documents.offsets.nbytes),
        "float16": (lambda *a: flat.exact(*a)[1], sum(flat.bytes_on_disk().values())),
    }
    centroids = spherical_kmeans(documents.vectors, min(CENTROIDS, len(documents.vectors)))
    for bits in BITS:
        index = LateIndex.build(folder / str(bits), documents, bits, centroids)
        size = sum(index.bytes_on_disk().values())
        name = f"{bits} bit{'s' if bits > 1 else ''}"
        found[f"{name}, exact"] = (lambda *a, index=index: index.exact(*a)[1], size)
        found[f"{name}, two stages"] = (
            lambda *a, index=index: index.search(*a, probes=PROBES, candidates=CANDIDATES)[1],
            size,
        )
    return found


def index_table(rounds: int) -> list[dict]:
    """Measure and print the second table."""
    from lib import colbert
    from lib.data import load_course_set
    from lib.metrics import bootstrap_interval, ndcg_at_k

    course = load_course_set("fast")
    documents, queries, mask = encoded(course, colbert)
    with tempfile.TemporaryDirectory() as folder:
        ways = searches(Path(folder), documents, queries, mask)
        best = {name: search(queries, mask, K) for name, (search, _) in ways.items()}

        def alone(search: Callable) -> Callable[[], object]:
            return lambda: [
                search(queries[i : i + 1], mask[i : i + 1], K)
                for i in range(min(ALONE, len(queries)))
            ]

        took = measure.turns({name: alone(search) for name, (search, _) in ways.items()}, rounds)
    exact = best["float32, memory"]
    print(
        f"\n{len(queries):,} test queries, {len(documents):,} passages, {len(documents.vectors):,} "
        f"tokens, {CENTROIDS:,} centroids, {PROBES} probes, {CANDIDATES} candidates"
    )
    print(f"{'index':<18}{'nDCG@10':>22}{'same ten':>10}{'ms/query':>10}{'MB':>8}{'smaller':>9}")
    rows = []
    for name, (_, size) in ways.items():
        ranked = [[course.ids[i] for i in row if i >= 0] for row in best[name].tolist()]
        quality = bootstrap_interval(ndcg_at_k(ranked, course.test.relevant, K))
        same = (best[name][:, :, None] == exact[:, None, :]).any(dim=2).float().mean().item()
        row = {
            "index": name,
            "ndcg_at_10": vars(quality),
            "same": same,
            "ms": 1000 * statistics.median(took[name]) / min(ALONE, len(queries)),
            "bytes": size,
            "smaller": ways["float16"][1] / size,
        }
        rows.append(row)
        print(
            f"{name:<18}{quality!s:>22}{same:>10.3f}{row['ms']:>10.1f}{size / 1e6:>8.2f}"
            f"{row['smaller']:>9.2f}",
            flush=True,
        )
    return rows


def encoded(course, colbert):
    """Token vectors of the passages and of the test queries by a trained projection."""
    from lib.colbert_training import train_projection
    from lib.models import load_encoder

    model = colbert.make_colbert(load_encoder(device="cpu"), DIM)
    passages = colbert.token_states(model, course.passages, "document")
    asked = colbert.token_states(model, course.train.queries, "query")
    colbert.start_from_principal_directions(model, passages)
    train_projection(model, asked, passages, course.train.positives, keep=True)
    with torch.no_grad():
        documents = colbert.project(model, passages)
    return documents, *colbert.token_vectors(model, course.test.queries, "query").pad()


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print both tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5, help="runs of each system, in turn (5)")
    parser.add_argument("--threads", type=int, default=1, help="for torch and faiss (1)")
    parser.add_argument("--no-index", action="store_true", help="the first table alone")
    parser.add_argument("--no-memory", action="store_true", help="without processes for the peaks")
    parser.add_argument("--json", type=Path, help="write the rows of both tables to this file")
    asked = parser.parse_args(arguments)
    measure.threads(asked.threads)
    found = {"max_sim": max_sim_table(asked.rounds, asked.threads, not asked.no_memory)}
    if not asked.no_index:
        found["index"] = index_table(asked.rounds)
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
