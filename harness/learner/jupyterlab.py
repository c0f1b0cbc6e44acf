"""JupyterLab as a learner gets it: opens on the front door, without the teacher's tools and the news.

What is set is set by a folder of Jupyter configuration, `jupyter/` beside this file, which one session
is given in `JUPYTER_CONFIG_PATH`: nothing of the user's own settings is touched, and what they set in
JupyterLab themselves still counts.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import lib

SETTINGS = Path(__file__).with_name("jupyter")
STARTUP = Path(lib.__file__).with_name("learn") / "fresh_kernel.py"
# What tells JupyterLab where to work and what to open; somebody may say so themselves.
_ROOT = ("--ServerApp.root_dir", "--notebook-dir")
_OPENS = ("--LabApp.default_url", "--ServerApp.default_url")


def command(folder: Path, opens: Path | None, options: Sequence[str]) -> list[str]:
    """The command that starts JupyterLab in `folder` and opens a notebook there.

    options: of `jupyter lab`; where they say the same thing otherwise, they count.
    """
    own = []
    if not any(option.startswith(_ROOT) for option in options):
        own.append(f"--ServerApp.root_dir={folder}")
    if opens is not None and not any(option.startswith(_OPENS) for option in options):
        own.append(f"--LabApp.default_url=/lab/tree/{opens.name}")
    return [sys.executable, "-m", "jupyterlab", *own, *options]


def environment(variables: Mapping[str, str] = os.environ) -> dict[str, str]:
    """These variables, with the learner's settings in front of all others.

    Each kernel begins with `lib.learn.fresh_kernel`, unless the user has a startup file of their own.
    """
    before = variables.get("JUPYTER_CONFIG_PATH")
    folders = [str(SETTINGS), *([before] if before else [])]
    own = {"JUPYTER_CONFIG_PATH": os.pathsep.join(folders), "PYTHONSTARTUP": str(STARTUP)}
    return {**own, **variables, "JUPYTER_CONFIG_PATH": own["JUPYTER_CONFIG_PATH"]}
