"""What a teacher wants to know of a class: marks, each part of a lesson, the mistakes made, who to ask."""

from __future__ import annotations

import json
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.classroom.answers import answers
from harness.classroom.item_analysis import ItemFigures, figures
from harness.classroom.lesson_text import LessonText, read_text
from harness.classroom.marks import Mark, Status, marks
from harness.grade.parts import Part, parts
from harness.grade.syntax import first_fault
from harness.grade.verdicts import CellVerdict, Report

if TYPE_CHECKING:
    from harness.classroom.folder import Classroom

BINS = 10
# What became of an answer, from right to not there at all.
OUTCOMES = (
    "right",
    "right in part",
    "named mistake",
    "wrong otherwise",
    "error",
    "syntax error",
    "not attempted",
    "not run",
)
_OF_STATUS = {
    "wrong": "wrong otherwise",
    "failed": "wrong otherwise",
    "crashed": "error",
    "syntax error": "syntax error",
    "not attempted": "not attempted",
    "not run": "not run",
}
_SAID = {
    "wrong otherwise": "wrong, no named mistake",
    "error": "ended in an error",
    "syntax error": "syntax error",
    "not attempted": "not attempted",
    "not run": "could not be run",
    "right in part": "wrong in hidden tests only",
}


@dataclass(frozen=True)
class PartReport:
    """One part of a lesson over the class: an exercise, a question, a written answer.

    Args:
        title: what it is called.
        whole: its figures; visible, hidden: those of an exercise's two checks.
        outcomes: how many answers came to each of `OUTCOMES`.
        mistakes: (in words, how many students), the most frequent first.
        waiting: how many answers a person has not marked.
    """

    name: str
    title: str
    whole: ItemFigures
    visible: ItemFigures | None = None
    hidden: ItemFigures | None = None
    outcomes: Mapping[str, int] = field(default_factory=dict)
    mistakes: Sequence[tuple[str, int]] = ()
    waiting: int = 0


@dataclass(frozen=True)
class LessonReport:
    """One lesson of a class.

    Args:
        statuses: how many students of the class are `graded`, `waiting`, ... (`marks.Status`).
        mean, median: of the points of those who were graded, penalties taken off; None if there are none.
        maximum: what the lesson is worth, all that a person marks included.
        distribution: how many have 0 to 10 %, 10 to 20 %, ... of that.
        late: (how many students were late, points taken off in all).
        ungradable: (student, reason); missing: who handed in nothing.
    """

    lesson: str
    title: str
    statuses: Mapping[Status, int]
    mean: float | None
    median: float | None
    maximum: float
    distribution: tuple[int, ...]
    parts: tuple[PartReport, ...]
    late: tuple[int, float]
    ungradable: tuple[tuple[str, str], ...]
    missing: tuple[str, ...]

    @property
    def students(self) -> int:
        return sum(self.statuses.values())

    @property
    def graded(self) -> int:
        """Who has points, final or not."""
        return self.statuses.get("graded", 0) + self.statuses.get("waiting", 0)


@dataclass(frozen=True)
class ClassReport:
    """All lessons of a class.

    Args:
        handed_in: how many students handed in 0, 1, 2, ... of the lessons.
    """

    lessons: tuple[LessonReport, ...]
    handed_in: tuple[int, ...] = ()


def report(classroom: Classroom, lessons: Sequence[str] | None = None) -> ClassReport:
    """The report of the class on some lessons, or on all that were released.

    Penalties are written to the gradebook first, so that it says what the report says.

    Raises:
        ClassroomError: the gradebook does not know a lesson.
    """
    from harness.classroom.due import refresh

    chosen = classroom.lessons if lessons is None else lessons
    refresh(classroom, chosen)
    found, handed = [], Counter[str]()
    with classroom.gradebook() as book:
        known = {name: marks(classroom, name, book) for name in chosen}
    for name in chosen:
        release = classroom.folder / "release" / name / f"{name}.ipynb"
        reports = classroom.reports(name)
        own = {one.student: answers(classroom.folder, name, one.student) for one in reports}
        of = parts(json.loads(release.read_bytes()))
        found.append(
            of_lesson(name, reports, known[name], of, read_text(classroom.folder, name), own)
        )
        for student, mark in known[name].items():
            handed[student] += mark.status != "missing"
    counts = Counter(handed.values())
    return ClassReport(tuple(found), tuple(counts[n] for n in range(len(chosen) + 1)))


