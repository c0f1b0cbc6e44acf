"""Proving the checks: the mutation score of every exercise, printed for authors and tests."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

from harness.author.lesson import Lesson, exercises_of, lesson_files, read


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
            exec(compile(ast.Module([*imports], []), "<imports>", "exec"), scope)
    raise KeyError(f"lesson {lesson.number} has no exercise {exercise!r}")


def scores(root: Path, names: list[str] | None = None) -> list:
    """The mutation scores of the named exercises, or of all that have an answer cell.

    Raises:
        ValueError: no lesson has an exercise of a name, or an exercise has no check.
    """
    from harness.author.mutation import score
    from lib import checks

    there = {name: path for path in lesson_files(root) for name in exercises_of(path)}
    checked = set(checks.names())
    for name in names or there:
        if name not in checked or name not in there:
            known = ", ".join(known for known in there if known in checked)
            raise ValueError(f"no exercise with a check is named {name!r}; there are: {known}")
    chosen = {name: path for name, path in there.items() if not names or name in names}
    read_once = {path: read(path) for path in chosen.values()}
    found = []
    for name, path in chosen.items():
        check, lesson = checks.find(name), read_once[path]
        if not isinstance(check, checks.Contest):  # of which there is no right answer, nor mutants
            found.append(score(check, lesson.solution(name), namespace(lesson, name)))
    return found
