"""What grading says of one submission: a verdict for each graded cell, and the report they make.

A report holds nothing that depends on the clock, on the order of submissions or on the number of
workers: the same submission gives the same report, byte for byte.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Self

if TYPE_CHECKING:
    from nbformat import NotebookNode

TIMES = ("seconds", "own_s", "check_s")
Status = Literal[
    "passed",
    "wrong",
    "crashed",
    "syntax error",
    "not attempted",
    "failed",
    "not run",
    "manual",
    "empty",
]
PERSONS: tuple[Status, ...] = ("manual", "empty")  # of cells that no check gives points for


@dataclass(frozen=True)
class CellVerdict:
    """The verdict on one graded cell.

    Args:
        grade_id: nbgrader's name of the cell.
        status: `failed` is a check of another kind than ours that did not pass; `not run` a check
            that could not be run (a dead kernel, a time limit), with the reason in `message`;
            `syntax error` a check of which the answer's cell is no Python, with its line in `message`;
            `manual` a cell that waits for a person; `empty` one that would, if anything were written in it.
        points: earned; None where a person marks.
        max_points: what the release says the cell is worth.
        message: for the student; never a hidden input, value or source line.
        mistake: the named mistake that was recognised, if one was.
        exercise: the exercise or quiz item that the check is of, if it said so or has a cell of its own
            for the answer.
        hidden: whether the cell holds hidden tests.
        hint: a hint for the student, if the course has one.
    """

    grade_id: str
    status: Status
    points: float | None
    max_points: float
    message: str = ""
    mistake: str | None = None
    exercise: str | None = None
    hidden: bool = False
    hint: str | None = None

    @property
    def fine(self) -> bool:
        """Whether there is nothing to say of it: all its points, or a person marks it."""
        full = self.points is None or self.points >= self.max_points
        return self.status in ("passed", "manual") and full

    @property
    def briefly(self) -> str:
        """What went wrong, in a word or two: of what it is, and of a syntax error where it is."""
        if self.status == "syntax error":
            where = self.message.partition(": ")[0]
            return f"{where[:1].lower()}{where[1:]}"
        return self.exercise or self.grade_id


@dataclass(frozen=True)
class Remark:
    """Something in the submission that was dropped, mended or noticed, in a sentence."""

    kind: str
    text: str
    grade_id: str | None = None


@dataclass(frozen=True)
class Report:
    """What grading says of one submission.

    `status` is `ungradable` when no notebook could be read from the submission; `reason` then says
    why and `ask` what to ask the student for.
    """

    student: str
    lesson: str
    notebook: str
    status: Literal["graded", "ungradable"]
    cells: tuple[CellVerdict, ...] = ()
    remarks: tuple[Remark, ...] = ()
    reason: str = ""
    ask: str = ""
    isolation: str = "none"
    # Never written to results: wall seconds in all, in the notebook's own cells and checks, and in
    # each check, by grade_id.
    seconds: float | None = field(default=None, compare=False)
    own_s: float = field(default=0.0, compare=False)
    check_s: Mapping[str, float] = field(default_factory=dict, compare=False, repr=False)

    @property
    def score(self) -> float:
        """The points earned so far; a cell that waits for a person counts nothing."""
        return sum(cell.points or 0.0 for cell in self.cells)

    @property
    def max_score(self) -> float:
        """The points that can be earned without a person."""
        return sum(c.max_points for c in self.cells if c.status not in PERSONS)

    @property
    def manual(self) -> float:
        """The points that wait for a person."""
        return sum(cell.max_points for cell in self.cells if cell.points is None)

    @property
    def worth(self) -> float:
        """What the lesson is worth, all that a person marks included."""
        return sum(cell.max_points for cell in self.cells)

    def to_plain(self) -> dict[str, Any]:
        """A form for JSON, the same for the same report: nothing in it depends on the clock."""
        plain = dataclasses.asdict(self)
        for name in TIMES:
            del plain[name]
        return plain

    def times(self) -> dict[str, Any]:
        """The seconds that `to_plain` leaves out; with them `from_plain` gives the report whole."""
        return {name: getattr(self, name) for name in TIMES}

    @classmethod
    def from_plain(cls, plain: Any) -> Self:
        """A report from its plain form.

        Raises:
            KeyError, TypeError, AttributeError: it is none.
        """
        cells = tuple(CellVerdict(**cell) for cell in plain["cells"])
        remarks = tuple(Remark(**remark) for remark in plain["remarks"])
        return cls(**{**plain, "cells": cells, "remarks": remarks})


@dataclass(frozen=True)
class GradedSubmission:
    """A report, and the rebuilt notebook with the outputs of what was run.

    Args:
        notebook: None where nothing could be rebuilt.
        fault: what went wrong in the grader itself; such a report is no grade, and is not journalled.
    """

    report: Report
    notebook: NotebookNode | None
    fault: str = ""
