"""What happens in a process that was just forked from the warm parent."""

from __future__ import annotations

import contextlib
import ctypes
import io
import itertools
import json
import os
import random
import re
import signal
import socket
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any, NoReturn


class PrefixError(RuntimeError):
    """A cell of the prefix ended in an error."""


def die_with_parent() -> None:
    """Be killed when the parent ends (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, int(signal.SIGKILL), 0, 0, 0)


def adopt_orphans() -> None:
    """Become the parent of what children leave behind, so that it can be ended (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)


def bound(memory: int | None) -> None:
    """Let this process take so many bytes more than it has now, where the system can (Linux)."""
    if memory is None or sys.platform != "linux":
        return
    import resource

    pages = int(Path("/proc/self/statm").read_text().split()[0])
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    most = pages * resource.getpagesize() + memory
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def run_prefix(prefix: list[dict]) -> dict[str, Any]:
    """Run trusted cells once; kernels start from the names they leave."""
    from harness.judge.shell import shell

    namespace: dict[str, Any] = {"__name__": "__main__"}
    outputs = []
    with shell(namespace) as ours:
        for number, cell in enumerate(prefix):
            shown: list[dict] = []
            ours.display_pub.outputs = shown
            _show_results(ours.displayhook, shown)
            with (
                contextlib.redirect_stdout(_Stream("stdout", shown)),
                contextlib.redirect_stderr(_Stream("stderr", shown)),
            ):
                done = ours.run_cell(cell["source"], store_history=False)
            error = done.error_before_exec or done.error_in_exec
            if error is not None:
                raise PrefixError(
                    f"cell {cell.get('grade_id') or number} of the lesson fails before any answer: "
                    f"{type(error).__name__}: {error}"
                )
            finished = [o for o in map(_output, shown) if o.get("text") != ""]
            outputs.append(json.loads(json.dumps(finished, default=repr)))
        kept = {
            k: v for k, v in ours.user_ns.items() if k not in ours.user_ns_hidden or k in namespace
        }
    for name in ("get_ipython", "exit", "quit", "In", "Out", "_ih", "_oh", "_dh", "open"):
        kept.pop(name, None)
    return {"namespace": kept, "outputs": outputs}


class _Stream(io.TextIOBase):
    """A standard stream whose text stands between what is displayed, as in a notebook."""

    def __init__(self, name: str, shown: list[dict]) -> None:
        self.shown, self.stream = shown, name

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        last = self.shown[-1] if self.shown else {}
        if last.get("name") == self.stream:
            last["text"] += text
        elif text:
            self.shown.append({"output_type": "stream", "name": self.stream, "text": text})
        return len(text)


def _show_results(hook: Any, shown: list[dict]) -> None:
    """Keep the value of a cell's last line as an output instead of printing it."""

    def keep(data: dict, metadata: dict | None = None) -> None:
        output = {"output_type": "execute_result", "execution_count": None}
        shown.append(output | {"data": data, "metadata": metadata or {}})

    hook.write_output_prompt = hook.finish_displayhook = lambda: None
    hook.write_format_data = keep


def _output(shown: dict) -> dict:
    if shown.get("output_type") == "stream":
        # As a terminal shows it: what a progress bar has rewritten is gone.
        return shown | {"text": re.sub(r"[^\n]*\r(?!\n)", "", shown["text"])}
    if "output_type" in shown:
        return shown
    return {"output_type": "display_data", "data": shown["data"], "metadata": shown["metadata"]}


def child(request: dict, fds: list[int], ready: int, held: dict[str, Any]) -> NoReturn:
    """Become a kernel or a judge; never returns."""
    try:
        _forget([*fds, ready])
        os.setsid()
        die_with_parent()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.set_wakeup_fd(-1)
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
    except BaseException as error:
        _fail(ready, error)
    become(request, fds, ready, held)


def become(request: dict, fds: list[int], ready: int, held: dict[str, Any]) -> NoReturn:
    """Be what the request names, in a process that has nothing of another's; never returns."""
    try:
        _standard_streams()
        {"kernel": _kernel, "judge": _judge}[request["become"]](request, fds, ready, held)
    except BaseException as error:
        _fail(ready, error)
    os._exit(70)


