"""Many submissions at once, with a journal: what was graded stays graded when the run is killed."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from harness.grade.verdicts import CellVerdict, Remark, Report


@dataclass(frozen=True)
class Submission:
    """One student's work on one lesson: a notebook file or a folder."""

    student: str
    path: Path


class Journal:
    """Finished reports, one JSON line each, keyed by what was graded.

    A line cut short by a kill is ignored: that submission is graded again.

    Args:
        path: the file; None keeps nothing.
        grader: what else a verdict depends on (release, checks, limits), as a short text.
    """

    def __init__(self, path: Path | None, grader: str = "") -> None:
        self.path, self.grader, self._lock = path, grader, threading.Lock()
        self._done: dict[str, Report] = {}
        if path is not None and path.is_file():
            for line in path.read_bytes().splitlines():
                try:
                    entry = json.loads(line)
                    self._done[entry["key"]] = report_from(entry["report"])
                except (ValueError, KeyError, TypeError):
                    continue

    def key(self, submission: Submission) -> str:
        """A digest of the submission's bytes, its student and the grader."""
        digest = hashlib.sha256(f"{self.grader}\0{submission.student}\0".encode())
        for path in _files(submission.path):
            digest.update(f"{path.relative_to(submission.path.parent)}\0".encode(errors="replace"))
            with open(path, "rb", opener=_no_links) as file:
                while block := file.read(1 << 20):
                    digest.update(block)
        return digest.hexdigest()

    def get(self, key: str) -> Report | None:
        return self._done.get(key)

    def put(self, key: str, report: Report) -> None:
        """Keep a report; when this returns it is on the disk."""
        line = json.dumps({"key": key, "report": dataclasses.asdict(report)}) + "\n"
        with self._lock:
            self._done[key] = report
            if self.path is None:
                return
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # A leading newline ends a line that an earlier kill cut short.
            handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(handle, ("\n" + line).encode())
                os.fsync(handle)
            finally:
                os.close(handle)


def report_from(data: dict) -> Report:
    """A report from its plain form."""
    data = dict(data)
    data["cells"] = tuple(CellVerdict(**cell) for cell in data["cells"])
    data["remarks"] = tuple(Remark(**remark) for remark in data["remarks"])
    return Report(**data)


def grade_all(
    submissions: Iterable[Submission],
    make_grader: Callable[[], Callable[[Submission], Report]],
    *,
    jobs: int,
    journal: Journal | None = None,
    tell: Callable[[Report], None] = lambda report: None,
) -> list[Report]:
    """Grade the submissions, `jobs` at a time, and return the reports in the given order.

    Args:
        make_grader: makes what grades one submission; called once in each worker thread. The work is
            in other processes, so that threads suffice here.
        tell: called with each report as it is finished, from this thread.
    """
    journal = journal or Journal(None)
    submissions = list(submissions)
    local = threading.local()

    def one(submission: Submission) -> Report:
        try:
            key = journal.key(submission)
        except OSError:
            key = None
        if key is not None and (known := journal.get(key)) is not None:
            return known
        if not hasattr(local, "grade"):
            local.grade = make_grader()
        try:
            report = local.grade(submission)
        except Exception as error:  # one submission never stops the others
            return Report(
                submission.student,
                "",
                submission.path.name,
                "ungradable",
                reason=f"The grader could not finish it ({type(error).__name__}: {error}).",
                ask="Nothing: the teacher looks at it.",
            )
        if key is not None:
            journal.put(key, report)
        return report

    reports: dict[int, Report] = {}
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        futures = {pool.submit(one, item): number for number, item in enumerate(submissions)}
        try:
            for future in as_completed(futures):
                report = future.result()
                reports[futures[future]] = report
                tell(report)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [reports[number] for number in range(len(submissions))]


def discover(paths: Iterable[Path], lesson: str | None = None) -> Iterator[Submission]:
    """The submissions in files and folders.

    A file is one submission, named by its stem. A folder is one submission if notebooks of one
    lesson lie in it and nothing else tells students apart; otherwise each file or folder in it is.
    In nbgrader's layout (`submitted/<student>/<lesson>/`) the student's folder names the student.

    Raises:
        FileNotFoundError: a path that is not there, or a folder without submissions.
    """
    for path in paths:
        if not os.path.lexists(path):
            raise FileNotFoundError(f"{path} is not there: give a notebook or a folder of them")
        if not path.is_dir():
            yield Submission(path.stem, path)
            continue
        entries = sorted(p for p in path.iterdir() if not p.name.startswith((".", "__")))
        if not entries:
            raise FileNotFoundError(f"{path} is empty: give a notebook or a folder of them")
        for entry in entries:
            inner = entry / lesson if lesson and entry.is_dir() else None
            if inner is not None and inner.is_dir() and not inner.is_symlink():
                yield Submission(entry.name, inner)
            elif entry.is_dir() or entry.suffix in (".ipynb", ".py", ".zip", ".json", ".txt"):
                yield Submission(entry.name if entry.is_dir() else entry.stem, entry)


def _files(path: Path) -> list[Path]:
    if path.is_symlink() or not path.is_dir():
        return [path]
    return sorted(p for p in path.rglob("*") if p.is_file() and not p.is_symlink())


def _no_links(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
