"""Which modules of the teaching library stand in for an answer until the learner's own passes its check.

A lesson says so itself: `yours("mean_pool", mean_pool, instead=pooling.mean_pool)`. The module has to run on
a student's machine, and its text is as good as the answer.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

from harness.author.lesson import Lesson


def modules(lessons: Iterable[Lesson], library: Path) -> set[str]:
    """The names of the modules in the folder `lib` that lessons use in place of an answer, such as "pooling".

    A function of the lesson's own that does so is looked into, too.
    """
    found = {name for lesson in lessons for name in _of(lesson)}
    parts = (name.split(".")[1] for name in found)
    return {part for part in parts if (library / f"{part}.py").is_file()}


def _of(lesson: Lesson) -> Iterator[str]:
    trees = [tree for cell in lesson.cells if (tree := _tree(cell.source)) is not None]
    imported: dict[str, str] = {}
    made: dict[str, set[str]] = {}  # what the lesson's own names are made of
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and f"{node.module}.".startswith("lib."):
                for alias in node.names:
                    imported[alias.asname or alias.name] = f"{node.module}.{alias.name}"
        for statement in tree.body:
            for name in _bound(statement):
                made.setdefault(name, set()).update(_used(statement))
    for tree in trees:
        for node in ast.walk(tree):
            for name in _instead(node):
                for inner in (name, *made.get(name, ())):
                    if inner in imported:
                        yield imported[inner]


def _tree(source: str) -> ast.Module | None:
    try:
        return ast.parse(source)
    except SyntaxError:  # prose, or a cell with a magic
        return None


def _bound(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.FunctionDef):
        yield statement.name
    elif isinstance(statement, ast.Assign):
        yield from (one.id for one in statement.targets if isinstance(one, ast.Name))


def _used(node: ast.AST) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


def _instead(node: ast.AST) -> set[str]:
    """The names in what a call of `yours` takes instead of the learner's function."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        return set()
    if node.func.id != "yours":
        return set()
    return set().union(*(_used(key.value) for key in node.keywords if key.arg == "instead"))
