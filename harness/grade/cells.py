"""What nbgrader's metadata say of a cell: its name, its points, whose text it holds, who marks it.

The one place where they are read. A cell may come from anybody, so what has not the form that nbgrader
gives it counts as absent. In a notebook as nbformat reads it cells are `NotebookNode`s; plain
dictionaries, as JSON gives them, will do.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
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


def as_released(cell: Cell) -> bool:
    """Whether a cell's text is still what the build wrote; no other file is needed to tell.

    A cell with a `grade_id` bears it as its id, and nbgrader's checksum of what it was; any other cell
    of a lesson has the beginning of its text's SHA-256 as its id.
    """
    place, name = str(cell.get("id", "")), grade_id(cell)
    # Of two cells with one text the second has an id with a number behind.
    first = re.sub(r"-\d+$", "", place)
    if name is not None:
        return name in (place, first) and metadata(cell).get("checksum") == _checksum(cell)
    text = str(cell.get("source", "")).encode("utf-8", "surrogatepass")
    return first == hashlib.sha256(text).hexdigest()[:12]


def _checksum(cell: Cell) -> str:
    """The checksum of a cell as `nbgrader.utils.compute_checksum` has it: a learner has no nbgrader."""
    found = metadata(cell)
    grade, solution = bool(found.get("grade")), bool(found.get("solution"))
    # nbgrader counts every graded cell as locked that is not answered in itself.
    locked = not solution and (grade or bool(found.get("locked")))
    parts = [cell.get("source", ""), cell.get("cell_type", ""), grade, solution, locked]
    parts.append(found.get("grade_id", ""))
    if grade:
        parts.append(found.get("points"))
        with contextlib.suppress(TypeError, ValueError):
            parts[-1] = points(cell)
    content = "".join(map(str, parts)).encode("utf-8", "surrogatepass")
    return hashlib.md5(content, usedforsecurity=False).hexdigest()
