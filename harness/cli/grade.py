"""The command `course grade`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from harness import paths
from harness.cli.console import bar, out


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
    junit_file: Annotated[
        Path | None, typer.Option("--junit", help="Write JUnit XML for continuous integration.")
    ] = None,
    markdown_file: Annotated[
        Path | None, typer.Option("--markdown", help="Write a table and the messages as Markdown.")
    ] = None,
    to_github: Annotated[
        bool,
        typer.Option(
            "--github", help="In a GitHub workflow: summary, annotations, Classroom's result."
        ),
    ] = False,
    gradescope_file: Annotated[
        Path | None,
        typer.Option("--gradescope", help="Write Gradescope's results.json (one submission)."),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", "-j", min=1, help="Submissions at once; default: cores and memory."),
    ] = None,
    isolation: Annotated[
        str, typer.Option(help="auto, namespaces, landlock, or none for notebooks that you trust.")
    ] = "auto",
    min_score: Annotated[
        float | None, typer.Option(min=0, max=100, help="Exit with 1 if one earns less percent.")
    ] = None,
    resume: Annotated[
        bool, typer.Option(help="Go on where a run of the same that was killed had come to.")
    ] = True,
) -> None:
    """Grade notebooks: your own, or a folder of a class's.

    `course grade notebooks/02_pooling.ipynb --isolation none` gives the verdicts of the instant
    checks and of the hidden ones. A run that was killed goes on where it was; docs/grading.md
    describes the files.

    Exit codes: 0 all graded, 1 below `--min-score`, 2 not understood, 3 something ungradable,
    4 no isolation.
    """
    from harness.author import build
    from harness.execute import run
    from harness.grade import session as grading
    from harness.grade.engine import Journal, discover, grade_all
    from harness.grade.verdicts import Report

    root = paths.root()
    lessons = build.load(root)
    only = run.select(lessons, [lesson])[0] if lesson else None
    try:
        level = grading.choose(isolation)
    except grading.NoIsolation as error:
        out.print(f"[red]no isolation:[/] {escape(str(error))}")
        raise typer.Exit(4) from None
    found = list(discover(submissions, only.slug if only else None))
    if gradescope_file is not None and len(found) != 1:
        raise typer.BadParameter(
            f"Gradescope's file is for one submission, and {len(found)} were found",
            param_hint="--gradescope",
        )
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
    journals = []
    with bar() as progress:
        for of in lessons:
            todo = by_lesson.get(of.slug, [])
            if not todo:
                continue
            task = progress.add_task(of.slug, total=len(todo))
            with grading.means(of, level) as means:
                if means.note:
                    progress.console.print(f"[yellow]{escape(means.note)}[/]")
                file = grading.journal_file(means.digest, todo)
                if not resume:
                    file.unlink(missing_ok=True)
                journals.append(file)
                reports += grade_all(
                    todo,
                    means.grader,
                    jobs=jobs or grading.workers(len(todo)),
                    journal=Journal(file, means.digest),
                    tell=lambda report, task=task: progress.advance(task),
                )
    _write(reports, json_file, junit_file, markdown_file, gradescope_file)
    for file in journals:  # all is written where it was wanted
        file.unlink(missing_ok=True)
    _tell(reports, to_github)
    if level == "none":
        out.print("[yellow]isolation: none.[/] These notebooks ran with your rights.")
    if any(report.status == "ungradable" for report in reports):
        raise typer.Exit(3)
    if min_score is not None and any(_percent(report) < min_score for report in reports):
        raise typer.Exit(1)


def _percent(report) -> float:
    return 100.0 * report.score / report.max_score if report.max_score else 100.0


def _write(reports: list, *files: Path | None) -> None:
    from harness.reports import gradescope, junit, markdown, results

    makers = (
        results.to_json,
        junit.to_junit,
        markdown.to_markdown,
        lambda reports: gradescope.to_gradescope(reports[0]),
    )
    for file, make in zip(files, makers, strict=True):
        if file is None:
            continue
        file.parent.mkdir(parents=True, exist_ok=True)
        beside = file.with_name(f".{file.name}.{os.getpid()}")
        beside.write_text(make(reports), encoding="utf-8")
        os.replace(beside, file)  # whole or not at all
        out.print(f"written: {escape(str(file))}")


def _tell(reports: list, to_github: bool) -> None:
    from harness.reports import github, terminal

    out.print(terminal.table(reports))
    for line in terminal.details(reports):
        out.print(line)
    if to_github:
        for line in github.write(reports):
            print(line)  # GitHub reads it: no colours, no wrapping
