"""The judge's process as the grader sees it."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Sequence

from harness.judge import handing, messages
from harness.kernels.interface import KernelParent

ANSWER_S = 10.0
MOST_S = 900.0  # that a check may ask for at once


class JudgeDied(RuntimeError):
    """The judge ended or was late: what the check was given took all its memory or time."""


class JudgeClient:
    """A judge of one submission, from start to end.

    Args:
        parent: what starts it.
        cwd: its working folder.
        channel: the socket to the agent in the student's process.
        memory: the bytes that it may take beyond what it starts with; None for no limit.
    """

    def __init__(
        self, parent: KernelParent, cwd: str, channel: socket.socket, memory: int | None = None
    ) -> None:
        self.control, theirs = socket.socketpair()
        with theirs:
            self.process = parent.start_judge(cwd, channel, theirs, memory)

    def run(
        self,
        source: str,
        names: Sequence[str],
        *,
        grade_id: str | None,
        hidden: bool,
        call_s: float,
        seconds: float,
        over: Sequence[str] = (),
        fresh: Callable[[dict], tuple[socket.socket, int] | str] | None = None,
    ) -> dict:
        """Run one trusted cell and return its outcome (see `examiner.Examiner.run`).

        Args:
            names: what the cell may take from the student's process.
            over: those of them that are the student's although a cell of ours gives them too.
            call_s: seconds that one call of a student's function may take; `seconds`: the cell.
            fresh: starts a fresh process of the student's as a check wants it (see
                `proxy.Remote.afresh`), and returns the socket to it and the size of the text that it
                has run, or why there is none.

        Raises:
            JudgeDied: there was no answer.
        """
        deadline = time.monotonic() + seconds
        request = {
            "op": "run",
            "grade_id": grade_id,
            "source": source,
            "names": list(names),
            "over": list(over),
            "call_s": call_s,
            "hidden": hidden,
        }
        try:
            messages.send(self.control, request, deadline)
            answer = messages.receive(self.control, deadline, messages.CONTROL_BYTES)
            while "ask" in answer:
                deadline += self._serve(answer["ask"], fresh)
                answer = messages.receive(self.control, deadline, messages.CONTROL_BYTES)
        except messages.Late as error:
            raise JudgeDied("the check took too long: it was ended") from error
        except messages.Closed as error:
            raise JudgeDied("the check's own process ended, with what it was given") from error
        except messages.MessageError as error:
            raise JudgeDied("the check gave no readable answer") from error
        return answer["ok"]

    def _serve(
        self, asked: dict, fresh: Callable[[dict], tuple[socket.socket, int] | str] | None
    ) -> float:
        """Give the judge what it asks for, and return by how many seconds its check may take longer."""
        began = time.monotonic()
        if asked["op"] == "time":
            messages.send(self.control, {"given": True}, began + ANSWER_S)
            return min(float(asked["seconds"]), MOST_S)
        made = fresh(asked) if fresh is not None else "nobody starts fresh processes here"
        took = time.monotonic() - began
        deadline = time.monotonic() + ANSWER_S
        if isinstance(made, str):
            messages.send(self.control, {"lost": made}, deadline)
            return took
        sock, size = made
        with sock:
            shared = handing.describe(sock, self.process.pid)
            messages.send(self.control, {"size": size, "shared": shared}, deadline)
            handing.hand(self.control, sock)
        return took

    def close(self) -> None:
        """End it."""
        self.process.kill()
        self.control.close()
