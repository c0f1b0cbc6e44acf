"""The warm parent: imports everything once, runs the lesson's prefix, and forks on request.

    python -m harness.kernels.warm FOLDER

It listens on `FOLDER/warm`, one connection for each child. A request is one message with the
child's sockets attached; the answers are `ready` and, when the child has ended, `exit`. When the
connection ends, so does the child. There is never a second thread here: a fork of a process with
threads may deadlock.

The checks of the lesson's exercises hold right implementations and are never imported here, so that no
kernel has them in its memory: a second server, forked from this one, imports them, and forks the
judges on `FOLDER/judges`.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import selectors
import signal
import socket
import struct
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.kernels import launch

REQUEST_BYTES = 1 << 20
SWEEP_S = 5.0
PRELOAD = ("numpy", "torch", "sentence_transformers", "lib.checks", "lib.learn")
# What a kernel imports when it starts; a name that is not there is passed over.
_KERNEL = [
    "ipykernel.kernelapp",
    "ipykernel.ipkernel",
    "ipykernel.zmqshell",
    "ipykernel.embed",
    "ipykernel.subshell_manager",
    "ipykernel.debugger",
    "ipykernel.comm",
    "comm",
    "jedi",
    "pdb",
    "IPython.core.completer",
    "IPython.core.magics",
    "IPython.extensions.storemagic",
    "IPython.core.history",
    "sqlite3",
    "zmq.eventloop.zmqstream",
    "zmq.asyncio",
    "tornado.platform.asyncio",
    "getpass",
    "uuid",
    "torch.testing",
    "matplotlib_inline.backend_inline",
    "matplotlib.pyplot",
    "matplotlib.backends.backend_agg",
    "harness.judge.agent",
    "harness.judge.codec",
    "harness.judge.examiner",
    "harness.kernels.refused",
    "lib.checks._gradient",
    "lib.checks._loops",
    "lib.checks._memory",
    "lib.checks.calling",
    "harness.sandbox",
]


class CheckError(RuntimeError):
    """A check that the lesson needs cannot be loaded."""


def prepare(preload: list[str], prefix: list[dict]) -> dict[str, Any]:
    """Import, run the prefix, and say what came of it: `namespace`, `outputs`, `problem`.

    Raises:
        launch.PrefixError: a cell of the prefix failed.
    """
    import tqdm

    tqdm.tqdm.monitor_interval = 0  # its monitor is a thread
    for name in preload:
        importlib.import_module(name)
    for name in _KERNEL:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
    held = launch.run_prefix(prefix) if prefix else {"namespace": {}, "outputs": []}
    held["problem"] = _more_threads()
    return held


def _more_threads() -> str | None:
    """What keeps this process from forking safely, if anything does."""
    if threads() == (1, 1):
        return None
    names = ", ".join(t.name for t in threading.enumerate())
    return f"there is more than one thread ({names}): {threads()}"


def load_checks(exercises: Sequence[str]) -> None:
    """Import the checks of these exercises and no other; a teacher's own exercise has none.

    Raises:
        CheckError: the check of one of the exercises is there and cannot be loaded.
    """
    from lib import checks

    for name in exercises:
        try:
            checks.find(name)
        except KeyError:
            continue
        except Exception as error:
            raise CheckError(f"the check of {name} cannot be used: {error}") from error


def threads() -> tuple[int, int]:
    """Python's threads and all threads of this process."""
    native = len(os.listdir("/proc/self/task")) if os.path.isdir("/proc/self/task") else 1
    return threading.active_count(), native


def _children() -> list[int]:
    """This process's children."""
    try:
        return [
            int(pid)
            for pid in Path("/proc/self/task", str(os.getpid()), "children").read_text().split()
        ]
    except OSError:
        return []


