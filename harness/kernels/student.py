"""The student's kernel as the grader sees it: cells go in, bounded outputs come back.

What comes from it is hostile: messages are matched to the cell they answer, their size is bounded
before they are parsed, and one that cannot be read is dropped. Nothing is read but while a cell runs.
"""

from __future__ import annotations

import contextlib
import shutil
import signal
import socket
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import zmq
from jupyter_client.connect import LocalPortCache
from jupyter_client.session import DELIM, Session
from nbformat import NotebookNode
from nbformat.v4 import output_from_msg

from harness import scratch
from harness.kernels.interface import KernelParent, KernelProcess
from harness.kernels.wire import Cut, TooLarge, Wire
from harness.limits import Limits
from harness.sandbox import Box

_OUTPUTS = {"stream", "display_data", "execute_result", "error"}
MESSAGE_BYTES = 8 << 20
READY_S = 30.0
_GONE_S = 5.0  # from the end of a process's connections to its own
_HEADERS = 8 << 10  # of a message, which are not counted as what it shows
_DEEPEST = 100  # of what an output holds
_NOTHING: dict[str, Any] = {"msg_type": "", "parent_header": {}, "content": {}}


_REQUEST: dict[str, Any] = {
    "silent": False,
    "store_history": True,
    "user_expressions": {},
    "allow_stdin": False,
    "stop_on_error": False,
}


class Lost(Exception):
    """The student's process is gone or had to be ended; the message says why, for the student.

    `ended`: whether it ended by itself.
    """

    def __init__(self, message: str, ended: bool = False) -> None:
        super().__init__(message)
        self.ended = ended


class NotStarted(RuntimeError):
    """A kernel was lost before it had run anything of the student's: no fault of theirs."""


@dataclass
class Ran:
    """What running one cell gave."""

    outputs: list[NotebookNode] = field(default_factory=list)
    error: str | None = None


