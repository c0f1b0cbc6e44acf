"""Sphinx's settings of the course's site; `site/make.py` writes the sources and starts Sphinx."""

from __future__ import annotations

import html
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "site"), str(ROOT)]

from docutils import nodes  # noqa: E402
from myst_nb.sphinx_ import HideCodeCellNode  # noqa: E402
from sphinx import addnodes  # noqa: E402
from sphinx.transforms.post_transforms import SphinxPostTransform  # noqa: E402

from course_site import guides, reference, repository  # noqa: E402
from harness.execute import page  # noqa: E402

_repository = repository.load(ROOT)

project = "Text embeddings, measured"
author = "the course's authors"
copyright = "the course's authors; MIT licence"
extensions = ["myst_nb", "sphinx_design", "sphinx.ext.autodoc"]

# Notebooks come executed.
nb_execution_mode = "off"
nb_merge_streams = True
myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence", "deflist"]
myst_heading_anchors = 3
html_math_renderer = "mathml"

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
# Two modules offer one class: the same text is on both pages, and a link may lead to either.
suppress_warnings = ["ref.python"]
python_use_unqualified_type_names = True
python_display_short_literal_types = True
add_module_names = False

html_theme = "pydata_sphinx_theme"
html_title = project
html_baseurl = ""
templates_path = ["templates"]
html_favicon = str(ROOT / "site/static/favicon.svg")
html_css_files = ["site.css"]
html_js_files = [("site.js", {"defer": "defer"})]
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_context = {"default_mode": "auto"}
html_sidebars = {
    "index": [],
    "leaderboard": [],
    "open": [],
    "search": [],
}
html_theme_options = {
    "logo": {"text": "Text embeddings"},
    "navbar_align": "left",
    "header_links_before_dropdown": 6,
    "navigation_depth": 2,
    "show_nav_level": 1,
    "show_toc_level": 2,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "primary_sidebar_end": [],
    "search_bar_text": "Search the course",
    "icon_links": [
        {"name": "Repository", "url": _repository.address, "icon": "fa-brands fa-github"}
    ],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}


def _open_fold(self, node):
    """Code that opens by a click, with words that say what it is."""
    self.body.append(
        f'<details class="fold"><summary>{html.escape(node["prompt_show"])}</summary>\n'
    )


def _close_fold(self, node):
    self.body.append("</details>\n")


def _formula(self, node):
    display = "block" if isinstance(node, nodes.math_block) else "inline"
    made = page.formula(node.astext(), display)
    if display == "block":
        made = f'<div class="formula">{made}</div>\n'
    self.body.append(made)
    raise nodes.SkipNode


class OutsideLinks(SphinxPostTransform):
    """A link to a file of the repository that is no page here leads to GitHub."""

    default_priority = 5  # before myst-parser warns of it

    def run(self, **kwargs):
        for node in list(self.document.findall(addnodes.pending_xref)):
            if node.get("reftype") != "myst" or node.get("refdomain") == "doc":
                continue
            address = guides.outside(ROOT, self.env.docname, node["reftarget"], _repository)
            if address is not None:
                link = nodes.reference("", "", refuri=address, internal=False)
                link.extend(child.deepcopy() for child in node[0].children)
                node.replace_self(link)


def _docstring(app, what, name, obj, options, lines):
    lines[:] = reference.to_rst(lines)


def _figures(app, pagename, templatename, context, doctree):
    """Plotly's script comes with the pages that have a figure of it."""
    if "plotly-figure" in context.get("body", ""):
        app.add_js_file(page.PLOTLY_SCRIPT, defer="defer")
        app.add_js_file("figures.js", defer="defer")


def setup(app):
    app.add_html_math_renderer("mathml", (_formula, None), (_formula, None))
    app.add_node(HideCodeCellNode, override=True, html=(_open_fold, _close_fold))
    app.add_post_transform(OutsideLinks)
    app.connect("autodoc-process-docstring", _docstring)
    app.connect("html-page-context", _figures)
