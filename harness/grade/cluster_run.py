"""One lesson's submissions through a cluster: sent, watched, and given back each exactly once.

The run itself decides who gets what (see `dispatch`), since only so it knows under which submission a
worker was lost, and since when each has been at work. Dask brings bytes there and text back.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import json
import pydoc
import queue
import time
import uuid
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from harness.grade.cluster import (
    PLACE,
    ClusterEngine,
    ClusterError,
    cannot,
    differing,
    other_course,
)
from harness.grade.cluster_worker import CODE, from_json, grade, leave, prepare
from harness.grade.dispatch import Dispatch
from harness.grade.engine import TRIES, fault_of
from harness.grade.grader import unreadable
from harness.grade.packed import pack
from harness.grade.session import Session
from harness.grade.submissions import Submission
from harness.grade.verdicts import GradedSubmission

if TYPE_CHECKING:
    from distributed import Future

POLL_S = 0.5
RESULT_S = 60.0  # a result on its way from a worker
END_S = 15.0
FETCHERS = 8
RESTART_S = 10.0  # for a worker to end by itself; then it is killed
LOST = "its worker ended or hung"
MOST_BYTES = 1 << 30  # of packed submissions that are on their way or at work


class Run:
    """Submissions of one lesson on a connected engine's workers.

    Args:
        limit_s: seconds that one may take until its worker counts as hanging.
    """

    def __init__(
        self,
        engine: ClusterEngine,
        session: Session,
        submissions: Sequence[Submission],
        limit_s: float,
    ) -> None:
        self.engine, self.session, self.submissions = engine, session, submissions
        self.name = uuid.uuid4().hex
        self.dispatch = Dispatch(len(submissions), TRIES, limit_s)
        self._client = engine.client
        self._expected, self._asked = engine.expected(session), engine.asked(session)
        self._heard: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()  # key, what was told
        self._opening: dict[str, tuple[str, Future]] = {}  # by worker: key, future
        self._sent: dict[
            str, tuple[str, int, Future, int]
        ] = {}  # key: worker, number, future, bytes
        self._opened: set[str] = set()  # workers with the lesson open
        self._threads: dict[str, int] = {}
        self._refused: set[str] = set()  # workers that cannot be used
        self._hung: set[str] = set()  # workers that are being started anew
        self._why = ""  # the last one could not be used
        self._sends, self._watched = 0, 0.0
        self._alive = time.monotonic()  # when there was a worker last
        self._helper = ThreadPoolExecutor(1, thread_name_prefix="course-cluster")
        # A result whose worker has just died is waited for in vain; that is to hold up nobody.
        self._fetchers = ThreadPoolExecutor(FETCHERS, thread_name_prefix="course-results")

    def results(self) -> Generator[tuple[int, GradedSubmission], None, None]:
        """Each submission's number and what came of it, as they are finished.

        Raises:
            ClusterError: no worker is left, or the scheduler is gone.
        """
        while self.dispatch.left:
            for number in self._watch():
                yield self._given_up(number, LOST)
            yield from self._feed()
            for key, told in self._events():
                yield from self._take(key, told)

    def end(self) -> None:
        """Give up what is not finished and close the lesson in all workers."""
        with contextlib.suppress(Exception):  # a scheduler that is gone has ended all
            self._client.cancel([f for *_, f, _ in self._sent.values()], force=True)
            self._client.cancel([f for _, f in self._opening.values()], force=True)
        workers = [*self._opened, *self._opening]
        self._sent.clear()
        self._opening.clear()
        if workers and self._client.status == "running":
            closing = self._helper.submit(
                self._client.run, leave, run=self.name, workers=workers, on_error="ignore"
            )
            with contextlib.suppress(Exception):  # a worker that hangs is not waited for
                closing.result(END_S)
        for pool in (self._helper, self._fetchers):
            pool.shutdown(wait=False, cancel_futures=True)

    def _watch(self) -> list[int]:
        """See who has come, who has gone and who hangs; the submissions that are given up for it."""
        now = time.monotonic()
        if now - self._watched < POLL_S:
            return []
        self._watched = now
        try:
            found = self._client.scheduler_info(n_workers=-1)["workers"]
        except Exception as error:
            if now - self._alive > self.engine.wait_s or self._client.status == "closed":
                raise self._without_scheduler() from error
            return []
        for worker in [w for w in self._opening if w not in found]:
            self._forget(self._opening.pop(worker)[1])
        given_up: list[int] = []
        for worker in [w for w in self._opened if w not in found]:
            given_up += self._lose(worker)
        for worker in self.dispatch.overdue(now):
            given_up += self._lose(worker)
            self._hung.add(worker)
            self.engine.say(
                f"worker {worker} has been at one submission for over {self.dispatch.limit_s:.0f} s "
                "and is started anew"
            )
            self._helper.submit(self._restart, worker)
        self._refused &= set(found)
        for worker, info in found.items():
            if info.get("status", "running") == "running":
                self._open(worker, int(info["nthreads"]))
        if self._opened or self._opening:
            self._alive = now
        elif now - self._alive > self.engine.wait_s or (found and self._refused >= set(found)):
            raise ClusterError(
                f"no worker of the cluster at {self.engine.address} can work any more: start some, "
                f"and give the same command again; what was finished is kept. {self._why}".strip()
            )
        return given_up

    def _without_scheduler(self) -> ClusterError:
        return ClusterError(
            f"the scheduler at {self.engine.address} is gone: start it and its workers again, and "
            "give the same command again; what was finished is kept"
        )

    def _restart(self, worker: str) -> None:
        try:
            self._client.restart_workers([worker], timeout=RESTART_S, raise_for_error=False)
        except Exception as error:  # it has no nanny, or is gone already
            self._refused.add(worker)
            self.engine.say(f"{cannot(worker, error)}: it is left out; end it and start another")
        self._hung.discard(worker)

    def _open(self, worker: str, threads: int) -> None:
        if worker in (self._opened | self._refused | self._hung | set(self._opening)):
            return
        key = f"course-open-{self.name}-{uuid.uuid4().hex}"
        self._threads[worker] = threads
        # First whether it has this course: a worker ends of what it cannot read.
        self._opening[worker] = key, self._submit(key, worker, pydoc.locate, PLACE)

    def _prepare(self, worker: str) -> None:
        key = f"course-prepare-{self.name}-{uuid.uuid4().hex}"
        args = (self.name, self._expected, *self._asked)
        self._opening[worker] = key, self._submit(key, worker, prepare, *args)

    def _feed(self) -> Generator[tuple[int, GradedSubmission], None, None]:
        """Send what there is room for; what cannot be sent comes back at once."""
        now = time.monotonic()
        while sum(size for *_, size in self._sent.values()) < MOST_BYTES:
            chosen = self.dispatch.take(now)
            if chosen is None:
                break
            worker, number = chosen
            try:
                packed = pack(self.submissions[number])
            except OSError as error:
                self.dispatch.done(worker, number, now)
                yield number, self._not_sent(self.submissions[number], error)
                continue
            self._send(worker, number, packed)
        while moved := self.dispatch.move(now):
            source, worker, number = moved
            for key in [k for k, (w, n, *_) in self._sent.items() if (w, n) == (source, number)]:
                self._forget(self._sent.pop(key)[2])
            try:
                self._send(worker, number, pack(self.submissions[number]))
            except OSError:  # it was read a moment ago
                self.dispatch.put_back(worker, number)
                break

    def _send(self, worker: str, number: int, packed: bytes) -> None:
        one = self.submissions[number]
        only = None if one.only is None else sorted(one.only)
        self._sends += 1
        key = f"course-grade-{self.name}-{self._sends}"
        future = self._submit(key, worker, grade, self.name, packed, one.student, only)
        self._sent[key] = worker, number, future, len(packed)

    def _submit(self, key: str, worker: str, function: Any, *args: Any) -> Future:
        try:
            future = self._client.submit(
                *(function, *args), key=key, workers=[worker], pure=False, fifo_timeout=0
            )
        except Exception as error:
            raise self._without_scheduler() from error
        future.add_done_callback(lambda done: self._ended(key, done))
        return future

    def _ended(self, key: str, future: Future) -> None:
        with contextlib.suppress(RuntimeError):  # the run is over
            self._fetchers.submit(self._fetch, key, future)

    def _fetch(self, key: str, future: Future) -> None:
        """Get what a task that is done has given, or the error that it ended with."""
        told: Any
        try:
            told = future.result(timeout=RESULT_S)
        except (Exception, asyncio.CancelledError) as error:
            told = error
        self._forget(future)
        self._heard.put((key, told))

    def _events(self) -> Generator[tuple[str, Any], None, None]:
        """What is done; waits `POLL_S` at most for the first."""
        with contextlib.suppress(queue.Empty):
            yield self._heard.get(timeout=POLL_S)
            while True:
                yield self._heard.get_nowait()

    def _take(self, key: str, told: Any) -> Generator[tuple[int, GradedSubmission], None, None]:
        """What has come of something that was sent; nothing of what was given up meanwhile."""
        now = time.monotonic()
        for worker, (known, _) in list(self._opening.items()):
            if known == key:
                del self._opening[worker]
                self._see(worker, told)
                return
        if key not in self._sent:
            return
        worker, number, future, _ = self._sent.pop(key)
        if isinstance(told, asyncio.CancelledError | concurrent.futures.CancelledError):
            # The connection was lost, or the worker with the result: nobody is to blame.
            if self._client.status in ("closed", "closing"):
                raise self._without_scheduler()
            self.dispatch.put_back(worker, number)
            return
        if isinstance(told, str) and told == json.dumps({"closed": True}):
            # Another process under the same address, or one that was left alone for too long.
            self._sent[key] = worker, number, future, 0
            for gone in self._lose(worker):
                yield self._given_up(gone, LOST)
            return
        try:
            if isinstance(told, BaseException):
                raise told
            result = from_json(told)
        except Exception as error:
            if self.dispatch.failed(worker, number, now):
                yield self._given_up(number, f"{type(error).__name__}: {error}")
            return
        self.dispatch.done(worker, number, now)
        yield number, result

    def _see(self, worker: str, told: Any) -> None:
        """Go on with a worker that has answered, or say why it cannot be used."""
        if told == CODE:
            self._prepare(worker)
            return
        if isinstance(told, BaseException):
            problem = cannot(worker, told)
        elif not str(told).startswith("{"):
            problem = other_course(f"worker {worker}", told)
        else:
            plain = json.loads(told)
            if plain.get("ready"):
                self._opened.add(worker)
                self.dispatch.join(worker, self._threads[worker])
                if plain.get("note"):
                    self.engine.say(f"worker {worker}: {plain['note']}")
                return
            problem = plain.get("problem") or plain.get("no isolation")
            problem = f"worker {worker} on {plain['machine']}: {problem}"
            if "versions" in plain and plain["versions"] != self._expected:
                problem = differing(worker, plain, self._expected)
        self._refused.add(worker)
        self._why = problem
        self.engine.say(f"{problem}. It is left out")

    def _forget(self, future: Future) -> None:
        """Give a future up; who waits for its result is told."""
        with contextlib.suppress(Exception):
            future.cancel()
            future.release()

    def _lose(self, worker: str) -> list[int]:
        """A worker is not to be used any more as it is; the submissions that are given up for it."""
        self._opened.discard(worker)
        for key in [k for k, (w, *_) in self._sent.items() if w == worker]:
            self._forget(self._sent.pop(key)[2])
        return self.dispatch.leave(worker)

    def _given_up(self, number: int, why: str) -> tuple[int, GradedSubmission]:
        self.dispatch.given_up()
        one = self.submissions[number]
        fault = f"{TRIES} times: {why}"
        return number, fault_of(one, self.session.lesson, fault)

    def _not_sent(self, one: Submission, error: OSError) -> GradedSubmission:
        """What the grader says of one that cannot be read; else it has to be graded here."""
        if isinstance(self.session, Session):
            level = str(self.session.level)
            known = unreadable(self.session.assignment, one.student, one.path, one.only, level)
            if known is not None:
                return known
        why = f"it cannot be sent to another machine: {error.strerror or error}"
        return fault_of(one, self.session.lesson, f"{why}; grade it without --cluster")
