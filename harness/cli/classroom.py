"""The commands `course classroom ...`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness import paths
from harness.cli import (
    classroom_bundle,
    classroom_collect,
    classroom_due,
    classroom_export,
    classroom_mark,
    classroom_report,
    classroom_roster,
    classroom_similar,
    trouble,
)
from harness.cli.classroom_options import (
    Folder,
    Isolation,
    Jobs,
    Student,
    chosen,
    explained,
    opened,
    see_texts,
)
from harness.cli.cluster import Cluster, isolated
from harness.cli.console import bar, out, shown
from harness.cli.hidden import HiddenQueries, use
from harness.cli.library_answers import Choice, LibraryAnswers

if TYPE_CHECKING:
    from harness.author.lesson import Lesson
    from harness.classroom import Classroom
    from harness.classroom.grading import Outcome
    from harness.grade.engine import Engine
    from harness.grade.verdicts import Report
    from harness.sandbox import Level

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="""Keep a class: a folder outside the repository that is a plain nbgrader course.

    A term goes `init`, `roster import`, `release`, `due`, `collect`, `autograde`, `feedback`, `export`;
    stock `nbgrader` commands and formgrader work in the folder beside these. `regrade` and `report` when you need them.
    """,
    epilog="Exit codes: 0 all is well, 2 not understood or not possible, 3 somebody's work was not "
    "graded or not collected, 4 no isolation.",
)


@app.command()
def init(
    folder: Folder,
    db: Annotated[
        str | None,
        typer.Option(help="The gradebook's URL, such as postgresql://me@host/class; else SQLite."),
    ] = None,
    course_id: Annotated[str, typer.Option(help="nbgrader's name of the course.")] = "embeddings",
) -> None:
    """Make a classroom that only you can read."""
    from harness.classroom import init as make

    with explained():
        made = make(folder, db, course_id)
    out.print(f"{shown(made.folder)} is a classroom; next: course classroom release")


@app.command()
def release(
    folder: Folder,
    lessons: Annotated[list[str] | None, typer.Argument(help="Lessons (02, 02_pooling).")] = None,
) -> None:
    """Release lessons: nbgrader makes the students' notebooks in `release/`."""
    from harness.author import loading

    with explained():
        room = opened(folder)
        for lesson in loading.load(paths.root(), lessons or []):
            path = _release(room, lesson)
            out.print(f"released {shown(path)}")


def _release(room: Classroom, lesson: Lesson) -> Path:
    """Release a lesson of the course; its teacher's notebook is made from the lesson."""
    import nbformat

    from harness.author import notebooks
    from harness.author.lesson_text import lesson_text

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"{lesson.slug}.ipynb")
        nbformat.write(notebooks.source_notebook(lesson), path)
        return room.release(lesson.slug, path, text=lesson_text(lesson))


classroom_bundle.add(app)
classroom_roster.add(app)
classroom_due.add(app)
classroom_collect.add(app)


@app.command()
def autograde(
    folder: Folder,
    lessons: Annotated[list[str] | None, typer.Argument(help="Lessons; all if none.")] = None,
    student: Student = None,
    jobs: Jobs = None,
    cluster: Cluster = None,
    isolation: Isolation = "auto",
    queries: HiddenQueries = None,
    library_answers: LibraryAnswers = Choice.DENY,
    force: Annotated[
        bool, typer.Option("--force", help="Grade anew what has not changed, too.")
    ] = False,
) -> None:
    """Grade what was handed in, and record it in the gradebook.

    What was recorded before is passed over, so that a run that was killed goes on where it was, unless
    the hand-in, the lesson or the code of its checks has changed. Points by hand and late penalties stay
    as they are.
    """
    use(queries)
    trouble.see_temporary_folder()
    with explained():
        room = opened(folder)
        slugs = chosen(room, lessons)
        with isolated(isolation, cluster, jobs) as (level, on):
            how = (level, library_answers)
            codes = [_grade(room, one, student, jobs, how, on, None, force) for one in slugs]
    raise typer.Exit(max(codes, default=0))


