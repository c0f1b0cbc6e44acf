"""Time and memory that a check lends to one call of a learner's function.

A loop without an end must not hold a notebook, nor a list that grows the machine. Both are stopped from
inside the process, so that the notebook's state stays: an alarm raises in the middle of the call, and
the process may not map more memory than a stated amount beyond what it has (on Linux; elsewhere only the
time is limited).
"""

from __future__ import annotations

import contextlib
import ctypes
import signal
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MEBIBYTE = 2**20
AGAIN = 0.5  # seconds after which a call that swallowed the first alarm gets the next


class TookTooLong(BaseException):
    """A call did not come back in time.

    Not an `Exception`, so that a learner's own `except Exception` does not keep a loop alive.
    """


@dataclass(frozen=True)
class Limits:
    """seconds: wall-clock time of one call. mebibytes: memory beyond what the process already has."""

    seconds: float = 20.0
    mebibytes: int = 4096


@contextlib.contextmanager
def held(limits: Limits | None) -> Iterator[None]:
    """Hold the block to the limits; without any it runs as it is.

    Raises:
        TookTooLong: in the block, when its time is over.
        MemoryError: in the block, where it asks for more; torch raises a RuntimeError in its place.
    """
    if limits is None:
        yield
        return
    with _memory(limits.mebibytes), _time(limits.seconds):
        yield


def _time(seconds: float) -> contextlib.AbstractContextManager[None]:
    main = threading.current_thread() is threading.main_thread()
    # A signal also ends a sleep or an input; Windows has none, nor a thread that is not the main one.
    return _alarm(seconds) if main and hasattr(signal, "setitimer") else _watched(seconds)


def _over(seconds: float) -> TookTooLong:
    return TookTooLong(
        f"Your function did not come back within {seconds:g} seconds and was stopped."
    )


@contextlib.contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    def ring(number: int, frame: object) -> None:
        raise _over(seconds)

    before = signal.signal(signal.SIGALRM, ring)
    # It may be that somebody else's alarm is running, such as a test's: it goes on afterwards.
    left, interval = signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if left:
            signal.setitimer(signal.ITIMER_REAL, left, interval)


@contextlib.contextmanager
def _watched(seconds: float) -> Iterator[None]:
    """As `_alarm`, by a second thread that raises in this one between two steps of Python."""
    thread, done = threading.get_ident(), threading.Event()

    def watch() -> None:
        wait = seconds
        while not done.wait(wait):
            wait = AGAIN
            _raise_in(thread, TookTooLong)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    except TookTooLong:
        raise _over(seconds) from None
    finally:
        _end(watcher, done)


def _end(watcher: threading.Thread, done: threading.Event) -> None:
    """Wait for the watcher, and for what it has set and has not come yet.

    That is never taken back: Python 3.11 then looks for it at each step to come, and a function that is
    traced stands still at its first line.
    """
    while True:
        with contextlib.suppress(TookTooLong):
            done.set()
            watcher.join()
            for _ in range(100):  # it comes between two steps
                pass
            return


def _raise_in(thread: int, error: type[BaseException]) -> None:
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(error))


@contextlib.contextmanager
def _memory(mebibytes: int) -> Iterator[None]:
    if not sys.platform.startswith("linux"):
        yield
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = _mapped() + mebibytes * MEBIBYTE
    ceiling = [limit for limit in (soft, hard) if limit != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_AS, (min([wanted, *ceiling]), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _mapped() -> int:
    """The bytes of address space that this process has."""
    import resource

    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
