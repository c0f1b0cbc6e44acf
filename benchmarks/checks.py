"""How fast the visible checks answer, for right and for wrong functions, on one run.

    python -m benchmarks.checks [ROUNDS]

Prints p50 and p95 in milliseconds of every exercise, interleaved over the rounds, and the share of
all calls that took longer than a second.
"""

from __future__ import annotations

import sys
import time

import numpy as np
import torch

from lib import checks
from tests.lib.checks.alternatives import alternatives, mistakes


def measure(rounds: int) -> dict[tuple[str, str], list[float]]:
    """Milliseconds of each judged function: `(exercise, "right" | "wrong")` to one a call."""
    took: dict[tuple[str, str], list[float]] = {}
    for turn in range(rounds + 1):
        for exercise in checks.every():
            functions = [("right", f) for f in alternatives(exercise.name)]
            functions += [("wrong", mistake.wrong) for mistake in mistakes(exercise.name)]
            for kind, function in functions:
                started = time.perf_counter()
                exercise.verdict(checks.call(function))
                elapsed = 1e3 * (time.perf_counter() - started)
                if turn:  # the first round warms up
                    took.setdefault((exercise.name, kind), []).append(elapsed)
    return took


def main() -> None:
    torch.set_num_threads(1)
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    took = measure(rounds)
    line = "{:<28} {:<6} {:>6} {:>9} {:>9}".format
    print(line("exercise", "answer", "calls", "p50 ms", "p95 ms"))
    for (name, kind), times in took.items():
        p50, p95 = np.percentile(times, [50, 95])
        print(line(name, kind, len(times), f"{p50:.1f}", f"{p95:.1f}"))
    every = np.concatenate([np.asarray(times) for times in took.values()])
    p50, p95 = np.percentile(every, [50, 95])
    print(line("all", "", len(every), f"{p50:.1f}", f"{p95:.1f}"))
    print(f"over a second: {(every > 1000).mean():.1%} of {len(every)}")


if __name__ == "__main__":
    main()
