"""How the benchmarks of this folder measure: in turns, on one clock, memory in processes of their own.

The clock is the processor time of the process where there is one thread, so that what a busy machine
does beside it is not counted; it is wall-clock time where there are more. Memory is counted in a
process that has run everything once on something small, so that libraries loaded and kernels compiled
on first use count for nobody, and in which malloc returns at once what is freed.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import torch

WARM_UP = (64, 2_048)  # queries, passages: small, and enough for every path


def threads(count: int) -> None:
    """Give torch and faiss this many threads."""
    import faiss

    torch.set_num_threads(count)
    faiss.omp_set_num_threads(count)


def only_32_bits() -> None:
    """Make ours search as on a processor without fast 16-bit products, from now on."""
    from lib import _coarse

    _coarse.pays = lambda queries, corpus, k: False


def turns(
    systems: Mapping[str, Callable[[], object]], rounds: int, repeat: int = 1
) -> dict[str, list[float]]:
    """Seconds of one run of each system in each round; all run once a round, in turn, from the last
    to the first in every second round.

    repeat: runs at a time, for what is over too soon for the clock.
    """
    clock = time.process_time if torch.get_num_threads() == 1 else time.perf_counter
    took: dict[str, list[float]] = {name: [] for name in systems}
    for turn in range(rounds):
        for name in reversed(list(systems)) if turn % 2 else systems:
            began = clock()
            for _ in range(repeat):
                systems[name]()
            took[name].append((clock() - began) / repeat)
    return took


def ratios(took: Mapping[str, list[float]], ours: str = "ours") -> dict[str, list[float]]:
    """How many times as fast as each system ours is, in each round, in rising order."""
    return {
        name: sorted(them / us for them, us in zip(values, took[ours]))
        for name, values in took.items()
    }


def in_a_process(code: str) -> list[float]:
    """Run Python code in a new process and return the numbers that it prints last, on one line."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
        env=os.environ | {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"},
    )
    if done.returncode:
        raise RuntimeError(f"the measured process failed:\n{done.stderr}")
    return [float(number) for number in done.stdout.splitlines()[-1].split()]


def high_water(*, reset: bool = False) -> float:
    """The most MiB that this process has held since the last reset (Linux; else since its start)."""
    if not Path("/proc/self/clear_refs").exists():
        unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024
