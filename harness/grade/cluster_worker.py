"""What runs in a worker of a cluster: it says what it is, opens a lesson, and grades what it is sent.

Whoever asks sends text and bytes and gets text back; a submission's bytes are never unpickled, and no
class of the course travels. A run has one lesson open in a worker, with one warm parent, which a
plugin of the worker holds: it ends with the run, with the worker, or when nobody has asked for long.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import hashlib
import json
import os
import platform
import threading
import time
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import nbformat
from distributed import Scheduler, Worker, WorkerPlugin, get_worker
from distributed.utils import sync

import harness
import lib
from harness import scratch
from harness.grade.engine import graded
from harness.grade.packed import unpack
from harness.grade.session import QUERIES, NoIsolation, Session, choose_level, hidden_queries
from harness.grade.submissions import Submission
from harness.grade.verdicts import GradedSubmission, Report

IDLE_S = 900.0  # after which a lesson is closed whose run has been killed
_open_lock = threading.Lock()
Restore = Callable[[str], Session]


def _code() -> str:
    digest = hashlib.sha256()
    for package in (harness, lib):
        root = Path(package.__path__[0])
        for path in sorted(root.rglob("*")):
            if path.suffix in (".py", ".json", ".yaml") and path.is_file():
                for part in (path.relative_to(root).as_posix().encode(), path.read_bytes()):
                    digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()[:16]


# Asked for by its name before anything else is sent (see `cluster.ClusterEngine`).
CODE = _code()


@functools.cache
def versions() -> dict[str, str]:
    """What has to be the same wherever one class is graded, by what to call it."""
    of = {name: _version(name) for name in ("nbgrader", "torch", "numpy")}
    own = {"the course": lib.__version__, "the course's code": CODE}
    return own | {"Python": platform.python_version()} | of


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"


def describe(isolation: str, session: str | None, queries: bytes | None, restore: Restore) -> str:
    """What this worker is, as JSON: its machine, versions, the isolation that it gives.

    Args:
        isolation: the level that is asked for; `auto` is the best.
        session: the lesson, as `Session.to_json` gives it: its digests are told, too; None while it
            is not known.
        queries: the teacher's own queries for the capstone.
        restore: makes the lesson from its text.
    """
    told: dict[str, Any] = {"machine": platform.node(), "versions": dict(versions())}
    try:
        told["level"] = str(choose_level(isolation))
    except NoIsolation as error:
        told["no isolation"] = str(error)
    if session is not None:
        _use(queries)
        told["versions"] |= digests(restore(session))
    return json.dumps(told)


def serves_dashboard(dask_scheduler: Scheduler) -> bool:
    """Whether a scheduler shows its dashboard: bokeh is there, and nobody has switched it off.

    Without it there is a web server all the same, with a few pages of other things. So we look whether
    one of the server's applications is bokeh's.
    """
    applications = dask_scheduler.http_application.applications
    return any("bokeh" in type(one).__name__.lower() for one in applications)


def digests(session: Session) -> dict[str, str]:
    """The digests of a lesson and of its checks, as this machine has them."""
    return {
        f"the checks of {session.lesson}": session.checks_digest[:16],
        f"all of {session.lesson}": session.digest,
    }


class OpenLesson(WorkerPlugin):
    """One run's open lesson in this worker."""

    def __init__(self, run: str) -> None:
        self.name = f"course-grading-{run}"
        self.note: str | None = None
        self.lesson = ""
        self._stack: contextlib.ExitStack | None = None
        self._lock = threading.Lock()
        self._local = threading.local()
        self._busy, self._used = 0, time.monotonic()

    def open(self, session: Session) -> None:
        """Start the lesson's warm parent; raise `WarmError` if it cannot be."""
        with contextlib.ExitStack() as stack:
            self._opened = stack.enter_context(session.open())
            self.lesson, self.note = session.lesson, self._opened.note
            self._stack = stack.pop_all()
        threading.Thread(target=self._watch, name="course-idle", daemon=True).start()

    @property
    def is_open(self) -> bool:
        """Whether the warm parent runs."""
        return self._stack is not None

    @contextlib.contextmanager
    def grader(self) -> Iterator[Any]:
        """A grader of this thread's own; None if the lesson is closed."""
        with self._lock:
            is_open = self.is_open
            self._busy += 1
        try:
            if is_open and not hasattr(self._local, "grader"):
                self._local.grader = self._opened.grader()
            yield self._local.grader if is_open else None
        finally:
            with self._lock:
                self._busy, self._used = self._busy - 1, time.monotonic()

    def close(self) -> None:
        """End the warm parent, and with it whatever still runs of the lesson."""
        with self._lock:
            stack, self._stack = self._stack, None
        if stack is not None:
            stack.close()

    async def teardown(self, worker: Worker) -> None:
        """The worker ends, or the run does; the worker's heart beats on meanwhile."""
        await asyncio.to_thread(self.close)

    def _watch(self) -> None:
        while self.is_open:
            time.sleep(min(IDLE_S / 4, 30.0))
            with self._lock:
                idle = not self._busy and time.monotonic() - self._used > IDLE_S
            if idle:
                self.close()


