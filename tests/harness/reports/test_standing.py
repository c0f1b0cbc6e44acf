"""Where a submission stands is said in the same words everywhere, and truly."""

import io

from rich.console import Console

from harness.grade.verdicts import CellVerdict, Report
from harness.reports.feedback import feedback_html, of_report
from harness.reports.github import classroom_result
from harness.reports.gradescope import to_gradescope
from harness.reports.markdown import to_markdown
from harness.reports.standing import EXPLAINED, Standing
from harness.reports.standing import of_report as stands
from harness.reports.terminal import table

CHECKS = (CellVerdict("check_a", "passed", 31.0, 31.0, exercise="a"),)
WRITTEN = Report(
    "ada", "02", "02.ipynb", "graded", (*CHECKS, CellVerdict("q8", "manual", None, 2.0))
)
EMPTY = Report(
    *("bob", "02", "02.ipynb", "graded"),
    (*CHECKS, CellVerdict("q8", "empty", 0.0, 2.0, "Nothing is written here.")),
)


def _shown(*arguments) -> str:
    said = Console(file=io.StringIO(), width=200)
    said.print(table(*arguments))
    return said.file.getvalue()


def test_what_waits_is_counted_in_what_the_lesson_is_worth():
    assert stands(WRITTEN) == Standing(31.0, 33.0, 2.0)
    assert stands(EMPTY) == Standing(31.0, 33.0)
    assert (WRITTEN.max_score, EMPTY.max_score) == (31.0, 31.0)


def test_every_report_says_the_same():
    rows = {line.split()[1]: line for line in _shown([WRITTEN, EMPTY]).splitlines() if "02" in line}
    assert [cell.strip() for cell in rows["ada"].split("│")[3:5]] == ["31/33", "2"]
    assert [cell.strip() for cell in rows["bob"].split("│")[3:6]] == ["31/33", "0", "q8"]
    text = to_markdown([WRITTEN, EMPTY])
    assert "| ada | 02 | 31/33 | 2 | none |\n| bob | 02 | 31/33 | 0 | none |" in text
    assert EXPLAINED in text
    page = feedback_html(of_report(WRITTEN, "Pooling"))
    assert "31 of 33 points so far" in page
    assert "2 points wait for a person, who has not marked that yet." in page
    page = feedback_html(of_report(EMPTY, "Pooling"))
    assert "31 of 33 points" in page
    assert not {"so far", "wait"} & set(page.split())


def test_what_waits_is_explained_where_something_does():
    assert EXPLAINED in " ".join(_shown([WRITTEN]).split())
    assert "Points are" not in _shown([EMPTY])
    assert EXPLAINED not in to_markdown([EMPTY])


def test_what_is_known_beside_the_report_counts():
    row = _shown([WRITTEN], {"ada": Standing(29.5, 33.0, 0.0, 3.0)})
    assert "29.5/33" in row
    assert "3 off for being late" in row


def test_a_system_that_has_its_own_marker_gets_neither_what_waits_nor_what_is_empty():
    assert '"q8"' not in to_gradescope([WRITTEN]) + to_gradescope([EMPTY])
    assert classroom_result(WRITTEN) == classroom_result(EMPTY)


def test_one_point_is_one_point():
    found = Standing(0.0, 1.0, 1.0)
    assert (found.total, found.rest) == (
        "0 of 1 point so far",
        "1 point waits for a person, who has not marked that yet.",
    )
