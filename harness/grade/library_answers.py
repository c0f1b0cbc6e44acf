"""Answers that are not the learner's work: a function of the course's library, or the worked answer.

What can be read off the cells is found here; what only shows when a function is called is told by the
student's process (`harness.judge.borrowed`). A text that was copied by hand cannot be told from one's own.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Literal

from nbformat import NotebookNode

from harness.grade import cells as grading
from harness.grade.python_names import names

Policy = Literal["deny", "allow"]
UNNAMED = "a function of the course's library"
_SHOWING = {"print", "display"}


def in_text(rebuilt: NotebookNode, asked: Mapping[str, frozenset[str]]) -> dict[str, str]:
    """The names whose answer the cells' text says to be somebody else's, and whose.

    A name counts that nothing but an import from `lib` gives, and every name of an answer cell that makes
    something of what `solution` returns.

    Args:
        asked: the names that the lesson asks for, by the answer cell (see `plan.asked_for`).
    """
    imported: dict[str, str] = {}
    own: set[str] = set()
    found: dict[str, str] = {}
    for cell in rebuilt.cells:
        answer = grading.is_answer(cell)
        if cell.cell_type != "code" or not (answer or cell.metadata.get("grading")):
            continue
        of = names(cell.source)
        own |= of.binds - of.imports
        tree = _tree(cell.source)
        for node in ast.walk(tree):
            module = node.module or "" if isinstance(node, ast.ImportFrom) else ""
            if isinstance(node, ast.ImportFrom) and f"{module}.".startswith("lib."):
                imported |= {a.asname or a.name: f"{module}.{a.name}" for a in node.names}
        if answer and _uses_solution(tree):
            names_of_cell = asked.get(grading.grade_id(cell) or "", ())
            found |= dict.fromkeys(names_of_cell, "what `solution` returns")
    found |= {name: what for name, what in imported.items() if name not in own}
    wanted = frozenset().union(*asked.values())
    return {name: what for name, what in found.items() if name in wanted}


def remark(name: str, what: str, policy: Policy) -> str:
    """What a report says of such an answer."""
    allowed = "the teacher allows that" if policy == "allow" else "it earns no points"
    return f"{name} is {what}, not an answer of one's own: {allowed}."


def denied(what: str) -> str:
    """What the student reads instead of a verdict."""
    return f"Your answer is {what}. Write one of your own: this one earns no points."


def allowed(what: str) -> str:
    """What the student reads where the teacher allows it."""
    return f"Your answer is {what}; the teacher allows that."


def _tree(source: str) -> ast.AST:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module([], [])


def _uses_solution(tree: ast.AST) -> bool:
    """Whether `solution(...)` is called for more than to be looked at."""
    looked_at: set[int] = set()
    for node in ast.walk(tree):
        shown = isinstance(node, ast.Call) and _called(node) in _SHOWING
        if isinstance(node, ast.Expr):
            looked_at.add(id(node.value))
        elif isinstance(node, ast.Call) and shown:
            looked_at |= set(map(id, node.args))
    calls = (n for n in ast.walk(tree) if isinstance(n, ast.Call) and _called(n) == "solution")
    return any(id(call) not in looked_at for call in calls)


def _called(call: ast.Call) -> str | None:
    function = call.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else None
