"""Run something in a process of its own that may take so much processor time and memory."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Callable
from pathlib import Path

SECONDS, MEMORY = 20, 1 << 30


def within(what: Callable[[], object], seconds: int = SECONDS, memory: int = MEMORY) -> str:
    """How `what()` ended in a fork of this process: `done`, `time`, `memory` or an error's name.

    Processor time is counted, not the clock, so that a busy machine makes no difference.
    """
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        said = "done"
        try:
            os.close(read)
            used = resource.getrusage(resource.RUSAGE_SELF)
            most = int(used.ru_utime + used.ru_stime) + 1 + seconds
            resource.setrlimit(resource.RLIMIT_CPU, (most, most + 1))
            pages = int(Path("/proc/self/statm").read_text().split()[0])
            most = pages * resource.getpagesize() + memory
            resource.setrlimit(resource.RLIMIT_AS, (most, most))
            what()
        except MemoryError:
            said = "memory"
        except BaseException as error:
            said = type(error).__name__
        os.write(write, said.encode())
        os._exit(0)
    os.close(write)
    with open(read, "rb") as pipe:
        said = pipe.read().decode()
    _, status = os.waitpid(pid, 0)
    if os.waitstatus_to_exitcode(status) in (-signal.SIGXCPU, -signal.SIGKILL):
        return "time"
    return said
