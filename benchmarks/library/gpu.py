"""The library on this machine's processor and on its GPU, in turn.

    python -m benchmarks.library.gpu [--rounds 5] [--threads N] [--json FILE]

What a lesson does most: passages are encoded, all passages are searched exactly, negatives are mined, a
step trains all layers of the course's encoder, MaxSim compares tokens. All systems run once in each round,
in turn; what is printed are medians by the clock and, from the same rounds, how many times as fast as the
processor a GPU is. The processor has all its threads (or --threads) and the type that it is fast in; the
GPU computes once in 32 bits and once as the library uses it, in 16 where products are of the encoder.
Results are compared first: how far the GPU's numbers are from the processor's.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import torch

from benchmarks.library import late_interaction, mining, search
from lib import device as devices

ENCODED, PAIRS = 4_000, 64
Task = Callable[[], torch.Tensor]


@contextlib.contextmanager
def in_32_bits() -> Iterator[None]:
    """Products of the encoder in 32 bits."""
    with mock.patch.object(devices, "low_precision_dtype", return_value=None):
        yield


def encoding(device: torch.device) -> Task:
    """Vectors (ENCODED, 384) of the course's first passages."""
    from lib.data import load_course_set
    from lib.models import load_encoder

    model, texts = load_encoder(device=str(device)), load_course_set().passages[:ENCODED]

    def run() -> torch.Tensor:
        with devices.autocast(device):
            return model.encode(
                texts, batch_size=128, convert_to_tensor=True, show_progress_bar=False
            )

    return run


def searching(device: torch.device) -> Task:
    """The ten best of 100,000 vectors for each of 1,000."""
    from lib.search import top_k

    queries, passages = (x.to(device) for x in search.vectors(1_000, 100_000))
    return lambda: top_k(queries, passages, 10)[0]


def mined(device: torch.device) -> Task:
    """Five negatives of 16,449 passages for each of 4,000 queries, at most 95% of the positive's score."""
    from lib.negatives import mine

    queries, passages, positives = (x.to(device) for x in mining.task((4_000, 16_449)))
    return lambda: mine(queries, passages, positives, 5, relative_margin=0.05).scores


def training(device: torch.device) -> Task:
    """A step of MNRL on PAIRS pairs, all layers, with AdamW; the loss before it."""
    from benchmarks.library.losses import texts
    from lib.finetune import embed
    from lib.losses import mnrl
    from lib.models import load_encoder

    model = load_encoder(device=str(device)).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-6)
    queries, passages = texts(PAIRS)

    def run() -> torch.Tensor:
        optimizer.zero_grad()
        with devices.autocast(device):
            loss = mnrl(embed(model, queries).float(), embed(model, passages).float())
        loss.backward()
        optimizer.step()
        return loss.detach()

    return run


def comparing(device: torch.device) -> Task:
    """MaxSim of 32 queries of 32 tokens with 2,000 documents."""
    from lib.late_interaction import TokenVectors, max_sim_scores

    queries, documents = late_interaction.vectors()
    stored = TokenVectors.from_list([one.to(device) for one in documents])
    queries, mask = queries.to(device), torch.ones(queries.shape[:2], device=device)
    return lambda: max_sim_scores(queries, mask, stored)


TASKS: dict[str, Callable[[torch.device], Task]] = {
    f"encode {ENCODED:,} passages": encoding,
    f"a step of MNRL, {PAIRS} pairs": training,
    "the 10 best of 100,000, 1,000 queries": searching,
    "mine 5 of 16,449, 4,000 queries": mined,
    "MaxSim, 32 x 2,000": comparing,
}


def compare(task: str, gpu: torch.device, rounds: int) -> dict[str, Any]:
    """Median milliseconds of each system, ratios to the processor's, and the largest difference of results."""
    cpu = torch.device("cpu")
    contexts = {
        "CPU": contextlib.nullcontext,
        "GPU, 32 bits": in_32_bits,
        "GPU": contextlib.nullcontext,
    }
    runs = {name: TASKS[task](cpu if name == "CPU" else gpu) for name in contexts}
    took: dict[str, list[float]] = {name: [] for name in runs}
    found = {}
    for turn in range(-1, rounds):  # the first warms up
        for name, run in runs.items():
            with contexts[name]():
                torch.cuda.synchronize()
                began = time.perf_counter()
                result = run()
                torch.cuda.synchronize()
            if turn < 0:
                found[name] = result.float().cpu()
            else:
                took[name].append(1000 * (time.perf_counter() - began))
    middle = {name: statistics.median(times) for name, times in took.items()}
    return {
        "task": task,
        "ms": middle,
        "ratio": {
            name: statistics.median(c / t for c, t in zip(took["CPU"], times, strict=True))
            for name, times in took.items()
        },
        "differ": {name: (x - found["CPU"]).abs().max().item() for name, x in found.items()},
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args(arguments)
    if not torch.cuda.is_available():
        parser.exit(2, "this machine has no GPU that torch can use by CUDA: nothing to compare\n")
    torch.set_num_threads(asked.threads)
    machine = {
        "GPU": torch.cuda.get_device_name(),
        "torch": torch.__version__,
        "threads": asked.threads,
        "processor": _processor(),
        "16 bits of the processor": str(devices.low_precision_dtype("cpu")),
    }
    print(*(f"{name}: {value}" for name, value in machine.items()), sep="\n")
    print(f"{'task':<40}{'system':<14}{'ms':>10}{'faster':>9}{'differs by':>12}")
    rows = []
    for task in TASKS:
        rows.append(row := compare(task, torch.device("cuda"), asked.rounds))
        for name in row["ms"]:
            numbers = (
                f"{row['ms'][name]:>10.2f}{row['ratio'][name]:>9.1f}{row['differ'][name]:>12.1e}"
            )
            print(f"{task:<40}{name:<14}{numbers}", flush=True)
        if asked.json:
            asked.json.write_text(json.dumps({"machine": machine, "rows": rows}, indent=1))


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    named = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor()


if __name__ == "__main__":
    main()
