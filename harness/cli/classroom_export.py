"""The commands `course classroom export` and `course classroom export-feedback`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.classroom_options import Folder, Student, chosen, explained
from harness.cli.console import out, shown

if TYPE_CHECKING:
    from harness.classroom.marks import Status


def add(app: typer.Typer) -> None:
    """Add the commands to `course classroom`."""
    app.command()(export)
    app.command("export-feedback")(export_feedback)


def export(
    folder: Folder,
    to: Annotated[Path, typer.Argument(metavar="FILE", help="The table to write.")],
    lessons: Annotated[list[str] | None, typer.Argument(help="Lessons; all if none.")] = None,
    form: Annotated[
        str,
        typer.Option(
            "--format",
            help="csv (nbgrader's columns), or canvas, moodle, blackboard as that system imports it.",
        ),
    ] = "csv",
    so_far: Annotated[
        bool,
        typer.Option("--so-far", help="Points of which some wait for a person stand there, too."),
    ] = False,
    missing_is_zero: Annotated[
        bool, typer.Option("--missing-is-zero", help="Who handed nothing in has 0.")
    ] = False,
    column: Annotated[
        list[str] | None,
        typer.Option(
            help="`02=heading`: the system's heading of a lesson's column; can be repeated."
        ),
    ] = None,
) -> None:
    """Write the marks as a table that your learning system imports.

    A cell is empty, not 0, where a mark is not final: what waits for a person, could not be graded, is not
    graded yet, or was never handed in. Lessons go into the columns that the system's own table has, as the
    roster was imported from it. For Blackboard a FILE that ends in .xls or .txt gets tabs and UTF-16.
    """
    from harness.classroom import Classroom, ClassroomError

    with explained():
        room = Classroom(folder)
        slugs = chosen(room, lessons)
        headings: dict[str, str] = {}
        for one in column or ():
            name, sign, heading = one.partition("=")
            if not sign or not heading:
                raise ClassroomError(
                    f"--column {one!r} names no heading: give 02='02 Pooling (991)'"
                )
            (slug,) = chosen(room, [name])
            if slug not in slugs or slug in headings:
                why = "twice" if slug in headings else f"of {slug}, which the table is not to have"
                raise ClassroomError(f"--column {one!r} gives a column {why}: leave it out")
            headings[slug] = heading
        if headings and form == "csv":
            raise ClassroomError(
                "--column names a column of a learning system, and csv has nbgrader's: give --format, too"
            )
        table = room.export(
            to, slugs, form=form, so_far=so_far, missing_is_zero=missing_is_zero, headings=headings
        )
    given = {"waiting": so_far, "missing": missing_is_zero}
    for lesson, counts in table.counts.items():
        full = [word for status, word in _words().items() if given.get(status) and counts[status]]
        empty = [
            f"{counts[status]} {word}"
            for status, word in _words().items()
            if counts[status] and not given.get(status)
        ]
        marked = sum(n for status, n in counts.items() if status == "graded" or given.get(status))
        also = f" ({', '.join(full)}, too)" if full else ""
        out.print(
            f"{shown(lesson)}: {marked} marks{also}{'; empty: ' + ', '.join(empty) if empty else ''}"
        )
    for remark in table.remarks:
        out.print(f"[yellow]note:[/] {shown(remark)}")
    out.print(f"wrote {shown(to)}")


def _words() -> dict[Status, str]:
    from harness.classroom.marks import WORDS

    return {status: word for status, word in WORDS.items() if status != "graded"}


def export_feedback(
    folder: Folder,
    lesson: Annotated[str, typer.Argument(help="The lesson.")],
    to: Annotated[Path, typer.Argument(metavar="FILE", help="The zip to write.")],
    form: Annotated[str, typer.Option("--format", help="moodle or canvas.")],
    student: Student = None,
) -> None:
    """Write the feedback pages into a zip that your learning system takes back.

    The names in it are those of the download that was collected. Moodle: "Upload multiple feedback files in
    a zip". Canvas: "Upload Submissions". Exit code 3 if somebody is left out.
    """
    from harness.classroom import Classroom
    from harness.classroom.feedback_zip import feedback_zip

    with explained():
        room = Classroom(folder)
        done = feedback_zip(room, chosen(room, [lesson])[0], to, form, student)
    for one in done.left_out:
        out.print(f"[yellow]note:[/] {shown(one)} is left out: the hand-in did not come by {form}")
    out.print(f"wrote {shown(to)} with {len(done.names)} pages")
    if done.left_out:
        raise typer.Exit(3)
