"""A session whose graders call a function: for tests of engines, journals and the gradebook."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

from harness.grade.submissions import Submission
from harness.grade.verdicts import GradedSubmission, Report


class FakeSession:
    """Args:
    function: gives a submission's report, or the report with its notebook.
    opened: counts how often it was opened.
    """

    def __init__(
        self,
        function: Callable[[Submission], Report | GradedSubmission],
        lesson: str = "02",
        digest: str = "",
        note: str | None = None,
    ) -> None:
        self.function, self.lesson, self.digest, self.note = function, lesson, digest, note
        self.opened = 0

    @contextlib.contextmanager
    def open(self) -> Iterator[SimpleNamespace]:
        self.opened += 1

        def grade(student: str, path: Path, only: frozenset[str] | None = None) -> GradedSubmission:
            found = self.function(Submission(student, path, only))
            return found if isinstance(found, GradedSubmission) else GradedSubmission(found, None)

        yield SimpleNamespace(note=self.note, grader=lambda: SimpleNamespace(grade=grade))
