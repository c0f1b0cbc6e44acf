"""Grading on the workers of a Dask cluster: the connection, and who may work.

A worker may work if it has the same course, the same checks and the same libraries as the one who
asks, and gives the isolation that is asked for. How submissions get there and back says
`cluster_run`, what happens in a worker `cluster_worker`. Dask is imported only when it is used.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import pydoc
import re
import time
import uuid
import warnings
from collections.abc import Callable, Generator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from harness.grade.session import NoIsolation, Session, hidden_queries
from harness.grade.submissions import Submission
from harness.grade.verdicts import GradedSubmission
from harness.limits import Limits
from harness.sandbox import Level

if TYPE_CHECKING:
    from distributed import Client

WAIT_S = 60.0
CONNECT_S = 30.0
ASKED_S = 120.0  # the first answer of a worker: it reads libraries from a slow disk, perhaps
_ADDRESS = re.compile(r"(?:tcp|tls|ucx|ws|wss)://[^\s/]+:\d+/?|local:([1-9]\d{0,2})")
PLACE = "harness.grade.cluster_worker.CODE"
SAME = (
    "Grades would depend on who gives them, so nothing was graded: install the same course from its "
    "requirements.lock on every machine, and start scheduler and workers anew"
)
HOW = "give tcp://HOST:PORT or tls://HOST:PORT of a scheduler, or local:N for N processes here"


class ClusterError(RuntimeError):
    """The cluster cannot be used, or not any longer; the message says what to do."""


class ClusterEngine:
    """Grades on a Dask cluster; connected inside a `with` block.

    Args:
        address: `tcp://HOST:PORT` or `tls://HOST:PORT` of a scheduler, or `local:N` for N worker
            processes of one thread on this machine.
        say: told what a user should know of how it is done there.
        wait_s: seconds without any worker until the run is given up.
        limit_s: seconds that one submission may take until its worker counts as hanging; by default
            more than the lesson's limits let it take.
        restore: makes a session from what its `to_json` gave, in the worker.

    Raises:
        ValueError: there is no such address.
    """

    def __init__(
        self,
        address: str,
        say: Callable[[str], None] = lambda text: None,
        *,
        wait_s: float = WAIT_S,
        limit_s: float | None = None,
        restore: Callable[[str], Session] = Session.from_json,
    ) -> None:
        found = _ADDRESS.fullmatch(address)
        if found is None:
            raise ValueError(f"{address!r} is no cluster: {HOW}")
        self.address, self.say, self.restore = address, say, restore
        self.wait_s, self.limit_s = wait_s, limit_s
        self._own = int(found[1] or 0)
        self._client: Client | None = None

    def __enter__(self) -> Self:
        """Connect, wait for a worker, and see that all have the versions that are here.

        Raises:
            ClusterError: there is no such cluster, nobody works in it, or a worker differs.
        """
        try:
            import distributed
        except ModuleNotFoundError as error:
            raise ClusterError(
                "grading on a cluster needs Dask, which is not installed: "
                "pip install -e '.[cluster]' in the course's folder, here and on every worker"
            ) from error
        from harness.grade.cluster_local import local_cluster

        _quiet()
        with contextlib.ExitStack() as stack:
            target: Any = self.address.rstrip("/")
            if self._own:
                target = stack.enter_context(local_cluster(self._own))
            else:
                self._reach(target)
            client = distributed.Client(
                target, timeout=CONNECT_S, set_as_default=False, name="course"
            )
            stack.enter_context(client)
            self._client = client
            self._see_course()
            self._same(self._ask("none"), None)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client = None
        with contextlib.suppress(OSError, TimeoutError):  # of a scheduler that is gone
            self._stack.close()

    def _reach(self, address: str) -> None:
        """See that a scheduler answers, before there is a client: one that failed is hard to end."""
        from distributed.core import connect
        from distributed.security import Security

        async def greet() -> None:
            security = Security().get_connection_args("client")
            comm = await connect(address, timeout=CONNECT_S, **security)
            await comm.close()

        try:
            asyncio.run(greet())
        except Exception as error:
            said = "TLS needs certificates" if isinstance(error, TypeError) else _first_line(error)
            raise ClusterError(
                f"no scheduler answers at {self.address} ({said}): see that `dask scheduler` runs "
                "there, that this machine may reach it, and that both use TLS, with certificates of "
                "one authority in Dask's configuration, or neither"
            ) from error

    @property
    def client(self) -> Client:
        """The connection."""
        if self._client is None:
            raise RuntimeError("a ClusterEngine is used inside a `with` block")
        return self._client

    @property
    def dashboard(self) -> str:
        """Where the cluster shows what it does; empty where it does not."""
        from harness.grade.cluster_worker import serves_dashboard

        # The scheduler alone knows: it tells everybody the address of a web server, which it has without
        # a dashboard, too.
        shows = self.client.run_on_scheduler(serves_dashboard)
        return str(self.client.dashboard_link or "") if shows else ""

    def level(self, wanted: str) -> Level:
        """The isolation that every worker gives: `auto`, the best of the weakest, or the one wanted.

        Raises:
            NoIsolation: a worker gives none, or less than is wanted, and the message names it; or the
                level is for one submission alone.
            ValueError: there is no such level.
        """
        if wanted not in ("auto", *Level):
            names = ", ".join(["auto", *Level])
            raise ValueError(f"there is no isolation {wanted!r}; there are: {names}")
        if wanted == Level.USER:
            raise NoIsolation(
                "`user` is for a container that grades one submission and is thrown away, and a cluster's "
                "worker grades many: give namespaces, landlock or auto"
            )
        told = self._ask(wanted)
        _see_isolation(told)
        found = {Level(one["level"]) for one in told.values()}
        weakest = max(found, key=list(Level).index)
        if len(found) > 1:  # of machines with different systems
            _see_isolation(self._ask(str(weakest)))
        return weakest

    def grade(
        self, session: Session, submissions: Sequence[Submission]
    ) -> Generator[tuple[int, GradedSubmission], None, None]:
        """See `Engine`.

        Raises:
            ClusterError: a worker has another version of something, before any work; or no worker is
                left, or the scheduler is gone: what was given until then counts.
            NoIsolation: a worker gives less isolation than the session asks for.
        """
        from harness.grade.cluster_run import Run

        if not submissions:
            return
        told = self._ask(str(session.level), session)
        self._same(told, session)
        _see_isolation(told)
        run = Run(self, session, submissions, self._limit(session))
        try:
            yield from run.results()
        finally:
            run.end()

    def asked(self, session: Session) -> tuple[str, str, bytes | None, Callable[[str], Session]]:
        """What a worker is told of a session (see `cluster_worker.describe`)."""
        return str(session.level), session.to_json(), hidden_queries(), self.restore

    def expected(self, session: Session | None) -> dict[str, str]:
        """Versions and digests as they are here."""
        from harness.grade.cluster_worker import digests, versions

        return dict(versions()) | (digests(session) if session is not None else {})

    def _limit(self, session: Session) -> float:
        if self.limit_s is not None:
            return self.limit_s
        # Two passes over the notebook, each with its checks and its repeated cells, and the reading.
        return 4 * getattr(session, "limits", Limits()).notebook_s + 120.0

    def _see_course(self) -> None:
        """See that scheduler and workers have this course; they could read nothing else that is sent.

        Raises:
            ClusterError: one has another, or none; the message names it.
        """
        from harness.grade.cluster_worker import CODE

        found = {f"worker {name}": code for name, code in self._each(pydoc.locate, PLACE).items()}
        try:
            found["the scheduler"] = self.client.run_on_scheduler(pydoc.locate, PLACE)
        except Exception as error:
            raise ClusterError(f"the scheduler cannot be asked: {_first_line(error)}") from error
        if others := [other_course(name, code) for name, code in found.items() if code != CODE]:
            raise ClusterError(f"{'; '.join(others)}. {SAME}")

    def _ask(self, isolation: str, session: Session | None = None) -> dict[str, dict[str, Any]]:
        """What each worker says of itself, by address."""
        from harness.grade.cluster_worker import describe

        level, text, queries, restore = isolation, None, None, self.restore
        if session is not None:
            level, text, queries, restore = self.asked(session)
        told = self._each(describe, level, text, queries, restore)
        return {worker: json.loads(one) for worker, one in told.items()}

    def _each(self, function: Callable[..., Any], *args: Any) -> dict[str, Any]:
        """What a function gives in each worker, by address."""
        client = self.client
        try:
            client.wait_for_workers(1, timeout=self.wait_s)
        except TimeoutError as error:
            raise ClusterError(
                f"the cluster at {self.address} has no worker after {self.wait_s:.0f} s: start some "
                f"with `dask worker {self.address} --nthreads 1`"
            ) from error
        futures = {
            worker: client.submit(
                *(function, *args),
                key=("course-ask", uuid.uuid4().hex),
                workers=[worker],
                pure=False,
            )
            for worker in client.scheduler_info(n_workers=-1)["workers"]
        }
        told: dict[str, Any] = {}
        end = time.monotonic() + ASKED_S
        try:
            while futures:
                here = client.scheduler_info(n_workers=-1)["workers"]
                for worker, future in list(futures.items()):
                    try:
                        told[worker] = future.result(timeout=0.5)
                    except TimeoutError as error:
                        if worker in here and time.monotonic() < end:
                            continue
                        if worker in here:
                            raise ClusterError(
                                f"worker {worker} has not answered for {ASKED_S:.0f} s: end it, or wait "
                                "until it has no other work, and give the command again"
                            ) from error
                        # else it has gone since
                    except Exception as error:
                        raise ClusterError(cannot(worker, error)) from error
                    futures.pop(worker).release()
        finally:
            client.cancel(list(futures.values()))
        return told

    def _same(self, told: dict[str, dict[str, Any]], session: Session | None) -> None:
        """See that every worker is as this machine; a `ClusterError` names what differs where."""
        expected = self.expected(session)
        if found := [text for w, one in told.items() if (text := differing(w, one, expected))]:
            raise ClusterError(f"{'; '.join(found)}. {SAME}")


def differing(worker: str, told: dict[str, Any], expected: dict[str, str]) -> str:
    """What a worker has that is another than here, in words; empty if nothing is."""
    found = [
        f"{name} is {told['versions'].get(name, 'unknown')} there and {here} here"
        for name, here in expected.items()
        if told["versions"].get(name) != here
    ]
    return f"worker {worker} on {told['machine']}: {', '.join(found)}" if found else ""


def other_course(who: str, code: Any) -> str:
    """What to say of one whose code of the course is another than here."""
    if code is None:
        return f"{who} has no such course"
    from harness.grade.cluster_worker import CODE

    return f"{who} has another course (its code is {code} there and {CODE} here)"


def cannot(worker: str, error: BaseException) -> str:
    """What to say of a worker that could not even be asked."""
    return f"worker {worker} cannot grade ({type(error).__name__}: {_first_line(error)})"


def _see_isolation(told: dict[str, dict[str, Any]]) -> None:
    lacking = [
        f"worker {worker} on {one['machine']}: {one['no isolation']}"
        for worker, one in told.items()
        if "no isolation" in one
    ]
    if lacking:
        raise NoIsolation("; ".join(lacking))


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]


def _quiet() -> None:
    """Dask's own log would run through the progress bar; what matters of it is said in sentences."""
    for name in [*logging.root.manager.loggerDict, "tornado.application", "asyncio"]:
        if name.startswith(("distributed", "tornado.", "asyncio")):  # some have levels of their own
            logging.getLogger(name).setLevel(logging.CRITICAL)
    # A submission of many megabytes is what it is.
    warnings.filterwarnings("ignore", "Sending large graph", UserWarning)
