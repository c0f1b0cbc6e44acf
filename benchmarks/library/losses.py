"""Our training steps against sentence-transformers': MNRL, and MNRL with cached gradients.

    python -m benchmarks.library.losses [--pairs 64] [--runs 7] [--no-memory]

Forward and backward on the course's real encoder, all layers, the same texts, tokenised within the
measured time as in a training loop. One thread, steps taken in turns, medians, ratios in one run
(see `measure`).
Peak memory is the growth of the resident set over one step in a process of its own, where the
gradients exist already and malloc returns what is freed at once. That both leave the same gradients
is checked first.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import statistics
import threading
from collections.abc import Callable

import psutil
import torch
import typer

from benchmarks.library import measure

CHUNK = 16


def texts(pairs: int) -> tuple[list[str], list[str]]:
    """Queries and passages of the first training pairs that have passages of their own."""
    from lib.data import load_course_set

    course = load_course_set("fast")
    first = {passage: row for row, passage in reversed(list(enumerate(course.train.positives)))}
    rows = sorted(first.values())[:pairs]
    return [course.train.queries[i] for i in rows], [
        course.passages[course.train.positives[i]] for i in rows
    ]


def encoder() -> torch.nn.Module:
    """The course's encoder, all layers to be trained, no dropout, so that gradients compare."""
    from lib.models import load_encoder

    return load_encoder(device="cpu").requires_grad_(True).eval()


def steps(model: torch.nn.Module, pairs: int) -> dict[str, Callable[[], object]]:
    """The four steps, each of which adds its gradients to the model's."""
    from sentence_transformers.sentence_transformer import losses as library

    from lib.finetune import embed
    from lib.gradient_cache import cached_backward
    from lib.losses import mnrl

    columns = texts(pairs)
    chunks = [[side[i : i + CHUNK] for i in range(0, pairs, CHUNK)] for side in columns]
    plain = library.MultipleNegativesRankingLoss(model)
    cached = library.CachedMultipleNegativesRankingLoss(model, mini_batch_size=CHUNK)

    def theirs(loss: torch.nn.Module) -> Callable[[], object]:
        def step() -> None:
            loss([model.preprocess(list(side)) for side in columns], None).backward()

        return step

    return {
        "MNRL, ours": lambda: mnrl(*(embed(model, side) for side in columns)).backward(),
        "MNRL, library": theirs(plain),
        "cached, ours": lambda: cached_backward(lambda part: embed(model, part), chunks, mnrl),
        "cached, library": theirs(cached),
    }


def gradient(model: torch.nn.Module, step: Callable[[], object]) -> torch.Tensor:
    """All gradients that a step leaves, in one vector."""
    model.zero_grad()
    step()
    return torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])


def _afresh(model: torch.nn.Module, step: Callable[[], object]) -> Callable[[], object]:
    """The step after the gradients of the one before are gone, as in a training loop."""

    def run() -> None:
        model.zero_grad()
        step()

    return run


def _peak(name: str, pairs: int, answer: multiprocessing.Queue) -> None:
    """Put the growth of the resident set (bytes) over one step, after a small step as warm-up."""
    torch.set_num_threads(1)
    model = encoder()
    steps(model, 2)[name]()
    step = steps(model, pairs)[name]
    gc.collect()
    process, done = psutil.Process(), threading.Event()
    before = most = process.memory_info().rss

    def watch() -> None:
        nonlocal most
        while not done.wait(0.002):
            most = max(most, process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    step()
    done.set()
    watcher.join()
    answer.put(most - before)


def peak(name: str, pairs: int) -> float:
    """The peak memory of one step in MiB."""
    os.environ["MALLOC_MMAP_THRESHOLD_"] = "65536"  # glibc of the new process: free means free
    context = multiprocessing.get_context("spawn")
    answer = context.Queue()
    process = context.Process(target=_peak, args=(name, pairs, answer))
    process.start()
    found = answer.get()
    process.join()
    return found / 2**20


def main(pairs: int = 64, runs: int = 7, memory: bool = True) -> None:
    """Compare the gradients, take the steps in turns and print the table."""
    torch.set_num_threads(1)
    model = encoder()
    todo = steps(model, pairs)
    reference = gradient(model, todo["MNRL, library"])
    for name, step in todo.items():
        error = float((gradient(model, step) - reference).norm() / reference.norm())
        if error > 1e-3:
            raise SystemExit(f"{name} leaves another gradient (relative difference {error:.1e})")
        print(f"{name:>16}: gradient differs from the library's MNRL by {error:.1e}")
    seconds = measure.turns({name: _afresh(model, step) for name, step in todo.items()}, runs)
    print(f"{pairs} pairs, chunks of {CHUNK}, {runs} runs each, one thread")
    median = {name: statistics.median(times) for name, times in seconds.items()}
    most = {name: peak(name, pairs) for name in todo} if memory else {}
    for name in todo:
        mib = f", peak {most[name]:6.0f} MiB" if memory else ""
        print(f"{name:>16}: {median[name]:6.2f} s a step (median){mib}")
    for kind in ("MNRL", "cached"):
        ours, library = f"{kind}, ours", f"{kind}, library"
        paired = sorted(a / b for a, b in zip(seconds[ours], seconds[library]))
        mib = f", {most[ours] / most[library]:.2f} x its memory" if memory else ""
        print(
            f"{kind:>16}: {statistics.median(paired):6.2f} x the library's time "
            f"({paired[0]:.2f} to {paired[-1]:.2f}){mib}"
        )


if __name__ == "__main__":
    typer.run(main)
