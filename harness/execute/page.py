"""An executed lesson as a page to read: whole without a network, in light and dark, on any width.

nbconvert writes it by the template in `lesson_page/`. Formulas become MathML, which browsers draw
themselves; a plotly figure is drawn by the script that plotly's package brings, which lies once
beside the pages. What a reader has no use for is left out: the grader's cells, the parameters a
second time, empty cells. Collapsed code opens by a click.
"""

from __future__ import annotations

import copy
import html
import json
import re
import shutil
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode
from traitlets.config import Config

from harness.author import notebooks
from harness.reports.prose import formula

TEMPLATE = Path(__file__).with_name("lesson_page")
PLOTLY = "application/vnd.plotly.v1+json"
PLOTLY_SCRIPT = "plotly.min.js"
_SHOWN = (PLOTLY, "text/html", "text/markdown", "image/svg+xml", "image/png", "image/jpeg")
_IN_CONTENTS = (2, 3)  # levels of headings
_ASSIGNED = re.compile(r"^([A-Za-z_]\w*) *= *(.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Heading:
    """A heading of the page: its level, its words as HTML, and what a link to it names."""

    level: int
    text: str
    anchor: str


def write(path: Path, notebook: NotebookNode) -> None:
    """Write the page of an executed notebook, and beside it plotly's script if a figure needs it."""
    path.write_text(render(notebook), encoding="utf-8")
    script = path.with_name(PLOTLY_SCRIPT)
    source = plotly_script()
    if has_plotly(notebook) and not (
        script.is_file() and script.stat().st_size == source.stat().st_size
    ):
        shutil.copy(source, script)


def plotly_script() -> Path:
    """Where plotly's package keeps its JavaScript."""
    return Path(str(files("plotly").joinpath("package_data", PLOTLY_SCRIPT)))


def has_plotly(notebook: NotebookNode) -> bool:
    """Whether a cell's output is a plotly figure."""
    outputs = (output for cell in notebook.cells for output in cell.get("outputs", []))
    return any(PLOTLY in output.get("data", {}) for output in outputs)


def render(notebook: NotebookNode) -> str:
    """The page of an executed notebook, in source form or worked; the notebook stays as it is."""
    shown = readable(notebook)
    course = shown.metadata.get("course", {})
    title = " ".join(filter(None, [course.get("lesson"), course.get("title")])) or "Lesson"
    prose = _Prose()
    for cell in shown.cells:
        if cell.cell_type == "markdown":
            cell.source = MarkdownWithMath(renderer=prose).render(cell.source)
    exporter = HTMLExporter(
        template_name=TEMPLATE.name,
        extra_template_basedirs=[str(TEMPLATE.parent)],
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        config=Config({"NbConvertBase": {"display_data_priority": [*_SHOWN, "text/plain"]}}),
    )
    exporter.register_filter("figure_html", figure_html)
    resources = {
        "metadata": {"name": title},
        "contents": contents(prose.headings),
        "plotly": PLOTLY_SCRIPT if has_plotly(shown) else "",
    }
    return exporter.from_notebook_node(shown, resources=resources)[0]


def figure_html(figure: dict[str, Any], words: str) -> str:
    """The place of a plotly figure on a page, with its data; `lesson_page/figures.js` draws it there.

    figure: the output of plotly's MIME type; words: what it shows, for who cannot see it.
    """
    height = figure.get("layout", {}).get("height") or 360
    data = json.dumps(figure).replace("<", "\\u003c")
    return (
        f'<div class="plotly-figure" role="img" aria-label="{html.escape(words)}" '
        f'style="height: {height}px">\n<script type="application/json">{data}</script>\n</div>'
    )


def readable(notebook: NotebookNode) -> NotebookNode:
    """A copy with what a reader reads: worked answers, one cell of parameters, nothing empty."""
    shown = copy.deepcopy(notebook)
    given = {
        name: value
        for cell in shown.cells
        if notebooks.is_injected(cell)
        for name, value in _ASSIGNED.findall(cell.source)
    }
    shown = notebooks.saved(shown)
    for cell in shown.cells:
        if "parameters" in cell.metadata.get("tags", []):
            cell.source = _ASSIGNED.sub(
                lambda found: f"{found[1]} = {given.get(found[1], found[2])}", cell.source
            )
    shown.cells = [cell for cell in shown.cells if not _says_nothing(cell)]
    return shown


def _says_nothing(cell: NotebookNode) -> bool:
    """Whether a cell is empty, or is one of the grader's that holds but a remark."""
    lines = [line for line in cell.source.splitlines() if line.strip()]
    if cell.cell_type != "code" or not lines:
        return not lines
    graded = cell.metadata.get("nbgrader", {}).get("grade", False)
    return graded and all(line.startswith("#") for line in lines)


def contents(headings: list[Heading]) -> str:
    """The list of contents, in HTML: sections, and below each its own headings."""
    items, depth = [], 0
    top = _IN_CONTENTS[0]
    for heading in (h for h in headings if h.level in _IN_CONTENTS):
        level = min(heading.level - top + 1, depth + 1)  # a list has no item without a parent
        if level > depth:
            items.append("<ol>")
        else:
            items.append("</li>" + "</ol></li>" * (depth - level))
        items.append(f'<li><a href="#{heading.anchor}">{heading.text}</a>')
        depth = level
    return "".join(items) + "</li></ol>" * depth


class _Prose(IPythonRenderer):
    """Markdown of all cells of one page: headings that a link reaches, formulas in MathML."""

    def __init__(self) -> None:
        super().__init__(escape=False, embed_images=True)
        self.headings: list[Heading] = []

    def heading(self, text: str, level: int, **attrs: object) -> str:
        words = re.sub(r"</?a\b[^>]*>", "", text)  # a link in a link is none
        anchor = self._anchor(html.unescape(re.sub(r"<[^>]+>", "", words)))
        self.headings.append(Heading(level, words, anchor))
        return f'<h{level} id="{anchor}">{text}</h{level}>\n'

    def _anchor(self, words: str) -> str:
        taken = {heading.anchor for heading in self.headings}
        name = re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-") or "section"
        numbered = (f"{name}-{number}" for number in range(2, len(taken) + 3))
        return name if name not in taken else next(n for n in numbered if n not in taken)

    def inline_math(self, body: str) -> str:
        return formula(body)

    def block_math(self, body: str) -> str:
        return f'<span class="formula">{formula(body, "block")}</span>'

    def latex_environment(self, name: str, body: str) -> str:
        return self.block_math(f"\\begin{{{name}}}{body}\\end{{{name}}}")
