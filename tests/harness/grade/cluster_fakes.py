"""A session that goes to a worker as text and grades there by what a submission's file says."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

from distributed import Worker, WorkerPlugin
from nbformat.v4 import new_code_cell, new_notebook, new_output

from harness.grade import cluster_worker, session
from harness.grade.submissions import Submission
from harness.grade.verdicts import CellVerdict, GradedSubmission, Report
from harness.kernels.client import WarmError
from harness.sandbox import Level


class SentSession:
    """Args:
    folder: where its graders write down what they do.
    fails: what opening it says, if it fails.
    """

    def __init__(
        self,
        folder: Path,
        lesson: str = "02",
        level: Level = Level.NONE,
        digest: str = "d",
        fails: str = "",
    ) -> None:
        self.folder, self.lesson, self.level, self.fails = Path(folder), lesson, level, fails
        self.digest = self.checks_digest = digest

    def to_json(self) -> str:
        """Its text for a worker."""
        return json.dumps([str(self.folder), self.lesson, self.level, self.digest, self.fails])

    @contextlib.contextmanager
    def open(self) -> Iterator[SimpleNamespace]:
        """What a warm parent would be: its end is written down, too."""
        if self.fails:
            raise WarmError(self.fails)
        self._note("opened")
        try:
            yield SimpleNamespace(note=None, grader=lambda: SimpleNamespace(grade=self._grade))
        finally:
            self._note("closed")

    def _note(self, text: str) -> None:
        with open(self.folder / "log", "a") as log:
            log.write(f"{text} {os.getpid()}\n")

    def _grade(
        self, student: str, path: Path, only: frozenset[str] | None = None
    ) -> GradedSubmission:
        return by_text(Submission(student, path, only), self.folder)


def restore(text: str) -> SentSession:
    """The session again, in a worker."""
    folder, lesson, level, digest, fails = json.loads(text)
    return SentSession(Path(folder), lesson, Level(level), digest, fails)


def restore_other(text: str) -> SentSession:
    """A session of a worker whose checks are others."""
    session = restore(text)
    session.checks_digest = "other"
    return session


def lack_isolation(reason: str) -> None:
    """From here on this worker gives no isolation, for this reason; for none, what it gave before."""

    def refuse(wanted: str) -> Level:
        raise session.NoIsolation(reason)

    cluster_worker.choose_level = refuse if reason else session.choose_level


class NewcomersLackIsolation(WorkerPlugin):
    """Dask gives it to each worker that comes, before that worker is asked anything."""

    name = "newcomers"

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def setup(self, worker: Worker) -> None:
        """The worker has come."""
        lack_isolation(self.reason)

    def teardown(self, worker: Worker) -> None:
        """It is to be as it was."""
        lack_isolation("")


def close_when_idle_for(seconds: float) -> None:
    """From here on this worker closes a lesson that nobody has asked for so many seconds."""
    cluster_worker.IDLE_S = seconds


def by_text(one: Submission, folder: Path) -> GradedSubmission:
    """Do what the submission's file says: `die`, `die once`, `hang`, `sleep S`; then give it a point."""
    files = sorted(one.path.iterdir()) if one.path.is_dir() else [one.path]
    text = files[0].read_text()
    word, _, rest = text.partition(" ")
    if word == "die" and (rest != "once" or not (folder / f"died-{one.student}").exists()):
        (folder / f"died-{one.student}").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    if word == "hang" and (rest != "once" or not (folder / f"hung-{one.student}").exists()):
        (folder / f"hung-{one.student}").touch()
        time.sleep(3600)
    if word == "sleep":
        time.sleep(float(rest))
    if word == "raise":
        raise RuntimeError(rest)
    cell = CellVerdict("check_a", "passed", 1.0, 1.0, f"{text} \udcfc {sorted(one.only or ())}")
    report = Report(one.student, "02", one.path.name, "graded", (cell,), seconds=1.5, own_s=0.5)
    shown = new_output("stream", text=text)
    notebook = new_notebook(cells=[new_code_cell(text, outputs=[shown], id="one")])
    return GradedSubmission(report, notebook)
