"""A page for the student: what was asked, what they answered, what is wrong with it, and what it earned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from harness.grade.syntax import SyntaxFault
from harness.grade.verdicts import CellVerdict, Report
from harness.reports import standing
from harness.reports.page import page, text
from harness.reports.sanitize import clean
from harness.reports.standing import counted

ANSWER_CHARACTERS = 20_000
_WORDS = {
    "passed": "right",
    "wrong": "wrong",
    "failed": "wrong",
    "crashed": "ended in an error",
    "syntax error": "syntax error",
    "not attempted": "not attempted",
    "not run": "could not be run",
    "manual": "waits for a person",
    "empty": "not attempted",
}


@dataclass(frozen=True)
class Section:
    """One part of the lesson on the page.

    Args:
        title: what the part is called.
        cells: the verdicts on its graded cells, in their order.
        points: what it earned, of `maximum`; None while a person has to mark it.
        question: what was asked, as HTML of the lesson's own text (`prose`).
        answers: the text of the student's cells.
        fault: the syntax error of an answer, if it has one.
        explanation: what is said of the answer once nobody can hand in any more, as HTML of the lesson's.
        by_hand: a person gave the points.
        comment: what a person wrote.
    """

    title: str
    cells: tuple[CellVerdict, ...] = ()
    points: float | None = None
    maximum: float = 0.0
    question: str = ""
    answers: tuple[str, ...] = ()
    fault: SyntaxFault | None = None
    explanation: tuple[str, ...] = ()
    by_hand: bool = False
    comment: str = ""


@dataclass(frozen=True)
class Feedback:
    """All that a student is told of one lesson.

    Args:
        title: the lesson's.
        sums: lines that say the total and what it is made of, the total first.
        notes: what was dropped, mended or noticed in the hand-in.
        trouble: why nothing could be graded and what to do, if so.
    """

    title: str
    student: str
    sums: tuple[str, ...]
    sections: tuple[Section, ...] = ()
    notes: tuple[str, ...] = ()
    trouble: tuple[str, ...] = field(default=())


def of_report(report: Report, title: str) -> Feedback:
    """The page of a report alone, where neither the lesson nor what a person gave is known."""
    found = standing.of_report(report)
    if found is None:
        return Feedback(
            title,
            report.student,
            ("This could not be graded.",),
            trouble=(report.reason, report.ask),
            notes=notes(report),
        )
    sections = [
        Section(
            (cell.exercise or cell.grade_id) + (" (hidden tests)" if cell.hidden else ""),
            (cell,),
            cell.points,
            cell.max_points,
        )
        for cell in report.cells
    ]
    sums = tuple(filter(None, (found.total, found.rest)))
    return Feedback(title, report.student, sums, tuple(sections), notes(report))


def notes(report: Report) -> tuple[str, ...]:
    """The remarks of a report, each once."""
    return tuple(dict.fromkeys(remark.text for remark in report.remarks))


def feedback_html(found: Feedback) -> str:
    """The page, without scripts; nothing goes into it but what `found` holds, made harmless."""
    total, *more = found.sums or ("",)
    parts = [f"<h1>{text(found.title, 200)}</h1>", f"<p>{text(found.student, 200)}</p>"]
    parts.append(f"<p class=score>{text(total)}</p>")
    parts += [f"<p>{text(line)}</p>" for line in [*more, *found.trouble] if line]
    parts += [_warning(one, one.fault) for one in found.sections if one.fault is not None]
    parts += map(_section, found.sections)
    if found.notes:
        notes = "".join(f"<li>{text(note)}</li>" for note in found.notes)
        parts.append(f"<h2>Notes</h2><ul>{notes}</ul>")
    return page(f"{clean(found.title, 200)}: feedback", "".join(parts))


def _warning(section: Section, fault: SyntaxFault) -> str:
    return (
        f'<div class="box wrong"><p><strong>Syntax error in your cell of {text(section.title, 200)}, line '
        f"{fault.line}:</strong> {text(fault.reason, 300)}.</p>"
        f"<pre>{text(fault.text, 300)}</pre>"
        "<p>Python could not read this cell, so nothing in it was run. Run the cell in JupyterLab: it marks "
        "the place.</p></div>"
    )


def _section(section: Section) -> str:
    full = section.points is not None and section.points >= section.maximum
    kind = "" if section.points is None else "passed" if full else "wrong"
    lines = [f"<h2>{text(section.title, 200)}: {_state(section)}</h2>"]
    lines.append(f"<p>{text(_points(section))}</p>")
    if section.question:
        lines.append(f"<details><summary>What was asked</summary>{section.question}</details>")
    for answer in section.answers:
        shown = text(answer, ANSWER_CHARACTERS) if answer.strip() else "(nothing)"
        lines.append(f"<p><strong>Your answer</strong></p><pre>{shown}</pre>")
    if section.fault is not None:
        lines.append(
            f"<p>A syntax error in line {section.fault.line}: see the top of this page.</p>"
        )
    else:
        lines += _messages(section.cells)
    if section.comment:
        lines.append(f"<p><strong>Your marker says:</strong></p><pre>{text(section.comment)}</pre>")
    lines += [f"<div>{words}</div>" for words in section.explanation]
    return f'<section class="{kind}">{"".join(lines)}</section>'


def _state(section: Section) -> str:
    if section.fault is not None:
        return "syntax error"
    if section.points is None:
        return _WORDS["manual"]
    if section.by_hand:
        return "marked"
    if not section.cells:  # nbgrader gives 0 to a written answer that is as it was released
        return _WORDS["not attempted"]
    if section.points >= section.maximum:
        return "right"
    worst = next((cell for cell in section.cells if cell.status != "passed"), None)
    if worst is None or section.points > 0:
        return "right in part"
    return _WORDS[worst.status]


def _points(section: Section) -> str:
    if section.points is None:
        return counted(section.maximum)
    said = f"{section.points:g} of {counted(section.maximum)}"
    if section.by_hand:
        return f"{said}, given by a person"
    shares = [
        f"{'hidden tests' if cell.hidden else 'check'} {cell.points or 0:g} of {cell.max_points:g}"
        for cell in section.cells
    ]
    return f"{said} ({', '.join(shares)})" if len(shares) > 1 else said


def _messages(cells: Sequence[CellVerdict]) -> list[str]:
    """What is said of an answer, each sentence once: a hidden check mostly says what the visible one said."""
    said: dict[str, None] = {}
    for cell in cells:
        if cell.message and cell.message not in said:
            alone = cell.hidden and len(cells) > 1
            said[f"Hidden tests: {cell.message}" if alone else cell.message] = None
    # One with several lines shows values under each other.
    lines = [f"<pre>{text(one)}</pre>" if "\n" in one else f"<p>{text(one)}</p>" for one in said]
    if said and any(not cell.fine for cell in cells):
        lines.insert(0, "<p><strong>What was found</strong></p>")
    hint = next((cell.hint for cell in cells if cell.hint and not cell.fine), None)
    if hint:
        lines.append(f"<p><strong>Hint:</strong> {text(hint)}</p>")
    return lines
