"""A lesson's Markdown as HTML for a page: formulas in MathML, headings as bold lines, no HTML of its own."""

from __future__ import annotations

import html
import re

from latex2mathml.converter import convert
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

# The name of a function, such as ln, before its argument: MathML sets no space between the two.
_NAME = re.compile(r"(<mi>[a-z]{2,}</mi>)(?=<m(?:i|n|frac)\b)")


def prose(markdown: str) -> str:
    """The Markdown of a lesson as HTML; what a student wrote does not belong here."""
    return str(MarkdownWithMath(renderer=_Prose()).render(markdown))


def formula(latex: str, display: str = "inline") -> str:
    """LaTeX as MathML; what cannot be read stays as it was written, set as code."""
    try:
        return _NAME.sub(
            r"\1<mspace width='0.17em'></mspace>", convert(latex.strip(), display=display)
        )
    except Exception:  # the library raises kinds of its own, and IndexError and KeyError
        return f"<code>{html.escape(latex)}</code>"


class _Prose(IPythonRenderer):
    """Headings would be out of order inside another page, so they are bold lines there."""

    def __init__(self) -> None:
        super().__init__(escape=True, embed_images=False)

    def heading(self, text: str, level: int, **attrs: object) -> str:
        return f"<p><strong>{text}</strong></p>\n"

    def block_code(self, code: str, info: str | None = None) -> str:
        return f"<pre>{html.escape(code)}</pre>\n"

    def image(self, text: str, url: str, title: str | None = None) -> str:
        return f"<em>{html.escape(text)}</em>"  # the page loads nothing

    def link(self, text: str, url: str, title: str | None = None) -> str:
        return text if url.startswith("#") else f"{text} ({html.escape(url)})"

    def inline_math(self, body: str) -> str:
        return formula(body)

    def block_math(self, body: str) -> str:
        return f"<p>{formula(body, 'block')}</p>"

    def latex_environment(self, name: str, body: str) -> str:
        return self.block_math(f"\\begin{{{name}}}{body}\\end{{{name}}}")
