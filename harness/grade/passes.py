"""What is known while a submission is run, and one pass over it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from nbformat import NotebookNode

from harness.grade.plan import Plan, Step
from harness.grade.verdicts import CellVerdict, Remark
from harness.kernels.student import StudentKernel


@dataclass
class State:
    """What is known while a submission is run."""

    verdicts: dict[str, CellVerdict] = field(default_factory=dict)
    remarks: list[Remark] = field(default_factory=list)
    blamed: dict[int, str] = field(default_factory=dict)
    lost_names: dict[str, str] = field(default_factory=dict)
    borrowed: dict[str, str] = field(default_factory=dict)  # names that are not the learner's work
    missing: bool = False
    own_s: float = 0.0
    check_s: dict[str, float] = field(default_factory=dict)  # by grade_id

    @contextlib.contextmanager
    def running(self, check: str | None = None) -> Iterator[None]:
        """Count the time of the block as the notebook's own, and as that of a check."""
        began = time.monotonic()
        try:
            yield
        finally:
            took = time.monotonic() - began
            self.own_s += took
            if check is not None:
                self.check_s[check] = self.check_s.get(check, 0.0) + took


@dataclass
class Pass:
    """One pass over a submission: what is run of it, until when, and what is kept.

    Cells begin before `end`. Those that are run once more, in the place of processes that are lost,
    begin before `last`, whatever they took the first time. Of one for `verdicts_only`
    nothing but the verdicts on the cells in `keep` is. `doubted` is the cell at which the processes
    ended once: it need not have been that cell's doing. If it was not, `suspecting` says so, and the
    cells before it are looked at one by one.
    """

    notebook: NotebookNode
    todo: Plan
    steps: tuple[Step, ...]
    state: State
    end: float
    last: float
    files: Path | None
    verdicts_only: bool = False
    keep: frozenset[int] = frozenset()
    hidden: bool = False
    kernel: StudentKernel | None = None
    doubted: int | None = None
    suspecting: bool = False
