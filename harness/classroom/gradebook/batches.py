"""Many submissions of a lesson into gradebook and folders in one transaction.

The rows are read and written at once, and nbgrader's steps run in memory (see `memory_book` and
`in_memory`). First the rows are sent, then the files are put in place, then the transaction ends: after a
kill in between, files are ahead of the gradebook, and who runs the same again records them once more.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import find_all_files
from sqlalchemy.exc import IntegrityError
from traitlets.config import Config

from harness.classroom import lateness
from harness.classroom.gradebook.in_memory import Steps
from harness.classroom.gradebook.memory_book import LessonCells, MemoryBook, Unusual
from harness.classroom.gradebook.recorded_files import put, report_json, report_path
from harness.classroom.gradebook.transaction import SharedGradebook, instead
from harness.grade.verdicts import Report
from lib._files import on_disk


@dataclass(frozen=True)
class Prepared:
    """A graded submission, ready to be recorded.

    Args:
        report: as it is to be recorded.
        notebook: rebuilt and run; it is not changed.
        resources: what our steps of autograding need to know of it.
        timestamp: when it was handed in, if nbgrader can read that.
    """

    report: Report
    notebook: NotebookNode
    resources: dict[str, Any]
    timestamp: str | None

    @property
    def whole(self) -> bool:
        """Whether all of it was graded anew, not some exercises of it."""
        return self.resources["only"] is None


class Batches:
    """Writes to one classroom. The recorder that makes it holds the classroom's lock.

    Args:
        kinds: the classes of nbgrader's steps, in their order.
    """

    def __init__(
        self,
        classroom: Path,
        course: CourseDirectory,
        config: Config,
        gradebook: SharedGradebook,
        kinds: list[type],
    ) -> None:
        self.folder, self.course, self.gradebook = classroom, course, gradebook
        self.config = config
        self.can = Steps.can(config) and not course.groupshared and not course.student_id_exclude
        silent = logging.Logger("gradebook", logging.CRITICAL)
        self._steps = Steps(kinds, config, silent) if self.can else None
        self._cells: dict[str, LessonCells] = {}
        self._beside: dict[str, list[tuple[Path, str]]] = {}

    def write(self, lesson: str, group: Sequence[Prepared]) -> set[str]:
        """Record submissions of a lesson; the students of those that are.

        All others are as they were, and for nbgrader's own converter: something is unusual about them.

        Raises:
            OSError, sqlalchemy.exc.SQLAlchemyError: none is in the gradebook.
        """
        assert self._steps is not None
        count = Counter(one.report.student for one in group)
        group = [one for one in group if count[one.report.student] == 1]
        texts: dict[str, bytes] = {}
        try:
            with self.gradebook.submission() as connection:
                if lesson not in self._cells:
                    self._cells[lesson] = LessonCells.read(connection, lesson)
                names = [one.report.student for one in group]
                book = MemoryBook(connection, lesson, self._cells[lesson], names)
                with instead(book):
                    for one in group:
                        student = one.report.student
                        book.submitted(student, one.timestamp, one.whole)
                        try:
                            texts[student] = self._steps.run(
                                one.notebook, lesson, student, one.resources
                            )
                        except Exception:  # the converter says what is wrong with it
                            continue
                book.write(connection, texts)
                lateness.assign(self.gradebook, self.folder, self.config, lesson, texts)
                self._put([one for one in group if one.report.student in texts], texts)
        except (Unusual, IntegrityError):
            return set()
        return set(texts)

    def _put(self, group: Sequence[Prepared], texts: dict[str, bytes]) -> None:
        """Write all files, wait until they are on the disk, and put them in their places."""
        stage = self.folder / ".grading" / "out" / "batch"
        shutil.rmtree(stage, ignore_errors=True)
        written: list[Path] = []
        stage.mkdir(parents=True)
        for number, one in enumerate(group):
            output = stage / str(number)
            output.mkdir()
            files = {
                stage / f"{number}.json": report_json(one.report).encode(),
                output / f"{one.report.lesson}.ipynb": texts[one.report.student],
            }
            if one.timestamp:
                files[output / "timestamp.txt"] = f"{one.timestamp}\n".encode()
            for path, content in files.items():
                path.write_bytes(content)
            written += files
            for source, name in self._files_beside(one.report.lesson):
                (output / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, output / name)
        on_disk(written)
        for number, one in enumerate(group):
            place = report_path(self.folder, one.report.lesson, one.report.student)
            place.parent.mkdir(parents=True, exist_ok=True)
            os.replace(stage / f"{number}.json", place)
            put(self.folder, one.report, stage / str(number))
        shutil.rmtree(stage, ignore_errors=True)

    def _files_beside(self, lesson: str) -> list[tuple[Path, str]]:
        """The teacher's files beside the lesson, which nbgrader lays beside every submission."""
        if lesson not in self._beside:
            source = self.course.format_path(self.course.source_directory, ".", lesson)
            found = find_all_files(source, [*self.course.ignore, "*.ipynb"])
            self._beside[lesson] = [(Path(path), os.path.relpath(path, source)) for path in found]
        return self._beside[lesson]
