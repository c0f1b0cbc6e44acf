"""A script as the cells of a notebook: jupytext's percent format, in time linear in its length."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from harness.grade import cells as grading

MOST_TEXT = 1 << 20
_HEADER = 2_000  # characters of a line that begins a cell: no metadata of ours is longer
_BEGINS = re.compile(r"^#[^\S\n]*+(?:%%|In\[)", re.MULTILINE)
_FRONT = re.compile(r"# ---\n(?:#[^\n]*+\n)*?# ---\n")


def script_cells(text: str, most: int) -> Iterator[dict[str, Any]]:
    """The first `most` cells of a script, each with `cell_type`, `source` and nbgrader's metadata.

    Of a longer script the first `MOST_TEXT` characters are read.
    """
    import jupytext

    text = text[:MOST_TEXT]
    front = _FRONT.match(text)
    text = text[front.end() if front else 0 :].lstrip("\n")
    begins = [found.start() for _, found in zip(range(most + 1), _BEGINS.finditer(text))]
    places = sorted({0, *begins[:most]})
    for at, end in zip(places, [*places[1:], begins[most] if len(begins) > most else len(text)]):
        header, line, body = text[at:end].partition("\n")
        # Cell by cell: on a whole script jupytext takes the square of the number of cells.
        for cell in jupytext.reads(header[:_HEADER] + line + body, fmt="py:percent").cells:
            metadata = {"nbgrader": dict(grading.metadata(cell))}
            yield {"cell_type": cell.cell_type, "source": cell.source, "metadata": metadata}
