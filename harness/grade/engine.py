"""Many submissions at once: the protocol of an engine, the one of this machine, and a whole run.

An engine gets a session and submissions and gives graded submissions. It knows neither the journal nor
the gradebook: both stay with the one who asked.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import threading
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from harness.grade.copies import Copies
from harness.grade.grader import Grader
from harness.grade.journal import Journal, fingerprint
from harness.grade.session import Session
from harness.grade.submissions import Submission
from harness.grade.verdicts import GradedSubmission, Report
from harness.limits import Limits
from harness.parallel import finished
from lib._places import cache_folder

TRIES = 3
OWN_BYTES = 1 << 30  # measured: 564 MiB for a notebook with 200 MiB of output


class Engine(Protocol):
    """Grades many submissions at once."""

    def grade(
        self, session: Session, submissions: Sequence[Submission]
    ) -> Generator[tuple[int, GradedSubmission], None, None]:
        """Grade the submissions; give each one's place in the sequence and what came of it.

        They come in the order in which they are finished, each exactly once. A submission that could
        not be graded by the engine's own fault comes with that `fault`. Closing the generator ends
        all work.
        """
        ...


@dataclass(frozen=True)
class LocalEngine:
    """Grades on this machine: one warm parent, and a thread for each submission in work.

    The work is in other processes, so that threads suffice here.

    Args:
        jobs: submissions at once.
        say: told what a user should know of how it is done here.
    """

    jobs: int = 1
    say: Callable[[str], None] = lambda text: None

    def grade(
        self, session: Session, submissions: Sequence[Submission]
    ) -> Generator[tuple[int, GradedSubmission], None, None]:
        """See `Engine`."""
        if not submissions:
            return
        local = threading.local()
        with session.open() as opened, ThreadPoolExecutor(max_workers=self.jobs) as pool:
            if opened.note:
                self.say(opened.note)

            def one(numbered: tuple[int, Submission]) -> GradedSubmission:
                if not hasattr(local, "grader"):
                    local.grader = opened.grader()
                return graded(local.grader, numbered[1], session.lesson)

            # Twice as many as are in work, so that none waits for who takes the results.
            todo = finished(pool, one, enumerate(submissions), 2 * self.jobs)
            with contextlib.closing(todo):
                for (number, _), future in todo:
                    yield number, future.result()


def choose(
    submissions: int,
    jobs: int | None = None,
    say: Callable[[str], None] = lambda text: None,
    cluster: Engine | None = None,
) -> Engine:
    """The engine of a run over so many submissions; the one place where commands get one.

    Args:
        jobs: submissions at once; by default what cores and memory allow.
        say: see `LocalEngine`.
        cluster: a cluster that is connected, if one was asked for (`ClusterEngine`).
    """
    return cluster or LocalEngine(jobs or default_jobs(submissions), say)


def graded(grader: Grader, submission: Submission, lesson: str) -> GradedSubmission:
    """Grade one submission; what goes wrong in the grader itself `TRIES` times is its `fault`."""
    fault = ""
    for _ in range(TRIES):
        try:
            return grader.grade(submission.student, submission.path, submission.only)
        except Exception as error:  # one submission never stops the others
            fault = f"{type(error).__name__}: {error}"
    return fault_of(submission, lesson, fault)


def fault_of(submission: Submission, lesson: str, fault: str) -> GradedSubmission:
    """What is given of a submission that the grader itself could not finish; it is no grade."""
    report = Report(
        submission.student,
        lesson,
        submission.path.name,
        "ungradable",
        reason=f"The grader could not finish it ({fault}).",
        ask="Nothing: the teacher looks at it.",
    )
    return GradedSubmission(report, None, fault)


def grade_all(
    session: Session,
    submissions: Iterable[Submission],
    engine: Engine,
    *,
    journal: Journal | None = None,
    tell: Callable[[Report], None] = lambda report: None,
) -> list[Report]:
    """Grade the submissions and return the reports in the given order.

    Each is copied first, so that what is journalled is what was graded, whatever becomes of the file
    meanwhile.

    Args:
        journal: what is in it is not graded again.
        tell: called with each report as it is finished.
    """
    journal = journal or Journal(None)
    todo: list[tuple[int, Submission, str | None, str]] = []
    reports: dict[int, Report] = {}
    with Copies() as copies:
        for number, submission in enumerate(submissions):
            copy = copies.take(submission)
            key = _key(session, copy) if copy is not submission else None
            place = _place(submission)
            known = key and journal.report(session.lesson, submission.student, key, place)
            if known:
                copies.drop(copy)
                reports[number] = known
                tell(known)
            else:
                todo.append((number, copy, key, place))
        with contextlib.closing(engine.grade(session, [one for _, one, *_ in todo])) as results:
            for at, result in results:
                number, copy, key, place = todo[at]
                if key is not None and not result.fault:
                    journal.add(session.lesson, copy.student, key, place, result.report)
                copies.drop(copy)
                reports[number] = result.report
                tell(result.report)
    return [reports[number] for number in sorted(reports)]


def _place(submission: Submission) -> str:
    return str(submission.path.absolute())


def _key(session: Session, submission: Submission) -> str | None:
    """What a report depends on; None for a submission that cannot be read."""
    try:
        return fingerprint(
            submission.path, submission.student, submission.path.name, session.digest
        )
    except OSError:
        return None


def journal_file(digest: str, submissions: Iterable[Submission]) -> Path:
    """Where a run over these submissions keeps what it has finished, until all is written."""
    named = json.dumps([[s.student, str(s.path.absolute())] for s in submissions])
    name = hashlib.sha256(f"{digest}{named}".encode()).hexdigest()[:32]
    return cache_folder() / "grading" / f"{name}.jsonl"


def default_jobs(submissions: int, limits: Limits | None = None) -> int:
    """How many submissions to grade at once: as many as there are cores and as memory holds.

    One takes at most `limits.submission_bytes`, and `OWN_BYTES` for what the grader itself reads and
    keeps of it.
    """
    import psutil

    each = (limits or Limits()).submission_bytes + OWN_BYTES
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min(submissions, cores or 1, int(psutil.virtual_memory().available // each)))
