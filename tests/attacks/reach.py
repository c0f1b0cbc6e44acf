"""Attacks on what a check reads, on the reference, and on what a hidden check says.

Each entry: the row of the threat table, the student's own cell, and answers to the little assignment here,
all of them worth nothing. `before` says what it gained where the defence is off.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from harness.author.nbgrader_release import clear

NAME = "ps2"
LESSON_CELL = "expected = 5.0\ndef close(a, b):\n    return abs(a - b) < 1e-6"
RIGHT = {
    "norm": "def norm(x):\n    return sum(v * v for v in x) ** 0.5",
    "mean_pool": """def mean_pool(token_embeddings, attention_mask):
    weights = attention_mask[:, :, None].to(token_embeddings.dtype)
    return (token_embeddings * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1)""",
}
WRONG = {
    "norm": "def norm(x):\n    return 0.0",
    "mean_pool": "def mean_pool(token_embeddings, attention_mask):\n    return token_embeddings[:, 0]",
}
_CHECKS = {
    "plain": ("assert abs(norm([3.0, 4.0]) - 5) < 1e-6", 2),
    "helper": ("assert close(norm([3.0, 4.0]), expected)", 3),
    "sorted": (
        "assert sorted([norm([3.0, 4.0]), 6.0]) == [5.0, 6.0] and len(str(norm([0.0]))) == 3",
        1,
    ),
}
POINTS = 9


def _meta(grade_id: str, **more) -> dict:
    base = {"grade": False, "locked": False, "solution": False, "task": False}
    return {"nbgrader": base | {"grade_id": grade_id, "schema_version": 3} | more}


def _check(name: str, source: str, points: int) -> NotebookNode:
    return new_code_cell(source, metadata=_meta(name, grade=True, locked=True, points=points))


def source(hidden: str = 'check("mean_pool", mean_pool, hidden=4711)') -> NotebookNode:
    """The teacher's notebook; its last cell is a hidden check."""
    setup = "import torch\nfrom lib.learn import check, solution"
    cells = [new_code_cell(setup, metadata=_meta("setup", locked=True)), new_code_cell(LESSON_CELL)]
    for name, answer in RIGHT.items():
        head, _, body = answer.partition("\n")
        text = f"{head}\n    ### BEGIN SOLUTION\n{body}\n    ### END SOLUTION"
        cells.append(new_code_cell(text, metadata=_meta(name, solution=True)))
        if name == "norm":
            cells += [_check(f"check_{n}", text, points) for n, (text, points) in _CHECKS.items()]
    cells.append(_check("check_mean_pool", 'check("mean_pool", mean_pool)', 1))
    text = f"### BEGIN HIDDEN TESTS\n{hidden}\n### END HIDDEN TESTS"
    cells.append(_check("hidden_mean_pool", text, 2))
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


def submission(
    answers: dict[str, str], own: str = "", edits: dict[int, str] | None = None
) -> NotebookNode:
    """The released notebook with these answers, an own cell before them, and the lesson's cells edited."""
    notebook = copy.deepcopy(clear(source(), {}))
    for number, text in (edits or {}).items():
        notebook.cells[number].source = text
    for cell in notebook.cells:
        cell.source = answers.get(cell.metadata.get("nbgrader", {}).get("grade_id"), cell.source)
    if own:
        cell = nbformat.v4.new_code_cell(own)
        cell["id"] = "own"
        notebook.cells.insert(2, cell)
    return notebook


@dataclass(frozen=True)
class Reach:
    """One attack; `edits` are texts of the lesson's own cells, by place."""

    name: str
    row: int
    before: str
    answers: dict[str, str]
    own: str = ""
    edits: dict[int, str] = field(default_factory=dict)


def _norm(more: str) -> dict[str, str]:
    return {"norm": f"{WRONG['norm']}\n{more}"}


def _pool(text: str) -> dict[str, str]:
    return {"mean_pool": text}