@dataclass
class _Client:
    conn: socket.socket
    heard: bytes = b""  # of a request that is not complete
    fds: list[int] = field(default_factory=list)  # that came with it
    pid: int | None = None
    inner: int | None = None
    read: int | None = None  # where it says that it is ready
    swept: bool = False  # whether what it leaves behind is ended


class Server:
    """Accepts connections and forks; one selector, no thread."""

    def __init__(self, path: str, held: dict[str, Any], beside: int | None = None) -> None:
        self.held, self.selector = held, selectors.DefaultSelector()
        self.beside = beside  # the server of the judges, which is no kernel's leftover
        self.clients: list[_Client] = []
        self.listening = socket.socket(socket.AF_UNIX)
        mask = os.umask(0o077)
        self.listening.bind(path)
        os.umask(mask)
        self.listening.listen(64)
        # Not a signal at the parent's death: that one comes at the death of the *thread* it was.
        self.selector.register(0, selectors.EVENT_READ, self._end)
        self.selector.register(self.listening, selectors.EVENT_READ, self._accept)

    def serve(self) -> None:
        """Serve until the process is ended."""
        while True:
            for key, _ in self.selector.select():
                # What came before it in this round may have closed it, and another may be there.
                if self.selector.get_map().get(key.fd) is key:
                    key.data()

    def _accept(self) -> None:
        conn, _ = self.listening.accept()
        if hasattr(socket, "SO_PEERCRED"):
            raw = conn.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
            if struct.unpack("3i", raw)[1] != os.getuid():
                conn.close()
                return
        client = _Client(conn)
        self.selector.register(conn, selectors.EVENT_READ, lambda: self._hear(client))

    def _hear(self, client: _Client) -> None:
        """Take what has come of a request; whoever does not go on with one keeps nobody waiting."""
        try:
            data, fds, _, _ = socket.recv_fds(client.conn, REQUEST_BYTES, 4, socket.MSG_DONTWAIT)
            client.fds += fds
            *lines, client.heard = (client.heard + data).split(b"\n")
            requests = [json.loads(line) for line in lines]
        except BlockingIOError:
            return
        except (OSError, ValueError):
            data, requests = b"", []
        if not data or len(client.heard) > REQUEST_BYTES:
            self._leave(client)
            return
        for request in requests:
            if "signal" in request:
                self._kill(client, request["signal"])
            else:
                fds, client.fds = client.fds, []
                self._fork(client, request, fds)

    def _leave(self, client: _Client) -> None:
        """Nobody speaks at the other end any more, or it is nobody who knows how."""
        self.selector.unregister(client.conn)
        client.conn.close()
        for fd in client.fds:
            os.close(fd)
        self._kill(client, signal.SIGKILL)

    def _fork(self, client: _Client, request: dict, fds: list[int]) -> None:
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(read)
            launch.child(request, fds, write, self.held)  # never returns
        os.close(write)
        for fd in fds:
            os.close(fd)
        client.pid, client.read = pid, read
        client.swept = not request.get("whole_env")
        self.clients.append(client)
        ended = os.pidfd_open(pid)
        self.selector.register(read, selectors.EVENT_READ, lambda: self._ready(client))
        self.selector.register(ended, selectors.EVENT_READ, lambda: self._ended(client, ended))

    def _ready(self, client: _Client) -> None:
        read, client.read = client.read, None
        if read is None:
            return
        data = os.read(read, 1 << 16)
        self.selector.unregister(read)
        os.close(read)
        message = json.loads(data) if data else {"problem": "it ended before it was ready"}
        with contextlib.suppress(OSError, ValueError, IndexError):
            path = f"/proc/{client.pid}/task/{client.pid}/children"
            client.inner = int(Path(path).read_text().split()[0])
        self._tell(client, {"ready": "problem" not in message, "pid": client.pid} | message)

    def _ended(self, client: _Client, ended: int) -> None:
        self.selector.unregister(ended)
        os.close(ended)
        _, status = os.waitpid(client.pid or 0, 0)
        if client.read is not None:  # it ended before it was ready; that comes first
            self._ready(client)
        client.pid = client.inner = None
        self.clients.remove(client)
        if client.swept:
            self._sweep()
        self._tell(client, {"exit": os.waitstatus_to_exitcode(status)})

    def _sweep(self) -> None:
        """End what ended kernels have left behind: without a sandbox it comes to this process."""
        end = time.monotonic() + SWEEP_S
        while time.monotonic() < end:
            known = {client.pid for client in self.clients} | {self.beside}
            left = [pid for pid in _children() if pid not in known]
            if not left:
                return
            for pid in left:
                with contextlib.suppress(ProcessLookupError, ChildProcessError):
                    os.kill(pid, signal.SIGKILL)
                    os.waitpid(pid, 0)

    def _end(self) -> None:
        """The grader is gone, or wants an end: nothing that was forked outlives this process."""
        for client in self.clients:
            self._kill(client, signal.SIGKILL)
        for pid in [client.pid for client in self.clients if client.pid is not None]:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)
        if all(client.swept for client in self.clients):
            self.clients = []
            self._sweep()
        if self.beside is not None:  # it has seen the same end, and waits for its own
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self.beside, 0)
        os._exit(0)

    @staticmethod
    def _tell(client: _Client, message: dict) -> None:
        with contextlib.suppress(OSError):
            client.conn.sendall(json.dumps(message).encode() + b"\n")

    @staticmethod
    def _kill(client: _Client, number: int) -> None:
        for pid in (client.inner, client.pid if number == signal.SIGKILL else None):
            if pid is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
        if client.inner is None and client.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                (os.killpg if number == signal.SIGKILL else os.kill)(client.pid, number)