def of_lesson(
    lesson: str,
    reports: Sequence[Report],
    known: Mapping[str, Mark],
    of: Sequence[Part],
    text: LessonText,
    own: Mapping[str, Mapping[str, str]],
) -> LessonReport:
    """Sum up one lesson.

    Args:
        known: the marks of all students.
        of: the lesson's parts.
        own: the text of students' answer cells, by student and grade_id.
    """
    graded = {name: mark for name, mark in known.items() if mark.total is not None}
    totals = [mark.total or 0.0 for mark in graded.values()]
    maximum = max((mark.maximum for mark in known.values()), default=0.0)
    bins = [0] * BINS
    for total in totals:
        share = total / maximum if maximum else 0.0
        bins[min(BINS - 1, max(0, int(share * BINS)))] += 1
    verdicts = {
        one.student: {cell.grade_id: cell for cell in one.cells}
        for one in reports
        if one.student in graded
    }
    late = [m.standing.late for m in graded.values() if m.penalty > 0]
    return LessonReport(
        lesson,
        text.title or lesson,
        Counter(mark.status for mark in known.values()),
        statistics.fmean(totals) if totals else None,
        statistics.median(totals) if totals else None,
        maximum,
        tuple(bins),
        tuple(_part(part, graded, verdicts, text, own) for part in of),
        (len(late), sum(late)),
        tuple((m.student, m.reason) for m in known.values() if m.status == "ungradable"),
        tuple(m.student for m in known.values() if m.status == "missing"),
    )


def _part(
    part: Part,
    graded: Mapping[str, Mark],
    verdicts: Mapping[str, Mapping[str, CellVerdict]],
    text: LessonText,
    own: Mapping[str, Mapping[str, str]],
) -> PartReport:
    def of(names: Sequence[str]) -> ItemFigures:
        """The figures of some cells, over those who have points for them."""
        points, rest, worth = [], [], 0.0
        for mark in graded.values():
            cells = [mark.cells[name] for name in names if name in mark.cells]
            if not cells or all(c.automatic is None and c.manual is None for c in cells):
                continue
            earned = sum(cell.points for cell in cells)
            worth = max(worth, sum(cell.maximum for cell in cells))
            points.append(earned)
            rest.append(mark.earned - earned)
        return figures(points, rest, worth)

    waiting = sum(
        mark.cells[name].waits
        for mark in graded.values()
        for name in part.graded
        if name in mark.cells
    )
    title = text.title_of(part.name)
    if part.manual:
        return PartReport(part.name, title, of(part.graded), waiting=waiting)
    outcomes, mistakes = Counter[str](), Counter[str]()
    hidden: set[str] = set()
    for student, cells in verdicts.items():
        found = [cells[name] for name in part.graded if name in cells]
        hidden |= {cell.grade_id for cell in found if cell.hidden}
        outcome, said = _outcome(part, found, text, own.get(student, {}))
        outcomes[outcome] += 1
        if said:
            mistakes[said] += 1
    seen = [name for name in part.graded if name not in hidden]
    unseen = [name for name in part.graded if name in hidden]
    both = bool(seen and unseen)
    return PartReport(
        part.name,
        title,
        of(part.graded),
        of(seen) if both else None,
        of(unseen) if both else None,
        outcomes,
        sorted(mistakes.items(), key=lambda pair: (-pair[1], pair[0])),
        waiting,
    )


def _outcome(
    part: Part, cells: Sequence[CellVerdict], text: LessonText, own: Mapping[str, str]
) -> tuple[str, str]:
    """What became of one student's answer, and what is wrong with it in words; none if nothing is."""
    if not cells:
        return "not run", _SAID["not run"]
    if all(cell.fine for cell in cells):
        return "right", ""
    wrong = [cell for cell in cells if not cell.fine]
    named = next((cell for cell in wrong if cell.mistake), None)
    if named is not None:
        known = text.exercises[part.name].mistakes if part.name in text.exercises else {}
        return "named mistake", known.get(named.mistake or "") or named.message or str(
            named.mistake
        )
    if first_fault(part.answers, own) is not None:
        return "syntax error", _SAID["syntax error"]
    if len(wrong) < len(cells):
        return "right in part", _SAID["right in part"]
    if wrong[0].status == "passed":
        return "right in part", "some of the points"
    outcome = _OF_STATUS[wrong[0].status]
    if outcome == "wrong otherwise" and part.name in text.questions:
        from harness.classroom.explaining import answered

        given = answered(part.name, text.questions[part.name], own.get(part.name, ""))
        if given:
            return outcome, f"answered {given}"
    return outcome, _SAID[outcome]
