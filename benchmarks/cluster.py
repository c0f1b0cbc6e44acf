"""Grading on a cluster: two machines' worth of workers against two local jobs, and a class of ten thousand.

    python -m benchmarks.cluster machines [--submissions 16] [--rounds 3] [--json FILE]
    python -m benchmarks.cluster class [--submissions 10000] [--workers 2] [--kill-s 60] [--json FILE]

`machines` (as root, on Linux): each of two Dask workers is in a network namespace of its own, so that
every byte of a submission goes over a network device, as between machines; both share this machine's
cores with the scheduler, and the local jobs have the same cores. The same submissions of lesson 02 are
graded by both in turn; a rate counts from the fifth result on, when all warm parents run.

`class`: a simulated class in a real classroom. Engine, journal and gradebook are the real ones; what
grades a submission sleeps for a hundredth of the half second that a real one takes
(docs/grading.md), and marks a little lesson by a rule. Meanwhile a worker is killed every minute.
The same class is graded by the local engine, and gradebook and files of both are compared.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import logging
import os
import random
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nbformat
import psutil
import sqlalchemy

from harness import paths, sandbox
from harness.author import loading, notebooks
from harness.classroom import Classroom
from harness.grade.cluster import ClusterEngine
from harness.grade.engine import Engine, LocalEngine
from harness.grade.session import Session
from harness.grade.submissions import Submission
from harness.grade.verdicts import GradedSubmission
from harness.sandbox import Level
from tests.harness.classroom.gradebook.tiny import LESSON, classroom, grade, submission

REAL, SCALE = "02_pooling", 100
A_SUBMISSION_S = 0.51  # the median of lesson 02 in docs/grading.md
NOT_COUNTED = 4  # results until all warm parents run


class Simulated:
    """A session whose graders sleep for a hundredth of a real one's time and mark by a rule."""

    lesson, level, digest, checks_digest = LESSON, Level.NONE, "simulated", "simulated"

    def to_json(self) -> str:
        """Nothing is to be said of it."""
        return "null"

    @contextlib.contextmanager
    def open(self) -> Iterator[SimpleNamespace]:
        """Graders, and no warm parent."""
        yield SimpleNamespace(note=None, grader=lambda: SimpleNamespace(grade=self._grade))

    @staticmethod
    def _grade(student: str, path: Path, only: frozenset[str] | None = None) -> GradedSubmission:
        time.sleep(A_SUBMISSION_S / SCALE)
        return grade(path, LESSON)


def restore(text: str) -> Simulated:
    """The session again, in a worker."""
    return Simulated()


# Two workers in network namespaces of their own.


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)


@contextlib.contextmanager
def two_machines() -> Iterator[str]:
    """The address of a scheduler here, with a worker in each of two network namespaces."""
    programs = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
        port = 18786

        def start(*command: str) -> None:
            process = subprocess.Popen(command, **quiet)  # type: ignore[call-overload]
            stack.callback(process.wait, 30)
            stack.callback(process.terminate)

        start(*programs, "--host", "0.0.0.0", "--port", str(port), "--no-dashboard")
        for number in (1, 2):
            name, here, there = f"course{number}", f"cveth{number}", f"cpeer{number}"
            _run("ip", "netns", "add", name)
            stack.callback(subprocess.run, ["ip", "netns", "del", name], check=False)
            _run("ip", "link", "add", here, "type", "veth", "peer", "name", there, "netns", name)
            _run("ip", "addr", "add", f"10.77.{number}.1/24", "dev", here)
            _run("ip", "link", "set", here, "up")
            within = ("ip", "netns", "exec", name)
            _run(*within, "ip", "addr", "add", f"10.77.{number}.2/24", "dev", there)
            _run(*within, "ip", "link", "set", there, "up")
            _run(*within, "ip", "link", "set", "lo", "up")
            worker = [sys.executable, "-m", "distributed.cli.dask_worker"]
            where = ("--host", f"10.77.{number}.2", "--nthreads", "1", "--no-dashboard")
            start(*within, *worker, f"tcp://10.77.{number}.1:{port}", *where, "--memory-limit", "0")
        yield f"tcp://127.0.0.1:{port}"


def _rate(engine: Engine, session: Session, todo: list[Submission]) -> tuple[float, dict[int, Any]]:
    """Submissions a second, from the fifth result on; the reports by number."""
    at, reports = [], {}
    for number, result in engine.grade(session, todo):
        assert not result.fault, result.fault
        at.append(time.perf_counter())
        reports[number] = result.report.to_plain()
    return (len(at) - NOT_COUNTED) / (at[-1] - at[NOT_COUNTED - 1]), reports


