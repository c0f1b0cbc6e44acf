"""Reports in the forms that others read: files of `formats`, GitHub's, a terminal's, a page.

All take `Report`s and give text. A report may hold what a student wrote, so every form cleans it for
its own reader (`sanitize`).

Another format is a module beside this one and a line in `formats`: `course grade` then has an option of
its name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.grade.verdicts import Report
from harness.reports import gradescope, junit, markdown, results


@dataclass(frozen=True)
class Format:
    """One form of a file of reports.

    Args:
        make: gives the file's text.
        help: what `course grade --help` says of it.
        one: it is for a single submission.
    """

    make: Callable[[Sequence[Report]], str]
    help: str
    one: bool = False


formats: dict[str, Format] = {
    "json": Format(results.to_json, "Write all verdicts to this file."),
    "junit": Format(junit.to_junit, "Write JUnit XML for continuous integration."),
    "markdown": Format(markdown.to_markdown, "Write a table and the messages as Markdown."),
    "gradescope": Format(
        gradescope.to_gradescope, "Write Gradescope's results.json (one submission).", one=True
    ),
}
