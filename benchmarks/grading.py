"""A class of lesson 02, graded by this grader and by stock `nbgrader autograde` on the same cores.

    python -m benchmarks.grading [--students 60] [--jobs 2] [--json FILE]

The class has right, wrong and slow submissions, and such as crash or attack. It is graded in blocks,
each by ours and then by stock, so that what else the machine does falls on both. Stock grades a block
with one command. Seconds are wall-clock; CPU and memory are those of all processes of either,
sampled ten times a second (memory as PSS, so that shared pages count once).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import psutil

from harness import paths, sandbox
from harness.author import loading, notebooks
from harness.grade.engine import LocalEngine, grade_all
from harness.grade.session import OpenSession, Session
from harness.grade.submissions import Submission
from harness.limits import Limits

LESSON = "02_pooling"
CELL_S = 60
BLOCK = 6
# Shares of the class in tenths; the first three are gradable.
SHARES = {"right": 5, "wrong": 2, "slow": 1, "crashing": 1, "malicious": 1}
GRADABLE = ("right", "wrong", "slow")

WRONG = {
    "mean_pool": "def mean_pool(token_embeddings, attention_mask):\n    return token_embeddings.mean(1)",
    "max_pool": "def max_pool(token_embeddings, attention_mask):\n    return token_embeddings.amax(1)",
    "cls_pool": "def cls_pool(token_embeddings, attention_mask):\n    return token_embeddings[:, 1]",
    "restore_order": "def restore_order(batches, rows):\n    return rows",
    "cosine_matrix": "def cosine_matrix(a, b):\n    return a @ b.T",
}
CRASHING = (
    "import os\nos._exit(1)",
    "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
    "import ctypes\nctypes.string_at(1)",
)
MALICIOUS = (
    "import lib.learn, builtins\nlib.learn.check = check = quiz = lambda *a, **k: None",
    "import lib.checks as c\nfor e in c.every():\n    object.__setattr__(e, 'cases', ())",
    "import torch\ntorch.testing.assert_close = torch.allclose = lambda *a, **k: True",
)


@dataclass
class Cost:
    """What one side used: wall seconds by block and by submission, CPU seconds, peak bytes."""

    blocks: list[float] = field(default_factory=list)
    each: list[float] = field(default_factory=list)
    cpu_s: float = 0.0
    peak_bytes: int = 0


@contextlib.contextmanager
def _watched(cost: Cost) -> Iterator[None]:
    """Add the CPU seconds of all processes below this one, and their peak memory."""
    stop, seen = threading.Event(), {}
    before = {p.pid: sum(p.cpu_times()[:2]) for p in psutil.Process().children(recursive=True)}

    def sample() -> None:
        while True:
            held = 0
            for process in psutil.Process().children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    seen[process.pid] = sum(process.cpu_times()[:2])
                    held += process.memory_full_info().pss
            cost.peak_bytes = max(cost.peak_bytes, held)
            if stop.wait(0.1):
                return

    thread = threading.Thread(target=sample)
    thread.start()
    own = time.process_time()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        cost.cpu_s += sum(seen[pid] - before.get(pid, 0.0) for pid in seen)
        cost.cpu_s += 0.0 if before else time.process_time() - own


def main(students: int, jobs: int, file: Path | None) -> None:
    """Grade the class by both and print what it took."""
    lesson = next(x for x in loading.load(paths.root()) if x.slug == LESSON)
    level = sandbox.available()[0]
    ours, stock = Cost(), Cost()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        blocks = _class(folder, lesson, students)
        _course(folder, lesson)
        scores: dict[str, tuple[float, float | None]] = {}
        own: list[float] = []
        began = time.perf_counter()
        session = Session(notebooks.assignment(lesson), level, Limits(cell_s=CELL_S))
        with session.open() as opened:
            kept = _Kept(session, opened)
            started = time.perf_counter() - began
            for number, names in enumerate(blocks):
                todo = [Submission(n, folder / "submitted" / n / LESSON) for n in names]
                begun = time.perf_counter()
                with _watched(ours):
                    reports = grade_all(kept, todo, LocalEngine(jobs))
                ours.blocks.append(time.perf_counter() - begun)
                begun, at = time.perf_counter(), time.time()
                with _watched(stock):
                    _nbgrader(folder, "autograde", LESSON, f"--student=b{number:02}*", "--force")
                stock.blocks.append(time.perf_counter() - begun)
                stock.each += _finished(folder, names, at)
                for name, report in zip(names, reports, strict=True):
                    scores[name] = (report.score, _stock_score(folder, name))
                    if name.split("_")[1] in GRADABLE:
                        ours.each.append(report.seconds)
                        own.append(report.own_s)
                print(
                    f"block {number + 1} of {len(blocks)}, {names[0].split('_')[1]}: "
                    f"{ours.blocks[-1]:.1f} s ours, {stock.blocks[-1]:.1f} s stock",
                    flush=True,
                )
    ratios = [
        s / o
        for names, o, s in zip(blocks, ours.blocks, stock.blocks, strict=True)
        if names[0].split("_")[1] in GRADABLE
    ]
    result = {
        "isolation": str(level),
        "students": students,
        "jobs": jobs,
        "warm_start_s": started,
        "throughput_ratio": statistics.median(ratios),
        "throughput_ratios": ratios,
        "over_own_time": sum(ours.each) / sum(own),
        "own_share": sum(own) / sum(ours.each),
        "p50_s": statistics.median(ours.each),
        "p95_s": _p95(ours.each),
        "stock_p50_s": statistics.median(stock.each) if stock.each else None,
        "stock_p95_s": _p95(stock.each) if stock.each else None,
        "cpu_s": ours.cpu_s,
        "stock_cpu_s": stock.cpu_s,
        "peak_mib": ours.peak_bytes / 2**20,
        "stock_peak_mib": stock.peak_bytes / 2**20,
        "scores": scores,
    }
    for key, value in result.items():
        if key != "scores":
            print(f"{key}: {value:.3g}" if isinstance(value, float) else f"{key}: {value}")
    for kind in SHARES:
        pairs = [f"{a:g}/{b}" for n, (a, b) in scores.items() if n.split("_")[1] == kind]
        print(f"{kind} (points by ours/stock): {' '.join(pairs)}")
    if file is not None:
        file.write_text(json.dumps(result, indent=1) + "\n")


class _Kept:
    """A session that stays open from one block to the next."""

    def __init__(self, session: Session, opened: OpenSession) -> None:
        self.lesson, self.digest, self.opened = session.lesson, session.digest, opened

    def open(self) -> contextlib.AbstractContextManager[OpenSession]:
        return contextlib.nullcontext(self.opened)


def _p95(values: list[float]) -> float:
    return sorted(values)[min(len(values) - 1, int(0.95 * len(values)))]


def _class(folder: Path, lesson, students: int) -> list[list[str]]:
    """Write the submissions; their names in blocks of one kind, at most `BLOCK` each."""
    blocks: list[list[str]] = []
    for kind, tenths in SHARES.items():
        left = list(range(max(1, round(students * tenths / 10))))
        while left:
            part, left = left[:BLOCK], left[BLOCK:]
            blocks.append([f"b{len(blocks):02}_{kind}_{n}" for n in part])
            for name, n in zip(blocks[-1], part, strict=True):
                path = folder / "submitted" / name / LESSON / f"{LESSON}.ipynb"
                path.parent.mkdir(parents=True)
                nbformat.write(_submission(lesson, kind, n), path)
    return blocks


def _submission(lesson, kind: str, number: int) -> nbformat.NotebookNode:
    """The released notebook as a student of this kind hands it in."""
    worked = notebooks.worked_notebook(lesson)
    answers = {c.metadata.get("nbgrader", {}).get("grade_id"): c.source for c in worked.cells}
    if kind in ("wrong", "malicious"):
        for name in list(WRONG) if kind == "malicious" else list(WRONG)[: 1 + number % len(WRONG)]:
            answers[name] = WRONG[name]
    if kind == "slow":
        answers["mean_pool"] += "\nimport time\nfor _ in range(40):\n    time.sleep(0.1)"
    if kind == "crashing":
        answers["max_pool"] += f"\n{CRASHING[number % len(CRASHING)]}"
    if kind == "malicious":
        answers["mean_pool"] += f"\n{MALICIOUS[number % len(MALICIOUS)]}"
    notebook = notebooks.release_notebook(lesson)
    for cell in notebook.cells:
        meta = cell.metadata.get("nbgrader", {})
        if meta.get("solution"):
            cell.source = answers[meta["grade_id"]]
    return notebook


def _course(folder: Path, lesson) -> None:
    source = folder / "source" / LESSON / f"{LESSON}.ipynb"
    source.parent.mkdir(parents=True)
    nbformat.write(notebooks.source_notebook(lesson), source)
    (folder / "nbgrader_config.py").write_text(
        f"c = get_config()\nc.CourseDirectory.root = {str(folder)!r}\nc.Execute.timeout = {CELL_S}\n"
    )
    _nbgrader(folder, "generate_assignment", LESSON, check=True)


def _nbgrader(folder: Path, *arguments: str, check: bool = False) -> None:
    beside = Path(sys.executable).parent
    path = f"{beside}{os.pathsep}{os.environ['PATH']}"
    env = {key: value for key, value in os.environ.items() if key != "OMP_NUM_THREADS"}
    subprocess.run(
        [beside / "nbgrader", *arguments],
        cwd=folder,
        env=env | {"PATH": path, "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        check=check,  # autograde exits with an error if one submission of many could not be run
    )


def _finished(folder: Path, names: list[str], began: float) -> list[float]:
    """Seconds between one autograded notebook of stock's and the next."""
    files = [folder / "autograded" / name / LESSON / f"{LESSON}.ipynb" for name in names]
    times = sorted(file.stat().st_mtime for file in files if file.exists())
    return [now - then for then, now in zip([began, *times], times, strict=False)]


def _stock_score(folder: Path, student: str) -> float | None:
    from nbgrader.api import Gradebook, MissingEntry

    with Gradebook(f"sqlite:///{folder}/gradebook.db") as book:
        try:
            return book.find_submission(LESSON, student).score
        except MissingEntry:
            return None


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    asked.add_argument("--students", type=int, default=60, help="size of the class")
    asked.add_argument("--jobs", type=int, default=2, help="submissions at once, by ours")
    asked.add_argument("--json", type=Path, help="write the figures to this file")
    given = asked.parse_args()
    main(given.students, given.jobs, given.json)
