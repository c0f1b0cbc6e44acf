"""The sections of the site as texts to search: what a reader is led to, with the words that stand there.

They come from Sphinx's documents, after the pages are written, so that every anchor is one of the page.
Code, outputs and worked answers are left out: a query is answered by what explains, and no answer is
told by a search.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from docutils import nodes
from sphinx import addnodes

# Pages of lists, which lead to what is found by itself.
_LISTS = {"guides", "lessons/index", "reference/index", "CHANGELOG", "index"}
_PROSE = (nodes.paragraph, nodes.term)
_FEWEST_WORDS = 5
_CARD = "Difficulty: "  # how an exercise's card begins, in each alike


@dataclass(frozen=True)
class Section:
    """A part of a page.

    page: its name, "lessons/02_pooling".  anchor: what a link adds to it, or nothing.
    title: the part's own.  of: the page's title.  text: its prose.
    """

    page: str
    anchor: str
    title: str
    of: str
    text: str


def of_document(page: str, document: nodes.document) -> Iterator[Section]:
    """The sections of a page, in order; those that say less than a sentence are left out."""
    if page in _LISTS:
        return
    hidden = _worked(document)
    top = next(iter(document.findall(nodes.section)), None)
    if top is None:
        return
    name = _title(top)
    for section in document.findall(nodes.section):
        text = " ".join(_prose(section, hidden))
        if len(text.split()) >= _FEWEST_WORDS:
            anchor = "" if section is top else section["ids"][0]
            yield Section(page, anchor, _title(section), name, text)
    for described in document.findall(addnodes.desc):
        signature = described[0]
        if isinstance(described.parent, nodes.section) and signature["ids"]:
            text = " ".join(p.astext() for p in described.findall(nodes.paragraph))
            if len(text.split()) >= _FEWEST_WORDS:
                yield Section(page, signature["ids"][0], signature["fullname"], name, text)


def _title(section: nodes.section) -> str:
    return " ".join(section[section.first_child_matching_class(nodes.title)].astext().split())


def _prose(section: nodes.section, hidden: set[int]) -> Iterator[str]:
    """The prose of a section without its subsections and without what has a section of its own."""
    for node in section.findall(lambda node: isinstance(node, _PROSE)):
        if id(node) in hidden or _inside(node, addnodes.desc, section):
            continue
        text = " ".join(node.astext().split())
        if _nearest(node) is section and not text.startswith(_CARD):
            yield text


def _nearest(node: nodes.Node) -> nodes.Node | None:
    while node is not None and not isinstance(node, nodes.section):
        node = node.parent
    return node


def _inside(node: nodes.Node, kind: type, stop: nodes.Node) -> bool:
    while node is not stop:
        node = node.parent
        if isinstance(node, kind):
            return True
    return False


def _worked(document: nodes.document) -> set[int]:
    """What stands between the HTML that opens a worked answer and the one that closes it."""
    inside, found = False, set()
    for node in document.findall():
        if isinstance(node, nodes.raw):
            said = node.astext()
            inside = 'class="worked"' in said or (inside and "</details>" not in said)
        elif inside:
            found.add(id(node))
    return found
