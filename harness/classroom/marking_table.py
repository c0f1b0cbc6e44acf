"""Answers that a person marks, as a table for a spreadsheet program, and back."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from harness.classroom.marking import Given, MarkError, Written, read_points
from harness.reports.sanitize import from_table_cell, table_cell

COLUMNS = ("question", "who", "answer", "points", "maximum", "comment", "version")
ANSWER_CHARACTERS = 30_000  # a spreadsheet's cell holds 32,767
MOST_BYTES = 64 << 20
_MOST_SAID = 10


def to_table(queue: Sequence[Written], anonymous: bool) -> str:
    """The answers as CSV, one a row, in the order of the queue.

    Args:
        anonymous: codes stand in the place of names.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for one in queue:
        who = one.code if anonymous else one.student
        writer.writerow(
            [
                table_cell(one.item),
                table_cell(who),
                table_cell(one.answer, ANSWER_CHARACTERS, lines=True),
                "" if one.points is None else f"{one.points:g}",
                f"{one.maximum:g}",
                table_cell(one.comment, ANSWER_CHARACTERS, lines=True),
                f"v{one.digest}",
            ]
        )
    return text.getvalue()


def from_table(content: bytes, queue: Sequence[Written]) -> list[Given]:
    """What a table gives that is not given yet; rows without points are passed over.

    Args:
        content: the file, in UTF-8; between its columns stand commas, semicolons or tabs.
        queue: all answers of the lesson, marked ones too.

    Raises:
        MarkError: it is no such table, or rows of it cannot be given; none is given then.
    """
    rows = _rows(content)
    known = {(one.item, key): one for one in queue for key in (one.student, one.code)}
    shown = {(item, table_cell(key)): one for (item, key), one in known.items()}
    given: dict[tuple[str, str], Given] = {}
    wrong = []
    for number, row in enumerate(rows, 2):
        if not (row["points"] or "").strip():
            continue
        item, who = (from_table_cell((row[key] or "").strip()) for key in ("question", "who"))
        one = known.get((item, who)) or shown.get((item, row["who"].strip()))
        try:
            if one is None:
                raise MarkError(f"there is no answer of {who[:60]!r} to {item[:60]!r}")
            if (row["version"] or "").strip() not in ("", f"v{one.digest}"):
                raise MarkError(
                    f"{who[:60]!r} has answered {item[:60]!r} anew since the table was written: read "
                    "the new answer in a new table"
                )
            if (one.student, one.item) in given:
                raise MarkError(f"{who[:60]!r} stands twice for {item[:60]!r}")
            points = read_points(row["points"], one.maximum)
        except MarkError as error:
            wrong.append(f"row {number}: {error}")
            continue
        comment = from_table_cell((row["comment"] or "").replace("\r\n", "\n").strip())
        given[one.student, one.item] = Given(one.student, one.item, points, comment)
    if wrong:
        more = f"; and {len(wrong) - _MOST_SAID} more" if len(wrong) > _MOST_SAID else ""
        raise MarkError("nothing was given. " + "; ".join(wrong[:_MOST_SAID]) + more)
    before = {(one.student, one.item): (one.points, one.comment) for one in queue if not one.waits}
    return [one for key, one in given.items() if before.get(key) != (one.points, one.comment)]


def _rows(content: bytes) -> list[dict[str, str]]:
    if len(content) > MOST_BYTES:
        raise MarkError(f"the table has {len(content)} bytes, more than {MOST_BYTES}")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MarkError("the table is not UTF-8: save it as CSV UTF-8") from error
    head = text.split("\n", 1)[0]
    mark = max(",;\t", key=head.count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=mark, restval="")
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        raise MarkError(
            f"the table has no column {', '.join(missing)}: write one with --export, and fill in "
            "points and comment"
        )
    try:
        return list(reader)
    except csv.Error as error:
        raise MarkError(f"the table cannot be read as CSV ({error})") from error
