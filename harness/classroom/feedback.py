"""A student's feedback, gathered: the lesson's text, the verdicts, the marks, and what was answered."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from harness.classroom.answers import answers
from harness.classroom.explaining import explanation, is_over
from harness.classroom.late_rule import DAY
from harness.classroom.lateness import MARKED
from harness.classroom.lesson_text import LessonText, read_text
from harness.classroom.marks import Mark, marks
from harness.grade.parts import Part, parts
from harness.grade.syntax import SyntaxFault, first_fault
from harness.grade.verdicts import Report
from harness.reports.feedback import Feedback, Section, notes
from harness.reports.prose import prose
from harness.reports.standing import counted

if TYPE_CHECKING:
    from harness.classroom.folder import Classroom

NO_DATE = (
    "from a system that marks it as late without saying by how much, which counts as one day begun"
)
NO_RESPONSE = "No response."  # nbgrader's own comment on an answer that is as it was released


def gather(
    classroom: Classroom, lesson: str, now: datetime, explain: bool | None = None
) -> Iterator[Feedback]:
    """The feedback of everybody whose hand-in was graded, by student.

    Args:
        now: with its time zone; questions are explained to those whose time is over then.
        explain: True explains them to all, False to nobody.
    """
    text = read_text(classroom.folder, lesson)
    path = classroom.folder / "release" / lesson / f"{lesson}.ipynb"
    of = parts(json.loads(path.read_bytes()))
    found = marks(classroom, lesson)
    for report in classroom.reports(lesson):
        mark = found.get(report.student)
        if mark is None:
            continue
        explained = is_over(mark, now) if explain is None else explain
        own = answers(classroom.folder, lesson, report.student)
        yield of_student(report, mark, of, text, own, explained)


def of_student(
    report: Report,
    mark: Mark,
    of: list[Part],
    text: LessonText,
    own: Mapping[str, str],
    explained: bool,
) -> Feedback:
    """One student's feedback.

    Args:
        of: the lesson's parts.
        own: the text of the student's answer cells by grade_id.
        explained: whether questions are explained.
    """
    title = text.title or report.lesson
    if mark.status == "ungradable":
        return Feedback(
            title,
            report.student,
            ("This could not be graded.",),
            notes=notes(report),
            trouble=(report.reason, report.ask),
        )
    sections = tuple(_section(part, report, mark, text, own, explained) for part in of)
    return Feedback(title, report.student, tuple(_sums(mark)), sections, notes(report))


def _section(
    part: Part,
    report: Report,
    mark: Mark,
    text: LessonText,
    own: Mapping[str, str],
    explained: bool,
) -> Section:
    cells = tuple(cell for cell in report.cells if cell.grade_id in part.graded)
    found = [mark.cells[name] for name in part.graded if name in mark.cells]
    by_hand = any(cell.manual is not None or cell.extra for cell in found)
    waits = part.manual and not by_hand and any(cell.waits for cell in found)
    earned = sum(cell.points for cell in found)
    fault = None if part.manual else _fault(part, own)
    asked, explaining = "", []
    if part.name in text.exercises:
        asked = prose(text.exercises[part.name].card)
    elif part.name in text.questions:
        question = text.questions[part.name]
        asked = prose(question.stem)
        if explained:
            right = bool(cells) and all(cell.fine for cell in cells)
            answer = own.get(part.name, "")
            explaining = explanation(part.name, question, answer, right)
    names = (*part.answers, *part.graded)
    said = (mark.comments.get(name, "") for name in names)
    comments = dict.fromkeys(one for one in said if one and one != NO_RESPONSE)
    return Section(
        title=text.title_of(part.name),
        cells=() if part.manual else cells,
        points=None if waits else earned,
        maximum=part.maximum,
        question=asked,
        answers=tuple(own[name] for name in part.answers if name in own),
        fault=fault,
        explanation=tuple(map(prose, explaining)),
        by_hand=by_hand,
        comment="\n\n".join(comments),
    )


def _fault(part: Part, own: Mapping[str, str]) -> SyntaxFault | None:
    found = first_fault(part.answers, own)
    return found[1] if found else None


def _sums(mark: Mark) -> Iterator[str]:
    found = mark.standing
    yield found.total
    if found.late:
        yield (
            f"{counted(mark.earned)} earned, and {found.late:g} taken off because it was handed in late: "
            f"{_late(mark)}."
        )
    if found.waiting:
        yield found.rest


def _late(mark: Mark) -> str:
    """How late, in the two largest units that tell it; or that nobody knows."""
    if mark.late_seconds == MARKED and not (mark.handed_in and mark.due):
        return f"it came {NO_DATE}"
    if mark.handed_in and mark.due and mark.handed_in <= mark.due:
        return f"it came {NO_DATE}"
    left = int(mark.late_seconds)
    said: list[str] = []
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        count, left = divmod(left, size)
        if count and len(said) < 2:
            said.append(f"{count} {unit}{'' if count == 1 else 's'}")
    begun = math.ceil(mark.late_seconds / DAY)
    days = f" (each day begun counts: {begun})" if mark.late_seconds % DAY and begun > 1 else ""
    return f"{' and '.join(said)} after the due date{days}" if said else "after the due date"
