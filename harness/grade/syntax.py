"""Whether a code cell is Python at all: what an author of a cell is told at the first line that is not."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from harness.grade.magics import without_magics
from harness.grade.python_names import MOST_PARSED

_MOST_SAID = 200  # characters of Python's words, some of which quote the cell


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

    def where(self, name: str) -> str:
        """In words, of the cell that answers `name`."""
        return f"syntax error in the cell of {name}, line {self.line}"

    def sentence(self, name: str) -> str:
        """The same with Python's words: all that a report says of it."""
        where = self.where(name)
        return f"{where[:1].upper()}{where[1:]}: {self.reason[:_MOST_SAID]}."


def first_fault(answers: Iterable[str], texts: Mapping[str, str]) -> tuple[str, SyntaxFault] | None:
    """The first of some answer cells that is no Python, and why; None if all are.

    Args:
        answers: their names.
        texts: the text of cells, by name.
    """
    for name in answers:
        fault = syntax_fault(texts[name]) if name in texts else None
        if fault is not None:
            return name, fault
    return None


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
