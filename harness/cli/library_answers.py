"""The option `--library-answers` of the commands that grade."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class Choice(StrEnum):
    """What an answer earns that is a function of the course's library."""

    DENY = "deny"
    ALLOW = "allow"


LibraryAnswers = Annotated[
    Choice,
    typer.Option(
        "--library-answers",
        help="Whether an answer that is the library's own function earns points; it is remarked either way.",
    ),
]
