"""Executing one lesson by papermill in a process of its own, telling how far it is.

This module is imported by the worker processes: it stays light (no torch, no nbgrader).
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.execute.failing import Failure, describe

RECORD = "application/vnd.embeddings-course+json"


@dataclass(frozen=True)
class Result:
    """What one lesson's run gave."""

    slug: str
    number: str
    seconds: float
    notebook: str
    claims: int = 0
    headline: str = ""
    failure: Failure | None = None
    points: dict[str, float] = field(default_factory=dict)
    sections: list[tuple[str, float]] = field(default_factory=list)  # heading, seconds

    @property
    def ok(self) -> bool:
        return self.failure is None


def execute(
    source: Path,
    target: Path,
    parameters: dict[str, Any],
    environment: dict[str, str],
    tell: Callable[[int, int], None],
    cell_timeout: int = 0,
) -> Result:
    """Run the notebook `source` and write it, executed, to `target`.

    Args:
        parameters: papermill's parameters (`PROFILE`, `SEED`, `DEVICE`, and `MODEL` where another is wanted).
        environment: variables for the kernel.
        tell: called with (cells done, cells in all).
        cell_timeout: seconds that one cell may take, 0 for no limit.
    """
    os.environ.update(environment)
    # What kernels and papermill log goes beside the notebook, not over the progress bars.
    log = os.open(target.with_suffix(".log"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(log, stream)
    import nbformat
    import papermill

    from harness.execute import engine

    # Not an older run's: what is there after this one is this one's, however far it came.
    target.unlink(missing_ok=True)
    trace, error = engine.Trace(), None
    started = time.monotonic()
    try:
        papermill.execute_notebook(
            str(source),
            str(target),
            parameters=parameters,
            engine_name=engine.NAME,
            kernel_name="python3",
            progress_bar=False,
            cwd=str(target.parent),
            trace=trace,
            tell=tell,
            limit=cell_timeout,
        )
    except Exception as raised:  # a cell's error, a kernel that died or never started
        error = raised
    seconds = time.monotonic() - started
    failure = describe(trace, error, nbformat.read(source, as_version=4), cell_timeout, seconds)
    slug = source.stem
    claims, headline, spent = 0, "", []
    if target.is_file():
        executed = nbformat.read(target, as_version=4)
        spent = sections(executed, seconds)
        for record in records(executed):
            claims += record["kind"] == "claim" and record["holds"]
            headline = record["text"] if record["kind"] == "headline" else headline
    number = slug.split("_")[0]
    return Result(slug, number, seconds, str(target), claims, headline, failure, sections=spent)


def sections(notebook: Any, seconds: float) -> list[tuple[str, float]]:
    """Where the time went: the seconds of each section's cells, and the rest of `seconds`, which is
    the kernel's start and end and what papermill itself does.
    """
    spent: dict[str, float] = {}
    heading = "setup and imports"
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            found = [line[3:] for line in cell.source.splitlines() if line.startswith("## ")]
            heading = found[-1].strip() if found else heading
        duration = cell.metadata.get("papermill", {}).get("duration")
        if duration and cell.cell_type == "code":
            spent[heading] = spent.get(heading, 0.0) + duration
    rest = {"kernel start and papermill": max(0.0, seconds - sum(spent.values()))}
    return [(name, round(value, 2)) for name, value in (rest | spent).items()]


def records(notebook: Any) -> list[dict]:
    """The machine-readable records that checks, claims and headlines left in the outputs."""
    return [
        output["data"][RECORD]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if RECORD in output.get("data", {})
    ]
