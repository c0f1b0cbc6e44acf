"""The grader's side of the warm parent: start it, fork kernels and judges, end them."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import harness
from harness import scratch
from harness.kernels.warm import PRELOAD
from harness.sandbox import Box
from lib._places import cache_folder

START_S = 600.0  # on a slow machine with other work, lesson 10 took more than two minutes
READY_S = 240.0
GONE_S = 30.0
END_S = 5.0
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "VIRTUAL_ENV")


class WarmError(RuntimeError):
    """The warm parent could not start, or a child of it could not."""


def can_fork() -> bool:
    """Whether a warm parent may be forked: on macOS system libraries forbid it, Windows has none."""
    return sys.platform == "linux"


def environment(home: Path) -> dict[str, str]:
    """Nearly nothing: a child can read what its parent was started with."""
    kept = {key: os.environ[key] for key in _PASSED_ON if key in os.environ}
    kept |= {k: v for k, v in os.environ.items() if k.startswith("COURSE_")}
    # Its home is another, but what the course has kept on this machine is of use to it.
    kept.setdefault("COURSE_CACHE", str(cache_folder()))
    threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    root = str(Path(harness.__path__[0]).resolve().parent)
    return (
        kept
        | threads
        | {
            "HOME": str(home),
            "HF_HUB_OFFLINE": "1",
            "JE_ARROW_MALLOC_CONF": "background_thread:false",  # pyarrow's allocator has a thread
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
            "TOKENIZERS_PARALLELISM": "false",
            "COURSE_HEADLESS": "1",
            "PYTHONPATH": root,
            "PYTHONHASHSEED": "0",
        }
    )


class Child:
    """A forked process: poll it, signal it, end it. Closing it ends it."""

    def __init__(self, conn: socket.socket) -> None:
        self._conn, self._buffer = conn, b""
        self._code: int | None = None
        self.pid: int | None = None
        self.laps: dict[str, float] = {}

    def _next(self, timeout: float | None) -> dict | None:
        """The next message of the warm parent, None if there is none in time."""
        while b"\n" not in self._buffer:
            self._conn.settimeout(timeout)
            try:
                part = self._conn.recv(1 << 16)
            except (TimeoutError, BlockingIOError):
                return None
            except OSError:
                part = b""
            if not part:
                return {"exit": -int(signal.SIGKILL)}
            self._buffer += part
        line, self._buffer = self._buffer.split(b"\n", 1)
        return json.loads(line)

    def poll(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        return self.wait(0.0)

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait for the end; None if it did not come in time."""
        if self._code is None:
            message = self._next(timeout)
            if message is not None:
                self._code = message["exit"]
        return self._code

    def signal(self, number: int) -> None:
        """Send a signal; nothing happens if it has ended."""
        with contextlib.suppress(OSError):
            self._conn.sendall(json.dumps({"signal": int(number)}).encode() + b"\n")

    def kill(self) -> None:
        """End it and wait until it is gone.

        Raises:
            WarmError: it is not, after `GONE_S`: what the system holds cannot be ended.
        """
        try:
            self.signal(signal.SIGKILL)
            if self.wait(GONE_S) is None:
                raise WarmError(f"process {self.pid} could not be ended within {GONE_S:.0f} s")
        finally:
            self._conn.close()


def kernel_request(
    connection: dict, cwd: str, env: dict[str, str], box: Box | None, whole_env: bool
) -> dict[str, Any]:
    """What `launch.become` is asked for a kernel (see `KernelParent.start_kernel`)."""
    return {
        "become": "kernel",
        "connection": connection,
        "cwd": cwd,
        "env": env,
        "whole_env": whole_env,
        "box": box.to_json() if box is not None else None,
    }


def judge_request(cwd: str, memory: int | None) -> dict[str, Any]:
    """What `launch.become` is asked for a judge (see `KernelParent.start_judge`)."""
    return {"become": "judge", "cwd": cwd, "memory": memory}


def pipe(end: IO[bytes] | None) -> IO[bytes]:
    """The end of a pipe that was asked for when the process was started."""
    if end is None:
        raise OSError("the process was started without a pipe")
    return end


