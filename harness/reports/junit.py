"""Reports as JUnit XML, which continuous integration reads: a suite a submission, a case a check.

It holds to what Jenkins' schema allows, which other readers take too: `testsuites` has no `skipped`. A
case's time is what its check took, in wall seconds: 0 for a check that did not run, and in a report of
which the times are not known, such as one that an earlier run has kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from harness.grade.verdicts import CellVerdict, Report
from harness.reports.results import in_order
from harness.reports.sanitize import clean, line


def to_junit(reports: Sequence[Report]) -> str:
    """JUnit XML. A wrong answer is a failure; what could not be run or read is an error; a cell that
    waits for a person is skipped."""
    root = ET.Element("testsuites", name="course grade")
    totals = dict.fromkeys(("tests", "failures", "errors", "skipped"), 0)
    seconds = 0.0
    for report in in_order(reports):
        suite = ET.SubElement(root, "testsuite", name=line(f"{report.lesson} {report.student}"))
        counts = dict.fromkeys(totals, 0)
        if report.status == "ungradable":
            case = ET.SubElement(
                suite, "testcase", classname=_class(report), name="submission", time=_time(0.0)
            )
            said = clean(f"{report.reason} {report.ask}")
            ET.SubElement(case, "error", type="ungradable", message=line(said)).text = said
            counts["tests"] = counts["errors"] = 1
        else:
            for cell in report.cells:
                kind = _case(suite, report, cell)
                counts["tests"] += 1
                if kind:
                    counts[kind] += 1
        if report.remarks:
            notes = ET.SubElement(suite, "system-out")
            notes.text = clean("\n".join(remark.text for remark in report.remarks))
        for key, number in counts.items():
            suite.set(key, str(number))
            totals[key] += number
        took = report.seconds or sum(report.check_s.values())
        suite.set("time", _time(took))
        seconds += took
    for key in ("tests", "failures", "errors"):
        root.set(key, str(totals[key]))
    root.set("time", _time(seconds))
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _time(seconds: float) -> str:
    return f"{seconds:.3f}"


def _class(report: Report) -> str:
    return line(f"{report.lesson or 'unknown'}.{report.student}")


def _case(suite: ET.Element, report: Report, cell: CellVerdict) -> str | None:
    took = _time(report.check_s.get(cell.grade_id, 0.0))
    case = ET.SubElement(
        suite, "testcase", classname=_class(report), name=line(cell.grade_id), time=took
    )
    if cell.status == "passed":
        return None
    if cell.status == "manual":
        ET.SubElement(case, "skipped", message="A person marks this cell.")
        return "skipped"
    tag, counted = ("error", "errors") if cell.status == "not run" else ("failure", "failures")
    mistake = f" [{cell.mistake}]" if cell.mistake else ""
    found = ET.SubElement(case, tag, type=cell.status, message=line(cell.message))
    found.text = clean(f"{cell.message}{mistake}")
    return counted
