"""The command `course classroom report`: the class in tables and figures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.classroom_options import Folder, chosen, explained, opened, see_texts
from harness.cli.console import out, shown
from lib._files import write_whole


def add(app: typer.Typer) -> None:
    """Add the command to `course classroom`."""
    app.command()(report)


def report(
    folder: Folder,
    lesson: Annotated[
        list[str] | None, typer.Option("--lesson", help="Only this lesson; can be repeated.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option(help="Also write a page with figures to this file.")
    ] = None,
    markdown: Annotated[
        Path | None, typer.Option(help="Also write the report as Markdown to this file.")
    ] = None,
    names: Annotated[
        bool, typer.Option("--names", help="Name students in the files, too.")
    ] = False,
) -> None:
    """Show the class: marks, each part of a lesson, the most frequent mistakes in words, who to ask.

    Points by hand and late penalties are counted in. A part has a row: who has all its points, an exercise's
    visible and hidden checks apart; its difficulty (the mean share of its points: 1 is easy); its
    discrimination (the correlation of its points with those of all other parts: near 0 it tells nothing,
    below 0 the better students fail it); its mistakes. The screen names who was ungradable and who handed in
    nothing; files name nobody unless you say `--names`.
    """
    from harness.classroom import ClassroomError
    from harness.classroom import report as summary
    from harness.classroom.report_page import to_page
    from harness.classroom.report_text import to_markdown, to_tables

    with explained():
        if names and html is None and markdown is None:
            raise ClassroomError(
                "--names names students in the files: give --html FILE or --markdown FILE, too"
            )
        room = opened(folder)
        slugs = chosen(room, lesson)
        see_texts(room, slugs)
        found = summary(room, slugs)
    out.print(to_tables(found))
    for path, make in ((html, to_page), (markdown, to_markdown)):
        if path is not None:
            write_whole(path, make(found, names).encode("utf-8", "replace"))
            out.print(f"wrote {shown(path)}")
