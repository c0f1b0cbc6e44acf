"""Reading a lesson: one jupytext percent file and one quiz file, with line numbers for messages.

A cell's marker says what the cell is for: `answer="mean_pool"`, `check="mean_pool" points=1`,
`hidden="mean_pool" points=2 seed=7`, `card=...`, `hints=...`, `quiz="02-q1"`; an answer of several
functions, which a contest measures, names them, `functions="build_index search"`; every other cell is
prose or code that the author owns, and `tags=["folded"]` on one of them folds what tells a result.
Nothing of a lesson is executed here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jupytext
import yaml

# The front door, `lessons/00_start.py`, is read and built as a lesson is, and is none: nobody grades
# it, and it counts nowhere.
START = "00"
ROLES = ("card", "answer", "check", "hidden", "hints", "quiz", "map")
BEGIN_SOLUTION, END_SOLUTION = "### BEGIN SOLUTION", "### END SOLUTION"
BEGIN_HIDDEN, END_HIDDEN = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"
_ANSWER = re.compile(r"^# %%.*\banswer=[\"'](\w+)[\"']", re.M)
_HINT = re.compile(r"^- \*\*(?P<symptom>.+?)\*\*\s+(?P<hint>.+)$", re.S)


@dataclass(frozen=True)
class Problem:
    """Something in a lesson that the build refuses, and where."""

    path: Path
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


class LessonError(Exception):
    """A lesson that cannot be built; `problems` lists all that is wrong with it."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(map(str, problems)))


@dataclass(frozen=True)
class Cell:
    """One cell as the author wrote it."""

    kind: str  # "markdown" or "code"
    source: str
    metadata: dict[str, Any]
    line: int

    @property
    def role(self) -> str | None:
        return next((role for role in ROLES if role in self.metadata), None)

    @property
    def target(self) -> str:
        """The exercise or quiz item that a cell with a role belongs to."""
        return str(self.metadata[self.role]) if self.role else ""

    @property
    def is_prose(self) -> bool:
        """Whether it is there to be read: an explanation or an exercise's card."""
        return self.kind == "markdown" and self.role in (None, "card")

    @property
    def points(self) -> float:
        return self.metadata.get("points", 0)


@dataclass(frozen=True)
class Lesson:
    """A lesson as read: header, cells, quiz items (with keys)."""

    path: Path
    header: dict[str, Any]
    cells: list[Cell]
    quiz: dict[str, dict[str, Any]]
    quiz_lines: dict[str, int] = field(default_factory=dict)

    @property
    def slug(self) -> str:
        return self.path.stem

    @property
    def number(self) -> str:
        return str(self.header.get("lesson", ""))

    @property
    def title(self) -> str:
        return str(self.header.get("title", ""))

    @property
    def graded(self) -> bool:
        """Whether it is an assignment."""
        return self.number != START

    @property
    def quiz_path(self) -> Path:
        return self.path.with_suffix(".quiz.yaml")

    def exercises(self) -> list[str]:
        """The exercises' names, in the order of their answer cells."""
        return [cell.target for cell in self.cells if cell.role == "answer"]

    def functions(self, exercise: str) -> list[str]:
        """The names of the functions that an exercise's answer defines: its own, or those of a contest."""
        answers = [c for c in self.cells if c.role == "answer" and c.target == exercise]
        named = [name for c in answers for name in str(c.metadata.get("functions", "")).split()]
        return named or [exercise]

    def check_call(self, exercise: str, more: str = "") -> str:
        """The call of `check` on an exercise's functions; `more`: further arguments."""
        return f'check("{exercise}", {", ".join(self.functions(exercise))}{more})'

    def cell(self, role: str, target: str) -> Cell:
        """The first cell with this role for this exercise or item.

        Raises:
            KeyError: there is none.
        """
        for cell in self.cells:
            if cell.role == role and cell.target == target:
                return cell
        raise KeyError(f"lesson {self.number} has no {role} cell of {target!r}")

    def solution(self, exercise: str) -> str:
        """The worked answer cell, without nbgrader's marks."""
        return without_marks(self.cell("answer", exercise).source)