def prepare(
    run: str,
    expected: dict[str, str],
    isolation: str,
    session: str,
    queries: bytes | None,
    restore: Restore,
) -> str:
    """Open the lesson in this worker for a run, if it is as the one who asks; what came of it, as JSON.

    Args:
        expected: versions and digests as the one who asks has them; for the rest see `describe`.
    """
    worker = get_worker()
    with _open_lock:
        try:
            told = json.loads(describe(isolation, session, queries, restore))
            if told["versions"] != expected or "no isolation" in told:
                return json.dumps(told)
            plugin = OpenLesson(run)
            plugin.open(restore(session))
            sync(worker.loop, worker.plugin_add, plugin, plugin.name)
            return json.dumps(told | {"ready": True, "note": plugin.note})
        except Exception as error:  # a worker that cannot is told of, and the others go on
            return json.dumps({"machine": platform.node(), "problem": f"{error}"})


async def leave(dask_worker: Worker, run: str) -> None:
    """Close what the run has open in this worker."""
    name = f"course-grading-{run}"
    if name in dask_worker.plugins:
        await dask_worker.plugin_remove(name)


def grade(run: str, packed: bytes, student: str, only: list[str] | None) -> str:
    """Grade one packed submission; what came of it as JSON, or that the lesson is not open here."""
    plugin = get_worker().plugins.get(f"course-grading-{run}")
    if not isinstance(plugin, OpenLesson):
        return json.dumps({"closed": True})
    with plugin.grader() as grader, scratch.folder() as folder:
        if grader is None:
            return json.dumps({"closed": True})
        path = unpack(packed, folder)
        chosen = None if only is None else frozenset(only)
        return to_json(graded(grader, Submission(student, path, chosen), plugin.lesson))


def to_json(result: GradedSubmission) -> str:
    """A graded submission as JSON."""
    report = result.report
    plain = {
        "report": report.to_plain() | report.times(),
        "notebook": result.notebook,
        "fault": result.fault,
    }
    return json.dumps(plain)


def from_json(text: str) -> GradedSubmission:
    """A graded submission from its JSON.

    Raises:
        ValueError, KeyError, TypeError, AttributeError: it is none.
    """
    plain = json.loads(text)
    notebook = plain["notebook"]
    return GradedSubmission(
        Report.from_plain(plain["report"]),
        None if notebook is None else nbformat.from_dict(notebook),
        str(plain["fault"]),
    )


def _use(queries: bytes | None) -> None:
    """Take the teacher's queries for all that this worker opens from now on."""
    if queries == hidden_queries():
        return
    here = get_worker().plugins.values()
    if any(isinstance(plugin, OpenLesson) and plugin.is_open for plugin in here):
        raise ValueError("another run is grading here with other hidden queries: wait for its end")
    if queries is None:
        os.environ.pop(QUERIES, None)
        return
    place = scratch.make() / "queries.jsonl"
    place.write_bytes(queries)
    os.environ[QUERIES] = str(place)
