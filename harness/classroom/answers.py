"""What students wrote, as it was graded: the text of answer cells in `autograded/`."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from harness.grade import cells as grading
from lib._files import open_without_links

MOST_BYTES = 64 << 20  # of a notebook that was graded: pictures are in it


def answers(classroom: Path, lesson: str, student: str) -> dict[str, str]:
    """The text of a student's answer cells by grade_id; nothing where nothing was recorded.

    It is a student's own text: whoever shows it makes it harmless.
    """
    path = Path(classroom, "autograded", student, lesson, f"{lesson}.ipynb")
    try:
        with open_without_links(path) as file:
            found = [*json.loads(file.read(MOST_BYTES))["cells"]]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}
    return answers_in(found)


def answers_in(cells: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The same of cells as they were recorded."""
    texts = {}
    for cell in cells:
        name = grading.grade_id(cell)
        if name is None or not grading.is_answer(cell):
            continue
        source = cell.get("source", "")
        source = "".join(source) if isinstance(source, list) else str(source)
        # What recording wrote as entities, so that formgrader shows it as text.
        texts[name] = source if cell.get("cell_type") == "code" else html.unescape(source)
    return texts
