"""What a lesson asks for, and which statements of a hand-in answer it.

An answer is what binds a name that the lesson asks for otherwise than the stub does, wherever it
stands: a stub that a learner left is none.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from nbformat import NotebookNode

from harness.grade import cells as grading
from harness.grade.magics import without_magics
from harness.grade.python_names import names

_BROKEN = re.compile(r"^[ \t]*(?:async[ \t]+def|def|class)[ \t]+(\w+)", re.MULTILINE)
_MARKED = 1 << 18  # characters of a statement up to which its form is compared
MOST_PIECES = 5_000


@dataclass(frozen=True)
class Piece:
    """A statement at the top level of a cell, with the comments above it.

    Args:
        source: its text; magics in it are Python.
        binds: the names that it gives; of what is no Python those that it begins to define.
        mark: the same for the same code, whatever its comments and spaces are.
    """

    source: str
    binds: frozenset[str]
    mark: str
    python: bool = True

    @property
    def idle(self) -> bool:
        """Whether it does nothing: prose, as scripts carry a notebook's text along."""
        return not self.binds and (not self.python or self.mark.startswith("Expr(value=Constant("))


@lru_cache(maxsize=4096)
def pieces(source: str) -> tuple[Piece, ...]:
    """The statements of a cell in their order; of what is no Python, its blocks.

    A block begins at the left edge after an empty line, so that a function that cannot be read does
    not take those around it with it.
    """
    text = source
    try:
        text = without_magics(source).replace("\r", "\n")
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        blocks = list(_blocks(text))
        if 1 < len(blocks) <= MOST_PIECES:
            return tuple(piece for block in blocks for piece in pieces(block))
        return (Piece(text, frozenset(_BROKEN.findall(text)), text.strip(), False),)
    if len(body) > MOST_PIECES:
        return (Piece(text, names(text).binds, text.strip()),)
    lines = text.split("\n")
    groups: list[list[ast.stmt]] = []
    for node in body:
        first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
        if groups and first <= (groups[-1][-1].end_lineno or 0):
            groups[-1].append(node)  # `a = 1; b = 2` is one line
        else:
            groups.append([node])
    found = []
    start = 0
    for number, group in enumerate(groups):
        end = len(lines) if number == len(groups) - 1 else group[-1].end_lineno or len(lines)
        part = "\n".join(lines[start:end]).strip("\n")
        found.append(Piece(part, names(part).binds, _mark(group, part)))
        start = end
    return tuple(found)


def _blocks(text: str) -> Iterator[str]:
    block: list[str] = []
    for line in text.split("\n"):
        if block and not block[-1].strip() and line[:1].strip() and line[0] not in ")]}":
            yield "\n".join(block)
            block = []
        block.append(line)
    yield "\n".join(block)


def _mark(group: Sequence[ast.stmt], text: str) -> str:
    if len(text) > _MARKED:
        return text.strip()
    try:
        return "\n".join(map(ast.dump, group))
    except RecursionError:
        return text.strip()


@dataclass(frozen=True)
class Asked:
    """An answer cell of the release.

    Args:
        at: its place.
        code: whether it is a code cell.
        names: what it asks for.
        stub: its text; `marks`: those of its statements.
    """

    at: int
    code: bool
    names: frozenset[str]
    stub: str
    marks: frozenset[str]

    def changed(self, source: str) -> bool:
        """Whether a text for this cell is more than its stub."""
        return bool(source.strip()) and source.strip() != self.stub.strip()

    def gives(self, piece: Piece) -> bool:
        """Whether a statement binds one of its names otherwise than the stub does."""
        return bool(piece.binds & self.names) and piece.mark not in self.marks

    def given(self, source: str) -> bool:
        """Whether a code cell holds such a statement."""
        return any(self.gives(piece) for piece in pieces(source))

    def answered(self, source: str) -> bool:
        """Whether a text for this cell answers it: one that binds none of its names does not."""
        return self.changed(source) and (not self.code or not self.names or self.given(source))


def asked(release: NotebookNode, source: NotebookNode | None = None) -> dict[int, Asked]:
    """The answer cells of the release, by place.

    Args:
        source: the teacher's notebook, which tells what a stub that binds nothing asks for.
    """
    worked = {grading.grade_id(c): c["source"] for c in source["cells"]} if source else {}
    found = {}
    for at, cell in enumerate(release.cells):
        if not grading.is_answer(cell):
            continue
        code, stub = cell.cell_type == "code", cell.source
        wanted: frozenset[str] = frozenset()
        if code:
            wanted = _given(stub) or _given(worked.get(grading.grade_id(cell), ""))
        marks = frozenset(piece.mark for piece in pieces(stub)) if code else frozenset()
        found[at] = Asked(at, code, wanted, stub, marks)
    return found


def _given(source: str) -> frozenset[str]:
    of = names(source)
    return of.binds - of.imports


def told(release: NotebookNode, submitted: NotebookNode) -> list[int | None]:
    """For each submitted cell the released cell whose `grade_id`, else whose cell id, it bears."""
    by_name = {name: at for at, c in enumerate(release.cells) if (name := grading.grade_id(c))}
    by_id = {cell.get("id"): at for at, cell in enumerate(release.cells) if cell.get("id")}
    place = []
    for cell in submitted.cells:
        name = cell.metadata["submitted"]["grade_id"]
        place.append(by_id.get(cell.get("id") or None) if name is None else by_name.get(name))
    return place


def count(release: NotebookNode, submitted: NotebookNode) -> int:
    """How many answers of a submitted notebook differ from their stubs."""
    wanted = asked(release)
    found: set[int] = set()
    for cell, at in zip(submitted.cells, told(release, submitted), strict=True):
        if at in wanted and wanted[at].changed(cell.source):
            found.add(at)
        if cell.metadata["submitted"]["kind"] == "code":
            found |= given(cell.source, wanted)
    return len(found)


def given(source: str, wanted: Mapping[int, Asked]) -> set[int]:
    """The answer cells, by place, of which a code cell gives a name."""
    found = pieces(source)
    return {at for at, one in wanted.items() if any(one.gives(piece) for piece in found)}
