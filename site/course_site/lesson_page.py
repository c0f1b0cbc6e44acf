"""An executed lesson as the notebook from which Sphinx makes its page.

A reader meets an exercise as a learner does: the stub, and the worked answer only by a click. So it is
with questions. The code of figures and claims is folded, outputs are as they were computed, and hidden
checks are not there at all.
"""

from __future__ import annotations

import copy
import html
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from course_site import pictures
from course_site.executed import Executed
from course_site.repository import Repository
from harness.author import notebooks
from harness.author.notebooks import HOW_TO_WORK
from harness.execute import page
from harness.grade import cells as grading

UP = "../"  # from the folder of lessons to the site's top
HOW_TO_READ = (
    "Here you read the lesson, executed with its worked answers. These, the answers to questions and "
    "the code of figures open by a click. To write your own answers and have them checked, open the "
    "lesson as a notebook."
)
_KEPT = ("text/html", "text/markdown", "text/plain")


def notebook(
    executed: Executed, release: NotebookNode, repository: Repository, static: Path
) -> NotebookNode:
    """The page's notebook, for myst-nb.

    release: the lesson as a learner gets it, which has the stubs.  static: where pictures go.
    Raises ValueError for an answer without a stub in `release`, and for a picture without words.
    """
    stubs = {
        name: cell.source
        for cell in release.cells
        if (name := grading.grade_id(cell)) and cell.metadata.nbgrader.get("solution")
    }
    shown = copy.deepcopy(executed.notebook)
    cells: list[NotebookNode] = []
    for place, cell in enumerate(shown.cells):
        name = grading.grade_id(cell)
        if cell.metadata.get("nbgrader", {}).get("solution"):
            if name not in stubs:
                raise ValueError(
                    f"{executed.origin}: the answer {name!r} has no stub in notebooks/; run "
                    "`course build`, then `course run --save`"
                )
            cells += _answer(cell, name, stubs[name], static)
        elif cell.cell_type == "markdown":
            prose = cell.source
            if place == 0:
                prose = _opening(prose, open_buttons(executed.slug, repository))
            cells.append(_prose(prose))
        else:
            folded = cell.metadata.get("jupyter", {}).get("source_hidden")
            cells.append(_code(cell, "Show the code" if folded else "", static))
    page_of = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": notebooks.KERNEL})
    for number, cell in enumerate(page_of.cells):
        cell["id"] = f"c{number}"
    return page_of


def _opening(prose: str, buttons: str) -> str:
    """The first cell: buttons below the title and the minutes, and how one reads for how one works."""
    title, objectives, rest = prose.partition("\n\n**You will**")
    return f"{title}\n\n{buttons}{objectives}{rest.replace(HOW_TO_WORK, HOW_TO_READ)}"


def open_buttons(slug: str, repository: Repository) -> str:
    """Links that open a lesson where it can be worked in."""
    path = f"notebooks/{slug}.ipynb"
    links = [
        (f"{UP}open.html#on-your-machine", "On your machine"),
        (repository.codespace(), "Codespaces"),
        (repository.colab(slug), "Colab"),
        (repository.binder(path), "Binder"),
        (f"{UP}open.html", "Which one?"),
    ]
    items = "".join(f'<li><a href="{html.escape(to)}">{text}</a></li>' for to, text in links)
    return (
        '<nav class="open-lesson" aria-label="Open this lesson">'
        f"<p>Open this lesson</p><ul>{items}</ul></nav>"
    )


def _answer(cell: NotebookNode, name: str, stub: str, static: Path) -> list[NotebookNode]:
    """The stub, and what was answered behind a click."""
    if cell.cell_type == "markdown":  # a free question: its answer is prose
        opened = f'<details class="worked"><summary>Show an answer to {name}</summary>\n\n'
        return [_prose(f"{opened}{cell.source}\n\n</details>")]
    if _asks(cell):
        key = [line for line in cell.source.splitlines() if line not in stub.splitlines()]
        cell.source = "\n".join(key) or cell.source
        return [_code(cell, f"Show the answer to question {name}", static, whole=True)]
    given = nbformat.v4.new_code_cell(stub)
    return [_code(given, "", static), _code(cell, f"Show a worked answer of {name}", static)]


def _asks(cell: NotebookNode) -> bool:
    """Whether an answer cell is a question's."""
    return cell.source.rstrip().splitlines()[-1].startswith("quiz(")


def _prose(source: str) -> NotebookNode:
    return nbformat.v4.new_markdown_cell(source)


def _code(cell: NotebookNode, prompt: str, static: Path, whole: bool = False) -> NotebookNode:
    """A code cell; with a prompt its code, or with `whole` its outputs, too, open by a click."""
    made = nbformat.v4.new_code_cell(cell.source)
    made.outputs = [_output(output, static) for output in cell.get("outputs", [])]
    made.outputs = [output for output in made.outputs if output is not None]
    if prompt:
        made.metadata["tags"] = ["hide-cell" if whole else "hide-input"]
        made.metadata["mystnb"] = {"code_prompt_show": prompt, "code_prompt_hide": prompt}
    return made


def _output(output: NotebookNode, static: Path) -> NotebookNode | None:
    """An output in the one form that the page shows: HTML where there is some, else text."""
    if "data" not in output:
        return output
    data = output.data
    if page.PLOTLY in data:
        shown = page.figure_html(data[page.PLOTLY], data.get("text/plain", ""))
        return nbformat.v4.new_output("display_data", data={"text/html": shown})
    kind = next((kind for kind in _KEPT if data.get(kind, "").strip()), None)
    if kind is None:
        if any(name.startswith("image/") for name in data):
            raise ValueError("an output is a picture without words; show it by lib.plots.show")
        return None
    content = data[kind]
    if kind == "text/html":
        content = pictures.take_out(content, static, UP)
    elif any(name.startswith("image/") for name in data):
        raise ValueError("an output is a picture without alt text; show it by lib.plots.show")
    return nbformat.v4.new_output("display_data", data={kind: content})