class WarmParent:
    """A warm parent, running inside a `with` block.

    Args:
        preload: modules that it imports.
        prefix: trusted cells that it runs once, each with `source` and `grade_id`. If they leave a
            thread behind it serves without them, and `prefix_ok` is false.
        exercises: the exercises of which the judges have the checks; no kernel has one.

    Raises:
        WarmError: it could not start; the message says why.
    """

    def __init__(
        self,
        preload: Sequence[str] = PRELOAD,
        prefix: list[dict] | None = None,
        exercises: Sequence[str] = (),
    ) -> None:
        self.preload, self.prefix, self.exercises = list(preload), prefix or [], list(exercises)
        self.prefix_ok = True
        self.prefix_outputs: list[list[dict]] = []
        self.note: str | None = None
        self._folder = Path()  # its own while it runs
        self._judges = "warm"  # the socket in it that forks judges
        self._process: subprocess.Popen | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> WarmParent:
        self._folder = scratch.make()
        try:
            answer = self._start(self.prefix)
            if answer.get("threads") and self.prefix:
                # What was read by many threads may lie in the cache now; so once more.
                self._end()
                answer = self._start(self.prefix)
            if answer.get("threads") and self.prefix:
                self.note, self.prefix_ok = answer["problem"], False
                self._end()
                answer = self._start([])
            if "problem" in answer:
                raise WarmError(answer["problem"])
            self.prefix_outputs = answer["outputs"]
            self._judges = "judges" if answer["judges"] else "warm"
        except BaseException:
            self.close()
            raise
        return self

    def _start(self, prefix: list[dict]) -> dict:
        home = self._folder / "home"
        home.mkdir(exist_ok=True)
        log = open(self._folder / "log", "wb")  # noqa: SIM115 - the process keeps it
        process = self._process = subprocess.Popen(
            [sys.executable, "-m", "harness.kernels.warm", str(self._folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=environment(home),
            cwd=home,
            start_new_session=True,
        )
        log.close()
        wanted = {"preload": self.preload, "prefix": prefix, "exercises": self.exercises}
        asked = json.dumps(wanted).encode() + b"\n"
        try:
            heard = pipe(process.stdout)
            pipe(process.stdin).write(asked)
            pipe(process.stdin).flush()
            there = select.select([heard], [], [], START_S)[0]
            line = heard.readline() if there else b""
            if not there:
                return {"problem": f"the warm parent was not ready after {START_S:.0f} s"}
        except OSError:
            line = b""
        if not line:
            said = (self._folder / "log").read_text(errors="replace").strip().splitlines()
            return {
                "problem": f"the warm parent did not start: {said[-1] if said else 'no message'}"
            }
        return json.loads(line)

    def start_kernel(
        self,
        connection: dict,
        cwd: str,
        env: dict[str, str],
        box: Box | None = None,
        channel: socket.socket | None = None,
        whole_env: bool = False,
    ) -> Child:
        """Fork a kernel that listens where `connection` says; ready when this returns.

        Args:
            env: set in its environment; with `whole_env` it is the environment.
        """
        request = kernel_request(connection, cwd, env, box, whole_env)
        return self._fork(request, [channel] if channel is not None else [])

    def start_judge(
        self, cwd: str, channel: socket.socket, control: socket.socket, memory: int | None = None
    ) -> Child:
        """Fork a judge between these two sockets, which may take `memory` bytes more than it has."""
        return self._fork(judge_request(cwd, memory), [channel, control])

    def _fork(self, request: dict, socks: list[socket.socket]) -> Child:
        conn = socket.socket(socket.AF_UNIX)
        server = self._judges if request["become"] == "judge" else "warm"
        try:
            conn.connect(str(self._folder / server))
            body = json.dumps(request).encode() + b"\n"
            if socks:
                socket.send_fds(conn, [body], [s.fileno() for s in socks])
            else:
                conn.sendall(body)
        except OSError as error:
            conn.close()
            raise WarmError("the warm parent is gone") from error
        child = Child(conn)
        message = child._next(READY_S)
        if message is None or not message.get("ready"):
            conn.close()
            said = (message or {}).get("problem", f"it was not ready after {READY_S:.0f} s")
            raise WarmError(f"a {request['become']} could not start: {said}")
        child.pid, child.laps = message["pid"], message.get("laps", {})
        return child

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(OSError):
            pipe(process.stdin).close()  # it ends its children, waits for them, and ends
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(END_S)
        process.kill()  # their own guard ends them with it
        process.wait()
        pipe(process.stdout).close()

    def close(self) -> None:
        """End it and everything that it forked."""
        self._end()
        if self._folder != Path():
            scratch.remove(self._folder)

    def __exit__(self, *exc: object) -> None:
        self.close()
