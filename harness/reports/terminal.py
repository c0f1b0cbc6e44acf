"""Reports on a terminal: a table, and of a single submission every check that earned less than all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.markup import escape
from rich.table import Table

from harness.grade.verdicts import Report
from harness.reports.markdown import in_part
from harness.reports.results import in_order
from harness.reports.sanitize import line
from harness.reports.standing import EXPLAINED, Standing, of_report


def table(reports: Sequence[Report], known: Mapping[str, Standing] | None = None) -> Table:
    """One row a submission.

    Args:
        known: where students stand, if more is known than the reports say: points that a person gave, and
            what being late has cost.
    """
    found = Table(title="Grades", title_justify="left", caption_justify="left")
    for name in ("Student", "Lesson", "Points", "Waiting", "What went wrong"):
        found.add_column(name, justify="right" if name in ("Points", "Waiting") else "left")
    for report in in_order(reports):
        stands = (known or {}).get(report.student) or of_report(report)
        wrong = dict.fromkeys(c.briefly for c in report.cells if not c.fine)
        said = [", ".join(wrong) if report.status == "graded" else report.reason]
        said += [remark.text for remark in report.remarks if remark.kind == "several"]
        if stands and stands.late:
            said.append(f"{stands.late:g} off for being late")
        points = (stands.short, f"{stands.waiting:g}") if stands else ("-", "-")
        row = (report.student, report.lesson, *points, "; ".join(filter(None, said)))
        found.add_row(*map(shown, row))
        if stands and stands.waiting:
            found.caption = EXPLAINED
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
