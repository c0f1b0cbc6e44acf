"""Why a lesson stopped, in words: which cell, how far it was, what is known, what to do."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.execute.memory import SIGKILL
from harness.grade import cells as grading

if TYPE_CHECKING:
    from harness.execute.engine import Trace

_OUT_OF_MEMORY = ("MemoryError", "OutOfMemoryError")
_CANNOT_ALLOCATE = ("can't allocate memory", "out of memory", "Cannot allocate memory")


@dataclass(frozen=True)
class Failure:
    """The cell that stopped a lesson.

    cell: its number in the lesson's notebook, from 0, -1 where none was reached; name: its grade
    id; error: what happened; source: its text; done of total: the cells before it; seconds: the
    notebook's until then, cell_seconds: its own; memory: whether memory was short, as far as that is
    known and to the point; advice: what to do.
    """

    cell: int
    name: str
    error: str
    source: str
    done: int = 0
    total: int = 0
    seconds: float = 0.0
    cell_seconds: float = 0.0
    memory: str = ""
    advice: str = ""


def describe(
    trace: Trace, error: BaseException | None, notebook: Any, limit: int, seconds: float
) -> Failure | None:
    """The failure that ended the run of `notebook`, or None if it ran to its end.

    notebook: as it was before the run; limit: seconds a cell; seconds: the whole run's.
    """
    if error is None and trace.error is None:
        return None
    cell, found = _cell(trace, notebook)
    what, memory, advice = _reason(trace, error, limit)
    return Failure(
        cell=cell,
        name=(grading.grade_id(found) or "") if found is not None else "",
        error=what,
        source=found.source if found is not None else "",
        done=max(cell, 0),
        total=len(notebook.cells),
        seconds=round(seconds, 1),
        cell_seconds=round(trace.spent, 1),
        memory=memory,
        advice=advice,
    )


def _cell(trace: Trace, notebook: Any) -> tuple[int, Any]:
    # by its id: papermill has put in a cell of parameters, and two cells may have one source
    for number, cell in enumerate(notebook.cells):
        if trace.cell is not None and cell.get("id") == trace.cell:
            return number, cell
    return -1, None


def _reason(trace: Trace, error: BaseException | None, limit: int) -> tuple[str, str, str]:
    """(what happened, what is known of memory, what to do)."""
    kind = type(error).__name__
    timed_out = trace.error is not None and trace.error[0] == "CellTimeout"
    if timed_out or kind == "CellTimeoutError":
        return _timeout(limit, heeded=timed_out)
    if trace.error is not None:
        return _exception(trace)
    if kind == "DeadKernelError":
        return _death(trace)
    if kind == "PapermillExecutionError":
        return f"{error.ename}: {error.evalue}", "", ""  # type: ignore[union-attr] # papermill's
    return f"{kind}: {error}", "", "see whether `course doctor` finds something amiss."


def _timeout(limit: int, *, heeded: bool) -> tuple[str, str, str]:
    what = f"The cell was still running after the limit of {limit:,} s and was stopped."
    if heeded:
        what += " The traceback in the notebook shows the line it was at."
    return (
        what,
        "",
        "if it only needs longer, as on a slow machine or in the profile `full`, give it "
        f"`--cell-timeout {2 * limit}`, or 0 for no limit; else look for a loop that does not end.",
    )


def _exception(trace: Trace) -> tuple[str, str, str]:
    assert trace.error is not None
    name, value = trace.error
    if name == "SystemExit":
        return (
            f"SystemExit({value}): the cell ended the notebook, and the cells below it were not run.",
            "",
            "let the lesson run to its end: take out `raise SystemExit`, `sys.exit()` or `exit()`.",
        )
    short = name.endswith(_OUT_OF_MEMORY) or any(words in value for words in _CANNOT_ALLOCATE)
    memory = "Memory was short: the cell was refused what it asked for." if short else ""
    return f"{name}: {value}", memory, _LESS if short else ""


_LESS = "run fewer lessons at once (`--jobs 1`), close what else needs memory, or make the cell hold less."


def _death(trace: Trace) -> tuple[str, str, str]:
    code = trace.exit_code()
    memory = trace.watch.says(code)
    if code is None:
        how = "how it ended is not known"
    elif code >= 0:
        how = f"it ended itself with exit code {code}, as `exit()` and `os._exit({code})` do"
    else:
        name = _signal(-code)
        how = f"it was ended by signal {-code}, {name}: {_SIGNALS.get(name, 'no more is known')}"
    advice = "read the kernel's last words in the log beside the notebook."
    killed = trace.watch.killed()
    if killed or (code == -SIGKILL and killed is None):
        advice = _LESS
    elif code == -SIGKILL:
        advice = "find what sent SIGKILL, as the limits of a batch system or a `kill -9` do."
    elif code is not None and code >= 0:
        advice = "look in this cell and the one before it for what ends the process."
    return f"The kernel died in this cell: {how}.", memory, advice


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # one that this system does not have
        return "a signal without a name"


_SIGNALS = {
    "SIGKILL": "which comes from outside",
    "SIGSEGV": "compiled code touched memory that is not its own",
    "SIGBUS": "compiled code touched memory that is not there, as of a file cut short",
    "SIGABRT": "compiled code gave up, as when a check of its own or an allocation fails",
    "SIGFPE": "compiled code divided by zero",
    "SIGILL": "compiled code uses an instruction that this processor does not have",
    "SIGTERM": "something asked it to end",
}