NAMES = [
    Reach("a builtin bound in the answer", 49, "the check passes", _norm("abs = lambda x: 0.0")),
    Reach(
        *("builtins as functions and classes in the answer", 49, "the check passes"),
        _norm("class sorted:\n    pass\ndef len(x):\n    return 3\ndef abs(x):\n    return 0.0"),
    ),
    Reach(
        *("a builtin bound in an own cell", 49, "the check passes", _norm("abs = abs")),
        "def abs(x):\n    return 0.0",
    ),
    Reach(
        *("a helper of the lesson redefined", 50, "the check passes"),
        _norm("def close(a, b):\n    return True"),
    ),
    Reach(
        *("a helper redefined whose cell was touched", 50, "the check passes"),
        _norm("expected = 0.0"),
        edits={1: LESSON_CELL + "\n# mine\n"},
    ),
    Reach(
        *("a helper redefined in its own cell", 50, "the check passes", WRONG),
        edits={0: "import torch", 1: LESSON_CELL.replace("1e-6", "1e6")},
    ),
]
REFERENCE = [
    Reach(
        *("the oracle asked for", 51, "right results"),
        _pool(
            "import lib.checks\n_oracle = lib.checks.find('mean_pool').oracle\n"
            "def mean_pool(t, m):\n    return torch.tensor(_oracle(t, m))"
        ),
    ),
    Reach(
        *("the oracle imported", 51, "right results"),
        _pool(
            "from lib.checks.lesson_02.mean_pool import EXERCISE\n"
            "def mean_pool(t, m):\n    return torch.tensor(EXERCISE.oracle(t, m))"
        ),
    ),
    Reach(
        *("the oracle found in memory", 51, "right results"),
        _pool(
            "import sys\n_found = vars(sys.modules['lib.checks.lesson_02.mean_pool'])\n"
            "def mean_pool(t, m):\n    return torch.tensor(_found['_mean_by_loops'](t, m))"
        ),
    ),
    Reach(
        *("the check's file read", 51, "right results"),
        _pool(
            "import lib.checks\n_names = {'__name__': 'read'}\n"
            "exec(open(lib.checks.__path__[0] + '/lesson_02/mean_pool.py').read(), _names)\n"
            "def mean_pool(t, m):\n    return torch.tensor(_names['_mean_by_loops'](t, m))"
        ),
    ),
]
_WRAP = "def mean_pool(token_embeddings, attention_mask):\n    return {}"
LIBRARY = [
    Reach(name, 51, "points without a remark", _pool(text), own)
    for name, text, own in (
        ("the library's function imported", "from lib.pooling import mean_pool", ""),
        ("the library's function by another name", "mean_pool = theirs", "from lib.pooling import mean_pool as theirs"),
        ("an attribute of its module", "import lib.pooling\nmean_pool = getattr(lib.pooling, 'mean_' + 'pool')", ""),
        ("a module by its name", "import importlib\nmean_pool = importlib.import_module('lib.pooling').mean_pool", ""),
        ("a partial of it", "import functools, lib.pooling\nmean_pool = functools.partial(lib.pooling.mean_pool)", ""),
        ("its code in another function", "import types, lib.pooling\nmean_pool = types.FunctionType(lib.pooling.mean_pool.__code__, vars(lib.pooling))", ""),
        ("a function around it", "from lib import pooling\n" + _WRAP.format("pooling.mean_pool(token_embeddings, attention_mask)"), ""),
        ("a lambda around it", "from lib import pooling\nmean_pool = lambda *a, **k: pooling.mean_pool(*a, **k)", ""),
        ("a function around copies", "from lib import pooling\n" + _WRAP.format("pooling.mean_pool(token_embeddings.clone(), attention_mask.clone()).clone()"), ""),
        ("a class around it", "from lib import pooling\nclass _Own:\n    def __call__(self, t, m):\n        return pooling.mean_pool(t, m)\nmean_pool = _Own()", ""),
        ("a function with a case of its own around it", "from lib import pooling\n" + _WRAP.format("token_embeddings[:, 0] if len(attention_mask) == 0 else pooling.mean_pool(token_embeddings, attention_mask)"), ""),
    )
]  # fmt: skip
# What a function does in a hidden check by what it is given; the report must not tell which.
TELLING = {
    "an exception's name": "[lambda: int('n'), lambda: {{}}['n'], lambda: 1 / 0, lambda: None.n][{}]()",
    "an exception's own name": "raise type('It_was_{}', (Exception,), {{}})('no')",
    "an exception's text": "raise ValueError('it was {}')",
    "the mistake that it looks like": "return [t.mean(1), t.sum(1), t.mean(-1), t.mean(0)][{}]",
    "its result's kind": "return [None, 'text', (t, m), t[0, 0, 0].item()][{}]",
}


@dataclass(frozen=True)
class Other:
    """A row that is shown by tests elsewhere."""

    name: str
    row: int
    before: str


OTHERS = [
    Other("what `solution` returns used as the answer", 51, "points without a remark"),
    Other("lessons and solutions in Gradescope's container", 55, "all points"),
    Other("AIO contexts taken", 65, "taken from all of the machine"),
    Other("names told by inotify and dnotify", 65, "folders that cannot be listed are told"),
    Other("pipes made large", 65, "memory that no limit counts"),
    *(
        Other(f"a hidden check asked to tell {how}", 66, "bits of a hidden input")
        for how in TELLING
    ),
]
