"""The commands `course classroom due` and `course classroom penalty`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.classroom_options import Folder, chosen, explained
from harness.cli.console import out, shown
from harness.reports.name_order import name_order

if TYPE_CHECKING:
    from harness.classroom import Classroom


def add(app: typer.Typer) -> None:
    """Add the commands to `course classroom`."""
    app.command()(due)
    app.command()(penalty)


def due(
    folder: Folder,
    lesson: Annotated[str | None, typer.Argument(help="The lesson; all if none.")] = None,
    date: Annotated[
        str | None,
        typer.Argument(
            help="`2026-01-05` (the end of that day), `'2026-01-05 18:00'`, or `none`. Shown if not given."
        ),
    ] = None,
    student: Annotated[
        list[str] | None,
        typer.Option("--student", help="The date is this student's own; can be repeated."),
    ] = None,
    tz: Annotated[
        str | None,
        typer.Option(help="The zone of this and later dates, such as Europe/Berlin; kept."),
    ] = None,
) -> None:
    """Set or show when lessons are due, in your time zone; some students may have a date of their own.

    Penalties are computed anew at once, without grading. A hand-in is late if the learning system says
    when it came, or marks it as late; the time of a file does not count (`collect --file-times`).
    """
    from harness.classroom import Classroom, dates
    from harness.classroom import due as due_dates

    with explained():
        room = Classroom(folder)
        slugs = chosen(room, [lesson] if lesson else None)
        if date is not None or tz is not None:
            zone = due_dates.zone(room, tz)
            if date is None:
                due_dates.set_zone(room, tz or "")
            else:
                moment, remark = (None, "") if date == "none" else dates.parse(date, zone)
                due_dates.set_due(room, slugs[0], moment, student or (), tz)
                if remark:
                    out.print(f"[yellow]note:[/] {shown(remark)}")
        _show(room, slugs)


def _show(room: Classroom, lessons: list[str]) -> None:
    from harness.classroom import dates
    from harness.classroom import due as due_dates

    name = dates.load(room.folder).zone
    zone = due_dates.zone(room)
    out.print(f"zone: {shown(name) if name else 'that of this machine'}")
    for one in due_dates.of_lessons(room, lessons):
        when = "never late" if one.due is None else dates.shown(one.due, zone)
        rule = (
            "being late costs nothing, or what nbgrader_config.py says"
            if one.rule is None
            else one.rule.text
        )
        out.print(f"{shown(one.lesson)}: {when}; {shown(rule)}")
        for student, moment in sorted(one.own.items(), key=lambda item: name_order(item[0])):
            out.print(f"  {shown(student)}: {dates.shown(moment, zone)}")
        for student, points in sorted(one.late.items(), key=lambda item: name_order(item[0])):
            out.print(f"  late: {shown(student)}, {points:g} points off")


def penalty(
    folder: Folder,
    lesson: Annotated[
        str | None,
        typer.Option(help="Only in this lesson; else in all without a rule of their own."),
    ] = None,
    per_day: Annotated[
        str | None, typer.Option("--per-day", help="Taken off for each day begun, such as 10%.")
    ] = None,
    most: Annotated[
        str, typer.Option("--most", help="Never more than this is taken off, such as 50%.")
    ] = "100%",
    of: Annotated[
        str, typer.Option("--of", help="Shares are of the points `earned`, or of the `maximum`.")
    ] = "earned",
    grace: Annotated[
        float, typer.Option("--grace", help="So many minutes late is not late.")
    ] = 0.0,
    cutoff: Annotated[
        float | None, typer.Option("--cutoff", help="After so many days nothing is earned.")
    ] = None,
    none: Annotated[bool, typer.Option("--none", help="Being late costs nothing.")] = False,
    forget: Annotated[
        bool, typer.Option("--forget", help="No rule here: as nbgrader_config.py says.")
    ] = False,
) -> None:
    """Set or show what being late costs. Penalties are computed anew at once, without grading.

    By default nothing. A day begun is 24 hours from the date; who is later than the minutes of grace is
    late from the date on. What is marked late without a time counts as one day begun.
    """
    from harness.classroom import Classroom, ClassroomError
    from harness.classroom import due as due_dates
    from harness.classroom.late_rule import Rule

    with explained():
        room = Classroom(folder)
        slug = chosen(room, [lesson])[0] if lesson else None
        given = per_day is not None or cutoff is not None
        if sum((given, none, forget)) > 1:
            raise ClassroomError("give --per-day and --cutoff, or --none, or --forget")
        if given or none or forget:
            if of not in ("earned", "maximum"):
                raise ClassroomError(f"--of {of!r} is not known: earned or maximum")
            try:
                rule = Rule()
                if given:
                    share = _share("--per-day", per_day or "0%")
                    top = _share("--most", most)
                    rule = Rule(
                        share, top, "earned" if of == "earned" else "maximum", grace, cutoff
                    )
            except ValueError as error:
                raise ClassroomError(str(error)) from error
            due_dates.set_rule(room, slug, None if forget else rule)
        _show(room, [slug] if slug else room.lessons)


def _share(option: str, text: str) -> float:
    """A share as `10%` or `0.1`."""
    number, percent, rest = text.strip().partition("%")
    try:
        share = float(number) / (100 if percent else 1)
    except ValueError:
        share = -1.0
    if rest or not 0 <= share <= 1:
        raise ValueError(f"{option} {text!r} is no share: give one such as 10% or 0.1")
    return share
