"""What the build refuses, with file and line: the rules of a lesson that a machine can see."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.author import folding, lint_cells, lint_exercises, lint_quiz, minutes, start
from harness.author.asked import PARAMETERS, asked
from harness.author.lesson import Lesson, Problem


def lint(lesson: Lesson) -> list[Problem]:
    """All problems of one lesson, or of the front door."""
    problems = [
        *(() if lesson.graded else start.lint(lesson)),
        *_header(lesson),
        *minutes.problems(lesson),
        *lint_exercises.problems(lesson),
        *lint_quiz.problems(lesson),
        *lint_cells.problems(lesson),
        *folding.problems(lesson),
    ]
    return sorted(problems, key=lambda p: (str(p.path), p.line))


def _header(lesson: Lesson) -> Iterator[Problem]:
    header = lesson.header
    if not lesson.slug.startswith(f"{lesson.number}_"):
        yield Problem(lesson.path, 1, f"the header says lesson {lesson.number!r}")
    for key in ("title", "minutes", "objectives", "prerequisites"):
        if not header.get(key):
            yield Problem(lesson.path, 1, f"the header has no `{key}`")
    if not 3 <= len(header.get("objectives") or []) <= 5:
        yield Problem(lesson.path, 1, "a lesson has three to five objectives")
    tagged = [c for c in lesson.cells if "parameters" in c.metadata.get("tags", [])]
    if len(tagged) != asked(lesson).parameters:
        yield Problem(lesson.path, 1, f"one cell is tagged `parameters`; here are {len(tagged)}")
    for cell in tagged:
        missing = [name for name in PARAMETERS if not re.search(rf"^{name} = ", cell.source, re.M)]
        if missing:
            message = f"the parameters cell does not set {', '.join(missing)}"
            yield Problem(lesson.path, cell.line, message)
