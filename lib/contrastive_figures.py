"""The figures of a study of contrastive losses: each returns a figure with its text alternative.

`show(*training(...))` displays one. What they draw was measured by the caller; the text alternative names
its numbers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from torch import Tensor

from lib import plots
from lib._diagram_paper import Diagram
from lib.finetune import History
from lib.metrics import bootstrap_interval
from lib.plots_paired import paired_differences
from lib.significance import paired_interval

__all__ = ["by_setting", "differences", "memory", "qualities", "square", "training"]

_METRIC = "nDCG@10 on validation queries"
Runs = Mapping[float, Tensor]  # setting -> quality of each query after each seed, (seeds, queries)


def square(
    values: Tensor,
    *,
    title: str,
    value_label: str,
    limits: tuple[float, float] | None = None,
    diagonal: str = "where the pairs stand",
) -> Diagram:
    """Return a number for each query and passage of a batch (batch, batch) as shades, the pairs on the diagonal.

    limits: the values of the lightest and the darkest shade, by default the smallest and the largest.
    diagonal: what is there, for the words beside the picture.
    """
    size = len(values)
    figure = plots.heatmap(
        values,
        [f"query {i}" for i in range(size)],
        [f"{j}" for j in range(size)],
        title=title,
        value_label=value_label,
        x_label="passage",
        limits=limits,
    )
    own = values.diagonal()
    rest = (values.sum() - own.sum()) / (size * (size - 1))
    alt = (
        f"Heat map, {size} queries by {size} passages, {value_label}: on the diagonal, {diagonal}, "
        f"{own.min():.2f} to {own.max():.2f} with a mean of {own.mean():.2f}; the rest has a mean of "
        f"{rest:.2f}."
    )
    return Diagram(figure, alt)


def training(
    histories: Mapping[str, History], floors: Mapping[str, float], *, title: str, batch: str
) -> Diagram:
    """Return the loss over the steps of trainings of as many steps, beside losses to compare with.

    batch: what a step sees, such as "batches of 128 pairs".
    """
    steps = min(len(history.losses) for history in histories.values())
    figure = plots.curve(
        list(range(1, steps + 1)),
        {name: history.losses[:steps] for name, history in histories.items()},
        title=title,
        x_label=f"step ({batch})",
        y_label="training loss (nats)",
        references=floors,
    )
    told = "; ".join(
        f"{name} from {history.losses[0]:.2f} to {history.losses[steps - 1]:.2f}"
        for name, history in histories.items()
    )
    beside = ", ".join(f"{name} = {value:.2f}" for name, value in floors.items())
    return Diagram(figure, f"Training loss over {steps} steps: {told}. For comparison: {beside}.")


def by_setting(
    series: Mapping[str, Runs],
    *,
    title: str,
    x_label: str,
    references: Mapping[str, float] | None = None,
) -> Diagram:
    """Return the quality over a setting, such as the scale, with the lowest and the highest seed.

    series: name -> {setting: quality of each query after each seed, (seeds, queries)}; a series without
    a setting that another one has leaves a gap. The scale of the settings is logarithmic.
    """
    settings = sorted({x for runs in series.values() for x in runs})
    lines: dict[str, list[float]] = {}
    bands: dict[str, tuple[list[float], list[float]]] = {}
    told, seeds = [], 0
    for name, runs in series.items():
        by_seed = [runs[x].mean(dim=1) if x in runs else None for x in settings]
        lines[name] = [math.nan if s is None else float(s.mean()) for s in by_seed]
        bands[name] = (
            [math.nan if s is None else float(s.min()) for s in by_seed],
            [math.nan if s is None else float(s.max()) for s in by_seed],
        )
        seeds = max(len(run) for run in runs.values())
        numbers = ", ".join(f"{float(run.mean()):.3f} at {x:g}" for x, run in sorted(runs.items()))
        told.append(f"{name} {numbers}")
    figure = plots.curve(
        settings,
        lines,
        bands=bands,
        band=f"lowest to highest of {seeds} seeds",
        title=title,
        x_label=x_label,
        y_label=_METRIC,
        references=references,
        log_x=True,
    )
    beside = "".join(f" {name}: {value:.3f}." for name, value in (references or {}).items())
    return Diagram(figure, f"{_METRIC} over {x_label}: {'; '.join(told)}.{beside}")


def qualities(runs: Mapping[str, Tensor], *, title: str) -> Diagram:
    """Return bars of the mean over seeds and queries, with its interval over queries.

    runs: name -> quality of each query, (queries,), or after each seed, (seeds, queries).
    """
    found = {name: bootstrap_interval(_by_query(run)) for name, run in runs.items()}
    figure = plots.bars(
        list(found),
        [one.mean for one in found.values()],
        [(one.low, one.high) for one in found.values()],
        title=title,
        value_label=f"{_METRIC}, 95% interval over queries",
    )
    told = ", ".join(f"{name} {one.mean:.3f}" for name, one in found.items())
    return Diagram(figure, f"Bars of {_METRIC}: {told}.")


def differences(
    runs: Mapping[str, Tensor], pairs: Sequence[tuple[str, str]], title: str
) -> Diagram:
    """Return the paired differences of some runs by their names: the first of each pair minus the second."""
    found = {
        f"{first} minus {second}": paired_interval(_by_query(runs[first]), _by_query(runs[second]))
        for first, second in pairs
    }
    return paired_differences(found, title=title, value_label=f"difference of {_METRIC}")


def memory(kept: Mapping[str, int], *, title: str) -> Diagram:
    """Return bars of the most bytes kept at a time for a backward pass, in MiB."""
    sizes = [size / 2**20 for size in kept.values()]
    figure = plots.bars(
        list(kept),
        sizes,
        title=title,
        value_label="most kept for the backward pass (MiB)",
        decimals=0,
    )
    told = ", ".join(f"{name} {size:.0f} MiB" for name, size in zip(kept, sizes))
    return Diagram(figure, f"Bars of the memory kept for the backward pass: {told}.")


def _by_query(run: Tensor) -> Tensor:
    """The mean over seeds, (queries,)."""
    return run.mean(dim=0) if run.ndim == 2 else run
