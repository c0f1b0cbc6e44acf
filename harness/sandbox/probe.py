"""Whether a level holds on this machine, found out by trying it in a process that is then ended."""

from __future__ import annotations

import contextlib
import os
import socket
import tempfile
from pathlib import Path

from harness import sandbox
from harness.sandbox import Box, Level

_TODO = {
    Level.NAMESPACES: "docs/isolation.md says how to allow user namespaces",
    Level.LANDLOCK: "docs/isolation.md says what it needs",
    Level.USER: "docs/isolation.md says what it needs",
}


def run(level: Level) -> str:
    """Enter a box in a child, and try there what it must keep from; what went wrong, else empty."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("s", "w", "outside"):
            Path(folder, name).mkdir()
        Path(folder, "outside", "file").write_text("not to be read")
        if level is Level.USER:  # it keeps from what is closed to others, and from nothing else
            Path(folder, "outside").chmod(0o700)
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                os.close(read)
                said = _inside(Box(level, f"{folder}/s", f"{folder}/w"), f"{folder}/outside/file")
            except BaseException as error:
                said = f"{type(error).__name__}: {error}"
            os.write(write, said.encode()[:500])
            os._exit(0)
        os.close(write)
        with open(read, "rb") as pipe:
            said = pipe.read().decode() or "the process died"
        os.waitpid(pid, 0)
    return "" if said == "holds" else f"{level} cannot be had here ({said}): {_TODO[level]}"


def _inside(box: Box, outside: str) -> str:
    sandbox.enter(box)
    sandbox.close(box)
    with contextlib.suppress(OSError), open(outside) as file:
        file.read()
        return "a file outside could be read"
    with contextlib.suppress(OSError):
        socket.socket(socket.AF_INET).close()
        return "a network socket could be made"
    for folder in (box.work, box.home):
        Path(folder, "own").write_text("its own")
    with contextlib.suppress(OSError):
        Path(box.sockets, "own").write_text("its own")
        return "the folder of sockets could be written to"
    return "holds"
