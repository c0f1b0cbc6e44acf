"""A class in stock nbgrader: its folder, its students, its command line.

Nothing of nbgrader is configured but where the course is and what it is called.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from harness.author.lesson import without_marks
from harness.grade.python_names import names
from tests.journeys.jupyter import outside_pytest

BESIDE = Path(sys.executable).parent


@dataclass(frozen=True)
class Grade:
    """What nbgrader's gradebook holds of one graded cell."""

    score: float
    maximum: float
    waits: bool  # for a person

    @property
    def full(self) -> bool:
        return not self.waits and self.score == self.maximum


class Classroom:
    """One nbgrader course in a folder of its own, with its own gradebook."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        config = (
            "c = get_config()\n"
            f"c.CourseDirectory.root = {str(folder)!r}\n"
            'c.CourseDirectory.course_id = "embeddings"\n'
        )
        (folder / "nbgrader_config.py").write_text(config, encoding="utf-8")

    def nbgrader(self, *arguments: str) -> str:
        """Run the command `nbgrader` as a teacher does; returns all that it said.

        The course stands elsewhere: a class has the library, and neither lessons nor solutions.
        """
        environment = outside_pytest() | {
            "COURSE_ROOT": str(self.folder / "no-lessons-here"),
            "PATH": f"{BESIDE}{os.pathsep}{os.environ['PATH']}",  # it calls `alembic` by name
            "OMP_NUM_THREADS": "1",
        }
        done = subprocess.run(
            [str(BESIDE / "nbgrader"), *arguments],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=1160,
        )
        said = done.stdout + done.stderr
        assert done.returncode == 0, f"nbgrader {' '.join(arguments)}:\n{said[-4000:]}"
        return said

    def path(self, step: str, slug: str, student: str = ".", suffix: str = ".ipynb") -> Path:
        return self.folder / step / student / slug / f"{slug}{suffix}"

    def release(self, slug: str, source: NotebookNode) -> NotebookNode:
        """Put the teacher's form into `source/`, release it, and return what a student gets."""
        path = self.path("source", slug)
        path.parent.mkdir(parents=True)
        nbformat.write(source, path)
        self.nbgrader("generate_assignment", slug)
        return nbformat.read(self.path("release", slug), as_version=4)

    def hand_in(self, slug: str, student: str, change: Callable[[str, str], str] | None) -> Path:
        """A submission: the released file with `change(grade_id, source)` applied to its answers.

        None hands in the very file that was released.
        """
        path = self.path("submitted", slug, student)
        path.parent.mkdir(parents=True)
        if change is None:
            shutil.copy(self.path("release", slug), path)
            return path
        notebook = nbformat.read(self.path("release", slug), as_version=4)
        for cell in notebook.cells:
            flags = cell.metadata.get("nbgrader", {})
            if flags.get("solution"):
                cell.source = change(flags["grade_id"], cell.source)
        nbformat.write(notebook, path)
        return path

    def grades(self, slug: str, student: str) -> dict[str, Grade]:
        """The gradebook's entries of one submission, by the name of the graded cell."""
        from nbgrader.api import Gradebook

        with Gradebook(f"sqlite:///{self.folder / 'gradebook.db'}") as gradebook:
            submission = gradebook.find_submission(slug, student)
            return {
                grade.name: Grade(grade.score, grade.max_score, bool(grade.needs_manual_grade))
                for notebook in submission.notebooks
                for grade in notebook.grades
            }

    def feedback(self, slug: str, student: str) -> str:
        """The text that a student reads in the feedback file."""
        path = self.path("feedback", slug, student, ".html")
        return visible_text(path.read_text(encoding="utf-8"))


def reduced(source: NotebookNode) -> NotebookNode:
    """Only what is graded and what that needs: parameters, setup, answers, checks, quiz.

    And the cells that make what an answer uses: the capstone's functions use the lesson's `model`.
    """
    notebook = nbformat.from_dict(source)
    graded = [cell for cell in source.cells if "nbgrader" in cell.metadata]
    code = [names(cell.source) for cell in graded if cell.cell_type == "code"]
    missing = frozenset().union(*(one.uses for one in code)) - frozenset().union(
        *(one.binds for one in code)
    )
    notebook.cells = [
        cell
        for cell in source.cells
        if "nbgrader" in cell.metadata
        or (cell.cell_type == "code" and names(cell.source).binds & missing)
    ]
    return notebook


def worked_answers(source: NotebookNode) -> dict[str, str]:
    """The worked text of every answer cell, by grade_id."""
    return {
        cell.metadata["nbgrader"]["grade_id"]: without_marks(cell.source)
        for cell in source.cells
        if cell.metadata.get("nbgrader", {}).get("solution")
    }


def visible_text(html: str) -> str:
    """The text of an HTML page, scripts and styles left out, blanks made one."""

    class Reader(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.parts: list[str] = []
            self.silent = 0

        def handle_starttag(self, tag, attrs):
            self.silent += tag in ("script", "style")

        def handle_endtag(self, tag):
            self.silent -= tag in ("script", "style")

        def handle_data(self, data):
            if not self.silent:
                self.parts.append(data)

    reader = Reader()
    reader.feed(html)
    return re.sub(r"\s+", " ", "".join(reader.parts))
