"""Which executed notebook a lesson's page is made from.

`course run` leaves executed lessons in build/run; solutions/ holds the same ones as they were saved last.
Nothing is executed a second time. A run is taken where it is whole and of the lesson as it is now:
otherwise the page would show the code of one version beside the prose of another.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from harness import paths
from harness.execute import page


@dataclass(frozen=True)
class Executed:
    """A lesson, executed with its worked answers.

    notebook: as a reader reads it (`page.readable`).  origin: the file, below the course's folder.
    instead: why it is not the one in build/run, or nothing.
    """

    slug: str
    notebook: NotebookNode
    origin: str
    instead: str = ""

    @property
    def number(self) -> str:
        return str(self.notebook.metadata["course"]["lesson"])

    @property
    def title(self) -> str:
        return str(self.notebook.metadata["course"]["title"])


def load(root: Path, only: list[str] | None = None, run: Path | None = None) -> list[Executed]:
    """The executed lessons in order.

    only: numbers or names of lessons, all if none.  run: the folder that `course run` left.
    Raises ValueError for a name that no lesson has.
    """
    run = paths.run_folder(root) if run is None else run
    saved = {path.stem: path for path in sorted((root / "solutions").glob("[0-9][0-9]_*.ipynb"))}
    chosen = [slug for slug in saved if not only or slug in only or slug[:2] in only]
    unknown = {
        name for name in only or [] if name not in saved and name not in {s[:2] for s in saved}
    }
    if unknown:
        raise ValueError(
            f"no lesson is called {', '.join(sorted(unknown))}; there are {', '.join(saved)}"
        )
    return [_choose(slug, saved[slug], run / f"{slug}.ipynb", root) for slug in chosen]


def _choose(slug: str, saved: Path, ran: Path, root: Path) -> Executed:
    last = page.readable(_read(saved))
    reason = f"{_below(ran, root)} is not there"
    if ran.is_file():
        found = page.readable(_read(ran))
        reason = _against(found, last)
        if not reason:
            return Executed(slug, found, _below(ran, root))
        reason = f"{_below(ran, root)} {reason}"
    return Executed(slug, last, _below(saved, root), reason)


def _against(found: NotebookNode, last: NotebookNode) -> str:
    """What speaks against a run, or nothing."""
    outputs = [output for cell in found.cells for output in cell.get("outputs", [])]
    if any(output.output_type == "error" for output in outputs):
        return "ends in an error"
    if [_text(cell) for cell in found.cells] != [_text(cell) for cell in last.cells]:
        return (
            "is of another version or profile of the lesson than solutions/ (`course run --save`)"
        )
    return ""


def _text(cell: NotebookNode) -> tuple[str, str]:
    return cell.cell_type, cell.source


def _read(path: Path) -> NotebookNode:
    return nbformat.read(path, as_version=4)


def _below(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()
