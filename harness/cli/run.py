"""The command `course run`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness import paths
from harness.cli.console import bar, ending, out, relative

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.execute.one import Result

Lessons = Annotated[
    list[str] | None, typer.Argument(help="Lesson numbers or names (02, 02_pooling); all if none.")
]


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
    model: Annotated[
        str | None, typer.Option(help="Another sentence encoder: a folder, or a name on the hub.")
    ] = None,
    save: Annotated[
        bool,
        typer.Option(
            "--save",
            help="Write the executed lessons to solutions/; in full write what they found to "
            "lib/full_results.json instead.",
        ),
    ] = False,
    cell_timeout: Annotated[
        int | None,
        typer.Option(
            min=0,
            metavar="SECONDS",
            help="Stop a lesson whose cell takes longer; 0: no limit. "
            "Default: 1800 (half an hour) in fast, 14400 (four hours) in full.",
        ),
    ] = None,
) -> None:
    """Execute lessons with their worked answers, grade them with nbgrader, print a table.

    With `--model` the lessons run with another sentence encoder; their claims are about the course's
    own, so that one that does not hold is shown and stops nothing.

    A lesson that stops says in which cell, how far it was and, if its kernel died, whether memory
    was short; what ran until then is kept.

    Executed notebooks, an HTML of each and results.json are left in build/run.
    """
    from harness.author import loading
    from harness.author.lesson import LessonError
    from harness.execute import run as running
    from harness.lock import Busy

    if save and model is not None:
        raise typer.BadParameter(
            "solutions/ hold what the course's own model gives", param_hint="--save with --model"
        )
    if profile not in ("fast", "full"):
        raise typer.BadParameter(f"{profile!r}; it is fast or full", param_hint="--profile")
    root = paths.root()
    try:
        chosen = loading.to_run(root, lessons or [])
    except LessonError as error:
        out.print(str(error), markup=False)
        raise typer.Exit(1) from None
    with ending(Busy), bar("cells", elapsed=True) as progress:
        bars = {x.slug: progress.add_task(x.slug, total=None) for x in chosen}

        def tell(slug: str, done: int, total: int) -> None:
            progress.update(bars[slug], completed=done, total=total)

        results = running.run(
            root,
            chosen,
            profile=profile,
            seed=seed,
            device=device,
            model=_found(model),
            jobs=jobs,
            save=save,
            cell_timeout=cell_timeout,
            tell=tell,
        )
    _report(root, results, {x.number: x.title for x in chosen})
    if not all(result.ok for result in results):
        raise typer.Exit(1)


def _found(model: str | None) -> str | None:
    """A folder by its whole path: lessons run in a folder of their own."""
    return str(Path(model).resolve()) if model and Path(model).is_dir() else model


def _report(root: Path, results: Sequence[Result], titles: dict[str, str]) -> None:
    from rich.table import Table

    from harness.reports.standing import Standing

    table = Table(title="The course, executed", title_justify="left")
    for name in ("Lesson", "Seconds", "Points", "Waiting", "Claims", "Headline"):
        table.add_column(name, justify="left" if name in ("Lesson", "Headline") else "right")
    for result in results:
        points = result.points
        stands = (
            Standing(points["score"], points["max_score"] + points["manual"], points["manual"])
            if points
            else None
        )
        earned, waiting = (stands.short, f"{stands.waiting:g}") if stands else ("-", "-")
        state = result.headline if result.ok else "[red]failed[/]"
        claims = str(result.claims) if result.ok else "-"
        title = f"{result.number} {titles[result.number]}"
        table.add_row(title, f"{result.seconds:.0f}", earned, waiting, claims, state)
    out.print(table)
    _say_where_the_time_went(results)
    for result in results:
        _say_what_failed(result)
    out.print(f"Executed notebooks and their HTML: {relative(paths.run_folder(root), root)}/")


def _say_what_failed(result: Result) -> None:
    failure = result.failure
    if failure is None:
        return
    name = f" ({failure.name})" if failure.name else ""
    where = f"cell {failure.cell}{name}" if failure.cell >= 0 else "before its first cell"
    out.print(f"\n[bold red]{result.slug}, {where}[/]")
    out.print(failure.error, markup=False)
    own = f"; this one took {failure.cell_seconds:.0f} s" if failure.cell >= 0 else ""
    out.print(
        f"{failure.done} of {failure.total} cells were done after {failure.seconds:.0f} s{own}."
    )
    if failure.memory:
        out.print(failure.memory, markup=False)
    source = failure.source.strip().splitlines()
    out.print("\n".join(f"    {line}" for line in source[:12]), markup=False)
    out.print(
        f"Next: look at build/run/{result.slug}.ipynb up to that cell, mend "
        f"lessons/{result.slug}.py, and run `course run {result.number}` again."
    )
    if failure.advice:
        out.print(f"Or {failure.advice}", markup=False)


def _say_where_the_time_went(results: Sequence[Result], most: int = 5) -> None:
    spent = [(took, r.number, name) for r in results for name, took in r.sections]
    total = sum(took for took, _, _ in spent)
    if not total:
        return
    out.print(f"Where the time went ({total:.0f} s of all kernels together):")
    for took, number, name in sorted(spent, reverse=True)[:most]:
        line = f"{took:>6.1f} s {took / total:>4.0%}  {number} {name}"
        out.print(line, markup=False, highlight=False)
