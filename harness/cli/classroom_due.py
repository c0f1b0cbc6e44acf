"""The commands `course classroom due` and `course classroom penalty`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from harness.cli.classroom_options import Folder, chosen, explained
from harness.cli.console import out, shown
from harness.reports.name_order import name_order

if TYPE_CHECKING:
    from harness.classroom import Classroom
    from harness.classroom.late_rule import Rule


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
    from harness.classroom import Classroom, ClassroomError, dates
    from harness.classroom import due as due_dates

    with explained():
        if student and date is None:
            raise ClassroomError(
                "--student says whose own date it is: give the lesson and the date, too, or none"
            )
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
        when = _no_date(one.rule) if one.due is None else dates.shown(one.due, zone)
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


def _no_date(rule: Rule | None) -> str:
    """What a lesson without a date says: a system's mark makes late all the same."""
    if rule is None:
        return "no date; late is what the system marks as late"
    return "no date" if rule.free else "no date; what the system marks as late counts"


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
        str | None,
        typer.Option(
            "--most",
            help="Never more than this is taken off, such as 50%.",
            show_default="100%",
        ),
    ] = None,
    of: Annotated[
        str | None,
        typer.Option(
            "--of",
            help="Shares are of the points `earned`, or of the `maximum`.",
            show_default="earned",
        ),
    ] = None,
    grace: Annotated[
        float | None,
        typer.Option("--grace", help="So many minutes late is not late.", show_default="0"),
    ] = None,
    cutoff: Annotated[
        float | None, typer.Option("--cutoff", help="After so many days nothing is earned.")
    ] = None,
    none: Annotated[bool, typer.Option("--none", help="Being late costs nothing.")] = False,
    forget: Annotated[
        bool, typer.Option("--forget", help="No rule here: as nbgrader_config.py says.")
    ] = False,
) -> None:
    """Set or show what being late costs. Penalties are computed anew at once, without grading.

    By default nothing. A rule is given whole, and replaces the one before. A day begun is 24 hours from
    the date; who is later than the minutes of grace is late from the date on. What is marked late without
    a time counts as one day begun.
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
        _see_whole(per_day, cutoff, most, of, grace)
        if given or none or forget:
            if of not in (None, "earned", "maximum"):
                raise ClassroomError(f"--of {of!r} is not known: earned or maximum")
            try:
                rule = Rule()
                if given:
                    share = _share("--per-day", per_day or "0%")
                    top = _share("--most", most or "100%")
                    kind: Literal["earned", "maximum"]
                    kind = "maximum" if of == "maximum" else "earned"
                    rule = Rule(share, top, kind, grace or 0.0, cutoff)
            except ValueError as error:
                raise ClassroomError(str(error)) from error
            due_dates.set_rule(room, slug, None if forget else rule)
        _show(room, [slug] if slug else room.lessons)


def _see_whole(
    per_day: str | None,
    cutoff: float | None,
    most: str | None,
    of: str | None,
    grace: float | None,
) -> None:
    """Refuse options that would change nothing."""
    from harness.classroom import ClassroomError

    for option, value, needed, there in (
        ("--most", most, "--per-day", per_day is not None),
        ("--of", of, "--per-day", per_day is not None),
        ("--grace", grace, "--per-day or --cutoff", per_day is not None or cutoff is not None),
    ):
        if value is not None and not there:
            raise ClassroomError(
                f"{option} alone is no rule: give {needed}, too, since a rule is given whole"
            )


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
