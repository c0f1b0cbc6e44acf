"""The command `course classroom similar`: hand-ins that a person should look at side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.classroom_options import Folder, chosen, explained, opened
from harness.cli.console import out, shown
from lib._files import write_whole


def add(app: typer.Typer) -> None:
    """Add the command to `course classroom`."""
    app.command()(similar)


def similar(
    folder: Folder,
    lesson: Annotated[str, typer.Argument(help="The lesson (02, 02_pooling).")],
    most: Annotated[int, typer.Option(min=1, help="How many pairs are shown.")] = 20,
    html: Annotated[
        Path | None, typer.Option(help="Also write the pairs side by side to this page.")
    ] = None,
) -> None:
    """List pairs of hand-ins whose answers are alike beyond what the lesson makes alike.

    Names, comments and layout make no difference. What the released notebook and the worked answers hold is
    left out, and what a tenth of the class has. It is for a person to look at: alike is not copied, and no
    points depend on it. Compared are hand-ins as they were graded last.
    """
    from harness.classroom.answers import answers
    from harness.classroom.lesson_text import read_text
    from harness.classroom.similar import read_lesson
    from harness.classroom.similar import similar as compare
    from harness.classroom.similar_page import MEANING, describe, pairs_alike, to_page

    with explained():
        room = opened(folder)
        (slug,) = chosen(room, [lesson])
        found = compare(room, slug)
    for pair in found.pairs[:most]:
        out.print(shown(" and ".join(pair.students)))
        for match in pair.matches:
            out.print(f"    {shown(describe(match, found.compared))}")
    if found.left_out:
        out.print(f"not graded, so not compared: {shown(', '.join(found.left_out))}")
    out.print(
        f"{shown(slug)}: {pairs_alike(len(found.pairs), f' of {found.compared} hand-ins')}"
        + (f", the first {most} are shown" if len(found.pairs) > most else "")
    )
    if found.pairs:
        out.print(MEANING)
    if html is not None:
        names = {name for pair in found.pairs[:most] for name in pair.students}
        texts = {name: answers(room.folder, slug, name) for name in names}
        title = read_text(room.folder, slug).title or slug
        page = to_page(found, title, texts, read_lesson(room, slug), most)
        write_whole(html, page.encode("utf-8", "replace"))
        out.print(f"wrote {shown(html)}")
