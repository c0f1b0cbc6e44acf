"""Time until a kernel answers: forked from the warm parent, boxed and not, against a cold one.

    python -m benchmarks.kernels [--rounds 40] [--cold 5] [--json FILE]

Each round starts one of each forked kind; every few rounds a cold kernel is started as jupyter_client
does, which then imports what a lesson imports. `ready` is from the request until the process listens
(as the grader waits for it), `answers` until its first answer has come back.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path

from harness import paths, sandbox
from harness.author import loading, notebooks
from harness.kernels.client import WarmParent
from harness.kernels.student import StudentKernel
from harness.limits import Limits
from harness.sandbox import Box, Level

LESSON = "02_pooling"
IMPORTS = "import torch, sentence_transformers, lib.checks, lib.learn"


def forked(warm: WarmParent, level: Level) -> tuple[float, float, dict[str, float]]:
    """Seconds to ready and to the first answer, and what the first were spent on."""

    def box(sockets: str, work: str) -> Box | None:
        return None if level is Level.NONE else Box(level, sockets, work, paths.CODE, Limits())

    took = []
    kernel = warm.start_kernel

    def timed(*args, **kwargs):
        began = time.perf_counter()
        try:
            return kernel(*args, **kwargs)
        finally:
            took.append(time.perf_counter() - began)

    warm.start_kernel = timed
    began = time.perf_counter()
    try:
        with StudentKernel(warm, box, Limits(), None) as student:
            student.run("1", 10)
            answered = time.perf_counter() - began
            return took[0], answered, student.child.laps
    finally:
        warm.start_kernel = kernel


def cold() -> float:
    """Seconds until a kernel started by jupyter_client has imported what a lesson needs."""
    from jupyter_client.manager import start_new_kernel

    began = time.perf_counter()
    manager, client = start_new_kernel(kernel_name="python3")
    try:
        client.execute_interactive(IMPORTS, timeout=300)
        return time.perf_counter() - began
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def table(levels: list[Level], rounds: int, colds: int) -> dict[str, dict]:
    """Measure, interleaved; milliseconds at p50 and p95."""
    prefix = notebooks.assignment(
        next(x for x in loading.load(paths.root()) if x.slug == LESSON)
    ).prefix
    times: dict[str, dict[str, list[float]]] = {str(level): {} for level in levels} | {"cold": {}}
    with WarmParent(prefix=prefix) as warm:
        for level in levels:  # the first fork of each kind reads files that stay cached
            forked(warm, level)
        for number in range(rounds):
            for level in levels:
                ready, answers, laps = forked(warm, level)
                for name, value in {"ready": ready, "answers": answers, **laps}.items():
                    times[str(level)].setdefault(name, []).append(value)
            if number % max(1, rounds // colds) == 0:
                times["cold"].setdefault("answers", []).append(cold())
    return {
        kind: {name: _spread(values) for name, values in found.items()}
        for kind, found in times.items()
    }


def _spread(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    at = min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))
    spread = {"p50": statistics.median(ordered), "p95": ordered[at], "max": ordered[-1]}
    return {name: round(1000 * value, 1) for name, value in spread.items()} | {"n": len(ordered)}


def main() -> None:
    """Measure and print a table, milliseconds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--cold", type=int, default=5)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    found = table(sandbox.available(), asked.rounds, asked.cold)
    print(f"{'kernel':<12}{'until':<12}{'p50 ms':>9}{'p95 ms':>9}{'max ms':>9}{'n':>5}")
    for kind, rows in found.items():
        for name, row in rows.items():
            values = "".join(f"{row[key]:>9.1f}" for key in ("p50", "p95", "max"))
            print(f"{kind:<12}{name:<12}{values}{row['n']:>5}")
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
