"""What tells the answer of a prediction is folded, so that a learner meets it only by running it.

A learner sees a notebook from top to bottom before the first cell has run: the sentence of a claim,
the title of a figure and the prose that draws the conclusion would all tell what the question above
them asks. So in the built notebook

- the code of each cell that makes a claim, or shows or explores a figure, is collapsed;
- the takeaways at a lesson's end open by a click, in every lesson;
- so does prose that an author tags `folded`, and other code with that tag.

JupyterLab reads `jupyter.source_hidden` for code; it has nothing of the kind for prose that is
rendered, which stands in HTML's `<details>` instead.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from harness.author.lesson import Cell, Lesson, Problem

TAG = "folded"
TAKEAWAYS = "## Takeaways"
COLLAPSED = {"jupyter": {"source_hidden": True}}
BEGIN = "<details>\n<summary>Open this when you have run the cells above.</summary>\n"
END = "\n</details>"
_HEADING = re.compile(r"^(#{2,3}) (?:\d+\. )?(.+)$")
_GRAMMAR = (
    "a an and are as at be by do does for from had has have how in is it its no not of on one or "
    "so than that the they this to was were what when where which who why will with you your"
)
_SMALL = frozenset(_GRAMMAR.split())


def is_folded(cell: Cell) -> bool:
    """Whether the build folds a cell; one that a learner has to see never is."""
    if _must_be_seen(cell):
        return False
    if cell.kind == "code":
        return _tagged(cell) or bool(_told(cell))
    return _tagged(cell) or cell.source.startswith(TAKEAWAYS)


def wrap(source: str) -> str:
    """Prose that opens by a click; a heading at its top stays in sight."""
    top, rest = _top(source)
    return f"{top}{BEGIN}\n{rest}\n{END}"


def unwrapped(source: str) -> str:
    """The prose as the author wrote it."""
    if BEGIN not in source:
        return source
    return source.replace(f"{BEGIN}\n", "", 1).removesuffix(f"\n{END}")


def problems(lesson: Lesson) -> Iterator[Problem]:
    """Tags and claims where nothing can be folded, and headings that say what a claim will say."""
    setup = next((c for c in lesson.cells if c.kind == "code" and not _must_be_seen(c)), None)
    for cell in lesson.cells:
        seen = _must_be_seen(cell) or ("setup" if cell is setup else "")
        if seen and _tagged(cell):
            message = f"a learner has to see the {seen} cell: it cannot be tagged `{TAG}`"
            yield Problem(lesson.path, cell.line, message)
        if seen and cell.kind == "code" and any(name == "claim" for name, _ in _told(cell)):
            message = (
                f"a claim would tell its result here, as the {seen} cell is not folded: "
                "give it a cell of its own"
            )
            yield Problem(lesson.path, cell.line, message)
        if not seen and cell.kind == "markdown" and _tagged(cell) and not _top(cell.source)[1]:
            yield Problem(lesson.path, cell.line, f"tagged `{TAG}`, but there is nothing to fold")
    yield from _headings(lesson)


def _headings(lesson: Lesson) -> Iterator[Problem]:
    """The heading of a section in which something is predicted leaves the result open."""
    above: dict[str, tuple[Cell, str]] = {}
    suspects: dict[str, Cell] = {}
    for cell in lesson.cells:
        if cell.kind == "markdown" and cell.role is None:
            for line in cell.source.split("\n"):
                if found := _HEADING.match(line):
                    if found[1] == "##":
                        above.clear()
                    above[found[1]] = cell, found[2]
        elif cell.role == "quiz" and lesson.quiz.get(cell.target, {}).get("predict"):
            suspects |= {text: at for at, text in above.values() if not text.endswith("?")}
    for heading, at in suspects.items():
        words = _words(heading)
        below = (c for c in lesson.cells if c.kind == "code" and c.line > at.line)
        said = (text for cell in below for _, text in _told(cell))
        if len(words) >= 3 and (text := next((t for t in said if words <= _words(t)), "")):
            message = f"the heading {heading!r} tells before it is run that {text!r}; ask instead"
            yield Problem(lesson.path, at.line, message)


def _told(cell: Cell) -> list[tuple[str, str]]:
    """What a code cell's claims and figures say, as written: (claim, show, explore or title, text)."""
    try:
        tree = ast.parse(cell.source)
    except SyntaxError:  # the linter's business
        return []
    said = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func).rpartition(".")[2]
            if name in ("claim", "show", "explore"):
                said.append((name, _text(node.args[0]) if node.args else ""))
            said += [("title", _text(k.value)) for k in node.keywords if k.arg == "title"]
    return said if any(name != "title" for name, _ in said) else []


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _words(text: str) -> set[str]:
    """The words that carry a sentence, cut to their stems."""
    found = set(re.findall(r"[a-z]{2,}", text.lower())) - _SMALL
    return {re.sub(r"(?<=\w{3})(?:ing|ed|es|s)$", "", word) for word in found}


def _must_be_seen(cell: Cell) -> str:
    """The role of a cell that a learner answers, reads or is graded by, or nothing."""
    if cell.role:
        return cell.role
    return "parameters" if "parameters" in cell.metadata.get("tags", []) else ""


def _tagged(cell: Cell) -> bool:
    return TAG in cell.metadata.get("tags", [])


def _top(source: str) -> tuple[str, str]:
    """A heading at the top with the empty lines behind it, and the rest."""
    found = re.match(r"#+ .*(?:\n+|$)", source)
    return (found[0], source[found.end() :]) if found else ("", source)
