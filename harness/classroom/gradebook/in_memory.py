"""nbgrader's own steps of autograding, run on a notebook in memory and on rows in memory.

nbgrader's converter starts a step anew for every notebook, copies the notebook before each half of
them, validates it, and writes and reads a file in between. Here the same steps are made once and run
on one copy. What comes out is the same to the byte; what is in any way unusual is left to nbgrader.
"""

from __future__ import annotations

import logging
from typing import Any

from nbformat import NotebookNode
from nbformat.v4.rwbase import split_lines, strip_transient
from nbgrader.nbgraderformat import MetadataValidator
from nbgrader.preprocessors import CheckCellMetadata, DeduplicateIds
from traitlets.config import Config

from harness.classroom.gradebook.memory_book import Unusual
from harness.reports.indented import indented

# Sections of a course's configuration that change how nbgrader converts, beyond its steps.
_CONVERTER = (
    *("Autograde", "VerdictAutograde", "BaseConverter", "FilesWriter", "WriterBase"),
    *("Exporter", "NotebookExporter", "NbConvertBase", "OverwriteCells"),
)


class CheckOnce(CheckCellMetadata):
    """nbgrader's check of its cells' metadata, made once for the same metadata.

    They come from the release, so that they are the same for everybody; checking them takes a third
    of the time otherwise.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._seen: set[Any] = set()
        self._validator = MetadataValidator()

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        names: set[str] = set()
        for cell in nb.cells:
            found = cell.metadata.get("nbgrader")
            if found is None:
                continue
            key = cell["cell_type"], *found.items()
            if key not in self._seen:
                self._validator.validate_cell(cell)
                self._seen.add(key)
            if found["grade"] or found["solution"] or found["locked"]:
                if found["grade_id"] in names:
                    raise Unusual(f"{found['grade_id']!r} is the name of two cells")
                names.add(found["grade_id"])
        return nb, resources


class Steps:
    """The steps of a course, each made once with its configuration.

    Args:
        kinds: the classes of nbgrader's steps, in their order.
    """

    def __init__(self, kinds: list[type], config: Config, log: logging.Logger) -> None:
        own = [CheckOnce if kind is CheckCellMetadata else kind for kind in kinds]
        if CheckOnce in own:  # which leaves cells of one name to nbgrader's converter
            own = [kind for kind in own if kind is not DeduplicateIds]
        self._steps = [kind(config=config, log=log) for kind in own]

    @staticmethod
    def can(config: Config) -> bool:
        """Whether nothing in a course's configuration asks for nbgrader's own converter."""
        # The exporter named for nbgrader's buttons is never ours (see `verdict_autograde.VerdictAutograde`).
        return not any(set(config.get(section, ())) - {"exporter_class"} for section in _CONVERTER)

    def run(
        self, notebook: NotebookNode, lesson: str, student: str, grading: dict[str, Any]
    ) -> bytes:
        """The autograded notebook as a file's content.

        Args:
            notebook: it stays as it is.
            grading: what our own steps need (see `recorder.Recorder`).

        Raises:
            Unusual: it is one for nbgrader's own converter; so is whatever raises anything else.
        """
        ids = [cell.get("id") for cell in notebook.cells]
        if (notebook.nbformat, notebook.nbformat_minor) < (4, 5) or not all(ids):
            raise Unusual("cells have no ids")
        if len(set(ids)) < len(ids):
            raise Unusual("two cells have one id")
        nb = _copied(notebook)
        resources: dict[str, Any] = {
            "unique_key": lesson,
            "output_files_dir": f"{lesson}_files",
            "nbgrader": {
                "student": student,
                "assignment": lesson,
                "notebook": lesson,
                "db_url": "",
            },
            "grading": grading,
            "metadata": {"name": lesson},
        }
        for step in self._steps:
            nb, resources = step(nb, resources)
        return _text(nb).encode("utf-8")


def _copied(notebook: NotebookNode) -> NotebookNode:
    """A copy of all that steps change: cells and metadata; they put new outputs in the place of old."""
    nb = _shallow(notebook)
    nb["metadata"] = _shallow(notebook.metadata)
    nb["cells"] = []
    for cell in notebook.cells:
        one = _shallow(cell)
        meta = _shallow(cell["metadata"])
        if "nbgrader" in meta:
            dict.__setitem__(meta, "nbgrader", _shallow(meta["nbgrader"]))
        dict.__setitem__(one, "metadata", meta)
        if "outputs" in one:
            dict.__setitem__(one, "outputs", list(one["outputs"]))
        nb["cells"].append(one)
    return nb


def _shallow(node: dict[str, Any]) -> NotebookNode:
    """A copy of one level, past a node's own way of setting an item, which looks at each."""
    copy = NotebookNode()
    dict.update(copy, node)
    return copy


def _text(nb: NotebookNode) -> str:
    """What nbformat writes of a notebook that is ours alone."""
    return indented(strip_transient(split_lines(nb))) + "\n"
