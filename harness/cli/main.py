"""The program `course`: its commands, one file each beside this one, and how it ends."""

from __future__ import annotations

import os
import sys

import typer
from rich.markup import escape

from harness.cli import build, classroom, doctor, grade, lab, prove, run
from harness.cli.console import out

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    help="The embeddings course: learn with `course lab`, run everything with `course run`.",
    epilog="Exit codes: 0 all is well, 1 something was found, 2 the command was not understood.",
)
app.command()(build.build)
app.command()(run.run)
app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(lab.lab)
app.command()(doctor.doctor)
app.command()(grade.grade)
app.command()(prove.prove)
app.add_typer(classroom.app, name="classroom")


def main() -> None:
    """Run the command line; expected failures end in one sentence, not in a stack trace."""
    try:
        app()
    except (FileNotFoundError, ValueError) as error:
        if os.environ.get("COURSE_DEBUG"):
            raise
        out.print(f"[red]error:[/] {escape(str(error))}")
        sys.exit(2)
    except ImportError as error:
        missing = (error.name or "").partition(".")[0]
        if os.environ.get("COURSE_DEBUG"):
            raise
        if type(error).__name__ == "BrokenCheck":  # of lib.checks, which would import torch
            out.print(f"[red]error:[/] {escape(str(error))}")
            sys.exit(2)
        if not isinstance(error, ModuleNotFoundError) or missing in ("", "lib", "harness"):
            raise
        out.print(
            f"[red]error:[/] this command needs the package {escape(missing)}, which is not installed: "
            "what teachers and authors need comes with `pip install -e '.\\[teacher]'` in the course's "
            "folder, and all of it with `make setup`"
        )
        sys.exit(2)


if __name__ == "__main__":
    main()
