"""The command `course grade`."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from lib.course import paths

out = Console(highlight=False, soft_wrap=True)


def grade(
    submissions: Annotated[
        list[Path], typer.Argument(metavar="PATH...", help="Notebooks, or folders of them.")
    ],
    lesson: Annotated[
        str | None, typer.Option(help="The lesson (02, 02_pooling); else it is found out.")
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write all verdicts to this file.")
    ] = None,
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", min=1, help="Submissions at once; default: cores.")
    ] = None,
    isolation: Annotated[
        str, typer.Option(help="auto, namespaces, landlock, or none for notebooks that you trust.")
    ] = "auto",
    min_score: Annotated[
        float | None, typer.Option(min=0, max=100, help="Exit with 1 if one earns less percent.")
    ] = None,
) -> None:
    """Grade notebooks: your own, or a folder of a class's.

    `course grade notebooks/02_pooling.ipynb --isolation none` gives the verdicts of the instant
    checks and of the hidden ones.

    Exit codes: 0 all graded, 1 below `--min-score`, 2 not understood, 3 something ungradable,
    4 no isolation.
    """
    from lib.course import build, run
    from lib.course import grade as grading
    from lib.grading.pool import Journal, discover, grade_all
    from lib.grading.verdicts import Report

    root = paths.root()
    lessons = build.load(root)
    only = run.select(lessons, [lesson])[0] if lesson else None
    try:
        level = grading.choose(isolation)
    except grading.NoIsolation as error:
        out.print(f"[red]no isolation:[/] {escape(str(error))}")
        raise typer.Exit(4) from None
    found = list(discover(submissions, only.slug if only else None))
    by_lesson: dict[str, list] = {}
    reports: list[Report] = []
    for item in found:
        of = only or grading.lesson_of(item.path, lessons)
        if of is None:
            ask = "Name the file after the lesson, such as 02_pooling.ipynb."
            reason = "Nothing tells which lesson it is of; say so with --lesson."
            reports.append(
                Report(item.student, "", item.path.name, "ungradable", reason=reason, ask=ask)
            )
        else:
            by_lesson.setdefault(of.slug, []).append(item)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=out) as progress:
        for of in lessons:
            todo = by_lesson.get(of.slug, [])
            if not todo:
                continue
            bar = progress.add_task(of.slug, total=len(todo))
            with grading.means(of, level) as means:
                journal = Journal(None, means.digest)
                workers = jobs or min(len(todo), os.cpu_count() or 1)
                reports += grade_all(
                    todo,
                    means.grader,
                    jobs=workers,
                    journal=journal,
                    tell=lambda report, bar=bar: progress.advance(bar),
                )
    reports.sort(key=lambda r: (r.lesson, r.student, r.notebook))
    _show(reports)
    if json_file is not None:
        json_file.write_text(_json(reports), encoding="utf-8")
        out.print(f"verdicts: {escape(str(json_file))}")
    if level == "none":
        out.print("[yellow]isolation: none.[/] These notebooks ran with your rights.")
    if any(report.status == "ungradable" for report in reports):
        raise typer.Exit(3)
    if min_score is not None and any(_percent(report) < min_score for report in reports):
        raise typer.Exit(1)


def _percent(report) -> float:
    return 100.0 * report.score / report.max_score if report.max_score else 100.0


def _json(reports: list) -> str:
    """All verdicts; the same bytes for any order and any number of workers."""
    plain = []
    for report in reports:
        entry = dataclasses.asdict(report)
        del entry["seconds"], entry["own_s"]
        totals = {"score": report.score, "max_score": report.max_score, "manual": report.manual}
        plain.append(entry | totals)
    return json.dumps({"version": 1, "reports": plain}, indent=1, sort_keys=True) + "\n"


def _show(reports: list) -> None:
    table = Table(title="Grades", title_justify="left")
    for name, justify in (("Student", "left"), ("Lesson", "left"), ("Points", "right")):
        table.add_column(name, justify=justify)
    table.add_column("By hand", justify="right")
    table.add_column("What went wrong")
    for report in reports:
        wrong = [c.exercise or c.grade_id for c in report.cells if c.status not in _FINE]
        text = ", ".join(dict.fromkeys(wrong)) if report.status == "graded" else report.reason
        points = f"{report.score:g}/{report.max_score:g}" if report.status == "graded" else "-"
        row = (report.student, report.lesson, points, f"{report.manual:g}", text)
        table.add_row(*map(_clean, row))
    out.print(table)
    for report in reports:
        if report.status == "ungradable":
            out.print(_clean(f"{report.student}: ungradable. {report.reason} {report.ask}"))
    if len(reports) == 1:
        _details(reports[0])


_FINE = ("passed", "manual")


def _details(report) -> None:
    for cell in report.cells:
        if cell.status in _FINE:
            continue
        mistake = f" ({cell.mistake})" if cell.mistake else ""
        text = f"{cell.grade_id}: {cell.status}{mistake}. {cell.message}"
        out.print(_clean(text))
        if cell.hint:
            out.print(_clean(f"    hint: {cell.hint}"))
    for remark in report.remarks:
        where = f"{remark.grade_id}: " if remark.grade_id else ""
        out.print(_clean(f"note: {where}{remark.text}"))


def _clean(text: str) -> str:
    """Text that a student may have written, for a terminal: no control characters, no markup."""
    return escape("".join(c if c.isprintable() else " " for c in str(text)))[:2000]