def _fail(ready: int, error: BaseException) -> NoReturn:
    try:
        text = {
            "problem": f"{type(error).__name__}: {error}",
            "trace": traceback.format_exc()[-3000:],
        }
        with contextlib.suppress(OSError):
            os.write(ready, json.dumps(text).encode() + b"\n")
    finally:
        os._exit(70)


def _forget(keep: list[int]) -> None:
    """Drop every descriptor of the warm parent's but these."""
    for fd in map(
        int, os.listdir("/proc/self/fd" if os.path.isdir("/proc/self/fd") else "/dev/fd")
    ):
        if fd > 2 and fd not in keep:
            with contextlib.suppress(OSError):
                os.close(fd)


def _standard_streams() -> None:
    """Standard streams go nowhere."""
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    os.close(null)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - they stay open
    for name, fd in (("stdout", 1), ("stderr", 2)):
        stream = open(fd, "w", closefd=False)  # noqa: SIM115
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _judge(request: dict, fds: list[int], ready: int, held: dict[str, Any]) -> None:
    from harness.judge import examiner

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["NBGRADER_EXECUTION"] = "autograde"
    os.chdir(request["cwd"])
    bound(request.get("memory"))
    channel, control = (socket.socket(fileno=fd) for fd in fds)
    _say(ready, {})
    examiner.main(control, channel, held["namespace"])
    os._exit(0)


def _kernel(request: dict, fds: list[int], ready: int, held: dict[str, Any]) -> None:
    laps = [("start", time.monotonic())]
    box = None
    if request.get("box"):
        from harness import sandbox

        box = sandbox.Box.from_json(request["box"])
        sandbox.enter(box)
        laps.append(("sandbox", time.monotonic()))
    if request.get("whole_env"):
        os.environ.clear()
        os.environ.update(request["env"])
        home = tempfile.mkdtemp(prefix="kernel-")
    else:
        home = box.home if box is not None else request["env"].get("HOME")
        home = home or tempfile.mkdtemp(prefix="home-")
        for name in [n for n in os.environ if n.startswith("COURSE_") and n != "COURSE_HEADLESS"]:
            del os.environ[name]  # folders of the grader's
        os.environ.update(request["env"])
        os.environ.update(HOME=home, IPYTHONDIR=home, TMPDIR=home)
        os.environ["COURSE_CHECKS"] = "elsewhere"
        os.environ["NBGRADER_EXECUTION"] = "autograde"
    tempfile.tempdir = None
    with contextlib.suppress(OSError):
        os.chdir(request["cwd"])
    _reseed()
    file = Path(home, f"kernel-{os.getpid()}.json")
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
        json.dump(request["connection"], handle)
    sys.argv = ["ipykernel_launcher.py"]
    from ipykernel.kernelapp import IPKernelApp

    app = IPKernelApp.instance()
    app.parent_handle = 0
    if held["namespace"] and request.get("prefix", True):
        app.user_ns = held["namespace"]
    app.initialize(
        [
            *("-f", str(file), "--HistoryManager.enabled=False", "--log-level=40"),
            # Longer messages would be sent without a copy, by a thread that cannot be started in a box.
            f"--Session.copy_threshold={1 << 40}",
        ]
    )
    laps.append(("ipykernel", time.monotonic()))
    file.unlink(missing_ok=True)
    if request.get("whole_env"):
        os.rmdir(home)
    else:
        from harness.kernels import refused

        refused.refuse(app.kernel.shell)
    if fds:
        from harness.judge import agent

        agent.install(socket.socket(fileno=fds[0]), app.kernel.shell.user_ns)
    if box is not None:
        sandbox.close(box)
    took = {name: round(now - then, 4) for (_, then), (name, now) in itertools.pairwise(laps)}
    _say(ready, {"laps": took})
    app.start()
    os._exit(0)


def _reseed() -> None:
    """What a fresh interpreter would have of its own."""
    random.seed(os.urandom(16))
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(int.from_bytes(os.urandom(4), "little"))
    if "torch" in sys.modules:
        sys.modules["torch"].seed()


def _say(ready: int, message: dict) -> None:
    os.write(ready, json.dumps(message).encode() + b"\n")
    os.close(ready)
