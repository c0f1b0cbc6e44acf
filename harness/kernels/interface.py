"""What starts kernels and judges, and a process that it started, as the grader sees them.

Two things start them: a warm parent that forks (`client.WarmParent`), and, where no fork is safe,
`spawned.SpawningParent`.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from types import TracebackType
from typing import Protocol, Self

from harness.sandbox import Box


class KernelProcess(Protocol):
    """A kernel's or a judge's process."""

    @property
    def pid(self) -> int | None:
        """The process's number."""

    @property
    def laps(self) -> dict[str, float]:
        """Seconds that its start was spent on, by what."""

    def poll(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait for the end; None if it did not come in `timeout` seconds."""

    def signal(self, number: int) -> None:
        """Send a signal; nothing happens if it has ended."""

    def kill(self) -> None:
        """End it and wait until it is gone."""


class KernelParent(Protocol):
    """Starts kernels and judges; used as a context manager, at whose end all of them are ended.

    `prefix_ok` tells whether the lesson's leading cells have been run here once for all, and
    `prefix_outputs` what each of them showed; `note` is what a user should know, if anything.
    """

    @property
    def prefix_ok(self) -> bool: ...

    @property
    def prefix_outputs(self) -> Sequence[list[dict]]: ...

    @property
    def note(self) -> str | None: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def start_kernel(
        self,
        connection: dict,
        cwd: str,
        env: dict[str, str],
        box: Box | None = None,
        channel: socket.socket | None = None,
        whole_env: bool = False,
    ) -> KernelProcess:
        """Start a kernel that listens where `connection` says; ready when this returns.

        Args:
            env: set in its environment; with `whole_env` it is the environment.
            box: its sandbox.
            channel: the socket on which its agent answers the judge.
        """

    def start_judge(
        self, cwd: str, channel: socket.socket, control: socket.socket, memory: int | None = None
    ) -> KernelProcess:
        """Start a judge between these two sockets: the agent's and the grader's.

        Args:
            memory: the bytes that it may take beyond what it starts with; None for no limit.
        """
