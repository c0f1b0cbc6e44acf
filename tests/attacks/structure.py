"""Attacks on the score from the notebook's structure. Every answer is wrong; no points must come."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_output

from tests.attacks import assignment


@dataclass(frozen=True)
class Edit:
    """A change to a submitted notebook."""

    name: str
    row: int
    change: Callable[[NotebookNode], None]


def _meta(cell: NotebookNode) -> dict:
    return cell.metadata.get("nbgrader", {})


def _checks(notebook: NotebookNode) -> list[NotebookNode]:
    return [c for c in notebook.cells if _meta(c).get("grade")]


def _answers(notebook: NotebookNode) -> list[NotebookNode]:
    return [c for c in notebook.cells if _meta(c).get("solution")]


def _on_checks(change: Callable[[NotebookNode], object]) -> Callable[[NotebookNode], None]:
    def edit(notebook: NotebookNode) -> None:
        for cell in _checks(notebook):
            change(cell)

    return edit


def _tags(*tags: str) -> Callable[[NotebookNode], None]:
    return _on_checks(lambda c: c.metadata.update(tags=list(tags)))


def _empty(notebook: NotebookNode) -> None:
    for cell in _checks(notebook):
        cell.source = "pass"


def _twice(notebook: NotebookNode) -> None:
    for cell in _checks(notebook):
        again = copy.deepcopy(cell)
        again["id"], again["source"] = cell["id"] + "-2", "pass"
        notebook.cells.insert(0, again)


def _delete(notebook: NotebookNode) -> None:
    gone = _checks(notebook)
    notebook.cells = [c for c in notebook.cells if c not in gone]


def _rename(notebook: NotebookNode) -> None:
    for cell in _checks(notebook):
        _meta(cell)["grade_id"] += "_other"


def _swap(notebook: NotebookNode) -> None:
    for answer, check in zip(_answers(notebook), _checks(notebook)):
        a, c = _meta(answer), _meta(check)
        a["grade_id"], c["grade_id"] = c["grade_id"], a["grade_id"]


def _retype(kind: str) -> Callable[[NotebookNode], None]:
    def change(cell: NotebookNode) -> None:
        cell.cell_type = kind
        cell.pop("outputs", None)
        cell.pop("execution_count", None)

    return _on_checks(change)


def _checks_first(notebook: NotebookNode) -> None:
    first = _checks(notebook)
    notebook.cells = first + [c for c in notebook.cells if c not in first]


def _forged_locked(notebook: NotebookNode) -> None:
    text = "import torch, numpy as np\ntorch.testing.assert_close = lambda *a, **k: None"
    cell = new_code_cell(text, metadata=copy.deepcopy(notebook.cells[1].metadata))
    cell.metadata["nbgrader"]["grade_id"] = "setup2"
    notebook.cells.insert(1, cell)
    notebook.cells[2].source += "\n" + text


def _faked(notebook: NotebookNode) -> None:
    for cell in _checks(notebook):
        data = {"text/plain": str(_meta(cell)["points"])}
        cell.outputs = [new_output("execute_result", data=data, execution_count=1)]
        cell.execution_count = 1


def _kernel(notebook: NotebookNode) -> None:
    notebook.metadata["kernelspec"] = {"name": "bash", "display_name": "x", "language": "bash"}
    notebook.metadata["kernel_provisioner"] = {"provisioner_name": "evil"}


def _parameters(notebook: NotebookNode) -> None:
    notebook.cells[1].metadata["tags"] = ["parameters"]
    notebook.metadata["papermill"] = {"parameters": {"torch": None}}
    own = new_code_cell("torch = None", metadata={"tags": ["injected-parameters"]})
    own["id"] = "own"
    notebook.cells.insert(2, own)


def _points(notebook: NotebookNode) -> None:
    for cell in _checks(notebook):
        _meta(cell)["points"] = 1000
    for cell in _answers(notebook):
        _meta(cell).update(grade=True, points=1000)


def _roles(notebook: NotebookNode) -> None:
    for cell in notebook.cells:
        cell.metadata["grading"] = {"role": "ours"}


STRUCTURE = [
    Edit("skip-execution on the checks", 15, _tags("skip-execution")),
    Edit("raises-exception on the checks", 16, _tags("raises-exception")),
    Edit(
        "tags and metadata of other tools",
        16,
        _tags("remove_cell", "no-execute", "skip", "hide-input"),
    ),
    Edit("the roles that rebuilding gives", 16, _roles),
    Edit("duplicated check ids", 17, _twice),
    Edit("deleted checks", 18, _delete),
    Edit("renamed checks", 19, _rename),
    Edit("a solution flag on the checks", 19, _on_checks(lambda c: _meta(c).update(solution=True))),
    Edit("ids of checks and answers exchanged", 19, _swap),
    Edit("forged locked cells", 20, _forged_locked),
    Edit("emptied checks with forged checksums", 20, _empty),
    Edit("checks turned into markdown", 21, _retype("markdown")),
    Edit("checks turned raw", 21, _retype("raw")),
    Edit("checks moved before the answers", 21, _checks_first),
    Edit("points in the metadata", 22, _points),
    Edit("another kernelspec", 22, _kernel),
    Edit("papermill parameters", 22, _parameters),
    Edit("faked outputs", 23, _faked),
]


def edited(edit: Edit) -> NotebookNode:
    """A wrong submission with its structure attacked."""
    notebook = assignment.submission(assignment.WRONG)
    edit.change(notebook)
    return notebook
