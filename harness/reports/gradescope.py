"""A report as the `results.json` of Gradescope's autograder.

Source: "Autograder specifications" (gradescope-autograders.readthedocs.io/en/latest/specs).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from harness.grade.verdicts import PERSONS, Report
from harness.reports.sanitize import clean, line


def to_gradescope(reports: Sequence[Report]) -> str:
    """JSON text of the one report. Each check is a test; hidden ones are shown after the due date; cells that wait for
    a person are left to Gradescope's own rubric, and standard output is never shown."""
    (report,) = reports
    tests = []
    for cell in report.cells:
        if cell.status in PERSONS:
            continue
        said = [cell.message, f"Likely mistake: {cell.mistake}" if cell.mistake else "", cell.hint]
        tests.append(
            {
                "name": line(cell.grade_id),
                "score": cell.points,
                "max_score": cell.max_points,
                "status": "passed" if cell.fine else "failed",
                "output": clean("\n".join(text for text in said if text)),
                "output_format": "text",
                "visibility": "after_due_date" if cell.hidden else "visible",
            }
        )
    remarks = "\n".join(remark.text for remark in report.remarks)
    body: dict[str, Any] = {
        "output": clean(f"{report.reason}\n{report.ask}\n{remarks}".strip()),
        "output_format": "text",
        "stdout_visibility": "hidden",
        "tests": tests,
    }
    if not tests:
        body["score"] = 0.0
    return json.dumps(body, indent=1) + "\n"
