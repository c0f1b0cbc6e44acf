"""The program `course`: its commands, one file each beside this one, and how it ends."""

from __future__ import annotations

import io
import os
import sys
from typing import Annotated

import typer
from rich.markup import escape

from harness.cli import build, classroom, doctor, grade, lab, prove, run, trouble
from harness.cli.console import out, shown

FAULT = 70
_DEBUG = "COURSE_DEBUG"

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    help="The embeddings course: learn with `course lab`, run everything with `course run`.",
    epilog="Exit codes: 0 all is well, 1 something was found, 2 the command was not understood or "
    "cannot be done here, 70 a fault of this program.",
)
app.command()(build.build)
app.command()(run.run)
app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(lab.lab)
app.command()(doctor.doctor)
app.command()(grade.grade)
app.command()(prove.prove)
app.add_typer(classroom.app, name="classroom")


@app.callback()
def options(
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the whole stack of a failure, not a sentence.")
    ] = False,
) -> None:
    if debug:
        os.environ[_DEBUG] = "1"


def main() -> None:
    """Run the command line; a failure ends in one sentence, and in a stack trace with `--debug`."""
    _take_debug(sys.argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(
            stream, io.TextIOWrapper
        ):  # a name that the terminal cannot write ends nothing
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except Exception as error:
        if os.environ.get(_DEBUG):
            raise
        said, code = _said(error)
        out.print(f"[red]error:[/] {said}")
        sys.exit(code)


def _take_debug(arguments: list[str]) -> None:
    """Take `--debug` out of the arguments, wherever it is; after `lab` it is JupyterLab's."""
    end = next((n for n, one in enumerate(arguments) if one in ("--", "lab")), len(arguments))
    if "--debug" in arguments[1:end]:
        arguments.remove("--debug")
        os.environ[_DEBUG] = "1"


def _said(error: Exception) -> tuple[str, int]:
    """What to print of an error that nothing caught, as markup, and the exit code."""
    missing = (getattr(error, "name", None) or "").partition(".")[0]
    if type(error).__name__ == "BrokenCheck":  # of lib.checks, which would import torch
        return escape(str(error)), 2
    if isinstance(error, ModuleNotFoundError) and missing not in ("", "lib", "harness"):
        return (
            f"this command needs the package {escape(missing)}, which is not installed: "
            "what teachers and authors need comes with `pip install -e '.\\[teacher]'` in the course's "
            "folder, and all of it with `make setup`"
        ), 2
    if (found := trouble.sentence(error)) is not None:
        return shown(f"{found}. {trouble.AGAIN}"), 2
    if isinstance(error, ValueError):
        return shown(str(error)), 2
    return shown(
        f"a fault of this program ({type(error).__name__}: {error}). What was finished is kept. Give "
        "the same command with --debug, and report what it prints"
    ), FAULT


if __name__ == "__main__":
    main()
