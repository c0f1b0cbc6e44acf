"""Lessons to files: writes `notebooks/` and the catalogue, and says where they have drifted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from harness.author import notebooks
from harness.author.catalogue import CATALOGUE, catalogue_text
from harness.author.lesson import Lesson
from harness.author.loading import load, load_start
from harness.learner import working_copy
from harness.learner.merging import own_cells


@dataclass(frozen=True)
class Drift:
    """A generated file that is not what its source gives."""

    path: Path
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


def generated(root: Path, lessons: list[Lesson]) -> dict[Path, str]:
    """Every generated file but `solutions/`, with its text."""
    front = load_start(root)
    files = {
        root / "notebooks" / f"{lesson.slug}.ipynb": notebooks.to_text(
            notebooks.release_notebook(lesson)
        )
        for lesson in [*([front] if front else []), *lessons]
    }
    files[root / CATALOGUE] = catalogue_text(lessons, front)
    return files


class Answered(Exception):
    """Notebooks that would be overwritten and hold work; `cells` names what is in each."""

    def __init__(self, cells: dict[Path, list[str]]) -> None:
        self.cells = cells
        super().__init__(", ".join(map(str, cells)))


def build(root: Path, overwrite_answers: bool = False) -> list[Path]:
    """Write every generated file that changed and remove notebooks without a lesson.

    overwrite_answers: also where somebody worked in a notebook, of which a copy is then kept in `my/`.
    Returns the files written or removed, such copies among them.

    Raises:
        LessonError: a lesson is refused; then nothing is written.
        Answered: a notebook holds work that the build did not write; then nothing is written.
    """
    files = generated(root, load(root))
    writing = {
        path: text
        for path, text in files.items()
        if not path.is_file() or path.read_text(encoding="utf-8", errors="replace") != text
    }
    removing = stale(root, files)
    worked_in = _worked_in(writing, removing)
    broken = [path for path, cells in worked_in.items() if not cells]
    if len(broken) < len(worked_in) and not overwrite_answers:
        raise Answered({path: cells for path, cells in worked_in.items() if cells})
    changed = [
        working_copy.set_aside(path, root / working_copy.FOLDER, "yours") for path in worked_in
    ]
    for path, text in writing.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        changed.append(path)
    for path in removing:
        path.unlink(missing_ok=True)
        changed.append(path)
    return changed


def _worked_in(writing: dict[Path, str], removing: Sequence[Path]) -> dict[Path, list[str]]:
    """The notebooks among these in which somebody worked, and in which cells: in none that can be
    told where a file is no notebook and may have been one.
    """
    found: dict[Path, list[str]] = {}
    for path in (*writing, *removing):
        if path.suffix != ".ipynb" or not path.is_file():
            continue
        try:
            notebook = working_copy.read(path)
        except working_copy.Unreadable:
            if b'"source"' in path.read_bytes():
                found[path] = []
            continue
        known = nbformat.reads(writing[path], as_version=4).cells if path in writing else ()
        cells = own_cells(notebook, known)
        if cells:
            found[path] = cells
    return found


def write_sources(root: Path, folder: Path) -> list[Path]:
    """Write the teacher's form of every lesson, for an nbgrader course's `source/` folder."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for lesson in load(root):
        path = folder / f"{lesson.slug}.ipynb"
        path.write_text(notebooks.to_text(notebooks.source_notebook(lesson)), encoding="utf-8")
        written.append(path)
    return written


def stale(root: Path, files: dict[Path, str]) -> list[Path]:
    """Notebooks that no lesson gives."""
    return [path for path in sorted((root / "notebooks").glob("*.ipynb")) if path not in files]


def drift(root: Path) -> list[Drift]:
    """Generated files that are missing, stale or different from what the lessons give."""
    lessons = load(root)
    files = generated(root, lessons)
    found = [Drift(path, "has no lesson") for path in stale(root, files)]
    for path, text in files.items():
        if not path.is_file():
            found.append(Drift(path, "is missing"))
        elif path.read_text(encoding="utf-8") != text:
            found.append(Drift(path, "differs from its lesson"))
    front = load_start(root)
    for lesson in [*([front] if front else []), *lessons]:
        path = root / "solutions" / f"{lesson.slug}.ipynb"
        if not path.is_file():
            found.append(Drift(path, "is missing: run `course run --save`"))
        elif _sources(nbformat.read(path, as_version=4)) != _sources(
            notebooks.worked_notebook(lesson)
        ):
            found.append(Drift(path, "differs from its lesson: run `course run --save`"))
    return found


def _sources(notebook: NotebookNode) -> list[tuple[str, str]]:
    return [(c.cell_type, c.source) for c in notebook.cells if not notebooks.is_injected(c)]
