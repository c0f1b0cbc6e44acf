"""Reports on a terminal: a table, and of a single submission every check that earned less than all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.markup import escape
from rich.table import Table

from harness.grade.verdicts import Report
from harness.reports.markdown import in_part
from harness.reports.results import in_order
from harness.reports.sanitize import line


def table(reports: Sequence[Report]) -> Table:
    """One row a submission."""
    found = Table(title="Grades", title_justify="left")
    for name in ("Student", "Lesson", "Points", "By hand", "What went wrong"):
        found.add_column(name, justify="right" if name in ("Points", "By hand") else "left")
    for report in in_order(reports):
        wrong = [c.exercise or c.grade_id for c in report.cells if not c.fine]
        graded = report.status == "graded"
        several = [remark.text for remark in report.remarks if remark.kind == "several"]
        text = ", ".join(dict.fromkeys(wrong)) if graded else report.reason
        text = "; ".join(filter(None, [text, *several]))
        points = f"{report.score:g}/{report.max_score:g}" if graded else "-"
        row = (report.student, report.lesson, points, f"{report.manual:g}", text)
        found.add_row(*map(shown, row))
    return found


def details(reports: Sequence[Report]) -> Iterator[str]:
    """Lines under the table: what is ungradable, and all about a submission that is alone."""
    for report in in_order(reports):
        if report.status == "ungradable":
            yield shown(f"{report.student}: ungradable. {report.reason} {report.ask}")
    if len(reports) != 1:
        return
    for cell in reports[0].cells:
        if cell.fine:
            continue
        mistake = f" ({cell.mistake})" if cell.mistake else ""
        yield shown(f"{cell.grade_id}: {in_part(cell)}{mistake}. {cell.message}")
        if cell.hint:
            yield shown(f"    hint: {cell.hint}")
    for remark in reports[0].remarks:
        where = f"{remark.grade_id}: " if remark.grade_id else ""
        yield shown(f"note: {where}{remark.text}")


def shown(text: object) -> str:
    """Text that a student may have written, for a terminal: no control characters, no markup."""
    text = str(text)
    indent = "    " if text.startswith("    ") else ""
    return escape(indent + line(text, 2000))