def machines(submissions: int, rounds: int) -> dict[str, Any]:
    """Compare two workers with a network between with two local jobs."""
    root = paths.root()
    (lesson,) = loading.load(root, [REAL])
    session = Session(notebooks.assignment(lesson), sandbox.available()[0])
    rates: dict[str, list[float]] = {"local": [], "cluster": []}
    with tempfile.TemporaryDirectory() as folder, two_machines() as address:
        todo = []
        for number in range(submissions):
            path = Path(folder, f"s{number}_{REAL}.ipynb")
            shutil.copy(root / "solutions" / f"{REAL}.ipynb", path)
            todo.append(Submission(f"s{number}", path))
        with ClusterEngine(address, print) as cluster:
            cluster.client.wait_for_workers(2, timeout=60)
            for number in range(rounds):
                order = ["local", "cluster"] if number % 2 == 0 else ["cluster", "local"]
                found = {}
                for name in order:
                    engine = cluster if name == "cluster" else LocalEngine(2)
                    rate, found[name] = _rate(engine, session, todo)
                    rates[name].append(rate)
                assert found["local"] == found["cluster"], "the reports differ"
    ratios = [c / x for c, x in zip(rates["cluster"], rates["local"])]
    return {
        "level": str(session.level),
        "local_a_second": statistics.median(rates["local"]),
        "cluster_a_second": statistics.median(rates["cluster"]),
        "ratio": statistics.median(ratios),
        "ratios": ratios,
    }


# A class of ten thousand.


def hand_in(room: Classroom, count: int) -> None:
    """So many submissions, right and wrong in turn."""
    texts = []
    for number in range(4):
        right = {k: f"{k} = 'right'" for k, bit in (("mean", 1), ("max", 2)) if number & bit}
        texts.append(nbformat.writes(submission(room, **right)))
    for number in range(count):
        place = room.folder / "submitted" / f"student{number:05}" / LESSON
        place.mkdir(parents=True)
        (place / f"{LESSON}.ipynb").write_text(texts[number % 4])


@dataclass(frozen=True)
class Seen:
    """What was seen when so many results had come: seconds, and milliseconds of the yardstick."""

    done: int
    mib: float
    processor_s: float
    wall_s: float
    yardstick_ms: float


@dataclass(frozen=True)
class Cost:
    """Of a submission: milliseconds, and the processor's in yardsticks that were run meanwhile."""

    processor_ms: float
    ms: float
    yardsticks: float


def yardstick() -> float:
    """Processor milliseconds of a piece of work that is always the same: how fast is this core now?"""
    began, table = time.thread_time(), {}
    for number in range(10_000):
        table[number % 997] = str(number)
    return 1000 * (time.thread_time() - began)


