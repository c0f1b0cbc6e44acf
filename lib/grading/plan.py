"""Which cells of a rebuilt notebook are run for its grades, where, and in which order.

A lesson demonstrates far more than it grades. Only what grades need is run: the learner's cells,
the checks, and of the lesson's own cells those whose names these need, directly or not. The lesson's
leading cells are run once for all submissions (the prefix).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from nbformat import NotebookNode

from lib.grading.names import Names, names

Role = Literal["ours", "answer", "extra", "check"]
HIDDEN = "### BEGIN HIDDEN TESTS"


@dataclass(frozen=True)
class Step:
    """One cell to run. `student` and `judge` say in which process; `index` is its place."""

    index: int
    role: Role
    source: str
    grade_id: str | None = None
    points: float = 0.0
    hidden: bool = False
    student: bool = False
    judge: bool = False


@dataclass(frozen=True)
class Plan:
    """The steps of one submission in order, and the names a check may take from the student."""

    steps: tuple[Step, ...]
    skipped: frozenset[str]
    student_names: frozenset[str]


def grading(cell: NotebookNode) -> dict:
    """nbgrader's metadata of a cell, empty if it has none."""
    meta = cell.metadata.get("nbgrader")
    return meta if isinstance(meta, dict) else {}


def is_answer(cell: NotebookNode) -> bool:
    """A cell whose text is the learner's."""
    return bool(grading(cell).get("solution"))


def is_check(cell: NotebookNode) -> bool:
    """A cell whose outcome earns points without a person."""
    meta = grading(cell)
    return bool(meta.get("grade")) and not meta.get("solution") and cell.cell_type == "code"


def is_manual(cell: NotebookNode) -> bool:
    """A cell that a person marks."""
    meta = grading(cell)
    return bool(meta.get("task") or (meta.get("grade") and meta.get("solution")))


def prefix(release: NotebookNode) -> list[dict[str, str | None]]:
    """The lesson's own code cells before the first cell that depends on the learner."""
    leading = []
    for cell in release.cells:
        if cell.cell_type != "code":
            continue
        if is_answer(cell) or is_check(cell):
            break
        leading.append({"source": cell.source, "grade_id": grading(cell).get("grade_id")})
    return leading


def student_names(notebooks: Iterable[NotebookNode]) -> frozenset[str]:
    """The names that answer cells define, as the lesson has them: all that a check may ask for."""
    found: set[str] = set()
    for notebook in notebooks:
        for cell in notebook.cells:
            if cell.cell_type == "code" and is_answer(cell):
                found |= names(cell.source).binds
    return frozenset(found)


def plan(
    rebuilt: NotebookNode, source: NotebookNode, *, prefixed: int = 0, whole: bool = False
) -> Plan:
    """Decide what is run for a submission.

    Args:
        rebuilt: the released notebook with the submission's answers, and its extra cells marked by
            `metadata.grading.role` (`extra` or `edited`).
        source: the teacher's notebook, from which the checks' text comes.
        prefixed: how many leading code cells have been run in the warm parent.
        whole: run every cell, whether a grade needs it or not.
    """
    checks = {grading(cell)["grade_id"]: cell.source for cell in source.cells if is_check(cell)}
    cells: list[tuple[int, Role, str, NotebookNode]] = []
    seen = 0
    for index, cell in enumerate(rebuilt.cells):
        if cell.cell_type != "code":
            continue
        own = cell.metadata.get("grading", {}).get("role")
        if not own and not is_answer(cell) and not is_check(cell):
            seen += 1
            if seen <= prefixed:
                continue
            cells.append((index, "ours", cell.source, cell))
        elif is_check(cell):
            text = checks.get(grading(cell)["grade_id"], cell.source)
            cells.append((index, "check", text, cell))
        else:
            cells.append((index, "extra" if own else "answer", cell.source, cell))
    of = [names(text) for _, _, text, _ in cells]
    roles = [role for _, role, _, _ in cells]
    for_student = _needed(roles, of, ("answer", "extra"), whole)
    for_judge = _needed(roles, of, ("check",), False)
    # What a check takes from the student's process may itself come from a cell of ours.
    wanted = student_names((source, rebuilt))
    steps, skipped = [], set()
    for number, (index, role, text, cell) in enumerate(cells):
        student = role in ("answer", "extra") or number in for_student
        judge = role == "check" or number in for_judge
        if not student and not judge:
            skipped |= of[number].binds
            continue
        steps.append(
            Step(
                index,
                role,
                text,
                grading(cell).get("grade_id"),
                float(grading(cell).get("points") or 0.0),
                HIDDEN in text,
                student and role != "check",
                judge,
            )
        )
    return Plan(tuple(steps), frozenset(skipped), wanted)


def _needed(roles: Sequence[Role], of: Sequence[Names], users: tuple, whole: bool) -> set[int]:
    """Our cells that the cells of these roles need, directly or through each other."""
    ours = [i for i, role in enumerate(roles) if role == "ours"]
    if whole:
        return set(ours)
    needed: set[int] = set()
    queue = [i for i, role in enumerate(roles) if role in users]
    # Functions look names up when they are called, so a later cell may serve an earlier one.
    last = max(queue, default=-1)
    wanted: set[str] = set()
    while queue:
        for i in queue:
            wanted |= of[i].uses
        queue = [
            i
            for i in ours
            if i < last and i not in needed and (of[i].binds | of[i].changes) & wanted
        ]
        needed |= set(queue)
    return needed
