"""How late a hand-in is and what that costs, told to nbgrader's gradebook without grading anew."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness.classroom import dates, hand_ins
from harness.classroom.dates import Dates
from harness.classroom.hand_ins import HandIn
from harness.classroom.late_rule import DAY

_AT_ONCE = 10_000  # notebooks that one statement names
MARKED = DAY  # of what the system marks as late without saying when it came: one day begun


def seconds(
    handed_in: datetime | None, due: datetime | None, about: HandIn | None, own: bool = False
) -> float:
    """How many seconds a hand-in is late; 0 where nothing says that it is.

    Args:
        handed_in, due: both in UTC; None if it is not known.
        about: what is known of the hand-in. A system's mark counts, as a day begun if nothing says when.
        own: whether the date is this student's own. The system does not know of it, so that its mark
            then says nothing.
    """
    late = 0.0
    if handed_in is not None and due is not None:
        late = (_aware(handed_in) - _aware(due)).total_seconds()
    if about is not None and about.late and not own:
        late = late if late > 0 else MARKED
    return max(0.0, late)


def due_of(submission: Any, known: Dates, lesson: str) -> tuple[datetime | None, bool]:
    """The date in UTC that holds for a submission of nbgrader's, and whether it is the student's own.

    An extension that nbgrader itself granted is a date of one's own, too.
    """
    own = known.of(lesson, submission.student_id)
    if own is not None:
        return _aware(own), True
    due = submission.assignment.duedate
    if due is None:
        return None, False
    if submission.extension:
        return _aware(due + submission.extension), True
    return _aware(due), False


def assign(
    book: Any,
    classroom: Path,
    config: Any,
    lesson: str,
    students: Collection[str] | None = None,
) -> dict[str, float]:
    """Write extensions and penalties of a lesson into the gradebook, by dates and rule as they are now.

    Where the classroom has no rule of its own, nbgrader's plugin is asked, as in its autograding.

    Args:
        book: an open gradebook, which is not committed.
        config: the course's configuration, which may name a plugin.
        students: only theirs.

    Returns:
        The penalty of each student whose hand-in is late.
    """
    from nbgrader.api import SubmittedAssignment

    known = dates.load(classroom)
    rule = known.rule(lesson)
    assignment = book.find_assignment(lesson)
    query = book.db.query(SubmittedAssignment).filter(
        SubmittedAssignment.assignment_id == assignment.id
    )
    if students is not None:
        query = query.filter(SubmittedAssignment.student_id.in_(list(students)))
    plugin = None if rule is not None else _plugin(config)
    found = {}
    late_ones = []
    for submission in _with_notebooks(book, assignment, query.all()):
        student = submission.student_id
        own = known.of(lesson, student)
        if assignment.duedate is None:
            submission.extension = None  # nbgrader cannot add it to no date
        elif own is not None:
            submission.extension = own.astimezone(UTC).replace(tzinfo=None) - assignment.duedate
        due, is_own = due_of(submission, known, lesson)
        about = hand_ins.read(classroom, lesson, student)
        late = seconds(submission.timestamp, due, about, is_own)
        if late > 0:
            late_ones.append((submission, late))
        else:
            for notebook in submission.notebooks:
                notebook.late_submission_penalty = None
    late_notebooks = [one.id for late_one, _ in late_ones for one in late_one.notebooks]
    scores = _scores(book, assignment, late_notebooks)
    for submission, late in late_ones:
        student, notebooks = submission.student_id, submission.notebooks
        earned = sum(scores[one.id] for one in notebooks)
        left = None if rule is None else rule.points(late, earned, assignment.max_score)
        for notebook in notebooks:
            score = scores[notebook.id]
            taken: float | None = None
            if left is not None:
                taken = min(left, score)
                left -= taken
            elif plugin is not None:
                taken = plugin.late_submission_penalty(student, score, late)
                taken = None if taken is None else min(max(0.0, taken), score)
            notebook.late_submission_penalty = taken or None
        found[student] = sum(one.late_submission_penalty or 0.0 for one in notebooks)
    return found


def _with_notebooks(book: Any, assignment: Any, submissions: list[Any]) -> list[Any]:
    """Submissions of an assignment with their notebooks, read in one statement for many.

    By the lesson's notebook and the submission, for which nbgrader has an index; it has none by the
    submission alone, so that the notebooks of all students would be read for each batch.
    """
    from nbgrader.api import SubmittedNotebook
    from sqlalchemy.orm.attributes import set_committed_value

    of: dict[str, list[Any]] = {submission.id: [] for submission in submissions}
    ids, lessons = list(of), [notebook.id for notebook in assignment.notebooks]
    for start in range(0, len(ids), _AT_ONCE):
        query = book.db.query(SubmittedNotebook).filter(
            SubmittedNotebook.notebook_id.in_(lessons),
            SubmittedNotebook.assignment_id.in_(ids[start : start + _AT_ONCE]),
        )
        for notebook in query.all():
            of[notebook.assignment_id].append(notebook)
    for submission in submissions:
        set_committed_value(submission, "notebooks", of[submission.id])
    return submissions


def _scores(book: Any, assignment: Any, notebooks: list[str]) -> dict[str, float]:
    """The points of submitted notebooks of an assignment, by their ids in the gradebook.

    `SubmittedNotebook.score` of nbgrader reads all grades of the gradebook for each notebook: the more
    submissions, the longer for each. Here they are read in one statement, by cell and notebook, for which
    there is an index.
    """
    from nbgrader.api import BaseCell, Grade
    from sqlalchemy import func

    scores = dict.fromkeys(notebooks, 0.0)
    if not notebooks:
        return scores
    lessons = [notebook.id for notebook in assignment.notebooks]
    cells = [id_ for (id_,) in book.db.query(BaseCell.id).filter(BaseCell.notebook_id.in_(lessons))]
    for start in range(0, len(notebooks), _AT_ONCE):
        some = notebooks[start : start + _AT_ONCE]
        query = book.db.query(Grade.notebook_id, func.sum(Grade.score))
        query = query.filter(Grade.cell_id.in_(cells), Grade.notebook_id.in_(some))
        query = query.group_by(Grade.notebook_id)
        scores |= {notebook: points or 0.0 for notebook, points in query}
    return scores


def _plugin(config: Any) -> Any:
    """The plugin for late penalties that the course's configuration names."""
    from nbgrader.preprocessors import AssignLatePenalties

    step = AssignLatePenalties(config=config)
    step.init_plugin()
    return step.plugin_inst


def _aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
