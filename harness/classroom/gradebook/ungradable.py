"""What is recorded of a submission that could not be graded: 0 for every check, and why."""

from __future__ import annotations

import nbformat
from nbformat import NotebookNode

from harness.classroom.gradebook.safe_outputs import safe_markdown
from harness.grade import cells as grading
from harness.grade.verdicts import CellVerdict, Report
from harness.reports.sanitize import clean


def no_points(release: NotebookNode, report: Report) -> tuple[CellVerdict, ...]:
    """0 for every check, with the reason, if the report does not say it itself."""
    if report.cells:
        return report.cells
    message = " ".join(t for t in (report.reason, report.ask) if t)
    return tuple(
        CellVerdict(name, "not run", 0.0, grading.points(cell), message)
        for name, cell in grading.checks(release)
    )


def explained(release: NotebookNode, report: Report) -> NotebookNode:
    """The released notebook, with the reason as its first cell."""
    notebook = nbformat.from_dict(release)
    text = (
        "**This submission could not be graded; what follows is the released notebook.**\n\n"
        f"{safe_markdown(clean(report.reason, 2000))}\n\n{safe_markdown(clean(report.ask, 2000))}"
    )
    cell = nbformat.v4.new_markdown_cell(text.strip(), id="ungradable")
    if (notebook.nbformat, notebook.nbformat_minor) < (4, 5):
        del cell["id"]
    notebook.cells = [cell, *notebook.cells]
    return notebook
