"""Fresh processes of the student's for a check that measures: one after the other, beside the usual one."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from nbformat import NotebookNode

from harness.grade import plan
from harness.kernels.student import Lost, StudentKernel

# What the judge asks for, to the socket and the size of the text that was run, or why there is none.
Start = Callable[[dict], tuple[socket.socket, int] | str]
Make = Callable[[Path | None, Sequence[str], socket.socket], StudentKernel]


@contextlib.contextmanager
def processes(
    notebook: NotebookNode,
    before: int,
    usual: StudentKernel | None,
    make: Make,
    cell_s: float,
    all_s: float,
) -> Iterator[Start]:
    """Inside the block a check can have fresh processes of the student's, each in place of the last.

    As long as there is one, the usual one stands still: no work is done beside what the check measures,
    and nothing goes from one to the other.

    Args:
        before: the place of the check in the notebook.
        make: a kernel from the folder of its files, the folders it may not read, and its channel.
        cell_s: seconds that a cell may take; `all_s`: those of one process together.
    """
    with contextlib.ExitStack() as stack:

        def start(asked: dict) -> tuple[socket.socket, int] | str:
            stack.close()
            if usual is not None:
                usual.hold(True)
                stack.callback(usual.hold, False)
            agents, judges = socket.socketpair()
            stack.callback(agents.close)
            folder = Path(asked["folder"]) if asked["folder"] else None
            sources, size = plan.alone(notebook, asked["names"], before)
            try:
                kernel = stack.enter_context(make(folder, asked["without"], agents))
                agents.close()
                end = time.monotonic() + all_s
                for source in sources:
                    if time.monotonic() > end:
                        raise Lost(f"the cells that it needs ran longer than {all_s:.0f} s")
                    kernel.run(source, max(0.1, min(cell_s, end - time.monotonic())))
            except Lost as error:
                judges.close()
                return str(error)
            return judges, size

        yield start