class StudentKernel:
    """One student's kernel, from start to end. Use it as a context manager.

    Args:
        parent: what starts it.
        make_box: gives its sandbox from its socket folder and its work folder; None for none.
        limits: what it may use.
        channel: the socket on which its agent answers the judge.
        files: a folder whose files lie beside the notebook when it runs.
        cached: what the course has kept on disk is among these files; else it finds nothing of it.
    """

    def __init__(
        self,
        parent: KernelParent,
        make_box: Callable[[str, str], Box | None],
        limits: Limits,
        channel: socket.socket | None,
        files: Path | None = None,
        *,
        cached: bool = False,
    ) -> None:
        self.files, self.cached = files, cached
        self.parent, self.make_box, self.limits, self.channel = parent, make_box, limits, channel
        self.printed = 0
        self.wires: dict[str, Wire] = {}
        self.folder = ""
        # Both are there from `__enter__` to `__exit__`.
        self.session: Session = None  # type: ignore[assignment] # see above
        self.child: KernelProcess = None  # type: ignore[assignment] # see above

    def __enter__(self) -> StudentKernel:
        # Unix socket paths are short: about 100 bytes.
        self.folder = str(scratch.make())
        try:
            self._start()
        except Lost as error:
            self.__exit__()
            raise NotStarted(str(error)) from error
        except BaseException:
            self.__exit__()
            raise
        return self

    def _start(self) -> None:
        sockets = Path(self.folder, "s")
        sockets.mkdir(mode=0o700)
        connection = _connection(sockets)
        work = Path(self.folder, "w")
        work.mkdir(mode=0o700)
        if self.files is not None:
            shutil.copytree(self.files, work, dirs_exist_ok=True)
        home = Path(self.folder, "h")  # where there is no box
        home.mkdir(mode=0o700)
        self.child = self.parent.start_kernel(
            connection,
            str(work),
            {"HOME": str(home)} | ({"COURSE_CACHE": str(work)} if self.cached else {}),
            self.make_box(str(sockets), str(work)),
            self.channel,
        )
        self.session = Session(
            key=connection["key"].encode(), signature_scheme=connection["signature_scheme"]
        )
        # Once, before any code of the student's has run: later another may bear the socket's name.
        for name, kind in (("shell", "DEALER"), ("iopub", "SUB")):
            try:
                self.wires[name] = Wire(_address(connection, name), kind, READY_S)
            except Cut as error:
                raise Lost(f"the kernel does not answer: {error}") from error
        self._await_iopub()

    def _await_iopub(self) -> None:
        """Until the subscription stands, what a cell prints would be lost."""
        end = time.monotonic() + READY_S
        while time.monotonic() < end:
            self._ask("kernel_info_request", {})
            if self._read(0.1) is not None:
                return
            self._alive()
        raise Lost(f"the kernel was not ready after {READY_S:.0f} s")

    def __exit__(self, *exc: object) -> None:
        try:
            if self.child is not None:
                self.child.kill()
        finally:
            for wire in self.wires.values():
                wire.close()
            self.wires = {}
            if self.folder:
                scratch.remove(Path(self.folder))
            self.child = self.session = None  # type: ignore[assignment] # see above
            self.folder = ""

    def settle(self, seconds: float) -> None:
        """Wait whether what was run ends the process a little later.

        Raises:
            Lost: it does.
        """
        code = self.child.wait(seconds)
        if code is not None:
            raise Lost(_ending(code), ended=True)

    def ended(self, seconds: float) -> bool:
        """Whether the process ends within so many seconds."""
        return self.child.wait(seconds) is not None

    def _alive(self, seconds: float = 0.0) -> None:
        code = self.child.wait(seconds)
        if code is not None:
            raise Lost(_ending(code), ended=True)

    def _ask(self, kind: str, content: dict) -> str:
        """Send a request and return its id."""
        message = self.session.msg(kind, content)
        with self._connected():
            self.wires["shell"].send(self.session.serialize(message), READY_S)
        return message["header"]["msg_id"]

    def _read(self, timeout: float) -> dict | None:
        """The next message on what runs and what is shown; None if there is none in time."""
        with self._connected():
            received = self.wires["iopub"].receive(timeout, MESSAGE_BYTES)
        if received is None:
            return None
        parts = received[received.index(DELIM) + 1 :] if DELIM in received else []
        # A signature, three headers and what is shown; binary buffers behind these are not kept.
        self._count(sum(map(len, parts[4:5])) + max(0, sum(map(len, parts[:4])) - _HEADERS))
        try:
            return self.session.deserialize(parts)
        except Exception:  # unreadable: whatever it was, it is not an answer
            return _NOTHING

    @contextlib.contextmanager
    def _connected(self) -> Iterator[None]:
        try:
            yield
        except TooLarge:
            self._count(self.limits.output_bytes + 1)
        except Cut as error:
            self._alive(_GONE_S)
            raise Lost("the notebook's process has closed its connection to the grader") from error

    def hold(self, held: bool) -> None:
        """Stop the process where it is, or let it go on; where there is no such signal it goes on."""
        number = getattr(signal, "SIGSTOP" if held else "SIGCONT", None)
        if number is not None:
            self.child.signal(number)

    def run(self, source: str, seconds: float) -> Ran:
        """Run one cell.

        Raises:
            Lost: the process died, printed too much or did not stop in time.
        """
        asked = self._ask("execute_request", _REQUEST | {"code": source})
        ran, end, interrupted = Ran(), time.monotonic() + seconds, False
        while True:
            left = end - time.monotonic()
            if left <= 0:
                if interrupted:
                    raise Lost(
                        f"the cell ran longer than {seconds:.0f} s and could not be interrupted"
                    )
                interrupted, end = True, time.monotonic() + 2.0
                self.child.signal(signal.SIGINT)
                continue
            message = self._read(min(left, 0.5))
            if message is None:
                self._alive()
                continue
            kind, content = message.get("msg_type"), message.get("content")
            parent = message.get("parent_header")
            if not isinstance(parent, dict) or parent.get("msg_id") != asked:
                continue
            if kind == "status" and (content or {}).get("execution_state") == "idle":
                break
            if kind in _OUTPUTS:
                self._keep(message, ran)
        if interrupted:
            ran.error = f"the cell ran longer than {seconds:.0f} s and was interrupted"
        return ran

    def _count(self, size: int) -> None:
        self.printed += size
        if self.printed > self.limits.output_bytes:
            raise Lost(f"the notebook printed more than {self.limits.output_bytes >> 20} MiB")

    @staticmethod
    def _keep(message: dict, ran: Ran) -> None:
        try:
            if _deeper(message["content"], _DEEPEST):
                return
            output = output_from_msg(message)
            if output.output_type == "error":
                ran.error = f"{str(output.ename)[:80]}: {str(output.evalue)[:500]}"
            ran.outputs.append(output)
        except Exception:  # a message without the parts of its kind is no output
            return


def _deeper(value: Any, most: int) -> bool:
    """Whether lists and dictionaries nest deeper than that in a value."""
    here = [value]
    for _ in range(most):
        here = [
            inner
            for outer in here
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, list | dict)
        ]
        if not here:
            return False
    return True


def _address(connection: dict[str, Any], name: str) -> str | tuple[str, int]:
    """Where the kernel listens on a socket, as `_connection` has told it."""
    number = connection[f"{name}_port"]
    if connection["transport"] == "ipc":
        return f"{connection['ip']}-{number}"
    return connection["ip"], number


def _connection(sockets: Path) -> dict[str, Any]:
    """Where the kernel is to listen: sockets in a folder, or on Windows ports of this machine."""
    names = [f"{name}_port" for name in ("shell", "iopub", "stdin", "control", "hb")]
    where: dict[str, Any] = {"transport": "ipc", "ip": str(sockets / "k")}
    where |= {name: number for number, name in enumerate(names, 1)}
    if not zmq.has("ipc"):
        ports = LocalPortCache.instance()
        where = {"transport": "tcp", "ip": "127.0.0.1"}
        where |= {name: ports.find_available_port("127.0.0.1") for name in names}
    key = uuid.uuid4().hex
    return where | {"signature_scheme": "hmac-sha256", "key": key, "kernel_name": "warm"}


def _ending(code: int) -> str:
    if code < 0 or code > 128:
        number = -code if code < 0 else code - 128
        name = signal.Signals(number).name if number in set(signal.Signals) else str(number)
        return f"the notebook's process was ended by {name}"
    return f"the notebook ended its own process (exit code {code})"
