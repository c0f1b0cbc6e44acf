"""A cluster of processes on this machine, for one run of grading.

Nobody else can speak to it: it uses TLS with certificates of its own, which are kept nowhere. (Its
dashboard, which shows and takes no orders, is for every user of this machine.) A Ctrl-C
that the terminal sends to all its processes is for the one that asked; that one ends the others.
"""

from __future__ import annotations

import contextlib
import logging
import signal
from collections.abc import Iterator
from typing import Any

from harness import scratch

LOST = "10 minutes"


@contextlib.contextmanager
def local_cluster(workers: int) -> Iterator[Any]:
    """A `LocalCluster` of so many worker processes with a thread each."""
    import dask
    from distributed import LocalCluster
    from distributed.security import Security

    with contextlib.ExitStack() as stack:
        place = scratch.make()
        stack.callback(scratch.remove, place)
        settings = {
            "temporary-directory": str(place),
            # Nobody looks at these logs, which grow with every submission.
            "distributed.admin.low-level-log-length": 100,
            "distributed.admin.log-length": 100,
            "logging.distributed": "critical",
            # A worker that ended is started anew. Where it is not back after so long it is given up, and
            # by default, 15 s, a busy machine gives one up that is still reading its libraries.
            "distributed.deploy.lost-worker-timeout": LOST,
        }
        stack.enter_context(dask.config.set(settings))
        with _interrupts_blocked():  # for the thread that starts the processes, and so for these
            cluster = LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                protocol="tls",
                security=Security.temporary(),
                host="127.0.0.1",
                memory_limit=0,  # the sandbox bounds a notebook, and the reader what it reads of it
                dashboard_address="127.0.0.1:0",
                silence_logs=logging.CRITICAL,
                preload=[__name__],
            )
        stack.callback(cluster.close, timeout=20)
        yield cluster


def dask_setup(worker: Any) -> None:
    """Dask calls this in each worker process: from here on an interrupt does nothing there.

    It is not ignored, since that would be passed on to the notebooks' processes, which are
    interrupted when a cell takes too long.
    """
    signal.signal(signal.SIGINT, lambda number, frame: None)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


@contextlib.contextmanager
def _interrupts_blocked() -> Iterator[None]:
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
