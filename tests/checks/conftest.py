"""A table of mutation scores at the end of the run, also where the tests ran in other processes."""

from __future__ import annotations


def pytest_terminal_summary(terminalreporter):
    rows = [
        value
        for outcome in ("passed", "failed")
        for report in terminalreporter.getreports(outcome)
        for key, value in report.user_properties
        if key == "mutation score"
    ]
    if not rows:
        return
    terminalreporter.section("mutation scores")
    line = "{:<28} {:>7} {:>8} {:>10} {:>7}".format
    terminalreporter.write_line(line("exercise", "mutants", "rejected", "equivalent", "score"))
    for name, total, rejected, equivalent, rate in sorted(rows):
        terminalreporter.write_line(line(name, total, rejected, equivalent, f"{rate:.1%}"))
