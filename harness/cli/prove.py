"""The command `course prove`."""

from __future__ import annotations

from typing import Annotated

import typer

from harness import paths
from harness.cli.console import out


def prove(
    exercises: Annotated[list[str] | None, typer.Argument(help="Exercises; all if none.")] = None,
    least: Annotated[float, typer.Option(help="The share of mutants to reject.")] = 0.95,
) -> None:
    """Break every worked answer in small ways and count how many the checks reject."""
    from rich.table import Table

    from harness.author import proof
    from harness.author.lesson import LessonError

    table = Table(title="Mutation scores", title_justify="left")
    for name in ("Exercise", "Mutants", "Rejected", "Equivalent", "Score"):
        table.add_column(name, justify="left" if name == "Exercise" else "right")
    try:
        scores = proof.scores(paths.root(), exercises)
    except LessonError as error:
        out.print(str(error), markup=False)
        raise typer.Exit(1) from None
    for score in scores:
        row = [score.exercise, score.total, score.rejected, score.equivalent, f"{score.rate:.1%}"]
        table.add_row(*map(str, row))
    out.print(table)
    for score in scores:
        for mutant in score.survivors:
            out.print(f"{score.exercise}: survives: {mutant}", markup=False)
        for excuse in score.unused:
            out.print(f"{score.exercise}: no such mutant: {excuse}", markup=False)
    if any(score.rate < least or score.unused for score in scores):
        raise typer.Exit(1)
