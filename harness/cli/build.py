"""The command `course build`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from harness import paths
from harness.cli.console import out, relative


def build(
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit with 1 if a file would change.")
    ] = False,
    source: Annotated[
        Path | None,
        typer.Option(help="Also write nbgrader's source notebooks (with answers) to this folder."),
    ] = None,
) -> None:
    """Build `notebooks/` from `lessons/`.

    A lesson that lacks a part is refused with file and line, and then nothing is written.
    """
    from harness.author import build as building
    from harness.author.lesson import LessonError

    root = paths.root()
    try:
        if not check:
            for path in building.build(root):
                state = "wrote" if path.is_file() else "removed"
                out.print(f"{state} {path.relative_to(root)}")
            out.print("notebooks/ is up to date")
            for path in building.write_sources(root, source) if source else ():
                out.print(f"wrote {path}: worked answers and keys, for a teacher's eyes")
            return
        found = building.drift(root)
    except LessonError as error:
        for problem in error.problems:
            where = f"{relative(problem.path, root)}:{problem.line}"
            out.print(f"[bold]{escape(where)}[/]: {escape(problem.message)}")
        out.print(f"refused: {len(error.problems)} problems; nothing was written")
        raise typer.Exit(1) from None
    for drift in found:
        out.print(f"{relative(drift.path, root)}: {drift.reason}")
    if found:
        out.print("generated files are not what the lessons give: run `course build`")
        raise typer.Exit(1)
    out.print("every generated file is what its lesson gives")
