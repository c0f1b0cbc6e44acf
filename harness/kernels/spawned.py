"""Where no fork is safe (macOS, Windows): each kernel and each judge starts as a new process.

It has the interface of the warm parent, and gives the same verdicts. Each process imports for itself,
which takes seconds, and the lesson's leading cells are run for each submission.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness.kernels import client, launch
from harness.sandbox import Box

READY_S = 120.0
_SHARED = sys.platform == "win32"  # sockets are handed over by description, not by number


class Spawned:
    """A process of its own with the interface of `client.Child`."""

    def __init__(self, process: subprocess.Popen) -> None:
        self._process, self.pid = process, process.pid
        self.laps: dict[str, float] = {}

    def poll(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        return self._process.poll()

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait for the end; None if it did not come in time."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(timeout)
        return None

    def signal(self, number: int) -> None:
        """Send a signal; nothing happens if it has ended, or if this system has no such signal."""
        with contextlib.suppress(OSError, ValueError):
            self._process.send_signal(number)

    def kill(self) -> None:
        """End it, with the processes of its session, and wait until it is gone."""
        with contextlib.suppress(OSError):
            if hasattr(os, "killpg"):
                os.killpg(self.pid, signal.SIGKILL)
            self._process.kill()
        gone = self.wait(client.GONE_S) is not None
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()
        if not gone:
            raise client.WarmError(f"process {self.pid} could not be ended")


class SpawningParent:
    """Starts kernels and judges one by one; nothing is imported ahead, no prefix is run."""

    prefix_ok = False
    prefix_outputs: Sequence[list[dict]] = ()
    note: str | None = (
        f"Kernels are not forked on {sys.platform}: every notebook starts its own, "
        "which takes some seconds more."
    )

    def __init__(self) -> None:
        self._children: list[Spawned] = []

    def __enter__(self) -> SpawningParent:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """End everything that it started."""
        while self._children:
            self._children.pop().kill()

    def start_kernel(
        self,
        connection: dict,
        cwd: str,
        env: dict[str, str],
        box: Box | None = None,
        channel: socket.socket | None = None,
        whole_env: bool = False,
    ) -> Spawned:
        """Start a kernel that listens where `connection` says; ready when this returns."""
        request = client.kernel_request(connection, cwd, env, box, whole_env)
        return self._start(request, [channel] if channel is not None else [])

    def start_judge(
        self, cwd: str, channel: socket.socket, control: socket.socket, memory: int | None = None
    ) -> Spawned:
        """Start a judge between these two sockets, which may take `memory` bytes more than it has."""
        return self._start(client.judge_request(cwd, memory), [channel, control])

    def _start(self, request: dict, socks: list[socket.socket]) -> Spawned:
        self._children = [child for child in self._children if child.poll() is None]
        passed = [] if _SHARED else [s.fileno() for s in socks]
        process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=client.environment(Path(request["cwd"])),
            start_new_session=True,
            pass_fds=passed,
        )
        child = Spawned(process)
        self._children.append(child)
        handed = [
            base64.b64encode(s.share(process.pid)).decode()  # type: ignore[attr-defined] # Windows
            if _SHARED
            else s.fileno()
            for s in socks
        ]
        late = threading.Timer(READY_S, process.kill)
        late.start()
        try:
            client.pipe(process.stdin).write(
                json.dumps(request | {"sockets": handed}).encode() + b"\n"
            )
            client.pipe(
                process.stdin
            ).flush()  # it stays open: its end tells the child that we are gone
            line = client.pipe(process.stdout).readline()
        except OSError:
            line = b""
        finally:
            late.cancel()
        message: dict[str, Any] = (
            json.loads(line) if line else {"problem": "it ended before it was ready"}
        )
        if "problem" in message:
            child.kill()
            raise client.WarmError(f"a {request['become']} could not start: {message['problem']}")
        child.laps = message.get("laps", {})
        return child


def _descriptor(handed: int | str) -> int:
    if isinstance(handed, int):
        return handed
    shared = base64.b64decode(handed)
    return socket.fromshare(shared).detach()  # type: ignore[attr-defined] # Windows


def main() -> None:
    """Read what to become from standard input and become it."""
    line = b""
    while not line.endswith(b"\n"):  # by bytes: nothing after the line may be taken
        part = os.read(0, 1)
        if not part:
            return
        line += part
    request = json.loads(line)
    fds = [_descriptor(handed) for handed in request["sockets"]]
    ready, grader = os.dup(1), os.dup(0)
    if request.get("box"):
        launch.die_with_parent()  # no thread before the sandbox is entered
        os.close(grader)
    else:
        threading.Thread(target=_watch, args=(grader,), daemon=True).start()
    launch.become(request, fds, ready, {"namespace": {}})


def _watch(grader: int) -> None:
    """End when the grader does."""
    with contextlib.suppress(OSError):
        while os.read(grader, 1):
            pass
    os._exit(1)


if __name__ == "__main__":
    main()
