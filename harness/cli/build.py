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
    overwrite_answers: Annotated[
        bool,
        typer.Option(
            "--overwrite-answers",
            help="Also where somebody worked in notebooks/; a copy is then kept in my/.",
        ),
    ] = False,
) -> None:
    """Build `notebooks/` from `lessons/`.

    A lesson that lacks a part is refused with file and line, and then nothing is written. Nor is it
    where a notebook holds answers, or anything else that was not built.
    """
    from harness.author import build as building
    from harness.author.lesson import LessonError

    root = paths.root()
    try:
        if not check:
            for path in building.build(root, overwrite_answers):
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
    except building.Answered as error:
        for path, cells in error.cells.items():
            named = ", ".join(cells[:5]) + (" ..." if len(cells) > 5 else "")
            where = f"[bold]{escape(str(relative(path, root)))}[/]"
            out.print(f"{where} holds work that was not built: {escape(named)}")
        out.print(
            "refused: nothing was written. `course build --overwrite-answers` keeps a copy in my/ "
            "and then builds; who learns works in my/, which `course lab` opens"
        )
        raise typer.Exit(1) from None
    for drift in found:
        out.print(f"{relative(drift.path, root)}: {drift.reason}")
    if found:
        out.print("generated files are not what the lessons give: run `course build`")
        raise typer.Exit(1)
    out.print("every generated file is what its lesson gives")
