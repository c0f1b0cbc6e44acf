"""A lesson's hand-ins through the grader and into the gradebook, many at once and never twice."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import nbformat
from nbformat import NotebookNode

from harness.batch_queue import BatchQueue
from harness.classroom.errors import ClassroomError
from harness.grade.copies import Copies
from harness.grade.engine import Engine, LocalEngine
from harness.grade.journal import Journal, fingerprint
from harness.grade.session import Session
from harness.grade.submissions import Submission
from harness.grade.verdicts import Report

if TYPE_CHECKING:
    from harness.classroom.folder import Classroom

BATCH = 64  # submissions that are recorded at once at most; results that wait are held in memory


Progress = Callable[[int, int, Report], None]


@dataclass
class Outcome:
    """What a run of grading did: reports by student, who was recorded before, and what failed."""

    reports: dict[str, Report] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)


def grade(
    classroom: Classroom,
    lesson: str,
    students: Sequence[str] | None,
    session: Session | None,
    engine: Engine | None,
    progress: Progress,
    only: frozenset[str] | None,
    force: bool = False,
) -> Outcome:
    """See `Classroom.autograde`; with `only` as `Classroom.regrade` says."""
    from harness.classroom.gradebook.recorder import Recorder, RecordError, ToRecord

    classroom.released(lesson)
    session, engine = session or classroom.session(lesson), engine or LocalEngine()
    outcome = Outcome()
    with Recorder(classroom.folder) as recorder, contextlib.ExitStack() as stack:
        # Reports are kept by the thousand. Each time they have grown by a quarter, Python would look
        # through the hundreds of thousands of objects of the libraries, too: 0.4 s each time.
        gc.freeze()
        stack.callback(gc.unfreeze)
        journal = Journal(classroom.folder / ".grading" / "done.jsonl")
        todo: list[tuple[Submission, str | None]] = []
        copies = stack.enter_context(Copies(recorder.copies))
        for submission, key in _handed_in(classroom, lesson, students, session, only, copies):
            student = submission.student
            same = not force and key is not None and journal.done(lesson, student, key)
            known = same and recorder.recorded(lesson, student)
            report = recorder.report(lesson, student) if known and only is None else None
            if report is not None:
                copies.drop(submission)
                outcome.skipped.append(student)
                outcome.reports[student] = report
            else:
                todo.append((submission, key))
        results = stack.enter_context(
            contextlib.closing(engine.grade(session, [submission for submission, _ in todo]))
        )

        def write(batch: list[tuple[ToRecord, str | None]]) -> None:
            items = {item.graded.report.student: item for item, _ in batch}
            keys = {item.graded.report.student: key for item, key in batch}
            before = journal.forget(lesson, items)
            for student, report in zip(items, recorder.record_all(list(items.values()))):
                if isinstance(report, RecordError):
                    outcome.failed[student] = str(report)
                else:
                    outcome.reports[student] = report
                    progress(len(outcome.reports) - len(outcome.skipped), len(todo), report)
                if isinstance(report, RecordError) or only is not None:
                    keys[student] = before.get(student)  # all or the rest is as it was
            journal.add_all(lesson, {s: key for s, key in keys.items() if key is not None})

        with BatchQueue(write, BATCH) as queue:
            for at, result in results:
                submission, key = todo[at]
                student = submission.student
                if result.fault:  # no grade, and none that was recorded is touched
                    outcome.failed[student] = (
                        f"The grader could not finish it ({result.fault}): grade it again."
                    )
                    continue
                stamp = _timestamp(classroom, student, lesson)
                if submission.only is not None and result.notebook is not None:
                    _show_again(classroom, result.notebook, student, lesson)
                copies.drop(submission)
                queue.put((ToRecord(result, stamp, only), key))
    return outcome


def _handed_in(
    classroom: Classroom,
    lesson: str,
    students: Sequence[str] | None,
    session: Session,
    only: frozenset[str] | None,
    copies: Copies,
) -> Iterator[tuple[Submission, str | None]]:
    """Copies of a lesson's submissions, each with the key that tells whether it was graded as it is.

    What cannot be copied comes as it lies there, without a key.
    """
    here = classroom.students(lesson)
    if missing := sorted(set(students or ()) - set(here)):
        raise ClassroomError(
            f"{', '.join(missing)} handed in nothing for {lesson}: collect it first"
        )
    release = fingerprint(classroom.folder / "release" / lesson)
    source = fingerprint(classroom.folder / "source" / lesson)
    before = {report.student for report in classroom.reports(lesson)} if only else set()
    for student in sorted(set(students)) if students is not None else here:
        place = classroom.folder / "submitted" / student / lesson
        submission = Submission(student, place, only if student in before else None)
        copy = copies.take(submission)
        key = None
        if copy is not submission:
            key = fingerprint(copy.path, student, lesson, release, source, session.digest)
        yield copy, key


def _show_again(classroom: Classroom, notebook: NotebookNode, student: str, lesson: str) -> None:
    """Into cells that were not run again goes what they showed the last time."""
    path = classroom.folder / "autograded" / student / lesson / f"{lesson}.ipynb"
    try:
        old = nbformat.read(path, as_version=4)
    except (OSError, ValueError):
        return
    shown = {(cell.get("id"), cell.source): cell.get("outputs") for cell in old.cells}
    for cell in notebook.cells:
        if cell.cell_type == "code" and not cell.outputs:
            cell.outputs = shown.get((cell.get("id"), cell.source)) or []


def _timestamp(classroom: Classroom, student: str, lesson: str) -> str | None:
    path = classroom.folder / "submitted" / student / lesson / "timestamp.txt"
    try:
        if path.is_symlink() or path.stat().st_size > 200:
            return None
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
