"""How many graded submissions a second are recorded, in SQLite and PostgreSQL, and by nbgrader's converter.

    python -m benchmarks.gradebook [--submissions 1000] [--rounds 3] [--json FILE]

The submissions are the worked lesson 02 as the grader leaves it, with verdicts of which draws make a
third wrong. They are recorded 64 at a time, as a class is; the same are recorded by nbgrader's own
converter, a few of them. Both databases wait for the disk. Rounds go in turn over all systems; what is
printed are medians, and processor seconds of this process beside.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat

from harness import paths
from harness.author import loading, notebooks
from harness.classroom import Classroom, init
from harness.classroom.gradebook import Recorder, ToRecord
from harness.classroom.grading import BATCH
from harness.grade.engine import LocalEngine
from harness.grade.session import Session
from harness.grade.submissions import Submission
from harness.grade.verdicts import CellVerdict, GradedSubmission, Report
from harness.sandbox import Level
from tests.postgresql import NoServer, running

LESSON = "02_pooling"
BY_CONVERTER = 20


def graded(count: int) -> list[ToRecord]:
    """So many graded submissions of different students."""
    root = paths.root()
    (lesson,) = loading.load(root, [LESSON])
    worked = Submission("worked", root / "solutions" / f"{LESSON}.ipynb")
    session = Session(notebooks.assignment(lesson), Level.NONE)
    ((_, one),) = LocalEngine().grade(session, [worked])
    assert one.notebook is not None, one.fault
    draw = random.Random(1)
    found = []
    for number in range(count):
        verdicts = tuple(_verdict(draw, cell) for cell in one.report.cells)
        report = dataclasses.replace(one.report, student=f"student{number:05}", cells=verdicts)
        found.append(ToRecord(GradedSubmission(report, one.notebook), "2026-01-03 12:00:00 UTC"))
    return found


def _verdict(draw: random.Random, cell: CellVerdict) -> CellVerdict:
    if cell.points is None or draw.random() < 0.7:
        return cell
    said = f"Not right: {draw.random()}"
    return dataclasses.replace(cell, status="wrong", points=0.0, message=said, mistake="a-mistake")


def classroom(folder: Path, database: str | None) -> Classroom:
    """A classroom with the lesson released."""
    room = init(folder, database, "bench")
    (lesson,) = loading.load(paths.root(), [LESSON])
    with tempfile.TemporaryDirectory() as made:
        path = Path(made, f"{LESSON}.ipynb")
        nbformat.write(notebooks.source_notebook(lesson), path)
        room.release(LESSON, path)
    return room


def record(
    room: Classroom, items: list[ToRecord], batch: int, fast: bool = True
) -> tuple[float, float]:
    """Record them; the seconds and processor seconds that one took."""
    with Recorder(room.folder) as recorder:
        recorder._batches.can = fast
        began, used = time.perf_counter(), time.process_time()
        for at in range(0, len(items), batch):
            for result in recorder.record_all(items[at : at + batch]):
                assert isinstance(result, Report), result
        took, cpu = time.perf_counter() - began, time.process_time() - used
    return took / len(items), cpu / len(items)


@contextlib.contextmanager
def databases() -> Iterator[dict[str, str | None]]:
    """The URLs of the databases that can be had here."""
    try:
        with running("-c fsync=on") as url:
            yield {"SQLite": None, "PostgreSQL": url}
    except NoServer as error:
        print(f"PostgreSQL is left out: {error}")
        yield {"SQLite": None}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--submissions", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    items = graded(given.submissions * given.rounds)
    taken: dict[str, list[tuple[float, float]]] = {}
    with databases() as urls, tempfile.TemporaryDirectory() as folder:
        rooms = {name: classroom(Path(folder, name), url) for name, url in urls.items()}
        rooms["converter"] = classroom(Path(folder, "converter"), None)
        for number in range(given.rounds):
            part = items[number * given.submissions :][: given.submissions]
            for name in urls:
                taken.setdefault(f"{name}, new", []).append(record(rooms[name], part, BATCH))
                taken.setdefault(f"{name}, again", []).append(record(rooms[name], part, BATCH))
            slow = record(rooms["converter"], part[:BY_CONVERTER], 1, fast=False)
            taken.setdefault("SQLite, by nbgrader's converter", []).append(slow)
    rows = {
        name: {
            "a_second": 1 / statistics.median(s for s, _ in found),
            "ms": 1000 * statistics.median(s for s, _ in found),
            "processor_ms": 1000 * statistics.median(cpu for _, cpu in found),
        }
        for name, found in taken.items()
    }
    print(
        f"{given.submissions} submissions of {LESSON}, {given.rounds} rounds, batches of {BATCH}\n"
    )
    print("| | a second | ms each | processor ms each |\n|---|---|---|---|")
    for name, row in rows.items():
        print(f"| {name} | {row['a_second']:.0f} | {row['ms']:.1f} | {row['processor_ms']:.1f} |")
    if given.json:
        given.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
