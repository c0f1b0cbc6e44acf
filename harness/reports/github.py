"""Reports for GitHub: a step's summary, annotations, and the result for GitHub Classroom.

Sources: "Workflow commands for GitHub Actions" (docs.github.com) for the first two; for the third the
code of `classroom-resources/autograding-grading-reporter` and `autograding-command-grader`, whose
`result` output it is: JSON in base64.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence

from harness.grade.verdicts import PERSONS, Report
from harness.reports.markdown import in_part, to_markdown
from harness.reports.results import in_order
from harness.reports.sanitize import clean, command, line, value


def workflow_commands(reports: Sequence[Report]) -> Iterator[str]:
    """Lines for the standard output of a step: one for each check that earned nothing."""
    for report in in_order(reports):
        file = value(report.notebook)
        if report.status == "ungradable":
            said = command(f"{report.reason} {report.ask}")
            yield f"::error file={file},title={value(report.student)}::{said}"
        for cell in report.cells:
            if report.status == "graded" and not cell.fine:
                title = value(
                    f"{report.student}: {cell.exercise or cell.grade_id}, {in_part(cell)}"
                )
                yield f"::error file={file},title={title}::{command(cell.message)}"


def classroom_result(report: Report) -> str:
    """What GitHub Classroom's grading reporter reads of one runner, in base64."""
    tests = [
        {
            "name": line(cell.grade_id),
            "status": "pass" if cell.fine else "fail",
            "message": clean(cell.message),
            "line_no": 0,
            "test_code": "",
            "execution_time": "0s",
            "score": cell.points,
        }
        for cell in report.cells
        if cell.status not in PERSONS
    ]
    status = "pass" if all(t["status"] == "pass" for t in tests) else "fail"
    if report.status == "ungradable":
        status = "error"
    body = {"version": 1, "status": status, "max_score": report.max_score, "tests": tests}
    return base64.b64encode(json.dumps(body).encode()).decode()


def write(reports: Sequence[Report], env: Mapping[str, str] = os.environ) -> list[str]:
    """Write the step's summary and, of a single submission, its result; return the annotations.

    Args:
        env: names the files, as GitHub does: `GITHUB_STEP_SUMMARY` and `GITHUB_OUTPUT`.
    """
    if path := env.get("GITHUB_STEP_SUMMARY"):
        with open(path, "a", encoding="utf-8") as file:
            file.write(to_markdown(reports))
    if (path := env.get("GITHUB_OUTPUT")) and len(reports) == 1:
        end = f"end-{secrets.token_hex(16)}"
        with open(path, "a", encoding="utf-8") as file:
            file.write(f"result<<{end}\n{classroom_result(reports[0])}\n{end}\n")
    return list(workflow_commands(reports))
