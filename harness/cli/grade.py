"""The command `course grade`."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from harness import paths
from harness.cli.console import bar, out
from harness.cli.hidden import HiddenQueries, use
from harness.cli.library_answers import Choice, LibraryAnswers
from harness.reports import formats
from lib._files import write_whole

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from harness.grade.submissions import Submission
    from harness.grade.verdicts import Report
    from harness.sandbox import Level


def _with_formats(command: Callable[..., None]) -> Callable[..., None]:
    """The command with an option `--NAME FILE` for each of `formats`, given to it as `files`."""

    def wrapped(**given: Any) -> None:
        command(files={name: given.pop(name) for name in formats}, **given)

    signature = inspect.signature(command, eval_str=True)
    own = [p for p in signature.parameters.values() if p.name != "files"]
    options = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[Path | None, typer.Option(f"--{name}", help=form.help)],
        )
        for name, form in formats.items()
    ]
    every = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own[:2]]
    every += options + [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own[2:]]
    wrapped.__name__, wrapped.__doc__ = command.__name__, command.__doc__
    wrapped.__signature__ = signature.replace(parameters=every)  # type: ignore[attr-defined] # PEP 362
    wrapped.__annotations__ = {p.name: p.annotation for p in every} | {"return": None}
    return wrapped


@_with_formats
def grade(
    submissions: Annotated[
        list[Path], typer.Argument(metavar="PATH...", help="Notebooks, or folders of them.")
    ],
    lesson: Annotated[
        str | None, typer.Option(help="The lesson (02, 02_pooling); else it is found out.")
    ] = None,
    to_github: Annotated[
        bool,
        typer.Option(
            "--github", help="In a GitHub workflow: summary, annotations, Classroom's result."
        ),
    ] = False,
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", "-j", min=1, help="Submissions at once; default: cores and memory."),
    ] = None,
    isolation: Annotated[
        str,
        typer.Option(
            help="auto, namespaces, landlock, user in a container, or none for notebooks that you trust."
        ),
    ] = "auto",
    min_score: Annotated[
        float | None, typer.Option(min=0, max=100, help="Exit with 1 if one earns less percent.")
    ] = None,
    resume: Annotated[
        bool, typer.Option(help="Go on where a run of the same that was killed had come to.")
    ] = True,
    queries: HiddenQueries = None,
    library_answers: LibraryAnswers = Choice.DENY,
    files: Annotated[Mapping[str, Path | None], "from _with_formats"] = {},
) -> None:
    """Grade notebooks: your own, or a folder of a class's.

    `course grade my/02_pooling.ipynb --isolation none` gives the verdicts of the instant
    checks and of the hidden ones. A run that was killed goes on where it was; docs/grading.md
    describes the files.

    Exit codes: 0 all graded, 1 below `--min-score`, 2 not understood or a lesson that cannot be built,
    3 something ungradable, 4 no isolation.
    """
    from harness.author.lesson import LessonError, lesson_files, start_file
    from harness.grade.session import NoIsolation, choose_level
    from harness.grade.submissions import discover
    from harness.kernels.client import WarmError

    use(queries)
    root = paths.root()
    only = lesson_files(root, [lesson])[0].stem if lesson else None
    front = start_file(root)
    try:
        level = choose_level(isolation)
    except NoIsolation as error:
        out.print(f"[red]no isolation:[/] {escape(str(error))}")
        raise typer.Exit(4) from None
    found = []
    for item in discover(submissions, only):
        if only is None and front is not None and item.path.stem == front.stem:
            out.print(f"{escape(str(item.path))} is for trying things out: nobody grades it")
        else:
            found.append(item)
    for name, form in formats.items():
        if form.one and files.get(name) is not None and len(found) != 1:
            raise typer.BadParameter(
                f"{name.capitalize()}'s file is for one submission, and {len(found)} were found",
                param_hint=f"--{name}",
            )
    by_lesson, reports = _sorted(found, only, root)
    try:
        graded, journals = _grade(root, by_lesson, level, library_answers, jobs, resume)
    except WarmError as error:
        out.print(f"[red]error:[/] {escape(str(error))}")
        raise typer.Exit(2) from None
    except LessonError as error:
        out.print(
            f"[red]error:[/] a lesson that was handed in cannot be built: {escape(str(error))}"
        )
        raise typer.Exit(2) from None
    reports += graded
    _write(reports, files)
    for file in journals:  # all is written where it was wanted
        file.unlink(missing_ok=True)
    _tell(reports, to_github)
    if level == "none":
        out.print("[yellow]isolation: none.[/] These notebooks ran with your rights.")
    if any(report.status == "ungradable" for report in reports):
        raise typer.Exit(3)
    if min_score is not None and any(_percent(report) < min_score for report in reports):
        raise typer.Exit(1)


def _sorted(
    found: Sequence[Submission], only: str | None, root: Path
) -> tuple[dict[str, list[Submission]], list[Report]]:
    """The submissions by lesson, and a report on each of which nothing tells the lesson."""
    from harness.author.lesson import exercises_of, lesson_files
    from harness.grade.submissions import lesson_of
    from harness.grade.verdicts import Report

    known = {path.stem: exercises_of(path) for path in lesson_files(root)}
    by_lesson: dict[str, list[Submission]] = {slug: [] for slug in known}
    reports = []
    for item in found:
        of = only or lesson_of(item.path, known)
        if of is not None:
            by_lesson[of].append(item)
            continue
        ask = "Name the file after the lesson, such as 02_pooling.ipynb."
        reason = "Nothing tells which lesson it is of; say so with --lesson."
        reports.append(
            Report(item.student, "", item.path.name, "ungradable", reason=reason, ask=ask)
        )
    return {slug: items for slug, items in by_lesson.items() if items}, reports


def _grade(
    root: Path,
    by_lesson: Mapping[str, Sequence[Submission]],
    level: Level,
    library_answers: Choice,
    jobs: int | None,
    resume: bool,
) -> tuple[list[Report], list[Path]]:
    """Grade lesson by lesson; the reports, and the journals to remove when they are written."""
    from harness.author import loading, notebooks
    from harness.grade import engine
    from harness.grade.journal import Journal
    from harness.grade.session import Session

    lessons = loading.load(root, list(by_lesson)) if by_lesson else []
    reports: list[Report] = []
    journals = []
    with bar() as progress:

        def say(text: str) -> None:
            progress.console.print(f"[yellow]{escape(text)}[/]")

        for lesson in lessons:
            todo = by_lesson[lesson.slug]
            task = progress.add_task(lesson.slug, total=len(todo))
            of = notebooks.assignment(lesson)
            session = Session(of, level, library_answers=library_answers.value)
            file = engine.journal_file(session.digest, todo)
            if not resume:
                file.unlink(missing_ok=True)
            journals.append(file)
            chosen = engine.choose(len(todo), jobs, say)
            tell = functools.partial(_advance, progress, task)
            reports += engine.grade_all(session, todo, chosen, journal=Journal(file), tell=tell)
    return reports, journals


def _advance(progress: Progress, task: TaskID, report: Report) -> None:
    progress.advance(task)


def _percent(report: Report) -> float:
    return 100.0 * report.score / report.max_score if report.max_score else 100.0


def _write(reports: Sequence[Report], files: Mapping[str, Path | None]) -> None:
    for name, file in files.items():
        if file is None:
            continue
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, formats[name].make(reports).encode(), mode=0o644)
        out.print(f"written: {escape(str(file))}")


def _tell(reports: Sequence[Report], to_github: bool) -> None:
    from harness.reports import github, terminal

    out.print(terminal.table(reports))
    for line in terminal.details(reports):
        out.print(line)
    if to_github:
        for line in github.write(reports):
            print(line)  # GitHub reads it: no colours, no wrapping