@app.command()
def regrade(
    folder: Folder,
    lesson: Annotated[str, typer.Argument(help="The lesson.")],
    exercise: Annotated[str, typer.Argument(help="The exercise, or a check cell's grade_id.")],
    student: Student = None,
    jobs: Jobs = None,
    cluster: Cluster = None,
    isolation: Isolation = "auto",
    queries: HiddenQueries = None,
    library_answers: LibraryAnswers = Choice.DENY,
) -> None:
    """Grade one exercise anew for everybody, without running the rest; other scores stay."""
    use(queries)
    trouble.see_temporary_folder()
    with explained():
        room = opened(folder)
        (slug,) = chosen(room, [lesson])
        with isolated(isolation, cluster, jobs) as (level, on):
            code = _grade(room, slug, student, jobs, (level, library_answers), on, exercise)
    raise typer.Exit(code)


@app.command()
def feedback(
    folder: Folder,
    lessons: Annotated[list[str] | None, typer.Argument(help="Lessons; all if none.")] = None,
    student: Student = None,
    explain: Annotated[
        bool | None,
        typer.Option(
            "--explain/--no-explain",
            help="Whether questions are explained; by default to whose due date is over.",
        ),
    ] = None,
) -> None:
    """Write a page for each student: question, answer, what is wrong in words, points and comments.

    Nothing hidden is on it. What the lesson says of each answer to a question is shown to those whose due
    date is over; `--explain` and `--no-explain` decide it for everybody.
    """
    from harness.classroom import ClassroomError

    with explained():
        room = opened(folder)
        slugs = chosen(room, lessons)
        see_texts(room, slugs)
        left = set(student or ())
        for lesson in slugs:
            for path in room.feedback(lesson, student, explain=explain):
                left.discard(path.parts[-3])
                out.print(f"wrote {shown(path)}")
        if left:
            raise ClassroomError(
                f"nothing of {', '.join(sorted(left))} was graded here, so that there is no page: give "
                "the id of somebody whose hand-in was"
            )


classroom_export.add(app)
classroom_mark.add(app)
classroom_report.add(app)
classroom_similar.add(app)


def _grade(
    room: Classroom,
    lesson: str,
    students: list[str] | None,
    jobs: int | None,
    how: tuple[Level, Choice],
    cluster: Engine | None,
    exercise: str | None,
    force: bool = False,
) -> int:
    from harness.grade import engine as engines

    session = room.session(lesson, how[0], how[1].value)
    count = len(students or room.students(lesson))
    if not count:
        out.print(f"{shown(lesson)}: nobody handed anything in")
        return 0
    with bar() as progress:
        task = progress.add_task(lesson, total=count)

        def tell(done: int, total: int, report: Report) -> None:
            progress.update(task, completed=done, total=total)

        def say(text: str) -> None:
            progress.console.print(f"[yellow]{shown(text)}[/]")

        engine = engines.choose(count, jobs, say, cluster)
        if exercise is None:
            outcome = room.autograde(
                lesson, students, session=session, engine=engine, progress=tell, force=force
            )
        else:
            outcome = room.regrade(
                lesson, exercise, students, session=session, engine=engine, progress=tell
            )
        progress.update(task, completed=count - len(outcome.skipped), total=count)
    return _said(room, lesson, outcome)


def _said(room: Classroom, lesson: str, outcome: Outcome) -> int:
    from harness.classroom.due import refresh
    from harness.classroom.marks import marks
    from harness.reports import terminal
    from harness.reports.name_order import name_order

    refresh(room, [lesson])
    found = {one.student: one for one in marks(room, lesson).values() if one.total is not None}
    stands = {student: mark.standing for student, mark in found.items()}
    out.print(terminal.table(list(outcome.reports.values()), stands))
    for line in terminal.details([r for r in outcome.reports.values() if r.status == "ungradable"]):
        out.print(line)
    for report in outcome.reports.values():
        for remark in (one for one in report.remarks if one.kind == "library"):
            out.print(terminal.shown(f"{report.student}: {remark.text}"))
    for student, reason in sorted(outcome.failed.items(), key=lambda item: name_order(item[0])):
        out.print(shown(f"{student}: not recorded. {reason}"))
    new = len(outcome.reports) - len(outcome.skipped)
    waiting = sum(found[s].status == "waiting" for s in outcome.reports if s in found)
    wait = f"; {waiting} {'waits' if waiting == 1 else 'wait'} for a person" if waiting else ""
    out.print(f"{shown(lesson)}: {new} graded, {len(outcome.skipped)} as before{wait}")
    bad = outcome.failed or any(r.status == "ungradable" for r in outcome.reports.values())
    return 3 if bad else 0
