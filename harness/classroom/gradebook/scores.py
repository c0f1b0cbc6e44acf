"""The scores of a gradebook as CSV, in the columns of nbgrader's own exporter.

nbgrader writes names as they are: one with a comma shifts the columns, and one that begins with `=` is a
formula to the program that opens the file.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

from nbgrader.api import Gradebook, MissingEntry

from harness.reports.sanitize import table_cell

COLUMNS = (
    *("assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email"),
    *("raw_score", "late_submission_penalty", "score", "max_score"),
)


def scores_csv(book: Gradebook, lessons: Sequence[str] = ()) -> str:
    """A row for each student and lesson; who handed in nothing has 0.

    Args:
        lessons: only these; all if there are none.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in _rows(book, lessons):
        writer.writerow(["" if x is None else table_cell(str(x)) for x in row])
    return text.getvalue()


def _rows(book: Gradebook, lessons: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    for lesson in book.assignments:
        if lessons and lesson.name not in lessons:
            continue
        for student in book.students:
            when, points, penalty = None, 0.0, 0.0
            try:
                found = book.find_submission(lesson.name, student.id)
                when, points, penalty = (
                    found.timestamp,
                    found.score,
                    found.late_submission_penalty,
                )
            except MissingEntry:
                pass
            yield (
                *(lesson.name, lesson.duedate, when, student.id),
                *(student.last_name, student.first_name, student.email),
                *(points, penalty, max(0.0, points - penalty), lesson.max_score),
            )
