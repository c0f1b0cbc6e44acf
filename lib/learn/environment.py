"""Where a lesson runs: in front of a person or headless, beside the whole course or in a class."""

from __future__ import annotations

import os
from pathlib import Path

from lib import _places


def headless() -> bool:
    """Whether nobody watches: papermill, nbgrader, nbclient, a script.

    A front end such as JupyterLab lets a cell ask for input, and a headless runner does not. So a
    runner that we have never heard of counts as headless, and a failed check raises there.
    """
    if os.environ.get("COURSE_HEADLESS") or os.environ.get("NBGRADER_EXECUTION"):
        return True
    shell = _shell()
    kernel = getattr(shell, "kernel", None)
    if kernel is not None:
        return not getattr(kernel, "_allow_stdin", False)
    return shell is None  # an IPython terminal is a person


def checked_elsewhere() -> bool:
    """Whether this is a grader's kernel: its checks run in another process, and are not to be had here."""
    return os.environ.get("COURSE_CHECKS") == "elsewhere"


def in_ipython() -> bool:
    return _shell() is not None


def parameter(name: str, default: object) -> object:
    """The value of one of the notebook's parameters, as its parameters cell or papermill set it."""
    shell = _shell()
    return default if shell is None else shell.user_ns.get(name, default)


def _shell():
    try:
        from IPython import get_ipython
    except ImportError:
        return None
    return get_ipython()


def course_root() -> Path | None:
    """The folder of the whole course (with `lessons/` and `solutions/`), None in a class or a grader's kernel.

    Worked answers and quiz keys are read from there and from nowhere else.
    """
    if checked_elsewhere():
        return None
    root = _places.course_root()
    return root if (root / "lessons").is_dir() and (root / "solutions").is_dir() else None
