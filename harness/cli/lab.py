"""The command `course lab`."""

from __future__ import annotations

import os
from typing import Annotated

import typer
from rich.markup import escape

from harness import paths
from harness.cli.console import ending, out


def lab(
    context: typer.Context,
    fresh: Annotated[
        str | None,
        typer.Option(
            help="Give this lesson (02, 02_pooling) anew; what you had is kept beside it.",
            metavar="LESSON",
        ),
    ] = None,
    teacher: Annotated[
        bool, typer.Option("--teacher", help="With nbgrader's menus, as a teacher needs them.")
    ] = False,
) -> None:
    """Open the notebooks in JupyterLab; further options go to `jupyter lab`.

    You work in `my/`, a copy that is yours: what is new in the course is merged in each time, and
    never over what you wrote.
    """
    from harness.learner import jupyterlab, working_copy
    from harness.lock import Busy

    root = paths.root()
    folder = root / working_copy.FOLDER
    opens = folder / "00_start.ipynb"
    with ending(Busy):
        for said in working_copy.refresh(root):
            out.print(escape(said))
        if fresh is not None:
            opens, said = working_copy.fresh(root, fresh)
            out.print(escape(said))
    command = jupyterlab.command(folder, opens if opens.is_file() else None, context.args)
    os.execve(command[0], command, dict(os.environ) if teacher else jupyterlab.environment())
