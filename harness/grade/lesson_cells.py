"""The lesson's own cells in a hand-in: an edit of one is dropped, what it adds is the learner's own.

A check and a student's process find the lesson as it was released, whatever was done to it. But who puts
an import or a helper into the lesson's first cell, and uses it in an answer, loses nothing.
"""

from __future__ import annotations

from nbformat import NotebookNode

from harness.grade import cells as grading
from harness.grade.python_names import names, statements


def edited(released: NotebookNode, source: str) -> bool:
    """Whether the text of a submitted cell is that of one of the lesson's own code cells and says something else."""
    if released.cell_type != "code" or grading.is_answer(released):
        return False
    ours, theirs = (
        [line.rstrip() for line in text.splitlines()] for text in (released.source, source)
    )
    return bool(source.strip()) and ours != theirs


def given(release: NotebookNode) -> frozenset[str]:
    """The names that the lesson's own cells bind."""
    code = [c for c in release.cells if c.cell_type == "code" and not grading.is_answer(c)]
    return frozenset().union(*(names(c.source).binds for c in code))


def added(released: NotebookNode, source: str, given: frozenset[str]) -> str:
    """What an edit has put into a cell that answers may need: statements that give names, all new ones.

    Args:
        given: see `given`; what would change one of these is no part of it, nor is a check's text.
    """
    if grading.is_check(released):
        return ""
    known = set(statements(released.source))
    new = [text for text in statements(source) if text not in known]
    return "\n".join(t for t in new if (binds := names(t).binds) and not binds & given)
