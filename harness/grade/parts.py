"""A lesson's parts: an answer, or several, with the graded cells that follow it.

An exercise is its answer cell with a visible and a hidden check; a question is its answer cell with the
comparison with its key; a written answer is one cell that is answer and graded both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nbformat import NotebookNode

from harness.grade import cells as grading


@dataclass(frozen=True)
class Part:
    """One part, by the grade_ids of its cells.

    Args:
        name: of the answer, which is the exercise's or the question's name; of the first graded cell if
            no answer precedes it.
        answers: the cells whose text is the student's.
        graded: the cells that earn points, in their order.
        manual: whether a person marks it.
        maximum: the points that it is worth.
    """

    name: str
    answers: tuple[str, ...]
    graded: tuple[str, ...]
    manual: bool
    maximum: float


@dataclass
class _Open:
    answers: list[str] = field(default_factory=list)
    graded: list[str] = field(default_factory=list)
    maximum: float = 0.0

    def closed(self, manual: bool = False) -> Part:
        name = (self.answers or self.graded)[-1 if self.answers else 0]
        return Part(name, tuple(self.answers), tuple(self.graded), manual, self.maximum)


def parts(notebook: NotebookNode | Mapping[str, Any]) -> list[Part]:
    """The parts of a notebook as nbgrader's metadata tell them, in its order."""
    found: list[Part] = []
    here = _Open()
    for cell in notebook["cells"]:
        name = grading.grade_id(cell)
        if name is None:
            continue
        if grading.is_manual(cell):
            if here.graded:
                found.append(here.closed())
                here = _Open()
            answers = [*here.answers, name] if grading.is_answer(cell) else here.answers
            found.append(_Open(answers, [name], grading.points(cell)).closed(manual=True))
            here = _Open()
        elif grading.is_answer(cell):
            if here.graded:
                found.append(here.closed())
                here = _Open()
            here.answers.append(name)
        elif grading.is_check(cell):
            here.graded.append(name)
            here.maximum += grading.points(cell)
    if here.graded:
        found.append(here.closed())
    return found
