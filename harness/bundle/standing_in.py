"""Which modules of the teaching library stand in for an answer until the learner's own passes its check.

A lesson says so itself: `yours("mean_pool", mean_pool, instead=pooling.mean_pool)`. The module has to run on
a student's machine, and its text is as good as the answer.
"""

from __future__ import annotations

import ast
import contextlib
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


def functions(lessons: Iterable[Lesson], module: Path) -> set[str]:
    """Of a module's functions and classes those that lessons use in place of an answer, and what these use."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    uses = {n.name: _words(n) for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    waiting = {word for one in lessons for node in _pieces(one) for word in _words(node)}
    found: set[str] = set()
    while waiting := waiting & uses.keys() - found:
        found |= waiting
        waiting = set().union(*(uses[name] for name in waiting))
    return found


def _of(lesson: Lesson) -> Iterator[str]:
    imported: dict[str, str] = {}
    for tree in _trees(lesson):
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and f"{node.module}.".startswith("lib."):
                for alias in node.names:
                    imported[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    for piece in _pieces(lesson):
        yield from (imported[name] for name in _names(piece) if name in imported)


def _pieces(lesson: Lesson) -> Iterator[ast.AST]:
    """The code that a lesson uses in place of an answer: what it says, and what its own names there are made of."""
    trees = list(_trees(lesson))
    made: dict[str, list[ast.AST]] = {}
    for tree in trees:
        for statement in tree.body:
            for name in _bound(statement):
                made.setdefault(name, []).append(statement)
    for tree in trees:
        for node in ast.walk(tree):
            for value in _instead(node):
                yield value
                for name in _names(value):
                    yield from made.get(name, ())


def _trees(lesson: Lesson) -> Iterator[ast.Module]:
    for cell in lesson.cells:
        with contextlib.suppress(SyntaxError):  # prose, or a cell with a magic
            yield ast.parse(cell.source)


def _bound(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.FunctionDef):
        yield statement.name
    elif isinstance(statement, ast.Assign):
        yield from (one.id for one in statement.targets if isinstance(one, ast.Name))


def _names(node: ast.AST) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


def _words(node: ast.AST) -> set[str]:
    """The names in a piece of code, with what comes after a dot."""
    return _names(node) | {one.attr for one in ast.walk(node) if isinstance(one, ast.Attribute)}


def _instead(node: ast.AST) -> Iterator[ast.AST]:
    """What a call of `yours` takes instead of the learner's function."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "yours":
        yield from (key.value for key in node.keywords if key.arg == "instead")
