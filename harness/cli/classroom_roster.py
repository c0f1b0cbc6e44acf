"""The commands `course classroom roster ...`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.classroom_options import Folder, explained
from harness.cli.console import out, shown
from harness.reports.name_order import name_order

if TYPE_CHECKING:
    from harness.classroom.roster import Person

roster_app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="""Who is in the class: names, e-mails, sections and numbers, as your learning system exports them.

    Import it before you collect: hand-ins then go by the roster's ids, and grades go back to where they
    belong. Import it again whenever it changes.
    """,
)


def add(app: typer.Typer) -> None:
    """Add the commands to `course classroom`."""
    app.add_typer(roster_app, name="roster")


@roster_app.command("import")
def import_(
    folder: Folder,
    table: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="Canvas: Grades, Export. Moodle: Participants (or Grades), Download as CSV. Blackboard: "
            "Grade Center, Work Offline, Download. Or any CSV with id, first_name, last_name, email.",
        ),
    ],
    remove_others: Annotated[
        bool,
        typer.Option(
            "--remove-others",
            help="Take out of the roster who is not in the file; their work and points stay.",
        ),
    ] = False,
) -> None:
    """Import the class from a table; whose table it is, its columns say.

    A student who is known already keeps the id. Nobody is taken out unless you say so. Canvas' row of
    points and its test student are passed over; a student who stands there twice is refused, with lines.
    """
    from harness.classroom import Classroom
    from harness.classroom.roster_import import import_roster

    with explained():
        done = import_roster(Classroom(folder), table, remove_others)
    out.print(f"read as a table of {shown(done.system)}")
    for remark in done.remarks:
        out.print(f"[yellow]note:[/] {shown(remark)}")
    if done.kept:
        names = ", ".join(done.kept[:10]) + (", ..." if done.kept[10:] else "")
        out.print(
            f"[yellow]note:[/] {len(done.kept)} of the roster are not in the file, and stay: "
            f"{shown(names)} (--remove-others takes them out)"
        )
    for student in done.removed:
        out.print(f"removed from the roster: {shown(student)}")
    counts = f"{len(done.added)} added, {len(done.changed)} changed, {len(done.same)} as before"
    out.print(counts)


@roster_app.command()
def show(
    folder: Folder,
    section: Annotated[str | None, typer.Option(help="Only this section or group.")] = None,
) -> None:
    """Show the class, and which lessons each has handed in."""
    from rich.table import Table

    from harness.classroom import Classroom
    from harness.classroom.roster import load

    with explained():
        room = Classroom(folder)
        people = load(room.folder).people
        handed = {lesson: set(room.students(lesson)) for lesson in room.lessons}
    if not people:
        out.print("there is no roster: course classroom roster import DIR FILE")
        return
    table = Table("id", "last name", "first name", "e-mail", "sections", "handed in")
    for student, person in sorted(people.items(), key=_by_name):
        own = {part for one in person.sections for part in (one, *one.split(" and "))}
        if section is None or section in own:  # Canvas writes `A and B`
            lessons = [lesson for lesson, those in handed.items() if student in those]
            cells = (student, person.last, person.first, person.email)
            rest = (", ".join(person.sections), " ".join(lessons) or "-")
            table.add_row(*map(shown, (*cells, *rest)))
    out.print(table)
    strangers = set().union(*handed.values()) - set(people)
    if strangers:
        names = ", ".join(sorted(strangers, key=name_order)[:20])
        out.print(f"{len(strangers)} handed in and are not in the roster: {shown(names)}")


def _by_name(item: tuple[str, Person]) -> tuple[tuple[str, str], ...]:
    student, person = item
    return name_order(person.last), name_order(person.first), name_order(student)
