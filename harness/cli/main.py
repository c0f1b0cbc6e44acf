"""The command `course`: build the notebooks, run them, open them, look at the machine."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from harness import paths
from harness.cli import classroom as cli_classroom
from harness.cli import grade as cli_grade

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    help="The embeddings course: learn with `course lab`, run everything with `course run`.",
    epilog="Exit codes: 0 all is well, 1 something was found, 2 the command was not understood.",
)
out = Console(highlight=False, soft_wrap=True)
Lessons = Annotated[
    list[str] | None, typer.Argument(help="Lesson numbers or names (02, 02_pooling); all if none.")
]


def main() -> None:
    """Run the command line; expected failures end in one sentence, not in a stack trace."""
    try:
        app()
    except (FileNotFoundError, ValueError) as error:
        if os.environ.get("COURSE_DEBUG"):
            raise
        out.print(f"[red]error:[/] {escape(str(error))}")
        sys.exit(2)


@app.command()
def build(
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit with 1 if a file would change.")
    ] = False,
    source: Annotated[
        Path | None,
        typer.Option(help="Also write nbgrader's source notebooks (with answers) to this folder."),
    ] = None,
) -> None:
    """Build `notebooks/` from `lessons/`.

    A lesson that lacks a part is refused with file and line, and then nothing is written.
    """
    from harness.author import build as building
    from harness.author.lesson import LessonError

    root = paths.root()
    try:
        if not check:
            for path in building.build(root):
                state = "wrote" if path.is_file() else "removed"
                out.print(f"{state} {path.relative_to(root)}")
            out.print("notebooks/ is up to date")
            for path in building.write_sources(root, source) if source else ():
                out.print(f"wrote {path}: worked answers and keys, for a teacher's eyes")
            return
        found = building.drift(root)
    except LessonError as error:
        for problem in error.problems:
            where = f"{_relative(problem.path, root)}:{problem.line}"
            out.print(f"[bold]{escape(where)}[/]: {escape(problem.message)}")
        out.print(f"refused: {len(error.problems)} problems; nothing was written")
        raise typer.Exit(1) from None
    for drift in found:
        out.print(f"{_relative(drift.path, root)}: {drift.reason}")
    if found:
        out.print("generated files are not what the lessons give: run `course build`")
        raise typer.Exit(1)
    out.print("every generated file is what its lesson gives")


def _relative(path: Path, root: Path) -> Path:
    return path.relative_to(root) if path.is_relative_to(root) else path


@app.command()
def run(
    lessons: Lessons = None,
    profile: Annotated[
        str, typer.Option(help="fast: minutes on a laptop; full: all data, longer training.")
    ] = "fast",
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", min=1, help="Lessons at once; default by memory.")
    ] = None,
    seed: Annotated[int, typer.Option(help="The seed of everything random.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    save: Annotated[
        bool, typer.Option("--save", help="Write the executed lessons to solutions/.")
    ] = False,
) -> None:
    """Execute lessons with their worked answers, grade them with nbgrader, print a table.

    Executed notebooks, an HTML of each and results.json are left in build/run.
    """
    from harness.author import build as building
    from harness.author.lesson import LessonError
    from harness.execute import run as running
    from harness.lock import Busy

    if profile not in ("fast", "full"):
        raise typer.BadParameter(f"{profile!r}; it is fast or full", param_hint="--profile")
    root = paths.root()
    try:
        chosen = running.select(building.load(root), lessons or [])
    except LessonError as error:
        out.print(str(error), markup=False)
        raise typer.Exit(1) from None
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("cells"),
        TimeElapsedColumn(),
    )
    with _ending(Busy), Progress(*columns, console=out) as progress:
        bars = {x.slug: progress.add_task(x.slug, total=None) for x in chosen}

        def tell(slug: str, done: int, total: int) -> None:
            progress.update(bars[slug], completed=done, total=total)

        results = running.run(
            root,
            chosen,
            profile=profile,
            seed=seed,
            device=device,
            jobs=jobs,
            save=save,
            tell=tell,
        )
    _report(root, results, {x.number: x.title for x in chosen})
    if not all(result.ok for result in results):
        raise typer.Exit(1)


@contextlib.contextmanager
def _ending(kind: type[Exception]) -> Iterator[None]:
    """An expected failure of this kind ends in a sentence."""
    try:
        yield
    except kind as error:
        out.print(f"[red]error:[/] {escape(str(error))}")
        raise typer.Exit(2) from None


def _report(root: Path, results: list, titles: dict[str, str]) -> None:
    table = Table(title="The course, executed", title_justify="left")
    for name, justify in (
        ("Lesson", "left"),
        ("Seconds", "right"),
        ("Points", "right"),
        ("By hand", "right"),
        ("Claims", "right"),
        ("Headline", "left"),
    ):
        table.add_column(name, justify=justify)
    for result in results:
        points = result.points
        earned = f"{points['score']:g}/{points['max_score']:g}" if points else "-"
        by_hand = f"{points['manual']:g}" if points else "-"
        state = result.headline if result.ok else "[red]failed[/]"
        claims = str(result.claims) if result.ok else "-"
        title = f"{result.number} {titles[result.number]}"
        table.add_row(title, f"{result.seconds:.0f}", earned, by_hand, claims, state)
    out.print(table)
    _say_where_the_time_went(results)
    for result in results:
        if result.failure is None:
            continue
        failure = result.failure
        name = f" ({failure.name})" if failure.name else ""
        out.print(f"\n[bold red]{result.slug}, cell {failure.cell}{name}[/]")
        out.print(failure.error, markup=False)
        source = failure.source.strip().splitlines()
        out.print("\n".join(f"    {line}" for line in source[:12]), markup=False)
        out.print(
            f"Next: look at build/run/{result.slug}.ipynb up to that cell, mend "
            f"lessons/{result.slug}.py, and run `course run {result.number}` again."
        )
    out.print(f"Executed notebooks and their HTML: {_relative(paths.run_folder(root), root)}/")


def _say_where_the_time_went(results: list, most: int = 5) -> None:
    spent = [(took, r.number, name) for r in results for name, took in r.sections]
    total = sum(took for took, _, _ in spent)
    if not total:
        return
    out.print(f"Where the time went ({total:.0f} s of all kernels together):")
    for took, number, name in sorted(spent, reverse=True)[:most]:
        line = f"{took:>6.1f} s {took / total:>4.0%}  {number} {name}"
        out.print(line, markup=False, highlight=False)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def lab(context: typer.Context) -> None:
    """Open the notebooks in JupyterLab; further options go to `jupyter lab`."""
    root = paths.root()
    folder = root / "notebooks"
    if not any(folder.glob("*.ipynb")):
        raise FileNotFoundError("notebooks/ is empty: run `course build` first")
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={folder}", *context.args]
    os.execv(sys.executable, command)


@app.command()
def doctor() -> None:
    """Look at this machine: Python, packages, model, data, GPU, memory, disk, isolation."""
    from harness.cli import doctor as examining

    findings = examining.examine(paths.root())
    signs = {"ok": "[green]ok     [/]", "note": "[yellow]note   [/]", "missing": "[red]missing[/]"}
    for finding in findings:
        todo = f" {finding.todo}" if finding.todo else ""
        out.print(f"{signs[finding.state]} {finding.name:<14} {finding.text}.{todo}")
    if any(finding.state == "missing" for finding in findings):
        raise typer.Exit(1)


app.command()(cli_grade.grade)
app.add_typer(cli_classroom.app, name="classroom")


@app.command()
def prove(
    exercises: Annotated[list[str] | None, typer.Argument(help="Exercises; all if none.")] = None,
    least: Annotated[float, typer.Option(help="The share of mutants to reject.")] = 0.95,
) -> None:
    """Break every worked answer in small ways and count how many the checks reject."""
    from harness.author import proof
    from harness.author.lesson import LessonError

    table = Table(title="Mutation scores", title_justify="left")
    for name in ("Exercise", "Mutants", "Rejected", "Equivalent", "Score"):
        table.add_column(name, justify="left" if name == "Exercise" else "right")
    try:
        scores = proof.scores(paths.root(), exercises)
    except LessonError as error:
        out.print(str(error), markup=False)
        raise typer.Exit(1) from None
    for score in scores:
        row = [score.exercise, score.total, score.rejected, score.equivalent, f"{score.rate:.1%}"]
        table.add_row(*map(str, row))
    out.print(table)
    for score in scores:
        for mutant in score.survivors:
            out.print(f"{score.exercise}: survives: {mutant}", markup=False)
        for excuse in score.unused:
            out.print(f"{score.exercise}: no such mutant: {excuse}", markup=False)
    if any(score.rate < least or score.unused for score in scores):
        raise typer.Exit(1)


if __name__ == "__main__":
    main()