def lesson_files(root: Path, wanted: Sequence[str] = ()) -> list[Path]:
    """The lessons' sources, in course order: those with these numbers, names or file names, or all.

    Only file names are looked at, so that one lesson can be had while another is half written. The
    front door is no lesson: see `start_file`.

    Raises:
        ValueError: a name that is no lesson's; the message lists the lessons.
    """
    every = sorted((root / "lessons").glob("[0-9][0-9]_*.py"))
    there = [path for path in every if not path.stem.startswith(f"{START}_")]
    chosen = set(there) if not wanted else set()
    for name in wanted:
        stem = Path(name).stem
        found = [x for x in there if stem and stem in (x.stem, x.stem[:2], x.stem[:2].lstrip("0"))]
        if not found:
            known = ", ".join(path.stem for path in there)
            raise ValueError(f"there is no lesson {name!r}; there are: {known}")
        chosen |= set(found)
    return [path for path in there if path in chosen]


def start_file(root: Path) -> Path | None:
    """The front door's source, None in a course that has none."""
    return next(iter(sorted((root / "lessons").glob(f"{START}_*.py"))), None)


def exercises_of(path: Path) -> list[str]:
    """The names of a lesson's exercises, in order, found without reading the rest of it."""
    return _ANSWER.findall(path.read_text(encoding="utf-8"))


def read(path: Path) -> Lesson:
    """Read one lesson and its quiz.

    Raises:
        LessonError: the file has no course header, or the quiz file cannot be parsed.
    """
    text = path.read_text(encoding="utf-8")
    try:
        notebook = jupytext.reads(text, fmt="py:percent")
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 2 if mark else 1  # below the header's first line
        raise LessonError([Problem(path, line, f"the header is not YAML: {error}")]) from error
    header = notebook.metadata.get("course")
    if not isinstance(header, dict) or not header.get("lesson"):
        message = "the file's header has no `course:` with `lesson`, `title`, `minutes`"
        raise LessonError([Problem(path, 1, message)])
    lines = [i for i, line in enumerate(text.splitlines(), 1) if line.startswith("# %%")]
    if len(lines) != len(notebook.cells):
        message = (
            f"{len(lines)} markers `# %%` but {len(notebook.cells)} cells: text stands before the "
            "first marker, or a marker stands inside a string"
        )
        raise LessonError([Problem(path, 1, message)])
    cells = [
        Cell(cell.cell_type, cell.source, dict(cell.metadata), line)
        for cell, line in zip(notebook.cells, lines)
    ]
    quiz_path = path.with_suffix(".quiz.yaml")
    items, item_lines = _read_quiz(quiz_path) if quiz_path.is_file() else ({}, {})
    return Lesson(path, dict(header), cells, items, item_lines)


def _read_quiz(path: Path) -> tuple[dict[str, dict], dict[str, int]]:
    text = path.read_text(encoding="utf-8")
    try:
        entries = yaml.safe_load(text) or []
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        raise LessonError([Problem(path, line, f"not YAML: {error}")]) from error
    lines: dict[str, int] = {}
    problems = []
    if not isinstance(entries, list) or not all(isinstance(e, dict) and "id" in e for e in entries):
        raise LessonError([Problem(path, 1, "a quiz is a list of items that begin `- id: `")])
    for number, line in enumerate(text.splitlines(), 1):
        found = re.match(r"- id:\s*[\"']?([\w-]+)", line)
        if found and found[1] in lines:
            problems.append(Problem(path, number, f"item {found[1]} stands twice"))
        elif found:
            lines[found[1]] = number
    if problems:
        raise LessonError(problems)
    return {str(entry["id"]): entry for entry in entries}, lines


def without_marks(source: str) -> str:
    """The source without the lines of nbgrader's marks; what stands between them stays."""
    return "\n".join(line for line in source.split("\n") if not is_mark(line))


def is_mark(line: str) -> bool:
    return line.strip() in (BEGIN_SOLUTION, END_SOLUTION, BEGIN_HIDDEN, END_HIDDEN)


def between_marks(source: str, begin: str = BEGIN_SOLUTION, end: str = END_SOLUTION) -> list[str]:
    """The lines that stand between the marks."""
    inside, lines = False, []
    for line in source.split("\n"):
        if line.strip() == begin:
            inside = True
        elif line.strip() == end:
            inside = False
        elif inside:
            lines.append(line)
    return lines


def parse_hints(source: str) -> list[dict[str, str]]:
    """The hints of a hints cell: bullets `- **Symptom.** The hint.`, each with both parts."""
    hints = []
    for bullet in re.split(r"\n(?=- )", source.strip()):
        found = _HINT.match(bullet.strip())
        if found:
            symptom = " ".join(found["symptom"].split())
            hints.append({"symptom": symptom, "hint": " ".join(found["hint"].split())})
    return hints
