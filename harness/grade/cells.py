"""What nbgrader's metadata say of a cell: its name, its points, whose text it holds, who marks it.

The one place where they are read. A cell may come from anybody, so what has not the form that nbgrader
gives it counts as absent. In a notebook as nbformat reads it cells are `NotebookNode`s; plain
dictionaries, as JSON gives them, will do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from nbformat import NotebookNode

Cell = Mapping[str, Any]


def metadata(cell: Cell) -> dict[str, Any]:
    """nbgrader's metadata of a cell, empty if it has none."""
    every = cell.get("metadata")
    found = every.get("nbgrader") if isinstance(every, dict) else None
    return found if isinstance(found, dict) else {}


def grade_id(cell: Cell) -> str | None:
    """nbgrader's name of a cell, None if it has none."""
    name = metadata(cell).get("grade_id")
    return name if isinstance(name, str) else None


def points(cell: Cell) -> float:
    """What a cell is worth."""
    return float(metadata(cell).get("points") or 0.0)


def is_answer(cell: Cell) -> bool:
    """A cell whose text is the learner's."""
    return bool(metadata(cell).get("solution"))


def is_check(cell: Cell) -> bool:
    """A cell whose outcome earns points without a person."""
    found = metadata(cell)
    return (
        bool(found.get("grade")) and not found.get("solution") and cell.get("cell_type") == "code"
    )


def is_manual(cell: Cell) -> bool:
    """A cell that a person marks."""
    found = metadata(cell)
    return bool(found.get("task") or (found.get("grade") and found.get("solution")))


def checks(notebook: NotebookNode | Mapping[str, Any]) -> Iterator[tuple[str, Cell]]:
    """The check cells of a notebook, by name."""
    for cell in notebook["cells"]:
        name = grade_id(cell)
        if is_check(cell) and name is not None:
            yield name, cell
