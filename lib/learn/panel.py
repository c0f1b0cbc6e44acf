"""What a learner sees: a panel with a title, text, code, tables and pictures of arrays.

Every panel has a plain text that says all of it (for terminals, logs and screen readers) and an
HTML that shows it. Colour never carries meaning alone: the title says the state in words.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

# One colour a state, from a palette that survives colour blindness, with a word and a sign.
_STATES = {
    "passed": ("#009E73", "✓"),
    "wrong": ("#D55E00", "✗"),
    "crashed": ("#CC79A7", "!"),
    "not attempted": ("#56B4E9", "○"),
    "info": ("#0072B2", "i"),
}
STRONGEST = 0.55
_RECORD = "application/vnd.embeddings-course+json"


@dataclass(frozen=True)
class Code:
    """Code or values, set in a fixed-width font, with an optional heading."""

    text: str
    title: str = ""

    def plain(self) -> str:
        body = "\n".join("    " + line for line in self.text.splitlines())
        return f"{self.title}:\n{body}" if self.title else body

    def html(self) -> str:
        head = f"<div><strong>{html.escape(self.title)}</strong></div>" if self.title else ""
        return (
            f"{head}<pre style='margin:.2em 0 .6em 1em;white-space:pre-wrap'>"
            f"{html.escape(self.text)}</pre>"
        )


@dataclass(frozen=True)
class Table:
    """A table of short texts."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]

    def plain(self) -> str:
        rows = [list(self.header), *[list(row) for row in self.rows]]
        widths = [max(len(str(row[i])) for row in rows) for i in range(len(self.header))]
        return "\n".join(
            "  ".join(str(cell).ljust(width) for cell, width in zip(row, widths)).rstrip()
            for row in rows
        )

    def html(self) -> str:
        head = "".join(
            f"<th scope='col' style='text-align:left'>{html.escape(c)}</th>" for c in self.header
        )
        body = "".join(
            "<tr>"
            + "".join(f"<td style='text-align:left'>{html.escape(str(c))}</td>" for c in row)
            + "</tr>"
            for row in self.rows
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


@dataclass(frozen=True)
class Grids:
    """Small matrices side by side as coloured tables: yours, expected, difference."""

    titles: Sequence[str]
    arrays: Sequence[np.ndarray]

    def plain(self) -> str:
        return ""  # the values are in the panel's text already

    def html(self) -> str:
        scale = max((float(np.nanmax(np.abs(a), initial=0)) for a in self.arrays[:2]), default=1.0)
        grids = "".join(
            f"<figure style='margin:0 1.2em .4em 0'><figcaption>{html.escape(title)}</figcaption>"
            f"{_grid(array, scale or 1.0)}</figure>"
            for title, array in zip(self.titles, self.arrays)
        )
        return f"<div style='display:flex;flex-wrap:wrap'>{grids}</div>"


def _grid(array: np.ndarray, scale: float) -> str:
    rows = []
    for row in array:
        cells = []
        for value in row:
            share = 0.0 if not np.isfinite(value) else max(-1.0, min(1.0, float(value) / scale))
            # Blue for positive, vermilion for negative, by strength; never so strong that the
            # number on it is hard to read, dark on a light theme or light on a dark one.
            strength = STRONGEST * abs(share)
            colour = f"rgba({'0,114,178' if share >= 0 else '213,94,0'},{strength:.2f})"
            cells.append(
                f"<td style='background:{colour};padding:.15em .5em;text-align:right'>{value:.3g}</td>"
            )
        rows.append(f"<tr>{''.join(cells)}</tr>")
    return f"<table style='border-collapse:collapse'>{''.join(rows)}</table>"


@dataclass(frozen=True)
class Panel:
    """One display: a state, a title that says it in words, and the parts below.

    Args:
        state: one of passed, wrong, crashed, not attempted, info.
        title: one line; it alone must be understandable.
        body: texts (paragraphs) and `Code`, `Table`, `Grids`.
        record: machine-readable facts for the runner (never shown, never secret).
    """

    state: str
    title: str
    body: Sequence[str | Code | Table | Grids] = ()
    record: dict | None = field(default=None)

    def plain(self) -> str:
        parts = [_unmarked(part) if isinstance(part, str) else part.plain() for part in self.body]
        title = f"[{_STATES[self.state][1]}] {_unmarked(self.title)}"
        return "\n".join([title, *filter(None, parts)])

    def html(self) -> str:
        colour, sign = _STATES[self.state]
        parts = "".join(
            f"<p style='margin:.3em 0'>{_inline(part)}</p>"
            if isinstance(part, str)
            else part.html()
            for part in self.body
        )
        return (
            f"<section role='status' aria-label='{html.escape(self.title, quote=True)}' "
            f"style='border-left:.4em solid {colour};padding:.3em .8em;margin:.3em 0'>"
            f"<div><strong><span aria-hidden='true'>{sign}</span> {_inline(self.title)}</strong></div>"
            f"{parts}</section>"
        )

    def __str__(self) -> str:
        return self.plain()

    __repr__ = __str__

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        bundle = {"text/plain": self.plain(), "text/html": self.html()}
        return bundle | ({_RECORD: self.record} if self.record is not None else {})

    def display(self) -> None:
        """Show it: rich in Jupyter, plain text elsewhere."""
        from lib.learn.environment import in_ipython

        if in_ipython():
            from IPython.display import display

            display(self)
        else:
            print(self.plain())


_MARKS = (
    (re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*"), r"<strong>\1</strong>"),
    # A single asterisk is a mark only at a word's edge: `a * b` and `2*x*y` stay as they are.
    (re.compile(r"(?<![\w*])\*(?=[^\s*])(.+?)(?<=[^\s*])\*(?![\w*])"), r"<em>\1</em>"),
)


def _inline(text: str) -> str:
    """Escaped text in which `code`, **strong** and *stressed* words are set as such."""
    pieces = html.escape(text).split("`")
    if len(pieces) % 2 == 0:  # an unpaired backtick stays as it is
        return _marked("`".join(pieces))
    return "".join(f"<code>{p}</code>" if i % 2 else _marked(p) for i, p in enumerate(pieces))


def _marked(text: str) -> str:
    for mark, tag in _MARKS:
        text = mark.sub(tag, text)
    return text


def _unmarked(text: str) -> str:
    """The text without its marks, for where nothing can be set; code keeps its asterisks."""
    pieces = text.split("`")
    if len(pieces) % 2 == 0:
        return text
    for i in range(0, len(pieces), 2):
        for mark, _ in _MARKS:
            pieces[i] = mark.sub(r"\1", pieces[i])
    return "`".join(pieces)
