"""The command `course classroom bundle`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness import paths
from harness.cli.classroom_options import Folder, chosen, explained
from harness.cli.console import out, shown


def add(app: typer.Typer) -> None:
    """Add the command to `course classroom`."""
    app.command()(bundle)


def bundle(
    folder: Folder,
    lessons: Annotated[
        list[str] | None, typer.Argument(help="Released lessons (02, 02_pooling); all if none.")
    ] = None,
    to: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Write the bundle into this folder.")
    ] = None,
    github: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="Write it as a template repository for GitHub Classroom."
        ),
    ] = None,
) -> None:
    """Make what students get: their notebooks and an installable `lib`, without worked answers and keys.

    `check`, `hint`, `quiz` and `progress` say there what they say here; the references are recorded as
    data for the cases of the visible checks. Worked answers, accepted alternatives, keys, hidden checks
    and the grader stay with you. All that is made is searched for them first, and nothing is written if
    something is found. Functions that have to run there are packed: those of the library that stand in
    for an answer, those that a break-it runs, the capstone's measure. That is no lock.
    """
    from harness.author import loading
    from harness.bundle import folder as bundles
    from harness.bundle import github as repository
    from harness.classroom import Classroom

    if to is None and github is None:
        raise typer.BadParameter("say where: --to FOLDER, or --github FOLDER, or both")
    with explained():
        room = Classroom(folder)
        slugs = chosen(room, lessons)
        if not slugs:
            out.print(
                f"[red]error:[/] no lesson was released: course classroom release {shown(folder)}"
            )
            raise typer.Exit(2)
        root = paths.root()
        read = loading.load(root, slugs)
        notebooks = {slug: bundles.released(room.folder, slug) for slug in slugs}
        files = bundles.files(root, read, notebooks)
        bundles.see_that_nothing_is_told(root, files)
    for place, content in ((to, files), (github, None)):
        if place is None:
            continue
        content = repository.files(files) if content is None else content
        bundles.write(content, place)
        size = sum(map(len, content.values())) / 1e6
        out.print(
            f"{shown(place)}: {len(content)} files, {size:.1f} MB, lessons {', '.join(slugs)}"
        )
    out.print(
        "No worked answer, key or hidden check can be read in it; functions that have to run there are "
        "packed. docs/bundle.md says what that is worth, and how to hand it out."
    )
