"""Reports as Markdown: a table, and under it what went wrong."""

from __future__ import annotations

from collections.abc import Sequence

from harness.grade.verdicts import CellVerdict, Report
from harness.reports.results import in_order
from harness.reports.sanitize import markdown
from harness.reports.standing import EXPLAINED, of_report


def to_markdown(reports: Sequence[Report], most: int = 1_000_000) -> str:
    """At most `most` bytes; GitHub takes 1 MiB for a step's summary."""
    reports = in_order(reports)
    head = (
        "# Grades\n\n| Student | Lesson | Points | Waiting | Isolation |\n|---|---|---:|---:|---|\n"
    )
    parts = [head]
    for report in reports:
        found = of_report(report)
        cells = (
            markdown(report.student, 200),
            markdown(report.lesson, 100),
            found.short if found else "ungradable",
            f"{found.waiting:g}" if found else "-",
            markdown(report.isolation, 40),
        )
        parts.append(f"| {' | '.join(cells)} |\n")
    if any(report.manual for report in reports):
        parts.append(f"\n{EXPLAINED}\n")
    parts += [_details(report) for report in reports]
    cut = "\nThe rest is left out: it is too long to be shown here.\n"
    text, size = "", len(cut.encode())
    for part in parts:
        size += len(part.encode())
        if size > most:
            return text + cut
        text += part
    return text


def in_part(cell: CellVerdict) -> str:
    """The status of a cell, with its points where it earned some and not all."""
    if cell.status == "passed" and not cell.fine:
        return f"{cell.points:g} of {cell.max_points:g} points"
    return cell.status


def _details(report: Report) -> str:
    wrong = [cell for cell in report.cells if not cell.fine]
    title = (
        f"\n## {markdown(report.student, 200)}, {markdown(report.lesson or 'no lesson', 100)}\n\n"
    )
    if report.status == "ungradable":
        return f"{title}Ungradable. {markdown(report.reason)} {markdown(report.ask)}\n"
    if not wrong and not report.remarks:
        return ""
    lines = []
    for cell in wrong:
        mistake = f" ({markdown(cell.mistake, 200)})" if cell.mistake else ""
        lines.append(
            f"- **{markdown(cell.grade_id, 200)}**, {in_part(cell)}{mistake}: {markdown(cell.message)}"
        )
        if cell.hint:
            lines.append(f"  - Hint: {markdown(cell.hint)}")
    lines += [f"- Note: {markdown(remark.text)}" for remark in report.remarks]
    return title + "\n".join(lines) + "\n"
