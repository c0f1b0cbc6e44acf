"""The judge's process as the grader sees it."""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence

from harness.judge import messages
from harness.kernels.interface import KernelParent


class JudgeDied(RuntimeError):
    """The judge ended, which no submission should be able to bring about."""


class JudgeClient:
    """A judge of one submission, from start to end.

    Args:
        parent: what starts it.
        cwd: its working folder.
        channel: the socket to the agent in the student's process.
    """

    def __init__(self, parent: KernelParent, cwd: str, channel: socket.socket) -> None:
        self.control, theirs = socket.socketpair()
        with theirs:
            self.process = parent.start_judge(cwd, channel, theirs)

    def run(
        self,
        source: str,
        names: Sequence[str],
        *,
        grade_id: str | None,
        hidden: bool,
        call_s: float,
        seconds: float,
    ) -> dict:
        """Run one trusted cell and return its outcome (see `examiner.Examiner.run`).

        Args:
            names: what the cell may take from the student's process.
            call_s: seconds that one call of a student's function may take; `seconds`: the cell.

        Raises:
            JudgeDied: there was no answer.
        """
        deadline = time.monotonic() + seconds
        request = {
            "op": "run",
            "grade_id": grade_id,
            "source": source,
            "names": list(names),
            "call_s": call_s,
            "hidden": hidden,
        }
        try:
            messages.send(self.control, request, deadline)
            answer = messages.receive(self.control, deadline, messages.CONTROL_BYTES)
        except (messages.MessageError, messages.Late, messages.Closed) as error:
            raise JudgeDied(f"the check gave no answer ({type(error).__name__})") from error
        return answer["ok"]

    def close(self) -> None:
        """End it."""
        self.process.kill()
        self.control.close()
