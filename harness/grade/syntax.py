"""Whether a code cell is Python at all: what an author of a cell is told at the first line that is not."""

from __future__ import annotations

import ast
import warnings
from dataclasses import dataclass

from harness.grade.magics import without_magics
from harness.grade.python_names import MOST_PARSED


@dataclass(frozen=True)
class SyntaxFault:
    """Where a cell is no Python, and why.

    Args:
        line: from 1, of the cell.
        reason: Python's own words.
        text: the line as it stands there.
    """

    line: int
    reason: str
    text: str


def syntax_fault(source: str) -> SyntaxFault | None:
    """The first syntax error of a code cell; None if there is none, or if the cell is too long to tell."""
    if len(source) > MOST_PARSED:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes in somebody's strings
            ast.parse(without_magics(source))
    except SyntaxError as error:
        line = (error.lineno or 1) + _magic_lines(source)
        lines = source.splitlines()
        shown = lines[line - 1] if line <= len(lines) else ""
        return SyntaxFault(line, error.msg, shown[:200])
    except (ValueError, RecursionError, MemoryError):
        return None
    return None


def _magic_lines(source: str) -> int:
    """The lines above the code of a cell that begins with `%%time` or the like: they are not parsed."""
    body = source.lstrip()
    if not body.startswith("%%"):
        return 0
    return source[: len(source) - len(body)].count("\n") + 1
