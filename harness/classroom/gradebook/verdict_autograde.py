"""nbgrader's own converter of one submission, with steps that put our verdicts where it would run the tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nbconvert.exporters import Exporter, NotebookExporter
from nbconvert.preprocessors import ClearMetadataPreprocessor
from nbconvert.writers import FilesWriter
from nbgrader.converters import Autograde
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    DeduplicateIds,
    LimitOutput,
    OverwriteCells,
    OverwriteKernelspec,
)
from traitlets import List, Type

from harness.classroom.gradebook.preprocessors import (
    PutRubrics,
    PutVerdicts,
    SafeMarkdown,
    SaveVerdicts,
)


class VerdictAutograde(Autograde):
    """nbgrader's autograding of one notebook that has been run and judged already."""

    # The metadata are checked once: nothing of ours changes them, and a check takes a third of the
    # time. No `config=True`: a course's configuration of stock autograding must not undo these.
    sanitize_preprocessors = List(
        [DeduplicateIds, OverwriteKernelspec, OverwriteCells, CheckCellMetadata]
    )
    autograde_preprocessors = List(
        [
            PutVerdicts,
            ClearMetadataPreprocessor,
            LimitOutput,
            SaveVerdicts,
            AssignLatePenalties,
            SafeMarkdown,
            PutRubrics,
        ]
    )

    # Nor its exporter, which in a classroom starts this grader: see `formgrader`.
    exporter_class = Type(NotebookExporter, klass=Exporter)

    def __init__(self, grading: dict[str, Any], path: Path, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.grading, self.path, self.force = grading, path, True
        self.permissions = 600

    def start(self) -> None:
        """Convert the one notebook; the process stays in its working folder."""
        # nbgrader looks for submissions with patterns, which students' names may look like.
        self.assignments = {str(self.path.parent): [str(self.path)]}
        self.writer = FilesWriter(parent=self, config=self.config)
        self.exporter = self.exporter_class(parent=self, config=self.config)
        self.exporter.optimistic_validation = True  # the format once, not after every step
        self.convert_notebooks()

    def init_single_notebook_resources(self, notebook_filename: str) -> dict[str, Any]:
        resources = super().init_single_notebook_resources(notebook_filename)
        return resources | {"grading": self.grading}


def steps(name: str) -> list[type]:
    """The classes of nbgrader's steps in a list of `VerdictAutograde`."""
    return list(VerdictAutograde.class_traits()[name].default())
