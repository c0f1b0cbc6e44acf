"""The command `course grade`."""

from __future__ import annotations

import errno
import functools
import inspect
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness import paths
from harness.cli import trouble
from harness.cli.cluster import Cluster, isolated
from harness.cli.console import bar, out, shown
from harness.cli.hidden import HiddenQueries, use
from harness.cli.library_answers import Choice, LibraryAnswers
from harness.reports import formats
from harness.reports.sanitize import line
from lib._files import printable, write_whole

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from harness.grade.engine import Engine
    from harness.grade.journal import Journal
    from harness.grade.session import Session
    from harness.grade.submissions import LeftOut, Submission
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
    cluster: Cluster = None,
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

    Exit codes: 0 all graded, 1 below `--min-score`, 2 not understood, a lesson that cannot be built or
    a file that cannot be written, 3 somebody's work was not graded, 4 no isolation.
    """
    from harness.author.lesson import LessonError, lesson_files, start_file
    from harness.grade.submissions import discover
    from harness.kernels.client import WarmError

    use(queries)
    root = paths.root()
    only = lesson_files(root, [lesson])[0].stem if lesson else None
    front = start_file(root)
    found: list[Submission] = []
    left_out: list[LeftOut] = []
    for item in discover(submissions, only, left_out.append):
        if only is None and front is not None and item.path.stem == front.stem:
            out.print(f"{shown(item.path)} is for trying things out: nobody grades it")
        else:
            found.append(item)
    for name, form in formats.items():
        if form.one and files.get(name) is not None and len(found) != 1:
            raise typer.BadParameter(
                f"{name.capitalize()}'s file is for one submission, and {len(found)} were found",
                param_hint=f"--{name}",
            )
    _prepare(files)
    trouble.see_temporary_folder()
    by_lesson, reports = _sorted(found, only, root)
    try:
        with isolated(isolation, cluster, jobs) as (level, on):
            graded, journals = _grade(root, by_lesson, level, library_answers, jobs, resume, on)
    except WarmError as error:
        out.print(f"[red]error:[/] {shown(error)}")
        raise typer.Exit(2) from None
    except LessonError as error:
        out.print(f"[red]error:[/] a lesson that was handed in cannot be built: {shown(error)}")
        raise typer.Exit(2) from None
    reports += graded
    _tell(reports, to_github)
    for one in left_out:
        why = "is no notebook"
        if one.work:
            why = "may be somebody's work: give it a name that begins with a letter and ends in .ipynb"
        out.print(f"[yellow]ignored:[/] {shown(printable(str(one.path)))} {why}")
    if level == "none":
        out.print("[yellow]isolation: none.[/] These notebooks ran with your rights.")
    if not _write(reports, files):
        out.print(trouble.AGAIN)
        raise typer.Exit(2)
    for journal in journals:  # all is written where it was wanted
        if journal.fault is not None:
            said = shown(f"what was finished could not be kept: {trouble.sentence(journal.fault)}")
            out.print(f"[yellow]note:[/] {said}")
        elif journal.path is not None:
            journal.path.unlink(missing_ok=True)
    if any(report.status == "ungradable" for report in reports) or any(x.work for x in left_out):
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
        try:
            of = only or lesson_of(item.path, known)
        except OSError:  # the grader says it of the student's file, if its name tells the lesson
            of = None
        if of is not None:
            by_lesson[of].append(item)
            continue
        ask = "Name the file after the lesson, such as 02_pooling.ipynb."
        reason = "Nothing tells which lesson it is of; say so with --lesson."
        reports.append(
            Report(
                *(item.student, "", printable(item.path.name), "ungradable"), reason=reason, ask=ask
            )
        )
    return {slug: items for slug, items in by_lesson.items() if items}, reports


def _grade(
    root: Path,
    by_lesson: Mapping[str, Sequence[Submission]],
    level: Level,
    library_answers: Choice,
    jobs: int | None,
    resume: bool,
    cluster: Engine | None,
) -> tuple[list[Report], list[Journal]]:
    """Grade lesson by lesson; the reports, and the journals to remove when they are written."""
    from harness.author import loading, notebooks
    from harness.grade import engine
    from harness.grade.session import Session

    lessons = loading.load(root, list(by_lesson)) if by_lesson else []
    reports: list[Report] = []
    journals = []
    with bar() as progress:

        def say(text: str) -> None:
            progress.console.print(f"[yellow]{shown(text)}[/]")

        for lesson in lessons:
            todo = by_lesson[lesson.slug]
            task = progress.add_task(lesson.slug, total=len(todo))
            of = notebooks.assignment(lesson)
            session = Session(of, level, library_answers=library_answers.value)
            journal = _journal(session, todo, resume)
            journals.append(journal)
            chosen = engine.choose(len(todo), jobs, say, cluster)
            tell = functools.partial(_advance, progress, task)
            reports += engine.grade_all(session, todo, chosen, journal=journal, tell=tell)
    return reports, journals


def _journal(session: Session, todo: Sequence[Submission], resume: bool) -> Journal:
    """The journal of a run; where it cannot be kept, one that is kept nowhere and says why."""
    from harness.grade import engine
    from harness.grade.journal import Journal

    try:
        file = engine.journal_file(session.digest, todo)
        if not resume:
            file.unlink(missing_ok=True)
        return Journal(file)
    except OSError as error:
        journal = Journal(None)
        journal.fault = error
        return journal


def _advance(progress: Progress, task: TaskID, report: Report) -> None:
    progress.advance(task)


def _percent(report: Report) -> float:
    return 100.0 * report.score / report.max_score if report.max_score else 100.0


def _prepare(files: Mapping[str, Path | None]) -> None:
    """See that each file can be written before anything is graded."""
    for name, file in files.items():
        if file is None:
            continue
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            if file.is_dir():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(file))
            handle, probe = tempfile.mkstemp(dir=file.parent, prefix=".probe-")
            os.close(handle)
            os.unlink(probe)
        except OSError as error:
            said = trouble.sentence(error) or str(error)
            raise typer.BadParameter(line(said, 1000), param_hint=f"--{name}") from None


def _write(reports: Sequence[Report], files: Mapping[str, Path | None]) -> bool:
    """Write each file; say which could not be, and whether all were."""
    fine = True
    for name, file in files.items():
        if file is None:
            continue
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            write_whole(file, formats[name].make(reports).encode(), mode=0o644)
            out.print(f"written: {shown(file)}")
        except OSError as error:
            fine = False
            out.print(f"[red]error:[/] --{name}: {shown(trouble.sentence(error))}")
    return fine


def _tell(reports: Sequence[Report], to_github: bool) -> None:
    from harness.reports import github, terminal

    out.print(terminal.table(reports))
    for text in terminal.details(reports):
        out.print(text)
    if to_github:
        for text in github.write(reports):
            print(text)  # GitHub reads it: no colours, no wrapping
