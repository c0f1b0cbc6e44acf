"""The option `--hidden-queries` of the commands that grade."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

HiddenQueries = Annotated[
    Path | None,
    typer.Option(
        "--hidden-queries",
        envvar="COURSE_HIDDEN_QUERIES",
        help="Your own queries for the capstone, JSON lines; see docs/grading.md.",
    ),
]


def use(queries: Path | None) -> None:
    """Let the capstone's judge ask the queries of this file.

    Raises:
        typer.BadParameter: it cannot be used; the message names the line.
    """
    if queries is None:
        return
    from lib.checks import hidden_queries

    try:
        hidden_queries.read(queries)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--hidden-queries") from None
    os.environ[hidden_queries.VARIABLE] = str(queries.resolve())