class Meter:
    """Memory and processor time of this process as results come in.

    A core that shares its units with another is slower while that one works, so that the same work
    takes up to twice the processor time. Hence the yardstick, a hundred times in a class.
    """

    def __init__(self) -> None:
        self.process = psutil.Process()
        self.seen: list[Seen] = []
        self._spent = 0.0  # on yardsticks

    def __call__(self, done: int, total: int, report: object) -> None:
        if done in (1, total) or done % max(1, total // 100) == 0:
            before = time.thread_time()
            length = statistics.median(yardstick() for _ in range(3))
            self._spent += time.thread_time() - before
            memory = self.process.memory_info().rss / 2**20
            processor = time.process_time() - self._spent
            self.seen.append(Seen(done, memory, processor, time.perf_counter(), length))

    def cost(self, since: int = 1, until: int | None = None) -> Cost:
        """What a submission cost, from the `since`-th to another."""
        part = [one for one in self.seen if since <= one.done <= (until or self.seen[-1].done)]
        count = part[-1].done - part[0].done
        processor = 1000 * (part[-1].processor_s - part[0].processor_s) / count
        wall = 1000 * (part[-1].wall_s - part[0].wall_s) / count
        return Cost(processor, wall, processor / statistics.mean(one.yardstick_ms for one in part))

    def memory(self, at: int) -> float:
        """MiB when so many were done."""
        return next(one.mib for one in self.seen if one.done >= at)


@contextlib.contextmanager
def killing(engine: ClusterEngine, every_s: float) -> Iterator[list[int]]:
    """Kill one of the workers every so many seconds, if there are two; the numbers of those killed.

    One that only starts is left alone: its nanny would give it up.
    """
    killed: list[int] = []
    ended, draw = threading.Event(), random.Random(3)

    def work() -> None:
        while not ended.wait(every_s):
            workers = sorted(engine.client.run(os.getpid, on_error="ignore").values())
            if len(workers) > 1:
                with contextlib.suppress(ProcessLookupError):
                    one = draw.choice(workers)
                    os.kill(one, signal.SIGKILL)
                    killed.append(one)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield killed
    finally:
        ended.set()
        thread.join()


def _digest(room: Classroom) -> str:
    """Of what is recorded: scores, comments and penalties, and the bytes of reports and notebooks."""
    of = """join submitted_notebook n on {}.notebook_id = n.id
        join submitted_assignment s on n.assignment_id = s.id"""
    asked = [
        f"""select s.student_id, c.name, g.auto_score, g.manual_score, g.extra_credit,
        g.needs_manual_grade from grade g {of.format("g")} join base_cell c on g.cell_id = c.id""",
        f"""select s.student_id, c.name, t.auto_comment, t.manual_comment
        from comment t {of.format("t")} join base_cell c on t.cell_id = c.id""",
        """select s.student_id, s.timestamp, n.late_submission_penalty from submitted_notebook n
        join submitted_assignment s on n.assignment_id = s.id""",
    ]
    rows: list[str] = []
    with room.gradebook() as book, book.engine.connect() as connection:
        for one in asked:
            rows += sorted(map(repr, connection.execute(sqlalchemy.text(one))))
    digest = hashlib.sha256("\n".join(rows).encode())
    for top in ("autograded", ".grading/reports"):
        for path in sorted(p for p in (room.folder / top).rglob("*") if p.is_file()):
            digest.update(f"{path.relative_to(room.folder)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def simulated_class(count: int, workers: int, kill_s: float) -> dict[str, Any]:
    """Grade a simulated class on a cluster whose workers are killed, and by the local engine."""
    from benchmarks.cluster import (  # not this module's, if it is run as a program
        Simulated,
        restore,
    )

    session: Any = Simulated()
    with tempfile.TemporaryDirectory() as folder:
        small, large = Path(folder, "small"), Path(folder, "large")
        small.mkdir()
        large.mkdir()
        costs = []
        with ClusterEngine(f"local:{workers}", print, restore=restore) as engine:
            room = classroom(small)
            hand_in(room, 100)
            for _ in range(5):
                meter = Meter()
                room.autograde(LESSON, session=session, engine=engine, progress=meter, force=True)
                costs.append(meter.cost())
            room = classroom(large)
            hand_in(room, count)
            local = Classroom(shutil.copytree(room.folder, Path(folder, "local")))
            meter = Meter()
            with killing(engine, kill_s) as killed:
                outcome = room.autograde(LESSON, session=session, engine=engine, progress=meter)
        assert not outcome.failed, outcome.failed
        assert len(outcome.reports) == count
        by_local = local.autograde(LESSON, session=session, engine=LocalEngine(workers))
        assert not by_local.failed
        assert _digest(room) == _digest(local), "the local engine gives something else"
        with room.gradebook() as book:
            recorded = len(book.assignment_submissions(LESSON))
        assert recorded == count
    first, last = meter.cost(1, count // 10), meter.cost(count - count // 10)
    return {
        "submissions": count,
        "workers": workers,
        "killed": len(killed),
        "recorded": recorded,
        "processor_ms_at_100": statistics.median(one.processor_ms for one in costs),
        "processor_ms": meter.cost().processor_ms,
        "processor_ms_of_the_first_tenth": first.processor_ms,
        "processor_ms_of_the_last_tenth": last.processor_ms,
        "yardsticks_at_100": statistics.median(one.yardsticks for one in costs),
        "yardsticks": meter.cost().yardsticks,
        "yardsticks_of_the_first_tenth": first.yardsticks,
        "yardsticks_of_the_last_tenth": last.yardsticks,
        "ms": meter.cost().ms,
        "mib_at_a_tenth": meter.memory(count // 10),
        "mib_at_the_end": meter.memory(count),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["machines", "class"])
    parser.add_argument("--submissions", type=int)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--kill-s", type=float, default=60.0)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    if given.what == "machines":
        found = machines(given.submissions or 16, given.rounds)
    else:
        found = simulated_class(given.submissions or 10_000, given.workers, given.kill_s)
    print("| | |\n|---|---|")
    for name, value in found.items():
        shown = f"{value:.2f}" if isinstance(value, float) else value
        print(f"| {name.replace('_', ' ')} | {shown} |")
    if given.json:
        given.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