def main() -> None:
    """Read what to prepare from standard input, say how it went, and serve.

    Standard input stays open as long as the grader lives; its end is the server's end.
    """
    asked = json.loads(sys.stdin.readline())
    try:
        held = prepare(asked["preload"], asked["prefix"])
    except launch.PrefixError as error:
        print(json.dumps({"problem": str(error)}), flush=True)
        sys.exit(3)
    if held["problem"]:
        print(json.dumps({"problem": held["problem"], "threads": True}), flush=True)
        sys.exit(4)
    gc.collect()
    gc.freeze()
    pid, problem = None, None
    if asked["exercises"]:
        pid, problem = _serve_judges(str(Path(sys.argv[1], "judges")), held, asked["exercises"])
    if problem:
        print(json.dumps({"problem": problem}), flush=True)
        sys.exit(3)
    launch.adopt_orphans()
    server = Server(str(Path(sys.argv[1], "warm")), held, pid)
    print(json.dumps({"outputs": held["outputs"], "judges": pid is not None}), flush=True)
    server.serve()


def _serve_judges(path: str, held: dict[str, Any], exercises: Sequence[str]) -> tuple[int, str]:
    """Fork the server of the judges; its number, and what keeps it from serving, if anything does."""
    read, write = os.pipe()
    grader = os.getpid()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(read)
            launch.die_with_parent()
            if os.getppid() != grader:  # it had ended before that
                os._exit(1)
            os.dup2(2, 1)  # the other one's, and what the grader reads
            problem = _more_threads_with(exercises)
            if problem:
                os.write(write, problem.encode())
                os._exit(1)
            gc.freeze()
            server = Server(path, held)
            os.close(write)
            server.serve()
        finally:
            os._exit(1)
    os.close(write)
    with open(read, "rb") as said:
        problem = said.read().decode()
    if not os.path.exists(path):
        problem = problem or "the server of the judges ended before it was ready"
    return pid, problem


def _more_threads_with(exercises: Sequence[str]) -> str | None:
    """Import the checks; what is wrong then, if anything is."""
    try:
        load_checks(exercises)
    except CheckError as error:
        return str(error)
    return _more_threads()


if __name__ == "__main__":
    main()
