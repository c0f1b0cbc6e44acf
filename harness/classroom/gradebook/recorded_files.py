"""What is recorded of a submission as files: its report, and the notebook in `autograded/`."""

from __future__ import annotations

import dataclasses
import json
import shutil
import uuid
from pathlib import Path

from harness.grade.verdicts import Report
from harness.reports.indented import indented
from lib._files import write_whole


def merged(old: Report, new: Report, only: frozenset[str]) -> Report:
    """The old report with the new verdicts on the chosen cells."""
    fresh = {cell.grade_id: cell for cell in new.cells if cell.grade_id in only}
    cells = [fresh.pop(cell.grade_id, cell) for cell in old.cells]
    return dataclasses.replace(old, cells=(*cells, *fresh.values()))


def report_path(classroom: Path, lesson: str, student: str) -> Path:
    return Path(classroom, ".grading", "reports", lesson, f"{student}.json")


def report_json(report: Report) -> str:
    """A report as JSON, the same bytes for the same report."""
    return indented(report.to_plain(), ascii_only=True) + "\n"


def read_report(classroom: Path, lesson: str, student: str) -> Report | None:
    """The report that was recorded last, None if there is none that can be read."""
    try:
        return Report.from_plain(json.loads(report_path(classroom, lesson, student).read_bytes()))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def keep(classroom: Path, report: Report, output: Path) -> None:
    """Write the report and put the folder `output` in the place of what was autograded before."""
    path = report_path(classroom, report.lesson, report.student)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, report_json(report).encode())
    put(classroom, report, output)


def put(classroom: Path, report: Report, output: Path) -> None:
    """Put the folder `output` in the place of what was autograded before.

    The gradebook follows; what a kill parts, a rerun mends.
    """
    place = classroom / "autograded" / report.student / report.lesson
    for folder in (output, place.parent.parent, place.parent):
        folder.mkdir(exist_ok=True)
        folder.chmod(0o700)
    if place.exists():
        old = classroom / ".grading" / "old" / uuid.uuid4().hex
        old.parent.mkdir(exist_ok=True)
        place.rename(old)
        output.rename(place)
        shutil.rmtree(old, ignore_errors=True)
    else:
        output.rename(place)
