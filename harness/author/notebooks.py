"""A lesson's notebook forms, byte for byte the same each time, all made from the one source.

source    what a teacher gives to nbgrader: worked answers and hidden checks between nbgrader's marks
release   what a learner opens: neither, made from the source form by nbgrader's own preprocessors
worked    the worked answers without marks and without hidden checks; `course run --save` adds outputs
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import nbformat
from nbformat import NotebookNode

from harness.author import folding
from harness.author.lesson import (
    BEGIN_HIDDEN,
    BEGIN_SOLUTION,
    END_HIDDEN,
    END_SOLUTION,
    Cell,
    Lesson,
    without_marks,
)
from harness.author.nbgrader_release import clear
from harness.grade import cells as grading
from harness.grade.assignment import Assignment

# How one works in a lesson, below its title; a page that is only read says something else there.
HOW_TO_WORK = """A check tells you at once what is right and what went wrong. Stuck? \
`hint("name")`, then `solution("name")`. Where you stand: `progress()`.

The code of figures and claims is folded, since it tells what you are about to measure: run \
a folded cell to see its result, click on its bar to see its code."""
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
_EXAMPLES = {"single": '"b"', "multiple": '"ac"', "ordering": '"cab"', "numeric": "12 or 0.5"}
_KINDS = {
    "single": "one choice",
    "multiple": "one or more choices",
    "ordering": "put in order",
    "numeric": "a number",
    "free": "a short text, marked by hand",
}


def source_notebook(lesson: Lesson) -> NotebookNode:
    """The teacher's form: standard nbgrader cells with worked answers and hidden checks."""
    cells = [_markdown(_opening(lesson))]
    setup_seen = False
    for cell in lesson.cells:
        if cell.role == "quiz":
            cells.extend(_quiz(lesson.quiz[cell.target], lesson.graded))
        elif cell.role == "hints":
            continue
        elif cell.role == "answer":
            cells.append(_code(cell.source, _grading(cell.target, solution=True)))
        elif cell.role == "check":
            points = cell.points if lesson.graded else None
            name = f"check_{cell.target}"
            meta = _grading(name, grade=lesson.graded, locked=True, points=points)
            cells.append(_code(cell.source, meta))
        elif cell.role == "hidden":
            cells.append(_hidden_check(lesson, cell))
        elif cell.kind == "markdown":
            shown = folding.wrap(cell.source) if folding.is_folded(cell) else cell.source
            cells.append(_markdown(shown))
        elif "parameters" in cell.metadata.get("tags", []):
            meta = _grading("parameters", locked=True)
            cells.append(_code(cell.source, meta | {"tags": ["parameters"]}))
        elif not setup_seen:  # the first code cell after the parameters
            setup_seen = True
            cells.append(_code(cell.source, _grading("setup", locked=True)))
        else:
            cells.append(_code(cell.source, folding.COLLAPSED if folding.is_folded(cell) else {}))
    return _notebook(lesson, cells)


def assignment(lesson: Lesson) -> Assignment:
    """The lesson as the grader needs it."""
    return Assignment(lesson.slug, source_notebook(lesson), release_notebook(lesson))


def release_notebook(lesson: Lesson) -> NotebookNode:
    """The learner's form, made from the source form by nbgrader's own preprocessors."""
    stubs = {item["id"]: quiz_stub(item) for item in lesson.quiz.values() if item["kind"] != "free"}
    notebook = clear(source_notebook(lesson), stubs)
    _sort_metadata(notebook)
    return notebook


def worked_notebook(lesson: Lesson) -> NotebookNode:
    """The worked answers without marks and without the grader's hidden cells; no outputs."""
    return worked(source_notebook(lesson))


def worked(notebook: NotebookNode) -> NotebookNode:
    """Strip marks, hidden cells and folded prose's wrapping from a source-form notebook.

    Outputs stay if it has some. The code of claims and figures stays collapsed: their results stand
    below it.
    """
    kept = [c for c in notebook.cells if BEGIN_HIDDEN not in c.source]
    for cell in kept:
        cell.source = folding.unwrapped(without_marks(cell.source))
    notebook.cells = kept
    return notebook


def saved(executed: NotebookNode) -> NotebookNode:
    """An executed source-form notebook as it goes to `solutions/`: worked, no traces of the run."""
    notebook = worked(executed)
    notebook.cells = [cell for cell in notebook.cells if not is_injected(cell)]
    for key in ("papermill", "widgets"):
        notebook.metadata.pop(key, None)
    notebook.metadata["language_info"] = {"name": "python"}
    for cell in notebook.cells:
        for key in ("papermill", "execution"):
            cell.metadata.pop(key, None)
        if cell.metadata.get("tags") == []:
            del cell.metadata["tags"]
    _sort_metadata(notebook)
    return notebook


def to_text(notebook: NotebookNode) -> str:
    """The notebook file's text: sorted keys, one-space indent, a newline at the end."""
    return nbformat.writes(notebook, version=4, indent=1, sort_keys=True).rstrip("\n") + "\n"


def is_injected(cell: NotebookNode) -> bool:
    """Whether papermill put this cell there."""
    return "injected-parameters" in cell.metadata.get("tags", [])


