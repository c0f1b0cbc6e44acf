"""What the commands of `course classroom` share: arguments, options, and failures told in a sentence."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.console import out, shown

if TYPE_CHECKING:
    from harness.classroom import Classroom

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The classroom's folder.")]
Jobs = Annotated[
    int | None,
    typer.Option("--jobs", "-j", min=1, help="Submissions at once; default: cores and memory."),
]
Isolation = Annotated[
    str,
    typer.Option(
        help="auto, namespaces, landlock, user in a container, or none for notebooks that you trust."
    ),
]
Student = Annotated[
    list[str] | None, typer.Option("--student", help="Only this student; can be repeated.")
]


@contextlib.contextmanager
def explained() -> Iterator[None]:
    """Expected failures end in a sentence."""
    from harness.author.lesson import LessonError
    from harness.classroom import ClassroomError
    from harness.grade.session import NoIsolation
    from harness.kernels.client import WarmError
    from harness.lock import Busy

    try:
        yield
    except NoIsolation as error:
        out.print(f"[red]no isolation:[/] {shown(error)}")
        raise typer.Exit(4) from None
    except LessonError as error:
        out.print(f"[red]error:[/] the lesson cannot be built: {shown(error)}")
        raise typer.Exit(2) from None
    except (ClassroomError, Busy, WarmError) as error:
        out.print(f"[red]error:[/] {shown(error)}")
        raise typer.Exit(2) from None


def chosen(room: Classroom, wanted: list[str] | None) -> list[str]:
    """Released lessons by name or number; all if none is named."""
    from harness.classroom import ClassroomError

    if not wanted:
        return room.lessons
    slugs = []
    for name in wanted:
        found = [x for x in room.lessons if x == name or x.partition("_")[0] == name.zfill(2)]
        if not found:
            known = ", ".join(room.lessons) or "none"
            raise ClassroomError(f"{name} was not released (released: {known})")
        slugs += found
    return slugs
