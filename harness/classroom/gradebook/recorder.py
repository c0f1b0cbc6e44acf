"""Graded submissions into the classroom: its gradebook, its `autograded/` folder, its reports."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import shutil
import warnings
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.api import MissingEntry
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import parse_utc
from sqlalchemy.exc import SAWarning
from traitlets.config import Config, PyFileConfigLoader

from harness.classroom import lateness
from harness.classroom.answers import answers, answers_in
from harness.classroom.configuration import CONFIG
from harness.classroom.gradebook.batches import Batches, Prepared
from harness.classroom.gradebook.recorded_files import (
    keep,
    merged,
    read_report,
    report_path,
)
from harness.classroom.gradebook.safe_outputs import safe_text
from harness.classroom.gradebook.transaction import SharedGradebook
from harness.classroom.gradebook.ungradable import explained, no_points
from harness.classroom.gradebook.verdict_autograde import VerdictAutograde, steps
from harness.classroom.lesson_text import read_text, rubrics
from harness.classroom.private import private
from harness.grade.verdicts import GradedSubmission, Report
from harness.lock import one_writer
from lib._files import write_whole

IN, OUT = ".grading/in", ".grading/out"


class RecordError(RuntimeError):
    """A graded submission could not be recorded; the gradebook is as it was before it."""


@dataclasses.dataclass(frozen=True)
class ToRecord:
    """One graded submission to record; see `Recorder.record`."""

    graded: GradedSubmission
    timestamp: str | None = None
    only: Iterable[str] | None = None


class Recorder:
    """Writes to one classroom. Use it as a context manager; it holds the classroom's lock.

    Args:
        classroom: the folder of the nbgrader course, with its `nbgrader_config.py`.

    Raises:
        Busy: another process writes to the classroom.
    """

    def __init__(self, classroom: Path) -> None:
        self.folder = Path(classroom).resolve()
        self.grading = self.folder / ".grading"
        self._known: dict[str, dict[str, str]] = {}

    def __enter__(self) -> Recorder:
        self._stack = contextlib.ExitStack()
        with self._stack:
            self._stack.enter_context(one_writer(self.folder))
            self._stack.enter_context(private())
            for rest in (".grading/in", ".grading/out", ".grading/old", ".grading/copies"):
                shutil.rmtree(self.folder / rest, ignore_errors=True)
            self.copies = self.folder / ".grading" / "copies"
            self.copies.mkdir(mode=0o700, exist_ok=True)
            self.config = load_config(self.folder)
            self.coursedir = course_directory(self.folder, self.config)
            self.coursedir.submitted_directory = IN
            self.coursedir.autograded_directory = OUT
            self.gradebook = SharedGradebook(self.coursedir.db_url, self.coursedir.course_id)
            self._stack.callback(self.gradebook.shut)
            self._releases: dict[str, NotebookNode] = {}
            kinds = [*steps("sanitize_preprocessors"), *steps("autograde_preprocessors")]
            self._batches = Batches(self.folder, self.coursedir, self.config, self.gradebook, kinds)
            self._stack = self._stack.pop_all()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    def record(
        self,
        graded: GradedSubmission,
        *,
        timestamp: str | None = None,
        only: Iterable[str] | None = None,
    ) -> Report:
        """Record one submission whole, or raise and leave everything as it was.

        Args:
            graded: its report, and the rebuilt notebook with outputs. For an ungradable submission
                the released notebook is recorded instead, with the reason as its first cell.
            timestamp: when it was handed in, as nbgrader writes it in `timestamp.txt`.
            only: the grade ids to write; all other scores and verdicts stay as they are.

        Returns:
            The report as recorded, which lies in `.grading/reports/<lesson>/<student>.json`, too.

        Raises:
            RecordError: nbgrader could not take it.
        """
        (result,) = self.record_all([ToRecord(graded, timestamp, only)])
        if isinstance(result, RecordError):
            raise result
        return result

    def record_all(self, items: Sequence[ToRecord]) -> list[Report | RecordError]:
        """Record submissions, whole and in few transactions; for each its report as recorded, or why
        it could not be and everything of it is as it was.

        When this returns all of them are in the gradebook and with their files. An error of the
        database or the disk is raised: then none of a transaction is in the gradebook, and recording
        the same once more mends their files.
        """
        results: dict[int, Report | RecordError] = {}
        waiting: dict[str, list[tuple[int, Prepared]]] = {}
        for at, item in enumerate(items):
            try:
                one = self._prepared(item)
            except RecordError as error:
                results[at] = error
                continue
            if isinstance(one, Report):
                results[at] = one
            else:
                waiting.setdefault(one.report.lesson, []).append((at, one))
        for lesson, group in waiting.items():
            left = group
            if self._batches.can:
                done = self._batches.write(lesson, [one for _, one in group])
                for at, one in group:
                    if one.report.student in done:
                        results[at] = one.report
                left = [(at, one) for at, one in group if at not in results]
            for at, one in left:
                try:
                    results[at] = self._convert(one)
                except RecordError as error:
                    results[at] = error
        return [results[at] for at in range(len(items))]

    def _prepared(self, item: ToRecord) -> Prepared | Report:
        """What is to be recorded of a submission; the report that stands if that is nothing."""
        report, only = item.graded.report, item.only
        lesson, student = report.lesson, report.student
        for name in (lesson, student):
            if name in ("", ".", "..") or any(c in "/\\" or not c.isprintable() for c in name):
                raise RecordError(
                    f"{name!r} cannot be the name of a folder in the classroom: rename it there"
                )
        chosen = None if only is None else frozenset(only)
        if chosen is not None:
            old = self.report(lesson, student)
            if old is None or old.status == "ungradable":
                chosen = None  # nothing of it was recorded yet
            elif report.status == "ungradable":
                return old
            else:
                report = merged(old, report, chosen)
        release = self._release(lesson)
        notebook = item.graded.notebook
        if report.status == "ungradable" or notebook is None:
            notebook = explained(release, report)
            report = dataclasses.replace(report, cells=no_points(release, report))
        ours = notebook if report.status == "ungradable" else release
        resources = {
            "verdicts": {cell.grade_id: cell for cell in report.cells},
            "only": chosen,
            "trusted": frozenset(cell.source for cell in ours.cells),
            "unchanged": self._unchanged(lesson, student, notebook),
            "rubrics": self._rubrics(lesson),
        }
        return Prepared(report, notebook, resources, valid_timestamp(item.timestamp))

    def _convert(self, one: Prepared) -> Report:
        """Record one by nbgrader's own converter, in a transaction of its own.

        Raises:
            RecordError: nbgrader could not take it.
        """
        report = one.report
        lesson, student = report.lesson, report.student
        source = self.folder / IN / student / lesson / f"{lesson}.ipynb"
        output = self.folder / OUT / student / lesson
        for folder in (source.parent, output):
            shutil.rmtree(folder, ignore_errors=True)
        source.parent.mkdir(parents=True)
        write_whole(source, nbformat.writes(one.notebook).encode("utf-8", "replace"))
        if one.timestamp:
            write_whole(source.parent / "timestamp.txt", f"{one.timestamp}\n".encode())
        said: list[str] = []
        try:
            with _listening(said) as log, self.gradebook.submission():
                VerdictAutograde(
                    one.resources, source, coursedir=self.coursedir, config=self.config, log=log
                ).start()
                self._date(one)
                keep(self.folder, report, output)
        except NbGraderException as error:
            raise RecordError(
                f"nbgrader could not record {lesson} of {student!r}; the gradebook is as it was. "
                f"It said: {' '.join(said)[-1500:] or error}"
            ) from error
        finally:
            shutil.rmtree(self.folder / IN / student, ignore_errors=True)
            shutil.rmtree(self.folder / OUT / student, ignore_errors=True)
        return report

    def _date(self, one: Prepared) -> None:
        """Say when it was handed in, and what being late costs by the classroom's dates and rule."""
        lesson, student = one.report.lesson, one.report.student
        if (
            one.whole and one.timestamp is None
        ):  # nbgrader would keep the date of an earlier hand-in
            self.gradebook.find_submission(lesson, student).timestamp = None
        lateness.assign(self.gradebook, self.folder, self.config, lesson, [student])

    def report(self, lesson: str, student: str) -> Report | None:
        """The report that was recorded last, None if there is none."""
        return read_report(self.folder, lesson, student)

    def recorded(self, lesson: str, student: str) -> bool:
        """Whether a recorded submission is there, in the gradebook and with its files."""
        place = self.folder / "autograded" / student / lesson / f"{lesson}.ipynb"
        if not place.is_file() or not report_path(self.folder, lesson, student).is_file():
            return False
        try:
            self.gradebook.find_submission(lesson, student)
        except MissingEntry:  # of a gradebook that was made anew
            return False
        finally:
            self.gradebook.db.remove()  # no transaction stays open beside the one that writes
        return True

    def _unchanged(self, lesson: str, student: str, notebook: NotebookNode) -> frozenset[str]:
        """The answers that say what they said when they were recorded the last time."""
        before = answers(self.folder, lesson, student)
        now = answers_in(safe_text(cell) for cell in notebook.cells)
        return frozenset(name for name, text in now.items() if before.get(name) == text)

    def _rubrics(self, lesson: str) -> dict[str, str]:
        if lesson not in self._known:
            self._known[lesson] = rubrics(read_text(self.folder, lesson))
        return self._known[lesson]

    def _release(self, lesson: str) -> NotebookNode:
        """The released notebook, which nobody changes: it is read once."""
        path = self.folder / "release" / lesson / f"{lesson}.ipynb"
        try:
            if lesson not in self._releases:
                self._releases[lesson] = nbformat.read(path, as_version=4)
            return self._releases[lesson]
        except OSError as error:
            raise RecordError(
                f"{path} is not there: release {lesson} before its submissions are recorded"
            ) from error


