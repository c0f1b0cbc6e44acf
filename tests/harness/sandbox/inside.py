"""Run functions in a box, or in a plain fork, and see what they say."""

import contextlib
import faulthandler
import json
import os
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from harness import sandbox
from harness.limits import Limits
from harness.sandbox import Box, Level

SMALL = Limits(
    processes=12, work_bytes=8 << 20, tmp_bytes=8 << 20, file_bytes=16 << 20, memory_bytes=256 << 20
)


@dataclass
class Place:
    """Folders as the grader makes them for a kernel, and something outside."""

    folder: str
    limits: Limits = SMALL
    outside: Path = field(init=False)

    def __post_init__(self):
        os.chmod(self.folder, 0o755)  # as open as a folder can be: the box must hold
        for name in ("k", "k/s", "k/w"):
            Path(self.folder, name).mkdir(mode=0o700)
        self.outside = Path(self.folder, "outside")
        self.outside.write_text("not yours")
        self.outside.chmod(0o666)

    def box(self, level, without=()):
        sockets, work = f"{self.folder}/k/s", f"{self.folder}/k/w"
        return Box(level, sockets, work, limits=self.limits, without=without)

    def run(self, level, what, closed=True, without=()):
        """What `what(box)` gives or raises, as text for an error; level NONE is a plain fork."""
        read, write = os.pipe()
        box, pid = self.box(level, without), os.fork()
        if pid == 0:
            try:
                os.close(read)
                faulthandler.disable()
                if level is not Level.NONE:
                    sandbox.enter(box)
                    if closed:
                        sandbox.close(box)
                said = what(box)
            except BaseException as error:
                said = f"{type(error).__name__}: {error}"
            with contextlib.suppress(OSError):
                os.write(write, json.dumps(said).encode())
            os._exit(0)
        os.close(write)
        with open(read, "rb") as pipe:
            text = pipe.read()
        _, status = os.waitpid(pid, 0)
        return json.loads(text) if text else f"ended with {os.waitstatus_to_exitcode(status)}"


@contextlib.contextmanager
def place(limits=SMALL):
    """A place of its own; not in /tmp, of which a box has one of its own."""
    with tempfile.TemporaryDirectory(prefix="box-", dir="/var/tmp") as folder:
        yield Place(folder, limits)


def threads(box):
    """Start threads until no more can be had; how many were."""
    import threading

    threading.stack_size(64 << 10)
    stop, started = threading.Event(), 0
    try:
        for _ in range(1000):
            threading.Thread(target=stop.wait, args=(5,), daemon=True).start()
            started += 1
    except RuntimeError:
        pass
    stop.set()
    return started


def fill(folder):
    """Write until it ends; how many bytes were written."""

    def inner(box):
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        written = 0
        try:
            for number in range(8):
                with open(Path(getattr(box, folder, folder), f"fill-{number}"), "wb") as file:
                    for _ in range(8):
                        written += file.write(bytes(1 << 20))
                        file.flush()
                time.sleep(0.05)
        except OSError as error:
            return [written, error.errno]
        return [written, 0]

    return inner
