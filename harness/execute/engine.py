"""papermill's engine with a time limit a cell, which remembers how far the notebook came.

Imported late: papermill takes half a second.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines
from papermill.log import logger

from harness.execute.memory import Watch

NAME = "course"
TIMEOUT = "CellTimeout"  # the name under which nbclient reports a cell that was interrupted


@dataclass
class Trace:
    """What is known of a running notebook: its cell, its kernel, the error that ended it.

    cell: the id of the cell that was begun last, None before the first; began: when, and in
    `spent` how many seconds it took; error: (name, value) of the exception that ended the notebook.
    """

    watch: Watch = field(default_factory=Watch)
    process: Any = None
    cell: str | None = None
    began: float = 0.0
    spent: float = 0.0
    error: tuple[str, str] | None = None

    def begin(self, cell: Any) -> None:
        self.cell, self.began = cell.get("id"), time.monotonic()

    def end(self) -> None:
        self.spent = time.monotonic() - self.began

    def exit_code(self) -> int | None:
        """How the kernel ended: an exit code, or minus the number of a signal; None if unknown."""
        return self.process.poll() if hasattr(self.process, "poll") else None


class _Client(PapermillNotebookClient):
    """nbclient, which lets `trace` see the process of its kernel."""

    def __init__(self, nb_man: Any, trace: Trace, **settings: Any) -> None:
        super().__init__(nb_man, **settings)
        self.trace = trace

    def start_new_kernel(self, **settings: Any) -> None:
        super().start_new_kernel(**settings)
        # jupyter_client forgets the process when it cleans up after a kernel that has died
        provisioner = getattr(self.km, "provisioner", None)
        self.trace.process = getattr(provisioner, "process", None)
        if pid := getattr(provisioner, "pid", None):
            self.trace.watch.follow(pid)


class Engine(NBClientEngine):
    """papermill's own engine, which also tells of each finished cell."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,
        kernel_name: str,
        *,
        trace: Trace,
        tell: Callable[[int, int], None],
        limit: int,
        **_: Any,
    ) -> Any:
        """limit: seconds a cell may take, 0 for no limit; tell: called with (cells done, in all)."""
        total = len(nb_man.nb.cells)
        start, complete, exception = nb_man.cell_start, nb_man.cell_complete, nb_man.cell_exception

        def began(cell: Any, cell_index: int, **more: Any) -> None:
            trace.begin(cell)
            start(cell, cell_index, **more)

        def failed(cell: Any, cell_index: int, **more: Any) -> None:
            error = more["exception"]
            trace.error = (error.ename, error.evalue)
            exception(cell, cell_index, **more)

        def told(cell: Any, cell_index: int, **more: Any) -> None:
            trace.end()
            complete(cell, cell_index, **more)
            tell(cell_index + 1, total)

        nb_man.cell_start, nb_man.cell_complete = began, told
        nb_man.cell_exception = failed
        client = _Client(
            nb_man,
            trace,
            kernel_name=kernel_name,
            log=logger,
            timeout=limit or None,
            # An interrupt leaves the traceback in the notebook: it shows which line hung. One that
            # does not heed it is ended by a CellTimeoutError after a few seconds more.
            interrupt_on_timeout=True,
            error_on_timeout={"ename": TIMEOUT, "evalue": "", "traceback": []},
        )
        try:
            return client.execute()
        finally:
            trace.watch.stop()


papermill_engines.register(NAME, Engine)
