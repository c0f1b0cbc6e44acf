"""The command `course classroom collect`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.classroom_options import Folder, chosen, explained
from harness.cli.console import out, shown

if TYPE_CHECKING:
    from harness.classroom import Collected


def add(app: typer.Typer) -> None:
    """Add the command to `course classroom`."""
    app.command()(collect)


def collect(
    folder: Folder,
    inbox: Annotated[Path, typer.Argument(help="A folder or a zip of downloads.")],
    inside: Annotated[
        str, typer.Option(help="The folder in it that holds the students' files and folders.")
    ] = "",
    lms: Annotated[
        str | None,
        typer.Option(
            help="Whose names they are: moodle, canvas, blackboard, brightspace, sakai, teams, ilias, "
            "github, nbgrader, or plain for names that people give. Found out if it is not said."
        ),
    ] = None,
    pattern: Annotated[
        str | None,
        typer.Option(
            help="Names of another form: a regular expression for the whole path with "
            "`(?P<student>...)` and, if there are such, `(?P<lesson>...)` and `(?P<date>...)`."
        ),
    ] = None,
    lesson: Annotated[
        str | None, typer.Option(help="All of it is of this lesson, whatever the names say.")
    ] = None,
    tz: Annotated[
        str | None,
        typer.Option(help="Zone of dates in the names, such as Europe/Berlin; else that of `due`."),
    ] = None,
    file_times: Annotated[
        bool,
        typer.Option(
            "--file-times",
            help="Where the system says no date, a file was handed in when it was last changed.",
        ),
    ] = False,
    worksheet: Annotated[
        Path | None,
        typer.Option(
            help="Moodle's grading worksheet of the assignment: it tells namesakes and participants of a "
            "blind marking by their e-mails, and says when they handed in."
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Write nothing; show who would get what, and why.")
    ] = False,
) -> None:
    """Sort downloads into `submitted/`, by the names that a learning system or people give.

    The outermost file or folder names the student, since what is further in is the student's own. Who is
    in the roster goes by its id. Two sources never hand in one lesson as one student: they are told
    apart, or left out with a sentence. Of a student's attempts the latest counts. Exit code 3 if something
    was left out that may be somebody's work.
    """
    from harness.classroom import Classroom, How
    from harness.classroom import collect as sort

    with explained():
        room = Classroom(folder)
        slug = chosen(room, [lesson])[0] if lesson else None
        how = How(inside, lms, pattern, slug, tz, file_times, dry_run, worksheet)
        found = sort(room, inbox, how=how)
    if found.system != "plain":
        out.print(f"read as {shown(found.system)} names its downloads")
    if dry_run:
        _plan(found)
    for student, of in found.taken:
        out.print(f"collected {shown(student)}: {shown(of)}")
    for remark in found.remarks:
        out.print(f"[yellow]note:[/] {shown(remark)}")
    if dry_run:
        out.print(f"{len(found.whose)} would be collected; nothing was written")
    else:
        out.print(f"{len(found.taken)} collected, {len(found.unchanged)} as before")
    if found.missed:
        raise typer.Exit(3)


def _plan(found: Collected) -> None:
    for path, one in found.whose:
        late = ", marked late" if one.owner.late else ""
        when = f", handed in {one.owner.handed_in:%Y-%m-%d %H:%M}" if one.owner.handed_in else ""
        who = f"{shown(one.student)}: {shown(one.lesson)}"
        out.print(f"{who} from {shown(path)} ({shown(one.why)}{when}{late})")
