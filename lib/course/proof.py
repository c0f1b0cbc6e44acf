"""Proving the checks: the mutation score of every exercise, printed for authors and tests."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

from lib.course.build import lesson_files
from lib.course.lesson import Lesson, read


def lessons(root: Path) -> list[Lesson]:
    """The lessons as they stand, linted or not."""
    return [read(path) for path in lesson_files(root)]


def namespace(lesson: Lesson, exercise: str) -> dict[str, Any]:
    """What an answer may use: the imports of the lesson's cells before it and the earlier answers."""
    scope: dict[str, Any] = {"__name__": "__answer__"}
    for cell in lesson.cells:
        if cell.role == "answer":
            if cell.target == exercise:
                return scope
            exec(lesson.solution(cell.target), scope)
        elif cell.role is None and cell.kind == "code":
            imports = [
                node
                for node in ast.parse(cell.source).body
                if isinstance(node, ast.Import | ast.ImportFrom)
            ]
            exec(compile(ast.Module(imports, []), "<imports>", "exec"), scope)
    raise KeyError(f"lesson {lesson.number} has no exercise {exercise!r}")


def scores(root: Path, names: list[str] | None = None) -> list:
    """The mutation scores of the named exercises, or of all that have an answer cell."""
    from lib import checks
    from lib.checks.mutation import score

    found = []
    for lesson in lessons(root):
        for name in lesson.exercises():
            if not names or name in names:
                scope = namespace(lesson, name)
                found.append(score(checks.find(name), lesson.solution(name), scope))
    return found
