"""A little nbgrader assignment to attack: three functions, a quiz answer, hidden tests with a canary."""

from __future__ import annotations

import copy

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from harness.author.nbgrader_release import clear

NAME = "ps1"
CANARY = "canary-4711-of-the-hidden-tests"

_STUB = "    ### BEGIN SOLUTION\n{}\n    ### END SOLUTION"
RIGHT = {
    "double": "def double(x):\n    return 2 * x",
    "centre": "def centre(x):\n    return x - x.mean(dim=0)",
    "top": "def top(scores, k):\n    return scores.topk(k).indices.tolist()",
    "answer": 'answer = "b"',
}
WRONG = {
    "double": "def double(x):\n    return x",
    "centre": "def centre(x):\n    return x",
    "top": "def top(scores, k):\n    return []",
    "answer": 'answer = "a"',
}
_CHECKS = {
    "double": f"""torch.testing.assert_close(double(torch.ones(2)), torch.full((2,), 2.0))
### BEGIN HIDDEN TESTS
_hidden = torch.tensor([3.25, -7.5, 4711.0])
_mark = "{CANARY}"
np.testing.assert_allclose(double(_hidden).numpy(), [6.5, -15.0, 9422.0])
### END HIDDEN TESTS""",
    "centre": f"""assert centre(torch.ones(2, 2)).abs().max() == 0
### BEGIN HIDDEN TESTS
def _reference_centre(x):
    return x - x.sum(0) / len(x)
_given = torch.randn(5, 3, generator=torch.Generator().manual_seed(4711))
_mark = "{CANARY}"
torch.testing.assert_close(centre(_given), _reference_centre(_given))
### END HIDDEN TESTS""",
    "top": f"""assert top(torch.tensor([1.0, 3.0, 2.0]), 2) == [1, 2]
### BEGIN HIDDEN TESTS
_mark = "{CANARY}"
assert top(torch.tensor([5.0, 9.0, 1.0, 7.0]), 3) == [1, 3, 0]
### END HIDDEN TESTS""",
    "answer": f"""assert answer in ("a", "b", "c")
### BEGIN HIDDEN TESTS
_mark = "{CANARY}"
assert answer == "b"
### END HIDDEN TESTS""",
}
POINTS = {"double": 2, "centre": 3, "top": 4, "answer": 1}


def _meta(grade_id: str, **more) -> dict:
    base = {"grade": False, "locked": False, "solution": False, "task": False}
    return {"nbgrader": base | {"grade_id": grade_id, "schema_version": 3} | more}


def source() -> NotebookNode:
    """The teacher's notebook."""
    cells = [
        new_markdown_cell("# Problem set 1"),
        new_code_cell("import numpy as np\nimport torch", metadata=_meta("setup", locked=True)),
    ]
    for name, code in RIGHT.items():
        head, _, body = code.partition("\n")
        text = (
            f"{head}\n{_STUB.format(body)}"
            if body
            else f"### BEGIN SOLUTION\n{code}\n### END SOLUTION"
        )
        cells.append(new_code_cell(text, metadata=_meta(name, solution=True)))
        flags = {"grade": True, "locked": True, "points": POINTS[name]}
        cells.append(new_code_cell(_CHECKS[name], metadata=_meta(f"check_{name}", **flags)))
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return new_notebook(
        cells=cells, metadata={"kernelspec": kernel, "language_info": {"name": "python"}}
    )


def release() -> NotebookNode:
    """What students get: no answers, no hidden tests."""
    return clear(source(), {})


def submission(answers: dict[str, str], extra: str | None = None) -> NotebookNode:
    """The released notebook with these answers, and an own cell before the first of them."""
    notebook = copy.deepcopy(release())
    for cell in notebook.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        if grade_id in answers:
            cell.source = answers[grade_id]
    if extra:
        own = nbformat.v4.new_code_cell(extra)
        own["id"] = "own"
        notebook.cells.insert(2, own)
    return notebook
