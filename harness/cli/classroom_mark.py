"""The command `course classroom mark`: written answers, marked by a person."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from harness.cli.classroom_options import Folder, chosen, explained, opened, see_texts
from harness.cli.console import out, shown
from harness.reports.sanitize import clean
from lib._files import write_whole

if TYPE_CHECKING:
    from harness.classroom import Classroom
    from harness.classroom.marking import Given, Written

_SHOWN_CHARACTERS = 20_000
_KEYS = "s skips, b goes back, q ends"


def add(app: typer.Typer) -> None:
    """Add the command to `course classroom`."""
    app.command()(mark)


def mark(
    folder: Folder,
    lesson: Annotated[str, typer.Argument(help="The lesson (02, 02_pooling).")],
    anonymous: Annotated[
        bool | None,
        typer.Option(
            "--anonymous/--names",
            help="Show the answers in a shuffled order without names, or by name.",
            show_default="anonymous",
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Of the shuffled order.", show_default="0")
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Also what was marked already, and what was left empty.")
    ] = False,
    export: Annotated[
        Path | None, typer.Option("--export", help="Write the answers to this CSV file instead.")
    ] = None,
    table: Annotated[
        Path | None, typer.Option("--import", help="Take points and comments from such a file.")
    ] = None,
) -> None:
    """Mark written answers: all students' answers to one question, then the next question.

    Question, rubric and answer are shown; you give points (from 0 to the maximum, in halves) and a
    comment, or Enter for none. Each is in the gradebook at once, beside those given in formgrader, and
    is kept when the lesson is graded again. `s` skips an answer, `b` goes back to the one before, `q`
    ends; the same command goes on with what is unmarked.

    For a spreadsheet: `--export FILE`, fill in the columns points and comment, `--import FILE`. Of a file
    with a mistake nothing is taken.
    """
    from harness.classroom import ClassroomError
    from harness.classroom.marking import MarkError

    with explained():
        if table is not None and (export is not None or every or (anonymous, seed) != (None, None)):
            raise ClassroomError("--import takes what is in the file: give no other option with it")
        if anonymous is False and seed is not None:
            raise ClassroomError("--seed shuffles the answers, and --names sorts them: give one")
        order = None if anonymous is False else seed or 0
        room = opened(folder)
        (slug,) = chosen(room, [lesson])
        see_texts(room, [slug])
        try:
            if table is not None:
                _take(room, slug, table)
            elif export is not None:
                _write(room, slug, export, every, order)
            else:
                _ask_all(room, slug, every, order)
        except MarkError as error:
            out.print(f"[red]error:[/] {shown(error)}")
            raise typer.Exit(2) from None


def _take(room: Classroom, lesson: str, table: Path) -> None:
    from harness.classroom.marking import give, written
    from harness.classroom.marking_table import from_table

    found = from_table(table.read_bytes(), written(room, lesson, every=True))
    count = give(room, lesson, found)
    out.print(f"{_answers(count)} marked; the others were as before or have no points in the table")


def _write(room: Classroom, lesson: str, path: Path, every: bool, seed: int | None) -> None:
    from harness.classroom.marking import written
    from harness.classroom.marking_table import to_table

    queue = written(room, lesson, seed=seed, every=every)
    # With its mark, Excel takes the file for UTF-8.
    write_whole(path, to_table(queue, seed is not None).encode("utf-8-sig", "replace"))
    out.print(f"wrote {_answers(len(queue))} to {shown(path)}; next: fill in points, then --import")


def _ask_all(room: Classroom, lesson: str, every: bool, seed: int | None) -> None:
    from harness.classroom.marking import Given, give, written

    queue = written(room, lesson, seed=seed, every=every)
    if not queue:
        out.print(
            f"{shown(lesson)}: no answer waits for a person (--all shows those that were marked)"
        )
        return
    done: dict[int, Given] = {}
    at, last = 0, None
    while at < len(queue):
        one = queue[at]
        if one.item != last:
            _show_question(room, lesson, one, queue)
            last = one.item
        _show_answer(one, queue, seed is not None, done.get(at))
        said = _ask_points(one)
        if said == "q":
            break
        if said == "b":
            at = max(0, at - 1)
            continue
        if said != "s":
            comment = _ask("Comment (Enter for none): ")
            if comment is None:
                break  # the points of an answer without its comment are not taken
            done[at] = Given(one.student, one.item, float(said), comment)
            give(room, lesson, [done[at]])
        at += 1
    left = len(queue) - len(done)
    rest = f"; {left} left: the same command goes on with them" if left else ""
    out.print(f"\n{_answers(len(done))} marked{rest}")


def _show_question(room: Classroom, lesson: str, one: Written, queue: Sequence[Written]) -> None:
    from harness.classroom.marking import question

    asked = question(room, lesson, one.item)
    count = sum(other.item == one.item for other in queue)
    out.rule(f"{shown(one.item)}: {_answers(count)}, up to {one.maximum:g} points")
    out.print(_block(asked.stem))
    if asked.rubric:
        out.print("\n[bold]Rubric[/]")
        for line in asked.rubric:
            out.print(_block(f"- {line}"))
    if asked.good_answer:
        out.print("\n[bold]A good answer[/]")
        out.print(_block(asked.good_answer))


def _show_answer(
    one: Written, queue: Sequence[Written], anonymous: bool, now: Given | None
) -> None:
    same = [other for other in queue if other.item == one.item]
    who = f"answer {same.index(one) + 1} of {len(same)}"
    if not anonymous:
        who += f", {shown(one.student)}"
    out.print(f"\n[bold]{who}[/]")
    out.print(_block(one.answer.strip() or "(nothing)"))
    points, comment = one.points, one.comment
    if now is not None:
        points, comment = now.points, now.comment
    if points is not None:
        said = f", “{shown(comment)}”" if comment else ""
        out.print(f"[yellow]given before:[/] {points:g} points{said}")


def _ask_points(one: Written) -> str:
    """What was typed: a number of points, or one of s, b, q; whatever else is asked for again."""
    from harness.classroom.marking import MarkError, read_points

    while True:
        said = _ask(f"Points, 0 to {one.maximum:g} ({_KEYS}): ")
        if said is None:
            return "q"
        if said.lower() in ("s", "b", "q"):
            return said.lower()
        try:
            return str(read_points(said, one.maximum))
        except MarkError as error:
            out.print(f"[yellow]{shown(error)}[/], or a letter: {_KEYS}")


def _ask(prompt: str) -> str | None:
    """A line from the keyboard; None when there is none any more."""
    try:
        return out.input(prompt, markup=False).strip()
    except EOFError:
        return None


def _block(text: str) -> str:
    """Text that others may have written, with its lines, for a terminal."""
    return escape(clean(text, _SHOWN_CHARACTERS))


def _answers(count: int) -> str:
    return f"{count} answer" if count == 1 else f"{count} answers"
