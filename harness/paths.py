"""Where things are: the course's folder and what a run leaves under `build/`."""

from __future__ import annotations

from pathlib import Path

import harness
import lib
from lib import _places

# What a sandboxed kernel may read of the course: code, and nothing of `lessons/` or `solutions/`.
CODE = tuple(str(Path(package.__path__[0]).resolve()) for package in (lib, harness))


def root() -> Path:
    """The folder of the course: `COURSE_ROOT`, else the one that holds `lib`.

    Raises:
        FileNotFoundError: there are no lessons there.
    """
    folder = _places.course_root()
    if not (folder / "lessons").is_dir():
        raise FileNotFoundError(
            f"no lessons/ in {folder}: this command works in the course's own folder. "
            "Install it from a checkout with `pip install -e .`, or set COURSE_ROOT to the checkout."
        )
    return folder


def run_folder(folder: Path) -> Path:
    """Executed notebooks, their HTML, the leaderboard's rows and `results.json`."""
    return folder / "build" / "run"
