"""What all commands print with: one console, one form of progress bar, one way to end in a sentence."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.markup import escape

from harness.reports.sanitize import line

if TYPE_CHECKING:
    from rich.progress import Progress

# A name such as `:x:` stays a name: no emoji.
out = Console(highlight=False, soft_wrap=True, emoji=False)


def bar(unit: str = "", *, elapsed: bool = False) -> Progress:
    """A progress bar that counts; `elapsed` shows the time taken, else the time that remains."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeElapsedColumn as Elapsed
    from rich.progress import TimeRemainingColumn as Remaining

    columns = [TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()]
    if unit:
        columns.append(TextColumn(unit))
    return Progress(*columns, Elapsed() if elapsed else Remaining(), console=out)


def shown(text: object) -> str:
    """Text that others may have written, as one line of markup: no control characters, no commands."""
    return escape(line(text, 2000))


@contextlib.contextmanager
def ending(*kinds: type[Exception], code: int = 2, word: str = "error") -> Iterator[None]:
    """An expected failure of one of these kinds ends the command in a sentence, with exit code `code`."""
    try:
        yield
    except kinds as error:
        out.print(f"[red]{word}:[/] {shown(error)}")
        raise typer.Exit(code) from None


def relative(path: Path, root: Path) -> Path:
    """The path as seen from the course's folder, if it lies there."""
    return path.relative_to(root) if path.is_relative_to(root) else path