def load_config(folder: Path) -> Config:
    """The teacher's configuration of the course.

    Raises:
        FileNotFoundError: the folder is no classroom.
    """
    if not (folder / CONFIG).is_file():
        raise FileNotFoundError(
            f"{folder} has no {CONFIG}: it is no classroom; make one with `classroom init`"
        )
    return PyFileConfigLoader(CONFIG, path=str(folder)).load_config()


def course_directory(folder: Path, config: Config) -> CourseDirectory:
    course = CourseDirectory(config=config)
    course.root = str(folder)
    return course


def valid_timestamp(text: str | None) -> str | None:
    """The text if nbgrader can read it as a time, else None."""
    text = (text or "").strip()
    try:
        return text if text and len(text) < 100 and parse_utc(text) else None
    except (ValueError, OverflowError):
        return None


@contextlib.contextmanager
def _listening(said: list[str]) -> Iterator[logging.Logger]:
    """A log of our own, so that nbgrader's remarks do not run over the terminal."""

    class Keep(logging.Handler):
        def emit(self, entry: logging.LogRecord) -> None:
            said.append(entry.getMessage())

    log = logging.Logger("gradebook", logging.WARNING)
    log.addHandler(Keep())
    with warnings.catch_warnings():
        # nbgrader makes its rows before they are in the session, which SQLAlchemy remarks.
        warnings.simplefilter("ignore", SAWarning)
        yield log
