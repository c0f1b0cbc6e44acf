"""The classroom's folder: its lessons released, graded, regraded and handed back."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat

from harness.classroom.configuration import CONFIG
from harness.classroom.errors import ClassroomError
from harness.classroom.grading import Outcome, Progress, grade
from harness.classroom.lesson_text import keep_text
from harness.classroom.private import private
from harness.grade import cells as grading
from harness.grade.assignment import Assignment
from harness.grade.engine import Engine
from harness.grade.library_answers import Policy
from harness.grade.session import Session
from harness.grade.verdicts import Report
from harness.reports.name_order import name_order
from harness.sandbox import Level
from lib._files import write_whole

if TYPE_CHECKING:
    from harness.classroom.grade_tables import GradeTable
    from harness.reports.feedback import Feedback


class Classroom:
    """An nbgrader course folder.

    Raises:
        ClassroomError: the folder is no classroom.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder).resolve()
        if not (self.folder / CONFIG).is_file():
            raise ClassroomError(
                f"{self.folder} has no {CONFIG}: it is no classroom; "
                "make one with `classroom init` or give the folder of one"
            )

    @property
    def lessons(self) -> list[str]:
        """The lessons that were released."""
        return sorted(
            path.name
            for path in (self.folder / "release").glob("*")
            if (path / f"{path.name}.ipynb").is_file()
        )

    def students(self, lesson: str) -> list[str]:
        """Who handed in a lesson."""
        found = (
            path.name
            for path in (self.folder / "submitted").glob("*")
            if path.is_dir() and not path.is_symlink() and (path / lesson).is_dir()
        )
        return sorted(found, key=name_order)

    @contextlib.contextmanager
    def gradebook(self) -> Iterator[Any]:
        """nbgrader's gradebook, open."""
        from nbgrader.api import Gradebook

        course = self._course()
        with _programs_on_path(), private():
            book = Gradebook(course.db_url, course.course_id)
        with book:
            yield book

    def release(
        self,
        lesson: str,
        notebook: Path,
        also: Iterable[Path] = (),
        text: Mapping[str, Any] | None = None,
    ) -> Path:
        """Release a lesson: nbgrader makes the students' form, and the gradebook learns its cells.

        Args:
            notebook: the teacher's form, with solutions and hidden tests.
            also: files that are to lie beside it.
            text: what the lesson says of its parts, as `harness.author.lesson_text` makes it.

        Raises:
            ClassroomError: nbgrader refused it.
        """
        from nbgrader.apps.api import NbGraderAPI

        from harness.classroom.gradebook.recorder import load_config
        from harness.lock import one_writer

        if not Path(notebook).is_file():
            raise ClassroomError(
                f"{notebook} is not there: give the teacher's notebook of {lesson}"
            )
        with one_writer(self.folder), _programs_on_path(), private():
            place = self.folder / "source" / lesson
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
            for path, name in [(notebook, f"{lesson}.ipynb"), *((p, Path(p).name) for p in also)]:
                content = Path(path).read_bytes()
                if Path(path).resolve() != (place / name).resolve():
                    (place / name).unlink(missing_ok=True)
                    (place / name).write_bytes(content)
            config = load_config(self.folder)
            answer = NbGraderAPI(self._course(), config=config).generate_assignment(lesson)
        if not answer["success"]:
            said = (answer.get("error") or answer.get("log") or "nothing").strip()
            raise ClassroomError(
                f"nbgrader could not release {lesson}; mend the notebook in {place} and release "
                f"again. It said: {said[-1500:]}"
            )
        if text is not None:
            keep_text(self.folder, lesson, text)
        return self.folder / "release" / lesson / f"{lesson}.ipynb"

    def autograde(
        self,
        lesson: str,
        students: Sequence[str] | None = None,
        *,
        session: Session | None = None,
        engine: Engine | None = None,
        progress: Progress = lambda done, total, report: None,
        force: bool = False,
    ) -> Outcome:
        """Grade what was handed in and record it; what was recorded before is passed over.

        Whatever a verdict depends on may have changed since: the hand-in, the lesson, the code of its
        checks. Then it is graded anew.

        Args:
            students: whose; None is everybody's.
            force: grade anew what has not changed, too.
            session: see `session`, by default that of this lesson without isolation.
            engine: grades many at once, by default one after the other; only this process records.

        Raises:
            ClassroomError: the lesson was not released, or a student handed nothing in.
        """
        return grade(self, lesson, students, session, engine, progress, None, force)

    def regrade(
        self,
        lesson: str,
        exercise: str,
        students: Sequence[str] | None = None,
        *,
        session: Session | None = None,
        engine: Engine | None = None,
        progress: Progress = lambda done, total, report: None,
    ) -> Outcome:
        """Grade one exercise anew for everybody; all other scores stay as they are.

        Of whoever was graded before no more is run than the exercise needs.

        Args:
            exercise: its name in the reports (`CellVerdict.exercise`), or a check cell's grade_id.

        Raises:
            ClassroomError: no check cell of the lesson is of this exercise.
        """
        only = self.cells_of(lesson, exercise)
        return grade(self, lesson, students, session, engine, progress, only)

    def session(
        self, lesson: str, level: Level = Level.NONE, library_answers: Policy = "deny"
    ) -> Session:
        """What grades a released lesson, as the classroom has it: a teacher may have changed it."""
        self.released(lesson)
        read = [
            nbformat.read(self.folder / step / lesson / f"{lesson}.ipynb", as_version=4)
            for step in ("source", "release")
        ]
        return Session(Assignment(lesson, *read), level, library_answers=library_answers)

    def feedback(
        self,
        lesson: str,
        students: Sequence[str] | None = None,
        html: Callable[[Feedback], str] | None = None,
        explain: bool | None = None,
    ) -> list[Path]:
        """Write each student's feedback page, `feedback/<student>/<lesson>/<lesson>.html`.

        nbgrader's own feedback is not used: it shows the hidden tests. Penalties are written to the
        gradebook first, so that it says what the pages say.

        Args:
            html: makes the page, by default `harness.reports.feedback.feedback_html`.
            explain: whether the questions are explained; None does so to whose due date is over.
        """
        from harness.classroom.due import refresh
        from harness.classroom.feedback import gather
        from harness.lock import one_writer

        if html is None:
            from harness.reports.feedback import feedback_html

            html = feedback_html
        self.released(lesson)
        refresh(self, [lesson])
        written = []
        with one_writer(self.folder), private():
            for found in gather(self, lesson, datetime.now(UTC), explain):
                if students is not None and found.student not in students:
                    continue
                path = self.folder / "feedback" / found.student / lesson / f"{lesson}.html"
                path.parent.mkdir(parents=True, exist_ok=True)
                write_whole(path, html(found).encode("utf-8", "replace"))
                written.append(path)
        return written

    def export(
        self,
        to: Path,
        lessons: Sequence[str] = (),
        *,
        form: str = "csv",
        so_far: bool = False,
        missing_is_zero: bool = False,
        headings: Mapping[str, str] | None = None,
    ) -> GradeTable:
        """Write the marks as a table of one of the forms of `grade_tables`, safe to be opened.

        Penalties are written to the gradebook first, so that stock nbgrader exports the same.

        Args:
            lessons: all if none are named.
            so_far, missing_is_zero, headings: see `grade_tables.Wanted`.
        """
        from harness.classroom.due import refresh
        from harness.classroom.grade_tables import Wanted, grade_table

        to, lessons = Path(to), list(lessons) or self.lessons
        if not to.parent.is_dir():
            raise ClassroomError(f"{to.parent} is not there: make that folder first")
        refresh(self, lessons)
        tabs = to.suffix.casefold() in (".xls", ".txt", ".tsv")
        wanted = Wanted(form, so_far, missing_is_zero, headings or {}, tabs)
        table = grade_table(self, lessons, wanted)
        write_whole(to, table.content)
        return table

    def reports(self, lesson: str) -> list[Report]:
        """The reports of a lesson that were recorded, by student."""
        from harness.classroom.gradebook.recorder import read_report

        paths = (self.folder / ".grading" / "reports" / lesson).glob("*.json")
        students = sorted((path.name[:-5] for path in paths), key=name_order)
        found = (read_report(self.folder, lesson, student) for student in students)
        return [report for report in found if report is not None]

    def cells_of(self, lesson: str, exercise: str) -> frozenset[str]:
        """The check cells of an exercise, by grade_id; a `ClassroomError` if there is none."""
        path = self.released(lesson)
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        checks = {name for name, _ in grading.checks({"cells": cells})}
        named = Counter(
            (cell.exercise, cell.grade_id) for r in self.reports(lesson) for cell in r.cells
        )
        only = {grade_id for name, grade_id in named if name == exercise} & checks
        only |= {exercise} & checks
        if not only:
            known = sorted({name for name, _ in named if name} or checks)
            raise ClassroomError(
                f"{lesson} has no exercise {exercise!r}: it has {', '.join(known) or 'none'}"
            )
        return frozenset(only)

    def released(self, lesson: str) -> Path:
        """The released notebook; a `ClassroomError` if there is none."""
        path = self.folder / "release" / lesson / f"{lesson}.ipynb"
        if lesson not in self.lessons:
            known = ", ".join(self.lessons) or "none"
            raise ClassroomError(f"{lesson} was not released (released: {known}): release it first")
        return path

    def _course(self) -> Any:
        from harness.classroom.gradebook.recorder import course_directory, load_config

        return course_directory(self.folder, load_config(self.folder))


@contextlib.contextmanager
def _programs_on_path() -> Iterator[None]:
    """nbgrader calls `alembic` by name when it makes a gradebook."""
    before = os.environ.get("PATH", "")
    if shutil.which("alembic") is None:
        os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{before}"
    try:
        yield
    finally:
        os.environ["PATH"] = before
