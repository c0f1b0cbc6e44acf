"""The command `course lab`."""

from __future__ import annotations

import os
import sys

import typer

from harness import paths


def lab(context: typer.Context) -> None:
    """Open the notebooks in JupyterLab; further options go to `jupyter lab`."""
    root = paths.root()
    folder = root / "notebooks"
    if not any(folder.glob("*.ipynb")):
        raise FileNotFoundError("notebooks/ is empty: run `course build` first")
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={folder}", *context.args]
    os.execv(sys.executable, command)
