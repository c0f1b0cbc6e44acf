"""Kernels forked from a warm parent for whoever uses jupyter_client: papermill, nbclient, JupyterLab.

A kernelspec names it (`harness.kernels.kernelspec`). One warm parent serves a whole process; the
first kernel waits for its imports, all others start at once.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import sys
import threading
from typing import Any

from jupyter_client.provisioning import LocalProvisioner

from harness.kernels.client import Child, WarmParent, can_fork

_lock = threading.Lock()
_parent: WarmParent | None = None


def warm_parent() -> WarmParent:
    """This process's warm parent, started when it is first asked for and ended at exit."""
    global _parent
    with _lock:
        if _parent is None:
            _parent = WarmParent().__enter__()
            atexit.register(_parent.close)
        return _parent


class _Process:
    """A forked kernel with the part of `subprocess.Popen` that provisioners use."""

    stdin = stdout = stderr = None

    def __init__(self, child: Child) -> None:
        self._child, self.pid = child, child.pid

    def poll(self) -> int | None:
        return self._child.poll()

    def wait(self, timeout: float | None = None) -> int | None:
        return self._child.wait(timeout)

    def send_signal(self, number: int) -> None:
        self._child.signal(number)

    def kill(self) -> None:
        self._child.kill()

    terminate = kill


class WarmProvisioner(LocalProvisioner):
    """Forks a kernel from the warm parent; where that cannot be, starts one as ever, and says so.

    The kernel has the environment and the working folder that it is given, and no prefix. What it
    prints to file descriptors 1 and 2 goes nowhere; `print` is shown as ever.
    """

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Start the kernel; ready when this returns."""
        if not can_fork():
            self.log.warning(
                "Kernels are not forked on %s: this one starts as usual, seconds slower.",
                sys.platform,
            )
            return await super().launch_kernel(cmd, **kwargs)
        info: dict[str, Any] = dict(self.connection_info)
        if isinstance(info.get("key"), bytes):
            info["key"] = info["key"].decode()
        cwd = os.path.abspath(kwargs.get("cwd") or os.getcwd())
        env = dict(kwargs.get("env") or os.environ)

        def fork() -> Child:
            return warm_parent().start_kernel(info, cwd, env, whole_env=True)

        child = await asyncio.to_thread(fork)
        process: Any = _Process(child)  # the part of Popen that provisioners use
        self.process, self.pid, self.pgid = process, child.pid, None
        return self.connection_info
