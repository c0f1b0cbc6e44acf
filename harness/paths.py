"""Where things are: the course's folder and what a run leaves under `build/`."""

from __future__ import annotations

import site
from pathlib import Path

import harness
import lib
from lib import _places

# What a sandboxed kernel may read of the course: code, and nothing of `lessons/` or `solutions/`.
CODE = tuple(str(Path(package.__path__[0]).resolve()) for package in (lib, harness))


def reference() -> tuple[str, ...]:
    """Folders with right answers, which a student's process must not read: the files of the checks, in
    every copy of `lib` that Python finds, and of the course's folder what is not code.

    They are named wherever they lie: a course below Python's own folder would be read with it.
    """
    found = {
        str(folder.resolve())
        for base in {str(Path(lib.__path__[0]).resolve().parent), *site.getsitepackages()}
        for folder in Path(base, "lib", "checks").glob("lesson_[0-9][0-9]")
    }
    folder = _places.course_root().resolve()
    found |= {str(folder / name) for name in _ANSWERS if (folder / name).is_dir()}
    return tuple(sorted(found))


_ANSWERS = ("lessons", "solutions", "tests", "build", ".git")


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
