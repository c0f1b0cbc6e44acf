"""From the teacher's form of a notebook to the learner's, by nbgrader's own preprocessors."""

from __future__ import annotations

import copy
import logging

from nbformat import NotebookNode

from harness.grade import cells as grading


def clear(source: NotebookNode, stubs: dict[str, str]) -> NotebookNode:
    """The notebook as nbgrader releases it: no worked answers, no hidden tests, locked checks.

    nbgrader has one stub for all answer cells, which raises. `stubs` gives another text for some
    (by grade_id): an unanswered quiz item shall not stop the notebook.
    """
    from nbgrader import preprocessors

    notebook, resources = copy.deepcopy(source), {"language": "python"}
    logging.getLogger("traitlets").setLevel(logging.WARNING)
    for name in (
        "ClearSolutions",
        "LockCells",
        "ClearOutput",
        "ClearHiddenTests",
        "ClearMarkScheme",
    ):
        notebook, resources = getattr(preprocessors, name)().preprocess(notebook, resources)
    for cell in notebook.cells:
        stub = stubs.get(grading.grade_id(cell) or "")
        if stub is not None:
            cell.source = stub
    notebook, _ = preprocessors.ComputeChecksums().preprocess(notebook, resources)
    return notebook