def variable(item: str) -> str:
    """The name that holds a quiz answer in the notebook: `02-q3` gives `q3`."""
    return item.split("-")[1]


def quiz_stub(item: dict[str, Any]) -> str:
    """The answer cell as a learner gets it."""
    name = variable(item["id"])
    return (
        f"{name} = None  # your answer, for example {_EXAMPLES[item['kind']]}\n"
        f'quiz("{item["id"]}", {name})'
    )


def _quiz(item: dict[str, Any], graded: bool) -> list[NotebookNode]:
    name, kind = item["id"], item["kind"]
    points = f", {item['points']} point" + ("" if item["points"] == 1 else "s") if graded else ""
    when = "; predict before you run on" if item.get("predict") else ""
    prompt = [f"**Question {name}** ({_KINDS[kind]}{points}{when})", "", item["prompt"].strip()]
    if "choices" in item:
        prompt.append("")
        prompt.extend(f"- **{key})** {c['text'].strip()}" for key, c in item["choices"].items())
    if kind == "free":
        prompt.append(f'\nWrite in the next cell; then run `quiz("{name}", "read")` and compare.')
        body = [BEGIN_SOLUTION, item["feedback"].strip(), END_SOLUTION]
        meta = _grading(name, grade=True, solution=True, points=item["points"])
        return [_markdown("\n".join(prompt)), _markdown("\n".join(body), meta)]
    assign, ask = quiz_stub(item).split("\n")
    key = json.dumps(item["key"])
    answer = [assign, BEGIN_SOLUTION, f"{variable(name)} = {key}", END_SOLUTION, ask]
    tolerance = f", tolerance={item['tolerance']!r}" if kind == "numeric" else ""
    hidden = [
        f"# Question {name} is compared with its key here when the notebook is graded.",
        BEGIN_HIDDEN,
        f'grade_answer("{name}", {variable(name)}, kind="{kind}", key={key}{tolerance})',
        END_HIDDEN,
    ]
    asked = [_markdown("\n".join(prompt)), _code("\n".join(answer), _grading(name, solution=True))]
    if not graded:
        return asked
    meta = _grading(f"grade-{name}", grade=True, locked=True, points=item["points"])
    return [*asked, _code("\n".join(hidden), meta | folding.COLLAPSED)]


def _hidden_check(lesson: Lesson, cell: Cell) -> NotebookNode:
    contest = lesson.functions(cell.target) != [cell.target]
    further = "queries" if contest else "cases"
    points = f", points={cell.points}" if contest else ""  # a contest gives a part of them
    lines = [
        f"# Further {further} of {cell.target} are checked here when the notebook is graded.",
        BEGIN_HIDDEN,
        lesson.check_call(cell.target, f", hidden={cell.metadata['seed']}{points}"),
        END_HIDDEN,
    ]
    meta = _grading(f"hidden_{cell.target}", grade=True, locked=True, points=cell.points)
    return _code("\n".join(lines), meta | folding.COLLAPSED)


def _opening(lesson: Lesson) -> str:
    lines = [f"# {lesson.number} {lesson.title}", "", f"About {lesson.header['minutes']} minutes."]
    for title, key in (("You will", "objectives"), ("You need", "prerequisites")):
        lines += ["", f"**{title}**", "", *(f"- {entry}" for entry in lesson.header[key])]
    lines += ["", HOW_TO_WORK]
    return "\n".join(lines)


def _grading(grade_id: str, points: float | None = None, **flags: bool) -> dict:
    nbgrader: dict[str, Any] = {"grade": False, "locked": False, "solution": False, "task": False}
    nbgrader |= flags
    nbgrader |= {"grade_id": grade_id, "schema_version": 3}
    if points is not None:
        nbgrader["points"] = points
    return {"nbgrader": nbgrader}


def _markdown(source: str, metadata: dict | None = None) -> NotebookNode:
    return nbformat.v4.new_markdown_cell(source, metadata=metadata or {})


def _code(source: str, metadata: dict) -> NotebookNode:
    return nbformat.v4.new_code_cell(source, metadata=metadata)


def _notebook(lesson: Lesson, cells: list[NotebookNode]) -> NotebookNode:
    seen: dict[str, int] = {}
    for cell in cells:
        # An id that follows the content: moving or adding a cell leaves the others' ids alone.
        name = grading.grade_id(cell) or hashlib.sha256(cell.source.encode()).hexdigest()[:12]
        seen[name] = seen.get(name, 0) + 1
        cell["id"] = name if seen[name] == 1 else f"{name}-{seen[name]}"
    notebook = nbformat.v4.new_notebook(
        cells=cells,
        metadata={
            "kernelspec": KERNEL,
            "language_info": {"name": "python"},
            "course": {"lesson": lesson.number, "slug": lesson.slug, "title": lesson.title},
        },
    )
    notebook.nbformat_minor = 5
    _sort_metadata(notebook)
    return notebook


def _sort_metadata(notebook: NotebookNode) -> None:
    for cell in notebook.cells:
        cell.metadata = NotebookNode(dict(sorted(cell.metadata.items())))
